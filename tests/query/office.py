"""A service with opening hours: its settings, its store over any log, and questions drawn at random.

Rule kept here: one configuration for all, because the first fold under a configuration costs more than many after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

from polso.care import Care
from polso.config import parse
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.facts.fact import CREDITS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition
from polso.query.scan import credit_columns
from soundness.store import store

Event = dict[str, Any]
OFFICE: Final = parse("""
[project]
zone = "Europe/Rome"
minimum_n = 1
[privacy]
profile = "open"
[[calendar]]
name = "always"
always = true
[[calendar]]
name = "office"
zone = "Europe/Rome"
hours = { mon = ["09:00-13:00", "14:00-18:00"], tue = ["09:00-17:00"], thu = ["09:00-17:00"], sat = ["10:00-12:00"] }
[[calendar_rule]]
calendar = "office"
when = { team = "x" }
[[calendar_rule]]
calendar = "always"
""")
EVERY: Final = tuple(d for entry in shipped().values() for d in (*entry.definitions, *entry.earlier))
# Random logs (soundness.logs) begin at the end of March 2024 and last two months and a half.
PERIODS: Final = ("all", "2024-04-01..2024-04-20", "2024-04", "2024-W14", "2024-05-02", "2023", "2025")
FILTERS: Final[dict[str, tuple[Any, ...]]] = {
    "client": ("a", "b"), "channel": ("email", None, ["chat", "phone"]), "team": ("x", "y", None), "agent": ("g1", None),
    "priority": ("1", None), "is_open": (True, False), "is_counted": (True,),
}  # fmt: skip


@contextmanager
def opened(log: Iterable[Event]) -> Iterator[Care]:
    """The log loaded and folded, ready to be asked."""
    with store(log, config=OFFICE) as engine:
        yield Care(Path("nowhere"), OFFICE, engine)


def facts_of(d: Definition) -> dict[str, str]:
    """The facts a definition reads, each with the clock that places its rows."""
    if d.kind == "ratio" and d.top and d.bottom:
        return {d.top.fact: d.top.clock, d.bottom.fact: d.bottom.clock}
    return {d.fact: d.clock}


def splits(d: Definition, *wanted: str) -> list[str]:
    """Which of some dimensions all facts of a definition have."""
    has = [{c.name for c in FACTS[fact].columns if c.dimension} for fact in facts_of(d)]
    return [name for name in wanted if all(name in known for known in has)]


def credits_of(d: Definition) -> list[str]:
    """The credit rules that all facts of a definition can answer."""
    return (
        [] if d.kind == "cost" else [rule for rule in CREDITS if _can(d.model_copy(update={"credit": rule}))]
    )


def _can(d: Definition) -> bool:
    try:
        return all(credit_columns(d, fact) for fact in facts_of(d))
    except QuestionError:
        return False


def drawn(dice: Random, d: Definition) -> dict[str, Any]:
    """A period, at most two filters and perhaps a credit rule, as `ask` and `explain` take them."""
    known = splits(d, *FILTERS)
    names = dice.sample(known, min(len(known), dice.choice((0, 1, 1, 2))))
    rules = credits_of(d)
    return {
        "period": dice.choice(PERIODS),
        "where": {name: dice.choice(FILTERS[name]) for name in names},
        "credit": dice.choice(rules) if rules and dice.random() < 0.5 else None,
    }


def matching(rows: Iterable[Event], where: dict[str, Any]) -> list[Event]:
    """The rows that a filter keeps, one by one."""
    return [row for row in rows if all(_equal(row[name], value) for name, value in where.items())]


def _equal(found: Any, wanted: Any) -> bool:
    return found in wanted if isinstance(wanted, list) else found == wanted
