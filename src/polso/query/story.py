"""One ticket's story: its events as a time line, the instants a KPI chose, and the open time between them.

Rule kept here: nothing is worked out anew; instants and durations are those of the fact's row, and the pieces of
opening hours are shown so that anybody can add them up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from polso.calendar import Calendar
from polso.engine import Table
from polso.errors import QuestionError
from polso.events.log import EVENTS
from polso.facts import FACTS
from polso.facts.fact import ORDER, TICKET, normalised
from polso.kpis.definition import Words
from polso.kpis.wording import measured, noun, of_fact
from polso.query.explain import Line, fate_of, fates
from polso.query.masks import masked_events, masked_row
from polso.query.privacy import OWN, RAW
from polso.query.question import EVERYONE, Question, Scope
from polso.query.scan import in_scope
from polso.query.store import Store
from polso.query.suppress import refuse_small

# What a time line tells of an event, where the event says it.
TOLD: Final = (
    "kind", "actor_kind", "actor_id", "subject_id", "channel", "team", "direction", "stage", "attribute", "value",
    "amount", "currency", "contact_id", "visit_id", "event_id",
)  # fmt: skip
CalendarOf = Callable[[Mapping[str, Any]], Calendar]


@dataclass(frozen=True)
class Instant:
    """An instant that the number hangs on: its column, in words, and when it was (naive UTC; None where it never was)."""

    column: str
    words: Words
    at: datetime | None


@dataclass(frozen=True)
class Pause:
    """A wait inside the ticket that a pausing clock takes off."""

    since: datetime
    until: datetime | None
    waiting_for: str


@dataclass(frozen=True)
class Chapter:
    """One row of the KPI's fact: its fate, the instants chosen, and what lies between them.

    seconds and business_seconds are the row's own; pieces are the open stretches (naive UTC) that make the latter.
    """

    fate: Line
    start: Instant | None
    stop: Instant | None
    seconds: float | None
    business_seconds: float | None
    calendar: str | None
    pieces: tuple[tuple[datetime, datetime], ...]
    row: Mapping[str, Any]


@dataclass(frozen=True)
class Story:
    """A ticket as a KPI sees it."""

    source: str
    ticket_id: str
    events: tuple[Mapping[str, Any], ...]
    chapters: tuple[Chapter, ...]
    pauses: tuple[Pause, ...]


def story(
    store: Store,
    question: Question,
    ticket: str,
    source: str | None,
    calendar_of: CalendarOf,
    scope: Scope = EVERYONE,
) -> Story:
    """The story of a ticket; QuestionError where there is none, or one in several sources and none was said."""
    (d,) = question.definitions
    refuse_small(store, question, scope)
    if not {"source", "ticket_id"} <= {column.name for column in FACTS[d.fact].columns}:
        raise QuestionError(
            f"{d.label} is not about tickets: its rows are {d.fact}; ask for its rows instead"
        )
    found = _ticket(store, ticket, source, scope)
    events = _events(store, found)
    rows = in_scope(store, d.fact, None, question, scope, d)
    made = (
        fates(store, d, rows, question)
        if d.kind not in ("stock", "stock_by_age", "roll_forward", "ratio")
        else []
    )
    own = _of(rows, found)
    fated = own.mutate(polso_fate=fate_of(made)) if made else own
    waits = store.collect(_of(store.fact("waits"), found).order_by("since")).to_pylist()
    chapters = []
    for row in store.collect(fated.order_by(FACTS[d.fact].clock)).to_pylist():
        place = row.pop("polso_fate", None)
        line = made[place].line if place is not None else Line("row", of_fact(d.fact), 1)
        chapters.append(_chapter(d.fact, measured(d), row, line, calendar_of))
    pauses = tuple(Pause(w["since"], w["until"], w["waiting_for"]) for w in waits)
    told = [
        replace(c, row=masked_row(store, c.row, d.fact, FACTS[d.fact].clock, question, scope))
        for c in chapters
    ]
    return Story(found["source"], ticket, tuple(masked_events(store, events, scope)), tuple(told), pauses)


def _of(rows: Table, found: Mapping[str, Any]) -> Table:
    return rows.filter(rows.ticket_id == found["ticket_id"], rows.source == found["source"])


def _ticket(store: Store, ticket: str, source: str | None, scope: Scope) -> dict[str, Any]:
    """Where the ticket is and how far its events reach."""
    tickets = store.fact("tickets")
    wanted = tickets.filter(tickets.ticket_id == ticket)
    if source is not None:
        wanted = wanted.filter(wanted.source == source)
    if scope.clients is not None:
        wanted = wanted.filter(wanted.client.isin(list(scope.clients)))
    found: list[dict[str, Any]] = store.collect(
        wanted.select(*TICKET, "first_event_at", "last_event_at")
    ).to_pylist()
    if not found:
        raise QuestionError(f"no ticket '{ticket}'; `polso rows KPI` shows tickets with their ids")
    if len(found) > 1:
        names = ", ".join(sorted(row["source"] for row in found))
        raise QuestionError(f"ticket '{ticket}' is in several sources: {names}; say which with --source")
    return found[0]


def _events(store: Store, found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The ticket's events in the one order of the log.

    The log lies in the order of time, so the ticket's first and last instants keep the engine from reading it all.
    """
    events = store.engine.table(EVENTS)
    near = events.filter(
        events.occurred_at >= found["first_event_at"],
        events.occurred_at <= found["last_event_at"],
        events.source == found["source"],
        (events.ticket_id == found["ticket_id"])
        | (events.ticket_id.isnull() & (events.contact_id == found["ticket_id"])),
    )
    rows = store.collect(normalised(near).order_by(list(ORDER)).select("occurred_at", *TOLD)).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def _chapter(
    fact: str, ends: tuple[str, str] | None, row: Mapping[str, Any], line: Line, calendar_of: CalendarOf
) -> Chapter:
    if ends is None:
        return Chapter(line, None, None, None, None, None, (), row)
    start, stop = (Instant(column, noun(fact, column), row[column]) for column in ends)
    stem = next(s.name for s in FACTS[fact].spans if (s.start, s.end) == ends)
    seconds, business = (_seconds(row[f"{stem}{kind}_us"]) for kind in ("", "_business"))
    # The calendar is the row's own, whoever gets the credit, and whatever privacy made of its names.
    names = [(aside, name) for aside in (OWN, RAW) for name in ("agent", "team")]
    own = {name: row[f"{aside}{name}"] for aside, name in names if f"{aside}{name}" in row}
    calendar = calendar_of({**row, **own})
    pieces = _pieces(calendar, start.at, stop.at) if start.at and stop.at and start.at <= stop.at else ()
    return Chapter(line, start, stop, seconds, business, calendar.name, pieces, row)


def _seconds(us: int | None) -> float | None:
    return None if us is None else us / 1_000_000


def _pieces(calendar: Calendar, start: datetime, stop: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """The open stretches between two naive UTC instants, cut at both; those that touch are one."""
    end = stop.replace(tzinfo=UTC)
    found: list[tuple[datetime, datetime]] = []
    for opens, closes in calendar.periods(start.replace(tzinfo=UTC)):
        if opens >= end:
            break
        piece = (opens.replace(tzinfo=None), min(closes, end).replace(tzinfo=None))
        if found and found[-1][1] == piece[0]:
            found[-1] = (found[-1][0], piece[1])
        else:
            found.append(piece)
    return tuple(found)
