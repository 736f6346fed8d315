"""Surveys: one row a sending, reminders in it, answered by its first rating."""

from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps, hours

STORY = [
    event("09:00", "opened", "v1", customer_id="c1", actor_kind="customer", channel="email", team="help"),
    event("09:30", "survey_sent", "v1", subject_id="asked", attribute="csat5"),
    event("10:00", "transferred", "v1", subject_id="help", team="sales"),
    event("10:30", "survey_sent", "v1", subject_id="asked", attribute="csat5"),
    event("11:00", "rated", "v1", subject_id="asked", attribute="csat5", amount=4),
    event("12:00", "rated", "v1", subject_id="asked", attribute="csat5", value="speed", amount=2),
    event("12:00", "survey_sent", "v1", subject_id="ignored", attribute="nps"),
    event("13:00", "survey_sent", subject_id="wave", attribute="nps", customer_id="c1", channel="sms"),
    event("13:00", "survey_sent", subject_id="wave", attribute="nps", customer_id="c2", channel="sms"),
    event("14:00", "rated", subject_id="wave", attribute="nps", customer_id="c2", amount=10),
    event("13:00", "survey_sent", subject_id="nameless", attribute="nps", customer_id="c3"),
    event("13:30", "rated", subject_id="nameless", attribute="nps", amount=10),
    event("13:00", "survey_sent", subject_id="bad", attribute="nps", customer_id="c4"),
    event("13:00:01", "survey_sent", subject_id="bad", attribute="nps", customer_id="c4", value="bounced"),
]


@pytest.fixture(scope="module")
def surveys(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"))["surveys"]
    return {(row["survey"], row["customer_id"]): row for row in rows}


def test_the_first_answer_of_any_question_answers(surveys: dict[tuple[str, str], Row]) -> None:
    assert {key: row["answered_at"] for key, row in surveys.items()} == {
        ("asked", "c1"): at("11:00"),
        ("ignored", "c1"): None,
        ("wave", "c1"): None,
        ("wave", "c2"): at("14:00"),
        ("nameless", "c3"): at("13:30"),
        ("bad", "c4"): None,
    }


def test_a_reminder_is_the_same_survey(surveys: dict[tuple[str, str], Row]) -> None:
    row = surveys["asked", "c1"]
    assert (row["sent_at"], row["reminders"], row["answer_us"]) == (at("09:30"), 1, hours(1.5))
    assert row["team"] == "help"


def test_what_came_back_is_flagged(surveys: dict[tuple[str, str], Row]) -> None:
    assert [key for key, row in surveys.items() if row["is_bounced"]] == [("bad", "c4")]


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["surveys"]
    assert folded(STORY, tmp_path, seed=1)["surveys"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["surveys"] == expected
