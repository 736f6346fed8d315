"""A service whose people have names that cannot be mistaken, its settings, and its store under a privacy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from polso.care import Care
from polso.config import parse
from soundness.store import store

Event = dict[str, Any]
START: Final = datetime(2024, 4, 1, 8)
TODAY: Final = date(2024, 6, 1)
PROJECT: Final = """
[project]
zone = "Europe/Rome"
minimum_n = 1
"""
UNLOCK: Final = """
[privacy.unlock]
type = "union_agreement"
protocol = "RSU 12/2024"
date = 2024-01-01
expires = 2024-12-31
approver = "Chiara Moro"
"""
OPEN: Final = '[privacy]\nprofile = "open"\n'
# How many people work in each team: one is too small to be shown, and so is the other.
TEAMS: Final = {"north": 9, "south": 8, "east": 6, "island": 2, "night": 1}
CHANNELS: Final = ("email", "chat", "phone", "fax")
PRIORITIES: Final = ("low", "high")


def people(team: str) -> list[str]:
    """Who works in a team."""
    return [f"zoe.{team}.{nth}" for nth in range(TEAMS[team])]


EVERYBODY: Final = tuple(name for team in TEAMS for name in people(team))


def ticket(
    number: int, at: datetime, team: str | None, agent: str | None, channel: str, priority: str
) -> list[Event]:
    """A ticket opened in a team, given to somebody, answered, solved and rated."""
    common = {"source": "desk", "client": "acme", "ticket_id": f"t{number}", "customer_id": f"k{number % 40}"}
    worker = {"actor_kind": "agent", "actor_id": agent} if agent else {"actor_kind": "system"}
    customer = {"actor_kind": "customer", "actor_id": common["customer_id"]}
    story: list[tuple[str, int, dict[str, Any]]] = [
        ("opened", 0, {**customer, "channel": channel, "team": team}),
        # Customers are not people at work, in whatever column they stand.
        ("message", 1, {**customer, "channel": channel}),
        ("set", 0, {"attribute": "priority", "value": priority}),
    ]
    if agent:
        story += [
            ("assigned", 3, {"actor_kind": "system", "subject_id": agent}),
            ("message", 10 + number % 50, {**worker, "channel": channel}),
            ("work", 60, {**worker, "amount": 300}),
            ("solved", 70, worker),
            (
                "rated",
                90,
                {
                    "actor_kind": "customer",
                    "attribute": "csat5",
                    "amount": number % 5 + 1,
                    "subject_id": f"s{number}",
                },
            ),
        ]
    return [
        {**common, "event_id": f"{number}-{nth}", "kind": kind, "occurred_at": at + timedelta(minutes=after), **said}
        for nth, (kind, after, said) in enumerate(story)
    ]  # fmt: skip


def call(number: int, at: datetime, team: str, agent: str) -> list[Event]:
    """A call: a queue, and a talk with somebody."""
    common = {
        "source": "phone",
        "client": "acme",
        "contact_id": f"c{number}",
        "channel": "phone",
        "team": team,
    }
    who = {"actor_kind": "agent", "actor_id": agent}
    steps = [("queue", 0, 20, "answered", {}), ("talk", 20, 200, "served", who)]
    made = []
    for nth, (stage, since, until, outcome, actor) in enumerate(steps):
        for kind, after, value in (("entered", since, None), ("left", until, outcome)):
            made.append({
                **common, **actor, "stage": stage, "kind": kind, "value": value, "visit_id": f"{stage}{nth}",
                "event_id": f"c{number}-{nth}-{kind}", "occurred_at": at + timedelta(seconds=after), "seq": nth,
            })  # fmt: skip
    return made


def states(agent: str, team: str, day: int) -> list[Event]:
    """A shift, and what somebody did in it; the ids of these events hold the name, as some sources make them."""
    at = START + timedelta(days=day)
    common = {"source": "phone", "client": "acme", "team": team, "actor_id": agent, "actor_kind": "agent"}
    said = [
        ("scheduled", 0, {"amount": 28800}),
        ("state", 0, {"value": "available"}),
        ("state", 8, {"value": "offline"}),
    ]
    return [
        {**common, "event_id": f"{agent}-{day}-{n}", "kind": kind, "occurred_at": at + timedelta(hours=after), **more}
        for n, (kind, after, more) in enumerate(said)
    ]  # fmt: skip


def log(seed: int = 1, tickets: int = 400) -> list[Event]:
    """A few weeks of tickets, calls and shifts, unevenly over teams, people, channels and priorities."""
    dice, made = Random(seed), []
    for number in range(tickets):
        team = dice.choices([*TEAMS, None], [9, 7, 5, 2, 1, 1])[0]
        agent = dice.choice(people(team)) if team and dice.random() < 0.9 else None
        channel = dice.choices(CHANNELS, [8, 5, 4, 1])[0]
        at = START + timedelta(days=dice.randrange(28), minutes=dice.randrange(480))
        made += ticket(number, at, team, agent, channel, dice.choices(PRIORITIES, [4, 1])[0])
        if team and number % 4 == 0:
            made += call(number, at, team, dice.choice(people(team)))
    for team in TEAMS:
        for agent in people(team):
            made += states(agent, team, dice.randrange(28))
    return made


@contextmanager
def opened(events: Iterable[Event], folder: Path, settings: str = "", today: date = TODAY) -> Iterator[Care]:
    """The log under a privacy, ready to be asked."""
    config = parse(PROJECT + settings)
    with store(events, config=config) as engine:
        yield Care(folder, config, engine, lambda: today)
