"""Time to an event by Kaplan-Meier, its median and its curve: rows still open count as censored, not as gone.

Source: Kaplan and Meier, JASA 1958, 53:457; interval of the median: Brookmeyer and Crowley, Biometrics
1982, 38:29, on the log-log scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polso.engine import Table, ibis, micros_between
from polso.errors import QuestionError
from polso.kpis.definition import Definition
from polso.kpis.intervals import Z
from polso.kpis.kinds import FRACTION, MICRO, NOTHING, Answer
from polso.query.conditions import all_of, parameters
from polso.query.question import GRAINS, Question, Scope
from polso.query.scan import Cell, in_scope, text_key
from polso.query.store import Store, with_grains


@dataclass(frozen=True)
class Point:
    """One step of a curve: from `seconds` on, this share is still waiting, with its interval.

    at_risk: rows that had lasted that long, and were still seen.
    """

    seconds: float
    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True)
class Curve:
    """The share of rows still without their event, over the time since they began; a step at each event."""

    points: tuple[Point, ...]
    n: int
    ended: int


@dataclass(frozen=True)
class _Lives:
    """How long rows lasted, in microseconds, ascending and distinct: how many ended there, how many there are."""

    lasted: NDArray[Any]
    deaths: NDArray[Any]
    everyone: NDArray[Any]


def survival(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """The median (or the percentile of `stat`) per cell, in seconds; no value where it is not reached yet.

    Rows begin at `since` and end at `until`; a row without an end is censored at as-of, or at the instant
    named by `value` (when it left for another reason) if it has one.
    """
    fraction = 1 - FRACTION.get(d.stat, 0.5)
    return {
        cell: curve_quantile(one.lasted, one.deaths, one.everyone, fraction)
        for cell, one in _lives(store, d, question, scope).items()
    }


def curve(store: Store, d: Definition, question: Question, scope: Scope) -> Curve:
    """The whole curve of a question that is not split; no points where nothing began."""
    if d.kind != "survival" or question.by:
        raise QuestionError(
            f"a curve is drawn of a survival KPI that is not split; {d.label} by {question.by}"
        )
    found = _lives(store, d, question, scope).get(())
    if found is None:
        return Curve((), 0, 0)
    at_risk, shares, low, high = _estimated(found.lasted, found.deaths, found.everyone)
    steps = np.flatnonzero(found.deaths > 0)
    return Curve(
        tuple(
            Point(float(found.lasted[i]) / MICRO, float(shares[i]), float(low[i]), float(high[i]), int(at_risk[i]))
            for i in steps
        ),
        int(found.everyone.sum()), int(found.deaths.sum()),
    )  # fmt: skip


def _lives(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, _Lives]:
    table = store.collect_text(
        [question],
        lambda stood: ("lives", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, _: _lasted(store, d, stood[0], scope),
    )
    keys = [f"by_{name}" for name in question.by]
    columns = [table[key].to_pylist() for key in keys]
    cells: list[Cell] = list(zip(*columns, strict=True)) if keys else [()] * table.num_rows
    lasted, deaths, everyone = (
        np.asarray(table[name].to_numpy(zero_copy_only=False), dtype=np.int64)
        for name in ("lasted", "deaths", "all")
    )
    places: dict[Cell, list[int]] = {}
    for place, cell in enumerate(cells):
        places.setdefault(cell, []).append(place)
    return {cell: _Lives(lasted[at], deaths[at], everyone[at]) for cell, at in places.items()}


def _lasted(store: Store, d: Definition, question: Question, scope: Scope) -> Table:
    rows = in_scope(store, d.fact, d.clock, question, scope, d)
    kept = all_of(rows, d.where, parameters(d, question.params))
    rows = rows if kept is None else rows.filter(kept)
    if question.grains:
        rows = with_grains(rows, d.clock, question.grains, store.slots(question.period))
    until, since = rows[str(d.until)], rows[str(d.since)]
    as_of = ibis.timestamp(store.as_of)
    left = rows[d.value].fill_null(as_of) if d.value else as_of
    keys = {f"by_{n}": rows[f"polso_{n}" if n in GRAINS else n] for n in question.by}
    timed = rows.select(**keys, happened=until.notnull(), lasted=micros_between(since, until.fill_null(left)))
    timed = timed.filter(timed.lasted >= 0)
    counted = timed.group_by(*keys, "lasted").aggregate(deaths=timed.happened.sum(), all=timed.count())
    return counted.order_by(*keys, "lasted")


def curve_quantile(
    lasted: NDArray[Any], deaths: NDArray[Any], everyone: NDArray[Any], fraction: float
) -> Answer:
    """When the Kaplan-Meier curve first falls to `fraction`; times in microseconds, ascending and distinct."""
    n = int(everyone.sum())
    if n == 0:
        return NOTHING
    _, shares, lower, upper = _estimated(lasted, deaths, everyone)
    value, low, high = (_first_below(lasted, c, fraction) for c in (shares, lower, upper))
    return Answer(value, n, low, high, {"ended": int(deaths.sum())})


def _estimated(
    lasted: NDArray[Any], deaths: NDArray[Any], everyone: NDArray[Any]
) -> tuple[NDArray[Any], ...]:
    """Rows at risk, the curve and the ends of its interval (Greenwood, on the log-log scale), at each time."""
    at_risk = int(everyone.sum()) - np.concatenate(([0], np.cumsum(everyone)[:-1]))
    shares = np.cumprod(1 - deaths / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(deaths / (at_risk * (at_risk - deaths))))
        width = Z * spread / np.abs(np.log(shares))
        lower, upper = shares ** np.exp(width), shares ** np.exp(-width)
    # Where the curve is 1 or 0 the log-log scale has no interval: the curve stands for it.
    return at_risk, shares, *(np.where(np.isfinite(end), end, shares) for end in (lower, upper))


def _first_below(lasted: NDArray[Any], curve: NDArray[Any], fraction: float) -> float | None:
    # A product of shares that is exactly the fraction on paper may miss it by float noise.
    below = np.flatnonzero(np.nan_to_num(curve, nan=0.0) <= fraction + 1e-12)
    return float(lasted[below[0]]) / MICRO if below.size else None
