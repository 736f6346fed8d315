"""Which part each column of a file is likely to play: by the words of its header, English and Italian, and its values.

Rule kept here: a header alone decides nothing that its values deny; what plays no part is named as not used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from polso.sources.table_formats import Dates

_AT: Final = r"([ _-]?(at|on|date|time|timestamp))?"
_IL: Final = r"([ _-]il)?"
_DATA: Final = r"(data|ora|data[ /_-]?(e )?ora)([ _-]?(di|del|della))?[ _-]?"
_REQUEST: Final = r"case|ticket|request|conversation|issue|incident|call|pratica|segnalazione|richiesta|chiamata|conversazione"
# How exports say what kind of answer the first one is; a customer's own reply is none.
_BY_STAFF: Final = (
    r"(first|initial|1st)([ _-](public|agent|admin|human|staff|operator|e?-?mail|support|real))*"
)
_OF_REQUEST: Final = r"([ _-](di |del |della )?(ticket|richiesta|segnalazione|chiamata|contatto|pratica))?"

# By what a column is likely to hold; it plays the first role it fits.
ROLES: Final[Mapping[str, str]] = {
    "ticket": rf"({_REQUEST})([ _-]?(id|no|nr|num|number|numero|key|ref)\.?|[ _-]?#)?"
    rf"|(id|codice|numero|nr?\.?)[ _.-]?({_REQUEST})"
    r"|n(umero|r)?[ _.-]?(ticket|pratica)|key|id|number|display[ _-]?id",
    "activity": r"activity|event|action|event[ _-]?type|status"
    r"|attivit[aà]|evento|azione|tipo[ _-]?evento|stato",
    "channel": r"channel|source|origin|via|canale|origine"
    r"|(via|contact|contact[ _-]method|ticket)[ _-]?(channel|source)|canale[ _-](di[ _-])?(contatto|ingresso)",
    "agent": r"agent|assignee|resource|operator|owner|server|(ticket|case)[ _-]owner|assigned[ _-]to"
    r"|(agent|assignee|responder|owner)[ _-](id|name)"
    r"|operatore|agente|risorsa|assegnatario|addetto|assegnato[ _-]a",
    "customer": r"customer([ _-]?(id|no|code|user))?|client|requester([ _-]id)?|contact([ _-]id)?|user(_id)?|author_id"
    r"|reporter|caller([ _-]id)?"
    r"|cliente|(codice|id)[ _-]?cliente|richiedente|utente",
    "team": r"team|group|queue|workgroup|department|support[ _-]?section"
    r"|(assignment|assigned)[ _-]group|group[ _-](id|name)"
    r"|gruppo|coda|reparto|ufficio|squadra",
    "priority": r"(ticket[ _-])?(priority|urgency|severity)([ _-]name)?|seriousness|priorit[aà]'?|urgenza|gravit[aà]'?",
    "issue_type": r"((issue|ticket|case|request|incident|contact|inquiry)[ _-])?(type|topic|category|reason)|help[ _-]topic"
    rf"|(tipo|tipologia|categoria|argomento|motivo|causale){_OF_REQUEST}",
    "score": r"score|rating|csat|nps|satisfaction([ _-](rating|score))?|likely[ _-]to[ _-]recommend"
    r"|voto|valutazione|punteggio|soddisfazione|gradimento",
    "opened": rf"(opened|created|submitted|start(ed)?|received|create|creation|opening){_AT}"
    r"|date[ _-](opened|created|submitted|received)"
    rf"|{_DATA}(apertura|creazione|inizio|ricezione|inserimento){_OF_REQUEST}|(apert[oa]|creat[oa]){_IL}",
    "responded": rf"{_BY_STAFF}[ _-]?(respon(se|ded)|repl(y|ied)|answer(ed)?){_AT}"
    r"|respon(ded|se)[ _-]?(at|on|date)|replied[ _-]?(at|on)"
    rf"|{_BY_STAFF}[ _-](response|reply|answer)[ _-](created|sent)[ _-](at|on)|date[ _-]of[ _-]first[ _-](response|reply|answer)"
    rf"|({_DATA})?(prima[ _-]risposta|primo[ _-]riscontro){_IL}|{_DATA}risposta|rispost[oa][ _-]il",
    "solved": rf"(solved|resolved|completed|resolve|resolution){_AT}|date[ _-](solved|resolved)"
    rf"|{_DATA}(soluzione|risoluzione)|risolt[oa]{_IL}",
    "closed": rf"(closed|ended|close|closing){_AT}|date[ _-]closed|{_DATA}chiusura|chius[oa]{_IL}",
    "clock": r"time|ora|orario|.*[ _-](time|ora)",
    "instant": r".*(timestamp|datetime|date|time|data|ora|istante|quando).*",
}
DATED: Final = ("opened", "responded", "solved", "closed", "instant")
# How long the first answer took, where the file says that and not when it was.
RESPONSE_TIME: Final = re.compile(
    rf"{_BY_STAFF}[ _-](response|reply|answer)[ _-]time|time[ _-]to[ _-]{_BY_STAFF}[ _-](response|reply|answer)|frt"
    r"|tempo[ _-](di[ _-]|alla[ _-]|per[ _-]la[ _-])?prima[ _-]risposta",
    re.IGNORECASE,
)
# A length written like a clock is no time of day.
_LASTS: Final = re.compile(
    r"respon|repl|resol|handl|wait|talk|hold|risposta|risoluzione|attesa|gestione|durata|duration",
    re.IGNORECASE,
)
# In opening hours, or what is left of a target: neither leads from the opening to the answer.
_NO_CLOCK: Final = re.compile(
    r"business|bhrs|working|office|within|lavorativ|orario|custom field", re.IGNORECASE
)
_UNITS: Final = (
    ("ms", r"ms|milliseconds|millisecondi"),
    ("s", r"s|secs?|seconds?|secondi"),
    ("min", r"mins?|minutes?|minuti"),
    ("h", r"h|hrs?|hours?|ore"),
)  # fmt: skip
_HMS: Final = re.compile(r"\d+:\d\d:\d\d")
# A list of kinds is short; what is longer is a text, an id or a name.
KINDS_AT_MOST: Final = 100


def roles_of(
    names: Sequence[str], columns: Mapping[str, list[str | None]], dates: Mapping[str, Dates]
) -> dict[str, str]:
    """Which column plays which part: header words, and instants only where its values are."""
    roles: dict[str, str] = {}
    for role, pattern in ROLES.items():
        for name in names:
            if name in roles.values() or (name in dates) is not (role in DATED):
                continue
            if role == "clock" and _LASTS.search(name):
                continue
            if columns[name] and _named(pattern, name) and _fits(role, columns[name]):
                roles[role] = name
                break
    if not {"opened", "instant"} & set(roles) and dates:
        roles["instant"] = next((n for n in dates if n not in roles.values()), next(iter(dates)))
    return roles


def _named(pattern: str, name: str) -> bool:
    return any(re.fullmatch(pattern, said, re.IGNORECASE) for said in (name.strip(), plain(name)))


def plain(name: str) -> str:
    """A header in plain words: `Custom field (Request Type)` is Request Type, `firstResponseAt` first Response At."""
    inner = re.fullmatch(r"custom field \((.*)\)", name.strip(), re.IGNORECASE)
    said = inner.group(1) if inner else re.sub(r"\s*[(\[].*[)\]]$", "", name.strip())
    said = re.sub(r"^(stats|statistics|fields|custom_fields)\.", "", said)
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_+", " ", said).strip()


def response_time(
    names: Sequence[str], columns: Mapping[str, list[str | None]], dates: Mapping[str, Dates]
) -> tuple[str, str | None] | None:
    """The column that tells how long the first answer took, by the clock, and its unit; None as unit where it says none."""
    for name in names:
        cells = [cell for cell in columns[name] if cell]
        said = re.sub(r"[_\[\](){}]+", " ", name)
        if name in dates or not cells or not RESPONSE_TIME.search(said) or _NO_CLOCK.search(said):
            continue
        if all(_HMS.fullmatch(cell) for cell in cells):
            return name, "hms"
        if all(is_number(cell) for cell in cells):
            words = said.lower().split()
            return name, next(
                (unit for unit, w in _UNITS if any(re.fullmatch(w, one) for one in words)), None
            )
    return None


def _fits(role: str, cells: Sequence[str | None]) -> bool:
    if role == "score":
        return all(is_number(c) for c in cells)
    if role == "clock":
        return all(re.fullmatch(r"\d{1,2}:\d\d(:\d\d)?", c or "") for c in cells)
    if role == "activity":
        return len(set(cells)) <= 60 and not all(is_number(c) for c in cells)
    if role in ("priority", "issue_type"):
        return len(set(cells)) <= KINDS_AT_MOST
    return True


def is_number(cell: str | None) -> bool:
    """Whether a cell is a number as exports write it."""
    return bool(cell and re.fullmatch(r"[-+]?\d{1,12}([.,]\d+)?", cell))
