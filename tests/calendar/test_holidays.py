from __future__ import annotations

from datetime import date, timedelta

import pytest

from polso.calendar import Holidays
from polso.errors import CalendarError


def closed(holidays: Holidays, year: int) -> list[date]:
    first = date(year, 1, 1)
    return [day for day in (first + timedelta(i) for i in range(365)) if day in holidays]


def test_italian_national_holidays_with_easter_monday() -> None:
    # 2023: Easter on 9 April. Sundays apart, these are the days on which Italy does not work.
    expected = {
        date(2023, 1, 1),
        date(2023, 1, 6),
        date(2023, 4, 9),
        date(2023, 4, 10),
        date(2023, 4, 25),
        date(2023, 5, 1),
        date(2023, 6, 2),
        date(2023, 8, 15),
        date(2023, 11, 1),
        date(2023, 12, 8),
        date(2023, 12, 25),
        date(2023, 12, 26),
    }
    assert expected == {
        day for day in closed(Holidays.of("IT"), 2023) if day.weekday() < 6 or day in expected
    }


@pytest.mark.parametrize("monday", [date(2022, 4, 18), date(2024, 4, 1), date(2025, 4, 21), date(2026, 4, 6)])
def test_easter_monday_moves_every_year(monday: date) -> None:
    assert monday in Holidays.of("IT")
    assert monday + timedelta(1) not in Holidays.of("IT")


def test_saint_francis_is_a_holiday_in_italy_from_2026_on() -> None:
    italy = Holidays.of("IT")
    assert date(2025, 10, 4) not in italy
    assert date(2026, 10, 4) in italy


def test_patron_saint_by_annual_date_or_by_subdivision() -> None:
    ambrose = date(2024, 12, 7)
    assert ambrose not in Holidays.of("IT")
    assert ambrose in Holidays.of("IT", annual=["12-07"])
    assert ambrose in Holidays.of("IT", "MI")
    assert date(2031, 12, 7) in Holidays.of(annual=["12-07"])


def test_single_dates_close_once_and_leap_days_close_in_leap_years() -> None:
    holidays = Holidays.of(dates=[date(2024, 12, 24)], annual=["02-29"])
    assert [date(2023, 12, 24) in holidays, date(2024, 12, 24) in holidays] == [False, True]
    assert [date(2023, 2, 28) in holidays, date(2024, 2, 29) in holidays] == [False, True]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"country": "ITT"}, "did you mean"),
        ({"country": "IT", "subdivision": "MIL"}, "did you mean MI"),
        ({"subdivision": "MI"}, "needs a country"),
        ({"annual": ["13-01"]}, "month-day"),
        ({"annual": ["7 dicembre"]}, "month-day"),
    ],
)
def test_unknown_holidays_are_refused_with_a_way_out(arguments: dict[str, str], says: str) -> None:
    with pytest.raises(CalendarError, match=says):
        Holidays.of(**arguments)
