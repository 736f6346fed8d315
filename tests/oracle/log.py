"""The log as a list of dicts: one order, tickets told apart, losers of a conflict put aside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

Event = dict[str, Any]
TicketId = tuple[str, str]

RANKED = (
    "opened",
    "reopened",
    "set",
    "transferred",
    "assigned",
    "message",
    "waiting",
    "solved",
    "rated",
    "closed",
)
ENDS = ("solved", "closed", "merged", "removed")
# What may belong to a call or chat session alone, where it names no ticket.
OF_CALLS = ("entered", "left", "transferred", "message", "note")


def place(event: Event) -> tuple[datetime, int, int, str]:
    """Where an event stands in the one order: instant, the source's own order, kind, id."""
    kind = event["kind"]
    rank = RANKED.index(kind) if kind in RANKED else len(RANKED)
    return event["occurred_at"], event.get("seq") or 0, rank, event["event_id"]


def in_order(events: Iterable[Event]) -> list[Event]:
    """Events as they happened."""
    return sorted(events, key=place)


def ticket_of(event: Event) -> str | None:
    """The ticket of an event: its own; a call or chat without one is a ticket of its own."""
    if event.get("ticket_id") is not None:
        return str(event["ticket_id"])
    return event.get("contact_id") if event["kind"] in OF_CALLS else None


def by_ticket(events: Iterable[Event]) -> dict[TicketId, list[Event]]:
    """The events of each ticket, in order."""
    found: dict[TicketId, list[Event]] = defaultdict(list)
    for event in in_order(events):
        ticket = ticket_of(event)
        if ticket is not None:
            found[event["source"], ticket].append(event)
    return dict(found)


def as_of(events: Iterable[Event]) -> datetime:
    """Up to when the data speaks: the oldest of the sources' latest events."""
    latest: dict[str, datetime] = {}
    for event in events:
        latest[event["source"]] = max(latest.get(event["source"], event["occurred_at"]), event["occurred_at"])
    return min(latest.values())


def is_reply(event: Event) -> bool:
    """Whether a person answers the customer: an agent's public message, or an answered call."""
    said = event["kind"] == "message" and event.get("actor_kind") == "agent"
    spoke = event["kind"] == "entered" and event.get("stage") == "talk"
    return (said or spoke) and event.get("direction") != "internal"


def is_customer_turn(event: Event) -> bool:
    """Whether the customer reaches the service: their opening or message, or a call that comes in."""
    if event["kind"] in ("opened", "message"):
        return event.get("actor_kind") == "customer"
    called = event["kind"] == "entered" and event.get("stage") in ("welcome", "ivr", "bot", "queue")
    return called and event.get("direction") in (None, "inbound")


def reopens(event: Event, reopen_on: Iterable[str]) -> bool:
    """Whether the event opens a solved ticket again, by the words of the setting `reopen_on`."""
    for word in reopen_on:
        kind, _, detail = word.partition(":")
        if kind == "customer_message":
            if event["kind"] == "message" and event.get("actor_kind") == "customer":
                return True
        elif event["kind"] == kind and (not detail or detail in (event.get("attribute"), event.get("value"))):
            return True
    return False
