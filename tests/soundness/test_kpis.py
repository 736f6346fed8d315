"""Soundness: KPIs asked of the product are, to the last digit, what the oracle reckons in Fractions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from oracle import kpis as by_hand
from oracle.log import as_of, in_order, ticket_of
from oracle.stages import sessions, stages
from oracle.tickets import facts, tickets
from polso.care import Care
from polso.engine import DuckDB
from soundness.logs import logs
from soundness.profiles import few, many
from soundness.store import ALWAYS_OPEN, store

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
Reckoned = Callable[["Case"], Fraction | int | None]

# March and April 2024 in Rome, so that both sides hold rows outside the period.
PERIOD = "2024-04-01..2024-04-20"
INSTANTS = (datetime(2024, 3, 31, 22), datetime(2024, 4, 19, 22))


class Case:
    """A log with everything the oracle folded from it."""

    def __init__(self, log: Log) -> None:
        self.events = in_order(log)
        made = tickets(log)
        self.facts, self.as_of = facts(log), as_of(log)
        self.visits = [row for ticket in made for row in stages(ticket)]
        self.sessions = [row for ticket in made for row in sessions(ticket)]
        self.ratings = ratings_that_count(self)


def ratings_that_count(case: Case) -> Log:
    """The latest answers, those about tickets that do not count left out."""
    out = {(row["source"], row["ticket_id"]) for row in case.facts["tickets"] if not row["is_counted"]}
    return [e for e in by_hand.latest(case.events) if (e["source"], ticket_of(e)) not in out]


def seconds(found: Fraction | int | None) -> float | None:
    """Microseconds as the seconds people read, in the nearest float."""
    return None if found is None else float(Fraction(found) / 1_000_000)


def plain(found: Fraction | int | None) -> float | None:
    """The nearest float."""
    return None if found is None else float(found)


DURATIONS: dict[str, Callable[..., Fraction | None]] = {
    "first_response_time": by_hand.first_response_time,
    "resolution_time": by_hand.resolution_time,
    "resolution_time:first": by_hand.first_resolution_time,
    "resolution_time:pausing": by_hand.pausing_resolution_time,
    "reply_time": by_hand.reply_time,
    "assign_time": by_hand.assign_time,
}
STATS = {"mean": by_hand.mean, "median": by_hand.median, "p90": by_hand.p90}
WITHIN = timedelta(seconds=20)
SHARES: dict[str, Reckoned] = {
    "ticket_volume": lambda c: by_hand.ticket_volume(c.facts, INSTANTS),
    "backlog": lambda c: by_hand.backlog(c.facts, INSTANTS[1]),
    "resolution_rate": lambda c: by_hand.resolution_rate(c.facts, INSTANTS, c.as_of),
    "reopen_rate": lambda c: by_hand.reopen_rate(c.facts, INSTANTS, c.as_of),
    "first_contact_resolution": lambda c: by_hand.first_contact_resolution(c.facts, INSTANTS, c.as_of),
    "service_level": lambda c: by_hand.service_level(c.visits, INSTANTS, WITHIN, c.as_of),
    "service_level:ignore": lambda c: by_hand.service_level(c.visits, INSTANTS, WITHIN, c.as_of, "ignore"),
    "service_level:positive": lambda c: by_hand.service_level(
        c.visits, INSTANTS, WITHIN, c.as_of, "positive"
    ),
    "abandonment_rate": lambda c: by_hand.abandonment_rate(c.sessions, INSTANTS),
    "csat": lambda c: by_hand.csat(c.ratings, "csat5", INSTANTS),
    "nps": lambda c: by_hand.nps(c.ratings, INSTANTS),
}


def differences(engine: DuckDB, log: Log) -> list[str]:
    """One line per KPI in which product and oracle disagree."""
    case, care = Case(log), Care(Path("nowhere"), ALWAYS_OPEN, engine)
    wanted = {(name, None): plain(reckon(case)) for name, reckon in SHARES.items()}
    wanted[("resolution_time_open", None)] = seconds(
        by_hand.unsolved_median(case.facts, INSTANTS, case.as_of)
    )
    wanted |= {
        (name, stat): seconds(reckon(case.facts, INSTANTS, how))
        for name, reckon in DURATIONS.items()
        for stat, how in STATS.items()
    }
    wanted |= {
        ("speed_of_answer", stat): seconds(by_hand.speed_of_answer(case.visits, INSTANTS, how))
        for stat, how in STATS.items()
    }
    lines = []
    for (name, stat), value in wanted.items():
        found = [cell.value for cell in care.ask(name, period=PERIOD, stat=stat)]  # type: ignore[arg-type]
        if (found or [None]) != [value]:
            lines.append(f"{name} {stat or ''}: {value} by the oracle, {found} by the product")
    return lines


@few
@given(logs(60, orderly=True))
def test_kpis_of_orderly_tickets(log: Log) -> None:
    with store(log) as engine:
        assert [] == differences(engine, log)


@few
@given(logs(60))
def test_kpis_of_any_log(log: Log) -> None:
    with store(log) as engine:
        assert [] == differences(engine, log)


@pytest.mark.slow
@many
@given(logs(60))
def test_kpis_of_many_logs(log: Log) -> None:
    with store(log) as engine:
        assert [] == differences(engine, log)
