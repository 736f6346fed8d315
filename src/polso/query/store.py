"""What a run needs to know of a store: its engine, its extent, its as-of, and the local slots of a period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from polso.calendar import slot_table
from polso.engine import Engine, Table, ibis, micros_of
from polso.errors import QuestionError
from polso.query.period import Period
from polso.query.question import FINE, GRAINS

# Texts of questions kept at most: a few kB each.
TEXTS = 2000
SLOT_US = 15 * 60 * 1_000_000
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
    _texts: dict[tuple[Any, ...], tuple[str, pa.Schema]] = field(default_factory=dict)
    _facts: dict[str, Table] = field(default_factory=dict)
    _slots: dict[tuple[Any, ...], tuple[pa.Table, Table]] = field(default_factory=dict)

    def beside(self, engine: Engine) -> Store:
        """The same facts through another connection, which has scratch tables of its own."""
        return replace(self, engine=engine, asked=[], _texts={}, _facts={}, _slots={})

    def local_day(self, instant: datetime) -> date:
        """The local date of a naive UTC instant."""
        return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(self.zone)).date()

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
        return replace(self, _facts=facts, _texts={}, asked=[])

    def collect(self, expression: Table) -> pa.Table:
        """Run an expression, and keep its text for whoever wants to check the answer."""
        self.asked.append(self.engine.sql(expression))
        return self.engine.collect(expression)

    def collect_text(self, key: tuple[Any, ...], made: Callable[[], Table]) -> pa.Table:
        """Run an expression whose text is kept under a key: making and translating it takes longer than most runs."""
        if key not in self._texts:
            if len(self._texts) >= TEXTS:
                self._texts.clear()
            expression = made()
            self._texts[key] = self.engine.sql(expression), expression.schema().to_pyarrow()
        text, schema = self._texts[key]
        self.asked.append(text)
        return self.engine.collect_sql(text, schema)

    def slots(self, period: Period) -> tuple[pa.Table, Table]:
        """The period's 15-minute slots with their local labels, here and in the engine, keyed by slot number."""
        key = (period.since, period.until, period.zone)
        if key not in self._slots:
            # Slots come by UTC day, and local midnights are not UTC's: a day more on each side, then cut.
            margin, (first, end) = timedelta(days=1), period.instants
            wide = slot_table(
                period.zone, period.since - margin, period.until + margin, WEEKDAY[self.week_start]
            )
            table = wide.filter(pc.and_(pc.greater_equal(wide["slot"], first), pc.less(wide["slot"], end)))
            numbers = pc.divide(table["slot"].cast(pa.int64()), SLOT_US)
            numbered = table.append_column("slot_number", numbers)
            wanted = ["slot_number", *GRAINS.values()]
            name = f"slots_{len(self._slots)}"
            self._slots[key] = (
                numbered,
                self.engine.scratch(name, numbered.select(list(dict.fromkeys(wanted)))),
            )
        return self._slots[key]


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


def stretches(store: Store, period: Period, grains: tuple[str, ...]) -> list[Stretch]:
    """The pieces of a period, in order, cut wherever a label of any grain changes; one piece without grains.

    A weekday or an hour of day is cut too: into days and hours, each with its own place in time.
    """
    since, until = period.instants
    if not grains:
        return [Stretch((), (), since, until)]
    table, _ = store.slots(period)
    asked = list(zip(*(table[GRAINS[g]].to_pylist() for g in grains), strict=True))
    fine = list(zip(*(table[GRAINS[FINE.get(g, g)]].to_pylist() for g in grains), strict=True))
    starts = table["slot"].to_pylist()
    cuts = [0, *(i for i in range(1, len(fine)) if fine[i] != fine[i - 1])]
    ends = [*(starts[i] for i in cuts[1:]), until]
    return [Stretch(asked[i], fine[i], starts[i], end) for i, end in zip(cuts, ends, strict=True)]
