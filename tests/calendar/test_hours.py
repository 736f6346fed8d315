from __future__ import annotations

from datetime import date

import pytest

from polso.calendar.hours import ALL_DAY, WeeklyHours, merged, spans_of, without
from polso.errors import CalendarError

HOUR = 3_600_000_000


def test_spans_are_microseconds_of_the_wall_clock() -> None:
    assert spans_of(["14:00-18:00", "9:00 - 13:00"]) == ((9 * HOUR, 13 * HOUR), (14 * HOUR, 18 * HOUR))
    assert spans_of(["00:00:01-00:00:02"]) == ((1_000_000, 2_000_000),)


def test_spans_that_overlap_or_touch_are_one() -> None:
    assert spans_of(["09:00-18:00"]) == spans_of(["09:00-13:00", "13:00-15:00", "14:00-18:00", "10:00-11:00"])
    assert spans_of(["00:00-12:00", "12:00-24:00"]) == ALL_DAY
    assert merged([(5, 5)]) == ()


@pytest.mark.parametrize(
    ("removed", "left"),
    [
        ([(0, 5)], ((10, 20), (30, 40))),
        ([(10, 20)], ((30, 40),)),
        ([(15, 35)], ((10, 15), (35, 40))),
        ([(12, 14), (16, 18)], ((10, 12), (14, 16), (18, 20), (30, 40))),
        ([(0, 50)], ()),
    ],
)
def test_breaks_are_taken_out(removed: list[tuple[int, int]], left: tuple[tuple[int, int], ...]) -> None:
    assert left == without(((10, 20), (30, 40)), tuple(removed))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("09:00", "write it as 09:00-18:00"),
        ("9-18", "no time of day"),
        ("09:00-24:01", "no time of day"),
        ("09:60-18:00", "no time of day"),
        ("22:00-06:00", "hours past midnight are two"),
        ("09:00-09:00", "does not end after it starts"),
    ],
)
def test_impossible_hours_are_refused_with_a_way_out(text: str, says: str) -> None:
    with pytest.raises(CalendarError, match=says):
        spans_of([text])


def test_weekdays_left_out_are_closed_and_misspelt_ones_refused() -> None:
    week = WeeklyHours.of({"tue": ["10:00-11:00"]}, date(2024, 1, 1))
    assert list(week.days) == [(), ((10 * HOUR, 11 * HOUR),), (), (), (), (), ()]
    with pytest.raises(CalendarError, match="'lun' is no weekday; write mon, tue"):
        WeeklyHours.of({"lun": ["10:00-11:00"]})
