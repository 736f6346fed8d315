"""How a number is written, per language: durations, shares, points, money, counts, dates, change, direction.

Rule kept here: a number is rounded once, here, and never without its unit; what has no value is a dash,
and better or worse is always an arrow and a word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import dates, numbers

from polso.config import SMALL_TEAMS
from polso.faces.language import say

DASH: Final = "–"
MINUS: Final = "\u2212"
SPACE: Final = "\u00a0"
MINUTE, HOUR, DAY = 60, 3600, 86400


# Beyond this a number has more digits than it knows; babel writes those.
LARGE: Final = 1e15


def _written(value: float, digits: int, least: int, language: str) -> str:
    """A number without sign that is rounded already, as babel would write it: tables hold thousands of them."""
    if not value < LARGE:
        form = "#,##0" + ("." + "0" * least + "#" * (digits - least) if digits else "")
        return str(numbers.format_decimal(value, form, locale=language))
    whole, _, rest = f"{value:,.{max(digits, 0)}f}".partition(".")
    group, point = _symbols(language)
    rest = rest[:least] + rest[least:].rstrip("0")
    return whole.replace(",", group) + (point + rest if rest else "")


@cache
def _symbols(language: str) -> tuple[str, str]:
    """What stands between thousands, and before the decimals."""
    return numbers.get_group_symbol(language), numbers.get_decimal_symbol(language)


@lru_cache(10_000)
def _day(day: date, form: str, language: str) -> str:
    return str(dates.format_date(day, form, locale=language))


@dataclass(frozen=True)
class Direction:
    """Which way a number went: an arrow, a word, and the tone to write them in (good, bad, plain or pale)."""

    arrow: str
    word: str
    tone: str


@dataclass(frozen=True)
class Words:
    """Numbers, dates and sentences in one language, money in one currency."""

    language: str = "en"
    currency: str = "EUR"

    def say(self, text: str, **values: Any) -> str:
        """An interface sentence, with its {names} filled in."""
        return say(self.language, text, **values)

    def decimal(
        self, value: float, digits: int = 0, *, least: int | None = None, signed: bool = False
    ) -> str:
        """A number with at most `digits` decimals, `least` at least; what rounds to 0 has no sign."""
        rounded = round(value, digits)
        return self._sign(rounded, signed) + _written(abs(rounded), digits, least or 0, self.language)

    def _sign(self, value: float, signed: bool) -> str:
        return MINUS if value < 0 else "+" if signed and value > 0 else ""

    def count(self, value: float, *, signed: bool = False) -> str:
        """A whole number with its thousands apart; means of counts keep one decimal."""
        return self.decimal(value, 0 if float(value).is_integer() or abs(value) >= 100 else 1, signed=signed)

    def duration(self, seconds: float, *, business: bool = False, signed: bool = False) -> str:
        """12 min, 1 h 42, 2 d 3 h; business time stays in hours, since its days are not 24 hours long."""
        size = abs(seconds)
        sign = self._sign(round(seconds, 1), signed)
        if size < 10 and round(size, 1) < 10:
            return sign + self.decimal(size, 1) + f"{SPACE}s"
        if round(size) < MINUTE:
            return f"{sign}{round(size)}{SPACE}s"
        if round(size) < 10 * MINUTE:
            minutes, rest = divmod(round(size), MINUTE)
            return f"{sign}{minutes}{SPACE}min" + (f"{SPACE}{rest}{SPACE}s" if rest else "")
        return sign + self._long(round(size / MINUTE), business)

    def _long(self, minutes: int, business: bool) -> str:
        if minutes < 60:
            return f"{minutes}{SPACE}min"
        if minutes < 24 * 60 or business:
            hours, rest = divmod(minutes, 60)
            return f"{self.decimal(hours)}{SPACE}h" + (f"{SPACE}{rest:02}" if rest else "")
        days, hours = divmod(round(minutes / 60), 24)
        day = "g" if self.language == "it" else "d"
        return f"{self.decimal(days)}{SPACE}{day}" + (f"{SPACE}{hours}{SPACE}h" if hours else "")

    def share(self, value: float) -> str:
        """83.2 %, from 0.832; never 0 or 100 where it is only near: 99.97 is not all."""
        return self._percent(value) + f"{SPACE}%"

    def _percent(self, value: float) -> str:
        percent = 100 * value
        near = round(percent, 1) in (0, 100) and percent not in (0, 100)
        return self.decimal(percent, 2 if near else 1, least=1)

    def money(self, value: float, *, signed: bool = False) -> str:
        """An amount in the project's currency."""
        text = str(numbers.format_currency(abs(value), self.currency, locale=self.language))
        return self._sign(round(value, 2), signed) + text

    def points(self, value: float) -> str:
        """+32, on a scale from -100 to 100."""
        return self.decimal(value, 0 if abs(value) >= 10 else 1, signed=True)

    def value(self, value: float | None, unit: str, *, business: bool = False) -> str:
        """A KPI's value in its unit; a dash where there is none."""
        if value is None or value != value:
            return DASH
        if unit == "duration":
            return self.duration(value, business=business)
        if unit == "share":
            return self.share(value)
        if unit in ("money", "points", "count"):
            return {"money": self.money, "points": self.points, "count": self.count}[unit](value)
        return self.decimal(value, 2)

    def interval(self, low: float | None, high: float | None, unit: str, *, business: bool = False) -> str:
        """From low to high; nothing where a number has no interval (counts are complete)."""
        if low is None or high is None:
            return ""
        ends = [self.value(end, unit, business=business) for end in (low, high)]
        if unit == "share":
            ends[0] = ends[0].removesuffix(f"{SPACE}%")
        return DASH.join(ends) if unit == "share" else f"{ends[0]} {DASH} {ends[1]}"

    def n(self, n: int) -> str:
        """The sample size: n = 1,234."""
        return f"n = {self.count(n)}"

    def change(
        self, change: float | None, previous: float | None, unit: str, *, business: bool = False
    ) -> str:
        """How much it moved: counts in per cent, shares in points, the rest in their own unit."""
        if change is None or previous is None:
            return DASH
        if unit == "share":
            return self.decimal(100 * change, 1, signed=True) + f"{SPACE}{self.say('pt')}"
        if unit == "count":
            if not previous:
                return self.count(change, signed=True)
            return (
                self.decimal(
                    100 * change / previous, 0 if abs(change) >= abs(previous) / 10 else 1, signed=True
                )
                + f"{SPACE}%"
            )
        if unit == "duration":
            return self.duration(change, business=business, signed=True)
        if unit == "money":
            return self.money(change, signed=True)
        return self.decimal(change, 1 if unit == "points" else 2, signed=True)

    def direction(self, change: float | None, better: str, *, sure: bool = True) -> Direction:
        """Arrow and word; where chance explains it, neither praise nor blame."""
        if change is None:
            return Direction("", "", "plain")
        if change == 0:
            return Direction("=", self.say("same"), "plain")
        arrow = "▲" if change > 0 else "▼"
        if not sure:
            return Direction(arrow, self.say("uncertain"), "pale")
        if better == "neither":
            return Direction(arrow, self.say("up") if change > 0 else self.say("down"), "plain")
        good = (change > 0) == (better == "higher")
        return Direction(arrow, self.say("better") if good else self.say("worse"), "good" if good else "bad")

    def stat(self, stat: str | None) -> str:
        """mean, median, p90."""
        return "" if stat is None else self.say(stat) if stat in ("mean", "median") else stat

    def day(self, day: date) -> str:
        """15 Mar 2026."""
        return _day(day, "d MMM y", self.language)

    def zoned(self, instant: datetime, zone: str) -> datetime:
        """A naive UTC instant as the clock of a zone says it."""
        return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))

    def instant(self, instant: datetime, zone: str) -> str:
        """A naive UTC instant in a zone, to the minute."""
        return self.local(self.zoned(instant, zone))

    def moment(self, instant: datetime, zone: str) -> str:
        """A naive UTC instant in a zone, to the second."""
        there = self.zoned(instant, zone)
        return f"{self.day(there.date())}, {there:%H:%M:%S}"

    def period(self, since: date, until: date) -> str:
        """A half-open period as people name it: its first and last day."""
        last = until - timedelta(days=1)
        if last == since:
            return self.day(since)
        form = "d MMM y" if since.year != last.year else "d MMM" if since.month != last.month else "d"
        return f"{dates.format_date(since, form, locale=self.language)} {DASH} {self.day(last)}"

    def label(self, name: str, value: Any) -> str:
        """One value of a split: a bucket of time, a dimension, a flag."""
        if value is None:
            return self.say("(unknown)")
        if isinstance(value, bool):
            return self.say("yes") if value else self.say("no")
        if name == "weekday":
            return str(dates.get_day_names("abbreviated", locale=self.language)[int(value) - 1])
        if name == "hour_of_day":
            return f"{int(value):02}:00"
        if isinstance(value, datetime):
            return self.local(value)
        if isinstance(value, date):
            return self._bucket(name, value)
        if value == SMALL_TEAMS:
            return self.say(SMALL_TEAMS)
        return self._line(str(value)) if name in ("hour", "quarter_hour", "band") else str(value)

    def local(self, at: datetime) -> str:
        """A local time, as it stands: 15 Mar 2026, 09:00."""
        return str(dates.format_datetime(at.replace(tzinfo=None), "d MMM y, HH:mm", locale=self.language))

    def _line(self, value: str) -> str:
        """The name of a line of an answer: a word, a day or hour as programs read it, or a range of time."""
        if re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            return self._bucket("day", date.fromisoformat(value))
        if re.fullmatch(r"\d{4}-\d\d-\d\d[T ].+", value):
            return self.local(datetime.fromisoformat(value))
        spans = [self._edge(edge) for edge in re.findall(r"\d+[dhms]", value)]
        if not spans:
            return self.say(value)
        sign = value[: -len(value.lstrip("<>="))] if value[0] in "<>" else ""
        mark = {"<": f"<{SPACE}", ">=": f"≥{SPACE}"}.get(sign, "")
        return mark + f" {DASH} ".join(spans)

    def _edge(self, text: str) -> str:
        """The end of a range: 4h is 4 h, 1d is 1 g in Italian; days are kept as they were written."""
        unit = {"m": "min", "d": self.say("d")}.get(text[-1], text[-1])
        return f"{self.decimal(int(text[:-1]))}{SPACE}{unit}"

    def _bucket(self, name: str, start: date) -> str:
        form = {"month": "LLLL y", "quarter": "QQQ y", "day": "EEE d MMM y"}.get(name, "d MMM y")
        text = _day(start, form, self.language)
        return self.say("week of {day}", day=text) if name == "week" else text
