"""The company as a source of events: its words, its shape, its repeatability."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from polso.demo import Company, simulate
from polso.demo.story import SOURCES
from polso.events import kinds


def _column(acme: Any, name: str) -> set[str]:
    return set(pc.unique(acme.table[name]).to_pylist()) - {None}


def _values(acme: Any, kind: str, column: str = "value") -> set[str]:
    return {row[column] for row in acme.rows if row["kind"] == kind} - {None}


def test_tables_have_exactly_the_source_columns(acme: Any) -> None:
    assert [c.name for c in kinds.SOURCE_COLUMNS] == acme.table.column_names
    types = {"string": pa.string(), "timestamp": pa.timestamp("us"), "int64": pa.int64()}
    for column in kinds.SOURCE_COLUMNS:
        expected = types.get(column.type, pa.decimal128(18, 6))
        assert expected == acme.table.schema.field(column.name).type
        assert column.nullable or acme.table[column.name].null_count == 0


def test_every_word_of_the_vocabulary_appears(acme: Any) -> None:
    assert set(kinds.KINDS) == _column(acme, "kind")
    assert set(kinds.CHANNELS) == _column(acme, "channel")
    assert set(kinds.STAGES) == _column(acme, "stage")
    assert set(kinds.DIRECTIONS) == _column(acme, "direction")
    assert set(kinds.ACTOR_KINDS) == _column(acme, "actor_kind")
    assert set(SOURCES) == _column(acme, "source")
    assert set(kinds.OUTCOMES) == _values(acme, "left")
    assert set(kinds.WAITS) == _values(acme, "waiting")
    assert set(kinds.REMOVALS) == _values(acme, "removed")
    assert set(kinds.LINKS) == _values(acme, "linked")
    assert set(kinds.STATES) == _values(acme, "state")
    assert set(kinds.SCALES) == _values(acme, "rated", "attribute")
    assert {"public", "private"} == _values(acme, "note")
    assert {"hourly_rate", "channel_fee", "fixed"} == _values(acme, "cost", "attribute")
    assert {"issue_type", "priority", "language", "product"} == _values(acme, "set", "attribute")


def test_each_kind_fills_the_columns_it_needs(acme: Any) -> None:
    missing = Counter(
        (row["kind"], name)
        for row in acme.rows
        for name in kinds.KINDS[row["kind"]].needs
        if row[name] is None
    )
    assert not missing


def test_event_ids_are_unique_within_a_source(acme: Any) -> None:
    assert len(acme.rows) == len({(row["source"], row["event_id"]) for row in acme.rows})


def test_a_ticket_is_told_by_one_source_alone(acme: Any) -> None:
    told = {(row["ticket_id"], row["source"]) for row in acme.rows if row["ticket_id"]}
    assert len(told) == len({ticket for ticket, _ in told})


def test_every_source_speaks_up_to_the_as_of_instant(acme: Any) -> None:
    last: dict[str, Any] = {}
    for row in acme.rows:
        last[row["source"]] = row["occurred_at"]
    assert 1 == len(set(last.values()))


def test_events_are_recorded_after_they_happened(acme: Any) -> None:
    assert all(row["recorded_at"] > row["occurred_at"] for row in acme.rows)


def test_visits_pair_up_and_only_planted_ones_run_backwards(acme: Any) -> None:
    entered = {row["visit_id"]: row for row in acme.rows if row["kind"] == "entered"}
    left = {row["visit_id"]: row for row in acme.rows if row["kind"] == "left"}
    orphans = left.keys() - entered.keys()
    backwards = [
        v for v in left.keys() & entered.keys() if left[v]["occurred_at"] < entered[v]["occurred_at"]
    ]
    assert acme.truth.defects["orphan_left"] == len(orphans)
    assert acme.truth.defects["clock_backwards"] == len(backwards)
    assert {"wrap"} == {left[v]["stage"] for v in backwards}


def test_nothing_but_the_planted_openings_is_missing(acme: Any) -> None:
    opened = {row["ticket_id"]: row["occurred_at"] for row in acme.rows if row["kind"] == "opened"}
    first: dict[str, Any] = {}
    for row in acme.rows:
        if row["ticket_id"]:
            first.setdefault(row["ticket_id"], row["occurred_at"])
    assert acme.truth.defects["missing_opening"] == len(first.keys() - opened.keys())
    assert opened == {ticket: first[ticket] for ticket in opened}


def test_tickets_move_in_a_possible_order(acme: Any) -> None:
    """Solved only while open, reopened only while solved, closed once at the end."""
    moves: dict[str, list[str]] = defaultdict(list)
    for row in acme.rows:
        if row["kind"] in ("solved", "reopened", "closed", "merged"):
            moves[row["ticket_id"]].append(row["kind"])
    paths = Counter(tuple(path) for path in moves.values())
    again = ("reopened", "solved")
    for path in paths:
        start = path[:-1] if path[-1] == "closed" else path
        assert start in ((), ("merged",)) or all(
            step == (("solved",) + again * 2)[n] for n, step in enumerate(start)
        ), path


def test_agents_change_state_and_never_two_at_once(acme: Any) -> None:
    seen: dict[str, tuple[Any, str]] = {}
    for row in acme.rows:
        if row["kind"] == "state":
            before = seen.get(row["actor_id"])
            assert before is None or (before[0] < row["occurred_at"] and before[1] != row["value"])
            seen[row["actor_id"]] = (row["occurred_at"], row["value"])


def test_same_seed_same_bytes_other_seed_other_company() -> None:
    def told(seed: int) -> Any:
        return pa.concat_tables(simulate(600, seed)).combine_chunks()

    assert told(3).equals(told(3))
    assert not told(3).equals(told(4))
    assert Company(600, 3).truth() == Company(600, 3).truth()
    assert Company(600, 3).truth() != Company(600, 4).truth()


@pytest.mark.parametrize("tickets", [300, 1_000, 3_333])
def test_any_size_gives_exactly_that_many_tickets(tickets: int) -> None:
    company = Company(tickets)
    ids = pc.unique(pa.concat_tables(company.events())["ticket_id"]).drop_null()
    assert tickets == len(ids) == sum(company.truth().tickets.values())


def test_sites_add_up_and_share_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polso.demo.company.TICKETS_PER_SITE", 500)
    company = Company(1_250)
    assert [417, 417, 416] == company.site_sizes
    sites = list(company.sites())
    for name in ("ticket_id", "contact_id", "visit_id"):
        found = [set(pc.unique(pa.concat_tables(s.tables)[name]).drop_null().to_pylist()) for s in sites]
        assert len(set.union(*found)) == sum(len(ids) for ids in found)
    whole = company.truth()
    assert 1_250 == sum(whole.tickets.values())
    assert sum(s.truth.fcr["yes"] for s in sites) == whole.fcr["yes"]
    assert sum(s.truth.first_response["email"].sum_us for s in sites) == whole.first_response["email"].sum_us


def test_another_history_moves_the_events() -> None:
    company = Company(400, until=date(2025, 3, 1), months=8)
    instants = pa.concat_tables(company.events())["occurred_at"]
    assert date(2024, 7, 1) == company.since
    assert "2024-06-30 22:00:00" <= str(pc.min(instants).as_py())
    assert "2025-02-28 22:59:59" == str(pc.max(instants).as_py())


def test_too_small_too_short_or_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 300"):
        Company(10)
    with pytest.raises(ValueError, match="7 months"):
        Company(months=3)
    with pytest.raises(ValueError, match="24 at most"):
        Company(months=36)
