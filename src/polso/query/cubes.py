"""Counts and sums of a scan, added up by day (or hour) and by the names that questions split and filter by.

A page asked over another period, or under another value of its filters, adds up a few thousand rows instead of reading
millions.

Rule kept here: what is read off here is, number for number, what the facts say; what cannot be added up is asked of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from polso.engine import Table
from polso.facts import FACTS
from polso.kpis.definition import Condition
from polso.query.question import GRAINS, Question
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
# Sums of nothing are unknown.
KNOWN: Final = pc.ScalarAggregateOptions(min_count=1)
COMPARISONS: Final = {
    "=": pc.equal, "!=": pc.not_equal, "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal,
}  # fmt: skip
Passed = Callable[[Store, Question], Table]


@dataclass(frozen=True)
class Rows:
    """Rows that are kept, in the order in which their days (or hours) start; these starts."""

    table: pa.Table
    starts: NDArray[np.datetime64]

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return int(self.table.nbytes + self.starts.nbytes)

    def place(self, instant: datetime) -> int:
        """How many rows start before an instant."""
        return int(np.searchsorted(self.starts, np.datetime64(instant, "us")))

    def within(self, question: Question) -> pa.Table:
        """The rows of a period, filtered as asked."""
        since, until = map(self.place, question.period.instants)
        return filtered(self.table.slice(since, until - since), question)

    def can_filter(self, question: Question) -> bool:
        """Whether every filter compares a column with values of its own type: an engine may convert, this does not."""
        try:
            for condition in question.where:
                if condition.op not in ("null", "not null"):
                    _values(self.table.schema.field(condition.column).type, condition)
        except pa.ArrowException:
            return False
        return True


def filtered(rows: pa.Table, question: Question) -> pa.Table:
    """The rows that meet the filters of a question."""
    for condition in question.where:
        rows = rows.filter(_meets(rows, condition))
    return rows


@dataclass(frozen=True)
class Cube:
    """Rows of a pass added up by columns of a fact and a grain of time; `question` asks for them over all of the data."""

    fact: str
    columns: tuple[str, ...]
    grain: str
    question: Question

    def make(self, store: Store, passed: Passed, *, labels: bool = True) -> Rows | None:
        """Add up the rows of a store's facts; None where they would hardly be fewer.

        labels: whether rows bear the names of their times, besides when these start.
        """
        if not all(self._spread(store, name) <= VALUES for name in self.columns):
            return None
        wanted = passed(store, self.question).limit(ROWS + 1)
        # Sums of whole numbers are wider in an engine than they need be.
        rows = store.engine.collect(wanted).cast(wanted.schema().to_pyarrow())
        if rows.num_rows > ROWS:
            return None
        on = f"polso_{self.grain}"
        names = {f"by_{name}": name for name in self.question.dimensions} | {f"by_{self.grain}": on}
        named = rows.rename_columns([names.get(name, name) for name in rows.column_names])
        known = self._labels(store)
        return self._in_order(named, known if labels else known.select([on, START]), on, labels=labels)

    def _in_order(self, rows: pa.Table, known: pa.Table, on: str, *, labels: bool) -> Rows:
        """Rows with the other labels of their days (or hours), and in the order in which these start."""
        places = pc.index_in(rows[on], value_set=known[on].combine_chunks())
        told = known.take(places).drop_columns([on])
        for name in told.column_names:
            rows = rows.append_column(name, told[name])
        if not labels:
            rows = rows.drop_columns([on])
        ordered = rows.filter(places.is_valid()).sort_by(START).combine_chunks()
        return Rows(ordered, ordered[START].to_numpy())

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


def read_off(
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
    rows = kept(store, key, cube(store, fact, questions, own), questions[0], passed)
    if rows is None:
        return None
    zeros = tuple(column for column, what in sums.items() if ADDITIVE[what] == 0)
    one = questions[0]
    keys = {f"by_{name}": f"polso_{name}" if name in GRAINS else name for name in one.by}
    return [added(rows.within(question), keys, tuple(sums), zeros) for question in questions]


def kept(
    store: Store,
    key: Hashable,
    known: Cube | None,
    question: Question,
    passed: Passed,
    *,
    labels: bool = True,
) -> Rows | None:
    """The rows of a cube; None where there are none, or its columns are not what the filters of a question compare.

    labels: whether answers are split by the time of these rows.
    """
    if store.rollups is None or known is None:
        return None
    rows: Rows | None = store.rollups.find(
        (key, known.question.by), lambda other: known.make(other, passed, labels=labels)
    )
    return rows if rows is not None and rows.can_filter(question) else None


def added(
    rows: pa.Table, keys: Mapping[str, str], sums: Sequence[str], zeros: Sequence[str] = ()
) -> pa.Table:
    """Sums of columns by others, these under the names of `keys`; null where nothing was added up, 0 in `zeros`."""
    wanted = [(column, "sum", KNOWN) for column in sums]
    found = rows.group_by(list(dict.fromkeys(keys.values())), use_threads=False).aggregate(wanted)
    columns = {name: found[column] for name, column in keys.items()}
    for column in sums:
        summed = found[f"{column}_sum"]
        columns[column] = pc.fill_null(summed, 0) if column in zeros else summed
    return pa.table(columns)


def _meets(rows: pa.Table, condition: Condition) -> pa.ChunkedArray:
    """As conditions.comparison: what is null meets `null`, `not in` and `!=` alone."""
    column, value = rows[condition.column], condition.value
    if condition.op in ("null", "not null"):
        return column.is_null() if condition.op == "null" else column.is_valid()
    if condition.op in ("in", "not in"):
        held = pc.is_in(column, value_set=_values(column.type, condition))
        return held if condition.op == "in" else pc.invert(held)
    return pc.fill_null(
        COMPARISONS[condition.op](column, pa.scalar(value, column.type)), condition.op == "!="
    )


def _values(kind: pa.DataType, condition: Condition) -> pa.Array:
    value = condition.value
    return pa.array(value if isinstance(value, tuple) else (value,), kind)
