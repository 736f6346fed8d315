"""Work entries: whose they are, what corrects them, and where they stand."""

from pathlib import Path
from typing import Any

import pytest

from facts.calls import only, seconds
from facts.told import Row, at, event, folded, folded_in_steps, folded_on_spark


def entry(when: str, ticket: str | None, amount: Any, **more: Any) -> Row:
    return event(when, "work", ticket, actor_kind="agent", actor_id="ada", amount=amount, **more)


def story() -> list[Row]:
    return [
        event("09:00:00", "opened", "T1", actor_kind="customer", channel="email", team="desk"),
        entry("09:10:00", "T1", "0.000001", event_id="w1"),
        entry("09:20:00", "T1", 90, event_id="w2", team="back", contact_id="C1"),
        event("09:30:00", "transferred", "T1", subject_id="desk", team="second"),
        entry("09:40:00", "T1", -30, event_id="w3"),
        entry("09:50:00", None, 600, event_id="w4", channel="store"),
        # Said again later: the newest word wins, and nothing is no work.
        entry("09:10:00", "T1", 120, event_id="w5", recorded_at=at("09:11:00")),
        entry("09:10:00", "T1", 60, event_id="w5", recorded_at=at("09:12:00")),
        entry("09:10:00", "T1", 300, event_id="w6", recorded_at=at("09:11:00")),
        entry("09:10:00", "T1", 0, event_id="w6", recorded_at=at("09:12:00")),
        event("09:55:00", "work", "T1", amount=5, event_id="w7"),
    ]


def test_entries(tmp_path: Path) -> None:
    rows = {row["event_id"]: row for row in folded(story(), tmp_path)["work"]}
    assert {name: seconds(row["work_us"]) for name, row in rows.items()} == {
        "w1": 0.000001, "w2": 90, "w3": -30, "w4": 600, "w5": 60, "w7": 5,
    }  # fmt: skip
    assert [rows[name]["team"] for name in ("w1", "w2", "w3", "w4")] == ["desk", "back", "second", None]
    assert [rows[name]["channel"] for name in ("w1", "w4")] == ["email", "store"]
    assert (rows["w2"]["contact_id"], rows["w2"]["agent"], rows["w7"]["agent"]) == ("C1", "ada", None)
    assert [rows[name]["has_ticket"] for name in ("w3", "w4")] == [True, False]
    assert rows["w2"]["worked_at"] == at("09:20:00")


def test_a_row_carries_the_dimensions_of_its_own_instant(tmp_path: Path) -> None:
    told = [
        event("09:00:00", "opened", "T1", actor_kind="customer"),
        event("09:00:00", "set", "T1", attribute="issue_type", value="bill"),
        entry("09:10:00", "T1", 1),
        event("09:20:00", "set", "T1", attribute="issue_type", value="fault"),
    ]
    assert only(folded(told, tmp_path)["work"])["issue_type"] == "bill"


@pytest.mark.parametrize("seed", [1, 2])
def test_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    told = [{"event_id": f"x{n}"} | row for n, row in enumerate(story())]
    at_once = folded(told, tmp_path)["work"]
    assert at_once == folded(told, tmp_path, seed=seed)["work"]
    assert at_once == folded_in_steps(told, tmp_path, seed=seed)["work"]


@pytest.mark.slow  # a whole fold on Spark for one story; tests/spark folds the demo, with all of them
def test_spark_agrees(tmp_path: Path, spark: Any) -> None:
    assert folded(story(), tmp_path)["work"] == folded_on_spark(story(), tmp_path, spark, ["work"])["work"]
