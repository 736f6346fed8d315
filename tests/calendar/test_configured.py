from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from polso.calendar import Calendar, Holidays, WeeklyHours
from polso.calendar.configured import configured
from polso.config import parse
from polso.errors import CalendarError

TOML = """
[[calendar]]
name = "milan"
zone = "Europe/Rome"
hours = [
    { mon = ["09:00-13:00", "14:00-18:00"] },
    { valid_from = 2024-06-01, mon = ["09:00-13:00"] },
]
overrides = { 2024-12-24 = ["09:00-12:00"] }
breaks = { 2024-05-06 = ["10:00-10:15"] }
holidays = "IT"
extra_holidays = [2024-12-31]
annual_holidays = ["12-07"]

[[calendar]]
name = "hotline"
always = true
"""


def test_a_calendar_is_what_polso_toml_says() -> None:
    milan, hotline = (configured(settings, "Asia/Kathmandu") for settings in parse(TOML).calendar)
    assert milan == Calendar.of(
        "milan",
        "Europe/Rome",
        [
            WeeklyHours.of({"mon": ["09:00-13:00", "14:00-18:00"]}),
            WeeklyHours.of({"mon": ["09:00-13:00"]}, date(2024, 6, 1)),
        ],
        overrides={date(2024, 12, 24): ["09:00-12:00"]},
        breaks={date(2024, 5, 6): ["10:00-10:15"]},
        holidays=Holidays.of("IT", dates=[date(2024, 12, 31)], annual=["12-07"]),
    )
    assert hotline == Calendar.of("hotline", "Asia/Kathmandu")
    assert hotline.is_open(datetime(2024, 12, 25, 3, tzinfo=UTC))


def test_what_cannot_be_is_refused_with_the_name_of_the_calendar() -> None:
    with pytest.raises(CalendarError, match=r"calendar 'milan': '22:00-06:00' does not end after it starts"):
        configured(
            parse('[[calendar]]\nname = "milan"\nhours = { mon = ["22:00-06:00"] }').calendar[0], "UTC"
        )
    with pytest.raises(CalendarError, match="calendar 'milan' needs weekly hours"):
        configured(parse('[[calendar]]\nname = "milan"').calendar[0], "UTC")
