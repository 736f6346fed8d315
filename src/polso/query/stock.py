"""Stocks: how many are open at the end of each bucket, everything before the period included.

Rule kept here: a stock is the starting stock plus what came minus what went; it is read at ends of
buckets, never beyond as-of: what other sources tell of later instants is left out. Over weekdays and
hours of day it is the mean of the stocks read there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import pyarrow as pa

from polso.engine import BooleanValue, IntegerValue, Table, ibis, micros_between
from polso.kpis.definition import Definition, span_text
from polso.kpis.kinds import NOTHING, Answer
from polso.query.moves import Moves, moves, spells
from polso.query.period import Period
from polso.query.question import CYCLES, Question, Scope
from polso.query.scan import Cell, text_key
from polso.query.store import Store, Stretch, stretches

# The one line of a stock by age that is no count.
MEAN_AGE: Final = "mean_age"


def stock(
    store: Store, definition: Definition, questions: Sequence[Question], scope: Scope
) -> list[dict[Cell, Answer]]:
    """Per question (they differ by their period alone), the stock at the end of each bucket, by dimensions.

    Cells are in the order of `by`.
    """
    moved = moves(store, definition, questions, scope)
    return [_read(store, question, found) for question, found in zip(questions, moved, strict=True)]


def _read(store: Store, question: Question, moved: Moves) -> dict[Cell, Answer]:
    read: dict[Cell, list[int]] = {}
    for (dims, labels), n in _levels(store, question, moved):
        read.setdefault(cell_of(question, dims, labels), []).append(n)
    if not any(grain in CYCLES for grain in question.grains):
        return {cell: Answer(found[-1], found[-1]) for cell, found in read.items()}
    return {cell: Answer(sum(found) / len(found), len(found)) for cell, found in read.items()}


def cell_of(question: Question, dims: Cell, labels: tuple[Any, ...]) -> Cell:
    """The values of `question.by`, in order, from those of its dimensions and of its grains."""
    values = dict(zip((*question.dimensions, *question.grains), (*dims, *labels), strict=True))
    return tuple(values[name] for name in question.by)


def _levels(store: Store, question: Question, moved: Moves) -> list[tuple[tuple[Cell, Cell], int]]:
    """The stock of each split of dimensions at the end of each stretch of time: ((dimensions, labels), stock)."""
    cut = [s for s in stretches(store, question.period, question.grains) if s.start <= store.as_of]
    opening, came, went = moved.opening, moved.came, moved.went
    read = []
    found = opening.keys() | {dims for dims, _ in came} | {dims for dims, _ in went}
    for dims in found or ({()} if not question.dimensions else set()):
        now = opening.get(dims, 0)
        for stretch in cut:
            now += came.get((dims, stretch.fine), 0) - went.get((dims, stretch.fine), 0)
            read.append(((dims, stretch.labels), now))
    return read


def lasting(rows: Table, at: datetime, as_of: datetime) -> Table:
    """The spells that last just before an instant; at as-of itself, what happened then has happened."""
    moment = ibis.timestamp(at)
    if at == as_of:
        return rows.filter(rows.began <= moment, rows.ended.isnull() | (rows.ended > moment))
    return rows.filter(rows.began < moment, rows.ended.isnull() | (rows.ended >= moment))


def touching(rows: Table, since: str, until: str, period: Period) -> Table:
    """The rows that may last within a period: an engine finds those that ended since without reading all.

    Asked with an `or`, all rows would be read to find those without an end.
    """
    start, end = period.instants
    begun = rows.filter(rows[since] <= end)
    return begun.filter(begun[until] >= start).union(begun.filter(begun[until].isnull()))


def stock_by_age(
    store: Store, d: Definition, question: Question, scope: Scope
) -> dict[Cell, dict[str, Answer]]:
    """The stock at the end of each bucket (or at as-of, if that is earlier) by age band, and its mean age.

    Over weekdays and hours of day a band holds the mean of what was read there.
    """
    cut = [s for s in stretches(store, question.period, question.grains) if s.start <= store.as_of]
    readings: dict[tuple[Any, ...], int] = {}
    for stretch in cut:
        readings[stretch.labels] = readings.get(stretch.labels, 0) + 1
    read: dict[Cell, dict[str, int]] = {}
    times: dict[Cell, int] = {}
    for row in _ages(store, d, question, scope, cut):
        labels = cut[row["place"]].labels
        cell = cell_of(question, tuple(row[name] for name in question.dimensions), labels)
        times[cell] = readings[labels]
        sums = read.setdefault(cell, {})
        for name in ("n", "total", *(f"band_{i}" for i in range(len(d.edges) + 1))):
            sums[name] = sums.get(name, 0) + int(row[name] or 0)
    if not read and cut and not question.by:
        return {(): _by_age(d, {}, question, 1)}
    return {cell: _by_age(d, sums, question, times[cell]) for cell, sums in read.items()}


def _ages(
    store: Store, d: Definition, question: Question, scope: Scope, cut: Sequence[Stretch]
) -> list[dict[str, Any]]:
    """Sums over what stands at the end of each stretch of time, by its place and the dimensions."""
    ends = {
        "place": pa.array(range(len(cut)), pa.int64()),
        "at": pa.array([min(s.end, store.as_of) for s in cut], pa.timestamp("us")),
    }
    found: list[dict[str, Any]] = store.collect_text(
        [question],
        lambda stood: ("stock_ages", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, tables: _aged(store, d, stood[0], scope, tables["stock_ends"]),
        scratch={"stock_ends": pa.table(ends)},
    ).to_pylist()
    return found


def _aged(store: Store, d: Definition, question: Question, scope: Scope, table: Table) -> Table:
    rows = touching(spells(store, d, question, scope), "began", "ended", question.period)
    moment, as_of = table["at"], ibis.timestamp(store.as_of)
    # At as-of itself, what happened at that very instant has happened.
    begun = (rows.began < moment) | ((rows.began == moment) & (moment == as_of))
    lasts = rows.ended.isnull() | (rows.ended > moment) | ((rows.ended == moment) & (moment != as_of))
    met = rows.inner_join(table, [begun, lasts])
    age = micros_between(met[d.value or "opened_at"], met["at"])
    edges = [int(edge * 1_000_000) for edge in d.edges]
    sums = {f"band_{i}": met.count(where=held) for i, held in enumerate(_bands(age, edges))}
    sums |= {"n": age.count(), "total": age.cast("decimal(38, 0)").sum()}
    return met.group_by("place", *question.dimensions).aggregate(**sums)


def _by_age(d: Definition, sums: Mapping[str, int], question: Question, readings: int) -> dict[str, Answer]:
    """The bands and the mean age of one cell."""
    cyclic = any(grain in CYCLES for grain in question.grains)
    n = sums.get("n", 0)

    def band(count: int) -> Answer:
        return Answer(count / readings, readings) if cyclic else Answer(count, n)

    answers = {band_label(d.edges, i): band(sums.get(f"band_{i}", 0)) for i in range(len(d.edges) + 1)}
    answers[MEAN_AGE] = Answer(sums["total"] / n / 1_000_000, n) if n else NOTHING
    return answers


def _bands(age: IntegerValue, edges: list[int]) -> list[BooleanValue]:
    """Conditions for below the first edge, each [edge, next), and from the last edge on."""
    between = [(age >= low) & (age < high) for low, high in pairwise(edges)]
    return [age < edges[0], *between, age >= edges[-1]]


def band_label(edges: tuple[float, ...], place: int) -> str:
    """How a band is written: <1h, 1h-2h, >=24h."""
    if place == 0:
        return f"<{span_text(edges[0])}"
    if place == len(edges):
        return f">={span_text(edges[-1])}"
    return f"{span_text(edges[place - 1])}-{span_text(edges[place])}"
