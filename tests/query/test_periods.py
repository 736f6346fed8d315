"""Periods: every form of words, and the instants they mean in a zone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from polso.errors import QuestionError
from polso.query.period import Period, parse

FIRST, LAST = date(2024, 3, 5), date(2026, 7, 15)  # a Wednesday


def read(text: str) -> tuple[date, date]:
    period = parse(text, "Europe/Rome", first=FIRST, last=LAST)
    return period.since, period.until


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026", (2026, 1, 1), (2027, 1, 1)),
        ("2026-Q1", (2026, 1, 1), (2026, 4, 1)),
        ("2026q4", (2026, 10, 1), (2027, 1, 1)),
        ("2026-02", (2026, 2, 1), (2026, 3, 1)),
        ("2024-02", (2024, 2, 1), (2024, 3, 1)),
        ("2026-12", (2026, 12, 1), (2027, 1, 1)),
        ("2026-W01", (2025, 12, 29), (2026, 1, 5)),
        ("2026-W53", (2026, 12, 28), (2027, 1, 4)),
        ("2026w7", (2026, 2, 9), (2026, 2, 16)),
        ("2024-02-29", (2024, 2, 29), (2024, 3, 1)),
        ("2026-03-01..2026-04-01", (2026, 3, 1), (2026, 4, 1)),
        (" 2026-03-01 .. 2026-03-02 ", (2026, 3, 1), (2026, 3, 2)),
        ("last 1 day", (2026, 7, 15), (2026, 7, 16)),
        ("last 28 days", (2026, 6, 18), (2026, 7, 16)),
        ("Last 2 Weeks", (2026, 7, 2), (2026, 7, 16)),
        ("this week", (2026, 7, 13), (2026, 7, 20)),
        ("last week", (2026, 7, 6), (2026, 7, 13)),
        ("this month", (2026, 7, 1), (2026, 8, 1)),
        ("last month", (2026, 6, 1), (2026, 7, 1)),
        ("this quarter", (2026, 7, 1), (2026, 10, 1)),
        ("last quarter", (2026, 4, 1), (2026, 7, 1)),
        ("this year", (2026, 1, 1), (2027, 1, 1)),
        ("last year", (2025, 1, 1), (2026, 1, 1)),
        ("all", (2024, 3, 5), (2026, 7, 16)),
    ],
)
def test_every_form_of_words(text: str, since: Any, until: Any) -> None:
    assert (date(*since), date(*until)) == read(text)


@pytest.mark.parametrize(
    "text",
    ["", "yesterweek", "2026-13", "2026-00", "2026-Q5", "2025-W53", "2026-W00", "2023-02-29", "2026-02-30", "last 0 days",
     "2026-03-02..2026-03-02", "2026-03-02..2026-03-01", "..2026-03-01", "2026-03-01..", "0000", "9999", "last -1 days"],
)  # fmt: skip
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(QuestionError):
        read(text)


def test_local_midnights_over_clock_changes() -> None:
    spring, autumn = (
        Period(date(2026, 3, 29), date(2026, 3, 30), "Europe/Rome"),
        Period(date(2026, 10, 25), date(2026, 10, 26), "Europe/Rome"),
    )
    assert spring.instants == (datetime(2026, 3, 28, 23), datetime(2026, 3, 29, 22))
    assert [timedelta(hours=23), timedelta(hours=25)] == [
        p.instants[1] - p.instants[0] for p in (spring, autumn)
    ]


def test_a_midnight_that_does_not_exist_is_the_change_itself() -> None:
    """Beirut's clocks went from 0 to 1 at midnight of 2022-03-27."""
    period = Period(date(2022, 3, 27), date(2022, 3, 28), "Asia/Beirut")
    assert period.instants == (datetime(2022, 3, 26, 22), datetime(2022, 3, 27, 21))


@pytest.mark.parametrize(
    ("text", "compare", "since", "until"),
    [
        ("2026-03", "previous", (2026, 2, 1), (2026, 3, 1)),
        ("2026-03", "last_year", (2025, 3, 1), (2025, 4, 1)),
        ("2026-Q1", "previous", (2025, 10, 1), (2026, 1, 1)),
        ("2024-02", "last_year", (2023, 2, 1), (2023, 3, 1)),
        ("2026", "previous", (2025, 1, 1), (2026, 1, 1)),
        ("2026-W10", "previous", (2026, 2, 23), (2026, 3, 2)),
        ("2026-W10", "last_year", (2025, 3, 3), (2025, 3, 10)),
        ("2024-02-29", "last_year", (2023, 3, 2), (2023, 3, 3)),
    ],
)
def test_what_a_period_is_compared_with(text: str, compare: Any, since: Any, until: Any) -> None:
    period = parse(text, "Europe/Rome", first=FIRST, last=LAST).before(compare)
    assert (date(*since), date(*until)) == (period.since, period.until)
