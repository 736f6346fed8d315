"""The dates on which a calendar is closed: a country's holidays, dates that recur every year, single dates.

Rule kept here: the only code that asks the holidays library, and it asks once a year and country.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays as library

from polso.errors import CalendarError, UnknownName

MONTH_DAY = re.compile(r"^(\d{2})-(\d{2})$")


@dataclass(frozen=True)
class Holidays:
    """Closed local dates; `country` by ISO 3166 ("IT"), `subdivision` as the library names it ("MI")."""

    country: str | None = None
    subdivision: str | None = None
    dates: frozenset[date] = frozenset()
    annual: frozenset[tuple[int, int]] = frozenset()

    @classmethod
    def of(
        cls,
        country: str | None = None,
        subdivision: str | None = None,
        dates: Iterable[date] = (),
        annual: Iterable[str] = (),
    ) -> Holidays:
        """Read annual dates as "12-07"; CalendarError for an unknown country, subdivision or month-day."""
        if country is None and subdivision is not None:
            raise CalendarError(f"subdivision '{subdivision}' needs a country, e.g. country = \"IT\"")
        if country is not None:
            _check(country, subdivision)
        return cls(country, subdivision, frozenset(dates), frozenset(map(_month_day, annual)))

    def __contains__(self, day: date) -> bool:
        """Whether a local date is closed."""
        if day in self.dates or (day.month, day.day) in self.annual:
            return True
        return self.country is not None and day in _year(self.country, self.subdivision, day.year)


def _check(country: str, subdivision: str | None) -> None:
    try:
        library.country_holidays(country, subdiv=subdivision)
    except NotImplementedError:
        # Only now: listing what is supported imports every country of the world.
        countries = library.list_supported_countries()
        if country not in countries:
            raise CalendarError(str(UnknownName("holiday country", country, countries))) from None
        known = countries[country]
        raise CalendarError(str(UnknownName(f"subdivision of {country}", subdivision or "", known))) from None


def _month_day(text: str) -> tuple[int, int]:
    match = MONTH_DAY.match(text)
    month, day = (int(part) for part in match.groups()) if match else (0, 0)
    try:
        # A leap year, so that 02-29 is allowed.
        date(2000, month, day)
    except ValueError:
        raise CalendarError(f"'{text}' is no day of the year; write month-day, e.g. 12-07") from None
    return month, day


@lru_cache(maxsize=4096)
def _year(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(library.country_holidays(country, subdiv=subdivision, years=year))
