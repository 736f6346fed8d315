from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from polso.calendar import slot_table
from polso.calendar.slots import COLUMNS
from polso.errors import CalendarError

HOUR = 3_600_000_000
QUARTER = timedelta(minutes=15)


def rows(zone: str, since: date, until: date, week_start: int = 1) -> list[dict[str, Any]]:
    return slot_table(zone, since, until, week_start).to_pylist()


def test_columns_are_the_ones_described() -> None:
    schema = slot_table("Europe/Rome", date(2024, 1, 1), date(2024, 1, 2)).schema
    assert [(column.name, column.type) for column in COLUMNS] == [(f.name, f.type) for f in schema]
    assert all(column.meaning.endswith(".") for column in COLUMNS)


@pytest.mark.parametrize(
    ("zone", "since"),
    [
        ("Europe/Rome", date(2024, 3, 30)),
        ("Europe/Rome", date(2024, 10, 26)),
        ("America/New_York", date(2024, 11, 2)),
        ("Australia/Lord_Howe", date(2024, 4, 6)),
        ("Australia/Lord_Howe", date(2024, 10, 5)),
        ("Asia/Kathmandu", date(2023, 12, 31)),
        ("Pacific/Apia", date(2011, 12, 29)),
    ],
)
def test_every_slot_says_what_the_clock_of_its_zone_says(zone: str, since: date) -> None:
    found = rows(zone, since, since + timedelta(days=3), 7)
    at = datetime.combine(since, datetime.min.time(), UTC)
    for row in found:
        local = at.astimezone(ZoneInfo(zone))
        day = local.date()
        stamp = local.isoformat(timespec="minutes")
        assert row["slot"] == at.replace(tzinfo=None)
        assert timedelta(microseconds=row["offset_us"]) == local.utcoffset()
        assert (day, local.hour, day.isoweekday()) == (row["date"], row["hour_of_day"], row["weekday"])
        assert stamp == row["quarter_hour"]
        assert f"{stamp[:14]}00{stamp[16:]}" == row["hour"]
        assert day - timedelta(days=day.isoweekday() % 7) == row["week_start"]
        assert day.replace(day=1) == row["month_start"]
        assert date(day.year, (day.month - 1) // 3 * 3 + 1, 1) == row["quarter_start"]
        assert day.year == row["year"]
        at += QUARTER
    assert 3 * 96 == len(found)


def test_the_hour_that_happens_twice_is_two_hours_on_one_axis_and_one_long_hour_on_the_other() -> None:
    night = [
        row for row in rows("Europe/Rome", date(2024, 10, 27), date(2024, 10, 28)) if row["hour_of_day"] == 2
    ]
    assert Counter({"2024-10-27T02:00+02:00": 4, "2024-10-27T02:00+01:00": 4}) == Counter(
        r["hour"] for r in night
    )
    assert {2 * HOUR} == {row["hour_of_day_us"] for row in night}
    assert {HOUR} == {row["hour_us"] for row in night}
    # The labels do not sort by time as text; hour_start does.
    starts = {row["hour"]: row["hour_start"] for row in night}
    assert starts["2024-10-27T02:00+02:00"] == datetime(2024, 10, 27, 0)
    assert starts["2024-10-27T02:00+01:00"] == datetime(2024, 10, 27, 1)


def test_half_hours_of_lord_howe() -> None:
    autumn = rows("Australia/Lord_Howe", date(2024, 4, 6), date(2024, 4, 7))
    assert {("2024-04-07T01:00+11:00", HOUR), ("2024-04-07T01:00+10:30", HOUR // 2)} == {
        (row["hour"], row["hour_us"])
        for row in autumn
        if row["date"] == date(2024, 4, 7) and row["hour_of_day"] == 1
    }
    spring = rows("Australia/Lord_Howe", date(2024, 10, 5), date(2024, 10, 6))
    assert {HOUR // 2} == {row["hour_of_day_us"] for row in spring if row["hour"].startswith("2024-10-06T02")}


@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_hours_cut_by_the_edge_of_the_table_keep_their_length(zone: str) -> None:
    found = rows(zone, date(2024, 6, 1), date(2024, 6, 2))
    assert {HOUR} == {row["hour_us"] for row in found} == {row["hour_of_day_us"] for row in found}
    assert found[0]["hour_start"] < found[0]["slot"]


@pytest.mark.parametrize("week_start", range(1, 8))
def test_the_week_starts_when_it_is_told_to(week_start: int) -> None:
    found = rows("UTC", date(2024, 2, 26), date(2024, 3, 11), week_start)
    for row in found:
        assert week_start == row["week_start"].isoweekday()
        assert 0 <= (row["date"] - row["week_start"]).days < 7


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(CalendarError, match="did you mean"):
        slot_table("Europe/Roma", date(2024, 1, 1), date(2024, 1, 2))
    with pytest.raises(CalendarError, match="need since < until"):
        slot_table("UTC", date(2024, 1, 2), date(2024, 1, 2))
    with pytest.raises(CalendarError, match="week_start 0"):
        slot_table("UTC", date(2024, 1, 1), date(2024, 1, 2), 0)
    # Clocks of Newfoundland changed at 00:01.
    with pytest.raises(CalendarError, match=r"America/St_Johns left the 15-minute grid of UTC at 2010-11-07"):
        slot_table("America/St_Johns", date(2010, 11, 1), date(2010, 12, 1))
