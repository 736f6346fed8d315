"""Vendors' readings: each says where it comes from, and on small stories gives the number worked out by hand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import resources
from typing import Any

import pytest

from kpis.told import AGENT, CUSTOMER, Event, Story, care, folded
from polso.care import Care
from polso.kpis.catalogue import find, shipped
from truth.acme import Acme

VENDORS = ("chatwoot", "dbt_zendesk", "freshdesk", "frappe", "intercom", "zammad", "zendesk")
FILES = {
    file.name.removesuffix(".toml"): tomllib.loads(file.read_text(encoding="utf-8"))
    for file in resources.files("polso.kpis.vendors").iterdir()
    if file.name.endswith(".toml")
}
READINGS = [(vendor, kpi) for vendor, kpis in sorted(FILES.items()) for kpi in kpis]
OFFICE = """
[[calendar]]
name = "always"
always = true
[[calendar]]
name = "office"
zone = "UTC"
hours = { mon = ["09:00-17:00"], tue = ["09:00-17:00"], wed = ["09:00-17:00"], thu = ["09:00-17:00"], fri = ["09:00-17:00"] }
[[calendar_rule]]
calendar = "office"
when = { client = "late" }
[[calendar_rule]]
calendar = "always"
"""


# What the files say


def test_every_vendor_has_its_file() -> None:
    assert set(VENDORS) == set(FILES)


@pytest.mark.parametrize(("vendor", "kpi"), READINGS)
def test_a_reading_says_what_it_is_and_where_it_comes_from(vendor: str, kpi: str) -> None:
    said, default = FILES[vendor][kpi], shipped()[kpi].default
    for words in (said["title"], said["meaning"]):
        assert set(words) == {"en", "it"}
        assert all(text.strip() for text in words.values())
    assert said["meaning"]["en"] != default.meaning.en
    assert said["meaning"]["it"] != default.meaning.it
    assert said["source"].strip() not in ("", default.source)
    made = find(shipped(), f"{kpi}:{vendor}")
    assert (vendor, said["source"], said["title"]["it"]) == (made.vendor, made.source, made.title.it)


@pytest.mark.parametrize(("vendor", "kpi"), READINGS)
def test_a_reading_changes_what_is_counted(vendor: str, kpi: str) -> None:
    told = {"variant", "title", "meaning", "source", "vendor", "version", "valid_from"}
    own = find(shipped(), f"{kpi}:{vendor}").model_dump(exclude=told)
    assert own != shipped()[kpi].default.model_dump(exclude=told)


# Stories, in minutes after nine on a Monday

NINE = datetime(2024, 1, 8, 9)
BORIS: Event = {"actor_kind": "agent", "actor_id": "h"}
BOT: Event = {"actor_kind": "bot", "actor_id": "b"}
DESK: dict[str, list[tuple[int, str, Event]]] = {
    "plain": [(0, "opened", CUSTOMER), (5, "assigned", AGENT), (10, "message", AGENT), (20, "solved", AGENT)],
    "bot first": [
        (0, "opened", CUSTOMER),
        (0, "entered", {"stage": "bot", "contact_id": "b1", "direction": "inbound", "seq": 1}),
        (1, "message", BOT),
        (5, "assigned", AGENT),
        (30, "left", {"stage": "bot", "contact_id": "b1", "value": "handed_off"}),
        (35, "assigned", AGENT),
        (40, "message", AGENT),
        (60, "solved", AGENT),
    ],
    "agent-created": [
        (0, "opened", {**AGENT, "customer_id": "k2"}),
        (0, "message", {**AGENT, "seq": 1}),
        (5, "assigned", AGENT),
        (30, "message", CUSTOMER),
        (60, "message", BORIS),
        (90, "solved", AGENT),
    ],
    "public note": [
        (0, "opened", CUSTOMER),
        (5, "assigned", AGENT),
        (10, "note", {**AGENT, "value": "private"}),
        (15, "note", {**AGENT, "value": "public"}),
        (45, "message", AGENT),
        (50, "solved", AGENT),
    ],
    "solved twice": [
        (0, "opened", CUSTOMER),
        (5, "assigned", AGENT),
        (20, "message", AGENT),
        (30, "solved", AGENT),
        (150, "reopened", CUSTOMER),
        (150, "message", {**CUSTOMER, "seq": 1}),
        (190, "message", AGENT),
        (210, "solved", AGENT),
    ],
    "merged": [
        (0, "opened", CUSTOMER),
        (5, "assigned", AGENT),
        (30, "message", AGENT),
        (40, "merged", {**AGENT, "subject_id": "plain"}),
    ],
    "paused": [
        (0, "opened", CUSTOMER),
        (5, "assigned", AGENT),
        (10, "waiting", {**AGENT, "value": "customer"}),
        (40, "resumed", CUSTOMER),
        (60, "message", AGENT),
        (80, "solved", AGENT),
    ],
    "called back": [
        (0, "opened", CUSTOMER),
        (5, "assigned", AGENT),
        (5, "entered", {**AGENT, "stage": "talk", "contact_id": "c1", "direction": "outbound", "seq": 1}),
        (15, "left", {**AGENT, "stage": "talk", "contact_id": "c1"}),
        (55, "message", AGENT),
        (65, "solved", AGENT),
    ],
    "spam": [(0, "opened", CUSTOMER), (1, "message", AGENT), (2, "removed", {**AGENT, "value": "spam"})],
    "closed unsolved, nobody's": [(0, "opened", CUSTOMER), (30, "message", AGENT), (60, "closed", AGENT)],
    "open again": [
        (0, "opened", CUSTOMER),
        (5, "assigned", AGENT),
        (30, "message", AGENT),
        (60, "solved", AGENT),
        (120, "reopened", CUSTOMER),
    ],
}


def tell_desk(story: Story) -> None:
    for ticket, events in DESK.items():
        for minute, kind, more in events:
            who = {"subject_id": more["actor_id"]} if kind == "assigned" else {}
            story.tell(NINE + timedelta(minutes=minute), kind, ticket, client="desk", **{**who, **more})


def tell_late(story: Story) -> None:
    """Asked half an hour before the weekend, answered half an hour after it; the agent's own note stops nothing."""
    friday = datetime(2024, 1, 12, 16, 30)
    story.tell(friday, "opened", "late", client="late", **CUSTOMER)
    story.tell(friday, "assigned", "late", client="late", seq=1, subject_id="g", **AGENT)
    story.tell(datetime(2024, 1, 15, 9, 30), "message", "late", client="late", **AGENT)


def tell_bots(story: Story) -> None:
    """One bot talks until the customer falls silent, and the ticket is solved; one hands off."""
    for ticket, outcome in (("silent", "silent"), ("handed", "handed_off")):
        visit = {"client": "bots", "stage": "bot", "contact_id": ticket}
        story.tell(NINE, "opened", ticket, client="bots", **CUSTOMER)
        story.tell(NINE, "entered", ticket, seq=1, direction="inbound", **visit)
        story.tell(NINE + timedelta(minutes=5), "left", ticket, value=outcome, **visit)
    story.tell(NINE + timedelta(hours=1), "solved", "silent", client="bots", actor_kind="system")


def tell_calls(story: Story) -> None:
    """A minute in the IVR each; one is answered after two minutes in the queue, one leaves the queue, one the IVR."""
    for call, stages in {
        "answered": (("ivr", 0, 1, "passed"), ("queue", 1, 3, "answered"), ("talk", 3, 9, "completed")),
        "left queue": (("ivr", 0, 1, "passed"), ("queue", 1, 2, "abandoned")),
        "left ivr": (("ivr", 0, 1, "abandoned"),),
    }.items():
        for stage, since, until, outcome in stages:
            visit = {"client": "talk", "stage": stage, "contact_id": call, "visit_id": f"{call} {stage}"}
            who = AGENT if stage == "talk" else {}
            story.tell(NINE + timedelta(minutes=since), "entered", None, direction="inbound", **visit, **who)
            story.tell(NINE + timedelta(minutes=until), "left", None, value=outcome, **visit, **who)


def tell_ratings(story: Story) -> None:
    for place, (scale, score) in enumerate(
        [("csat5", 5), ("csat5", 4), ("csat5", 3), ("thumbs", 1), ("thumbs", -1), ("csat7", 4)]
    ):
        ticket = f"rated {place}"
        rated: Event = {"attribute": scale, "amount": score, "subject_id": ticket, "seq": 1}
        story.tell(NINE, "opened", ticket, client="rated", **CUSTOMER)
        story.tell(NINE, "rated", ticket, client="rated", **rated, **CUSTOMER)


@pytest.fixture(scope="module")
def desk() -> Iterator[Care]:
    story = Story()
    for tell in (tell_desk, tell_late, tell_bots, tell_calls, tell_ratings):
        tell(story)
    engine = folded(story.events, OFFICE)
    yield care(engine, OFFICE)
    engine.close()


def one(desk: Care, label: str, client: str = "desk", **question: Any) -> tuple[int, float | None]:
    """How many rows count, and their number."""
    (cell,) = desk.ask(label, clients=[client], **question)
    return cell.n, cell.value


# Minutes to the first response, ticket by ticket in the order of DESK; '-' where the reading has none:
#             plain bot agent note twice merged paused call spam closed again
# polso          10  40    30   45    20      -     60    5    -     30    30   the merged one counts nowhere
# zendesk        10  40    60   45    20     30     60   55    -     30    30   from creation; a call is no comment
# freshdesk      10  40    60   15    20      -     60   55    -      -    30   a public note answers; not assigned, not counted
# chatwoot       10  10     0   45    20     30     60    5    -     30    30   from the hand-off; the agent's own opening answers
# zammad         10  40     0   45    20      -     30    5    -     30    30   half an hour of pending taken off
# dbt_zendesk    10  40     0   45    20     30     60    5    -     30    30
# frappe         10  40     0   45    20     30     10    5    -     30    30   the change to waiting is the response
# intercom       10  40    30   45    20     30     60    5    -     30    30   and its median
FIRST_RESPONSE = {
    "polso": (9, 270 / 9),
    "zendesk": (10, 380 / 10),
    "freshdesk": (8, 290 / 8),
    "chatwoot": (10, 240 / 10),
    "zammad": (9, 210 / 9),
    "dbt_zendesk": (10, 270 / 10),
    "frappe": (10, 220 / 10),
    "intercom": (10, 30),
}
# Minutes to the resolution; `twice` is 30 by its first solve and 210 by its last, `again` 60:
#             plain bot agent note twice merged paused call spam closed again
# polso          20  60    90   50   210      -     80   65    -      -     -
# zendesk        20  60    90   50   210     40     80   65    -     60     -   merged and closed unsolved are closed
# freshdesk      20  60    90   50   210      -     50   65    -      -     -   the wait on the customer taken off
# chatwoot       20  60    90   50  30+210    -     80   65    -      -    60   every solve
# zammad         20  60    90   50    30      -     50   65    -     60    60   the first close, pending taken off
# dbt_zendesk    20  60    90   50   210     40     80   65    -     60    60   open again or not
# frappe         20  60    90   50   210     40     50   65    -     60     -
# intercom       20  60    60   50   210     40     80   65    -     60     -   from the customer's message; the median
RESOLUTION = {
    "polso": (7, 575 / 7),
    "zendesk": (9, 675 / 9),
    "freshdesk": (7, 545 / 7),
    "chatwoot": (9, 665 / 9),
    "zammad": (9, 485 / 9),
    "dbt_zendesk": (10, 735 / 10),
    "frappe": (9, 645 / 9),
    "intercom": (9, 60),
}
# Turns: the first of each ticket as in polso's first responses (270 in nine), and 40 in the one solved twice.
REPLY = {
    "polso": (10, 310 / 10),
    # Without first responses: the agent-created one's (the opening was its first) and the second of `twice`.
    "chatwoot": (2, (30 + 40) / 2),
    # The longest of each ticket: 40 instead of 20 where there are two.
    "zammad": (9, 290 / 9),
}
# Minutes to assignment: 5 each; nobody assigned the closed one.
ASSIGN = {
    "polso": (8, 5),
    "zendesk": (9, 5),
    "freshdesk": (8, 5),
    # The last one before the reply: 35 after the bot; none for the agent-created one, answered by its opening.
    "intercom": (8, (7 * 5 + 35) / 8),
}


@pytest.mark.parametrize(
    ("kpi", "vendor", "wanted"),
    [
        (kpi, vendor, wanted)
        for kpi, told in (
            ("first_response_time", FIRST_RESPONSE),
            ("resolution_time", RESOLUTION),
            ("reply_time", REPLY),
        )
        for vendor, wanted in told.items()
    ],
)
def test_durations_by_hand(desk: Care, kpi: str, vendor: str, wanted: tuple[int, float]) -> None:
    n, value = one(desk, f"{kpi}:{vendor}")
    assert wanted == (n, pytest.approx((value or 0) / 60))


@pytest.mark.parametrize("vendor", ASSIGN)
def test_assignments_by_hand(desk: Care, vendor: str) -> None:
    n, value = one(desk, f"assign_time:{vendor}", stat="mean")
    assert ASSIGN[vendor] == (n, pytest.approx((value or 0) / 60))


@pytest.mark.parametrize("vendor", ["polso", "zendesk", "freshdesk", "dbt_zendesk", "intercom"])
def test_nobody_waits_while_the_office_is_shut(desk: Care, vendor: str) -> None:
    label = f"first_response_time:{vendor}"
    # Friday 16:30 to Monday 9:30 is 65 hours, of which half an hour on either side is open.
    assert one(desk, label, "late") == (1, 65 * 3600)
    assert one(desk, label, "late", time="business") == (1, 3600)


SHARES = {
    # Done and not open again: all but the spam and the one open again. Two answers only where it was solved twice.
    "first_contact_resolution:zendesk": (9, 8 / 9),
    # The opening comment of the agent-created one counts as its first of two.
    "first_contact_resolution:dbt_zendesk": (9, 7 / 9),
    # Solved, assigned, not merged: seven; two answers in the agent-created, the noted and the one solved twice.
    "first_contact_resolution:freshdesk": (7, 4 / 7),
    # Ten were ever closed; not those closed twice or open again, nor the agent-created one, where two replied.
    "first_contact_resolution:intercom": (10, 7 / 10),
    # Nobody was through in less than a quarter of an hour.
    "first_contact_resolution:zammad": (9, 0),
    # One reopened of nine done; one of eight solved was solved again; two reopenings in nine solves.
    "reopen_rate:zendesk": (9, 1 / 9),
    "reopen_rate:dbt_zendesk": (8, 1 / 8),
    # All but the paused and the late ones got their answer within 50 minutes, by a public note too.
    "first_response_rate_within:freshdesk": (8, 5 / 8),
}


@pytest.mark.parametrize("label", SHARES)
def test_shares_by_hand(desk: Care, label: str) -> None:
    question: dict[str, Any] = {"params": {"within": 50 * 60}} if "within" in label else {}
    n, value = one(desk, label, **question)
    assert SHARES[label] == (n, pytest.approx(value))


def test_reopenings_per_solve_and_a_longer_quarter_of_an_hour(desk: Care) -> None:
    assert one(desk, "reopen_rate:freshdesk")[1] == pytest.approx(2 / 9)
    # Less than 31 minutes: the plain one after 20, and the first solve of the one solved twice after 30.
    quick = one(desk, "first_contact_resolution:zammad", params={"quick": 31 * 60})
    assert quick == (9, pytest.approx(2 / 9))
    # 120 minutes from 9:30 to 11:30, and 60 from 10:00 to 11:00.
    assert one(desk, "reopen_gap:chatwoot") == (2, 90 * 60)


COUNTS = {
    "ticket_volume": 9,  # neither merged nor spam
    "ticket_volume:zendesk": 10,
    "ticket_volume:dbt_zendesk": 10,
    "ticket_volume:chatwoot": 10,
    "ticket_volume:frappe": 10,
    "ticket_volume:intercom": 10,
    "ticket_volume:zammad": 9,
    "ticket_volume:freshdesk": 8,  # nor the one nobody was assigned
    "solve_volume": 9,  # eight tickets, one of them twice
    "solve_volume:chatwoot": 9,
    "solve_volume:chatwoot@1": 7,  # without the two that were opened again afterwards
    "solve_volume:intercom": 9,
    "solve_volume:zendesk": 9,  # each once: seven solved, one merged, one closed
    "solve_volume:zammad": 9,  # the first close: eight solved, one closed
    "reopenings": 2,
    "reopenings:zammad": 2,
    "backlog": 1,
    "backlog:zendesk": 1,
}


@pytest.mark.parametrize("label", COUNTS)
def test_counts_by_hand(desk: Care, label: str) -> None:
    assert COUNTS[label] == one(desk, label)[1]


def test_bands_of_zendesk(desk: Care) -> None:
    """Nine under an hour but for the two of exactly one, and none in later bands."""
    cells = desk.ask("first_response_bands:zendesk", clients=["desk"])
    assert [8, 2, 0, 0, 0] == [cell.parts["part"] for cell in cells]


def test_bots_by_hand(desk: Care) -> None:
    # Both talked; the silent one was solved without a person. Polso leaves silence out of both sides.
    assert one(desk, "bot_containment:chatwoot", "bots")[1] == 1 / 2
    assert one(desk, "bot_containment:no_return_check", "bots") == (1, 0)
    assert one(desk, "bot_hand_off_rate:chatwoot", "bots")[1] == 1 / 2


def test_calls_by_hand(desk: Care) -> None:
    # Zendesk counts from the system's answer, IVR included, and abandons anywhere over all calls.
    assert one(desk, "speed_of_answer:zendesk", "talk") == (1, 180)
    assert one(desk, "speed_of_answer", "talk") == (1, 120)
    assert one(desk, "abandonment_rate:zendesk", "talk") == (3, pytest.approx(2 / 3))
    assert one(desk, "abandonment_rate", "talk") == (2, 1 / 2)


def test_ratings_by_hand(desk: Care) -> None:
    found = {
        vendor: one(desk, f"csat:{vendor}", "rated") for vendor in ("polso", "zendesk", "freshdesk", "frappe")
    }
    assert found == {
        "polso": (3, pytest.approx(2 / 3)),
        "zendesk": (5, pytest.approx(3 / 5)),  # thumbs are ratings too
        "freshdesk": (6, pytest.approx(3 / 6)),  # and so is a 4 of 7, which is not positive
        "frappe": (3, 4.0),  # a mean of stars
    }


# The demo


@pytest.mark.xdist_group("acme")
def test_vendors_disagree_on_the_demo(acme: Acme) -> None:
    """At least five KPIs differ between two vendors, by more than rounding."""
    apart = set()
    for kpi, entry in shipped().items():
        if entry.default.kind == "bands":
            continue
        values = [acme.one(f"{kpi}:{vendor}").value for vendor in entry.vendors]
        if len({round(value, 6) for value in values if value is not None}) > 1:
            apart.add(kpi)
    assert len(apart) >= 5
    assert {
        "first_response_time",
        "resolution_time",
        "first_contact_resolution",
        "csat",
        "reopen_rate",
    } <= apart
