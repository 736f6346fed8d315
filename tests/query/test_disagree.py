"""Disagree: exactly the tickets on which two definitions part, each with the reason, and no share but a counted one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.told import AGENT, CUSTOMER, Event, Story
from polso.care import Care
from polso.errors import QuestionError
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition
from polso.query.disagree import OF_ROWS, TOLD_BY_TICKET
from polso.query.run import concrete
from query.office import PERIODS, opened
from soundness.logs import logs
from soundness.profiles import few, rare

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
Said = tuple[float | None, float | None, str, str]

# Stories, in minutes after nine on a Tuesday; no calendar rule names their client, so all hours are open.

NINE = datetime(2024, 1, 9, 9)
STORIES: dict[str, list[tuple[int, str, Event]]] = {
    "plain": [(0, "opened", CUSTOMER), (10, "message", AGENT), (40, "solved", AGENT)],
    "agent-created": [
        (0, "opened", {**AGENT, "customer_id": "k2"}),
        (0, "message", {**AGENT, "seq": 1}),
        (30, "message", CUSTOMER),
        (60, "message", AGENT),
        (90, "solved", AGENT),
    ],
    "bot": [
        (0, "opened", CUSTOMER),
        (0, "entered", {"stage": "bot", "contact_id": "b1", "direction": "inbound", "seq": 1}),
        (30, "left", {"stage": "bot", "contact_id": "b1", "value": "handed_off"}),
        (40, "message", AGENT),
        (60, "solved", AGENT),
    ],
    "called back": [
        (0, "opened", CUSTOMER),
        (5, "entered", {**AGENT, "stage": "talk", "contact_id": "c1", "direction": "outbound"}),
        (15, "left", {**AGENT, "stage": "talk", "contact_id": "c1"}),
        (55, "message", AGENT),
        (65, "solved", AGENT),
    ],
    "internal": [(0, "opened", {**AGENT, "direction": "internal"}), (20, "solved", AGENT)],
    "merged": [
        (0, "opened", CUSTOMER),
        (30, "message", AGENT),
        (40, "merged", {**AGENT, "subject_id": "plain"}),
    ],
    "paused": [
        (0, "opened", CUSTOMER),
        (10, "waiting", {**AGENT, "value": "customer"}),
        (40, "resumed", CUSTOMER),
        (60, "message", AGENT),
        (80, "solved", AGENT),
    ],
    "reopened": [
        (0, "opened", CUSTOMER),
        (20, "message", AGENT),
        (30, "solved", AGENT),
        (150, "reopened", CUSTOMER),
        (210, "solved", AGENT),
    ],
    "spam": [(0, "opened", CUSTOMER), (1, "message", AGENT), (2, "removed", {**AGENT, "value": "spam"})],
}
LEFT_OUT = {
    "merged": ("merged into another ticket", "unito a un altro ticket"),
    "internal": ("opened by an agent for themselves", "aperto da un operatore per sé"),
}


@pytest.fixture(scope="module")
def told() -> Iterator[Care]:
    story = Story()
    for ticket, events in STORIES.items():
        for minute, kind, more in events:
            story.tell(NINE + timedelta(minutes=minute), kind, ticket, **more)
    with opened(story.events) as care:
        yield care


def out(vendor: str, why: str) -> tuple[str, str]:
    en, it = LEFT_OUT[why]
    return f"{vendor} leaves it out: {en}", f"{vendor} lo esclude: {it}"


def apart(verbs: tuple[str, str], *each: tuple[str, str, str]) -> tuple[str, str]:
    """Both sides of a parting by instant or pause: (vendor, English noun, Italian noun)."""
    en = "; ".join(f"{vendor} {verbs[0]} {noun}" for vendor, noun, _ in each)
    return en, "; ".join(f"{vendor} {verbs[1]}{noun}" for vendor, _, noun in each)


STARTS, STOPS, TAKES = ("starts at", "parte da: "), ("stops at", "si ferma a: "), ("takes off", "toglie: ")
BY_CUSTOMER = (
    "polso",
    "the opening by the customer, or their first message where somebody else opened",
    "l'apertura da parte del cliente, o il suo primo messaggio se ha aperto qualcun altro",
)
FIRST_REPLY = ("polso", "the first public reply by a person", "la prima risposta pubblica di una persona")
OPENING = ("the opening", "l'apertura")
COMMENT = (
    "zendesk",
    "the first public message of an agent after the opening, calls apart",
    "il primo messaggio pubblico di un operatore dopo l'apertura, chiamate escluse",
)
HUMAN_CLOCK = (
    "chatwoot",
    "when only a person could answer first: the opening, or a bot's hand-off or solve or a reopening after it",
    "da quando solo una persona poteva rispondere per prima: l'apertura, o dopo di essa il passaggio o la risoluzione"
    " di un bot o una riapertura",
)
HUMAN_REPLY = (
    "chatwoot",
    "the first public message of a person, whoever opened",
    "il primo messaggio pubblico di una persona, chiunque abbia aperto",
)
RESOLVED = (
    "polso",
    "the last solve of a ticket that is not open again",
    "l'ultima risoluzione di un ticket non riaperto",
)
FIRST_DONE = (
    "zammad",
    "the first solve, closing or merge",
    "la prima risoluzione, chiusura o unione",
)
PAUSED = (
    "zammad",
    "the time on hold before the first solve, closing or merge, whoever was waited for",
    "il tempo in attesa prima della prima risoluzione, chiusura o unione, di chiunque",
)


def both(first: tuple[str, str], second: tuple[str, str]) -> tuple[str, str]:
    return f"{first[0]}; {second[0]}", f"{first[1]}; {second[1]}"


# What either says of each ticket on which they part, in minutes for durations; None where it leaves the ticket out.
PARTED: dict[tuple[str, str, str], dict[str, tuple[float | None, float | None, tuple[str, str]]]] = {
    ("ticket_volume", "polso", "zendesk"): {
        "internal": (None, 1, out("polso", "internal")),
        "merged": (None, 1, out("polso", "merged")),
    },
    ("first_response_time", "polso", "zendesk"): {
        "agent-created": (30, 60, apart(STARTS, BY_CUSTOMER, ("zendesk", *OPENING))),
        "called back": (5, 55, apart(STOPS, FIRST_REPLY, COMMENT)),
        "merged": (None, 30, out("polso", "merged")),
    },
    ("first_response_time", "polso", "chatwoot"): {
        "agent-created": (
            30,
            0,
            both(apart(STARTS, BY_CUSTOMER, HUMAN_CLOCK), apart(STOPS, FIRST_REPLY, HUMAN_REPLY)),
        ),
        "bot": (40, 10, apart(STARTS, BY_CUSTOMER, HUMAN_CLOCK)),
        "merged": (None, 30, out("polso", "merged")),
    },
    ("resolution_time", "polso", "zammad"): {
        "internal": (None, 20, out("polso", "internal")),
        "paused": (80, 50, apart(TAKES, ("polso", "nothing", "nulla"), PAUSED)),
        "reopened": (210, 30, apart(STOPS, RESOLVED, FIRST_DONE)),
    },
    ("resolution_time", "polso", "chatwoot"): {
        "internal": (None, 20, out("polso", "internal")),
        "reopened": (210, 120, apart(STOPS, RESOLVED, ("chatwoot", "the solve", "la risoluzione"))),
    },
}


@pytest.mark.parametrize("asked", PARTED, ids=":".join)
def test_exactly_these_tickets_part_and_this_is_why(told: Care, asked: tuple[str, str, str]) -> None:
    kpi, left, right = asked
    parting, found = told.disagree(kpi, left, right)
    unit = 60 if shipped()[kpi].default.unit == "duration" else 1
    said = {d.ticket_id: (_in(d.left, unit), _in(d.right, unit), (d.reason.en, d.reason.it)) for d in found}
    assert PARTED[asked] == said
    assert (len(said), f"{kpi}:{right}") == (parting.parted, parting.right)
    counted = {
        (row["source"], row["ticket_id"])
        for name in (left, right)
        for row in told.rows(f"{kpi}:{name}", limit=None).to_pylist()
    }
    assert (len(counted), len(said) / len(counted)) == (parting.tickets, parting.share)


def _in(value: float | None, unit: int) -> float | None:
    return None if value is None else value / unit


def test_judged_by_other_conditions(told: Care) -> None:
    """Zammad calls it a first solution when it took less than a quarter of an hour; none did."""
    _, found = told.disagree("first_contact_resolution", "polso", "zammad", params={"within": 0})
    words = {d.reason.it for d in found if (d.left, d.right) == (1.0, 0.0)}
    assert {"lo giudicano con altre condizioni"} == words
    assert {"plain", "bot", "called back", "paused"} <= {d.ticket_id for d in found}


def test_outside_the_period_of_one(told: Care) -> None:
    """Opened and solved for the first time on the 9th; zammad's clock is the first solve, polso's the last."""
    story = Story()
    for at, kind, who in (
        (0, "opened", CUSTOMER),
        (1, "solved", AGENT),
        (2, "reopened", CUSTOMER),
        (3, "solved", AGENT),
    ):
        story.tell(NINE + timedelta(days=at), kind, "slow", **who)
    with opened(story.events) as care:
        _, (dissent,) = care.disagree("resolution_time", "zammad", "polso", period="2024-01-12")
        assert (None, 3 * 86400.0) == (dissent.left, dissent.right)
        outside = "zammad leaves it out: the first solve, closing or merge is outside the period"
        assert outside == dissent.reason.en
        _, (other,) = care.disagree("solve_volume", "zammad", "polso", period="2024-01-12")
        assert "zammad leaves it out: it has no such row in the period" == other.reason.en
        assert care.disagree("resolution_time", "zammad", "polso", period="2024-01-11")[1] == ()


def test_bands_part_where_a_ticket_falls_into_another(told: Care) -> None:
    parting, found = told.disagree("first_response_bands", "polso", "zendesk")
    assert parting.parted == len(found)
    # 5 minutes and 55 are both under an hour; half an hour and a whole one are not.
    assert {"agent-created", "internal", "merged"} == {d.ticket_id for d in found}


@pytest.mark.parametrize(
    ("kpi", "left", "right", "words"),
    [
        ("first_response_time", "zendesk", "zendesk", "two different definitions"),
        ("first_response_time", "zendesk", "zendsk", "did you mean zendesk"),
        ("backlog", "polso", "zendesk", "not made of rows of tickets"),
        ("reopen_rate", "polso", "freshdesk", "not made of rows of tickets"),
    ],
)
def test_what_cannot_part_is_said(told: Care, kpi: str, left: str, right: str, words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        told.disagree(kpi, left, right)


def test_all_is_every_vendor_or_the_variant_of_that_name(told: Care) -> None:
    """By itself, as a definition, it is all of them; as a variant, or beside another name, the variant called so."""
    vendors = shipped()["ticket_volume"].vendors
    assert ["default", *vendors] == [c.variant for c in told.ask("ticket_volume", definition="all")]
    assert ["all"] == [c.variant for c in told.ask("ticket_volume", variant="all")]
    assert ["default", "all"] == [c.variant for c in told.ask("ticket_volume", definition=("polso", "all"))]


# Random logs

ROWS = {
    name: [
        d
        for d in entry.definitions
        if d.kind in OF_ROWS and d.fact in TOLD_BY_TICKET and d.kind != "net_share"
    ]
    for name, entry in shipped().items()
}
PAIRS = [pair for known in ROWS.values() for pair in combinations(known, 2)]


@few
@given(logs(60), st.integers(0, 10_000))
def test_the_share_of_parting_is_counted_ticket_by_ticket(log: Log, seed: int) -> None:
    dice = Random(seed)
    with opened(log) as care:
        for left, right in dice.sample(PAIRS, 28):
            period, where = dice.choice(PERIODS), dice.choice(({}, {"client": "a"}))
            (parting,) = care.partings(left.label, right.label, period=period, where=where)
            one, other = (_of_tickets(care, d, period, where) for d in (left, right))
            apart_ = {ticket for ticket in one | other if one.get(ticket) != other.get(ticket)}
            asked = (left.label, right.label, period, where)
            assert (len(one | other), len(apart_)) == (parting.tickets, parting.parted), asked
            if left.name == right.name and dice.random() < 0.3:
                names = [d.vendor or d.variant if d.variant != "default" else "polso" for d in (left, right)]
                _, found = care.disagree(left.name, *names, period=period, where=where)
                assert sorted(apart_) == [(d.source, d.ticket_id) for d in found], asked
                assert all(d.reason.en and d.reason.it for d in found), asked


def _of_tickets(care: Care, d: Definition, period: str, where: Any) -> dict[tuple[str, str], tuple[int, ...]]:
    """What a definition makes of each ticket it counts: rows, those that met it, and their sum."""
    made = concrete(d)
    found: dict[tuple[str, str], tuple[int, ...]] = defaultdict(lambda: (0, 0, 0))
    for row in care.rows(d.label, period=period, where=where, limit=None).to_pylist():
        if d.kind == "bands" and (row[f"{d.value}_us"] or 0) < 0:
            continue
        if d.kind == "survival" and (row[str(d.until)] or row[str(d.since)]) < row[str(d.since)]:
            continue
        met = bool(row.get("counted")) or (d.kind == "survival" and row[str(d.until)] is not None)
        n, judged, total = found[row["source"], row["ticket_id"]]
        found[row["source"], row["ticket_id"]] = (n + 1, judged + met, total + _worth(made, row))
    return dict(found)


def _worth(d: Definition, row: Event) -> int:
    if d.kind in ("duration", "mean", "sum"):
        return int(row[str(d.value)] - (row[d.minus] if d.minus else 0))
    if d.kind != "bands":
        return 0
    lasted = row[f"{d.value}_us"]
    return (
        -1
        if lasted is None
        else max((int(e * 1_000_000) for e in d.edges if lasted >= e * 1_000_000), default=0)
    )


QUESTIONS: list[dict[str, Any]] = [{}, {"by": "channel", "period": "2024-04"}]


@rare
@given(logs(60))
def test_side_by_side_is_one_after_the_other(log: Log) -> None:
    with opened(log) as care:
        for name, entry in shipped().items():
            if entry.vendors:
                for question in QUESTIONS:
                    together = list(care.ask(name, definition="all", **question))
                    labels = [name, *(f"{name}:{vendor}" for vendor in entry.vendors)]
                    assert together == [c for label in labels for c in care.ask(label, **question)], name
