"""One small ticket for each rule of the fold that a plausible mistake breaks; all of them in one log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from polso.care import Care
from polso.engine import DuckDB
from soundness.compare import differences
from soundness.store import ALWAYS_OPEN, store

Event = dict[str, Any]
START = datetime(2024, 5, 6, 8, 0)
CUSTOMER: Event = {"actor_kind": "customer", "actor_id": "k"}
AGENT: Event = {"actor_kind": "agent", "actor_id": "g1"}
BOT: Event = {"actor_kind": "bot", "actor_id": "bot"}


def at(hour: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=hour)


# ticket -> its events as (hour, kind, what else)
TICKETS: dict[str, list[tuple[float, str, Event]]] = {
    "stretch_without_change": [
        (0, "opened", {**CUSTOMER, "channel": "email", "team": "x"}),
        (1, "message", {**BOT, "channel": "email"}),
    ],
    "never_solved": [(0, "opened", {**CUSTOMER, "channel": "email", "team": "x"})],
    "team_known_later": [
        (0, "message", CUSTOMER),
        (1, "message", AGENT),
        (5, "transferred", {"team": "y", "subject_id": "x", **AGENT}),
    ],
    "channel_known_later": [
        (0, "waiting", {"value": "internal"}),
        (1, "resumed", {}),
        (2, "message", {**CUSTOMER, "channel": "chat"}),
    ],
    "thanks": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "message", AGENT),
        (2, "solved", AGENT),
        (3, "message", CUSTOMER),
    ],
    "thanks_answered": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "message", AGENT),
        (2, "solved", AGENT),
        (3, "message", CUSTOMER),
        (9, "message", AGENT),
    ],
    "wait_after_solve": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "solved", AGENT),
        (2, "resumed", {}),
        (3, "waiting", {"value": "customer"}),
        (8, "resumed", {}),
    ],
    "two_waits_after_solve": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "solved", AGENT),
        (2, "waiting", {"value": "customer"}),
        (3, "waiting", {"value": "customer"}),
        (8, "resumed", {}),
    ],
    "wait_before_opening": [
        (0, "waiting", {"value": "customer"}),
        (5, "opened", {**CUSTOMER, "channel": "email"}),
        (6, "solved", AGENT),
    ],
    "opened_twice_when_solved": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "solved", AGENT),
        (2, "opened", {**AGENT, "channel": "email"}),
    ],
    "opened_twice": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "opened", {"actor_kind": "system", "channel": "email"}),
        (2, "message", AGENT),
    ],
    "reply_before_opening": [
        (0, "message", {**BOT, "channel": "email"}),
        (1, "message", AGENT),
        (2, "opened", CUSTOMER),
        (3, "message", BOT),
        (4, "message", AGENT),
    ],
    "solved_before_opening": [
        (0, "reopened", CUSTOMER),
        (1, "solved", AGENT),
        (2, "opened", {**CUSTOMER, "channel": "email"}),
    ],
    "bot_answers_first": [
        (0, "opened", {"actor_kind": "system", "channel": "email"}),
        (1, "message", CUSTOMER),
        (2, "message", BOT),
        (3, "message", AGENT),
    ],
    "reply_just_before_message": [
        (0, "opened", {**AGENT, "channel": "email"}),
        (1, "message", {**AGENT, "event_id": "rj-1"}),
        (1, "message", {**CUSTOMER, "event_id": "rj-2"}),
    ],
    "internal_message": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "message", {**AGENT, "direction": "internal"}),
    ],
    "restored_then_merged": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "restored", {}),
        (2, "merged", {"subject_id": "thanks"}),
    ],
    "restored_when_solved": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "solved", AGENT),
        (2, "removed", {"value": "spam"}),
        (3, "restored", {}),
        (4, "message", CUSTOMER),
        (5, "message", AGENT),
    ],
    "removed_and_restored": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "removed", {"value": "spam"}),
        (2, "restored", {}),
    ],
    "thanks_then_opened": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "solved", AGENT),
        (2, "message", CUSTOMER),
        (3, "opened", {"actor_kind": "system"}),
        (4, "message", CUSTOMER),
        (5, "message", AGENT),
    ],
    "message_then_reopened": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "message", AGENT),
        (2, "solved", AGENT),
        (3, "message", CUSTOMER),
        (4, "reopened", {"actor_kind": "system"}),
        (5, "message", AGENT),
    ],
    "message_then_reopened_by_agent": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "message", AGENT),
        (2, "solved", AGENT),
        (3, "message", CUSTOMER),
        (4, "reopened", AGENT),
        (5, "message", AGENT),
    ],
    "nobody_opened": [
        (0, "message", {**AGENT, "channel": "email", "direction": "outbound"}),
        (1, "message", CUSTOMER),
        (2, "message", BOT),
    ],
    "answered_at_once": [
        (0, "opened", {**CUSTOMER, "channel": "email", "event_id": "ao-2"}),
        (0, "message", {**AGENT, "event_id": "ao-1", "seq": -1}),
    ],
    "bot_speaks_inside": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "message", {**BOT, "direction": "internal"}),
        (2, "message", {**AGENT, "direction": "internal"}),
    ],
    "restored_before_solve": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "removed", {"value": "spam"}),
        (2, "restored", {}),
        (3, "solved", AGENT),
    ],
    "spam_answered": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (50, "message", AGENT),
        (51, "removed", {"value": "spam"}),
    ],
    "spam_rated": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (1, "removed", {"value": "spam"}),
        (2, "rated", {"attribute": "nps", "amount": Decimal(0), "subject_id": "s1"}),
    ],
    "promoter": [
        (0, "opened", {**CUSTOMER, "channel": "email"}),
        (2, "rated", {"attribute": "nps", "amount": Decimal(10), "subject_id": "s2"}),
    ],
}
# What names a call and no ticket belongs to the call, which is a ticket of its own.
CALLS: dict[str, list[tuple[float, str, Event]]] = {
    "call_transferred": [
        (0, "entered", {"stage": "queue", "team": "x"}),
        (0.01, "left", {"stage": "queue", "value": "transferred"}),
        (0.01, "transferred", {**AGENT, "subject_id": "x", "team": "y"}),
    ],
    "call_rated": [
        (0, "entered", {"stage": "queue", "team": "x"}),
        (0.01, "left", {"stage": "queue", "value": "answered"}),
        (0.1, "rated", {"attribute": "csat5", "amount": Decimal(5), "subject_id": "s9"}),
    ],
    "still_talking": [
        (0, "entered", {"stage": "queue"}),
        (0.001, "left", {"stage": "queue", "value": "answered"}),
        (0.001, "entered", {"stage": "talk"}),
    ],
    "still_waiting": [(0, "entered", {"stage": "queue"})],
    "gave_up": [
        (0, "entered", {"stage": "queue"}),
        (0.01, "left", {"stage": "queue", "value": "abandoned"}),
    ],
    "only_transferred": [(0, "transferred", {**AGENT, "subject_id": "x", "team": "y"})],
}


def told() -> list[Event]:
    """All of it as one log, with an end a hundred days on."""
    events: list[Event] = []
    for name, steps in [*TICKETS.items(), *CALLS.items()]:
        for n, (hour, kind, said) in enumerate(steps):
            which = (
                {"contact_id": name, "visit_id": said.get("stage"), "seq": n}
                if name in CALLS
                else {"ticket_id": name}
            )
            who = {"source": "desk", "client": "a", "customer_id": "k", "event_id": f"{name}-{n}", **which}
            events.append({**who, "occurred_at": at(hour), "kind": kind, **said})
    return [
        *events,
        {**events[0], "customer_id": "z", "event_id": "end", "ticket_id": "end", "occurred_at": at(2400)},
    ]


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    with store(told()) as made:
        yield made


@pytest.fixture(scope="module")
def lines(engine: DuckDB) -> list[str]:
    return differences(engine, told())


@pytest.mark.parametrize("name", [*TICKETS, *CALLS])
def test_facts_of_a_small_ticket(lines: list[str], name: str) -> None:
    assert [] == [line for line in lines if re.search(rf"/{name}[-/.:]", line)]


def asked(engine: DuckDB, kpi: str, **how: Any) -> float | None:
    (cell,) = Care(Path("nowhere"), ALWAYS_OPEN, engine).ask(kpi, **how).cells
    return cell.value


def alone(name: str, kpi: str, *more: str, **how: Any) -> float | None:
    """A KPI over a log of these tickets alone."""
    names = (name, *more, "end")
    kept = [e for e in told() if (e.get("ticket_id") or e.get("contact_id")) in names]
    with store(kept) as made:
        return asked(made, kpi, **how)


def test_thanks_do_not_spoil_the_first_contact() -> None:
    assert 1.0 == alone("thanks", "first_contact_resolution", period="2024-05")


def test_replies_to_spam_are_no_replies() -> None:
    assert 3600.0 == alone("spam_answered", "reply_time", "thanks", period="2024-05")


def test_ratings_of_spam_do_not_count() -> None:
    assert 100.0 == alone("spam_rated", "nps", "promoter", period="2024-05")


def test_restored_before_the_solve_is_not_reopened_after_it() -> None:
    assert 0.0 == alone("restored_before_solve", "reopen_rate", period="2024-05")


def test_who_is_still_talking_did_not_give_up() -> None:
    assert 0.0 == alone("still_talking", "abandonment_rate", period="2024-05")


def test_who_still_waits_was_offered() -> None:
    assert 0.5 == alone("still_talking", "service_level", "still_waiting", period="2024-05")


def test_a_backlog_once_read_never_changes() -> None:
    """The log as it was at an instant gives the backlog that the whole log gives for that instant."""
    from oracle.kpis import backlog

    team = [e for e in told() if e.get("ticket_id") == "team_known_later"]
    with store([e for e in team if e["occurred_at"] < at(5)]) as before, store(team) as after:
        for made in (before, after):
            found = made.collect(made.table("backlog")).to_pylist()
            assert {"x": 0, "y": 0, None: 1} == {
                name: backlog({"backlog": found}, at(4), team=name) for name in ("x", "y", None)
            }
