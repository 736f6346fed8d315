"""Periods as people write them: 2026, 2026-Q1, 2026-03, 2026-W12, 2026-03-15, a range, last 28 days, all.

Rule kept here: a period is half-open, [since, until), from local midnight to local midnight in the
reporting zone; only this module turns words into instants.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from polso.errors import QuestionError

# Beyond them the arithmetic of dates, and of zones, ends.
FIRST_YEAR, LAST_YEAR = 1000, 9000
Compare = Literal["previous", "weekdays", "last_year"]
WORDS = "2026, 2026-Q1, 2026-03, 2026-W12, 2026-03-15, 2026-03-01..2026-04-01, 'last 28 days', 'this month', 'last month', all"


@dataclass(frozen=True, slots=True)
class Period:
    """Local dates [since, until) in a zone."""

    since: date
    until: date
    zone: str

    def __post_init__(self) -> None:
        if self.since >= self.until:
            raise QuestionError(
                f"the period from {self.since} to {self.until} is empty; its end must be after its start"
            )
        if self.since.year < FIRST_YEAR or self.until.year > LAST_YEAR:
            raise QuestionError(
                f"the period from {self.since} to {self.until} lies outside the years {FIRST_YEAR} to {LAST_YEAR - 1}"
            )

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """The period's ends as naive UTC."""
        zone = ZoneInfo(self.zone)
        first, last = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (self.since, self.until))
        return first.astimezone(UTC).replace(tzinfo=None), last.astimezone(UTC).replace(tzinfo=None)

    @property
    def days(self) -> int:
        """How many local days it has."""
        return (self.until - self.since).days

    def before(self, compare: Compare) -> Period:
        """The period to compare with: the one just before, of whole months where this is, or the same a year ago.

        A year ago keeps the weekday: 364 days back, unless the period is made of whole months. `weekdays` is as long
        as this one and goes back by whole weeks, as few as it takes, so that each day meets its own weekday.
        """
        if compare == "weekdays":
            back_by = timedelta(weeks=-(-self.days // 7))
            return Period(self.since - back_by, self.until - back_by, self.zone)
        months = self._months()
        if months:
            back = months if compare == "previous" else 12
            return Period(_month(self.since, -back), _month(self.until, -back), self.zone)
        back_by = timedelta(days=self.days if compare == "previous" else 364)
        return Period(self.since - back_by, self.until - back_by, self.zone)

    def _months(self) -> int:
        whole = self.since.day == 1 and self.until.day == 1
        return (self.until.year - self.since.year) * 12 + self.until.month - self.since.month if whole else 0


def _month(day: date, by: int) -> date:
    number = day.year * 12 + day.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def parse(text: str, zone: str, *, first: date, last: date) -> Period:
    """Read a period; relative words count back from `last`, the last local day with data.

    QuestionError where the text is none of the forms.
    """
    said = _in_english(text.strip().lower())
    if ".." in said:
        start, _, end = said.partition("..")
        return Period(_day(start, text), _day(end, text), zone)
    for pattern, make in _FORMS:
        found = re.fullmatch(pattern, said)
        if found:
            since, until = _made(make, found, first, last, text)
            return Period(since, until, zone)
    raise QuestionError(f"'{text}' is no period; write {WORDS}")


_ITALIAN = (
    (r"ultimi (\d+) giorni", r"last \1 days"),
    (r"ultime (\d+) settimane", r"last \1 weeks"),
    (r"quest[oa] (settimana|mese|trimestre|anno)", r"this \1"),
    (r"(settimana|mese|trimestre|anno) scors[oa]", r"last \1"),
    (r"tutto", "all"),
)
_NOUNS = {"settimana": "week", "mese": "month", "trimestre": "quarter", "anno": "year"}


def _in_english(said: str) -> str:
    """Relative periods may be said in Italian too: ultimi 28 giorni, questo mese, mese scorso, tutto."""
    for pattern, english in _ITALIAN:
        if re.fullmatch(pattern, said):
            said = re.sub(pattern, english, said)
            return " ".join(_NOUNS.get(word, word) for word in said.split())
    return said


def _made(make: _Make, found: re.Match[str], first: date, last: date, text: str) -> tuple[date, date]:
    try:
        return make(found, first, last)
    except (ValueError, OverflowError) as error:
        raise QuestionError(f"'{text}' is no period: {error}; write {WORDS}") from error


def _day(text: str, whole: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise QuestionError(f"'{whole}' is no period: '{text.strip()}' is no date like 2026-03-15") from error


_Make = Callable[[re.Match[str], date, date], tuple[date, date]]


def _year(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    return date(int(m[1]), 1, 1), date(int(m[1]) + 1, 1, 1)


def _quarter(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    start = date(int(m[1]), 3 * int(m[2]) - 2, 1)
    return start, _month(start, 3)


def _one_month(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    start = date(int(m[1]), int(m[2]), 1)
    return start, _month(start, 1)


def _week(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    start = date.fromisocalendar(int(m[1]), int(m[2]), 1)
    return start, start + timedelta(days=7)


def _one_day(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    start = date.fromisoformat(m[0])
    return start, start + timedelta(days=1)


def _last_days(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    days = int(m[1]) * (7 if m[2].startswith("week") else 1)
    return last + timedelta(days=1 - days), last + timedelta(days=1)


def _this(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    offset = {"this": 0, "last": -1}[m[1]]
    if m[2] == "year":
        return date(last.year + offset, 1, 1), date(last.year + offset + 1, 1, 1)
    if m[2] == "quarter":
        start = _month(date(last.year, 3 * ((last.month - 1) // 3) + 1, 1), 3 * offset)
        return start, _month(start, 3)
    if m[2] == "week":
        start = last - timedelta(days=last.weekday()) + timedelta(weeks=offset)
        return start, start + timedelta(days=7)
    start = _month(last.replace(day=1), offset)
    return start, _month(start, 1)


def _all(m: re.Match[str], first: date, last: date) -> tuple[date, date]:
    return first, last + timedelta(days=1)


_FORMS: tuple[tuple[str, _Make], ...] = (
    (r"(\d{4})", _year),
    (r"(\d{4})-?q([1-4])", _quarter),
    (r"(\d{4})-(\d{2})", _one_month),
    (r"(\d{4})-?w(\d{1,2})", _week),
    (r"\d{4}-\d{2}-\d{2}", _one_day),
    (r"last (\d+) (days?|weeks?)", _last_days),
    (r"(this|last) (week|month|quarter|year)", _this),
    (r"all", _all),
)
