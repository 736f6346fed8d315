"""Open time by looking at every single minute: slow, and nothing to get wrong."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")
MINUTE = timedelta(minutes=1)
MINUTE_US = 60_000_000
Weekly = dict[int, list[tuple[time, time]]]


class OpenMinutes:
    """Which minutes of a stretch were open by a zone's wall clock: weekday -> hours, and closed dates."""

    def __init__(
        self, since: datetime, until: datetime, zone: str, weekly: Weekly, closed: frozenset[date]
    ) -> None:
        self.since = since
        local = ZoneInfo(zone)
        minutes = range(int((until - since) / MINUTE) + 1)
        here = ((since + n * MINUTE).replace(tzinfo=UTC).astimezone(local) for n in minutes)
        self.is_open = [
            at.date() not in closed
            and any(start <= at.time() < end for start, end in weekly.get(at.weekday(), []))
            for at in here
        ]
        self.before = [0, *accumulate(self.is_open)]

    def _up_to(self, instant: datetime) -> int:
        """Open microseconds from the first minute to an instant."""
        whole, rest = divmod(instant - self.since, MINUTE)
        return self.before[whole] * MINUTE_US + (
            rest // timedelta(microseconds=1) if self.is_open[whole] else 0
        )

    def between(self, start: datetime | None, end: datetime | None) -> int | None:
        """Open microseconds between two instants; None where one is missing or they are reversed."""
        if start is None or end is None or end < start:
            return None
        return self._up_to(end) - self._up_to(start)
