"""Counts and sums of a scan, added up by day (or hour) and by the names that questions split and filter by.

A page asked over another period, or under another value of its filters, adds up a few thousand rows instead of reading
millions.

Rule kept here: what is read off here is, number for number, what the facts say; what cannot be added up is asked of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from polso.engine import Table, Value
from polso.facts import FACTS
from polso.query.conditions import all_of
from polso.query.question import GRAINS, Question
from polso.query.standing import filled, stand
from polso.query.store import DAILY, WEEKDAY, Store, local_slots

if TYPE_CHECKING:
    from polso.kpis.kinds import Aggregation

# What may be added up, and what no rows of it are.
ADDITIVE: Final[Mapping[Aggregation, int | None]] = {"count": 0, "negative": 0, "sum": None, "squares": None}
# The grain rows are kept by -> the splits by time that can be read off it.
BASES: Final = {"day": DAILY, "hour": (*DAILY, "hour", "hour_of_day")}
STARTS: Final = {"day": "slot", "hour": "hour_start"}
START: Final = "polso_start"
# More rows are hardly fewer than facts; a name of more values finds a row rather than splitting them.
ROWS, VALUES = 250_000, 5_000
Passed = Callable[[Store, Question], Table]


@dataclass(frozen=True)
class Cube:
    """Rows of a pass added up by columns of a fact and a grain of time; `question` asks for them over all of the data."""

    fact: str
    columns: tuple[str, ...]
    grain: str
    question: Question

    def make(self, store: Store, passed: Passed) -> Table | None:
        """Add up the rows of a store's facts; None where they would hardly be fewer."""
        rollups = store.rollups
        if rollups is None or not all(self._spread(store, name) <= VALUES for name in self.columns):
            return None
        rows = store.engine.collect(passed(store, self.question).limit(ROWS + 1))
        if rows.num_rows > ROWS:
            return None
        on = f"polso_{self.grain}"
        names = {f"by_{name}": name for name in self.question.dimensions} | {f"by_{self.grain}": on}
        named = rows.rename_columns([names.get(name, name) for name in rows.column_names])
        return rollups.table(named, self._labels(store), on, START)

    def _spread(self, store: Store, name: str) -> int:
        """About how many values a column has."""
        assert store.rollups  # noqa: S101 - it is made for them
        known = store.rollups.spreads
        if (self.fact, name) not in known:
            values = store.fact(self.fact)[name].approx_nunique().name("n").as_table()
            known[self.fact, name] = int(store.engine.collect(values)["n"][0].as_py())
        return known[self.fact, name]

    def _labels(self, store: Store) -> pa.Table:
        """The days (or hours) of all the data: when each starts, and its labels in all grains that it tells."""
        slots = local_slots(self.question.period, WEEKDAY[store.week_start])
        told = {f"polso_{name}": slots[GRAINS[name]] for name in BASES[self.grain]}
        rows = pa.table({**told, START: slots[STARTS[self.grain]]})
        return rows.group_by(list(told)).aggregate([(START, "min")]).rename_columns([*told, START])


def cube(store: Store, fact: str, questions: Sequence[Question], own: str | None = None) -> Cube | None:
    """What questions that differ by their period alone can be read off; None where they cannot be.

    own: a split that the pass works out and no column of the fact has.
    """
    one, whole = questions[0], store.years
    grain = next((grain for grain, known in BASES.items() if set(one.grains) <= set(known)), None)
    names = tuple(sorted({*one.dimensions, *(condition.column for condition in one.where)}))
    inside = all(whole.since <= q.period.since and q.period.until <= whole.until for q in questions)
    columns = tuple(name for name in names if name != own)
    fine = {column.name for column in FACTS[fact].columns if not column.dimension}
    if grain is None or not inside or not {*store.fact(fact).columns}.difference(fine).issuperset(columns):
        return None
    return Cube(fact, columns, grain, replace(one, period=whole, by=(*names, grain), where=()))


def rolled(
    store: Store,
    key: Hashable,
    fact: str,
    sums: Mapping[str, Aggregation],
    questions: Sequence[Question],
    passed: Passed,
    own: str | None = None,
) -> list[pa.Table] | None:
    """Per question (they differ by their period alone) the rows of a pass, read off what is kept; None where nothing is.

    key: all that the pass depends on besides its periods, splits and filters; sums: its columns, and what each is;
    own: as for `cube`.
    """
    if store.rollups is None or not sums or not set(sums.values()) <= set(ADDITIVE):
        return None
    found = kept(store, key, cube(store, fact, questions, own), passed)
    if found is None:
        return None
    table, under = found
    return [
        read(store, under, question, lambda stood: _added(within(table, stood), sums, stood))
        for question in questions
    ]


def kept(store: Store, key: Hashable, known: Cube | None, passed: Passed) -> tuple[Table, Hashable] | None:
    """The rows of a cube, and the key they are kept under; None where there are none."""
    if store.rollups is None or known is None:
        return None
    under = (key, known.question.by)
    table = store.rollups.find(under, lambda other: known.make(other, passed))
    return None if table is None else (table, under)


def read(store: Store, key: Hashable, question: Question, made: Callable[[Question], Table]) -> pa.Table:
    """The rows of an expression over what is kept, made of a question; its text is made once for all of its shape."""
    assert store.rollups  # noqa: S101 - what is read was found there
    stood = stand(store, [question])
    (said,) = stood.questions
    whole = (key, said.period, said.by, repr(said.where))
    return store.rollups.run(whole, lambda: made(said), lambda text: filled(store.engine, text, stood.real))


def within(table: Table, question: Question) -> Table:
    """The rows of a period, filtered as asked."""
    since, until = question.period.instants
    rows = table.filter(table[START] >= since, table[START] < until)
    return filtered(rows, question)


def filtered(rows: Table, question: Question) -> Table:
    """The rows that meet the filters of a question."""
    met = all_of(rows, question.where, {})
    return rows if met is None else rows.filter(met)


def _added(rows: Table, sums: Mapping[str, Aggregation], question: Question) -> Table:
    """What rows come to, split as asked."""
    keys = {f"by_{name}": rows[f"polso_{name}" if name in GRAINS else name] for name in question.by}
    added = {column: _sum(rows[column], what) for column, what in sums.items()}
    return rows.group_by(**keys).aggregate(**added) if keys else rows.aggregate(**added)


def _sum(column: Any, what: Aggregation) -> Value:
    """Counts of nothing are 0, sums of nothing are unknown."""
    return column.sum().fill_null(0) if ADDITIVE[what] == 0 else column.sum()
