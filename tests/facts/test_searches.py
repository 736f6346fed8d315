"""Searches: what was found, where anybody counted."""

from pathlib import Path

from facts.told import at, event, folded, folded_in_steps

STORY = [
    event("09:00", "searched", subject_id="q1", amount=3, customer_id="c1", channel="self_service"),
    event("09:01", "searched", subject_id="q1", amount=0, actor_id="cookie", team="help"),
    event("09:02", "searched", subject_id="q2"),
]


def test_results_are_told_from_none_and_from_not_counted(tmp_path: Path) -> None:
    rows = sorted(folded(STORY, tmp_path)["searches"], key=lambda row: row["searched_at"])
    names = ("searched_at", "session", "results", "has_results", "customer_id", "channel", "team")
    assert [[row[name] for name in names] for row in rows] == [
        [at("09:00"), "q1", 3, True, "c1", "self_service", None],
        [at("09:01"), "q1", 0, False, "cookie", None, "help"],
        [at("09:02"), "q2", None, None, None, None, None],
    ]


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["searches"]
    assert folded(STORY, tmp_path, seed=1)["searches"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["searches"] == expected
