"""Articles: views and votes, the vote's sign being its verdict."""

from pathlib import Path

from facts.told import at, event, folded, folded_in_steps

STORY = [
    event("09:00", "article_viewed", subject_id="a1", value="s1", actor_id="cookie", channel="self_service"),
    event("09:01", "article_voted", subject_id="a1", amount=1, value="s1", customer_id="c1"),
    event("09:02", "article_voted", subject_id="a1", amount=-1),
    event("09:03", "article_voted", subject_id="a2", amount=0),
]


def test_views_and_votes(tmp_path: Path) -> None:
    rows = sorted(folded(STORY, tmp_path)["articles"], key=lambda row: row["seen_at"])
    names = ("seen_at", "article", "session", "is_view", "is_vote", "vote", "is_helpful", "customer_id")
    assert [[row[name] for name in names] for row in rows] == [
        [at("09:00"), "a1", "s1", True, False, None, None, "cookie"],
        [at("09:01"), "a1", "s1", False, True, 1, True, "c1"],
        [at("09:02"), "a1", None, False, True, -1, False, None],
        [at("09:03"), "a2", None, False, True, 0, None, None],
    ]


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["articles"]
    assert folded(STORY, tmp_path, seed=1)["articles"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["articles"] == expected
