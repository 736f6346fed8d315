"""Visits: one row a session, its order, its visitor and the visitor's next ticket."""

from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps

STORY = [
    event("09:00", "identified", subject_id="cookie", customer_id="c1"),
    event("10:00", "visited", subject_id="known", actor_id="cookie", channel="self_service"),
    event("10:20", "visited", subject_id="known", actor_id="cookie", channel="self_service"),
    event("10:00", "opened", "w-t1", customer_id="c1", actor_kind="customer"),
    event("11:00", "visited", subject_id="buying", actor_id="other", channel="web"),
    event("11:30", "ordered", subject_id="w-o1", customer_id="c5", amount=10, currency="EUR", value="buying"),
    event("11:40", "ordered", subject_id="w-o2", customer_id="c5", amount=10, currency="EUR", value="buying"),
    event("11:00", "visited", subject_id="stranger", actor_id="unknown", channel="web"),
    event("11:00", "visited", subject_id="nameless", channel="web"),
    event("12:00", "visited", subject_id="crawler", value="bot", channel="web"),
    event("13:00", "visited", subject_id="account", customer_id="c1", channel="web"),
    event("16:00", "ordered", subject_id="w-o3", customer_id="c1", amount=10, currency="EUR", value="unseen"),
    event("16:00", "ordered", subject_id="w-o4", customer_id="c1", amount=10, currency="EUR"),
    event("17:00", "opened", "w-t2", customer_id="c5", actor_kind="customer"),
    event("18:00", "refunded", subject_id="w-o1", amount=10, currency="EUR"),
]


@pytest.fixture(scope="module")
def visits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"))["visits"]
    return {row["visit_id"]: row for row in rows}


def test_one_row_a_session_that_was_seen(visits: dict[str, Row]) -> None:
    assert sorted(visits) == ["account", "buying", "crawler", "known", "nameless", "stranger"]
    assert (visits["known"]["views"], visits["known"]["visited_at"]) == (2, at("10:00"))
    assert [name for name, row in visits.items() if row["is_bot"]] == ["crawler"]


def test_an_order_belongs_to_its_session_and_names_the_visitor(visits: dict[str, Row]) -> None:
    row = visits["buying"]
    assert (row["ordered_at"], row["orders"], row["person"]) == (at("11:30"), 2, "c5")
    assert [name for name, row in visits.items() if row["has_order"]] == ["buying"]


def test_who_is_known_as_a_customer(visits: dict[str, Row]) -> None:
    assert {name for name, row in visits.items() if row["is_linked"]} == {"account", "buying", "known"}


def test_what_the_visitor_did_next(visits: dict[str, Row]) -> None:
    names = ("next_ticket_at", "next_order_at", "next_visit_at")
    assert {visit: [visits[visit][name] for name in names] for visit in visits} == {
        "known": [at("10:00"), at("16:00"), at("13:00")],
        "account": [None, at("16:00"), None],
        "buying": [at("17:00"), at("11:30"), None],
        "stranger": [None, None, None],
        "nameless": [None, None, None],
        "crawler": [None, None, None],
    }


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)
    for other in (folded(STORY, tmp_path, seed=1), folded_in_steps(STORY, tmp_path, seed=2)):
        assert other["visits"] == expected["visits"]
        assert other["orders"] == expected["orders"]
