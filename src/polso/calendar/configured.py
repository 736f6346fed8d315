"""Calendars as polso.toml describes them."""

from __future__ import annotations

from polso.calendar.calendar import Calendar
from polso.calendar.holidays import Holidays
from polso.calendar.hours import ALWAYS, DAYS, WeeklyHours
from polso.config import CalendarSettings
from polso.errors import CalendarError


def configured(settings: CalendarSettings, zone: str) -> Calendar:
    """The calendar of a [[calendar]] table; `zone` is the project's, for one that names none.

    CalendarError names the calendar and what is wrong with it.
    """
    try:
        return _calendar(settings, zone)
    except CalendarError as error:
        text, name = str(error), f"calendar '{settings.name}'"
        raise CalendarError(text if text.startswith(name) else f"{name}: {text}") from error


def _calendar(settings: CalendarSettings, zone: str) -> Calendar:
    weekly = [
        WeeklyHours.of({day: getattr(hours, day) for day in DAYS}, hours.valid_from)
        for hours in settings.hours
    ]
    public = settings.holidays
    return Calendar.of(
        settings.name,
        settings.zone or zone,
        [ALWAYS] if settings.always else weekly,
        overrides=settings.overrides,
        breaks=settings.breaks,
        holidays=Holidays.of(
            public.country if public else None,
            public.subdivision if public else None,
            settings.extra_holidays,
            settings.annual_holidays,
        ),
    )
