"""A pack over a period: for each requirement a line a month and one for the whole, each with its verdict.

Rule kept here: what cannot be computed is said to be so, with what is missing; a month that is not over is not
judged, and a threshold that nobody gave judges nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final, Literal

from polso.care import Care
from polso.config import PackSettings
from polso.errors import ConfigError, QuestionError, UnknownName
from polso.kpis.catalogue import find as definition_of
from polso.kpis.definition import Condition, Conditions, Definition, Words
from polso.packs.pack import Pack, Row, find
from polso.query.cells import conditions
from polso.query.period import Period
from polso.query.question import Question
from polso.query.run import concrete, run

Verdict = Literal["met", "not met", "not over", "no threshold", "not computable"]
YEAR: Final = 12
# A source's last event of a month lies before midnight: up to a day of silence is no missing day.
SILENCE: Final = timedelta(days=1)


@dataclass(frozen=True)
class Line:
    """One verdict; month None for the whole period. why: what is missing or left out, with what is `told` of it.

    Values are in the unit of the KPI as people read it: seconds, or shares from 0 to 1. is_own: the threshold is the
    user's, from polso.toml.
    """

    row: Row
    month: date | None
    verdict: Verdict
    value: float | None = None
    n: int = 0
    unit: str = "count"
    threshold: float | None = None
    why: str | None = None
    told: Mapping[str, Any] = field(default_factory=dict)
    is_own: bool = False


@dataclass(frozen=True)
class Judgement:
    """A pack, the period it was held against, and its lines: months first, then the whole, row by row."""

    pack: Pack
    period: Period
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Found:
    """What the data say of one row: value and n by month (None for the whole), and how many rows could have a value."""

    unit: str
    values: Mapping[date | None, tuple[float | None, int]]
    among: Mapping[date | None, int]


def judge(care: Care, name: str, period: str) -> Judgement:
    """Hold the data against a pack; the period is made of whole months, twelve at most."""
    pack, asked = find(name), care.period(period)
    _whole_months(asked)
    own = _own(care.config.pack, pack)
    lines = [line for row in pack.row for line in _lines(care, pack, row, own.get(row.name), asked)]
    return Judgement(pack, asked, tuple(lines))


def _whole_months(period: Period) -> None:
    if period.since.day != 1 or period.until.day != 1 or len(months(period)) > YEAR:
        raise QuestionError(
            "a pack is judged over whole months, twelve at most; ask 2026, 2026-Q1, 2026-03 or 2025-07-01..2026-07-01"
        )


def months(period: Period) -> list[date]:
    """The first days of the months of a period."""
    first, last = (d.year * 12 + d.month - 1 for d in (period.since, period.until - timedelta(days=1)))
    return [date(number // 12, number % 12 + 1, 1) for number in range(first, last + 1)]


def _own(settings: Sequence[PackSettings], pack: Pack) -> dict[str, PackSettings]:
    """What polso.toml says of the rows of a pack."""
    try:
        mine = [one for one in settings if find(one.name) is pack]
        return {pack.named(one.row).name: one for one in mine}
    except UnknownName as error:
        raise ConfigError(f"polso.toml, [[pack]]: {error}") from error


def _lines(care: Care, pack: Pack, row: Row, own: PackSettings | None, period: Period) -> list[Line]:
    every: list[date | None] = [*months(period), None]
    if row.missing:
        return [_not_computable(row, month, "missing", row.missing) for month in every]
    if row.which and not (own and own.where):
        return [_not_computable(row, month, "untold", row.which) for month in every]
    threshold = own.threshold if own and own.threshold is not None else row.threshold
    where = () if row.every_channel else pack.where
    found = _found(care, row, (*where, *(conditions(own.where) if own else ())), period)
    ended = {month: _is_over(care, period, month) for month in every}
    lines = [_line(row, month, found, threshold, ended[month]) for month in every[:-1]]
    whole = _line(row, None, found, threshold, ended[None])
    made = [*lines, _over_months(whole, lines) if row.months else _on_the_rest(whole, lines)]
    is_own = own is not None and own.threshold is not None
    return [replace(line, is_own=True) for line in made] if is_own else made


def _not_computable(row: Row, month: date | None, why: str, what: Words) -> Line:
    return Line(row, month, "not computable", why=why, told={"what": what})


def _found(care: Care, row: Row, where: tuple[Condition, ...], period: Period) -> _Found:
    """Ask the KPI, and how many of its rows there would be if none lacked the instant it needs."""
    asked = concrete(definition_of(care.catalogue, row.kpi or ""), row.stat)
    known = {name: value for name, value in row.params.items() if name in asked.params}
    wanted = (asked, _without(asked, row.needs.column) if row.needs else _all(asked, asked.where))
    values: dict[date | None, tuple[float | None, int]] = {}
    among: dict[date | None, int] = {}
    for by in ((), ("month",)):
        for cell in run(care.store, Question(wanted, period, by, where, known), scope=care.scope()):
            month = cell.keys.get("month")
            if cell.kpi == asked.name:
                values[month] = (cell.value, cell.n)
            else:
                among[month] = cell.n
    return _Found(asked.unit, values, among)


def _without(d: Definition, column: str) -> Definition:
    """The rows of a definition, those that lack an instant too."""
    return _all(d, tuple(c for c in d.where if not (isinstance(c, Condition) and c.column == column)))


def _all(d: Definition, where: Conditions) -> Definition:
    return Definition(
        name=f"rows_of_{d.name}", title=d.title, meaning=d.meaning, unit="count", kind="count",
        fact=d.fact, clock=d.clock, where=where, params=d.params,
    )  # fmt: skip


def _is_over(care: Care, period: Period, month: date | None) -> bool:
    end = months(period).index(month) + 1 if month else len(months(period))
    last = [*months(period), period.until][end]
    return Period(last - timedelta(days=1), last, period.zone).instants[1] <= care.store.as_of + SILENCE


def _line(row: Row, month: date | None, found: _Found, threshold: float | None, over: bool) -> Line:
    value, n = found.values.get(month, (None, 0))
    among = found.among.get(month, 0)
    why, told = None, {}
    if row.needs and among > n:
        why, told = ("lack" if n else "no_instant"), {"what": row.needs.what, "n": among - n, "of": among}
    if value is None:
        verdict: Verdict = "not computable" if over or among else "not over"
        return Line(row, month, verdict, None, n, found.unit, threshold, why or "no_rows", told)
    if threshold is None:
        return Line(row, month, "no threshold", value, n, found.unit, None, why, told)
    held = value >= threshold if row.direction == "at_least" else value <= threshold
    verdict = "not over" if not over else "met" if held else "not met"
    return Line(row, month, verdict, value, n, found.unit, threshold, why, told)


def _on_the_rest(whole: Line, lines: list[Line]) -> Line:
    """A verdict on a period with months that have no number says how many."""
    dark = sum(line.value is None for line in lines)
    if whole.value is None or not dark:
        return whole
    return replace(whole, why="dark", told={"n": dark, "of": len(lines)})


def _over_months(whole: Line, lines: list[Line]) -> Line:
    """The verdict of a requirement that must hold in so many months of twelve, from those of its months.

    It falls as soon as the months left could not change it.
    """
    needed = whole.row.months or YEAR
    held = sum(line.verdict == "met" for line in lines)
    failed = sum(line.verdict == "not met" for line in lines)
    dark = sum(line.verdict == "not computable" for line in lines)
    told = {"held": held, "months": len(lines), "needed": needed, "of": YEAR}
    if whole.threshold is None:
        return whole
    if held >= needed:
        verdict: Verdict = "met"
    elif failed > YEAR - needed:
        verdict = "not met"
    else:
        verdict = "not computable" if dark > YEAR - needed - failed else "not over"
    return Line(whole.row, None, verdict, whole.value, whole.n, whole.unit, whole.threshold, "held_in", told)
