"""Credit rules: who gets a row changes who is credited, never how much there is to credit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.told import CUSTOMER, Event, Story
from polso.care import Care
from polso.errors import QuestionError
from polso.facts.fact import CREDITS
from polso.kpis.definition import Definition
from polso.query.result import Cell
from query.office import EVERY, credits_of, opened, splits
from soundness.logs import logs
from soundness.profiles import rare

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
ADDITIVE = ("count", "sum", "share", "net_share", "mean", "duration", "stock")
PERIOD = "2024-03-25..2024-05-20"


# Percentiles cannot be added up; ratios are looked at by their sides.
SPLIT = [
    d
    for d in EVERY
    if d.kind in ADDITIVE and d.stat == "mean" and credits_of(d) and splits(d, "agent", "team")
]


def summed(cells: Iterable[Cell]) -> dict[str, Counter[str]]:
    """Per definition: rows counted, and the integers that its values were made of, over all its cells."""
    found: dict[str, Counter[str]] = {}
    for cell in cells:
        total = found.setdefault(f"{cell.kpi}:{cell.variant}@{cell.version}", Counter())
        total["n"] += cell.n
        total.update({name: part for name, part in cell.parts.items() if part})
    return {name: +total for name, total in found.items() if +total}


@rare
@given(logs(60), st.integers(0, 10_000))
def test_totals_are_the_same_whoever_gets_the_credit(log: Log, seed: int) -> None:
    with opened(log) as care:
        for by in (("agent", "team"), ("agent",), ("team",)):
            known = [d for d in SPLIT if tuple(splits(d, "agent", "team")) == by]
            whole = summed(care.ask(*(d.versioned for d in known), period=PERIOD)) if known else {}
            for rule in CREDITS:
                can = [d.versioned for d in known if rule in credits_of(d)]
                wanted = {name: parts for name, parts in whole.items() if name.replace(":default", "") in can}
                found = summed(care.ask(*can, by=by, credit=rule, period=PERIOD)) if can else {}
                assert wanted == found, (by, rule)
        ratios = [d for d in EVERY if d.kind == "ratio" and credits_of(d)]
        for d in Random(seed).sample(ratios, 6):
            _both_sides_keep_their_rows(care, d)


def _both_sides_keep_their_rows(care: Care, d: Definition) -> None:
    """A ratio has no value where its bottom is empty, so its sides are counted as explain counts them."""
    counts = {
        rule: [(a.side, a.total, a.counted) for a in care.explain(d.versioned, credit=rule).accounts]
        for rule in (None, *credits_of(d))
    }
    assert 1 == len({tuple(count) for count in counts.values()}), (d.versioned, counts)


# One ticket of many hands

NINE = datetime(2024, 1, 9, 9)


def by(name: str) -> Event:
    return {"actor_kind": "agent", "actor_id": name}


@pytest.fixture(scope="module")
def hands() -> Iterator[Care]:
    """Anna has it, Bruno answers, Carla gets it, Dario solves; it comes back, Elena solves, Fabio keeps it; it is rated."""
    story = Story()
    told: list[tuple[str, Event]] = [
        ("opened", CUSTOMER),
        ("assigned", {"subject_id": "Anna", "team": "one"}),
        ("message", by("Bruno")),
        ("assigned", {"subject_id": "Carla", "team": "two"}),
        ("solved", by("Dario")),
        ("reopened", CUSTOMER),
        ("message", CUSTOMER),
        ("solved", by("Elena")),
        ("assigned", {"subject_id": "Fabio", "team": "three"}),
        ("rated", {**CUSTOMER, "attribute": "csat5", "amount": 5, "subject_id": "s"}),
    ]
    for minute, (kind, more) in enumerate(told):
        story.tell(NINE + timedelta(minutes=10 * minute), kind, "t", **more)
    with opened(story.events) as care:
        yield care


# (KPI, rule): the agent and the team who get it.
CREDITED = {
    ("first_response_time", "sender"): ("Bruno", "one"),
    ("first_response_time", "assignee"): ("Anna", "one"),
    ("first_response_time", "last_assignee"): ("Fabio", "three"),
    ("first_response_time", "solver"): ("Elena", "two"),
    ("first_response_time", "team"): (None, "one"),
    ("reply_time", "sender"): ("Bruno", "one"),
    ("reply_time", "assignee"): ("Anna", "one"),
    ("reply_time", "last_assignee"): ("Fabio", "three"),
    ("reply_time", "team"): (None, "one"),
    ("resolution_time", "sender"): ("Bruno", "one"),
    ("resolution_time", "assignee"): ("Carla", "two"),
    ("resolution_time", "last_assignee"): ("Fabio", "three"),
    ("resolution_time", "solver"): ("Elena", "two"),
    ("resolution_time", "team"): (None, "two"),
    ("resolution_time:first", "solver"): ("Dario", "two"),
    ("resolution_time:first", "assignee"): ("Carla", "two"),
    ("csat", "assignee"): ("Fabio", "three"),
    ("csat", "last_assignee"): ("Fabio", "three"),
    ("csat", "solver"): ("Elena", "three"),
    ("csat", "team"): (None, "three"),
}


@pytest.mark.parametrize(("kpi", "rule"), CREDITED)
def test_who_gets_it(hands: Care, kpi: str, rule: Any) -> None:
    agent, team = CREDITED[kpi, rule]
    assert [team] == [cell.keys["team"] for cell in hands.ask(kpi, by="team", credit=rule) if cell.n]
    if agent:
        (cell,) = (cell for cell in hands.ask(kpi, by="agent", credit=rule) if cell.n)
        assert (agent, hands.ask(kpi).value) == (cell.keys["agent"], cell.value)
        filtered = hands.ask(kpi, where={"agent": agent, "team": team}, credit=rule)
        assert cell.n == filtered.cells[0].n
        (account,) = hands.explain(kpi, cell={"agent": agent}, credit=rule).accounts
        assert cell.n == account.counted


@pytest.mark.parametrize(
    ("kpi", "rule", "words"),
    [
        ("reply_time", "solver", "replies keeps sender, assignee, last_assignee, team; choose one of them"),
        ("csat", "sender", "ratings keeps assignee, last_assignee, solver, team; choose one of them"),
        ("backlog", "sender", "backlog keeps assignee, team; choose one of them"),
        ("handle_time", "solver", "contacts keeps sender, assignee, team; choose one of them"),
        ("order_volume", "sender", "orders keeps no person"),
        ("cost_per_contact", "sender", "credits nobody"),
    ],
)
def test_a_rule_that_a_fact_cannot_answer_names_those_it_can(
    hands: Care, kpi: str, rule: Any, words: str
) -> None:
    for ask in (hands.ask, hands.explain):
        with pytest.raises(QuestionError, match=words):
            ask(kpi, credit=rule)


def test_a_definition_may_name_its_rule(hands: Care) -> None:
    """Asked so, or written so, it is the same definition under another fingerprint."""
    (asked,) = hands.question("first_response_time", credit="solver").definitions
    (plain,) = hands.question("first_response_time").definitions
    assert ("solver", None) == (asked.credit, plain.credit)
    assert asked.fingerprint != plain.fingerprint
    assert "whoever solved it" == hands.explain("first_response_time", credit="solver").states["credit"].en
