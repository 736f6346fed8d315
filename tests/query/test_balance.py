"""Balance: the counts of any log add up, each is made of its rows, and a store whose counts do not is told so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.told import AGENT, CUSTOMER, Story
from polso.care import Care
from polso.errors import QuestionError
from polso.kpis.catalogue import find, shipped
from polso.query.balance import Line, Term
from query.office import FILTERS, PERIODS, opened
from soundness.logs import logs
from soundness.profiles import few

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
MOVED = ("reopened", "merged", "removed", "restored", "transferred")


@few
@given(logs(60), st.integers(0, 10_000))
def test_it_adds_up_for_any_log(log: Log, seed: int) -> None:
    dice = Random(seed)
    with opened(log) as care:
        for period in dice.sample(PERIODS, 2):
            name = dice.choice(sorted(FILTERS))
            where = dice.choice(({}, {name: dice.choice(FILTERS[name])}))
            lines = care.balance(period=period, where=where)
            assert [] == _broken(lines), (period, where)
            for line in dice.sample(lines, min(len(lines), 8)):
                for term in (line.whole, *line.parts):
                    _is_its_rows(care, line, term, period, where)


def _broken(lines: tuple[Line, ...]) -> list[tuple[str, int]]:
    return [(line.name, line.difference) for line in lines if not line.holds]


def _is_its_rows(care: Care, line: Line, term: Term, period: str, where: dict[str, Any]) -> None:
    """A term that names a KPI is as many rows of it as it says; a sum is what its rows add up to."""
    if term.kpi is None:
        return
    d = find(shipped(), term.kpi)
    named = [*care.question(term.kpi, where=where).where, *term.where]
    rows = care.rows(term.kpi, period=period, where=named, limit=None)
    n = sum(rows[str(d.value)].to_pylist()) if d.kind == "sum" else rows.num_rows
    assert term.n == n, (line.name, term, period, where)


# One service, told

NINE = datetime(2024, 1, 9, 9)


@pytest.fixture(scope="module")
def told() -> Iterator[Care]:
    """Tickets solved, reopened, merged, removed and restored, and calls answered, abandoned and overflowed."""
    story = Story()
    steps = {
        "solved": [("solved", AGENT)],
        "reopened": [("solved", AGENT), ("reopened", CUSTOMER)],
        "merged": [("merged", {**AGENT, "subject_id": "solved"})],
        "spam": [("removed", {**AGENT, "value": "spam"})],
        "restored": [("removed", {**AGENT, "value": "spam"}), ("restored", AGENT)],
        "moved": [
            ("assigned", {"subject_id": "g", "team": "x"}),
            ("assigned", {"subject_id": "h", "team": "y"}),
        ],
        "own": [],
    }
    for ticket, events in steps.items():
        opener = {**AGENT, "direction": "internal"} if ticket == "own" else CUSTOMER
        story.tell(NINE, "opened", ticket, **opener)
        for day, (kind, more) in enumerate(events, 1):
            story.tell(NINE + timedelta(days=day), kind, ticket, **more)
    for place, outcome in enumerate(("answered", "answered", "abandoned", "overflowed", "timed_out", None)):
        call = {"stage": "queue", "contact_id": f"c{place}", "visit_id": "v"}
        story.tell(NINE, "entered", None, direction="inbound", **call)
        story.tell(NINE + timedelta(minutes=1), "left", None, value=outcome, **call)
    story.tell(NINE, "entered", None, direction="inbound", stage="queue", contact_id="c9", visit_id="v")
    with opened(story.events) as care:
        yield care


def said(line: Line) -> dict[str, int]:
    return {term.words.en: term.sign * term.n for term in (line.whole, *line.parts) if term.n}


def test_every_line_by_hand(told: Care) -> None:
    lines = {line.name: line for line in told.balance()}
    assert {
        "offered to a queue": 7, "answered": 2, "abandoned": 1, "overflowed": 1, "timed out": 1,
        "left, nobody said how": 1, "still waiting": 1,
    } == said(lines["offered"])  # fmt: skip
    assert {"abandoned in any stage": 1, "in queue": 1} == said(lines["abandoned"])
    opened_ = {
        "tickets opened": 14,
        "that count": 11,
        "merged into another ticket": 1,
        "removed as spam, test or duplicate": 1,
        "opened by an agent for themselves": 1,
    }
    assert opened_ == said(lines["tickets"])
    backlog = said(lines["backlog"])
    assert {"backlog at the end", "opened", "reopened", "restored", "solved", "merged", "removed"} <= set(
        backlog
    )
    assert (1, 1, -2, -1, -2) == tuple(
        backlog[name] for name in ("reopened", "restored", "solved", "merged", "removed")
    )
    assert {} == {name: line.difference for name, line in lines.items() if not line.holds}


def test_a_move_from_team_to_team_balances_for_each(told: Care) -> None:
    for team in ("x", "y"):
        (line,) = (line for line in told.balance(where={"team": team}) if line.name == "backlog")
        assert line.holds
        assert "moved in" in said(line)
        assert ("moved out" in said(line)) == (team == "x")


def test_a_filter_keeps_the_lines_that_know_it(told: Care) -> None:
    """Only tickets are open or not; a name that nothing has is refused like in any question."""
    names = {line.name for line in told.balance(where={"is_open": True})}
    assert {"tickets", "ticket_volume by team"} <= names
    assert {"offered", "abandoned", "backlog", "solved", "order_volume by client"}.isdisjoint(names)
    with pytest.raises(QuestionError, match="did you mean priority"):
        told.balance(where={"priorty": "1"})


@pytest.mark.parametrize(
    ("flaw", "name", "difference"),
    [
        ("UPDATE stages SET outcome = 'lost' WHERE outcome = 'overflowed'", "offered", 1),
        ("UPDATE tickets SET is_counted = false WHERE ticket_id = 'restored'", "tickets", 1),
        ("UPDATE tickets SET left_out = 'elsewhere' WHERE left_out = 'removed'", "tickets", 1),
        ("UPDATE backlog SET ended_as = 'vanished' WHERE ended_as = 'merged'", "backlog", -1),
        ("UPDATE backlog SET began_as = NULL WHERE began_as = 'reopened'", "backlog", 1),
        ("DELETE FROM backlog WHERE ended_as = 'solved'", "opened", 2),
        ("DELETE FROM backlog WHERE ended_as = 'solved'", "solved", 2),
        ("DELETE FROM solves WHERE ticket_id = 'solved'", "solved", -1),
    ],
)
def test_a_store_that_does_not_add_up_is_found(told: Care, flaw: str, name: str, difference: int) -> None:
    table = flaw.replace("DELETE FROM", "UPDATE").split()[1]
    told.engine.run(f"CREATE TABLE kept AS FROM {table}")
    try:
        told.engine.run(flaw)
        assert (name, difference) in _broken(told.balance())
    finally:
        told.engine.run(f"CREATE OR REPLACE TABLE {table} AS FROM kept")
        told.engine.run("DROP TABLE kept")
