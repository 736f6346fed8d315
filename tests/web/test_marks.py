"""Holidays are marked where a calendar of the project knows them."""

from datetime import date

from polso.config import parse
from polso.faces.web import marks
from polso.faces.web.screens.overview import SCREEN
from web.known import page

SETTINGS = """
[project]
zone = "Europe/Rome"

[[calendar]]
name = "office"
holidays = "IT"
extra_holidays = [2026-03-19]
hours = { mon = ["09:00-18:00"] }
"""


def test_days_that_are_closed_are_marked() -> None:
    made = page(SCREEN, {}, "it", config=parse(SETTINGS))
    assert [date(2026, 3, 19)] == marks.closed(made)
    layer = marks.holidays(made)
    assert layer
    assert ["19 mar 2026: festa"] == [value["said"] for value in layer["data"]["values"]]


def test_without_a_calendar_nothing_is() -> None:
    assert marks.holidays(page(SCREEN, {})) is None
