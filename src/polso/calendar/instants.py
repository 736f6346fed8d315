"""Instants as integers: microseconds and UTC days since 1970-01-01.

Rule kept here: all arithmetic is on integers, so nothing is ever rounded.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from polso.errors import CalendarError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
MICROSECOND = timedelta(microseconds=1)
DAY_US = 86_400_000_000
FIRST = date(1900, 1, 1)
LAST = date(2100, 1, 1)


def micros(at: datetime) -> int:
    """Microseconds from 1970-01-01 00:00 UTC to an instant.

    CalendarError for a datetime without zone, or outside the years 1900-2099.
    """
    if at.utcoffset() is None:
        raise CalendarError(f"{at} has no time zone, so it is no instant; attach one: tzinfo=UTC")
    us = (at - EPOCH) // MICROSECOND
    if not number(FIRST) <= us // DAY_US < number(LAST):
        raise CalendarError(f"{at} is outside the years {FIRST.year} to {LAST.year - 1}; check its source")
    return us


def instant(us: int) -> datetime:
    """The UTC instant that lies `us` microseconds after 1970-01-01 00:00 UTC."""
    return EPOCH + us * MICROSECOND


def number(day: date) -> int:
    """Days from 1970-01-01 to a date."""
    return day.toordinal() - EPOCH_ORDINAL


def day_of(number: int) -> date:
    """The date that lies `number` days after 1970-01-01."""
    return date.fromordinal(number + EPOCH_ORDINAL)
