"""Random logs, plausible and adversarial; a ticket is a start and a list of steps, so that failures shrink.

Ties at equal instants, missing openings, double solves, merges, removals, restores, waits that never
end, bots, calls with several queue visits, ratings given twice and events out of order all come up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Event = dict[str, Any]
Step = dict[str, Any]

# A Friday: the clocks of Rome go forward on the Sunday after.
START = datetime(2024, 3, 29, 8, 0)
SOURCES = ("desk", "phone")
CLIENTS = ("a", "b")
CUSTOMERS = ("k1", "k2", "k3", None)
CHANNELS = ("email", "chat", "phone", None)
AGENTS = ("g1", "g2")
ASIDE = ("merged", "removed", "restored")
MINUTES = (7, 0, 1, 0, 45, 600, 1500, 11000)


def _steps() -> list[Step]:
    by_agent = [{"actor_kind": "agent", "actor_id": agent} for agent in AGENTS]
    programs: list[Step] = [{"actor_kind": "bot", "actor_id": "bot"}, {"actor_kind": "system"}]
    customer: Step = {"actor_kind": "customer"}
    return [
        *({"kind": "message", **who} for who in (customer, *by_agent, customer, *by_agent, *programs)),
        {"kind": "message", "actor_kind": "agent", "actor_id": "g1", "direction": "internal"},
        *({"kind": "solved", **who} for who in (*by_agent, *by_agent, customer, *programs)),
        *(
            {"kind": "assigned", "actor_kind": "agent", "actor_id": by, "subject_id": to}
            for by in AGENTS
            for to in AGENTS
        ),
        {"kind": "assigned", "actor_kind": "system", "subject_id": "g2", "team": "y"},
        {"kind": "unassigned"},
        *(
            {"kind": "transferred", "subject_id": a, "team": b, "value": "skill", **who}
            for a, b, who in (("x", "y", by_agent[0]), ("y", "x", programs[1]))
        ),
        *(
            {"kind": "set", "attribute": name, "value": value}
            for name in ("priority", "issue_type", "colour")
            for value in ("1", "2", None)
        ),
        *({"kind": "waiting", "value": whom} for whom in ("customer", "internal", "customer", None)),
        {"kind": "resumed"},
        {"kind": "resumed"},
        *({"kind": "reopened", **who} for who in (customer, programs[1])),
        {"kind": "closed", "actor_kind": "system"},
        {"kind": "merged", "subject_id": "t0"},
        {"kind": "removed", "value": "spam"},
        {"kind": "restored"},
        {"kind": "restored"},
        {"kind": "note", "value": "private", **by_agent[0]},
        *({"kind": "escalated", "value": why} for why in ("tier", "skill", None)),
        {"kind": "linked", "subject_id": "t1", "value": "follow_up"},
        *(
            {
                "kind": "rated",
                "attribute": "csat5",
                "amount": Decimal(score),
                "subject_id": survey,
                "value": None,
            }
            for score, survey in ((5, "s1"), (2, "s1"), (4, None))
        ),
        *(
            {"kind": "rated", "attribute": "nps", "amount": Decimal(score), "subject_id": "s2", "value": "q"}
            for score in (10, 8, 3)
        ),
        {"kind": "survey_sent", "attribute": "csat5", "subject_id": "s1"},
    ]


STEPS = _steps()
OPENINGS: tuple[Step | None, ...] = (
    {"actor_kind": "customer"},
    {"actor_kind": "customer", "team": "x"},
    {"actor_kind": "agent", "actor_id": "g1", "team": "x"},
    {"actor_kind": "system", "team": "y"},
    {"actor_kind": "agent", "actor_id": "g2", "direction": "internal"},
    {},
    None,
)
# What happens to a call: (stage, outcome, seconds); an outcome of None means that it was never left.
CALLS: tuple[tuple[tuple[str, str | None, int], ...], ...] = (
    (("queue", "answered", 15), ("talk", None, 0)),
    (("queue", "answered", 20), ("talk", "served", 300)),
    (("queue", "answered", 60), ("ring", "answered", 8), ("talk", "served", 120), ("wrap", "served", 30)),
    (("queue", "abandoned", 4),),
    (("queue", "abandoned", 40),),
    (("welcome", "passed", 5), ("ivr", "abandoned", 9)),
    (("welcome", "passed", 5), ("ivr", "served", 60)),
    (("ivr", "passed", 12), ("queue", "overflowed", 30), ("queue", "answered", 10), ("talk", "served", 200)),
    (("queue", "transferred", 25), ("queue", "abandoned", 21)),
    (("queue", "timed_out", 20),),
    (("queue", "voicemail", 90),),
    (("queue", "callback", 33),),
    (("bot", "handed_off", 50), ("queue", "answered", 0), ("talk", "served", 45)),
    (("bot", "contained", 50),),
    (("queue", None, 0),),
)


@st.composite
def tickets(draw: st.DrawFn, number: int, *, orderly: bool) -> list[Event]:
    """The events of one ticket. An orderly one begins with its only opening."""
    now = START + timedelta(minutes=draw(st.integers(0, 40_000)))
    common = {
        "source": draw(st.sampled_from(SOURCES)),
        "client": draw(st.sampled_from(CLIENTS)),
        "customer_id": draw(st.sampled_from(CUSTOMERS)),
        "ticket_id": f"t{number}",
    }
    channel = draw(st.sampled_from(CHANNELS))
    opening = draw(st.sampled_from(OPENINGS[:-1] if orderly else OPENINGS))
    events: list[Event] = []

    def add(kind: str, **said: Any) -> None:
        if said.get("actor_kind") == "customer":
            said["actor_id"] = common["customer_id"]
        if kind == "linked":
            said["subject_id"] = f"t{number - 1 if number else 1}"
        if kind in ("rated", "survey_sent") and said["subject_id"]:
            said["subject_id"] += f"-{number}"
        # Ids that sort unlike the instants, so that an order by id alone would show.
        shuffled = (len(events) * 7 + number * 3) % 10
        events.append(
            {
                **common,
                "event_id": f"{shuffled}-{number}-{len(events)}",
                "occurred_at": now,
                "kind": kind,
                **said,
            }
        )

    if opening is not None:
        add("opened", channel=channel, **opening)
    for minutes, step in draw(
        st.lists(st.tuples(st.sampled_from(MINUTES), st.sampled_from(STEPS)), max_size=9)
    ):
        now += timedelta(minutes=minutes)
        if step["kind"] in ASIDE and any(e["kind"] in ASIDE and e["occurred_at"] == now for e in events):
            # Gone and back at one instant is neither.
            now += timedelta(minutes=1)
        add(channel=channel if step["kind"] == "message" else None, **step)
    if not orderly and len(events) > 1 and draw(st.integers(0, 9)) == 9:
        # A clock that runs behind: one event seems older than all others.
        events[draw(st.integers(0, len(events) - 1))]["occurred_at"] = START - timedelta(
            minutes=draw(st.integers(1, 600))
        )
    return events


@st.composite
def calls(draw: st.DrawFn, number: int) -> list[Event]:
    """A call without a ticket: its stages one after the other, with visit ids or without."""
    now = START + timedelta(seconds=draw(st.integers(0, 2_000_000)))
    common = {
        "source": draw(st.sampled_from(SOURCES)),
        "client": draw(st.sampled_from(CLIENTS)),
        "contact_id": f"c{number}",
        "customer_id": draw(st.sampled_from(CUSTOMERS)),
        "channel": "phone",
        "direction": draw(st.sampled_from(("inbound", None, "outbound"))),
    }
    has_ids = draw(st.booleans())
    events: list[Event] = []
    for nth, (stage, outcome, seconds) in enumerate(draw(st.sampled_from(CALLS))):
        # The sequence tells what follows at equal instants.
        here = {
            **common,
            "stage": stage,
            "visit_id": f"v{nth}" if has_ids else None,
            "team": draw(st.sampled_from(("x", "y", None))),
        }
        agent = {"actor_kind": "agent", "actor_id": "g1"} if stage in ("ring", "talk", "wrap") else {}
        events.append(
            {
                **here,
                **agent,
                "event_id": f"c{number}-{nth}-in",
                "kind": "entered",
                "occurred_at": now,
                "seq": 2 * nth,
            }
        )
        if outcome is None:
            break
        now += timedelta(seconds=seconds)
        events.append(
            {
                **here,
                **agent,
                "event_id": f"c{number}-{nth}-out",
                "kind": "left",
                "value": outcome,
                "occurred_at": now,
                "seq": 2 * nth + 1,
            }
        )
    return events


@st.composite
def logs(draw: st.DrawFn, most: int = 30, *, orderly: bool = False) -> list[Event]:
    """Several tickets and calls, and a newest event in every source so that as-of is one instant."""
    events: list[Event] = []
    for number in range(draw(st.integers(1, most))):
        events += draw(calls(number) if number % 3 == 2 else tickets(number, orderly=orderly))
    for source in SOURCES:
        events.append(
            {
                "source": source,
                "client": "a",
                "event_id": "last",
                "ticket_id": f"last-{source}",
                "kind": "opened",
                "actor_kind": "system",
                "occurred_at": START + timedelta(days=75),
            }
        )
    return events
