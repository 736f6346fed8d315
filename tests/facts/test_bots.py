"""Bots: conversations, how they ended, and when the customer reached the service again."""

from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps


def visit(ticket: str, start: str, end: str | None, outcome: str = "contained", **more: object) -> list[Row]:
    base = {"contact_id": f"k-{ticket}", "stage": "bot", "actor_kind": "bot", "actor_id": "polly"}
    came = event(start, "entered", ticket, **(base | more))
    return [came, event(end, "left", ticket, value=outcome, **(base | more))] if end else [came]


def opened(when: str, ticket: str, who: str | None, **more: object) -> Row:
    return event(when, "opened", ticket, customer_id=who, actor_kind="customer", **more)


STORY = [
    opened("09:00", "b1", "c1", channel="chat", team="help"),
    *visit("b1", "09:00:01", "09:05"),
    event("09:00:05", "message", "b1", actor_kind="customer"),
    event("09:00:06", "message", "b1", actor_kind="bot"),
    event("09:04", "message", "b1", actor_kind="customer"),
    event("09:05", "solved", "b1", actor_kind="bot"),
    opened("15:00", "b2", "c1", channel="email"),
    opened("09:00", "b3", "c2", channel="whatsapp"),
    *visit("b3", "09:00", "09:10", "handed_off"),
    event("09:30", "message", "b3", actor_kind="customer"),
    opened("10:00", "b4", None, channel="chat"),
    *visit("b4", "10:00", "10:10", "silent"),
    event("11:00", "message", "b4", actor_kind="customer"),
    opened("12:00", "b5", "c3", channel="chat"),
    *visit("b5", "12:00", None),
    opened("13:00", "b6", "c4", channel="phone"),
    *visit("b6", "13:00", "13:01", "failed"),
    opened("13:30", "b7", "c4", channel="phone"),
    event("13:31", "removed", "b7", value="spam"),
    event("14:00", "left", "b7", contact_id="k-b7", stage="bot", value="contained"),
]


@pytest.fixture(scope="module")
def bots(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"))["bots"]
    assert len({row["ticket_id"] for row in rows}) == len(rows)
    return {row["ticket_id"]: row for row in rows}


def test_outcomes_and_a_left_without_entered_is_no_conversation(bots: dict[str, Row]) -> None:
    assert {name: row["outcome"] for name, row in bots.items()} == {
        "b1": "contained", "b3": "handed_off", "b4": "silent", "b5": None, "b6": "failed",
    }  # fmt: skip
    assert [name for name, row in bots.items() if not row["is_conversation"]] == ["b6"]
    assert bots["b1"]["bot"] == "polly"


def test_time_to_hand_off(bots: dict[str, Row]) -> None:
    assert bots["b3"]["hand_off_us"] == 10 * 60 * 1_000_000
    assert bots["b1"]["hand_off_us"] is None
    assert bots["b1"]["conversation_us"] == 299 * 1_000_000


def test_messages_during_it(bots: dict[str, Row]) -> None:
    assert (bots["b1"]["customer_messages"], bots["b1"]["bot_messages"]) == (2, 1)
    assert (bots["b3"]["customer_messages"], bots["b3"]["bot_messages"]) == (0, 0)


def test_the_next_contact_on_any_channel_after_its_end(bots: dict[str, Row]) -> None:
    assert {name: row["next_contact_at"] for name, row in bots.items()} == {
        "b1": at("15:00"),
        "b3": at("09:30"),
        "b4": at("11:00"),
        "b5": None,
        "b6": None,
    }
    assert [name for name, row in bots.items() if not row["has_person"]] == ["b4"]


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["bots"]
    assert folded(STORY, tmp_path, seed=1)["bots"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["bots"] == expected
