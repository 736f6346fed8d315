"""Opening hours of a date and of a week, in microseconds that a wall clock shows since midnight.

Rule kept here: spans are sorted and disjoint; those that overlap or touch are one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from polso.calendar.instants import DAY_US
from polso.errors import CalendarError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOCK = re.compile(r"^(\d{1,2}):(\d{2})(?::(\d{2}))?$")

Span = tuple[int, int]
Spans = tuple[Span, ...]
Texts = Iterable[str]

ALL_DAY: Spans = ((0, DAY_US),)


@dataclass(frozen=True)
class WeeklyHours:
    """The hours of each weekday, Monday first, that hold from a local date on (None: from the beginning)."""

    days: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    valid_from: date | None = None

    @classmethod
    def of(cls, hours: Mapping[str, Texts], valid_from: date | None = None) -> WeeklyHours:
        """Read {"mon": ["09:00-13:00", "14:00-18:00"]}; days left out are closed."""
        unknown = sorted(set(hours) - set(DAYS))
        if unknown:
            raise CalendarError(f"'{unknown[0]}' is no weekday; write {', '.join(DAYS)}")
        mon, tue, wed, thu, fri, sat, sun = (spans_of(hours.get(day, ())) for day in DAYS)
        return cls((mon, tue, wed, thu, fri, sat, sun), valid_from)


ALWAYS = WeeklyHours((ALL_DAY,) * 7)


def spans_of(texts: Texts) -> Spans:
    """Read ["09:00-13:00", "14:00-24:00"] into merged spans; CalendarError says which text is wrong."""
    return merged(_span(text) for text in texts)


def _span(text: str) -> Span:
    opens, dash, closes = text.partition("-")
    if not dash:
        raise CalendarError(f"'{text}' is no opening time; write it as 09:00-18:00")
    span = _clock(opens.strip(), text), _clock(closes.strip(), text)
    if span[0] >= span[1]:
        raise CalendarError(
            f"'{text}' does not end after it starts; hours past midnight are two: 22:00-24:00 on one day "
            "and 00:00-06:00 on the next"
        )
    return span


def _clock(text: str, whole: str) -> int:
    match = CLOCK.match(text)
    hour, minute, second = (int(part or 0) for part in match.groups()) if match else (99, 0, 0)
    us = ((hour * 60 + minute) * 60 + second) * 1_000_000
    if minute > 59 or second > 59 or us > DAY_US:
        raise CalendarError(f"'{text}' in '{whole}' is no time of day; write 00:00 to 24:00")
    return us


def merged(spans: Iterable[Span]) -> Spans:
    """The same time as sorted, disjoint spans; empty spans vanish."""
    result: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def without(spans: Spans, removed: Spans) -> Spans:
    """What is left of merged spans when other merged spans are taken out."""
    left = list(spans)
    for start, end in removed:
        left = [
            piece for a, b in left for piece in ((a, min(b, start)), (max(a, end), b)) if piece[0] < piece[1]
        ]
    return tuple(left)
