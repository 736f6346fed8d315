"""What a run needs to know of a store: its engine, its extent, its as-of, and the local slots of a period."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polso.calendar import slot_table
from polso.engine import Engine, Table, ibis, micros_of
from polso.errors import QuestionError
from polso.query.cache import Cache
from polso.query.period import Period
from polso.query.question import FINE, GRAINS, Question
from polso.query.standing import Literal, Standing, check, filled, stand

if TYPE_CHECKING:
    from polso.query.rollups import Rollups

# Texts of questions kept at most: a few kB each.
TEXTS = 2000
# Rows of texts kept at most: how many answers, how heavy all of them, and one.
ROWS, BYTES, LARGE = 4000, 64 << 20, 256 << 10
# How scratch tables of pseudonyms are called.
PSEUDONYMS = "pseudonyms_"
SLOT_US = 15 * 60 * 1_000_000
# The grains whose labels change at midnight alone.
DAILY = ("day", "week", "month", "quarter", "year", "weekday")
WEEKDAY = {"monday": 1, "saturday": 6, "sunday": 7}


@dataclass
class Store:
    """Facts ready to be asked: engine, as-of (the oldest of the sources' latest events), first and last event."""

    engine: Engine
    zone: str
    week_start: str
    as_of: datetime
    first: datetime
    last: datetime
    minimum_n: int = 30
    asked: list[str] = field(default_factory=list)
    # What privacy found of the people in it: which teams are merged, and pseudonyms.
    groups: dict[tuple[int, int], Any] = field(default_factory=dict)
    pseudonyms: dict[tuple[str, str, bytes], Table] = field(default_factory=dict)
    # What texts gave, where several connections see one state of the data that stands still.
    kept: Cache | None = None
    # What many of them add up, where there is somebody who makes it ready (see query/rollups.py).
    rollups: Rollups | None = None
    _texts: dict[tuple[Any, ...], tuple[str, pa.Schema]] = field(default_factory=dict)
    # Those that name scratch tables made together with them, which no other connection has.
    _own_texts: dict[tuple[Any, ...], tuple[str, pa.Schema]] = field(default_factory=dict)
    _facts: dict[str, Table] = field(default_factory=dict)
    _slots: dict[str, Table] = field(default_factory=dict)

    def beside(self, engine: Engine) -> Store:
        """The same facts, and the same texts, through another connection, which has scratch tables of its own."""
        self.kept = self.kept if self.kept is not None else Cache(ROWS, BYTES, LARGE)
        return replace(self, engine=engine, asked=[], pseudonyms={}, _own_texts={}, _slots={})

    def local_day(self, instant: datetime) -> date:
        """The local date of a naive UTC instant."""
        return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(self.zone)).date()

    @cached_property
    def years(self) -> Period:
        """The whole years that the data speaks of."""
        first, last = self.local_day(self.first), self.local_day(self.last)
        return Period(date(first.year, 1, 1), date(last.year + 1, 1, 1), self.zone)

    def is_silent(self, period: Period) -> bool:
        """Whether the data says nothing of a period: it begins after the data ends, or ends before it begins."""
        since, until = period.instants
        return since > self.as_of or until <= self.first

    def said(self, instant: datetime) -> str:
        """A naive UTC instant in the reporting zone, as sentences have it."""
        local = instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(self.zone))
        return f"{local:%Y-%m-%d %H:%M} ({self.zone})"

    def fact(self, name: str) -> Table:
        """A stored fact; QuestionError where nothing was folded yet."""
        if name not in self._facts:
            if name not in self.engine.tables():
                raise QuestionError("nothing is loaded yet; run `polso load` in the project's folder")
            self._facts[name] = self.engine.table(name)
        return self._facts[name]

    def with_facts(self, facts: dict[str, Table]) -> Store:
        """The same store over other readings of its facts."""
        return replace(self, _facts=facts, kept=None, rollups=None, _texts={}, _own_texts={}, asked=[])

    def collect(self, expression: Table) -> pa.Table:
        """Run an expression, and keep its text for whoever wants to check the answer."""
        self.asked.append(self.engine.sql(expression))
        return self.engine.collect(expression)

    def collect_text(
        self,
        questions: Sequence[Question],
        key: Callable[[Sequence[Question]], tuple[Any, ...]],
        made: Callable[[Sequence[Question], Mapping[str, Table]], Table],
        more: Mapping[Literal, Literal] | None = None,
        scratch: Mapping[str, pa.Table] | None = None,
    ) -> pa.Table:
        """Run the expression made of questions that differ by their period alone, with a text that was kept.

        key: all that the text depends on besides instants and filter values; more: other stand-ins and what they are;
        scratch: rows that are there while the text runs, by the name under which `made` gets them as tables.
        """
        text, schema = self.text(questions, key, made, more, scratch)
        return self.run(text, schema, scratch)

    def text(
        self,
        questions: Sequence[Question],
        key: Callable[[Sequence[Question]], tuple[Any, ...]],
        made: Callable[[Sequence[Question], Mapping[str, Table]], Table],
        more: Mapping[Literal, Literal] | None = None,
        scratch: Mapping[str, pa.Table] | None = None,
    ) -> tuple[str, pa.Schema]:
        """The text that `collect_text` would run, kept for whoever wants to check the answer."""
        stood = stand(self, questions)
        real = {**stood.real, **(more or {})}
        wanted = key(stood.questions)
        known = self._texts.get(wanted) or self._own_texts.get(wanted)
        if known is None:
            tables = {name: self.engine.scratch(name, table) for name, table in (scratch or {}).items()}
            try:
                known = self._keep(wanted, made(stood.questions, tables), real)
            except Exception:
                made(questions, tables)  # what is wrong is said of the question, not of its stand-ins
                raise
        text, schema = known
        said = filled(self.engine, text, real)
        self.asked.append(said)
        return said, schema

    def run(self, text: str, schema: pa.Schema, scratch: Mapping[str, pa.Table] | None = None) -> pa.Table:
        """The rows of a text, from those kept where it was run before; `scratch` as for `collect_text`."""
        scratch = scratch or {}
        key = (hashlib.sha256(text.encode()).digest(), *(_print(table) for table in scratch.values()))

        def collected() -> tuple[Hashable, pa.Table]:
            for name, table in scratch.items():
                self.engine.scratch(name, table)
            found = self.engine.collect_sql(text, schema)
            for name in scratch:
                self.engine.drop(name)
            return key, found

        if self.kept is None or PSEUDONYMS in text:
            return collected()[1]
        rows: pa.Table = self.kept.get(key, collected)
        return rows

    def _keep(
        self, key: tuple[Any, ...], expression: Table, real: Mapping[Literal, Literal]
    ) -> tuple[str, pa.Schema]:
        text = self.engine.sql(expression)
        check(self.engine, text, real)
        texts = self._own_texts if PSEUDONYMS in text else self._texts
        if len(texts) >= TEXTS:
            texts.clear()
        texts[key] = text, expression.schema().to_pyarrow()
        return texts[key]

    def slots(self, period: Period) -> Table:
        """15-minute slots with their local labels in the engine, by slot number: at least those of the period."""
        return self._slots[period.slots if isinstance(period, Standing) else self.slots_name(period)]

    def slots_name(self, period: Period) -> str:
        """The scratch table that has the slots of a period: one serves all periods within the data."""
        margin = timedelta(days=1)
        whole = Period(self.local_day(self.first) - margin, self.local_day(self.last) + 2 * margin, self.zone)
        wide = whole if whole.since <= period.since and period.until <= whole.until else period
        # Stores of one engine may report in other zones and weeks: their labels are not these.
        zone = re.sub(r"\W", "_", self.zone)
        name = f"slots_{wide.since:%Y%m%d}_{wide.until:%Y%m%d}_{zone}_{self.week_start}"
        if name not in self._slots:
            table = local_slots(wide, WEEKDAY[self.week_start])
            wanted = ["slot_number", *dict.fromkeys(GRAINS.values())]
            self._slots[name] = self.engine.scratch(name, table.select(wanted))
        return name


def _print(table: pa.Table) -> bytes:
    """Changes with the rows of a small table."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).digest()


@lru_cache(64)
def local_slots(period: Period, week_start: int) -> pa.Table:
    """A period's 15-minute slots with their local labels and numbers; `week_start` is an ISO weekday."""
    # Slots come by UTC day, and local midnights are not UTC's: a day more on each side, then cut.
    margin, (first, end) = timedelta(days=1), period.instants
    wide = slot_table(period.zone, period.since - margin, period.until + margin, week_start)
    table = wide.filter(pc.and_(pc.greater_equal(wide["slot"], first), pc.less(wide["slot"], end)))
    return table.append_column("slot_number", pc.divide(table["slot"].cast(pa.int64()), SLOT_US))


def with_grains(rows: Table, clock: str, grains: tuple[str, ...], slots: Table) -> Table:
    """Add to each row the local labels of its instant, by one equi-join on its 15-minute slot."""
    numbered = rows.mutate(
        polso_slot=(micros_of(rows[clock]) // ibis.literal(SLOT_US, "int64")).cast("int64")
    )
    labels = slots.select(polso_slot_number="slot_number", **{f"polso_{g}": GRAINS[g] for g in grains})
    return numbered.inner_join(labels, [numbered.polso_slot == labels.polso_slot_number])


def buckets(store: Store, period: Period, grain: str | None) -> list[tuple[Any, datetime, datetime]]:
    """The stretches of a period at a grain: label, start and end as naive UTC, in order; one without label for none."""
    found = stretches(store, period, (grain,) if grain else ())
    return [(s.labels[0] if grain else None, s.start, s.end) for s in found]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a period in which no label changes: as asked, and by the fine grains that cycles are made of."""

    labels: tuple[Any, ...]
    fine: tuple[Any, ...]
    start: datetime
    end: datetime


def stretches(store: Store, period: Period, grains: tuple[str, ...]) -> Sequence[Stretch]:
    """The pieces of a period, in order, cut wherever a label of any grain changes; one piece without grains.

    A weekday or an hour of day is cut too: into days and hours, each with its own place in time.
    """
    if not grains:
        return (Stretch((), (), *period.instants),)
    if set(grains) <= set(DAILY):
        return _cut(days(store, period), period, grains)
    return _stretches(period, grains, WEEKDAY[store.week_start])


def days(store: Store, period: Period) -> pa.Table:
    """The local days of a period, in order: `slot` (when each starts) and its labels, as in the slot table."""
    whole = store.years if store.years.since <= period.since and period.until <= store.years.until else period
    table = _days(whole, WEEKDAY[store.week_start])
    # By instants: a zone that crossed the date line has no day there.
    first, end = np.searchsorted(
        table["slot"].to_numpy(), [np.datetime64(at, "us") for at in period.instants]
    )
    return table.slice(first, end - first)


@lru_cache(16)
def _days(period: Period, week_start: int) -> pa.Table:
    slots = local_slots(period, week_start)
    numbers = slots["date"].cast(pa.int32()).to_numpy()
    return slots.take(np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1)))


@lru_cache(256)
def _stretches(period: Period, grains: tuple[str, ...], week_start: int) -> tuple[Stretch, ...]:
    return _cut(local_slots(period, week_start), period, grains)


def _cut(table: pa.Table, period: Period, grains: tuple[str, ...]) -> tuple[Stretch, ...]:
    """Runs of rows (days, or quarters of an hour) that share their labels."""
    until = period.instants[1]
    asked = list(zip(*(table[GRAINS[g]].to_pylist() for g in grains), strict=True))
    fine = list(zip(*(table[GRAINS[FINE.get(g, g)]].to_pylist() for g in grains), strict=True))
    starts = table["slot"].to_pylist()
    cuts = [0, *(i for i in range(1, len(fine)) if fine[i] != fine[i - 1])]
    ends = [*(starts[i] for i in cuts[1:]), until]
    return tuple(Stretch(asked[i], fine[i], starts[i], end) for i, end in zip(cuts, ends, strict=True))
