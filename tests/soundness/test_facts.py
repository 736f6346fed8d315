"""Soundness: every fact that the oracle knows is, to the last digit, what the product folds."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from hypothesis import given

from oracle.hours import OpenMinutes
from oracle.tickets import SPANS
from polso.config import parse
from polso.engine import DuckDB
from soundness.compare import differences
from soundness.logs import START, logs
from soundness.profiles import few, many
from soundness.store import store

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]

# The hours of an Italian office over the change of clocks and Easter Monday.
OFFICE = parse(
    """
    [project]
    zone = "Europe/Rome"
    [[calendar]]
    name = "office"
    extra_holidays = [2024-04-01]
    [[calendar.hours]]
    mon = ["09:00-13:00", "14:00-18:00"]
    tue = ["09:00-18:00"]
    fri = ["09:00-18:00"]
    sun = ["00:00-06:00"]
    """
)
DAY = (time(9), time(18))
WEEKLY = {0: [(time(9), time(13)), (time(14), time(18))], 1: [DAY], 4: [DAY], 6: [(time(0), time(6))]}
OPEN = OpenMinutes(
    START - timedelta(days=2),
    START + timedelta(days=80),
    "Europe/Rome",
    WEEKLY,
    frozenset({date(2024, 4, 1)}),
)
SPANS_OF = {
    "tickets": {
        **SPANS,
        "first_response": ("started_at", "first_reply_at"),
        "any_first_response": ("started_at", "any_first_reply_at"),
    },
    "replies": {"reply": ("started_at", "answered_at")},
    "waits": {"wait": ("since", "until")},
    "solves": {"reopen_gap": ("solved_at", "reopened_at")},
    "stages": {"stay": ("entered_at", "left_at"), "wait": ("entered_at", "waited_until")},
}


def open_time_differences(engine: DuckDB) -> list[str]:
    """One line per open duration that is not what counting minutes between the row's instants gives."""
    return [
        f"{fact} {row['ticket_id']}.{name}: {wanted} by the oracle, {row[column]} by the product"
        for fact, spans in SPANS_OF.items()
        for row in engine.collect(engine.table(fact)).to_pylist()
        for name, (start, end) in spans.items()
        for column in [f"{name}_business_us"]
        if (wanted := OPEN.between(row[start], row[end])) != row[column]
    ]


def facts_are_the_oracles(log: Log) -> None:
    with store(log) as engine:
        assert [] == differences(engine, log)


@few
@given(logs(60, orderly=True))
def test_facts_of_orderly_tickets(log: Log) -> None:
    facts_are_the_oracles(log)


@few
@given(logs(60))
def test_facts_of_any_log(log: Log) -> None:
    facts_are_the_oracles(log)


@few
@given(logs(60))
def test_open_time_of_any_log(log: Log) -> None:
    with store(log, config=OFFICE) as engine:
        assert [] == open_time_differences(engine)


@pytest.mark.slow
@many
@given(logs(60))
def test_facts_of_many_logs(log: Log) -> None:
    facts_are_the_oracles(log)
