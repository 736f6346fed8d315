"""Calendars as polso.toml describes them."""

from __future__ import annotations

from polso.calendar.calendar import Calendar
from polso.calendar.holidays import Holidays
from polso.calendar.hours import ALWAYS, DAYS, WeeklyHours
from polso.config import CalendarSettings


def configured(settings: CalendarSettings, zone: str) -> Calendar:
    """The calendar of a [[calendar]] table; `zone` is the project's, for one that names none.

    CalendarError names the calendar and what is wrong with it.
    """
    weekly = [
        WeeklyHours.of({day: getattr(hours, day) for day in DAYS}, hours.valid_from)
        for hours in settings.hours
    ]
    country, subdivision = None, None
    if settings.holidays is not None:
        country, subdivision = settings.holidays.country, settings.holidays.subdivision
    return Calendar.of(
        settings.name,
        settings.zone or zone,
        [ALWAYS] if settings.always else weekly,
        overrides=settings.overrides,
        breaks=settings.breaks,
        holidays=Holidays.of(country, subdivision, settings.extra_holidays, settings.annual_holidays),
    )
