"""Costs: rates that hold until the next, amounts that stand alone, and cents that are exact."""

from pathlib import Path
from typing import Any

import pytest

from facts.told import Row, at, event, folded, folded_in_steps, folded_on_spark


def rate(when: str, amount: Any, subject: str | None = "ada", **more: Any) -> Row:
    about = {"attribute": "hourly_rate", "actor_id": subject, "amount": amount, "currency": "EUR"}
    return event(when, "cost", **about | more)


def costs(told: list[Row], folder: Path) -> list[Row]:
    return sorted(folded(told, folder)["costs"], key=lambda r: (r["since"], r["event_id"]))


def story() -> list[Row]:
    return [
        rate("2024-01-01 00:00:00", 20, event_id="a1"),
        rate("2024-02-01 00:00:00", "21.005", event_id="a2"),
        rate("2024-01-15 00:00:00", 30, "desk", event_id="b1"),
        rate("2024-01-20 00:00:00", 25, client="beta", event_id="c1"),
        rate("2024-01-01 00:00:00", 18, None, team="desk", event_id="d1"),
        rate("2024-03-01 00:00:00", 19, None, team="desk", event_id="d2"),
        rate("2024-01-01 00:00:00", 15, None, event_id="e1"),
        rate("2024-01-31 00:00:00", 300, None, attribute="channel_fee", channel="phone", event_id="f1"),
        rate("2024-02-29 00:00:00", 310, None, attribute="channel_fee", channel="phone", event_id="f2"),
        rate("2024-01-31 00:00:00", 99, None, attribute="fixed", event_id="g1"),
        rate("2024-01-31 00:00:00", 1, None, attribute="fixed", event_id="g2"),
    ]


def test_a_rate_holds_until_the_next_of_the_same_subject(tmp_path: Path) -> None:
    rows = {row["event_id"]: row for row in costs(story(), tmp_path)}
    assert {name: row["until"] for name, row in rows.items() if row["until"]} == {
        "a1": at("2024-02-01 00:00:00"), "d1": at("2024-03-01 00:00:00"),
    }  # fmt: skip
    assert {row["is_rate"] for name, row in rows.items() if name[0] in "fg"} == {False}
    assert (rows["a1"]["subject"], rows["a1"]["client"], rows["c1"]["client"]) == ("ada", "acme", "beta")
    assert (rows["d1"]["team"], rows["f1"]["channel"], rows["f1"]["item"]) == ("desk", "phone", "channel_fee")
    assert len(rows) == 11


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("21.004999", 2100), ("21.005", 2101), ("21.0050", 2101), ("0.005", 1), ("0.004", 0), ("-0.005", -1),
        ("2.675", 268), ("1.005", 101), ("123456789012.345678", 12345678901235), (0, 0),
    ],
)  # fmt: skip
def test_cents_are_rounded_half_up_without_floats(tmp_path: Path, amount: Any, cents: int) -> None:
    assert [row["amount_minor"] for row in costs([rate("09:00:00", amount)], tmp_path)] == [cents]


def test_of_two_rates_at_one_instant_the_last_in_order_holds(tmp_path: Path) -> None:
    told = [
        rate("09:00:00", 20, event_id="z", seq=1),
        rate("09:00:00", 30, event_id="a", seq=2),
        rate("10:00:00", 40, event_id="m"),
        rate("10:00:00", 50, event_id="n"),
    ]
    found = [(row["event_id"], row["until"]) for row in costs(told, tmp_path)]
    assert found == [("a", at("10:00:00")), ("n", None)]


@pytest.mark.parametrize("seed", [1, 2])
def test_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    at_once = folded(story(), tmp_path)["costs"]
    assert at_once == folded(story(), tmp_path, seed=seed)["costs"]
    assert at_once == folded_in_steps(story(), tmp_path, seed=seed)["costs"]


@pytest.mark.slow  # a whole fold on Spark for one story; tests/spark folds the demo, with all of them
def test_spark_agrees(tmp_path: Path, spark: Any) -> None:
    told = [
        *story(),
        rate("2025-01-01 00:00:00", "2.675", "bob"),
        rate("2025-01-01 00:00:00", "-0.005", "eve"),
    ]
    assert folded(told, tmp_path)["costs"] == folded_on_spark(told, tmp_path, spark, ["costs"])["costs"]
