"""Soundness: an agent's states folded again from the middle are what folding all of them gives."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polso.engine import DuckDB
from polso.facts import build
from soundness.logs import START
from soundness.profiles import few, many
from soundness.store import ALWAYS_OPEN, append, rows, store

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
# One fold costs more than a thousand more rows in it: many agents in a log, each with a life of few events.
AGENTS = 60
DAYS = 60


def life(random: Random, agent: str) -> Log:
    """What one agent did: states, shifts and calls, for one client or two, with home teams and queues or without."""
    teams = random.choice(((None,), ("x", None), ("x", "y"), (None, None, None, "x")))
    queues = random.choice(((None,), ("q", None), ("q", "r")))
    words = random.choice(
        ((), ("available", "break"), ("available", "break", "offline"), ("handling", "break"))
    )
    clients = random.choice((("a",), ("a", "a", "b")))
    made: Log = []

    def add(kind: str, hours: float, **said: Any) -> None:
        number = len(made)
        made.append(
            {"source": "desk", "event_id": f"{number * 7 % 10}-{agent}-{number}", "client": random.choice(clients), "kind": kind,
             "occurred_at": START + timedelta(hours=hours), "actor_kind": "agent", "actor_id": agent,
             "seq": random.choice((0, 0, 1)), **said}
        )  # fmt: skip

    for _ in range(random.randrange(2, 14)):
        hour = random.choice((random.randrange(24 * DAYS), random.randrange(24 * (DAYS - 4), 24 * DAYS)))
        what = random.choice(("state", "state", "scheduled", "call", "call", "call"))
        if what == "state" and words:
            add("state", hour, value=random.choice(words), team=random.choice(teams))
        elif what == "scheduled":
            add("scheduled", hour, amount=3600, team=random.choice(teams))
        else:
            client = random.choice(clients)
            call = {"contact_id": f"c-{agent}-{random.randrange(9)}", "stage": random.choice(("talk", "talk", "hold", "ring")),
                    "visit_id": random.choice((None, None, f"v{hour}")), "client": client}  # fmt: skip
            add("entered", hour, **call, team=random.choice(queues))
            if random.random() < 0.9:
                until = hour + random.choice((0, 0.5, 1, 1, 2, 30, 24 * 10))
                add("left", until, **call, value="served")
    return made


def batches(log: Log, random: Random, number: int) -> list[Log]:
    """In the order of time, as days come, but a few events late, and a few said otherwise at first."""
    when = {id(e): e["occurred_at"] + timedelta(days=random.choice((0,) * 20 + (3, 30))) for e in log}
    ordered = sorted(log, key=lambda e: when[id(e)])
    cuts = sorted(
        random.randrange(len(log) // 2, len(log)) if random.random() < 0.7 else random.randrange(len(log))
        for _ in range(number - 1)
    )
    parts = [ordered[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]
    for place, event in enumerate(log):
        if place % 17 == 0:
            wrong = {
                **event,
                "occurred_at": event["occurred_at"] + timedelta(hours=random.choice((-30, -1, 1, 30))),
                "team": random.choice((event.get("team"), "z")),
                "recorded_at": START - timedelta(days=9),
            }
            random.choice(parts).append(wrong)
    return parts


def restarting_changes_nothing(random: Random, number: int) -> None:
    log = [event for nth in range(AGENTS) for event in life(random, f"g{nth}")]
    with store(log) as engine:
        at_once = rows(engine, "states")
    with store(*batches(log, random, number)) as engine:
        found = rows(engine, "states")
        assert [] == [row for row in at_once if row not in found]
        assert at_once == found


@few
@given(st.randoms(use_true_random=False), st.integers(2, 4))
def test_states_in_batches(random: Random, number: int) -> None:
    restarting_changes_nothing(random, number)


@pytest.mark.slow
@many
@given(st.randoms(use_true_random=False), st.integers(2, 6))
def test_states_in_batches_of_many_logs(random: Random, number: int) -> None:
    restarting_changes_nothing(random, number)


def state(day: int, value: str, **said: Any) -> dict[str, Any]:
    return {
        "source": "desk", "client": "a", "event_id": f"s{day}{value}", "kind": "state", "actor_kind": "agent", "actor_id": "ada",
        "occurred_at": START + timedelta(days=day), "value": value, "team": "front", **said,
    }  # fmt: skip


BEFORE = [state(day, ("available", "break")[day % 2]) for day in range(30)]


def spoilt(engine: DuckDB) -> int:
    """How many of ada's states still bear the mark that `marked` put on them."""
    ((number,),) = engine.run("SELECT count(*) FROM states WHERE team = 'mark'")
    return int(number)


@pytest.mark.parametrize(
    ("news", "kept"),
    [
        ([state(30, "available")], 29),
        ([state(10, "offline", occurred_at=START + timedelta(days=9, hours=5))], 9),
        # A first word of handling speaks for every state there was.
        ([state(30, "handling")], 0),
        # So does a first home team, where there was none before it.
        ([state(-1, "break", team="back")], 0),
    ],
)
def test_only_states_from_shortly_before_the_news_are_folded_again(news: Log, kept: int) -> None:
    with store(BEFORE) as engine:
        engine.run("UPDATE states SET team = 'mark'")
        append(engine, news)
        build.build(engine, ALWAYS_OPEN)
        assert kept == spoilt(engine)
    with store(BEFORE, news) as engine:
        found = rows(engine, "states")
    with store([*BEFORE, *news]) as engine:
        assert rows(engine, "states") == found
