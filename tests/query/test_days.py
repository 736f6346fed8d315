"""The days of a period: those of its zone, also where a day is missing or has no midnight."""

from datetime import date, datetime

import pytest

from polso.engine import DuckDB
from polso.query.period import Period
from polso.query.store import Store, days


@pytest.mark.parametrize(
    ("zone", "since", "until", "wanted"),
    [
        ("Pacific/Apia", date(2011, 12, 28), date(2012, 1, 2), [28, 29, 31, 1]),  # crossed the date line
        ("America/Sao_Paulo", date(2018, 11, 3), date(2018, 11, 6), [3, 4, 5]),  # no midnight on the 4th
        ("Europe/Rome", date(2026, 3, 28), date(2026, 3, 31), [28, 29, 30]),
    ],
)
def test_days_are_those_of_the_zone(zone: str, since: date, until: date, wanted: list[int]) -> None:
    first, last = datetime(since.year, 1, 1), datetime(until.year, 12, 31)
    store = Store(DuckDB(), zone, "monday", last, first, last)
    period = Period(since, until, zone)
    found = days(store, period)
    assert [day.day for day in found["date"].to_pylist()] == wanted
    assert found["slot"][0].as_py() == period.instants[0]
