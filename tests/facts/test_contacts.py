"""Contacts: sessions and turns, who answered them, what they took, and what their people did next."""

from pathlib import Path
from typing import Any

import pytest

from facts.calls import only, seconds, visit
from facts.test_stages import conference, every_ending, ring_of_ten, simple_call, two_queues
from facts.told import Row, at, event, folded, folded_in_steps, folded_on_spark

SPENT = ("talk_us", "hold_us", "wrap_us", "work_us", "handle_us")


def contacts(told: list[Row], folder: Path) -> list[Row]:
    return sorted(folded(told, folder)["contacts"], key=lambda r: (r["ticket_id"], r["nth"]))


def customer(when: str, ticket: str, **more: Any) -> Row:
    return event(when, "message", ticket, actor_kind="customer", **more)


def agent(when: str, ticket: str, who: str = "ada", **more: Any) -> Row:
    return event(when, "message", ticket, actor_kind="agent", actor_id=who, **more)


def work(when: str, ticket: str, amount: Any, **more: Any) -> Row:
    return event(when, "work", ticket, actor_kind="agent", actor_id="ada", amount=amount, **more)


def test_a_call_through_every_stage(tmp_path: Path) -> None:
    row = only(contacts(simple_call(), tmp_path))
    assert (row["medium"], row["direction"], row["outcome"]) == ("session", "inbound", "answered")
    assert (row["started_at"], row["ended_at"]) == (at("09:00:00"), at("09:04:00"))
    assert (row["queued_at"], row["chosen_at"], row["answered_at"]) == (
        at("09:00:40"), at("09:00:40"), at("09:01:10"),
    )  # fmt: skip
    assert [seconds(row[name]) for name in SPENT] == [120, 20, 30, None, 170]
    assert (seconds(row["wait_us"]), seconds(row["answer_us"]), seconds(row["chosen_wait_us"])) == (
        30,
        70,
        30,
    )
    assert (row["waited_until"], seconds(row["whole_wait_us"])) == (row["answered_at"], 70)
    assert (row["is_offered"], row["is_answered"], row["is_handled"], row["is_abandoned"]) == (
        True, True, True, False,
    )  # fmt: skip
    assert (row["agent"], row["team"], row["legs"], row["handled_at"]) == ("ada", "sales", 1, at("09:04:00"))


def test_the_waits_of_two_queues_are_summed(tmp_path: Path) -> None:
    row = only(contacts(two_queues(), tmp_path))
    assert (seconds(row["wait_us"]), row["agent"], row["team"], row["legs"]) == (240, "ada", "front", 2)
    # 4 min and 1 min of Ada, 2 min of Bob; nobody wrapped up.
    assert [seconds(row[name]) for name in SPENT] == [420, None, None, None, 420]


def test_ten_rings_are_one_contact(tmp_path: Path) -> None:
    row = only(contacts(ring_of_ten(), tmp_path))
    assert (row["outcome"], row["agent"], row["legs"], seconds(row["handle_us"])) == (
        "answered",
        "agent6",
        1,
        180,
    )


def test_conference_legs_are_summed(tmp_path: Path) -> None:
    row = only(contacts(conference(), tmp_path))
    assert (row["legs"], seconds(row["handle_us"])) == (2, 900)


def test_every_ending_of_a_queue(tmp_path: Path) -> None:
    rows = {row["contact_id"]: row for row in contacts(every_ending(), tmp_path)}
    assert [rows[f"E{n}"]["outcome"] for n in range(10)] == [
        "abandoned", "overflowed", "timed_out", "transferred", "callback", "voicemail", "refused", "failed",
        "abandoned", "open",
    ]  # fmt: skip
    assert [rows[f"E{n}"]["is_abandoned"] for n in range(10)] == [True, *[False] * 7, True, False]
    assert (rows["E0"]["abandoned_in"], rows["E4"]["abandoned_in"]) == ("queue", None)
    assert (rows["E9"]["ended_at"], rows["E9"]["wait_us"]) == (None, None)
    assert (rows["O1"]["direction"], rows["O1"]["is_offered"]) == ("outbound", False)
    assert not any(rows[f"E{n}"]["is_handled"] for n in range(10))


def test_where_the_customer_left(tmp_path: Path) -> None:
    told = [
        *visit("W", "welcome", "09:00:00", "09:00:05", "abandoned"),
        *visit("I", "ivr", "09:00:00", "09:00:05", "abandoned"),
        *visit("S", "ivr", "09:00:00", "09:00:05", "served"),
        *visit("H", "queue", "09:00:00", "09:00:10", "answered"),
        *visit("H", "talk", "09:00:10", "09:01:00", "passed", agent="ada"),
        *visit("H", "hold", "09:01:00", "09:02:00", "abandoned", agent="ada"),
        *visit("H", "wrap", "09:02:00", "09:02:30", "served", agent="ada"),
        *visit("R", "queue", "09:00:00", "09:00:30", "abandoned"),
        *visit("R", "ring", "09:00:25", "09:00:30", "abandoned", agent="ada"),
    ]
    rows = {row["contact_id"]: row for row in contacts(told, tmp_path)}
    assert {name: (row["outcome"], row["abandoned_in"], row["is_offered"]) for name, row in rows.items()} == {
        "W": ("abandoned", "welcome", False), "I": ("abandoned", "ivr", False), "S": ("served", None, False),
        "H": ("answered", "hold", True), "R": ("abandoned", "queue", True),
    }  # fmt: skip
    assert seconds(rows["H"]["handle_us"]) == 140


def test_a_visit_without_its_end_or_with_a_reversed_one_adds_nothing(tmp_path: Path) -> None:
    told = [
        *visit("C1", "talk", "09:00:00", "09:01:00", "served", agent="ada"),
        *visit("C1", "wrap", "09:01:00", "09:00:30", "served", agent="ada"),
        *visit("C2", "ring", "09:00:00", agent="bob"),
        *visit("C2", "talk", "09:00:05", "09:01:05", "served", agent="ada"),
        *visit("C3", "talk", "09:00:00", agent="ada"),
    ]
    rows = {row["contact_id"]: row for row in contacts(told, tmp_path)}
    assert [seconds(rows["C1"][name]) for name in SPENT] == [60, None, None, None, 60]
    # A ring that nobody ended does not keep the call open; a talk does.
    assert (rows["C2"]["is_handled"], rows["C2"]["ended_at"]) == (True, at("09:01:05"))
    assert (rows["C3"]["is_answered"], rows["C3"]["is_handled"], rows["C3"]["handle_us"]) == (
        True,
        False,
        None,
    )


def mail() -> list[Row]:
    """Two turns with work in each, and a call on the same ticket in between."""
    return [
        event(
            "08:59:00", "opened", "T1", actor_kind="customer", channel="email", customer_id="K1", team="desk"
        ),
        customer("09:00:00", "T1", channel="email"),
        work("09:20:00", "T1", 300),
        agent("09:30:00", "T1"),
        work("09:31:00", "T1", "12.5"),
        *visit("C1", "queue", "10:00:00", "10:00:30", "answered", ticket="T1", channel="phone", team="front"),
        *visit("C1", "talk", "10:00:30", "10:02:30", "served", ticket="T1", agent="bob", channel="phone"),
        work("10:30:00", "T1", 1000),
        work("10:31:00", "T1", 40, contact_id="C1"),
        customer("11:00:00", "T1", channel="email"),
        agent("11:10:00", "T1", "bob"),
    ]


def test_turns_are_contacts_and_take_their_work(tmp_path: Path) -> None:
    first, call, second = contacts(mail(), tmp_path)
    assert [row["medium"] for row in (first, call, second)] == ["turn", "session", "turn"]
    assert (first["started_at"], first["answered_at"], first["ended_at"]) == (
        at("08:59:00"), at("09:30:00"), at("09:30:00"),
    )  # fmt: skip
    assert (first["agent"], first["is_handled"], first["is_offered"], first["channel"]) == (
        "ada",
        True,
        False,
        "email",
    )
    assert [seconds(first[name]) for name in SPENT] == [None, None, None, 312.5, 312.5]
    # The call has stages: work that does not name it is neither its own nor the mail's before it.
    assert [seconds(call[name]) for name in SPENT] == [120, None, None, 40, 120]
    assert (call["channel"], call["customer_id"], call["team"]) == ("phone", "K1", "front")
    # Nothing was recorded for the second: unknown, not nothing.
    assert (second["handle_us"], second["is_handled"], second["agent"]) == (None, True, "bob")


def test_work_stays_with_its_turn_until_the_next_one_starts(tmp_path: Path) -> None:
    told = [
        work("08:00:00", "T1", 7),
        customer("09:00:00", "T1"),
        work("09:00:00", "T1", 1),
        agent("09:10:00", "T1"),
        customer("10:00:00", "T1"),
        work("10:00:00", "T1", 20),
        work("09:59:59", "T1", 300),
    ]
    rows = contacts(told, tmp_path)
    assert [seconds(row["work_us"]) for row in rows] == [301, 20]
    assert [row["outcome"] for row in rows] == ["answered", "open"]


def test_a_turn_ends_with_the_ticket(tmp_path: Path) -> None:
    told = [
        customer("09:00:00", "T1"),
        event("09:30:00", "solved", "T1", actor_kind="system"),
    ]
    row = only(contacts(told, tmp_path))
    assert (row["outcome"], row["ended_at"], row["is_answered"], row["is_handled"]) == (
        "ended", at("09:30:00"), False, False,
    )  # fmt: skip


def test_a_mail_after_a_lost_call_is_a_contact_of_its_own(tmp_path: Path) -> None:
    told = [
        event("09:00:00", "opened", "T1", actor_kind="customer", channel="phone"),
        *visit("C1", "queue", "09:00:00", "09:01:00", "abandoned", ticket="T1", channel="phone"),
        customer("09:30:00", "T1", channel="email"),
        agent("09:40:00", "T1"),
    ]
    call, mail_ = contacts(told, tmp_path)
    assert (call["medium"], call["outcome"], call["is_abandoned"]) == ("session", "abandoned", True)
    assert (mail_["medium"], mail_["started_at"], mail_["outcome"], mail_["channel"]) == (
        "turn", at("09:30:00"), "answered", "email",
    )  # fmt: skip


def test_an_opening_counts_once_and_only_where_no_session_is_it(tmp_path: Path) -> None:
    told = [
        event("09:00:00", "opened", "T1", actor_kind="customer", channel="web"),
        *visit("C1", "queue", "10:00:00", "10:01:00", "abandoned", ticket="T1", channel="phone"),
        event("09:00:00", "opened", "T2", actor_kind="customer"),
        *visit("C2", "queue", "09:00:02", "09:01:00", "abandoned", ticket="T2", channel="phone"),
        event("09:00:00", "opened", "T3", actor_kind="customer", channel="web"),
    ]
    found = [(row["ticket_id"], row["medium"], row["channel"]) for row in contacts(told, tmp_path)]
    assert found == [
        ("T1", "turn", "web"), ("T1", "session", "phone"), ("T2", "session", "phone"), ("T3", "turn", "web"),
    ]  # fmt: skip


def bot_chats() -> list[Row]:
    """Contained; handed to a queue; handed to an agent who writes later; silent."""
    told: list[Row] = []
    for n, ending in enumerate(("contained", "handed_off", "handed_off", "silent")):
        about = {"ticket": f"B{n}", "channel": "chat", "customer_id": f"K{n}"}
        told += [
            customer("09:00:00", f"B{n}", contact_id=f"S{n}", channel="chat"),
            *visit(f"S{n}", "bot", "09:00:01", "09:01:00", ending, **about),
        ]
    return [
        *told,
        *visit("S1", "queue", "09:01:00", "09:01:20", "answered", ticket="B1", channel="chat"),
        *visit("S1", "talk", "09:01:20", "09:05:20", "served", ticket="B1", agent="ada", channel="chat"),
        work("09:30:00", "B2", 90),
        agent("09:40:00", "B2", "bob"),
        event("09:50:00", "solved", "B2", actor_kind="agent", actor_id="bob"),
        event("09:10:00", "solved", "B3", actor_kind="system"),
        agent("09:20:00", "B3", "bob"),
    ]


def test_bot_conversations(tmp_path: Path) -> None:
    contained, queued, written, silent = contacts(bot_chats(), tmp_path)
    assert [row["outcome"] for row in (contained, queued, written, silent)] == [
        "contained", "answered", "answered", "silent",
    ]  # fmt: skip
    assert {row["has_bot"] for row in (contained, queued, written, silent)} == {True}
    assert [row["bot_outcome"] for row in (queued, written)] == ["handed_off", "handed_off"]
    assert (contained["is_answered"], contained["ended_at"]) == (False, at("09:01:00"))
    assert (queued["is_offered"], written["is_offered"]) == (True, False)
    assert (written["answered_at"], written["agent"], seconds(written["handle_us"])) == (
        at("09:40:00"),
        "bob",
        90,
    )
    assert (written["ended_at"], seconds(queued["handle_us"])) == (at("09:40:00"), 240)
    # A message that comes long after a silent ending does not answer it.
    assert silent["answered_at"] is None


def test_chats_told_by_messages_alone(tmp_path: Path) -> None:
    told = [
        customer("09:00:00", "T1", contact_id="S1"),
        agent("09:00:20", "T1", contact_id="S1"),
        customer("09:01:00", "T1", contact_id="S1"),
        agent("09:02:00", "T1", "bob", contact_id="S1"),
        work("09:05:00", "T1", 60),
        customer("09:00:00", "T2", contact_id="S2"),
        agent("10:00:00", "T3", contact_id="S3"),
        customer("09:00:00", "T4", contact_id="S4"),
        event("09:10:00", "closed", "T4"),
    ]
    answered, waiting, outbound, ended = contacts(told, tmp_path)
    assert (answered["outcome"], answered["answered_at"], answered["agent"]) == (
        "answered",
        at("09:00:20"),
        "ada",
    )
    assert (answered["ended_at"], seconds(answered["handle_us"])) == (at("09:02:00"), 60)
    assert (waiting["outcome"], waiting["ended_at"]) == ("open", None)
    assert (outbound["direction"], outbound["outcome"], outbound["is_answered"]) == (
        "outbound",
        "ended",
        False,
    )
    assert (ended["outcome"], ended["ended_at"]) == ("ended", at("09:10:00"))


def test_sessions_at_once_are_summed(tmp_path: Path) -> None:
    told: list[Row] = []
    for n in range(3):
        told += visit(f"S{n}", "talk", "09:00:00", "09:10:00", "served", agent="ada", channel="chat")
    assert sum(row["handle_us"] for row in contacts(told, tmp_path)) == 1_800_000_000


def test_called_back(tmp_path: Path) -> None:
    told = [
        *visit("C1", "queue", "09:00:00", "09:01:00", "callback", ticket="T1"),
        *visit(
            "C2", "ring", "11:00:00", "11:00:10", "answered", ticket="T1", agent="ada", direction="callback"
        ),
        *visit(
            "C2", "talk", "11:00:10", "11:05:10", "served", ticket="T1", agent="ada", direction="callback"
        ),
    ]
    asked, back = contacts(told, tmp_path)
    assert (asked["outcome"], asked["is_offered"], asked["is_abandoned"]) == ("callback", True, False)
    assert (back["direction"], back["is_offered"], back["outcome"]) == ("callback", False, "answered")
    assert seconds(back["handle_us"]) == 300


def test_merged_contacts_count_and_removed_ones_do_not(tmp_path: Path) -> None:
    told = [
        customer("09:00:00", "T1"), event("09:01:00", "merged", "T1", subject_id="T0"),
        customer("09:00:00", "T2"), event("09:01:00", "removed", "T2", value="spam"),
    ]  # fmt: skip
    merged, removed = contacts(told, tmp_path)
    assert [(row["left_out"], row["is_counted"]) for row in (merged, removed)] == [
        ("merged", True), ("removed", False),
    ]  # fmt: skip


def people() -> list[Row]:
    """One person, a call as P1 and a chat as an alias of P1; orders between; a stranger besides."""
    return [
        *visit("C1", "queue", "09:00:00", "09:10:00", "abandoned", customer_id="P1"),
        *visit("C2", "queue", "09:05:00", "09:06:00", "abandoned", customer_id="P1"),
        *visit("C3", "queue", "12:00:00", "12:01:00", "abandoned", customer_id="visitor"),
        event("13:00:00", "identified", customer_id="P1", subject_id="visitor"),
        event("14:00:00", "ordered", customer_id="P1", subject_id="O1", amount=10, currency="EUR"),
        *visit("C4", "queue", "14:00:00", "14:01:00", "abandoned", customer_id="P1"),
        *visit("C5", "queue", "14:30:00", "14:31:00", "abandoned", customer_id="P1", direction="outbound"),
        event("15:00:00", "ordered", customer_id="P1", subject_id="O2", amount=10, currency="EUR"),
        *visit("D1", "queue", "09:30:00", "09:31:00", "abandoned"),
    ]


def test_the_same_person_comes_back_and_buys(tmp_path: Path) -> None:
    rows = {row["contact_id"]: row for row in contacts(people(), tmp_path)}
    back = {name: row["next_contact_at"] for name, row in rows.items()}
    # C2 began before C1 was over, so it is not its return.
    assert back == {
        "C1": at("12:00:00"), "C2": at("12:00:00"), "C3": at("14:00:00"), "C4": None, "C5": None, "D1": None,
    }  # fmt: skip
    assert seconds(rows["C1"]["return_us"]) == 2 * 3600 + 50 * 60
    bought = {name: row["next_order_at"] for name, row in rows.items()}
    assert bought == {
        "C1": at("14:00:00"), "C2": at("14:00:00"), "C3": at("14:00:00"), "C4": at("15:00:00"),
        "C5": at("15:00:00"), "D1": None,
    }  # fmt: skip
    earlier = {name: row["earlier_contact_at"] for name, row in rows.items()}
    # Of the three before the first order only C1 has nobody before it.
    assert earlier == {
        "C1": None, "C2": at("09:00:00"), "C3": at("09:05:00"), "C4": None, "C5": at("14:00:00"), "D1": None,
    }  # fmt: skip
    assert (seconds(rows["C3"]["order_us"]), seconds(rows["C3"]["earlier_order_us"])) == (
        7200,
        4 * 3600 + 55 * 60,
    )


STORY = [
    *simple_call(), *two_queues(), *ring_of_ten(), *conference(), *every_ending(),
    *mail(), *people(), *bot_chats(),
]  # fmt: skip


def numbered() -> list[Row]:
    return [row | {"event_id": f"x{n}"} for n, row in enumerate(STORY)]


@pytest.mark.parametrize("seed", [1, 2])
def test_arrival_changes_nothing(tmp_path: Path, seed: int) -> None:
    at_once = folded(numbered(), tmp_path)["contacts"]
    assert at_once == folded(numbered(), tmp_path, seed=seed)["contacts"]
    assert at_once == folded_in_steps(numbered(), tmp_path, seed=seed)["contacts"]


@pytest.mark.slow  # a whole fold on Spark for one story; tests/spark folds the demo, with all of them
def test_spark_agrees(tmp_path: Path, spark: Any) -> None:
    there = folded_on_spark(numbered(), tmp_path, spark, ["contacts"])
    assert folded(numbered(), tmp_path)["contacts"] == there["contacts"]
