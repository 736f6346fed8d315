"""A calendar of opening hours: how much open time lies between instants, and when a deadline falls.

Rule kept here: a calendar is open at an instant exactly when the wall clock of its zone shows an open
time. So an hour that clocks skip counts nothing, an hour that comes twice counts twice, and what is
counted is always elapsed time. A date's hours are its override if it has one (even on a holiday: whoever
writes hours for a date means them), else nothing on a holiday, else the weekly hours in force; then
its breaks are taken out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from polso.calendar.holidays import Holidays
from polso.calendar.hours import ALWAYS, Span, Spans, Texts, WeeklyHours, merged, spans_of, without
from polso.calendar.instants import DAY_US, FIRST, LAST, day_of, instant, micros, number
from polso.calendar.zone import stretches, zone_named
from polso.errors import CalendarError

FIRST_DAY, LAST_DAY = number(FIRST), number(LAST) - 1

Piece = tuple[int, int, int]
Period = tuple[datetime, datetime]


@dataclass(frozen=True)
class Calendar:
    """Opening hours in a time zone; see the module for what wins. Build one with `Calendar.of`."""

    name: str
    zone: str
    weekly: tuple[WeeklyHours, ...]
    overrides: Mapping[date, Spans] = field(default_factory=dict, hash=False)
    breaks: Mapping[date, Spans] = field(default_factory=dict, hash=False)
    holidays: Holidays = field(default_factory=Holidays)
    _known: dict[int, tuple[Piece, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        zone_named(self.zone)
        starts = [week.valid_from or date.min for week in self.weekly]
        if not starts or sorted(set(starts)) != starts:
            raise CalendarError(
                f"calendar '{self.name}' needs weekly hours in order of valid_from, no two from the same date"
            )

    @classmethod
    def of(
        cls,
        name: str,
        zone: str,
        hours: Mapping[str, Texts] | Iterable[WeeklyHours] = (ALWAYS,),
        *,
        overrides: Mapping[date, Texts] | None = None,
        breaks: Mapping[date, Texts] | None = None,
        holidays: Holidays | None = None,
    ) -> Calendar:
        """Read hours such as {"mon": ["09:00-18:00"]}; left out they are always.

        CalendarError says which name, time or date is wrong.
        """
        weekly = (WeeklyHours.of(hours),) if isinstance(hours, Mapping) else tuple(hours)
        return cls(
            name,
            zone,
            tuple(sorted(weekly, key=lambda week: week.valid_from or date.min)),
            {day: spans_of(texts) for day, texts in (overrides or {}).items()},
            {day: spans_of(texts) for day, texts in (breaks or {}).items()},
            holidays or Holidays(),
        )

    def hours(self, day: date) -> Spans:
        """Open spans of a local date, in microseconds that the wall clock shows since midnight."""
        spans = self.overrides.get(day)
        if spans is None:
            spans = () if day in self.holidays else self._week(day).days[day.weekday()]
        removed = self.breaks.get(day)
        return without(spans, removed) if removed else spans

    def _week(self, day: date) -> WeeklyHours:
        """The hours in force; the first ones also before their date, as a hole would silently measure 0."""
        found = self.weekly[0]
        for week in self.weekly[1:]:
            if week.valid_from is not None and week.valid_from <= day:
                found = week
        return found

    def utc_day(self, day: int) -> Spans:
        """Open spans of a UTC day (days since 1970-01-01), in microseconds from UTC midnight."""
        start = day * DAY_US
        return merged((begin - start, end - start) for begin, end, _ in self._pieces(day))

    def _pieces(self, day: int) -> tuple[Piece, ...]:
        """Open time of a UTC day as (start, end, local day), start and end in microseconds since 1970."""
        pieces = self._known.get(day)
        if pieces is None:
            pieces = self._known[day] = tuple(self._worked_out(day))
        return pieces

    def _worked_out(self, day: int) -> Iterator[Piece]:
        for start, end, offset in stretches(self.zone, day * DAY_US, (day + 1) * DAY_US):
            for local in range((start + offset) // DAY_US, (end + offset - 1) // DAY_US + 1):
                # Wall-clock midnight of that local date, had this offset always held.
                midnight = local * DAY_US - offset
                for opens, closes in self.hours(day_of(local)):
                    begin, finish = max(start, midnight + opens), min(end, midnight + closes)
                    if begin < finish:
                        yield begin, finish, local

    def is_open(self, at: datetime) -> bool:
        """Whether an instant is open; the opening instant is, the closing instant is not."""
        us = micros(at)
        return any(start <= us < end for start, end, _ in self._pieces(us // DAY_US))

    def business_us(self, start: datetime, end: datetime) -> int:
        """Open microseconds that elapse from `start` to `end`; 0 when the pair is reversed."""
        low, high = micros(start), micros(end)
        days = range(low // DAY_US, high // DAY_US + 1)
        return sum(max(0, min(b, high) - max(a, low)) for day in days for a, b, _ in self._pieces(day))

    def add(self, start: datetime, us: int) -> datetime:
        """The earliest instant (UTC) by which `us` open microseconds have elapsed since `start`.

        So a deadline that falls on closing time is the closing time, and adding 0 gives `start`.
        CalendarError when there is not that much open time before 2100, and when `us` is negative.
        """
        at = micros(start)
        left = self._not_negative(us)
        if left == 0:
            return instant(at)
        for begin, end in self._after(at):
            if end - begin >= left:
                return instant(begin + left)
            left -= end - begin
        raise self._too_little("after", start)

    def subtract(self, end: datetime, us: int) -> datetime:
        """The latest instant (UTC) from which `us` open microseconds elapse until `end`; mirrors `add`."""
        at = micros(end)
        left = self._not_negative(us)
        if left == 0:
            return instant(at)
        for begin, finish in self._before(at):
            if finish - begin >= left:
                return instant(finish - left)
            left -= finish - begin
        raise self._too_little("before", end)

    def add_business_days(self, start: datetime, days: int) -> datetime:
        """The same wall-clock time `days` open dates later (UTC; negative: earlier).

        When that is not open, the next open instant (backwards: the last one); closing time itself stays.
        """
        at = micros(start)
        if days == 0:
            return instant(at)
        step = 1 if days > 0 else -1
        local = instant(at).astimezone(zone_named(self.zone))
        target = self._open_date(number(local.date()), days, step, start)
        moved = datetime.combine(day_of(target), local.time().replace(fold=0), local.tzinfo)
        return self._nearest(micros(moved), step, start)

    def _open_date(self, local: int, days: int, step: int, start: datetime) -> int:
        left = abs(days)
        while left:
            local += step
            if not FIRST_DAY <= local <= LAST_DAY:
                raise self._too_little("after" if step > 0 else "before", start)
            left -= 1 if self.hours(day_of(local)) else 0
        return local

    def _nearest(self, us: int, step: int, start: datetime) -> datetime:
        # One microsecond wider, so that the edge of a period counts as inside it.
        if step > 0:
            for begin, _ in self._after(us - 1):
                return instant(max(begin, us))
            raise self._too_little("after", start)
        for _, end in self._before(us + 1):
            return instant(min(end, us))
        raise self._too_little("before", start)

    def periods(self, start: datetime, *, backwards: bool = False) -> Iterator[Period]:
        """Open periods (UTC) after `start`, or before it, nearest first; the one around `start` is cut there.

        A period never crosses local midnight, so a calendar that never closes has one a day. Ends with
        the year 2099 (backwards: 1900).
        """
        at = micros(start)
        pieces = self._pieces_before(at) if backwards else self._pieces_after(at)
        current: Piece | None = None
        for piece in pieces:
            joined = _joined(current, piece)
            if joined is None and current is not None:
                yield instant(current[0]), instant(current[1])
            current = joined or piece
        if current is not None:
            yield instant(current[0]), instant(current[1])

    def _pieces_after(self, at: int) -> Iterator[Piece]:
        for day in range(at // DAY_US, LAST_DAY + 1):
            yield from ((max(a, at), b, local) for a, b, local in self._pieces(day) if b > at)

    def _pieces_before(self, at: int) -> Iterator[Piece]:
        for day in range(at // DAY_US, FIRST_DAY - 1, -1):
            yield from ((a, min(b, at), local) for a, b, local in reversed(self._pieces(day)) if a < at)

    def _after(self, at: int) -> Iterator[Span]:
        return ((a, b) for a, b, _ in self._pieces_after(at))

    def _before(self, at: int) -> Iterator[Span]:
        return ((a, b) for a, b, _ in self._pieces_before(at))

    def _not_negative(self, us: int) -> int:
        if us < 0:
            raise CalendarError(f"{us} us is negative; go back with `subtract`, on with `add`")
        return us

    def _too_little(self, side: str, at: datetime) -> CalendarError:
        return CalendarError(
            f"calendar '{self.name}' is not open long enough {side} {at} "
            f"(years {FIRST.year} to {LAST.year - 1}); check its weekly hours and holidays"
        )


def _joined(one: Piece | None, other: Piece) -> Piece | None:
    """Two touching pieces of one local date as one: neither UTC midnight nor a clock change ends a period."""
    if one is None or one[2] != other[2]:
        return None
    if one[1] == other[0]:
        return one[0], other[1], one[2]
    return (other[0], one[1], one[2]) if other[1] == one[0] else None
