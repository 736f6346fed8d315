"""What `polso new` writes: a polso.toml that explains itself, data/ and kpis/."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from polso.errors import ConfigError

_ENGLISH: Final = """\
# What Polso needs to know. Lines that begin with # are examples: take the # away to use them.

[project]
name = "{name}"
zone = "Europe/Rome"         # the zone of your reports, and of files that name none
week_start = "monday"
language = "en"              # or "it"
currency = "EUR"
# client = "acme"            # whose customers you serve; an outsourcer names it per source
# minimum_n = 30             # below this many rows a number carries a warning

# Opening hours: business-time variants of every duration count these seconds only.
[[calendar]]
name = "office"
hours = {{ mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-18:00"] }}
holidays = "IT"

# Which rows follow which calendar; the first that matches. Without a rule, the first calendar holds.
# [[calendar_rule]]
# calendar = "office"
# when = {{ channel = ["email", "web"] }}

# Where the data come from. `polso guess data/tickets.csv` proposes the mapping of any table.
# [[source]]
# name = "helpdesk"
# kind = "zendesk"           # {kinds}
# files = "data/helpdesk/*.json"

# What a KPI should reach. `within` is a duration, `value` a number, `share` the part of cases in which it should.
# [[target]]
# kpi = "first_response_time"
# within = "4h"
# share = 0.8
# when = {{ channel = "email" }}

# Ticket attributes to split KPIs by: dimension = attribute.
# [dimensions]
# product = "product"

# Agents are not shown one by one, nor groups of fewer than 5 people or 10 contacts. To see agents, under pseudonyms,
# record here the legal basis on which it may be done; when it expires they are not shown any more.
# [privacy.unlock]
# type = "union_agreement"   # or "labour_inspectorate", "other_country"
# protocol = "RSU 12/2026"
# date = 2026-01-15
# expires = 2027-01-14
# approver = "Chiara Moro, HR"
"""

_ITALIAN: Final = """\
# Ciò che Polso deve sapere. Le righe che cominciano con # sono esempi: togli il # per usarle.

[project]
name = "{name}"
zone = "Europe/Rome"         # il fuso dei rapporti, e dei file che non ne indicano uno
week_start = "monday"
language = "it"              # oppure "en"
currency = "EUR"
# client = "acme"            # di chi sono i clienti serviti; un outsourcer lo indica per fonte
# minimum_n = 30             # sotto questo numero di righe un valore porta un avviso

# Orari di apertura: le varianti in orario di apertura contano solo questi secondi.
[[calendar]]
name = "office"
hours = {{ mon = ["09:00-18:00"], tue = ["09:00-18:00"], wed = ["09:00-18:00"], thu = ["09:00-18:00"], fri = ["09:00-18:00"] }}
holidays = "IT"

# Quali righe seguono quale calendario; la prima che corrisponde. Senza regole vale il primo calendario.
# [[calendar_rule]]
# calendar = "office"
# when = {{ channel = ["email", "web"] }}

# Da dove vengono i dati. `polso guess data/ticket.csv` propone come leggere qualunque tabella.
# [[source]]
# name = "helpdesk"
# kind = "zendesk"           # {kinds}
# files = "data/helpdesk/*.json"

# Che cosa deve raggiungere un KPI. `within` è una durata, `value` un numero, `share` la quota di casi.
# [[target]]
# kpi = "first_response_time"
# within = "4h"
# share = 0.8
# when = {{ channel = "email" }}

# Attributi dei ticket per cui dividere i KPI: dimensione = attributo.
# [dimensions]
# product = "product"

# Gli operatori non si mostrano uno per uno, né i gruppi con meno di 5 persone o 10 contatti. Per vederli, con pseudonimi,
# registra qui la base giuridica che lo consente; quando scade non si mostrano più.
# [privacy.unlock]
# type = "union_agreement"   # accordo sindacale; oppure "labour_inspectorate", "other_country"
# protocol = "RSU 12/2026"
# date = 2026-01-15
# expires = 2027-01-14
# approver = "Chiara Moro, HR"
"""


def write(folder: Path, language: str) -> None:
    """Make the project's folders and its polso.toml; ConfigError rather than overwriting anything."""
    from polso.sources import SOURCES

    path = folder / "polso.toml"
    for made in (folder / "data", folder / "kpis"):
        made.mkdir(parents=True, exist_ok=True)
    name = "".join(c for c in folder.resolve().name if c.isprintable() and c not in '"\\') or "Polso"
    text = (_ITALIAN if language == "it" else _ENGLISH).format(name=name, kinds=", ".join(SOURCES))
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise ConfigError(f"{folder} holds a project already; choose another folder") from error
