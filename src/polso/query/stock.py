"""Stocks: how many are open at the end of each bucket, everything before the period included.

Rule kept here: a stock is the starting stock plus what came minus what went; it is read at ends of
buckets, never beyond as-of. Over weekdays and hours of day it is the mean of the stocks read there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from polso.engine import Table, ibis, micros_between
from polso.errors import QuestionError
from polso.kpis.definition import Definition
from polso.kpis.kinds import NOTHING, Answer
from polso.query.conditions import all_of, parameters
from polso.query.question import CYCLES, GRAINS, Question, Scope
from polso.query.scan import Cell, in_scope
from polso.query.store import Store, buckets, with_grains

FINE = {"weekday": "day", "hour_of_day": "hour"}


def stock(store: Store, definition: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """The stock at the end of each bucket, by dimensions; cells in the order of `question.by`."""
    grain = question.grain
    fine = FINE.get(grain, grain) if grain else None
    level = _levels(store, definition, question, scope, fine)
    if grain not in CYCLES:
        return {_cell(question, dims, label): Answer(n, n) for (dims, label), n in level.items()}
    return _averaged(store, question, level, fine or "day")


def _averaged(store: Store, question: Question, level: Mapping[tuple[Cell, Any], int], fine: str) -> dict[Cell, Answer]:
    """Mean stock per weekday or hour of day; n is how many days or hours were read."""
    cycle = GRAINS[question.grain or "weekday"]
    table, _ = store.slots(question.period)
    of = dict(zip(table[GRAINS[fine]].to_pylist(), table[cycle].to_pylist(), strict=True))
    read: dict[Cell, list[int]] = {}
    for (dims, label), n in level.items():
        read.setdefault(_cell(question, dims, of[label]), []).append(n)
    return {cell: Answer(sum(found) / len(found), len(found)) for cell, found in read.items()}


def _cell(question: Question, dims: Cell, label: Any) -> Cell:
    values = dict(zip(question.dimensions, dims, strict=True))
    return tuple(values[name] if name in values else label for name in question.by)


def _levels(store: Store, d: Definition, question: Question, scope: Scope, grain: str | None) -> dict[tuple[Cell, Any], int]:
    opening = standing(store, d, question, scope, min(question.period.instants[0], store.as_of))
    came = _moves(store, d, question, scope, _name(d.since), grain)
    went = _moves(store, d, question, scope, _name(d.until), grain)
    read: dict[tuple[Cell, Any], int] = {}
    cells = opening.keys() | {dims for dims, _ in came} | {dims for dims, _ in went}
    for dims in cells or ({()} if not question.dimensions else set()):
        now = opening.get(dims, 0)
        for label, start, _ in buckets(store, question.period, grain):
            if start > store.as_of:
                break
            now += came.get((dims, label), 0) - went.get((dims, label), 0)
            read[dims, label] = now
    return read


def _name(column: str | None) -> str:
    assert column is not None, "checked when the definition was read"  # noqa: S101
    return column


def _rows(store: Store, d: Definition, question: Question, scope: Scope, clock: str | None) -> Table:
    rows = in_scope(store, d.fact, clock, question, scope)
    kept = all_of(rows, d.where, parameters(d, question.params))
    return rows if kept is None else rows.filter(kept)


def standing(store: Store, d: Definition, question: Question, scope: Scope, at: datetime) -> dict[Cell, int]:
    """What was open just before an instant, by dimensions."""
    rows = _rows(store, d, question, scope, None)
    since, until = rows[_name(d.since)], rows[_name(d.until)]
    return counted(store, rows.filter(since < at, until.isnull() | (until >= at)), question.dimensions)


def counted(store: Store, rows: Table, names: tuple[str, ...]) -> dict[Cell, int]:
    grouped = rows.group_by(*names).aggregate(n=rows.count()) if names else rows.aggregate(n=rows.count())
    return {tuple(row[name] for name in names): row["n"] for row in store.collect(grouped).to_pylist() if row["n"]}


def _moves(
    store: Store, d: Definition, question: Question, scope: Scope, clock: str, grain: str | None
) -> dict[tuple[Cell, Any], int]:
    """How many began (or ended) in each bucket, by dimensions."""
    rows = _rows(store, d, question, scope, clock)
    if grain is None:
        return {(dims, None): n for dims, n in counted(store, rows, question.dimensions).items()}
    rows = with_grains(rows, clock, (grain,), store.slots(question.period)[1])
    found = counted(store, rows, (*question.dimensions, f"polso_{grain}"))
    return {(cell[:-1], cell[-1]): n for cell, n in found.items()}


def stock_by_age(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, dict[str, Answer]]:
    """The stock at the end of the period (or at as-of, if that is earlier) by age band, and its mean age."""
    if question.grains:
        raise QuestionError(f"{d.name} is read once, at the end of the period; leave `{question.grains[0]}` out")
    at = min(question.period.instants[1], store.as_of)
    rows = _rows(store, d, question, scope, None)
    since, until = rows[_name(d.since)], rows[_name(d.until)]
    # At as-of itself what happened at that very instant has happened.
    begun, standing = ((since <= at), (until > at)) if at == store.as_of else ((since < at), (until >= at))
    standing_rows = rows.filter(begun, until.isnull() | standing)
    age = micros_between(standing_rows[d.value or "opened_at"], ibis.timestamp(at))
    edges = [int(edge * 1_000_000) for edge in d.edges]
    made = {f"band_{i}": ((age >= low) & (age < high) if high is not None else age >= low).sum() for i, (low, high) in enumerate(_bands(edges))}
    made |= {"n": standing_rows.count(), "total": age.cast("decimal(38, 0)").sum()}
    grouped = standing_rows.group_by(*question.dimensions).aggregate(**made) if question.dimensions else standing_rows.aggregate(**made)
    answers = {}
    for row in store.collect(grouped).to_pylist():
        cell = tuple(row[name] for name in question.dimensions)
        n = row["n"]
        answers[cell] = {band_label(d.edges, i): Answer(int(row[f"band_{i}"] or 0), n) for i in range(len(edges) + 1)}
        answers[cell]["mean_age"] = Answer(int(row["total"]) / n / 1_000_000, n) if n else NOTHING
    return answers


def _bands(edges: list[int]) -> list[tuple[int, int | None]]:
    return list(zip([0, *edges], [*edges, None], strict=True))


def band_label(edges: tuple[float, ...], place: int) -> str:
    """How a band is written: <1h, 1h-2h, >=24h."""
    if place == 0:
        return f"<{span_text(edges[0])}"
    if place == len(edges):
        return f">={span_text(edges[-1])}"
    return f"{span_text(edges[place - 1])}-{span_text(edges[place])}"


def span_text(seconds: float) -> str:
    """Seconds in the largest unit that writes them whole: 86400 -> 1d."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"

