"""The oracle itself, on examples worked out on paper."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from fractions import Fraction

import pytest

from oracle import kpis
from oracle.hours import OpenMinutes
from oracle.tickets import facts

START = datetime(2024, 5, 6, 8, 0)
PERIOD = (START, START + timedelta(days=1))


def offered(seconds: int, outcome: str) -> kpis.Row:
    return {
        "is_offered": True,
        "is_answered": outcome == "answered",
        "is_abandoned": outcome == "abandoned",
        "wait_us": seconds * 1_000_000,
        "entered_at": START,
    }


def test_service_level_of_seventy_ten_and_twenty() -> None:
    visits = [offered(20, "answered")] * 70 + [offered(3, "abandoned")] * 10 + [offered(21, "answered")] * 20
    found = [
        kpis.service_level(visits, PERIOD, timedelta(seconds=20), PERIOD[1], rule)
        for rule in ("ignore", "negative", "positive")
    ]
    assert [Fraction(7, 9), Fraction(7, 10), Fraction(8, 10)] == found


def test_percentiles_interpolate() -> None:
    assert Fraction(5, 2) == kpis.median([4, 1, 3, 2])
    assert Fraction(37, 10) == kpis.p90([1, 2, 3, 4])
    assert None is kpis.median([])


def test_kaplan_meier_of_a_textbook() -> None:
    """Freireich's remissions under 6-MP (weeks; a minus is a censored one): the median is 23."""
    weeks = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
    assert 23 == kpis.kaplan_meier_median([(abs(w), w > 0) for w in weeks])
    assert None is kpis.kaplan_meier_median([(1, True), (2, False), (3, False)])


def test_open_minutes_over_a_change_of_clocks() -> None:
    """On 31 March 2024 Rome has no hour from two to three."""
    span, hours = (datetime(2024, 3, 30), datetime(2024, 4, 2)), {6: [(time(1), time(4))]}
    nights = OpenMinutes(*span, "Europe/Rome", hours, frozenset())
    assert 2 * 3600 * 1_000_000 == nights.between(datetime(2024, 3, 30), datetime(2024, 4, 1))
    shut = OpenMinutes(*span, "Europe/Rome", hours, frozenset({date(2024, 3, 31)}))
    assert 0 == shut.between(datetime(2024, 3, 30), datetime(2024, 4, 1))
    assert 30_000_001 == nights.between(datetime(2024, 3, 31, 0, 0, 1), datetime(2024, 3, 31, 0, 0, 31, 1))


@pytest.mark.parametrize(
    ("reopen_on", "turns", "is_open"), [(("reopened",), 1, False), (("customer_message",), 2, True)]
)
def test_a_ticket_told_by_hand(reopen_on: tuple[str, ...], turns: int, is_open: bool) -> None:
    told = [
        (0, "opened", "customer"),
        (10, "message", "agent"),
        (20, "waiting", None),
        (50, "resumed", None),
        (60, "solved", "agent"),
        (90, "message", "customer"),
        (100, "closed", "system"),
    ]
    log = [
        {
            "source": "s",
            "client": "c",
            "event_id": str(n),
            "ticket_id": "t",
            "kind": kind,
            "actor_kind": actor,
            "occurred_at": START + timedelta(minutes=minute),
            "customer_id": "k",
        }
        for n, (minute, kind, actor) in enumerate(told[: 6 if is_open else 7])
    ]
    (row,) = facts(log, reopen_on)["tickets"]
    minutes = {
        name: row[f"{name}_us"] / 60_000_000 for name in ("first_response", "first_resolution", "paused")
    }
    assert {"first_response": 10, "first_resolution": 60, "paused": 30} == minutes
    assert (turns, is_open) == (row["turns"], row["is_open"])
