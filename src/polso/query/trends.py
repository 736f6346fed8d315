"""Percentiles in the course of time: those of whole days, weeks or months do not depend on the period, and are kept.

Rule kept here: what a period cuts, the first week or the last month of it, is asked of facts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from polso.kpis.definition import Definition
from polso.kpis.kinds import kind_of
from polso.query.cubes import cube
from polso.query.percentiles import asked_percentiles
from polso.query.period import Period
from polso.query.question import Question, Scope
from polso.query.scan import Cell, Wanted, scan, shape_key
from polso.query.store import Store, stretches

GRAINS: Final = ("day", "week", "month", "quarter", "year")
# More cells are hardly fewer than rows.
CELLS: Final = 60_000
Found = dict[str, Any]


def percentiles(
    store: Store,
    definition: Definition,
    counts: Mapping[Cell, int],
    question: Question,
    scope: Scope,
    *,
    told: bool,
    ends: bool,
) -> Iterator[tuple[Cell, Found]]:
    """As `asked_percentiles`; in the course of time, of what is kept."""
    names = _names(question)
    known = _kept(store, definition, question, scope) if names is not None else None
    if names is None or known is None:
        yield from asked_percentiles(store, definition, counts, question, scope, told=told, ends=ends)
        return
    place, cut = question.by.index(question.grains[0]), _cut(store, question)
    fixed = {condition.column: condition.value for condition in question.where}
    for cell, n in counts.items():
        if n and cell[place] not in cut:
            values = {**fixed, **dict(zip(question.by, cell, strict=True))}
            yield cell, known[(*(values[name] for name in names), cell[place])]
    for label, period in cut.items():
        some = {cell: n for cell, n in counts.items() if cell[place] == label}
        part = replace(question, period=period)
        yield from asked_percentiles(store, definition, some, part, scope, told=told, ends=ends)


def _names(question: Question) -> tuple[str, ...] | None:
    """What the cells of a question are told apart by besides time; None where it is none that is kept."""
    if len(question.grains) != 1 or question.grains[0] not in GRAINS:
        return None
    if any(condition.op != "=" for condition in question.where):
        return None
    return tuple(sorted({*question.dimensions, *(condition.column for condition in question.where)}))


def _kept(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Found] | None:
    """The percentiles of all of the data by the names of a question and its grain; None where they are not kept."""
    whole = cube(store, d.fact, [question]) if store.rollups else None
    if store.rollups is None or whole is None:
        return None
    base = replace(whole.question, by=(*whole.columns, question.grains[0]))
    key = ("percentiles", d.fingerprint, base.by, *shape_key(store, question, scope))
    found: dict[Cell, Found] | None = store.rollups.find(key, lambda other: _all(other, d, base, scope))
    return found


def _all(store: Store, d: Definition, base: Question, scope: Scope) -> dict[Cell, Found] | None:
    wanted = Wanted("n", d, kind_of(d).ask(d)["n"])
    counts = {
        cell: int(row["n"]) for cell, row in scan(store, d.fact, d.clock, [wanted], base, scope).items()
    }
    if len(counts) > CELLS:
        return None
    return dict(asked_percentiles(store, d, counts, base, scope, told=False))


def _cut(store: Store, question: Question) -> dict[Any, Period]:
    """The days, weeks, months of which a period holds a part: their labels, and the part."""
    whole = {s.labels: s for s in stretches(store, store.years, question.grains)}
    return {
        s.labels[0]: Period(store.local_day(s.start), store.local_day(s.end), question.period.zone)
        for s in stretches(store, question.period, question.grains)
        if s != whole[s.labels]
    }
