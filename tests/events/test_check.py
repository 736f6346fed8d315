"""Every defect planted in a clean log is found, exactly; a clean log gives no finding."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from polso.engine import DuckDB
from polso.events import log as event_log
from polso.events.check import CHECKS, SHOWN, Finding, check
from soundness.store import append

Event = dict[str, Any]
START = datetime(2024, 3, 1, 8, 0)


def event(number: int, kind: str, *, hours: float = 0, **said: Any) -> Event:
    """One event of the source `desk`, so many hours after the start."""
    at = START + timedelta(hours=hours)
    return {
        "source": "desk",
        "client": "a",
        "event_id": f"e{number}",
        "kind": kind,
        "occurred_at": at,
        "recorded_at": at,
        **said,
    }


def ticket(number: int, *, hours: float = 0, name: str | None = None) -> list[Event]:
    """A ticket with a wait, a reply, a solve, a survey and its answer."""
    told: Event = {"ticket_id": name or f"t{number}", "customer_id": f"k{number}"}
    base = number * 100
    return [
        event(base, "opened", hours=hours, actor_kind="customer", **told),
        event(base + 1, "assigned", hours=hours + 0.1, subject_id="g1", actor_kind="system", **told),
        event(base + 2, "message", hours=hours + 0.2, actor_kind="agent", actor_id="g1", **told),
        event(base + 3, "waiting", hours=hours + 0.3, value="customer", **told),
        event(base + 4, "resumed", hours=hours + 0.4, **told),
        event(
            base + 5,
            "work",
            hours=hours + 0.5,
            amount=Decimal(600),
            actor_kind="agent",
            actor_id="g1",
            **told,
        ),
        event(base + 6, "solved", hours=hours + 0.6, actor_kind="agent", actor_id="g1", **told),
        event(base + 7, "survey_sent", hours=hours + 0.7, attribute="csat5", subject_id=f"s{number}", **told),
        event(
            base + 8,
            "rated",
            hours=hours + 0.8,
            attribute="csat5",
            amount=Decimal(5),
            subject_id=f"s{number}",
            **told,
        ),
    ]


def call(number: int, *, hours: float = 0, ids: bool = True) -> list[Event]:
    """A call through a queue, with or without visit ids."""
    steps = (
        ("entered", "queue", 0.0),
        ("left", "queue", 0.01),
        ("entered", "talk", 0.01),
        ("left", "talk", 0.1),
    )
    outcome = {"queue": "answered", "talk": "served"}
    return [
        event(
            number * 100 + 50 + n,
            kind,
            hours=hours + later,
            contact_id=f"c{number}",
            stage=stage,
            seq=n,
            visit_id=f"{number}-{stage}" if ids else None,
            value=outcome[stage] if kind == "left" else None,
        )
        for n, (kind, stage, later) in enumerate(steps)
    ]


def clean() -> list[Event]:
    """A ticket an hour for ten days, and a call in every other hour."""
    return [
        e
        for number in range(240)
        for e in (
            *ticket(number, hours=number),
            *(call(number, hours=number, ids=number % 4 == 0) if number % 2 == 0 else ()),
        )
    ]


def checked(*batches: list[Event]) -> list[Finding]:
    engine = DuckDB()
    event_log.prepare(engine)
    for batch in batches:
        append(engine, batch, "plant.csv")
    found = check(engine)
    engine.close()
    return found


Plant = Callable[[], list[Event]]
TOLD: Event = {"ticket_id": "planted", "customer_id": "k"}
OPENED = event(1_000_000, "opened", hours=100, actor_kind="customer", **TOLD)
YEARS = 3 * 365 * 24


def visit(kind: str, number: int, hours: float, stage: str = "queue", **said: Any) -> Event:
    """One end of a visit of a planted call."""
    return event(number, kind, hours=hours, contact_id="planted", stage=stage, **{"visit_id": stage, **said})


PLANTS: dict[str, tuple[dict[str, int], list[Event]]] = {
    "silence": ({"silence": 1}, [*ticket(5000, hours=265)]),
    "left_before_entered": (
        {"left_before_entered": 1},
        [visit("entered", 1_000_001, 100.5), visit("left", 1_000_002, 100, value="abandoned")],
    ),
    "solved_before_opened": (
        {"solved_before_opened": 1},
        [OPENED, event(1_000_001, "solved", hours=99, **TOLD)],
    ),
    "replied_before_opened": (
        {"replied_before_opened": 1},
        [OPENED, event(1_000_001, "message", hours=99, actor_kind="agent", actor_id="g1", **TOLD)],
    ),
    "recorded_before_occurred": (
        {"recorded_before_occurred": 1},
        [{**OPENED, "recorded_at": OPENED["occurred_at"] - timedelta(seconds=61)}],
    ),
    "talk_too_long": (
        {"talk_too_long": 1},
        [visit("entered", 1_000_001, 100, "talk"), visit("left", 1_000_002, 112.1, "talk", value="served")],
    ),
    "work_too_long": (
        {"work_too_long": 1},
        [event(1_000_001, "work", hours=100, amount=Decimal(86_401), ticket_id="t3")],
    ),
    "open_for_years": (
        {"open_for_years": 1},
        [{**OPENED, "event_id": "old", "occurred_at": START - timedelta(hours=YEARS)}],
    ),
    "left_without_entered": ({"left_without_entered": 1}, [visit("left", 1_000_002, 100, value="abandoned")]),
    "left_without_entered, no ids": (
        {"left_without_entered": 1},
        [visit("left", 1_000_002, 100, value="abandoned", visit_id=None)],
    ),
    "entered_without_left, contact went on": (
        {"entered_without_left": 1},
        [
            visit("entered", 1_000_001, 239),
            visit("entered", 1_000_002, 239.1, "talk"),
            visit("left", 1_000_003, 239.2, "talk", value="served"),
        ],
    ),
    "entered_without_left, source went on": ({"entered_without_left": 1}, [visit("entered", 1_000_001, 100)]),
    "rated_without_survey": (
        {"rated_without_survey": 1},
        [
            event(
                1_000_001,
                "rated",
                hours=100,
                attribute="csat5",
                amount=Decimal(4),
                subject_id="never",
                ticket_id="t3",
            )
        ],
    ),
    "resumed_without_waiting": (
        {"resumed_without_waiting": 1},
        [event(1_000_001, "resumed", hours=150, ticket_id="t3")],
    ),
    "assigned_without_opened": (
        {"assigned_without_opened": 1, "opening_inferred": 1},
        [event(1_000_001, "assigned", hours=100, subject_id="g1", **TOLD)],
    ),
    "actor_without_kind": (
        {"actor_without_kind": 1},
        [event(1_000_001, "note", hours=100, ticket_id="t3", actor_id="g1")],
    ),
    "merged_into_nothing": (
        {"merged_into_nothing": 1},
        [event(1_000_001, "merged", hours=100, ticket_id="t3", subject_id="nowhere")],
    ),
    "opening_inferred": (
        {"opening_inferred": 1},
        [event(1_000_001, "message", hours=100, actor_kind="customer", **TOLD)],
    ),
    "superseded": (
        {"superseded": 1},
        [{**ticket(3, hours=3)[0], "team": "x", "recorded_at": START + timedelta(days=9)}],
    ),
    "in_the_future": (
        {"in_the_future": 1},
        [{**OPENED, "occurred_at": datetime.now(UTC).replace(tzinfo=None) + timedelta(hours=24)}],
    ),
    "too_old": (
        {"too_old": 2},
        [{**OPENED, "event_id": f"o{n}", "occurred_at": datetime(1970, 1, 1)} for n in range(2)],
    ),
    "rejected": ({"rejected": 2}, [{**OPENED, "event_id": f"o{n}", "kind": "sang"} for n in range(2)]),
}


def test_a_clean_log_gives_no_finding() -> None:
    assert [] == checked(clean())


def test_an_empty_store_gives_no_finding() -> None:
    engine = DuckDB()
    assert [] == check(engine)
    event_log.prepare(engine)
    assert [] == check(engine)
    engine.close()


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_defect_is_found_and_nothing_else(name: str) -> None:
    wanted, planted = PLANTS[name]
    if name == "open_for_years":
        # Three silent years come with it; that finding is not what is planted here.
        found = [f for f in checked(clean(), planted) if f.kind != "silence"]
    else:
        found = checked(clean(), planted)
    assert wanted == {finding.kind: finding.count for finding in found}
    for finding in found:
        assert str(finding.count) in finding.sentence
        assert "{" not in finding.sentence
        assert min(SHOWN, finding.count) == len(finding.samples)


def test_every_check_has_a_plant() -> None:
    assert {one.kind for one in CHECKS} == {kind for wanted, _ in PLANTS.values() for kind in wanted} | {
        "stopped"
    }


def test_a_source_that_stopped() -> None:
    other = [{**e, "source": "phone"} for e in clean()]
    found = checked(clean(), other, [{**e, "source": "phone"} for e in ticket(5000, hours=265)])
    assert {"silence": "phone", "stopped": "desk"} == {f.kind: f.samples[0].source for f in found}


def test_a_sample_says_where_to_look() -> None:
    (finding,) = checked(clean(), PLANTS["solved_before_opened"][1])
    (sample,) = finding.samples
    assert ("desk", "planted", "e1000001") == (sample.source, sample.ticket, sample.event_id)
    assert (START + timedelta(hours=100), START + timedelta(hours=99)) == sample.instants


def test_rejections_say_their_file_and_line() -> None:
    (finding,) = checked(PLANTS["rejected"][1])
    assert "unknown kind: sang" in finding.sentence
    assert "plant.csv:1" in str(finding.samples[0].text)


def test_the_skew_of_each_source_is_told() -> None:
    late = [{**e, "recorded_at": e["occurred_at"] - timedelta(seconds=300)} for e in ticket(1)]
    found = checked(
        late,
        [{**e, "source": "phone"} for e in ticket(2)],
        [{**e, "source": "chat", "recorded_at": e["occurred_at"] - timedelta(seconds=90)} for e in ticket(3)],
    )
    told = {f.samples[0].source: (f.count, f.sentence) for f in found if f.kind == "recorded_before_occurred"}
    assert {"desk": 9, "chat": 9} == {source: count for source, (count, _) in told.items()}
    assert "by 300 seconds" in told["desk"][1]
    assert "by 90 seconds" in told["chat"][1]


def test_ten_are_shown_and_all_are_counted() -> None:
    planted = [event(1_000_000 + n, "resumed", hours=150 + n / 10, ticket_id=f"t{n}") for n in range(37)]
    (finding,) = checked(clean(), planted)
    assert (37, 10) == (finding.count, len(finding.samples))


@pytest.mark.parametrize("one", CHECKS, ids=lambda one: one.kind)
def test_a_check_that_finds_nothing_would_be_noticed(one: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a check, its plant goes unseen: no plant passes by chance."""
    monkeypatch.setattr("polso.events.check.CHECKS", tuple(c for c in CHECKS if c is not one))
    for wanted, planted in PLANTS.values():
        if one.kind in wanted:
            assert one.kind not in {finding.kind for finding in checked(clean(), planted)}
