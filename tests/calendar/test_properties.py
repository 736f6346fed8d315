"""What must hold for any calendar and any instants, clock changes included.

The oracle walks minute by minute and asks what the wall clock shows; it shares no code with the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import hypothesis.strategies as st
import pyarrow as pa
from hypothesis import assume, given, settings

from polso.calendar import Calendar, Holidays, WeeklyHours, day_table
from polso.calendar.hours import DAYS

# Days on which clocks change: by an hour, by half an hour (Lord Howe), at 00:01 (St John's), never (+05:45).
CHANGES = {
    "Europe/Rome": (date(2024, 3, 31), date(2024, 10, 27)),
    "America/New_York": (date(2024, 3, 10), date(2024, 11, 3)),
    "Australia/Lord_Howe": (date(2024, 4, 7), date(2024, 10, 6)),
    "America/St_Johns": (date(2010, 3, 14), date(2010, 11, 7)),
    "Asia/Kathmandu": (date(2024, 1, 1),),
}
MINUTE = timedelta(minutes=1)
MICROSECOND = timedelta(microseconds=1)
MINUTE_US = 60_000_000

Ranges = list[tuple[int, int]]


@dataclass
class Hours:
    """Opening hours as minutes of the day, the way the oracle reads them."""

    zone: str
    around: date
    weekly: list[Ranges]
    later: list[Ranges] | None = None
    later_from: date = date.min
    overrides: dict[date, Ranges] = field(default_factory=dict)
    breaks: dict[date, Ranges] = field(default_factory=dict)
    closed: set[date] = field(default_factory=set)

    def calendar(self, name: str = "any") -> Calendar:
        versions = [weekly_hours(self.weekly, None)]
        if self.later is not None:
            versions.append(weekly_hours(self.later, self.later_from))
        return Calendar.of(
            name,
            self.zone,
            versions,
            overrides={day: texts(ranges) for day, ranges in self.overrides.items()},
            breaks={day: texts(ranges) for day, ranges in self.breaks.items()},
            holidays=Holidays.of(dates=self.closed),
        )

    def is_open(self, at: datetime) -> bool:
        wall = at.astimezone(ZoneInfo(self.zone))
        day, minute = wall.date(), wall.hour * 60 + wall.minute
        if any(a <= minute < b for a, b in self.breaks.get(day, [])):
            return False
        if day in self.overrides:
            ranges = self.overrides[day]
        elif day in self.closed:
            ranges = []
        elif self.later is not None and day >= self.later_from:
            ranges = self.later[day.weekday()]
        else:
            ranges = self.weekly[day.weekday()]
        return any(a <= minute < b for a, b in ranges)

    def open_minutes(self, start: datetime, end: datetime) -> int:
        return sum(self.is_open(start + i * MINUTE) for i in range(max(0, (end - start) // MINUTE)))


def texts(ranges: Ranges) -> list[str]:
    return [f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in ranges]


def weekly_hours(week: list[Ranges], valid_from: date | None) -> WeeklyHours:
    return WeeklyHours.of(dict(zip(DAYS, map(texts, week), strict=True)), valid_from)


minutes = st.integers(0, 1440) | st.sampled_from([0, 60, 90, 120, 150, 180, 540, 1080, 1440])
spans = st.tuples(minutes, minutes).map(sorted).map(tuple).filter(lambda span: span[0] < span[1])
ranges = st.lists(spans, max_size=3)
weeks = st.lists(ranges, min_size=7, max_size=7)


@st.composite
def any_hours(draw: st.DrawFn) -> Hours:
    zone = draw(st.sampled_from(sorted(CHANGES)))
    around = draw(st.sampled_from(CHANGES[zone]))
    near = st.integers(-2, 2).map(lambda days: around + timedelta(days))
    return Hours(
        zone,
        around,
        draw(weeks),
        draw(st.none() | weeks),
        draw(near),
        draw(st.dictionaries(near, ranges, max_size=2)),
        draw(st.dictionaries(near, ranges, max_size=2)),
        draw(st.sets(near, max_size=2)),
    )


def instants(hours: Hours, step: timedelta) -> st.SearchStrategy[datetime]:
    """UTC instants within two days of the clock change."""
    first = datetime.combine(hours.around, datetime.min.time(), UTC) - timedelta(days=2)
    return st.integers(0, timedelta(days=4) // step).map(lambda steps: first + steps * step)


@given(data=st.data())
@settings(max_examples=60)
def test_business_time_is_what_a_clock_watcher_counts(data: st.DataObject) -> None:
    hours = data.draw(any_hours())
    start, end = sorted([data.draw(instants(hours, MINUTE)), data.draw(instants(hours, MINUTE))])
    assert hours.open_minutes(start, end) * MINUTE_US == hours.calendar().business_us(start, end)


@given(data=st.data())
def test_open_is_what_the_clock_shows(data: st.DataObject) -> None:
    hours = data.draw(any_hours())
    at = data.draw(instants(hours, MICROSECOND))
    assert hours.is_open(at) == hours.calendar().is_open(at)


@given(data=st.data())
def test_parts_sum_to_the_whole(data: st.DataObject) -> None:
    hours = data.draw(any_hours())
    calendar = hours.calendar()
    a, b, c = sorted(data.draw(instants(hours, MICROSECOND)) for _ in range(3))
    assert calendar.business_us(a, b) + calendar.business_us(b, c) == calendar.business_us(a, c)
    assert 0 <= calendar.business_us(a, c) <= (c - a) // MICROSECOND


@given(data=st.data())
def test_add_and_subtract_undo_business_time(data: st.DataObject) -> None:
    hours = data.draw(any_hours())
    calendar = hours.calendar()
    start = data.draw(instants(hours, MICROSECOND))
    us = data.draw(st.integers(1, 3 * 86_400_000_000))
    assume(any(hours.weekly) and (hours.later is None or any(hours.later)))
    deadline, earlier = calendar.add(start, us), calendar.subtract(start, us)
    assert us == calendar.business_us(start, deadline)
    assert us == calendar.business_us(earlier, start)
    # The nearest such instant: one microsecond nearer it was not yet used up.
    assert us - 1 == calendar.business_us(start, deadline - MICROSECOND)
    assert us - 1 == calendar.business_us(earlier + MICROSECOND, start)


@given(data=st.data())
def test_periods_are_the_open_time_in_order(data: st.DataObject) -> None:
    hours = data.draw(any_hours())
    assume(any(hours.weekly) and (hours.later is None or any(hours.later)))
    calendar = hours.calendar()
    start = data.draw(instants(hours, MICROSECOND))
    for backwards in (False, True):
        edge, total = start, 0
        for (begin, end), _ in zip(calendar.periods(start, backwards=backwards), range(6), strict=False):
            assert begin < end
            assert end <= edge if backwards else begin >= edge
            edge = begin if backwards else end
            total += (end - begin) // MICROSECOND
        assert total == calendar.business_us(min(start, edge), max(start, edge))
        assert total > 0


@given(data=st.data())
def test_business_days_land_on_open_dates(data: st.DataObject) -> None:
    hours = data.draw(any_hours())
    assume(any(hours.weekly) and (hours.later is None or any(hours.later)))
    calendar = hours.calendar()
    start = data.draw(instants(hours, MICROSECOND))
    after, before = calendar.add_business_days(start, 1), calendar.add_business_days(start, -1)
    assert before < start < after
    for answer in (after, before):
        assert calendar.business_us(answer - MICROSECOND, answer + MICROSECOND) > 0


Row = tuple[str, datetime, datetime]


def asked(rows: list[Row]) -> pa.Table:
    """Rows as an engine sees them: naive UTC timestamps."""
    return pa.table(
        {
            "row": list(range(len(rows))),
            "calendar": [name for name, _, _ in rows],
            "start": pa.array([start.replace(tzinfo=None) for _, start, _ in rows], pa.timestamp("us")),
            "end": pa.array([end.replace(tzinfo=None) for _, _, end in rows], pa.timestamp("us")),
        }
    )


def answered(run: Any, calendars: list[Calendar], rows: list[Row]) -> list[int]:
    from polso.calendar.position import with_business

    since = min(min(row[1:]) for row in rows).date()
    until = max(max(row[1:]) for row in rows).date() + timedelta(days=1)
    result = run(
        {"asked": asked(rows), "days": day_table(calendars, since, until)},
        lambda known: with_business(known["asked"], {"us": ("start", "end")}, "calendar", known["days"]),
    )
    assert pa.int64() == result.schema.field("us").type
    return result.sort_by("row")["us"].to_pylist()


@given(data=st.data())
@settings(max_examples=30)
def test_duckdb_agrees_with_python(data: st.DataObject, on_duckdb: Any) -> None:
    hours = data.draw(any_hours())
    other = data.draw(any_hours().filter(lambda drawn: drawn.around.year == hours.around.year))
    calendars = {"one": hours.calendar("one"), "other": other.calendar("other")}
    moments = instants(hours, MICROSECOND)
    rows = data.draw(
        st.lists(st.tuples(st.sampled_from(sorted(calendars)), moments, moments), min_size=1, max_size=30)
    )
    expected = [calendars[name].business_us(start, end) for name, start, end in rows]
    assert expected == answered(on_duckdb, list(calendars.values()), rows)


def test_every_engine_agrees_with_python_on_days_of_clock_changes(run: Any) -> None:
    random = Random(20241027)
    week = [[(60, 150), (200, 1440)]] * 7
    made = [Hours(zone, day, week) for zone, days in CHANGES.items() for day in days if day.year == 2024]
    calendars = {hours.zone: hours.calendar(hours.zone) for hours in made}
    rows: list[Row] = []
    for hours in made:
        first = datetime.combine(hours.around, datetime.min.time(), UTC) - timedelta(days=1)
        moments = [first + random.randrange(3 * 86_400_000_000) * MICROSECOND for _ in range(80)]
        rows += [(hours.zone, start, end) for start, end in zip(moments[::2], moments[1::2], strict=True)]
    expected = [calendars[name].business_us(start, end) for name, start, end in rows]
    assert expected == answered(run, list(calendars.values()), rows)
    assert 0 in expected
    assert max(expected) > 0
