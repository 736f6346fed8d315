"""Agent states: one thing at a time; handling from calls where nobody recorded it."""

from pathlib import Path
from typing import Any

import pytest

from facts.calls import visit
from facts.told import Row, at, event, folded, folded_in_steps, folded_on_spark


def state(when: str, value: str, agent: str = "ada", **more: Any) -> Row:
    return event(when, "state", actor_kind="agent", actor_id=agent, value=value, **more)


def talk(
    call: str, since: str, until: str | None, agent: str = "ada", stage: str = "talk", **more: Any
) -> list[Row]:
    return visit(call, stage, since, until, "served", agent=agent, **more)


def spells(told: list[Row], folder: Path, agent: str = "ada") -> list[tuple[str, str | None, str]]:
    """(since, until, state) of an agent, as clock times."""
    rows = [row for row in folded(told, folder)["states"] if row["agent"] == agent]
    found = [(row["since"], row["until"], row["state"]) for row in sorted(rows, key=lambda r: r["since"])]
    return [(f"{a:%H:%M:%S}", b and f"{b:%H:%M:%S}", word) for a, b, word in found]


def test_a_state_lasts_until_the_next(tmp_path: Path) -> None:
    told = [
        state("09:00:00", "available", team="front"),
        state("09:10:00", "handling", team="front"),
        state("09:15:00", "available", team="front"),
        state("09:20:00", "offline", team="front"),
        state("09:05:00", "break", "bob", team="back"),
    ]
    assert spells(told, tmp_path) == [
        ("09:00:00", "09:10:00", "available"), ("09:10:00", "09:15:00", "handling"),
        ("09:15:00", "09:20:00", "available"), ("09:20:00", None, "offline"),
    ]  # fmt: skip
    rows = folded(told, tmp_path)["states"]
    assert {row["basis"] for row in rows} == {"states"}
    assert {row["agent"]: row["team"] for row in rows} == {"ada": "front", "bob": "back"}
    assert sum(row["spell_us"] or 0 for row in rows) == 1_200_000_000


def test_equal_neighbours_are_one_and_nothing_lasts_no_time(tmp_path: Path) -> None:
    told = [
        state("09:00:00", "available"),
        state("09:05:00", "available"),
        state("09:10:00", "break", seq=1),
        state("09:10:00", "meeting", seq=2),
        state("09:20:00", "offline", event_id="a"),
        state("09:20:00", "training", event_id="b"),
    ]
    assert spells(told, tmp_path) == [
        ("09:00:00", "09:10:00", "available"), ("09:10:00", "09:20:00", "meeting"),
        ("09:20:00", None, "training"),
    ]  # fmt: skip


def test_agents_of_two_clients_are_two(tmp_path: Path) -> None:
    told = [state("09:00:00", "available"), state("09:10:00", "break", client="beta")]
    rows = folded(told, tmp_path)["states"]
    assert {(row["client"], row["state"], row["until"]) for row in rows} == {
        ("acme", "available", None), ("beta", "break", None),
    }  # fmt: skip


def test_paid_time(tmp_path: Path) -> None:
    told = [
        state("08:00:00", "offline", team="front"),
        event("09:00:00", "scheduled", actor_kind="agent", actor_id="ada", amount=14400),
        event("14:00:00", "scheduled", actor_id="ada", amount="0.5", team="back"),
    ]
    rows = [row for row in folded(told, tmp_path)["states"] if row["state"] == "paid"]
    found = sorted((row["since"], row["until"], row["team"], row["basis"]) for row in rows)
    assert found == [
        (at("09:00:00"), at("13:00:00"), "front", "schedule"),
        (at("14:00:00"), at("14:00:00.500000"), "back", "schedule"),
    ]


def test_handling_is_the_union_of_what_only_calls_tell(tmp_path: Path) -> None:
    told = [
        *talk("S1", "09:00:00", "09:10:00", team="chat"),
        *talk("S2", "09:05:00", "09:20:00"),
        *talk("S3", "09:06:00", "09:07:00"),
        *talk("S2", "09:20:00", "09:21:00", stage="wrap"),
        *talk("S4", "10:00:00", "10:05:00"),
        *talk("S4", "10:05:00", "10:06:00", stage="hold"),
        *talk("S5", "11:00:00", "11:00:00"),
        *talk("S6", "11:30:00", "11:20:00"),
        *talk("S7", "12:00:00", None),
        *talk("S8", "12:00:00", "12:01:00", stage="ring"),
    ]
    assert spells(told, tmp_path) == [
        ("09:00:00", "09:21:00", "handling"), ("10:00:00", "10:06:00", "handling"),
    ]  # fmt: skip
    rows = folded(told, tmp_path)["states"]
    assert {(row["basis"], row["team"]) for row in rows} == {("stages", "chat")}


def test_recorded_handling_is_believed(tmp_path: Path) -> None:
    told = [
        state("09:00:00", "available"),
        state("09:10:00", "handling"),
        state("09:20:00", "available"),
        *talk("C1", "09:05:00", "09:08:00"),
    ]
    assert spells(told, tmp_path) == [
        ("09:00:00", "09:10:00", "available"), ("09:10:00", "09:20:00", "handling"),
        ("09:20:00", None, "available"),
    ]  # fmt: skip


def test_handling_recorded_for_one_client_speaks_for_all(tmp_path: Path) -> None:
    told = [
        state("09:00:00", "handling"),
        state("09:20:00", "available"),
        *talk("C1", "09:05:00", "09:08:00", client="beta"),
        *talk("C2", "09:05:00", "09:08:00", "bob", client="beta"),
    ]
    rows = folded(told, tmp_path)["states"]
    assert {(row["client"], row["agent"]) for row in rows if row["state"] == "handling"} == {
        ("acme", "ada"), ("beta", "bob"),
    }  # fmt: skip


def test_calls_cut_the_states_of_who_never_records_handling(tmp_path: Path) -> None:
    told = [
        state("09:00:00", "available", team="front"),
        *talk("C1", "09:10:00", "09:15:00", team="sales"),
        *talk("C2", "09:12:00", "09:25:00", team="sales"),
        state("09:20:00", "break", team="front"),
        state("09:30:00", "available", team="front"),
        *talk("C0", "08:50:00", "08:55:00", team="sales"),
    ]
    assert spells(told, tmp_path) == [
        ("08:50:00", "08:55:00", "handling"), ("09:00:00", "09:10:00", "available"),
        ("09:10:00", "09:25:00", "handling"), ("09:25:00", "09:30:00", "break"),
        ("09:30:00", None, "available"),
    ]  # fmt: skip
    rows = folded(told, tmp_path)["states"]
    assert {row["since"]: row["team"] for row in rows}[at("09:10:00")] == "front"
    assert {row["since"]: row["team"] for row in rows}[at("08:50:00")] == "sales"


def test_only_visits_that_name_the_agent_at_both_ends(tmp_path: Path) -> None:
    came, went = talk("C1", "09:00:00", "09:10:00")
    told = [came | {"actor_id": None, "actor_kind": None}, went]
    assert spells(told, tmp_path) == []
    assert spells([came, went | {"actor_id": "bob"}], tmp_path) == []


def story() -> list[Row]:
    told = [
        state("09:00:00", "available", team="front"),
        state("09:30:00", "break", team="front"),
        event("09:00:00", "scheduled", actor_kind="agent", actor_id="ada", amount="28800.25"),
        state("09:00:00", "handling", "bob"),
        state("09:10:00", "available", "bob", team="back"),
        *talk("C1", "09:10:00", "09:15:00", team="sales"),
        *talk("C2", "09:12:00", "09:25:00", "ada", team="sales"),
        *talk("C3", "09:12:00", "09:25:00", "bob", team="sales"),
        *talk("C4", "09:12:00", "09:25:00", "eve", team="sales"),
        *talk("C4", "09:25:00", "09:26:00", "eve", "wrap", team="sales"),
        *talk("C5", "09:12:00", "09:25:00", "eve", visit_id=None),
    ]
    return [{"event_id": f"x{n}"} | row for n, row in enumerate(told)]


@pytest.mark.parametrize("seed", [1, 2])
def test_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    at_once = folded(story(), tmp_path)["states"]
    assert at_once == folded(story(), tmp_path, seed=seed)["states"]
    assert at_once == folded_in_steps(story(), tmp_path, seed=seed)["states"]


@pytest.mark.slow  # a whole fold on Spark for one story; tests/spark folds the demo, with all of them
def test_spark_agrees(tmp_path: Path, spark: Any) -> None:
    assert (
        folded(story(), tmp_path)["states"] == folded_on_spark(story(), tmp_path, spark, ["states"])["states"]
    )
