"""Explain: every row of a fact has one fate, what is counted is the number, and a ticket's story is its log."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.told import AGENT, CUSTOMER, Story
from oracle.log import by_ticket
from polso.care import Care
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.kpis.definition import Definition
from polso.kpis.wording import measured
from polso.query.explain import Account
from polso.query.explanation import Explanation
from polso.query.story import Chapter
from query.office import EVERY, drawn, matching, opened
from soundness.logs import logs
from soundness.profiles import few

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
ABOUT_TICKETS = [
    d for d in EVERY if {"source", "ticket_id"} <= {column.name for column in FACTS[d.fact].columns}
]
MEASURED = [d for d in ABOUT_TICKETS if d.kind in ("duration", "bands") and measured(d)]


@few
@given(logs(60), st.integers(0, 10_000))
def test_every_number_is_accounted_for(log: Log, seed: int) -> None:
    dice = Random(seed)
    with opened(log) as care:
        rows = {name: care.engine.collect(care.engine.table(name)).to_pylist() for name in FACTS}
        for d in dice.sample(EVERY, 36):
            question = drawn(dice, d)
            found = care.explain(d.versioned, **question)
            for account in found.accounts:
                kept = matching(
                    _credited(rows[account.fact], d, account, question["credit"]), question["where"]
                )
                assert len(kept) == account.total, (d.versioned, question)
            _counts_are_the_number(d, found, question)
            _values_are_the_counted(found, question)
            json.dumps(found.as_dict("it"))
        _cells_are_their_rows(care)
        tickets = by_ticket(log)
        for d in dice.sample(MEASURED, 10):
            _story_is_the_log(care, dice, tickets, d)


def _credited(rows: Log, d: Definition, account: Account, rule: Any) -> Log:
    """Rows under the names of those who get the credit."""
    if rule is None:
        return rows
    side = getattr(d, account.side) if account.side else None
    ends = {f"{s.name}{unit}": s.end for s in FACTS[account.fact].spans for unit in ("", "_us")}
    at = side.clock if side else ends.get(str(d.value), d.clock)
    columns = FACTS[account.fact].credit(at, rule) or {}
    return [{**row, **{name: row[column] for name, column in columns.items()}} for row in rows]


def _counts_are_the_number(d: Definition, found: Explanation, question: Any) -> None:
    behind = {a.side: a.counted if a.people is None else a.people for a in found.accounts}
    cells = list(found.result)
    if d.kind == "ratio":
        parts = cells[0].parts
        for side, part in (("top", d.top), ("bottom", d.bottom)):
            if part and part.column is None and cells[0].n:
                assert parts[side] == behind[side], (d.versioned, side, question)
        return
    if d.kind == "cost" and cells[0].value is None:
        return
    n = next((c.value for c in cells if c.keys["band"] == "end"), 0) if d.kind == "roll_forward" else None
    n = n if n is not None else cells[0].n if cells else 0
    assert n == behind[None], (d.versioned, question)
    if d.kind in ("share", "net_share") and n:
        lines = {line.reason: line.n for line in found.accounts[0].lines if line.counted}
        assert cells[0].parts["part"] == lines["counted:met"], (d.versioned, question)
        assert cells[0].parts.get("against", 0) == lines.get("counted:against", 0), (d.versioned, question)


def _values_are_the_counted(found: Explanation, question: Any) -> None:
    spread = found.distribution
    if spread is None:
        return
    (account,) = found.accounts
    assert account.counted == sum(n for _, _, n in spread.bins), (found.definition.versioned, question)
    assert all(low < (high or low + 1) for low, high, _ in spread.bins)
    assert all(high == low for (_, high, _), (low, _, _) in pairwise(spread.bins))
    values = list(spread.tenths.values())
    assert values == sorted(values)
    assert spread.bins[0][0] == values[0]
    if found.definition.stat == "median":
        assert pytest.approx(found.result.value) == spread.tenths[0.5]


def _cells_are_their_rows(care: Care) -> None:
    """Named as the answer names it, a cell of any dimension or stretch of time is the same number."""
    for by in (("day",), ("week",), ("month", "team"), ("quarter",), ("year",), ("is_open",)):
        cells = [cell for cell in care.ask("ticket_volume:all", by=by) if cell.n]
        for cell in cells[:: max(1, len(cells) // 2)]:
            (account,) = care.explain("ticket_volume:all", cell=cell.keys).accounts
            assert cell.n == account.counted, cell.keys
            written = {k: v if v is None or isinstance(v, bool) else str(v) for k, v in cell.keys.items()}
            assert cell.n == care.explain("ticket_volume:all", cell=written).accounts[0].counted, written


def _story_is_the_log(care: Care, dice: Random, tickets: dict[tuple[str, str], Log], d: Definition) -> None:
    (source, ticket), events = dice.choice(sorted(tickets.items(), key=lambda item: item[0]))
    question = {**drawn(dice, d), "where": {}, "time": dice.choice(("calendar", "business"))}
    if d.minus and question["time"] == "business":
        question["time"] = "calendar"
    story = care.explain(d.versioned, ticket=ticket, source=source, **question).story
    assert story is not None
    assert [e["event_id"] for e in events] == [e["event_id"] for e in story.events], (source, ticket)
    rows = care.engine.table(d.fact)
    own = care.engine.collect(rows.filter(rows.source == source, rows.ticket_id == ticket))
    assert own.num_rows == len(story.chapters)
    for chapter in story.chapters:
        _open_time_adds_up(chapter, (d.versioned, question, source, ticket))


def _open_time_adds_up(chapter: Chapter, where: Any) -> None:
    start, stop = chapter.start, chapter.stop
    assert start is not None and stop is not None  # noqa: PT018
    assert (chapter.row[start.column], chapter.row[stop.column]) == (start.at, stop.at), where
    if start.at is None or stop.at is None:
        assert chapter.seconds is chapter.business_seconds is None, where
        return
    assert chapter.seconds == (stop.at - start.at).total_seconds(), where
    if stop.at < start.at:
        assert chapter.business_seconds is None, where
        assert chapter.pieces == (), where
        return
    pieces = chapter.pieces
    whole = sum(((end - begin) for begin, end in pieces), timedelta())
    assert chapter.business_seconds == whole.total_seconds(), where
    assert all(start.at <= begin < end <= stop.at for begin, end in pieces), where
    assert all(end < begin for (_, end), (begin, _) in pairwise(pieces)), where


# One service, told

FRIDAY = datetime(2024, 4, 5, 14)  # 16:00 in Rome


@pytest.fixture(scope="module")
def told() -> Iterator[Care]:
    """A ticket over a weekend, credited to another team than its own, and an id that two sources use."""
    story = Story()
    story.tell(FRIDAY, "opened", "t", **CUSTOMER)
    story.tell(FRIDAY, "assigned", "t", seq=1, subject_id="g", team="y")
    story.tell(FRIDAY + timedelta(days=3), "message", "t", **AGENT)
    story.tell(FRIDAY + timedelta(days=4), "assigned", "t", subject_id="h", team="x")
    story.tell(FRIDAY, "opened", "both", **CUSTOMER)
    story.tell(FRIDAY, "opened", "both", **CUSTOMER, source="other")
    with opened(story.events) as care:
        yield care


def test_the_open_hours_of_a_weekend(told: Care) -> None:
    """Friday is shut; Saturday ten to twelve and Monday nine to one and two to four are open."""
    story = told.explain("first_response_time", ticket="t", time="business").story
    assert story is not None
    (chapter,) = story.chapters
    assert ("office", 3 * 86400.0, 8 * 3600.0) == (
        chapter.calendar,
        chapter.seconds,
        chapter.business_seconds,
    )
    days = (datetime(2024, 4, 6), datetime(2024, 4, 8), datetime(2024, 4, 8))
    hours = ((8, 10), (7, 11), (12, 14))
    assert chapter.pieces == tuple(
        (day + timedelta(hours=a), day + timedelta(hours=b)) for day, (a, b) in zip(days, hours, strict=True)
    )
    assert "counted" == chapter.fate.reason


@pytest.mark.parametrize("credit", ["sender", "assignee", "last_assignee"])
def test_whoever_gets_the_credit_the_calendar_is_the_rows_own(told: Care, credit: str) -> None:
    """Kept by team x, and answered while with team y, whose tickets are open at all hours."""
    story = told.explain("first_response_time", ticket="t", time="business", credit=credit).story
    assert story is not None
    (chapter,) = story.chapters
    assert ("office", 8 * 3600.0) == (chapter.calendar, chapter.business_seconds)
    assert sum((b - a for a, b in chapter.pieces), timedelta()) == timedelta(hours=8)


def test_a_ticket_of_two_sources_is_asked_which(told: Care) -> None:
    with pytest.raises(QuestionError, match="in several sources: other, told; say which with --source"):
        told.explain("ticket_volume", ticket="both")
    story = told.explain("ticket_volume", ticket="both", source="other").story
    assert story is not None
    assert ("other", 1) == (story.source, len(story.events))


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("ticket_volume", {"ticket": "nowhere"}, "no ticket 'nowhere'"),
    ("ticket_volume", {"ticket": "t", "source": "other"}, "no ticket 't'"),
    ("ticket_volume", {"ticket": "t", "clients": ["elsewhere"]}, "no ticket 't'"),
    ("order_volume", {"ticket": "t"}, "not about tickets"),
    ("ticket_volume", {"cell": {"hour": "2024-04-05T16:00+02:00"}}, "a cell by hour is not explained"),
    ("ticket_volume", {"cell": {"weekday": 5}}, "a cell by weekday is not explained"),
    ("ticket_volume", {"cell": {"month": "2031-01"}, "period": "2024-04"}, "outside the period"),
    ("ticket_volume", {"cell": {"taem": "x"}}, "did you mean team"),
    ("ticket_volume", {"by": "team"}, "explain takes one cell"),
    ("first_response_time", {"definition": ("polso", "zendesk")}, "explain takes one definition"),
    ("first_response_time", {"definition": "all"}, "explain takes one definition"),
]


@pytest.mark.parametrize(("kpi", "question", "words"), REFUSED)
def test_what_cannot_be_explained_is_said(told: Care, kpi: str, question: dict[str, Any], words: str) -> None:
    with pytest.raises(QuestionError, match=words):
        told.explain(kpi, **question)


@pytest.mark.parametrize("kpi", ["backlog", "backlog_by_age", "backlog_roll_forward"])
def test_nobody_knows_what_stands_after_the_data_ends(told: Care, kpi: str) -> None:
    (account,) = told.explain(kpi, period="2031").accounts
    every = rows_of(told, "backlog")
    assert (0, every) == (account.counted, account.total)
    assert {"after_data": every, "counted": 0} == {line.reason: line.n for line in account.lines}


def rows_of(care: Care, fact: str) -> int:
    return int(care.engine.collect(care.engine.table(fact)).num_rows)
