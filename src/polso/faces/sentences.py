"""Italian for what the lower layers say: their errors and warnings are written in English, once, where they arise.

Rule kept here: a sentence that no pattern knows stays as it is; nothing is ever lost in translation.
"""

# ruff: noqa: E501 - a sentence and its translation stand on one line, to be read side by side

from __future__ import annotations

import re
from datetime import datetime
from functools import cache
from typing import Final

from polso.faces.complaints import COMPLAINTS

JOINED: Final = " · "
# In a pattern these stand for numbers, and those for names, which are the same in every language.
NUMBERS: Final = {"n", "m", "a", "b", "c"}
KEPT: Final = {
    "a",
    "b",
    "c",
    "name",
    "names",
    "file",
    "files",
    "path",
    "column",
    "value",
    "word",
    "text",
    "option",
    "example",
}
# The question understands both.
WORDS: Final = (
    "2026, 2026-Q1, 2026-03, 2026-W12, 2026-03-15, 2026-03-01..2026-04-01,"
    " 'last 28 days', 'this month', 'last month', all"
)
PERIODS: Final = (
    "2026, 2026-Q1, 2026-03, 2026-W12, 2026-03-15, 2026-03-01..2026-04-01,"
    " 'ultimi 28 giorni', 'questo mese', 'mese scorso', tutto"
)
PATTERNS: Final = (
    ("some rows", "poche righe: il numero è incerto"),
    ("some", "alcune"),
    ("only 1 rows", "una riga sola"),
    ("1 rows are too young to be judged and were left out", "1 riga è troppo recente per essere giudicata ed è rimasta fuori"),
    ("1 rows have a negative duration and were left out", "1 riga ha una durata negativa ed è rimasta fuori"),
    ("only {n} rows", "solo {n} righe"),
    ("{n} rows are too young to be judged and were left out", "{n} righe sono troppo recenti per essere giudicate e sono rimaste fuori"),
    ("{n} rows have a negative duration and were left out", "{n} righe hanno una durata negativa e sono rimaste fuori"),
    ("the period is not over: data speaks up to {at}", "il periodo non è finito: i dati arrivano fino al {at}"),
    ("the period begins after the data ends: {at}", "il periodo comincia dopo la fine dei dati: {at}"),
    ("the period ends before the data begins: {at}", "il periodo finisce prima dell'inizio dei dati: {at}"),
    ("the period compared with begins before the data does: {at}", "il periodo di confronto comincia prima dei dati: {at}"),
    (WORDS, PERIODS),
    ("no encoding '{name}'; known are utf-8, utf-16, cp1252, latin-1 and Python's others", "la codifica '{name}' non esiste; ci sono utf-8, utf-16, cp1252, latin-1 e le altre di Python"),
    ("`kpis diff` is asked where the data is: leave --server out", "`kpis diff` si chiede dove sono i dati: togli --server"),
    ("a filter with {text} does not go over the wire; ask where the data is", "un filtro con {text} non passa per la rete; chiedi dove sono i dati"),
    ("the server speaks of '{name}', which is not known here; use one version on both sides", "il server parla di '{name}', che qui non esiste; usa la stessa versione da entrambe le parti"),
    ("no answer from {path}: {text}; is `polso serve` running there?", "nessuna risposta da {path}: {text}; lì è in funzione `polso serve`?"),
    ("{path} is no server of Polso: it answers {n}; look at the address", "{path} non è un server di Polso: risponde {n}; controlla l'indirizzo"),
    ("this is a defect of Polso; the server's own output says more", "è un difetto di Polso; l'uscita del server dice di più"),
    ("this server answers to localhost, 127.0.0.1 and [::1] only; open it by one of these names", "questo server risponde solo a localhost, 127.0.0.1 e [::1]; aprilo con uno di questi nomi"),
    ("the server ended at once; look into {path}", "il server si è chiuso subito; guarda in {path}"),
    ("a curve is drawn of a survival KPI that is not split; {text} by {names}", "una curva si disegna di un KPI di sopravvivenza non diviso; {text} per {names}"),
    ("the period from {a} to {b} lies outside the years {n} to {m}", "il periodo dal {a} al {b} è fuori dagli anni {n}-{m}"),
    ("no team '{value}' is shown by itself; ask one of {names}", "nessun gruppo '{value}' è mostrato da solo; chiedi uno fra {names}"),
    ("choose a period to compare with", "scegli un periodo con cui confrontare"),
    ("no {what} '{name}'; {hint}", "'{name}' non esiste ({what}); {hint}"),
    ("did you mean {a} or {b} or {c}?", "forse {a}, {b} o {c}?"),
    ("did you mean {a} or {b}?", "forse {a} o {b}?"),
    ("did you mean {a}?", "forse {a}?"),
    ("known: {names}.", "esistono: {names}."),
    ("{n} are known; list them to choose.", "ne esistono {n}; elencali per scegliere."),
    ("the cell {name} = {value} lies outside the period {a}..{b}", "la cella {name} = {value} è fuori dal periodo {a}..{b}"),
    ("a cell without its KPI, value or n", "una cella senza KPI, valore o n"),
    ("{path} holds no saved answer that can be asked again: {why}", "{path} non contiene una risposta salvata che si possa rifare: {why}"),
    ("parameter", "parametro"),
    ("dimension", "dimensione"),
    ("source", "fonte"),
    ("calendar", "calendario"),
    ("kind of source", "tipo di fonte"),
    ("variant of {name}", "variante di {name}"),
    ("IANA time zone", "fuso orario IANA"),
    ("fact", "tabella"),
    ("column of {fact}", "colonna di {fact}"),
    ("the period from {a} to {b} is empty; its end must be after its start", "il periodo da {a} a {b} è vuoto: la fine deve venire dopo l'inizio"),
    ("'{text}' is no period: '{day}' is no date like {example}", "'{text}' non è un periodo: '{day}' non è una data come {example}"),
    ("'{text}' is no period: {why}; write {forms}", "'{text}' non è un periodo ({why}); scrivi {forms}"),
    ("'{text}' is no period; write {forms}", "'{text}' non è un periodo; scrivi {forms}"),
    ("'{text}' is no value of {name}; write {what}", "'{text}' non è un valore di {name}; scrivi {what}"),
    ("a time in s, m, h or d from {a} to {b}, like {example}", "un tempo in s, m, h o d da {a} a {b}, come {example}"),
    ("a time in s, m, h or d from {a} up, like {example}", "un tempo in s, m, h o d da {a} in su, come {example}"),
    ("a number from {a} to {b}, like {example}", "un numero da {a} a {b}, come {example}"),
    ("a number from {a} up, like {example}", "un numero da {a} in su, come {example}"),
    ("a share between 0 and 1 from {a} to {b}, like {example}", "una quota tra 0 e 1, da {a} a {b}, come {example}"),
    ("a share between 0 and 1 from {a} up, like {example}", "una quota tra 0 e 1, da {a} in su, come {example}"),
    ("{column} {op} cannot take several values; use 'in'", "{column} {op} non accetta più valori; usa 'in'"),
    ("{kpi} is a ratio of two facts; ask for the rows of each side on its own", "{kpi} è un rapporto fra due tabelle; chiedi le righe di ciascun lato"),
    ("{kpi} has no business-time reading; ask it in calendar time", "{kpi} non si misura in orario di apertura; chiedilo in tempo di calendario"),
    ("compare has no meaning beside `{grain}`; leave one of them out", "il confronto non ha senso insieme a `{grain}`; togli uno dei due"),
    ("{fact} cannot be split or filtered: {why}", "{fact} non si può dividere o filtrare: {why}"),
    ("nothing is loaded yet; run `polso load` in the project's folder", "non c'è ancora nessun dato; lancia `polso load` nella cartella del progetto"),
    ("the log is empty: no event was loaded; `polso doctor` says what became of the files", "il registro è vuoto: nessun evento è stato caricato; `polso doctor` dice che ne è stato dei file"),
    ("no polso.toml in {folder}; make a project with `polso new {a}` or `polso demo {b}`", "non c'è polso.toml in {folder}; crea un progetto con `polso new {a}` o `polso demo {b}`"),
    ("{origin} is not valid TOML: {why}", "{origin} non è TOML valido: {why}"),
    ("source {name}: no file matches {pattern} in {folder}; put it there or mend `files`", "fonte {name}: nessun file corrisponde a {pattern} in {folder}; mettilo lì o correggi `files`"),
    ("kpis/{file}: '{name}' exists already; give yours a name of its own", "kpis/{file}: '{name}' esiste già; dai al tuo un altro nome"),
    ("{path} is empty, not a database; remove it and run `polso load`", "{path} è vuoto, non è una base dati; toglilo e lancia `polso load`"),
    ("{path} is in use by another process; close it, or read the exported Parquet", "{path} è usato da un altro processo; chiudilo, o leggi i Parquet esportati"),
    ("this project is served already, at {path}; use that, or end it first", "questo progetto è già servito, a {path}; usa quello, o prima chiudilo"),
    ("the server at {path} ended before the command did; run it again", "il server a {path} è finito prima del comando; rilancialo"),
    ("port {path} is in use by another program; choose another with --port, or --port 0 for a free one", "la porta {path} è usata da un altro programma; scegline un'altra con --port, o --port 0 per una libera"),
    ("{name}, port {path}, cannot be listened on: {word}; choose another with --host or --port", "{name}, porta {path}, non si può ascoltare: {word}; scegli altro con --host o --port"),
    ("host {name} has no address; use 127.0.0.1", "l'host {name} non ha indirizzi; usa 127.0.0.1"),
    ("host {name} can be reached from other machines, and there are no accounts yet: everyone could read all; use 127.0.0.1", "l'host {name} è raggiungibile da altre macchine e non ci sono ancora utenti: chiunque leggerebbe tutto; usa 127.0.0.1"),
    ("No such option: {rest}", "opzione sconosciuta: {rest}"),
    ("No such command '{name}'. {rest}", "comando sconosciuto '{name}'. {rest}"),
    ("No such command '{name}'.", "comando sconosciuto '{name}'."),
    ("Did you mean '{name}'?", "Forse '{name}'?"),
    ("Did you mean {name}?", "Forse {name}?"),
    ("{option} Did you mean {rest}?", "{option} Forse {rest}?"),
    ("Missing argument '{name}'.", "manca l'argomento '{name}'."),
    ("Option '{name}' requires an argument.", "l'opzione '{name}' vuole un valore."),
    ("Invalid value for '{name}': {why}", "valore sbagliato per '{name}': {why}"),
    ("Invalid value: {why}", "valore sbagliato: {why}"),
    ("none", "nessuno"),
    ("Value error, {why}", "{why}"),
    ("'{text}' is no filter; write name=value or name!=value", "'{text}' non è un filtro; scrivi nome=valore o nome!=valore"),
    ("'{text}' is no parameter; write name=value, like limit=20s or share=0.8", "'{text}' non è un parametro; scrivi nome=valore, come limit=20s o share=0.8"),
    ("a pack is judged over whole months, twelve at most; ask {forms}", "un pacchetto si giudica su mesi interi, dodici al massimo; chiedi {forms}"),
    ("pack", "pacchetto"),
    ("row of {name}", "riga di {name}"),
    ("polso.toml, [[pack]]: {why}", "polso.toml, [[pack]]: {why}"),
    ("--json / --csv: choose one", "--json / --csv: scegline uno"),
    ("{folder} holds a project already; choose another folder", "{folder} contiene già un progetto; scegli un'altra cartella"),
    ("'{value}' is not one of {choices}.", "'{value}' non è fra {choices}."),
    ("'{value}' is not a valid int.", "'{value}' non è un numero intero."),
    ("Got unexpected extra argument ({name})", "argomento di troppo ({name})"),
    ("Got unexpected extra arguments ({names})", "argomenti di troppo ({names})"),
)  # fmt: skip
ENGLISH: Final = {
    "some rows": "few rows: the number is uncertain",
    "only 1 rows": "only 1 row",
    "1 rows are too young to be judged and were left out": "1 row is too young to be judged and was left out",
    "1 rows have a negative duration and were left out": "1 row has a negative duration and was left out",
}


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(re.sub(r"\\\{(\w+)\\\}", _group, re.escape(english)), re.DOTALL), italian)
        for english, italian in (*COMPLAINTS, *PATTERNS)
    )


def _group(name: re.Match[str]) -> str:
    """What may stand in a place of a pattern: a kind is one word, a number without spaces, all else any text."""
    inner = r"\w+" if name[1] == "kind" else r"\S+" if name[1] in ("n", "m") else ".+?"
    return f"(?P<{name[1]}>{inner})"


def told(language: str, text: str) -> str:
    """A sentence of a lower layer in a language; its parts are translated too, where they are sentences."""
    if language != "it":
        return ENGLISH.get(text, text).replace("Value error, ", "")
    if JOINED in text:
        return JOINED.join(told(language, part) for part in text.split(JOINED))
    return _matched(text) or _after_a_place(text) or text


def _matched(text: str) -> str | None:
    """The Italian of the first pattern that is the whole text; None where there is none."""
    at = re.fullmatch(r"(\d{4}-\d\d-\d\d \d\d:\d\d)( \([\w/+-]+\))?", text)
    if at:
        from polso.faces.words import Words

        return Words("it").local(datetime.fromisoformat(at[1])) + (at[2] or "")
    for pattern, italian in _compiled():
        found = pattern.fullmatch(text)
        if found:
            return italian.format(**{name: _part(name, part) for name, part in found.groupdict().items()})
    return None


def _part(name: str, text: str) -> str:
    """What fills a pattern: numbers with their thousands apart, sentences translated, names as they are."""
    if name in NUMBERS and text.isdigit():
        return f"{int(text):,}".replace(",", ".")
    return text if name in KEPT else told("it", text)


def _after_a_place(text: str) -> str | None:
    """A sentence that stands after the file, line or key it speaks of."""
    for colon in re.finditer(": ", text):
        said = _matched(text[colon.end() :])
        if said is not None:
            return f"{_place(text[: colon.start()])}: {said}"
    return None


def _place(text: str) -> str:
    """Where something is wrong: a file, a column of it, a source."""
    return _matched(text) or ", ".join(_matched(part) or part for part in text.split(", "))
