"""KPIs over queues, stages, handling, bots, the community and agents' time are what the simulator knows."""

from __future__ import annotations

from fractions import Fraction
from math import isclose

import pytest

from truth.acme import Acme, told

pytestmark = pytest.mark.xdist_group("acme")
OUTCOMES = (
    "answered",
    "abandoned",
    "overflowed",
    "timed_out",
    "transferred",
    "callback",
    "voicemail",
    "refused",
    "failed",
)


def by_queue(found: dict[tuple[str, str], int]) -> dict[str, int]:
    """Counts keyed 'channel/team', as the truth writes queues."""
    return {f"{channel}/{team}": n for (channel, team), n in found.items()}


def test_offered_and_every_outcome_by_queue(acme: Acme) -> None:
    queue = acme.truth.queue
    assert {q: c["offered"] for q, c in queue.items()} == by_queue(
        acme.counts("calls_offered", "channel", "team")
    )
    for outcome in OUTCOMES:
        expected = {q: c[outcome] for q, c in queue.items() if c.get(outcome)}
        assert expected == by_queue(
            acme.counts("calls_offered", "channel", "team", where={"outcome": outcome})
        ), outcome


def test_service_level_and_its_three_rules(acme: Acme) -> None:
    queue = acme.truth.queue
    answered = {q: c["answered_in_20s"] for q, c in queue.items() if c.get("answered_in_20s")}
    gone = {q: c.get("abandoned_in_20s", 0) for q, c in queue.items()}
    offered = {q: c["offered"] for q, c in queue.items()}
    assert offered == by_queue(acme.counts("service_level", "channel", "team"))
    assert answered == by_queue(acme.parts("service_level", "channel", "team"))
    positive = {q: n for q in queue if (n := answered.get(q, 0) + gone[q])}
    assert positive == by_queue(acme.parts("service_level:positive", "channel", "team"))
    ignored = {q: offered[q] - gone[q] for q in queue}
    assert ignored == by_queue(acme.counts("service_level:ignore", "channel", "team"))


def test_short_abandons_leave_both_sides(acme: Acme) -> None:
    left = {q: c["offered"] - c.get("abandoned_under_5s", 0) for q, c in acme.truth.queue.items()}
    assert left == by_queue(acme.counts("service_level:without_short", "channel", "team"))


def test_waits_by_queue(acme: Acme) -> None:
    found = acme.tallies("speed_of_answer", "channel", "team")
    assert told(acme.truth.queue_wait) == {
        f"{channel}/{team}": tally for (channel, team), tally in found.items()
    }


def test_calls_from_dialling_to_the_answer(acme: Acme) -> None:
    """A callback later taken by a person is no answer of the call that asked for it."""
    truth, phone = acme.truth.calls, {"channel": "phone"}
    everyone = acme.one("abandonment_rate:of_all", where=phone)
    queued = acme.one("abandonment_rate", where=phone)
    assert truth["offered"] == everyone.n
    assert (truth["queued"], truth["abandoned_before_answer"]) == (queued.n, queued.parts["part"])
    answered = acme.one("contact_volume", where={**phone, "medium": "session", "is_answered": True})
    assert truth["answered"] == answered.n


def test_stages_by_outcome(acme: Acme) -> None:
    found: dict[str, dict[str, int]] = {}
    for (channel, stage, outcome), n in acme.counts("stage_time", "channel", "stage", "outcome").items():
        found.setdefault(f"{channel}/{stage}", {})[outcome] = n
    backwards = acme.one("stage_time").parts["negative"]
    expected = {
        stage: {k: n for k, n in outcomes.items() if n} for stage, outcomes in acme.truth.stages.items()
    }
    assert acme.truth.defects["clock_backwards"] == backwards
    missing = sum(sum(c.values()) for c in expected.values()) - sum(sum(c.values()) for c in found.values())
    assert backwards == missing
    assert {s: c for s, c in expected.items() if not s.endswith("/wrap")} == {
        s: c for s, c in found.items() if not s.endswith("/wrap")
    }


def test_handle_time(acme: Acme) -> None:
    """By contact: a call back and a call the service makes are contacts of their own direction."""
    sessions = acme.tallies("handle_time", "channel", "direction", where={"medium": "session"})
    truth = told(acme.truth.handle)
    for name, (_, total) in truth.items():
        channel, _, direction = name.partition("/")
        found = sessions[channel, direction or "inbound"]
        assert total == found[1], name


def test_recorded_work_is_conserved(acme: Acme) -> None:
    found = acme.tallies("ticket_work_time", "channel")
    assert found.keys() <= acme.truth.work.keys()


def test_bots(acme: Acme) -> None:
    truth = acme.truth.bot
    endings = acme.counts("bot_hand_off_rate", "outcome")
    assert {k: truth[k] for k in ("contained", "handed_off", "silent", "abandoned")} == endings
    assert truth["handed_off"] == acme.one("bot_hand_off_rate").parts["part"]
    assert truth["silent"] == acme.one("bot_hand_off_rate:silent").parts["part"]
    assert truth["contained"] == acme.one("bot_containment:no_return_check").parts["part"]
    assert (truth["handed_off"], truth["time_to_handoff_us"]) == acme.tallies("bot_hand_off_time")[()]


def test_bot_containment(acme: Acme) -> None:
    assert acme.truth.bot["contained_no_return"] == acme.one("bot_containment").parts["part"]


def test_community(acme: Acme) -> None:
    truth, rate = acme.truth.community, acme.one("community_answer_rate")
    assert (truth["threads"], truth["answered"]) == (rate.n, rate.parts["part"])
    assert truth["accepted"] == acme.one("community_answer_rate:accepted").parts["part"]
    by_peers = acme.one("community_answer_rate:by_peers")
    assert (truth["answered"], truth["first_answer_by_peer"]) == (by_peers.n, by_peers.parts["part"])
    assert truth["taken_by_agent"] == acme.one("community_answer_rate:needed_agent").parts["part"]
    first = acme.truth.community_first_answer["community"]
    assert {(): (first.n, first.sum_us)} == acme.tallies("community_answer_time")
    assert truth["with_peer_answer"] == acme.one("community_answer_time:peer").n


def test_agents_time(acme: Acme) -> None:
    states, paid = acme.truth.states, sum(tally.sum_us for tally in acme.truth.paid.values())
    busy, idle = states["handling"].sum_us, states["available"].sum_us
    occupancy = acme.one("occupancy").parts
    assert (busy, busy + idle) == (occupancy["part_us"], occupancy["total_us"])
    for name in ("utilisation", "shrinkage"):
        assert {"part_us": busy + idle, "total_us": paid} == acme.one(name).parts, name
    assert 1 - (busy + idle) / paid == pytest.approx(acme.one("shrinkage").value)


def test_paid_time_by_team(acme: Acme) -> None:
    found = {team: cell.parts["total_us"] for team, cell in acme.cells("utilisation", "team").items()}
    assert {team: tally.sum_us for team, tally in acme.truth.paid.items()} == found


def test_agents_time_adds_up_over_the_days(acme: Acme) -> None:
    whole = acme.one("occupancy").parts
    for grain in ("day", "hour", "weekday", "hour_of_day", "month"):
        cut = [cell.parts for cell in acme.cells("occupancy", grain).values() if cell.n]
        assert whole == {name: sum(parts[name] for parts in cut) for name in whole}, grain


@pytest.mark.parametrize("grain", ["hour_of_day", "weekday", "day", "month"])
def test_nobody_works_more_than_they_are_paid_for(acme: Acme, grain: str) -> None:
    cells = acme.cells("utilisation", grain) | acme.cells("utilisation", grain, "agent")
    assert [] == [key for key, cell in cells.items() if cell.value is not None and cell.value > 1]


def test_costs(acme: Acme) -> None:
    """The simulator rounds each shift to a millionth of a euro; Polso divides once, at the end."""
    spent = Fraction(sum(acme.truth.cost_micros.values()), 1_000_000)
    cell = acme.one("cost_per_contact")
    assert isclose(cell.parts["cost"], float(spent), abs_tol=0.002)
    assert cell.value == pytest.approx(float(spent) / cell.n, abs=1e-4)
    for variant, n in (
        ("per_ticket", acme.one("ticket_volume").n),
        ("per_solved", acme.truth.reopen["first_solved"]),
    ):
        cell = acme.one(f"cost_per_contact:{variant}")
        assert (n, float(spent)) == (cell.n, pytest.approx(cell.parts["cost"], abs=0.002))


def test_costs_of_parts_are_the_cost_of_the_whole(acme: Acme) -> None:
    whole = acme.one("cost_per_contact").parts["cost"]
    for by in ("channel", "team", "agent", "month", "weekday"):
        cells = acme.cells("cost_per_contact", by).values()
        left = sum(cell.parts.get("unallocated", 0.0) for cell in cells)
        assert whole == pytest.approx(sum(cell.parts.get("cost", 0.0) for cell in cells) + left, abs=0.01), by
