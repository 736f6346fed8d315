"""The offsets of a time zone, as stretches of UTC during which one offset holds.

Rule kept here: the only code that asks zoneinfo; everything after it is integer arithmetic.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from polso.calendar.instants import DAY_US, MICROSECOND, day_of, instant, number
from polso.errors import CalendarError, UnknownName

SECOND_US = 1_000_000


class Stretch(NamedTuple):
    """UTC microseconds [start_us, end_us) during which local time is UTC + offset_us."""

    start_us: int
    end_us: int
    offset_us: int


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """An IANA time zone; CalendarError offers the nearest names when there is none."""
    if name not in available_timezones():
        raise CalendarError(str(UnknownName("IANA time zone", name, available_timezones())))
    return ZoneInfo(name)


@lru_cache(maxsize=1024)
def _year(zone: str, year: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """When each offset of a UTC year starts, and those offsets; one that lasts under a day goes unseen."""
    zoned = zone_named(zone)
    first = number(date(year, 1, 1))
    last = number(date(year + 1, 1, 1))
    offset = _offset(zoned, first * DAY_US)
    starts, offsets = [first * DAY_US], [offset]
    for day in range(first + 1, last + 1):
        after = _offset(zoned, day * DAY_US)
        if after != offset:
            starts.append(_change(zoned, (day - 1) * DAY_US, day * DAY_US, after))
            offsets.append(after)
            offset = after
    return tuple(starts), tuple(offsets)


def _offset(zone: ZoneInfo, us: int) -> int:
    # Wall-clock time minus the instant, both read as if they were UTC.
    return (instant(us).astimezone(zone).replace(tzinfo=UTC) - instant(us)) // MICROSECOND


def _change(zone: ZoneInfo, before_us: int, after_us: int, after: int) -> int:
    """The first instant whose offset is `after`; clocks change on whole seconds."""
    low, high = before_us // SECOND_US, after_us // SECOND_US
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * SECOND_US) == after:
            high = middle
        else:
            low = middle
    return high * SECOND_US


def stretches(zone: str, start_us: int, end_us: int) -> Iterator[Stretch]:
    """The stretches of one offset that make up [start_us, end_us), in order; neighbours differ in offset."""
    at, offset = start_us, None
    begun = start_us
    while at < end_us:
        year = day_of(at // DAY_US).year
        starts, offsets = _year(zone, year)
        i = bisect_right(starts, at) - 1
        if offset is not None and offsets[i] != offset:
            yield Stretch(begun, at, offset)
            begun = at
        offset = offsets[i]
        at = starts[i + 1] if i + 1 < len(starts) else number(date(year + 1, 1, 1)) * DAY_US
    if offset is not None:
        yield Stretch(begun, end_us, offset)
