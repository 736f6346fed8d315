"""The company's time: hourly slots with their local face, and opening hours as UTC intervals.

Rule kept here: zones and daylight saving are decided once, in plain Python; the rest is arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
NEVER: Final = 2**62
ZONE: Final = "Europe/Rome"
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LAST: Final = "24:00"


def utc_us(day: date, clock: str = "00:00") -> int:
    """The instant at which a Roman clock shows this time, in UTC microseconds."""
    shift = timedelta(days=1) if clock == _LAST else timedelta()
    local = datetime.combine(day + shift, time() if shift else time.fromisoformat(clock), ZoneInfo(ZONE))
    return round(local.timestamp()) * SECOND


@dataclass(frozen=True, slots=True)
class Timeline:
    """One row per UTC hour of the history: which local hour, weekday and day it is."""

    since: date
    until: date
    first: int
    end: int
    hour: Ints
    weekday: Ints
    day: Ints
    day_of_year: Ints
    holiday: Flags

    @property
    def as_of(self) -> int:
        """The last instant of which the log speaks: one second before midnight of `until`."""
        return self.end - SECOND

    @property
    def days(self) -> int:
        """Local days in the history."""
        return (self.until - self.since).days

    def slot(self, at: Ints) -> Ints:
        """The hour slot that holds each instant."""
        slot: Ints = np.clip((at - self.first) // HOUR, 0, len(self.hour) - 1)
        return slot

    def hour_at(self, at: Ints) -> Ints:
        """The local hour of the day."""
        return self.hour[self.slot(at)]

    def day_at(self, at: Ints) -> Ints:
        """The local day, counted from the first."""
        return self.day[self.slot(at)]

    def midnights(self) -> list[tuple[str, int]]:
        """Local midnights of each first of a month, and the end: where the backlog is counted."""
        firsts = [self.since + timedelta(days=n) for n in range(1, self.days)]
        return [(d.isoformat(), utc_us(d)) for d in firsts if d.day == 1] + [("as_of", self.as_of)]


def timeline(since: date, until: date) -> Timeline:
    """Lay out the hours between two local midnights."""
    zone = ZoneInfo(ZONE)
    first, end = utc_us(since), utc_us(until)
    free = italian_holidays(since, until)
    local = [datetime.fromtimestamp(at // SECOND, UTC).astimezone(zone) for at in range(first, end, HOUR)]
    return Timeline(
        since=since,
        until=until,
        first=first,
        end=end,
        hour=np.array([t.hour for t in local]),
        weekday=np.array([t.weekday() for t in local]),
        day=np.array([(t.date() - since).days for t in local]),
        day_of_year=np.array([t.timetuple().tm_yday for t in local]),
        holiday=np.array([t.date() in free for t in local]),
    )


def italian_holidays(since: date, until: date) -> set[date]:
    """National holidays of the years touched."""
    return set(holidays.country_holidays("IT", years=range(since.year, until.year + 2)))


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening hours as UTC intervals; moves an instant forward by open time only."""

    starts: Ints
    ends: Ints
    before: Ints

    def elapsed(self, at: Ints) -> Ints:
        """Open microseconds from the first interval to `at`."""
        row = np.clip(np.searchsorted(self.starts, at, side="right") - 1, 0, None)
        inside = np.clip(at - self.starts[row], 0, (self.ends - self.starts)[row])
        elapsed: Ints = self.before[row] + inside
        return elapsed

    def advance(self, at: Ints, open_us: Ints) -> Ints:
        """The instant by which `open_us` of open time have passed since `at`."""
        target = self.elapsed(at) + np.maximum(open_us, 1)
        row = np.searchsorted(self.before, target, side="left") - 1
        moved: Ints = self.starts[row] + target - self.before[row]
        return moved

    def block(self, at: Ints) -> Ints:
        """The interval that holds `at`, or the last one before it."""
        return np.clip(np.searchsorted(self.starts, at, side="right") - 1, 0, None)


def opening(hours: Mapping[str, Sequence[str]], since: date, until: date, *, on_holidays: bool) -> Opening:
    """Lay weekly hours over the history and 120 days more, so that work can end after it."""
    last = until + timedelta(days=120)
    free: set[date] = set() if on_holidays else italian_holidays(since, last)
    pairs: list[tuple[int, int]] = []
    for n in range(-1, (last - since).days):
        day = since + timedelta(days=n)
        if day in free:
            continue
        spans = [span.split("-") for span in hours.get(WEEKDAYS[day.weekday()], ())]
        pairs += [(utc_us(day, a), utc_us(day, b)) for a, b in spans]
    starts, ends = np.array(pairs, dtype=np.int64).T
    lengths = ends - starts
    return Opening(starts, ends, np.cumsum(lengths) - lengths)
