from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from polso.calendar import Calendar, Holidays, WeeklyHours
from polso.calendar.hours import DAYS
from polso.errors import CalendarError

ROME = ZoneInfo("Europe/Rome")
HOUR = 3_600_000_000
NINE_TO_SIX = {day: ["09:00-18:00"] for day in DAYS[:5]}
NEVER = Calendar.of("never", "Europe/Rome", {})


def rome(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=ROME)  # type: ignore[misc,arg-type]


def milan() -> Calendar:
    return Calendar.of("milan", "Europe/Rome", NINE_TO_SIX, holidays=Holidays.of("IT", annual=["12-07"]))


def test_milan_is_closed_on_easter_monday_and_on_its_patron_saint() -> None:
    # Friday before Easter to Tuesday after it, each at noon.
    assert milan().business_us(rome(2023, 4, 7, 12), rome(2023, 4, 11, 12)) == 9 * HOUR
    # Thursday 7 and Friday 8 December 2023: Sant'Ambrogio and the Immacolata.
    assert milan().business_us(rome(2023, 12, 7), rome(2023, 12, 9)) == 0
    assert rome(2023, 12, 11, 9, 30) == milan().add(rome(2023, 12, 6, 17, 30), HOUR)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2024, 3, 31), 23), (date(2024, 10, 27), 25), (date(2024, 5, 5), 24)]
)
def test_an_always_open_day_lasts_as_long_as_it_does(day: date, hours: int) -> None:
    always = Calendar.of("always", "Europe/Rome")
    start = datetime.combine(day, datetime.min.time(), ROME)
    end = datetime.combine(day + timedelta(1), datetime.min.time(), ROME)
    assert hours * HOUR == always.business_us(start, end)
    assert (start.astimezone(UTC), end.astimezone(UTC)) == next(always.periods(start))


def test_half_an_hour_of_clock_change_on_lord_howe() -> None:
    night = Calendar.of("night", "Australia/Lord_Howe", {"sun": ["00:00-06:00"]})
    zone = ZoneInfo("Australia/Lord_Howe")
    autumn, spring = datetime(2024, 4, 7, tzinfo=zone), datetime(2024, 10, 6, tzinfo=zone)
    assert int(6.5 * HOUR) == night.business_us(autumn, autumn.replace(hour=12))
    assert int(5.5 * HOUR) == night.business_us(spring, spring.replace(hour=12))


def test_hours_that_come_twice_are_open_twice() -> None:
    calendar = Calendar.of("night", "Europe/Rome", {"sun": ["01:30-02:30"]})
    periods = calendar.periods(rome(2024, 10, 27))
    utc = [
        datetime(2024, 10, 26, 23, 30),
        datetime(2024, 10, 27, 0, 30),
        datetime(2024, 10, 27, 1),
        datetime(2024, 10, 27, 1, 30),
    ]
    first, second, third, fourth = (at.replace(tzinfo=UTC) for at in utc)
    assert [(first, second), (third, fourth)] == [next(periods), next(periods)]


def test_hours_that_are_skipped_count_nothing() -> None:
    calendar = Calendar.of("night", "Europe/Rome", {"sun": ["02:15-02:45"]})
    assert calendar.business_us(rome(2024, 3, 31), rome(2024, 4, 1)) == 0
    assert calendar.business_us(rome(2024, 3, 24), rome(2024, 3, 25)) == HOUR // 2


def test_an_override_wins_over_holiday_and_weekly_hours_and_breaks_come_last() -> None:
    christmas = date(2024, 12, 25)
    calendar = Calendar.of(
        "shop",
        "Europe/Rome",
        NINE_TO_SIX,
        overrides={christmas: ["10:00-14:00"], date(2024, 12, 24): []},
        breaks={christmas: ["12:00-12:30"], date(2024, 12, 23): ["13:00-14:00"]},
        holidays=Holidays.of("IT"),
    )
    by_day = {d: calendar.business_us(rome(2024, 12, d), rome(2024, 12, d + 1)) for d in range(23, 28)}
    assert {23: 8 * HOUR, 24: 0, 25: int(3.5 * HOUR), 26: 0, 27: 9 * HOUR} == by_day


def test_weekly_hours_hold_from_their_date_and_the_first_ones_before_it() -> None:
    versions = [
        WeeklyHours.of({"mon": ["09:00-12:00"]}, date(2024, 5, 6)),
        WeeklyHours.of({"mon": ["09:00-10:00"]}, date(2024, 1, 1)),
    ]
    calendar = Calendar.of("shop", "Europe/Rome", versions)
    mondays = [date(2023, 5, 1), date(2024, 4, 29), date(2024, 5, 6)]
    assert [sum(b - a for a, b in calendar.hours(day)) // HOUR for day in mondays] == [1, 1, 3]
    with pytest.raises(CalendarError, match="no two from the same date"):
        Calendar.of("shop", "Europe/Rome", [versions[0], versions[0]])
    with pytest.raises(CalendarError, match="needs weekly hours"):
        Calendar.of("shop", "Europe/Rome", [])


def test_exact_to_the_microsecond_and_the_zone_of_an_instant_does_not_matter() -> None:
    start = datetime(2024, 5, 6, 8, 59, 59, 999_999, tzinfo=ROME)
    end = datetime(2024, 5, 6, 9, 0, 0, 1, tzinfo=ROME)
    tokyo = timezone(timedelta(hours=9))
    assert milan().business_us(start, end) == 1
    assert milan().business_us(start.astimezone(tokyo), end.astimezone(UTC)) == 1
    assert end.astimezone(UTC) == milan().add(start.astimezone(tokyo), 1)
    assert milan().add(start, 1).tzinfo == UTC


def test_a_reversed_pair_is_zero_and_the_closing_instant_is_closed() -> None:
    assert milan().business_us(rome(2024, 5, 6, 12), rome(2024, 5, 6, 10)) == 0
    assert milan().is_open(rome(2024, 5, 6, 9))
    assert not milan().is_open(rome(2024, 5, 6, 18))


def test_a_deadline_on_closing_time_is_the_closing_time() -> None:
    assert rome(2024, 5, 3, 18) == milan().add(rome(2024, 5, 3, 16), 2 * HOUR)
    assert rome(2024, 5, 6, 9) == milan().subtract(rome(2024, 5, 6, 11), 2 * HOUR)


def test_adding_nothing_stays_where_it_is() -> None:
    sunday = rome(2024, 5, 5, 12)
    assert [sunday] * 3 == [
        milan().add(sunday, 0),
        milan().subtract(sunday, 0),
        milan().add_business_days(sunday, 0),
    ]


def test_business_days_keep_the_wall_clock_over_a_clock_change_and_closing_time() -> None:
    assert rome(2024, 4, 2, 10) == milan().add_business_days(rome(2024, 3, 28, 10), 2)
    assert rome(2024, 3, 28, 10) == milan().add_business_days(rome(2024, 4, 2, 10), -2)
    assert rome(2024, 5, 7, 18) == milan().add_business_days(rome(2024, 5, 6, 18), 1)


def test_business_days_land_on_the_first_of_two_equal_wall_clock_times() -> None:
    always = Calendar.of("always", "Europe/Rome")
    second = datetime(2024, 10, 27, 2, 30, tzinfo=ROME, fold=1)
    assert datetime(2025, 10, 26, 0, 30, tzinfo=UTC) == always.add_business_days(second, 364)
    assert datetime(2025, 3, 30, 1, 30, tzinfo=UTC) == always.add_business_days(second, 154)


def test_a_calendar_that_is_never_open_says_so() -> None:
    at = rome(2024, 5, 6, 12)
    for wish in (
        lambda: NEVER.add(at, 1),
        lambda: NEVER.subtract(at, 1),
        lambda: NEVER.add_business_days(at, 1),
        lambda: NEVER.add_business_days(at, -1),
    ):
        with pytest.raises(CalendarError, match="calendar 'never' is not open long enough"):
            wish()
    assert list(NEVER.periods(at)) == []
    assert list(NEVER.periods(at, backwards=True)) == []
    assert NEVER.business_us(at, rome(2025, 5, 6)) == 0


def test_a_calendar_open_once_more_is_found_however_far() -> None:
    once = Calendar.of("once", "UTC", {}, overrides={date(2060, 1, 2): ["10:00-11:00"]})
    assert datetime(2060, 1, 2, 11, tzinfo=UTC) == once.add(datetime(2024, 1, 1, tzinfo=UTC), HOUR)
    with pytest.raises(CalendarError, match="not open long enough"):
        once.add(datetime(2024, 1, 1, tzinfo=UTC), HOUR + 1)


def test_what_is_no_instant_or_no_duration_is_refused() -> None:
    with pytest.raises(CalendarError, match="no time zone"):
        milan().is_open(datetime(2024, 5, 6, 12))
    with pytest.raises(CalendarError, match="outside the years 1900 to 2099"):
        milan().business_us(datetime(1, 1, 2, tzinfo=UTC), rome(2024, 5, 6))
    with pytest.raises(CalendarError, match="negative"):
        milan().add(rome(2024, 5, 6), -1)
    with pytest.raises(CalendarError, match="did you mean Europe/Rome"):
        Calendar.of("x", "Europe/Roma")


def test_calendars_are_equal_by_what_they_say() -> None:
    used, fresh = milan(), milan()
    used.business_us(rome(2024, 1, 1), rome(2024, 2, 1))
    assert used == fresh
    assert hash(used) == hash(fresh)
    assert used != Calendar.of("milan", "Europe/Rome", NINE_TO_SIX)


def test_the_calendar_needs_no_engine() -> None:
    code = "import sys, polso.calendar; print(sorted({'duckdb', 'ibis', 'pyspark'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
