from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from polso.calendar.instants import DAY_US, instant, number
from polso.calendar.zone import stretches, zone_named
from polso.errors import CalendarError

HOUR = 3_600_000_000


def test_a_year_in_rome_has_three_stretches() -> None:
    start, end = number(date(2024, 1, 1)) * DAY_US, number(date(2025, 1, 1)) * DAY_US
    found = [(instant(s.start_us), s.offset_us // HOUR) for s in stretches("Europe/Rome", start, end)]
    assert found == [
        (datetime(2024, 1, 1, tzinfo=UTC), 1),
        (datetime(2024, 3, 31, 1, tzinfo=UTC), 2),
        (datetime(2024, 10, 27, 1, tzinfo=UTC), 1),
    ]


def test_a_new_year_does_not_end_a_stretch() -> None:
    start, end = number(date(2022, 6, 1)) * DAY_US, number(date(2025, 6, 1)) * DAY_US
    assert [(start, end, int(5.75 * HOUR))] == list(stretches("Asia/Kathmandu", start, end))


@pytest.mark.parametrize(
    "zone", ["Europe/Rome", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia"]
)
def test_stretches_give_the_offset_of_every_hour_without_gaps(zone: str) -> None:
    start, end = number(date(2009, 12, 31)) * DAY_US, number(date(2013, 1, 2)) * DAY_US
    found = list(stretches(zone, start, end))
    assert [start, *(s.end_us for s in found)] == [*(s.start_us for s in found), end]
    for stretch in found:
        at = instant(stretch.start_us)
        while at < instant(stretch.end_us):
            offset = at.astimezone(ZoneInfo(zone)).utcoffset()
            assert offset is not None
            assert offset // timedelta(microseconds=1) == stretch.offset_us
            at += timedelta(hours=1)


def test_a_stretch_may_begin_and_end_anywhere() -> None:
    change = number(date(2024, 3, 31)) * DAY_US + HOUR
    assert [(change - 1, change, HOUR), (change, change + 1, 2 * HOUR)] == list(
        stretches("Europe/Rome", change - 1, change + 1)
    )


def test_an_unknown_zone_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(CalendarError, match="did you mean Europe/Rome"):
        zone_named("Europe/Roma")
