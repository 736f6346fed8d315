"""The UTC-day table: the opening hours of calendars laid out so that an engine needs one equi-join.

Rule kept here: clock changes, holidays and zones are decided in Python; the table holds only integers.
Days are UTC, `since` is in the table and `until` is not. Positions from tables that start on different
days cannot be compared: store differences, never positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polso.calendar.calendar import Calendar
from polso.calendar.columns import Column, schema_of
from polso.calendar.hours import Spans
from polso.calendar.instants import DAY_US, FIRST, LAST, day_of, micros, number
from polso.calendar.zone import stretches
from polso.errors import CalendarError

COLUMNS = (
    Column("calendar", pa.string(), "", "Name of the calendar."),
    Column("day", pa.date32(), "", "UTC date; with `calendar` it is unique."),
    Column("open_before_us", pa.int64(), "us", "Open time before this day, since the table's first."),
    Column("offset_us", pa.int64(), "us", "Local time minus UTC at the start of this day."),
    Column("offset_change_us", pa.int64(), "us", "When clocks change, from UTC midnight; mostly null."),
    Column("offset_after_us", pa.int64(), "us", "Local time minus UTC after that change, else null."),
)


def interval_columns(count: int) -> tuple[Column, ...]:
    """start_1_us, length_1_us ... for the most open intervals that any day of the table has."""
    return tuple(
        column
        for i in range(1, count + 1)
        for column in (
            Column(f"start_{i}_us", pa.int64(), "us", f"Open interval {i}: its start, from UTC midnight."),
            Column(f"length_{i}_us", pa.int64(), "us", f"Open interval {i}: its length, 0 for none."),
        )
    )


def day_table(calendars: Iterable[Calendar], since: date, until: date) -> pa.Table:
    """One row per calendar and UTC day of [since, until); see COLUMNS and `interval_columns`.

    CalendarError for an empty range, one beyond the years 1900-2099, or two calendars of one name.
    """
    calendars = tuple(calendars)
    _check(calendars, since, until)
    days = range(number(since), number(until))
    opened = [[calendar.utc_day(day) for day in days] for calendar in calendars]
    count = max((len(spans) for rows in opened for spans in rows), default=0)
    columns = (*COLUMNS, *interval_columns(max(1, count)))
    parts = [_rows(calendar, days, rows, columns) for calendar, rows in zip(calendars, opened, strict=True)]
    return pa.concat_tables([schema_of(columns).empty_table(), *parts]).combine_chunks()


def _check(calendars: Sequence[Calendar], since: date, until: date) -> None:
    if not FIRST <= since < until <= LAST:
        raise CalendarError(f"days from {since} to {until}: need since < until, both from {FIRST} to {LAST}")
    names = [calendar.name for calendar in calendars]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CalendarError(f"two calendars are called '{twice[0]}'; their rows could not be told apart")


def _rows(calendar: Calendar, days: range, opened: Sequence[Spans], columns: Sequence[Column]) -> pa.Table:
    lengths = [sum(end - start for start, end in spans) for spans in opened]
    values: dict[str, Any] = {
        "calendar": pa.array([calendar.name] * len(days), pa.string()),
        "day": pa.array(np.arange(days.start, days.stop, dtype="int32")).cast(pa.date32()),
        "open_before_us": pa.array(list(accumulate(lengths, initial=0))[:-1], pa.int64()),
        **_offsets(calendar.zone, days),
    }
    for i in range(sum(column.name.startswith("start_") for column in columns)):
        spans = [row[i] if i < len(row) else (0, 0) for row in opened]
        values[f"start_{i + 1}_us"] = pa.array([start for start, _ in spans], pa.int64())
        values[f"length_{i + 1}_us"] = pa.array([end - start for start, end in spans], pa.int64())
    return pa.table([values[column.name] for column in columns], schema=schema_of(columns))


def _offsets(zone: str, days: range) -> dict[str, pa.Array]:
    first = np.zeros(len(days), dtype=np.int64)
    change: list[int | None] = [None] * len(days)
    after: list[int | None] = [None] * len(days)
    for start, end, offset in stretches(zone, days.start * DAY_US, days.stop * DAY_US):
        day = start // DAY_US - days.start
        if start % DAY_US:
            change[day], after[day] = start % DAY_US, offset
            day += 1
        first[day : -(-end // DAY_US) - days.start] = offset
    return {
        "offset_us": pa.array(first),
        "offset_change_us": pa.array(change, pa.int64()),
        "offset_after_us": pa.array(after, pa.int64()),
    }


def span(first: datetime, last: datetime) -> tuple[date, date]:
    """The (since, until) of a day table in which both instants lie, with a day to spare on each side."""
    low, high = sorted((micros(first), micros(last)))
    since, until = day_of(low // DAY_US), day_of(high // DAY_US + 1)
    return max(FIRST, since - timedelta(days=1)), min(LAST, until + timedelta(days=1))


def covers(days: pa.Table, first: datetime, last: datetime) -> bool:
    """Whether both instants lie on days of the table (every calendar has the same days)."""
    low, high = sorted((micros(first), micros(last)))
    if days.num_rows == 0:
        return False
    ends = pc.min_max(days["day"]).as_py()
    return bool(ends["min"] <= day_of(low // DAY_US) and day_of(high // DAY_US) <= ends["max"])
