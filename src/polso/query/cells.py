"""Cells of an answer named again: the period and the filters that `team = x, month = 2026-03` stand for.

Rule kept here: named as the answer names it, a cell is the same rows as in the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from polso.errors import QuestionError
from polso.kpis.definition import Condition
from polso.query.period import Period
from polso.query.question import CYCLES, GRAINS

Where = Mapping[str, Any] | Sequence[Condition]


def conditions(where: Where) -> tuple[Condition, ...]:
    """{'channel': 'email', 'team': ['a', 'b']} as conditions; lists of conditions stay as they are."""
    if not isinstance(where, Mapping):
        return tuple(where)
    return tuple(_condition(name, value) for name, value in where.items())


def _condition(name: str, value: Any) -> Condition:
    if value is None:
        return Condition(column=name, op="null")
    if isinstance(value, (list, tuple, set)):
        return Condition(column=name, op="in", value=tuple(str(v) for v in value))
    return Condition(column=name, op="=", value=value)


def within(
    cell: Mapping[str, Any], period: Period, parsed: Callable[[str], Period]
) -> tuple[Period, tuple[Condition, ...]]:
    """The period and the filters that a cell of a split answer stands for; `parsed` reads periods."""
    filters = []
    for name, value in cell.items():
        if name in CYCLES or name in ("hour", "quarter_hour"):
            raise QuestionError(f"a cell by {name} is not explained on its own; explain its day")
        if name in GRAINS:
            bucket = parsed(_bucket(name, str(value)))
            start, end = max(period.since, bucket.since), min(period.until, bucket.until)
            if start >= end:
                raise QuestionError(
                    f"the cell {name} = {value} lies outside the period {period.since}..{period.until}"
                )
            period = Period(start, end, period.zone)
        else:
            filters.append(_condition(name, value))
    return period, tuple(filters)


def _bucket(grain: str, value: str) -> str:
    """A cell of time as a period is written: an answer names weeks, months and quarters by their first day."""
    try:
        first = date.fromisoformat(value[:10])
    except ValueError:
        return value
    if grain == "week":
        return f"{first}..{first + timedelta(days=7)}"
    written = {
        "day": f"{first}",
        "month": f"{first:%Y-%m}",
        "quarter": f"{first:%Y}-Q{(first.month + 2) // 3}",
    }
    return written.get(grain, f"{first:%Y}")
