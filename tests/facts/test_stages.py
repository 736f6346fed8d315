"""Stage visits: pairing, waiting, answering, and whose row each is."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from facts.calls import of, only, seconds, visit
from facts.told import Row, at, event, folded, folded_on_spark


def simple_call() -> list[Row]:
    """Welcome, IVR, 30 s of queue (8 of them ringing), two minutes of talk around a hold, wrap-up."""
    return [
        *visit("C1", "welcome", "09:00:00", "09:00:10", "passed"),
        *visit("C1", "ivr", "09:00:10", "09:00:40", "passed"),
        *visit("C1", "queue", "09:00:40", "09:01:10", "answered", team="sales"),
        *visit("C1", "ring", "09:01:02", "09:01:10", "answered", agent="ada", team="sales"),
        *visit("C1", "talk", "09:01:10", "09:02:10", "passed", agent="ada", team="sales"),
        *visit("C1", "hold", "09:02:10", "09:02:30", "passed", agent="ada", team="sales"),
        *visit("C1", "talk", "09:02:30", "09:03:30", "served", agent="ada", team="sales"),
        *visit("C1", "wrap", "09:03:30", "09:04:00", "served", agent="ada", team="sales"),
    ]


def two_queues() -> list[Row]:
    """Answered in the first queue, then in the second, while the first agent talks again."""
    return [
        *visit("C2", "queue", "10:00:00", "10:01:00", "answered", team="front", agent="ada"),
        *visit("C2", "talk", "10:01:00", "10:05:00", "transferred", team="front", agent="ada"),
        *visit("C2", "queue", "10:05:00", "10:08:00", "answered", team="back", agent="bob"),
        *visit("C2", "talk", "10:06:00", "10:07:00", "passed", team="front", agent="ada"),
        *visit("C2", "talk", "10:08:00", "10:10:00", "served", team="back", agent="bob"),
    ]


def ring_of_ten() -> list[Row]:
    """Ten phones ring at once; the seventh is picked up."""
    rings: list[Row] = []
    for n in range(10):
        won = n == 6
        rings += visit(
            "C3", "ring", "11:00:05", "11:00:12", "answered" if won else "failed",
            visit_id=f"R{n}", agent=f"agent{n}", team="front",
        )  # fmt: skip
    return [
        *visit("C3", "queue", "11:00:00", "11:00:12", "answered", team="front"),
        *rings,
        *visit("C3", "talk", "11:00:12", "11:03:12", "served", agent="agent6", team="front"),
    ]


def conference() -> list[Row]:
    """Two agents with the same caller: a leg each, overlapping."""
    return [
        *visit("C4", "queue", "12:00:00", "12:00:20", "answered", team="front"),
        *visit("C4", "talk", "12:00:20", "12:10:20", "served", agent="ada", team="front"),
        *visit("C4", "talk", "12:05:20", "12:10:20", "served", agent="bob", team="front"),
    ]


def every_ending() -> list[Row]:
    told: list[Row] = []
    endings = (
        "abandoned", "overflowed", "timed_out", "transferred", "callback", "voicemail", "refused", "failed",
    )  # fmt: skip
    for n, ending in enumerate(endings):
        told += visit(f"E{n}", "queue", "13:00:00", f"13:00:{10 + n}", ending, team="front")
    return [
        *told,
        *visit("E8", "queue", "13:00:00", "13:00:04", "abandoned", team="front"),
        *visit("E9", "queue", "13:00:00", team="front"),
        *visit("O1", "queue", "13:00:00", "13:00:30", "answered", team="front", direction="outbound"),
    ]


def test_a_call_through_every_stage(tmp_path: Path) -> None:
    rows = folded(simple_call(), tmp_path)["stages"]
    assert [row["stage"] for row in sorted(rows, key=lambda r: r["nth"])] == [
        "welcome", "ivr", "queue", "ring", "talk", "hold", "talk", "wrap",
    ]  # fmt: skip
    assert [seconds(row["stay_us"]) for row in sorted(rows, key=lambda r: r["nth"])] == [
        10, 30, 30, 8, 60, 20, 60, 30,
    ]  # fmt: skip
    queue = only(rows, stage="queue")
    assert seconds(queue["wait_us"]) == 30
    assert queue["answered_at"] == queue["waited_until"] == at("09:01:10")
    assert (queue["is_offered"], queue["is_answered"], queue["agent"], queue["team"]) == (
        True,
        True,
        "ada",
        "sales",
    )
    assert {row["ticket_id"] for row in rows} == {"C1"}
    assert all(
        row["waited_until"] is None and not row["is_offered"] for row in rows if row["stage"] != "queue"
    )
    assert only(rows, stage="welcome")["direction"] == "inbound"


def test_ringing_after_the_queue_is_waiting_too(tmp_path: Path) -> None:
    told = [
        *visit("C1", "queue", "09:00:00", "09:00:30", "answered", team="sales"),
        *visit("C1", "ring", "09:00:30", "09:00:42", "answered", agent="ada"),
        *visit("C1", "talk", "09:00:42", "09:02:00", "served", agent="ada"),
    ]
    queue = only(folded(told, tmp_path)["stages"], stage="queue")
    assert (seconds(queue["wait_us"]), seconds(queue["stay_us"])) == (42, 30)


def test_an_answered_queue_without_a_talk_waited_until_it_was_left(tmp_path: Path) -> None:
    told = visit("C1", "queue", "09:00:00", "09:00:30", "answered", agent="ada")
    queue = only(folded(told, tmp_path)["stages"])
    assert (seconds(queue["wait_us"]), queue["answered_at"], queue["agent"]) == (30, at("09:00:30"), "ada")


def test_two_queues_in_one_call(tmp_path: Path) -> None:
    rows = folded(two_queues(), tmp_path)["stages"]
    front, back = only(rows, stage="queue", team="front"), only(rows, stage="queue", team="back")
    assert (seconds(front["wait_us"]), front["agent"]) == (60, "ada")
    # Ada talks again a minute after, but it is Bob who took it.
    assert (seconds(back["wait_us"]), back["agent"], back["answered_at"]) == (180, "bob", at("10:08:00"))


def test_a_ring_of_ten_is_ten_visits_and_one_answer(tmp_path: Path) -> None:
    rows = folded(ring_of_ten(), tmp_path)["stages"]
    rings = of(rows, stage="ring")
    assert Counter(row["outcome"] for row in rings) == {"failed": 9, "answered": 1}
    assert len({row["visit_id"] for row in rings}) == 10
    assert only(rows, stage="queue")["agent"] == "agent6"
    assert seconds(only(rows, stage="queue")["wait_us"]) == 12


def test_conference_legs_are_rows_of_their_own(tmp_path: Path) -> None:
    rows = folded(conference(), tmp_path)["stages"]
    assert {row["agent"]: seconds(row["stay_us"]) for row in of(rows, stage="talk")} == {
        "ada": 600,
        "bob": 300,
    }
    assert only(rows, stage="queue")["agent"] == "ada"


def test_offered_is_the_sum_of_all_endings(tmp_path: Path) -> None:
    told = [*every_ending(), *simple_call(), *two_queues()]
    offered = of(folded(told, tmp_path)["stages"], is_offered=True)
    assert len(offered) == 13
    assert Counter(row["outcome"] for row in offered) == {
        "answered": 3, "abandoned": 2, "overflowed": 1, "timed_out": 1, "transferred": 1, "callback": 1,
        "voicemail": 1, "refused": 1, "failed": 1, None: 1,
    }  # fmt: skip
    waiting = only(offered, outcome=None)
    assert (waiting["is_inside"], waiting["wait_us"], waiting["waited_until"]) == (True, None, None)
    assert [seconds(row["wait_us"]) for row in of(offered, is_abandoned=True)] == [10, 4]


def test_the_three_rules_of_service_level(tmp_path: Path) -> None:
    """70 answered in time, 10 abandoned in time, 100 offered: 70/90, 70/100, 80/100."""
    told: list[Row] = []
    for n in range(100):
        wait = "09:00:15" if n < 80 else "09:00:45"
        outcome = "abandoned" if 70 <= n < 80 else "answered"
        told += visit(f"C{n}", "queue", "09:00:00", wait, outcome)
    offered = of(folded(told, tmp_path)["stages"], is_offered=True)
    in_time = [row for row in offered if row["wait_us"] <= 20_000_000]
    good, gone = len(of(in_time, is_answered=True)), len(of(in_time, is_abandoned=True))
    assert (good, gone, len(offered)) == (70, 10, 100)


def test_a_left_without_entered_makes_no_visit(tmp_path: Path) -> None:
    orphan = event("09:03:00", "left", contact_id="C1", visit_id="lost", stage="hold", value="passed")
    rows = folded([*simple_call(), orphan], tmp_path)["stages"]
    assert len(rows) == 8
    nameless = event("08:59:00", "left", contact_id="C1", stage="queue", value="answered")
    assert len(folded([*simple_call(), nameless], tmp_path)["stages"]) == 8


def test_a_clock_that_ran_backwards_stays_negative(tmp_path: Path) -> None:
    told = visit("C1", "wrap", "09:03:30", "09:03:00", "served", agent="ada")
    row = only(folded(told, tmp_path)["stages"])
    assert (seconds(row["stay_us"]), row["stay_business_us"]) == (-30, None)


def test_without_visit_ids_visits_follow_each_other(tmp_path: Path) -> None:
    told = [
        *visit("C1", "queue", "09:00:00", "09:01:00", "overflowed", visit_id=None, team="front"),
        *visit("C1", "queue", "09:02:00", visit_id=None, team="back"),
        *visit("C1", "queue", "09:05:00", "09:05:00", "abandoned", visit_id=None, team="third"),
    ]
    rows = folded(told, tmp_path)["stages"]
    assert {row["team"]: (row["outcome"], seconds(row["wait_us"])) for row in rows} == {
        "front": ("overflowed", 60), "back": (None, None), "third": ("abandoned", 0),
    }  # fmt: skip


def test_said_twice_the_first_word_counts(tmp_path: Path) -> None:
    told = visit("C1", "queue", "09:00:00", "09:01:00", "abandoned")
    again = [row | {"occurred_at": at("09:02:00")} for row in told]
    assert [seconds(row["wait_us"]) for row in folded([*told, *again], tmp_path)["stages"]] == [60]


def test_equal_instants_follow_the_natural_order_of_stages(tmp_path: Path) -> None:
    told = [
        *visit("C1", "talk", "09:00:00", "09:01:00", "served", agent="ada", event_id="a-talk"),
        *visit("C1", "ivr", "09:00:00", "09:00:00", "passed", event_id="z-ivr"),
        *visit("C1", "queue", "09:00:00", "09:00:00", "answered", event_id="m-queue"),
    ]
    told = [row | {"event_id": f"{row['event_id']}-{row['kind']}"} for row in told]
    rows = folded(told, tmp_path)["stages"]
    assert [r["stage"] for r in sorted(rows, key=lambda r: r["nth"])] == ["ivr", "queue", "talk"]
    assert (only(rows, stage="queue")["wait_us"], only(rows, stage="queue")["agent"]) == (0, "ada")


def test_team_and_channel_come_from_the_visit_then_from_the_ticket(tmp_path: Path) -> None:
    told = [
        event("08:59:00", "opened", "T1", actor_kind="customer", channel="phone", team="front"),
        event("08:59:00", "set", "T1", attribute="priority", value="high"),
        *visit("C1", "ivr", "09:00:00", "09:00:10", "passed", ticket="T1"),
        *visit(
            "C1", "queue", "09:00:10", "09:01:00", "abandoned", ticket="T1", team="back", channel="whatsapp"
        ),
    ]
    rows = folded(told, tmp_path)["stages"]
    ivr, queue = only(rows, stage="ivr"), only(rows, stage="queue")
    assert (ivr["team"], ivr["channel"], ivr["priority"]) == ("front", "phone", "high")
    assert (queue["team"], queue["channel"], queue["priority"]) == ("back", "whatsapp", "high")


STORY = [*simple_call(), *two_queues(), *ring_of_ten(), *conference(), *every_ending()]


@pytest.mark.parametrize("seed", [1, 2])
def test_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    told = [row | {"event_id": f"x{n}"} for n, row in enumerate(STORY)]
    assert folded(told, tmp_path)["stages"] == folded(told, tmp_path, seed=seed)["stages"]


@pytest.mark.slow  # a whole fold on Spark for one story; tests/spark folds the demo, with all of them
def test_spark_agrees(tmp_path: Path, spark: Any) -> None:
    there = folded_on_spark(STORY, tmp_path, spark, ["stages"])
    assert folded(STORY, tmp_path)["stages"] == there["stages"]
