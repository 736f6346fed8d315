"""A ticket's life: when it was open, what it was waiting for, and whose it was at each instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from oracle.log import ENDS, Event, reopens

CARRIED = ("team", "agent", "priority", "issue_type")
Dimensions = dict[str, Any]


@dataclass
class Wait:
    """A stretch in which the ticket waited for somebody."""

    since: datetime
    waiting_for: str | None
    until: datetime | None = None
    before_first_solve: bool = True


@dataclass
class Spell:
    """A stretch in which the ticket was open."""

    since: datetime
    until: datetime | None = None
    end: Event | None = None

    @property
    def ended_by(self) -> str | None:
        """The kind of event that ended it."""
        return self.end["kind"] if self.end else None


@dataclass
class Life:
    """Open spells, waits, and for every event whether the ticket was open (or not opened yet) after it."""

    opening: Event | None
    opened_at: datetime
    spells: list[Spell]
    waits: list[Wait]
    open_after: list[bool]


def life(events: list[Event], reopen_on: Iterable[str] = ("reopened", "restored")) -> Life:
    """Walk a ticket's events in order; before a recorded opening nothing opens, waits or ends."""
    opening = next((e for e in events if e["kind"] == "opened"), None)
    start = events.index(opening) if opening else 0
    first = events[start]
    spells, waits, open_after = [Spell(first["occurred_at"])], [], [True] * start
    wait: Wait | None = None
    for event in events[start:]:
        now, current = event["occurred_at"], spells[-1]
        is_open = current.until is None
        if (
            is_open
            and wait
            and (event["kind"] in ("resumed", "reopened", "waiting", *ENDS) or reopens(event, reopen_on))
        ):
            wait.until, wait = now, None
        if is_open and event["kind"] in ENDS:
            current.until, current.end = now, event
        elif not is_open and reopens(event, reopen_on):
            spells.append(Spell(now))
        elif is_open and event["kind"] == "waiting":
            solved = any(s.ended_by == "solved" for s in spells)
            wait = Wait(now, event.get("value") or "customer", before_first_solve=not solved)
            waits.append(wait)
        open_after.append(spells[-1].until is None)
    return Life(opening, first["occurred_at"], spells, waits, open_after)


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
