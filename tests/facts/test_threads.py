"""Threads: who answered first, whose answer was accepted, and whether an agent was needed."""

from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps, hours


def opened(when: str, thread: str, **more: object) -> Row:
    base = {"channel": "community", "actor_kind": "customer", "actor_id": "author", "customer_id": "c1"}
    return event(when, "opened", thread, **(base | more))


def said(when: str, thread: str, kind: str, who: str, **more: object) -> Row:
    return event(when, "message", thread, actor_kind=kind, actor_id=who, **more)


STORY = [
    opened("09:00", "peers"),
    said("09:00", "peers", "customer", "author"),
    said("09:05", "peers", "bot", "polly"),
    said("09:10", "peers", "peer", "author"),
    said("09:20", "peers", "peer", "p1", subject_id="m7"),
    said("09:40", "peers", "customer", "p2"),
    said("10:00", "peers", "agent", "anna", event_id="final"),
    event("11:00", "accepted", "peers", subject_id="m7"),
    event("12:00", "accepted", "peers", subject_id="final"),
    opened("09:00", "agent"),
    event("09:15", "assigned", "agent", subject_id="anna"),
    said("09:30", "agent", "agent", "anna", event_id="answer"),
    said("09:30", "agent", "peer", "p1"),
    event("10:00", "accepted", "agent", subject_id="answer"),
    opened("09:00", "alone"),
    said("09:30", "alone", "customer", "author"),
    event("10:00", "accepted", "alone", subject_id="elsewhere"),
    opened("09:00", "taken"),
    event("09:15", "assigned", "taken", subject_id="anna"),
    event("09:20", "merged", "taken", subject_id="agent"),
    opened("09:00", "mail", channel="email"),
    said("09:30", "mail", "agent", "anna", channel="community"),
]


@pytest.fixture(scope="module")
def threads(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"))["threads"]
    return {row["ticket_id"]: row for row in rows}


def test_only_tickets_of_the_community(threads: dict[str, Row]) -> None:
    assert sorted(threads) == ["agent", "alone", "peers", "taken"]
    assert [name for name, row in threads.items() if not row["is_counted"]] == ["taken"]


def test_answers_are_by_others_than_the_author_and_by_no_bot(threads: dict[str, Row]) -> None:
    names = ("answers", "peer_answers", "agent_answers", "first_answer_by", "answered_at")
    assert {thread: [row[name] for name in names] for thread, row in threads.items()} == {
        "peers": [3, 2, 1, "peer", at("09:20")],
        "agent": [2, 1, 1, "agent", at("09:30")],
        "alone": [0, 0, 0, None, None],
        "taken": [0, 0, 0, None, None],
    }


def test_times_to_the_first_answer(threads: dict[str, Row]) -> None:
    names = ("answer_us", "peer_answer_us", "agent_answer_us", "acceptance_us")
    assert [threads["peers"][name] for name in names] == [hours(1 / 3), hours(1 / 3), hours(1), hours(2)]


def test_whose_answer_was_accepted_first(threads: dict[str, Row]) -> None:
    told = {thread: (row["accepted_at"], row["accepted_answer_by"]) for thread, row in threads.items()}
    assert told == {
        "peers": (at("11:00"), "peer"),
        "agent": (at("10:00"), "agent"),
        "alone": (at("10:00"), None),
        "taken": (None, None),
    }


def test_an_agent_was_needed_to_answer_or_to_take(threads: dict[str, Row]) -> None:
    assert [name for name, row in threads.items() if not row["needed_agent"]] == ["alone"]


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["threads"]
    assert folded(STORY, tmp_path, seed=1)["threads"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["threads"] == expected
