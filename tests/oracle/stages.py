"""Calls and chat sessions by hand: visits to stages, how long a queue visit waited, who gave up."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from oracle.history import at
from oracle.log import Event, in_order
from oracle.tickets import Row, Ticket, micros

Visit = dict[str, Any]


def pairs(events: list[Event]) -> list[Visit]:
    """Visits of one contact: `entered` with its `left`, by visit id, else the next `left` of that stage.

    A visit without an id that was never left ends where the contact enters its next stage.
    """
    visits: list[Visit] = []
    for event in in_order(events):
        if event["kind"] == "entered":
            for visit in visits:
                if (
                    visit["left"] is None
                    and visit["visit_id"] is None
                    and visit["until"] is None
                    and event.get("visit_id") is None
                ):
                    visit["until"] = event["occurred_at"]
            visits.append({"visit_id": event.get("visit_id"), "entered": event, "left": None, "until": None})
        else:
            for visit in visits:
                same = (
                    visit["visit_id"] == event.get("visit_id") and visit["entered"]["stage"] == event["stage"]
                )
                if same and visit["left"] is None and visit["until"] is None:
                    visit["left"], visit["until"] = event, event["occurred_at"]
                    break
    return visits


def stages(ticket: Ticket) -> list[Row]:
    """One row a visit of the ticket's contacts to a stage."""
    contacts: dict[str, list[Event]] = defaultdict(list)
    for event in ticket.events:
        if event["kind"] in ("entered", "left"):
            contacts[event["contact_id"]].append(event)
    return [row for own in contacts.values() for row in _rows(ticket, pairs(own))]


def _rows(ticket: Ticket, visits: list[Visit]) -> list[Row]:
    rows = []
    for nth, visit in enumerate(visits, start=1):
        entered, left = visit["entered"], visit["left"]
        now, held = entered["occurred_at"], at(ticket.history, entered["occurred_at"])
        outcome = left.get("value") if left else None
        queue = entered["stage"] == "queue"
        direction = entered.get("direction") or "inbound"
        answered = outcome == "answered"
        talk = _talk(visits[nth:], visit) if queue and answered else None
        talked_at = talk["occurred_at"] if talk else visit["until"] if queue and answered else None
        waited_until = (talked_at if answered else visit["until"]) if queue else None
        rows.append(
            {
                "source": ticket.key[0],
                "ticket_id": ticket.key[1],
                "contact_id": entered["contact_id"],
                "client": ticket.client,
                "event_id": entered["event_id"],
                "channel": entered.get("channel") or ticket.channel,
                "team": entered.get("team") or held["team"],
                "priority": held["priority"],
                "issue_type": held["issue_type"],
                "stage": entered["stage"],
                "outcome": outcome,
                "direction": direction,
                "nth": nth,
                "is_offered": queue and direction == "inbound",
                "is_answered": answered,
                "is_abandoned": outcome == "abandoned",
                "is_inside": visit["until"] is None,
                "entered_at": now,
                "left_at": visit["until"],
                "answered_at": talked_at,
                "waited_until": waited_until,
                "stay_us": micros(now, visit["until"]),
                "wait_us": micros(now, waited_until),
            }
        )
    return rows


def _talk(later: list[Visit], queue: Visit) -> Event | None:
    """The talk that answered a queue visit: the next one, unless the contact queues again before."""
    for visit in later:
        if visit["entered"]["stage"] == "queue":
            return None
        if visit["entered"]["stage"] == "talk":
            talk: Event = visit["entered"]
            return talk
    return None


def sessions(ticket: Ticket) -> list[Row]:
    """One row a contact that asked for a person (entered a queue, inbound): answered or given up."""
    contacts: dict[str, list[Row]] = defaultdict(list)
    for row in stages(ticket):
        contacts[row["contact_id"]].append(row)
    found = []
    for contact, visits in contacts.items():
        if not any(v["is_offered"] for v in visits):
            continue
        talked = any(v["stage"] == "talk" for v in visits) or any(
            v["is_answered"] for v in visits if v["stage"] == "queue"
        )
        last = max(visits, key=lambda v: (v["stage"] not in ("ring", "wrap"), v["nth"]))
        found.append(
            {
                "contact_id": contact,
                "started_at": visits[0]["entered_at"],
                "queued_at": min(v["entered_at"] for v in visits if v["is_offered"]),
                "is_answered": talked,
                "is_abandoned": not talked and last["is_abandoned"],
                "is_over": not last["is_inside"],
                "is_counted": ticket.left_out not in ("removed", "internal"),
                "client": ticket.client,
            }
        )
    return found
