"""Facts of tickets by hand: tickets, replies, solves, waits, transfers, backlog."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from oracle.history import CARRIED, OPENING, Life, at, channel, dimensions, life
from oracle.log import ENDS, Event, TicketId, by_ticket, in_order, is_customer_turn, is_reply, reopens

Row = dict[str, Any]


def micros(start: datetime | None, end: datetime | None) -> int | None:
    """Elapsed microseconds, negative when reversed."""
    if start is None or end is None:
        return None
    gap = end - start
    return (gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds


class Ticket:
    """One ticket, and everything its events say."""

    def __init__(self, key: TicketId, events: list[Event], reopen_on: Iterable[str]) -> None:
        self.key, self.events, self.reopen_on = key, events, tuple(reopen_on)
        self.life: Life = life(events, self.reopen_on)
        self.history = dimensions(events)
        self.client = max(e["client"] for e in events)
        self.channel = channel(events)

    @property
    def head(self) -> Row:
        """What every fact of the ticket carries."""
        return {
            "source": self.key[0],
            "ticket_id": self.key[1],
            "client": self.client,
            "channel": self.channel,
        }

    def placed(self, instant: datetime | None) -> Row:
        """The head, with the dimensions in force at an instant."""
        return {**self.head, **at(self.history, instant)}

    def instants(self, kind: str) -> list[datetime]:
        """When a kind of event happened."""
        return [e["occurred_at"] for e in self.events if e["kind"] == kind]

    # -- who opened, and whether it counts

    @property
    def customer(self) -> str | None:
        """Whose request it is."""
        return max((e["customer_id"] for e in self.events if e.get("customer_id") is not None), default=None)

    @property
    def opened_by(self) -> str:
        """Who opened it; where nobody says, the customer did."""
        return self.life.opening.get("actor_kind") or "customer"

    @property
    def left_out(self) -> str | None:
        """Why it does not count: merged or removed after it was last restored, or an agent's own."""
        back = max(self.instants("restored"), default=None)
        for reason in ("merged", "removed"):
            gone = max(self.instants(reason), default=None)
            if gone and (back is None or gone > back):
                return reason
        opening = self.life.opening
        own = self.customer is not None and self.customer == opening.get("actor_id")
        # Only a recorded opening says so: where none is, the first event may be anything an agent did.
        by_agent = self.life.is_recorded and self.opened_by == "agent"
        return "internal" if by_agent and (opening.get("direction") == "internal" or own) else None

    # -- replies

    def turns(self) -> list[Row]:
        """Customer turns: from the first unanswered contact to the reply, or to the end of the ticket.

        A message to a ticket that is not open begins none, unless what follows opens the ticket again.
        """
        rows: list[Row] = []
        waiting = False
        told = [
            item
            for item in life([e for e in self.events if not self._is_undone(e)], self.reopen_on).told
            if _is_heard(item[0], self.reopen_on)
        ]
        reached: set[str] = set()
        for (event, is_open), later in zip(told, [*told[1:], None], strict=True):
            now = event["occurred_at"]
            # A caller passed on to another queue has reached the service once.
            call = event.get("contact_id") if event["kind"] == "entered" else None
            passed_on = call in reached
            reached |= {call} if call is not None else set()
            if waiting and is_reply(event):
                rows[-1] |= {
                    "outcome": "answered",
                    "replier": event.get("actor_id"),
                    "answered_at": now,
                    "ended_at": now,
                }
                waiting = False
            elif waiting and event["kind"] in ENDS:
                rows[-1] |= {"outcome": "ended", "ended_at": now}
                waiting = False
            elif not waiting and is_customer_turn(event) and not passed_on:
                opens_next = later and later[1] and later[0].get("actor_kind") != "agent"
                if event["kind"] == "message" and not is_open and not opens_next:
                    continue
                rows.append(
                    {
                        "started_at": now,
                        "outcome": "open",
                        "replier": None,
                        "answered_at": None,
                        "ended_at": None,
                    }
                )
                waiting = True
        return [
            {
                **self.placed(r["started_at"]),
                **r,
                "is_counted": self.left_out is None,
                "nth": n,
                "is_first": n == 1,
                "reply_us": micros(r["started_at"], r["answered_at"]),
            }
            for n, r in enumerate(rows, start=1)
        ]

    def _is_undone(self, event: Event) -> bool:
        """Whether it is a removal or a merging that a later restore undid: who comes back waited all along."""
        back = max(self.instants("restored"), default=None)
        return event["kind"] in ("merged", "removed") and back is not None and event["occurred_at"] < back

    def response(self) -> Row:
        """Where the response clock starts, and the first replies from that instant on."""
        messages = [e["occurred_at"] for e in self._messages("customer")]
        start = self.life.opened_at if self.opened_by == "customer" else min(messages, default=None)
        after = [e for e in self.events if start and e["occurred_at"] >= start]
        replies = [e["occurred_at"] for e in after if is_reply(e)]
        programs = [
            e["occurred_at"]
            for e in after
            if e["kind"] == "message"
            and e.get("actor_kind") in ("bot", "system")
            and e.get("direction") != "internal"
        ]
        first = min(replies, default=None)
        any_first = min(replies + programs, default=None)
        return {
            "started_at": start,
            "first_reply_at": first,
            "any_first_reply_at": any_first,
            "first_response_us": micros(start, first),
            "any_first_response_us": micros(start, any_first),
        }

    # -- solves

    def solves(self) -> list[Row]:
        """Open spells that ended solved."""
        rows: list[Row] = []
        spells = self.life.spells
        for spell, later in zip(spells, [*spells[1:], None], strict=True):
            if spell.ended_by == "solved" and spell.end:
                again = later.since if later else None
                rows.append(
                    {
                        **self.placed(spell.until),
                        "is_counted": self.left_out is None,
                        "solver": agent_of(spell.end),
                        "is_first": not rows,
                        "was_reopened": later is not None,
                        "since": spell.since,
                        "solved_at": spell.until,
                        "reopened_at": again,
                        "reopen_gap_us": micros(spell.until, again),
                    }
                )
        return rows

    def waits(self) -> list[Row]:
        """Waits inside open spells."""
        return [
            {
                **self.placed(w.since),
                "waiting_for": w.waiting_for,
                "since": w.since,
                "until": w.until,
                "wait_us": micros(w.since, w.until),
            }
            for w in self.life.waits
        ]

    def transfers(self) -> list[Row]:
        """Every move between teams."""
        return [
            {
                **{k: v for k, v in self.placed(e["occurred_at"]).items() if k != "team"},
                "event_id": e["event_id"],
                "is_counted": self.left_out is None,
                "from_team": e.get("subject_id"),
                "to_team": e.get("team"),
                "reason": e.get("value"),
                "by_system": e.get("actor_kind") == "system",
                "transferred_at": e["occurred_at"],
            }
            for e in self.events
            if e["kind"] == "transferred"
        ]

    def backlog(self) -> list[Row]:
        """Open spells cut where a dimension changes."""
        rows: list[Row] = []
        for n, spell in enumerate(self.life.spells):
            cuts = [
                t for t, _ in self.history if t > spell.since and (spell.until is None or t < spell.until)
            ]
            edges = [spell.since, *cuts]
            pieces: list[Row] = []
            for since, until in zip(edges, [*cuts, spell.until], strict=True):
                held = at(self.history, since)
                if pieces and all(pieces[-1][name] == held[name] for name in CARRIED):
                    pieces[-1]["until"] = until
                else:
                    pieces.append({**self.head, **held, "since": since, "until": until})
            for place, piece in enumerate(pieces):
                last = place == len(pieces) - 1
                again = "restored" if spell.after in ("merged", "removed") else "reopened"
                piece["began_as"] = "moved_in" if place else (again if n else "opened")
                piece["ended_as"] = spell.ended_by if last else "moved_out"
                piece["is_still_open"] = piece["until"] is None
                piece["opened_at"] = self.life.spells[0].since
                piece["left_out"] = self.left_out
            rows += pieces
        return rows

    # -- the row

    def row(self) -> Row:
        """The ticket's own row, without the second pass over people."""
        solves, turns, spells = self.solves(), self.turns(), self.life.spells
        opening, first, last = self.life.opening, self.events[0], self.events[-1]
        is_open = spells[-1].until is None
        again = [s for s in spells if s.after in ("solved", "closed")]
        kinds = [e["kind"] for e in self.events]
        opened_at = self.life.opened_at
        at_opening, at_solve, now = (
            at(self.history, opened_at),
            at(self.history, solves[0]["solved_at"] if solves else None),
            self.history[-1][1],
        )
        answered = [t["reply_us"] for t in turns if t["reply_us"] is not None]
        replies = [e["occurred_at"] for e in self.events if is_reply(e)]
        row = {
            **self.head,
            **now,
            "customer_id": self.customer,
            "left_out": self.left_out,
            "is_counted": self.left_out is None,
            **{f"opening_{n}": at_opening[n] for n in CARRIED},
            "solving_team": at_solve["team"],
            "solving_agent": at_solve["agent"],
            "solver": solves[-1]["solver"] if solves else None,
            "first_solver": solves[0]["solver"] if solves else None,
            "opened_by": self.opened_by,
            "opener": opening.get("actor_id") if self.opened_by == "agent" else None,
            "direction": opening.get("direction"),
            "opening_inferred": not self.life.is_recorded,
            "is_open": is_open,
            "opened_at": opened_at,
            "recorded_opening_at": opened_at if self.life.is_recorded else None,
            "first_event_at": first["occurred_at"],
            "last_event_at": last["occurred_at"],
            **self.response(),
            "human_reply_at": min(replies, default=None),
            "last_reply_at": max(replies, default=None),
            "assigned_at": min(self.instants("assigned"), default=None),
            "team_assigned_at": min(
                (
                    e["occurred_at"]
                    for e in self.events
                    if e.get("team") is not None and e["kind"] not in ("entered", "left")
                ),
                default=None,
            ),
            "taken_at": min((e["occurred_at"] for e in self._takes()), default=None),
            "first_customer_message_at": min(
                (e["occurred_at"] for e in self._messages("customer")), default=None
            ),
            "first_solved_at": solves[0]["solved_at"] if solves else None,
            "last_solved_at": solves[-1]["solved_at"] if solves else None,
            "resolved_at": solves[-1]["solved_at"] if solves and not is_open else None,
            "last_solve_event_at": max(self.instants("solved"), default=None),
            "reopened_at": min((s.since for s in again if s.after == "solved"), default=None),
            "ended_at": max((s.until for s in spells if s.until), default=None),
            "ended_unanswered_at": None if is_open or self.response()["first_reply_at"] else spells[-1].until,
            "ended_unsolved_at": None if is_open or solves else spells[-1].until,
            "closed_at": max(self.instants("closed"), default=None),
            "escalated_at": min(self.instants("escalated"), default=None),
            "escalation_reason": next(
                (e["value"] for e in self.events if e["kind"] == "escalated" and e.get("value") is not None),
                None,
            ),
            "merged_at": max(self.instants("merged"), default=None),
            "removed_at": max(self.instants("removed"), default=None),
            "restored_at": max(self.instants("restored"), default=None),
            "events": len(self.events),
            "customer_messages": len(self._messages("customer")),
            "agent_messages": len(self._messages("agent")),
            "bot_messages": len(self._messages("bot", "system")),
            "notes": kinds.count("note"),
            "assignments": kinds.count("assigned"),
            "takes": len(self._takes()),
            "transfers": sum(not t["by_system"] for t in self.transfers()),
            "escalations": kinds.count("escalated"),
            "solve_events": kinds.count("solved"),
            "solves": len(solves),
            "reopenings": len(again),
            "turns": len(turns),
            "longest_reply_us": max(answered, default=None),
            **self._paused(),
        }
        return {**row, **{f"{name}_us": micros(row[start], row[end]) for name, (start, end) in SPANS.items()}}

    def _messages(self, *actors: str) -> list[Event]:
        return [
            e
            for e in self.events
            if e["kind"] == "message"
            and e.get("actor_kind") in actors
            and (e.get("direction") != "internal" or e["actor_kind"] != "agent")
        ]

    def _takes(self) -> list[Event]:
        return [e for e in self.events if e["kind"] == "assigned" and e.get("actor_id") == e["subject_id"]]

    def _paused(self) -> Row:
        ended = [(w, micros(w.since, w.until) or 0) for w in self.life.waits]
        solved = min((s["solved_at"] for s in self.solves()), default=None)
        on_customer = [(w, us) for w, us in ended if w.waiting_for == "customer"]
        return {
            "paused_us": sum(us for _, us in ended),
            "paused_on_customer_us": sum(us for _, us in on_customer),
            "paused_early_us": sum(us for w, us in on_customer if solved and w.since < solved),
        }


SPANS = {
    "response_from_opening": ("opened_at", "human_reply_at"),
    "assign": ("opened_at", "assigned_at"),
    "team_assign": ("opened_at", "team_assigned_at"),
    "take": ("opened_at", "taken_at"),
    "resolution": ("opened_at", "resolved_at"),
    "first_resolution": ("opened_at", "first_solved_at"),
    "last_solve_event": ("opened_at", "last_solve_event_at"),
    "resolution_after_contact": ("first_reply_at", "resolved_at"),
    "reopen_gap": ("first_solved_at", "reopened_at"),
    "lifetime": ("opened_at", "last_event_at"),
}


def _is_heard(event: Event, reopen_on: Iterable[str]) -> bool:
    """Whether an event asks, answers, ends or opens anything."""
    opens = event["kind"] in (OPENING, "opened") or reopens(event, reopen_on)
    speaks = is_reply(event) or is_customer_turn(event) or event["kind"] in ENDS
    return opens or speaks


def agent_of(event: Event) -> str | None:
    """The agent who did it; nobody where a customer or a program did."""
    return event.get("actor_id") if event.get("actor_kind") == "agent" else None


def persons(events: Iterable[Event]) -> dict[tuple[str, str], str]:
    """(client, alias) -> customer; the last word wins."""
    return {
        (e["client"], e["subject_id"]): e["customer_id"]
        for e in in_order(events)
        if e["kind"] == "identified"
    }


def tickets(events: list[Event], reopen_on: Iterable[str] = ("reopened", "restored")) -> list[Ticket]:
    """All tickets of a log."""
    return [Ticket(key, own, reopen_on) for key, own in sorted(by_ticket(events).items())]


def facts(events: list[Event], reopen_on: Iterable[str] = ("reopened", "restored")) -> dict[str, list[Row]]:
    """Every fact this oracle knows, as rows."""
    made = tickets(events, reopen_on)
    aliases = persons(events)
    rows = [t.row() for t in made]
    for row in rows:
        row["person"] = aliases.get((row["client"], row["customer_id"]), row["customer_id"])
    for row in rows:
        row |= returns(row, rows)
    for ticket, row in zip(made, rows, strict=True):
        ids = [
            e["subject_id"] for e in ticket.events if e["kind"] == "linked" and e.get("value") == "follow_up"
        ]
        row["follows"] = max(ids, default=None)
        row["merged_into"] = max(
            (e["subject_id"] for e in ticket.events if e["kind"] == "merged"), default=None
        )
    many = {
        name: [row for t in made for row in getattr(t, name)()]
        for name in ("solves", "waits", "transfers", "backlog")
    }
    return {"tickets": rows, "replies": [row for t in made for row in t.turns()], **many}


def returns(row: Row, rows: list[Row]) -> Row:
    """The same person's next counted tickets strictly after the last solve: same type, unknown type, any."""
    solved, person = row["last_solved_at"], row["person"]
    later = [
        r
        for r in rows
        if solved
        and person is not None
        and (r["client"], r["person"]) == (row["client"], person)
        and r["is_counted"]
        and r["opened_at"] > solved
    ]
    same = [
        r["opened_at"] for r in later if r["issue_type"] is not None and r["issue_type"] == row["issue_type"]
    ]
    unknown = [r["opened_at"] for r in later if r["issue_type"] is None]
    return {
        "next_same_type_at": min(same, default=None),
        "next_unknown_type_at": min(unknown, default=None),
        "next_ticket_at": min((r["opened_at"] for r in later), default=None),
    }
