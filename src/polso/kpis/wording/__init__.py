"""Definitions in words, in both languages: what starts, what stops, who is counted, who is left out and why.

Rule kept here: words are made from the same data that makes the numbers, so they cannot say something else.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

from pydantic import model_validator

from polso.facts import FACTS
from polso.facts.fact import ANY, WHOSE, Credit
from polso.kpis.definition import AnyOf, Condition, Conditions, Data, Definition, Part, Words, span_text

_NEGATED: Final = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in",
    "null": "not null", "not null": "null",
}  # fmt: skip
_SIGNS: Final = {
    "=": ("is", "è"), "!=": ("is not", "non è"), "<": ("below", "sotto"), "<=": ("at most", "al massimo"),
    ">": ("over", "oltre"), ">=": ("at least", "almeno"), "in": ("one of", "uno fra"), "not in": ("none of", "nessuno fra"),
}  # fmt: skip
_CREDITS: Final[dict[Credit, Words]] = {
    "sender": Words(en="whoever sent the reply", it="chi ha inviato la risposta"),
    "assignee": Words(en="the assignee at that moment", it="l'assegnatario in quel momento"),
    "last_assignee": Words(en="the last assignee", it="l'ultimo assegnatario"),
    "solver": Words(en="whoever solved it", it="chi l'ha risolto"),
    "team": Words(en="the team at that moment", it="il gruppo in quel momento"),
}
# Why a ticket does not count.
LEFT_OUT: Final = {
    "merged": Words(en="merged into another ticket", it="unito a un altro ticket"),
    "removed": Words(en="removed as spam, test or duplicate", it="rimosso come spam, prova o duplicato"),
    "internal": Words(en="opened by an agent for themselves", it="aperto da un operatore per sé"),
}
NOBODY: Final = Words(en="no person", it="nessuna persona")


class Phrase(Data):
    """How a column is spoken of: a noun, or for a flag what is true of a row with it (`yes`) and without (`no`)."""

    en: str | None = None
    it: str | None = None
    yes: Words | None = None
    no: Words | None = None

    @model_validator(mode="after")
    def _some(self) -> Phrase:
        if (self.en is None) != (self.it is None) or (self.yes is None) != (self.no is None):
            raise ValueError("a phrase needs both languages, and a flag both `yes` and `no`")
        return self

    @property
    def noun(self) -> Words | None:
        """The noun, where there is one."""
        return Words(en=self.en, it=self.it) if self.en and self.it else None


@cache
def phrases() -> dict[str, Phrase]:
    """Phrases by `fact.column` or column."""
    text = resources.files("polso.kpis.wording").joinpath("phrases.toml").read_text(encoding="utf-8")
    return {name: Phrase.model_validate(said) for name, said in tomllib.loads(text).items()}


def phrase(fact: str, column: str) -> Phrase:
    """The phrase of a column: its own in that fact, else the common one, else the column's name."""
    known = phrases()
    stem = column.replace("_business_us", "_us")
    found = known.get(f"{fact}.{stem}") or known.get(stem)
    return found or Phrase(en=column.replace("_", " "), it=column.replace("_", " "))


def noun(fact: str, column: str) -> Words:
    """A column as a noun."""
    said = phrase(fact, column)
    return said.noun or said.yes or Words(en=column, it=column)


def holds(fact: str, condition: AnyOf | Condition, definition: Definition) -> Words:
    """What is true of a row that meets a condition."""
    if isinstance(condition, AnyOf):
        late = _late_or_never(condition)
        if late:
            over = holds(fact, late, definition)
            return Words(en=f"{over.en}, or none", it=f"{over.it}, o nessuno")
        return joined((holds(fact, one, definition) for one in condition.any_of), (" or ", " o "))
    return _said(fact, condition, condition.op, definition)


def fails(fact: str, condition: AnyOf | Condition, definition: Definition) -> Words:
    """Why a row that does not meet a condition is left out."""
    if isinstance(condition, AnyOf):
        late = _late_or_never(condition)
        if late:
            return fails(fact, late, definition)
        return joined((fails(fact, one, definition) for one in condition.any_of), (" and ", " e "))
    return _said(fact, condition, _NEGATED[condition.op], definition)


def _late_or_never(condition: AnyOf) -> Condition | None:
    """The comparison of a duration that is beyond a limit or was never ended, which reads as one thing."""
    late = [one for one in condition.any_of if one.op in (">", ">=")]
    never = [one for one in condition.any_of if one.op == "null"]
    same = len(late) == len(never) == 1 and late[0].column == never[0].column
    return late[0] if same and len(condition.any_of) == 2 else None


def _said(fact: str, condition: Condition, op: str, definition: Definition) -> Words:
    said = phrase(fact, condition.column)
    if isinstance(condition.value, bool) and said.yes and said.no:
        return said.yes if condition.value == (op == "=") else said.no
    if condition.column == "left_out" and op in ("=", "!=") and condition.value in LEFT_OUT:
        why = LEFT_OUT[str(condition.value)]
        return why if op == "=" else Words(en=f"not {why.en}", it=f"non {why.it}")
    name = noun(fact, condition.column)
    if op in ("null", "not null"):
        without = Words(en=f"without {name.en}", it=f"senza {name.it}")
        return without if op == "null" else Words(en=f"with {name.en}", it=f"con {name.it}")
    en, it = _SIGNS[op]
    value = _value(condition, definition)
    if said.yes is None and isinstance(condition.value, int) and not isinstance(condition.value, bool):
        return Words(en=f"{name.en}: {en} {value}", it=f"{name.it}: {it} {value}")
    return Words(en=f"{name.en} {en} {value}", it=f"{name.it} {it} {value}")


def _value(condition: Condition, definition: Definition) -> str:
    """A value as people write it: a parameter by its default, microseconds as a span."""
    if condition.param:
        param = definition.params[condition.param]
        default = span_text(param.default) if param.unit == "duration" else f"{param.default:g}"
        return f"{default} ({condition.param})"
    if isinstance(condition.value, tuple):
        return ", ".join(condition.value)
    if condition.column.endswith("_us") and isinstance(condition.value, int):
        return span_text(condition.value / 1_000_000)
    return str(condition.value)


def joined(said: Iterable[Words], between: tuple[str, str] = ("; ", "; ")) -> Words:
    """Several texts as one."""
    every = list(said)
    return Words(en=between[0].join(w.en for w in every), it=between[1].join(w.it for w in every))


def of_fact(fact: str) -> Words:
    """What the rows of a fact are."""
    said = phrases().get(f"fact.{fact}")
    return (said.noun if said else None) or Words(en=fact, it=fact)


def stated(d: Definition) -> dict[str, Words]:
    """Everything a definition states, in the order in which people ask: each key in words.

    start, stop and pauses (durations; `measured` where there are no two instants); population, exclusions, counted
    (what meets it); clock, calendar, credit, empty, source.
    """
    said: dict[str, Words] = {}
    ends = measured(d)
    if ends:
        said["start"], said["stop"] = (noun(d.fact, column) for column in ends)
    elif d.since and d.until:
        said["start"], said["stop"] = noun(d.fact, d.since), noun(d.fact, d.until)
    if not ends and d.kind in ("duration", "bands", "mean", "sum"):
        timed = d.kind in ("duration", "bands")
        said["measured"] = noun(d.fact, f"{str(d.value).removesuffix('_us')}_us" if timed else str(d.value))
    if ends or d.minus:
        said["pauses"] = (
            noun(d.fact, f"{d.minus.removesuffix('_us').removesuffix('_business')}_us")
            if d.minus
            else Words(en="none: the clock runs through", it="nessuna: l'orologio non si ferma")
        )
    said |= _people(d)
    if d.kind != "ratio":
        said["clock"] = noun(d.fact, d.clock)
    said["calendar"] = _calendar(d)
    said["credit"] = _credit(d)
    said["empty"] = _empty(d)
    said["source"] = Words(en=d.source, it=d.source)
    return said


def measured(d: Definition) -> tuple[str, str] | None:
    """The columns of the instants between which a duration is measured, where the fact says so."""
    stem = str(d.value).removesuffix("_us").removesuffix("_business")
    return next(((s.start, s.end) for s in FACTS[d.fact].spans if s.name == stem), None)


def _people(d: Definition) -> dict[str, Words]:
    """Who is counted, and who is left out."""
    if d.kind == "ratio" and d.top and d.bottom:
        return {"counted": _side(d.top, d), "population": _side(d.bottom, d)}
    rows = of_fact(d.fact)
    said = {"population": joined([rows, *(holds(d.fact, c, d) for c in d.where)])}
    left = [fails(d.fact, c, d) for c in d.where]
    if d.known_after and d.params[d.known_after.param].default:
        left.append(young(d, d.params[d.known_after.param].default))
    if d.kind in ("duration", "bands") or any(c.column.endswith("_us") for c in _flat(d.part)):
        left.append(Words(en="a negative duration", it="una durata negativa"))
    nobody = Words(en="nobody", it="nessuno")
    said["exclusions"] = joined(left) if left else nobody
    if d.part:
        said["counted"] = joined((holds(d.fact, c, d) for c in d.part), (" and ", " e "))
    if d.kind == "net_share":
        against = joined((holds(d.fact, c, d) for c in d.against), (" and ", " e "))
        said["counted"] = joined([said["counted"], against], (", less: ", ", meno: "))
    return said


def young(d: Definition, seconds: float) -> Words:
    """Why a row is too young to be judged."""
    since = noun(d.fact, d.known_after.since if d.known_after else d.clock)
    limit = span_text(seconds)
    return Words(
        en=f"less than {limit} after {since.en}: too young to be judged",
        it=f"meno di {limit} dopo {since.it}: troppo recente per essere giudicato",
    )


def _flat(conditions: Conditions) -> list[Condition]:
    return [one for c in conditions for one in (c.any_of if isinstance(c, AnyOf) else (c,))]


def _side(part: Part, d: Definition) -> Words:
    what = noun(part.fact, part.column or part.distinct or "") if part.column or part.distinct else None
    clock, rows = noun(part.fact, part.clock), of_fact(part.fact)
    rows = Words(
        en=f"{what.en + ', of ' if what else ''}{rows.en}, by {clock.en}",
        it=f"{what.it + ', di ' if what else ''}{rows.it}, per {clock.it}",
    )
    return joined([rows, *(holds(part.fact, c, d) for c in part.where)])


def _calendar(d: Definition) -> Words:
    stem = str(d.value)
    if measured(d) is None and d.unit != "duration":
        return Words(en="all hours", it="tutte le ore")
    if stem.endswith(("_business", "_business_us")):
        return Words(
            en="opening hours only, by the calendar of the row's rule in polso.toml",
            it="solo orario di apertura, per il calendario della regola di polso.toml",
        )
    return Words(en="elapsed time, all hours", it="tempo trascorso, tutte le ore")


def _credit(d: Definition) -> Words:
    if d.credit:
        return _CREDITS[d.credit]
    agent = next((c for c in FACTS[d.fact].columns if c.name == "agent"), None)
    if agent is None:
        return NOBODY
    if FACTS[d.fact].credited.get((ANY, "sender")) == WHOSE:
        return Words(en="whoever handled it", it="chi l'ha gestito")
    # What the columns hold, by the rule whose columns they are.
    at = (measured(d) or (None, d.clock))[1]
    rules: tuple[Credit, ...] = ("assignee", "last_assignee")
    own = next(
        (rule for rule in rules if (FACTS[d.fact].credit(str(at), rule) or {}).get("agent") == "agent"),
        None,
    )
    return _CREDITS[own] if own else Words(en=agent.sentence, it=agent.sentence)


def _empty(d: Definition) -> Words:
    if d.kind in ("count", "stock", "roll_forward", "stock_by_age"):
        return Words(
            en="0: nothing happened, and that is a number", it="0: non è successo nulla, ed è un numero"
        )
    return Words(en="no value, never 0 or 100 %", it="nessun valore, mai 0 o 100 %")
