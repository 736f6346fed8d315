"""Ratings: verdicts by scale, the last answer, and whom a rating credits."""

from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps, hours

STORY = [
    event("09:00", "opened", "r1", customer_id="c1", actor_kind="customer", channel="email", team="help"),
    event("09:10", "assigned", "r1", subject_id="anna", actor_kind="system"),
    event("10:00", "survey_sent", "r1", subject_id="s1", attribute="csat5"),
    event("10:05", "rated", "r1", subject_id="s1", attribute="csat5", amount=2, event_id="early"),
    event("10:30", "assigned", "r1", subject_id="bob", actor_kind="system"),
    event("11:00", "rated", "r1", subject_id="s1", attribute="csat5", amount=4, event_id="again"),
    event("11:00", "solved", "r1", actor_kind="agent", actor_id="bob"),
    event("11:05", "rated", "r1", subject_id="s1", attribute="csat5", amount=5, value="speed",
          event_id="speed"),
    event("11:06", "rated", "r1", attribute="thumbs", amount=-1, event_id="down"),
    event("11:07", "rated", "r1", attribute="thumbs", amount=1, event_id="up"),
    event("12:00", "survey_sent", "r1", subject_id="s1", attribute="csat5"),
    event("12:30", "assigned", "r1", subject_id="carl", actor_kind="system"),
    event("12:40", "rated", "r1", attribute="csat5", amount=1, event_id="late"),
    event("09:00", "opened", "r2", customer_id="c2", actor_kind="customer", channel="chat"),
    event("09:30", "assigned", "r2", subject_id="anna", actor_kind="system"),
    event("10:00", "solved", "r2", actor_kind="bot", actor_id="polly"),
    event("10:10", "rated", "r2", attribute="csat5", amount=3, event_id="by-bot"),
    event("10:20", "removed", "r2", value="test"),
    event("15:00", "rated", subject_id="n1", attribute="nps", amount=9, customer_id="c3", channel="store",
          team="shop", event_id="nps"),
    event("15:01", "rated", subject_id="n1", attribute="nps", amount=0, customer_id="c4",
          event_id="nps-other"),
]  # fmt: skip


@pytest.fixture(scope="module")
def ratings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"))["ratings"]
    return {row["event_id"]: row for row in rows}


def of(ratings: dict[str, Row], column: str) -> dict[str, object]:
    return {name: row[column] for name, row in ratings.items()}


def test_only_the_last_answer_to_a_question_of_a_survey_is_latest(ratings: dict[str, Row]) -> None:
    assert [name for name, latest in of(ratings, "is_latest").items() if not latest] == ["early"]


def test_who_solved_gets_the_credit_and_before_a_solve_the_assignee(ratings: dict[str, Row]) -> None:
    assert of(ratings, "solver") == {
        "early": "anna", "again": "bob", "speed": "bob", "down": "bob", "up": "bob", "late": "bob",
        "by-bot": "anna", "nps": None, "nps-other": None,
    }  # fmt: skip
    assert ratings["early"]["solved_at"] is None
    assert ratings["again"]["solved_at"] == at("11:00")
    assert ratings["late"]["agent"] == "carl"


def test_instants_for_the_other_clocks(ratings: dict[str, Row]) -> None:
    assert ratings["again"]["sent_at"] == at("10:00")
    assert ratings["again"]["answer_us"] == hours(1)
    assert ratings["late"]["sent_at"] is None
    assert ratings["late"]["opened_at"] == at("09:00")
    assert ratings["late"]["rating_us"] == hours(100 / 60)


def test_a_rating_without_a_ticket_keeps_what_its_event_names(ratings: dict[str, Row]) -> None:
    wanted = {
        "has_ticket": False, "is_counted": True, "team": "shop", "channel": "store", "touchpoint": "store",
        "customer_id": "c3", "person": "c3", "opened_at": None,
    }  # fmt: skip
    assert {name: ratings["nps"][name] for name in wanted} == wanted


def test_the_ticket_lends_its_customer_and_whether_it_counts(ratings: dict[str, Row]) -> None:
    assert ratings["late"]["customer_id"] == "c1"
    assert ratings["late"]["touchpoint"] == "email"
    assert ratings["by-bot"]["is_counted"] is False


VERDICTS = [
    ("csat5", "5", True, True, True, None),
    ("csat5", "4", True, True, False, None),
    ("csat5", "3", True, False, False, None),
    ("csat5", "0", False, None, None, None),
    ("csat5", "4.5", False, None, None, None),
    ("csat7", "7", True, True, True, None),
    ("csat7", "5", True, True, False, None),
    ("csat7", "4", True, False, False, None),
    ("csat7", "8", False, None, None, None),
    ("ces7", "5", True, True, False, None),
    ("ces7", "1", True, False, False, None),
    ("nps", "10", True, None, True, "promoter"),
    ("nps", "9", True, None, False, "promoter"),
    ("nps", "8", True, None, False, "passive"),
    ("nps", "7", True, None, False, "passive"),
    ("nps", "6", True, None, False, "detractor"),
    ("nps", "0", True, None, False, "detractor"),
    ("nps", "-1", False, None, None, None),
    ("nps", "11", False, None, None, None),
    ("thumbs", "1", True, True, True, None),
    ("thumbs", "0", True, False, False, None),
    ("thumbs", "-1", True, False, False, None),
    ("fcr", "1", True, True, True, None),
    ("fcr", "0", True, False, False, None),
    ("fcr", "2", False, None, None, None),
]


def test_verdicts_of_every_scale(tmp_path: Path) -> None:
    told = [
        event("09:00", "rated", attribute=scale, amount=score, event_id=f"{n:02}")
        for n, (scale, score, *_) in enumerate(VERDICTS)
    ]
    rows = sorted(folded(told, tmp_path)["ratings"], key=lambda row: row["event_id"])
    names = ("is_valid", "is_positive", "is_top_box", "nps_class")
    assert [tuple(row[name] for name in names) for row in rows] == [row[2:] for row in VERDICTS]
    assert [row["score"] for row in rows] == [None if "." in row[1] else int(row[1]) for row in VERDICTS]


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["ratings"]
    assert folded(STORY, tmp_path, seed=1)["ratings"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["ratings"] == expected
