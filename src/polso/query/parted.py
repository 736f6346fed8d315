"""On how many tickets definitions part, read off what is kept of days.

Rule kept here: a ticket that two definitions place by two clocks is kept under both days, so that the ends of a period
cut either; only definitions of one row a ticket, which count it or do not, are read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import pyarrow.compute as pc

from polso.engine import BooleanValue, Table, Value
from polso.query.cubes import Rows, added, cube, kept
from polso.query.explain import fates, judged
from polso.query.question import Question, Scope
from polso.query.scan import in_scope, shape_key
from polso.query.store import Store, with_grains

TICKETS: Final = "tickets"
JUDGING: Final = ("count", "share")
OTHER: Final = "polso_other"


def parted(store: Store, question: Question, scope: Scope) -> list[tuple[int, int]] | None:
    """Per further definition: tickets that it or the first counts, and those on which they part; None where nothing is kept."""
    definitions = question.definitions
    if any(d.fact != TICKETS or d.kind not in JUDGING for d in definitions):
        return None
    known = cube(store, TICKETS, [question])
    prints = tuple(d.fingerprint for d in definitions)
    shape = ("parted", prints, *shape_key(store, question, scope))
    counted: dict[str, int] = {}
    missing = False
    for clock in dict.fromkeys(d.clock for d in definitions):
        places = [place for place, d in enumerate(definitions) if d.clock == clock]
        for made in (_alone, _together):
            passed = partial(made, clock=clock, places=places, scope=scope)
            rows = kept(store, (*shape, clock, made.__name__), known, question, passed)
            missing |= rows is None
            counted |= _summed(rows, question) if rows else {}
    if missing:
        return None
    either = [
        counted["n_0"] + counted[f"n_{place}"] - counted[f"both_{place}"]
        for place in range(1, len(definitions))
    ]
    return [(n, n - counted[f"same_{place}"]) for place, n in enumerate(either, 1)]


def _summed(rows: Rows, question: Question) -> dict[str, int]:
    """What is counted in a period, by every clock that places it."""
    inside = rows.within(question)
    if OTHER in inside.column_names:
        day, period = inside[OTHER], question.period
        inside = inside.filter(pc.and_(pc.greater_equal(day, period.since), pc.less(day, period.until)))
    names = [name for name in inside.column_names if name.startswith(("n_", "both_", "same_"))]
    return {name: sums[0] for name, sums in added(inside, {}, names, names).to_pydict().items()}


def _alone(store: Store, base: Question, clock: str, places: Sequence[int], scope: Scope) -> Table:
    """How many tickets each definition of a clock counts, by its day."""
    rows = _rows(store, base, clock, scope)
    placed = with_grains(rows, clock, base.grains, store.slots(base.period))
    sums = {f"n_{place}": _judged(store, base, placed, place)[0].sum() for place in places}
    keys = {f"by_{name}": placed[name] for name in base.dimensions} | {"by_day": placed.polso_day}
    return placed.group_by(**keys).aggregate(**sums)


def _together(store: Store, base: Question, clock: str, places: Sequence[int], scope: Scope) -> Table:
    """How many tickets the first definition and each of a clock both count, and how many alike, by the days of both clocks."""
    slots = store.slots(base.period)
    rows = with_grains(_rows(store, base, clock, scope), clock, base.grains, slots)
    rows = rows.rename({OTHER: "polso_day"}).drop("polso_slot", "polso_slot_number")
    placed = with_grains(rows, base.definitions[0].clock, base.grains, slots)
    counts, meets = _judged(store, base, placed, 0)
    sums: dict[str, Value] = {}
    for place in places:
        others, met = _judged(store, base, placed, place)
        sums |= {
            f"both_{place}": (counts & others).sum(),
            f"same_{place}": (counts & others & (meets == met)).sum(),
        }
    keys = {f"by_{name}": placed[name] for name in base.dimensions} | {"by_day": placed.polso_day}
    return placed.group_by(**keys, **{OTHER: placed[OTHER]}).aggregate(**sums)


def _rows(store: Store, base: Question, clock: str, scope: Scope) -> Table:
    return in_scope(store, TICKETS, clock, base, scope, base.definitions[0])


def _judged(store: Store, base: Question, rows: Table, place: int) -> tuple[BooleanValue, BooleanValue]:
    return judged(fates(store, base.definitions[place], rows, base))
