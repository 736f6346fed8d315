"""Soundness: how events arrive (order, batches, repeats, late corrections) changes no fact and no KPI."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polso.care import Care
from polso.engine import DuckDB
from polso.events import log as event_log
from polso.facts import FACTS
from soundness.logs import START, logs
from soundness.profiles import many, rare
from soundness.store import ALWAYS_OPEN, append, rows, store

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
ASKED = (
    "ticket_volume",
    "first_response_time",
    "resolution_time",
    "reply_time",
    "backlog",
    "reopen_rate",
    "first_contact_resolution",
)


def everything(engine: DuckDB) -> dict[str, Any]:
    """All facts as sorted rows, and some KPIs by day and team."""
    care = Care(Path("nowhere"), ALWAYS_OPEN, engine)
    asked = {name: care.ask(name, by=("day", "team")).to_dicts() for name in ASKED}
    return {**{fact: rows(engine, fact) for fact in FACTS}, **asked}


def changed(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What differs, in few words."""
    lines = []
    for name, wanted in before.items():
        found = after[name]
        gone, new = [r for r in wanted if r not in found], [r for r in found if r not in wanted]
        lines += [
            f"{name}: {what} {_told(row, other)}"
            for what, some, other in (("lost", gone, new), ("got", new, gone))
            for row in some[:3]
        ]
        if not gone and not new and wanted != found:
            lines.append(f"{name}: the same rows, {len(wanted)} once and {len(found)} now")
    return lines


def _told(row: dict[str, Any], others: list[dict[str, Any]]) -> dict[str, Any]:
    """The row's names, and what no other row says likewise."""
    names = [
        n for n in ("source", "ticket_id", "event_id", "contact_id", "order_id", "nth", "since") if n in row
    ]
    same = next((o for o in others if all(o[n] == row[n] for n in names)), {})
    return {n: v for n, v in row.items() if n in names or (n not in same or same[n] != v)}


def arrivals(log: Log, random: Random, batches: int) -> list[Log]:
    """The log cut into batches in any order, a third of the events arriving again, a few thrice."""
    shuffled = [
        event for event in log for _ in range(random.choice((1, 1, 2, 3)) if random.random() < 0.34 else 1)
    ]
    random.shuffle(shuffled)
    cuts = sorted(random.randrange(len(shuffled) + 1) for _ in range(batches - 1))
    return [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]


def arrival_changes_nothing(log: Log, random: Random, batches: int) -> None:
    with store(log) as engine:
        at_once = everything(engine)
    with store(*arrivals(log, random, batches)) as engine:
        assert [] == changed(at_once, everything(engine))
        assert len(log) == engine.run("SELECT count(*) FROM events")[0][0]
        assert [(0,)] == engine.run("SELECT count(*) FROM superseded")


def test_what_changed_is_told() -> None:
    assert [
        "tickets: lost {'ticket_id': 't1', 'n': 1}",
        "tickets: got {'ticket_id': 't1', 'n': 2}",
    ] == changed({"tickets": [{"ticket_id": "t1", "n": 1}]}, {"tickets": [{"ticket_id": "t1", "n": 2}]})


@rare
@given(logs(30), st.randoms(use_true_random=False), st.integers(2, 4))
def test_order_repeats_and_batches(log: Log, random: Random, batches: int) -> None:
    arrival_changes_nothing(log, random, batches)


@rare
@given(logs(30))
def test_an_event_that_comes_months_late(log: Log) -> None:
    with store(log) as engine:
        at_once = everything(engine)
    # The earliest events of half of the tickets come last, when their tickets have long gone cold.
    late = [e for e in log if e["occurred_at"] < START + timedelta(days=14) and hash_of(e) % 2]
    with store([e for e in log if e not in late], late) as engine:
        assert [] == changed(at_once, everything(engine))


def hash_of(event: dict[str, Any]) -> int:
    """A number of an event that is the same in every run."""
    return sum(event["event_id"].encode())


@pytest.mark.slow
@many
@given(logs(40), st.randoms(use_true_random=False), st.integers(2, 8))
def test_order_repeats_and_batches_of_many_logs(log: Log, random: Random, batches: int) -> None:
    arrival_changes_nothing(log, random, batches)


# -- one id, several contents

CONTENTS: Log = [
    {
        "source": "desk",
        "client": "a",
        "event_id": "1",
        "ticket_id": "t1",
        "kind": "opened",
        "actor_kind": "customer",
        "team": team,
        "occurred_at": START,
        "recorded_at": START + timedelta(hours=hours),
    }
    for team, hours in (("old", 1), ("new", 3), ("tie", 3))
]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_newest_content_wins_whatever_the_order(order: tuple[int, ...]) -> None:
    engine = DuckDB()
    event_log.prepare(engine)
    for place in (*order, *order):
        append(engine, [CONTENTS[place]])
    contents = "SELECT team, recorded_at, content_hash FROM {} ORDER BY 1"
    (winner,) = engine.run(contents.format("events"))
    losers = engine.run(contents.format("superseded"))
    assert winner[1:] == max(row[1:] for row in (winner, *losers))
    assert winner[0] in ("new", "tie")
    assert {"old", "new", "tie"} == {winner[0], *(team for team, *_ in losers)}
    assert 2 == len(losers)
    engine.close()


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_facts_follow_the_newest_content(order: tuple[int, ...]) -> None:
    """An older content that comes late loses, and does not take the winner along."""
    reply = {
        **CONTENTS[0],
        "event_id": "2",
        "kind": "message",
        "actor_kind": "agent",
        "team": None,
        "recorded_at": None,
    }
    with store([*CONTENTS, reply]) as engine:
        at_once = {fact: rows(engine, fact) for fact in ("tickets", "replies", "backlog")}
    first, *later = order
    with store([reply, CONTENTS[first]], *([CONTENTS[place]] for place in later)) as engine:
        assert [] == changed(at_once, {fact: rows(engine, fact) for fact in at_once})


@rare
@given(logs(20), st.randoms(use_true_random=False))
def test_corrections_arrive_in_any_order(log: Log, random: Random) -> None:
    """Half of the events are corrected: the later word stands, whichever word comes first."""
    corrected = [
        {**e, "team": "corrected", "recorded_at": e["occurred_at"] + timedelta(days=1)}
        for e in log
        if hash_of(e) % 2
    ]
    final = {(e["source"], e["event_id"]): e for e in [*log, *corrected]}
    with store(list(final.values())) as engine:
        right = everything(engine)
    with store(*arrivals([*log, *corrected], random, 3)) as engine:
        assert [] == changed(right, everything(engine))
        assert [(len(corrected),)] == engine.run("SELECT count(*) FROM superseded")


@rare
@given(logs(20))
def test_no_event_is_lost(log: Log) -> None:
    """Every event of a file is new, repeated, conflicting or rejected."""
    bad = [
        {**log[0], "event_id": "bad-1", "kind": "sang"},
        {**log[0], "event_id": "bad-2", "occurred_at": None},
    ]
    engine = DuckDB()
    event_log.prepare(engine)
    first = append(engine, [*log, *bad])
    again = append(
        engine,
        [
            *log,
            *bad,
            {**log[0], "channel": "corrected", "recorded_at": log[0]["occurred_at"] + timedelta(days=1)},
        ],
    )
    assert (len(log), 0, 0, 2) == (first.new, first.repeated, first.conflicting, first.rejected)
    assert len(log) + 3 == again.new + again.repeated + again.conflicting + again.rejected
    assert 2 == again.rejected
    assert [(len(log),)] == engine.run("SELECT count(*) FROM events")
    assert [(4,)] == engine.run("SELECT count(*) FROM rejections")
    engine.close()


@pytest.mark.parametrize("told", ["at once", "in two batches"])
def test_an_alias_that_changes_hands(told: str) -> None:
    common = {"source": "desk", "client": "a"}
    told_by = {"one": ("k1", 0, 1), "visitor": ("v1", 3, 4), "two": ("k2", 1, 2)}
    before = [
        {**common, "event_id": f"{ticket}-{kind}", "ticket_id": ticket, "customer_id": who, "kind": kind,
         "actor_kind": "agent" if kind == "solved" else "customer", "occurred_at": START + timedelta(days=days)}
        for ticket, (who, *lasted) in told_by.items()
        for kind, days in zip(("opened", "solved"), lasted, strict=True)
    ]  # fmt: skip
    who_is_who: Log = [
        {**common, "event_id": person, "customer_id": person, "subject_id": "v1", "kind": "identified",
         "occurred_at": START + timedelta(days=5 + place)}
        for place, person in enumerate(("k1", "k2"))
    ]  # fmt: skip
    batches = [[*before, who_is_who[0]], who_is_who[1:]]
    with store(*(batches if told == "in two batches" else [[*before, *who_is_who]])) as engine:
        found = {row["ticket_id"]: (row["person"], row["next_ticket_at"]) for row in rows(engine, "tickets")}
    opened = START + timedelta(days=3)
    assert {"one": ("k1", None), "two": ("k2", opened), "visitor": ("k2", None)} == found
