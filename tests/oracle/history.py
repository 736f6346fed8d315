"""A ticket's life: when it was open, what it was waiting for, and whose it was at each instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oracle.log import ENDS, Event, reopens

CARRIED = ("team", "agent", "priority", "issue_type")
Dimensions = dict[str, Any]
# The one event that opens a ticket; `opened` itself opens nothing.
OPENING = "opening"


@dataclass
class Wait:
    """A stretch in which the ticket waited for somebody."""

    since: datetime
    waiting_for: str
    until: datetime | None


@dataclass
class Spell:
    """A stretch in which the ticket was open, and what ended the one before."""

    since: datetime
    after: str | None
    until: datetime | None = None
    end: Event | None = None

    @property
    def ended_by(self) -> str | None:
        """The kind of event that ended it."""
        return self.end["kind"] if self.end else None


@dataclass
class Life:
    """Open spells, waits, and the events with what was made up; for each whether it left the ticket open.

    A ticket that nothing has opened or ended yet may be spoken to: it stands as open.
    """

    opening: Event
    is_recorded: bool
    spells: list[Spell]
    waits: list[Wait]
    told: list[tuple[Event, bool]]

    @property
    def opened_at(self) -> datetime:
        """The first recorded opening, else the first event."""
        instant: datetime = self.opening["occurred_at"]
        return instant


def life(events: list[Event], reopen_on: Iterable[str] = ("reopened", "restored")) -> Life:
    """Walk a ticket's events in order, between its one opening and, for a call, its end."""
    recorded = next((e for e in events if e["kind"] == "opened"), None)
    opening = recorded or events[0]
    is_open = stood = None
    spells: list[Spell] = []
    told: list[tuple[Event, bool]] = []
    for event in _with_made_up(events, opening):
        kind = event["kind"]
        says = _says(event, reopen_on)
        # What comes back from removal or merging is as open as it was before.
        if kind == "restored" and says:
            says = stood is not False
        elif kind not in ("merged", "removed") and says is not None:
            stood = says
        if says and not is_open:
            spells.append(Spell(event["occurred_at"], spells[-1].ended_by if spells else None))
        elif says is False and is_open:
            spells[-1].until, spells[-1].end = event["occurred_at"], event
        is_open = is_open if says is None else says
        told.append((event, is_open is not False))
    return Life(opening, recorded is not None, spells, _waits(events, spells, reopen_on), told)


def _says(event: Event, reopen_on: Iterable[str]) -> bool | None:
    """Whether an event says that the ticket is open after it, or that it is not."""
    if event["kind"] in ENDS:
        return False
    return True if event["kind"] == OPENING or reopens(event, reopen_on) else None


def _with_made_up(events: list[Event], opening: Event) -> list[Event]:
    """The events, with the ticket's opening before all others of its instant.

    A call without a ticket that has left all it entered is closed, after all others of that instant.
    """
    made = list(events)
    lefts = [e["occurred_at"] for e in events if e["kind"] == "left"]
    entered = sum(e["kind"] == "entered" for e in events)
    if lefts and entered <= len(lefts) and all(e.get("ticket_id") is None for e in events):
        place = sum(e["occurred_at"] <= lefts[-1] for e in events)
        made.insert(place, {"kind": "closed", "occurred_at": lefts[-1]})
    place = sum(e["occurred_at"] < opening["occurred_at"] for e in events)
    made.insert(place, {**opening, "kind": OPENING})
    return made


def _waits(events: list[Event], spells: list[Spell], reopen_on: Iterable[str]) -> list[Wait]:
    """Waits that begin while the ticket is open; each ends at the next word about waiting, opening or ending."""
    words = [e for e in events if e["kind"] in ("waiting", "resumed", *ENDS) or reopens(e, reopen_on)]
    waits = []
    for event, later in zip(words, [*words[1:], None], strict=False):
        now = event["occurred_at"]
        if event["kind"] == "waiting" and any(
            s.since <= now and (s.until is None or now < s.until) for s in spells
        ):
            until = later["occurred_at"] if later else None
            waits.append(Wait(now, event.get("value") or "customer", until))
    return waits


def said(event: Event, now: Dimensions) -> Dimensions:
    """The dimensions after an event."""
    after = dict(now)
    if event.get("team") is not None:
        after["team"] = event["team"]
    if event["kind"] == "assigned":
        after["agent"] = event["subject_id"]
    if event["kind"] == "unassigned":
        after["agent"] = None
    if event["kind"] == "set" and event["attribute"] in ("priority", "issue_type"):
        after[event["attribute"]] = event.get("value")
    return after


def dimensions(events: list[Event]) -> list[tuple[datetime, Dimensions]]:
    """What the dimensions were from each instant on; the last word at an instant is the one that holds."""
    found: dict[datetime, Dimensions] = {}
    now: Dimensions = dict.fromkeys(CARRIED)
    for event in events:
        now = said(event, now)
        found[event["occurred_at"]] = now
    return sorted(found.items(), key=lambda item: item[0])


def at(history: list[tuple[datetime, Dimensions]], instant: datetime | None) -> Dimensions:
    """The dimensions in force at an instant; nothing is known before the first event."""
    if instant is None:
        return dict.fromkeys(CARRIED)
    held: Dimensions = dict.fromkeys(CARRIED)
    for since, known in history:
        if since <= instant:
            held = known
    return held


def channel(events: list[Event]) -> str | None:
    """The channel of the ticket's first contact."""
    return next((e["channel"] for e in events if e.get("channel") is not None), None)
