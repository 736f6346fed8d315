"""Soundness of the soundness tests: each of them sees a product that was broken on purpose."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from polso.care import Care
from polso.engine import DuckDB
from polso.facts import build
from polso.kpis import kinds
from polso.query import run as query_run
from soundness import test_kpis, test_parts
from soundness.compare import differences, expected
from soundness.store import ALWAYS_OPEN, store
from soundness.test_arrival import CONTENTS, arrival_changes_nothing
from soundness.test_rules import told

FACTS = ("tickets", "replies", "solves", "waits", "transfers", "backlog", "stages")
OTHER = {
    "BIGINT": "-77",
    "BOOLEAN": "NOT coalesce({}, false)",
    "VARCHAR": "'other'",
    "TIMESTAMP": "TIMESTAMP '2001-01-01'",
}


@pytest.mark.parametrize("fact", FACTS)
def test_every_changed_value_of_a_fact_is_seen(fact: str) -> None:
    log = told()
    known = expected(log)[fact]
    assert known
    with store(log) as engine:
        types = {name: kind for name, kind, *_ in engine.run(f"DESCRIBE {fact}")}
        before = set(differences(engine, log))
        for column in known[0]:
            engine.run("BEGIN TRANSACTION")
            engine.run(
                f"UPDATE {fact} SET {column} = {OTHER[types[column]].format(column)} WHERE ticket_id <> 'end'"
            )
            seen = set(differences(engine, log)) - before
            engine.run("ROLLBACK")
            assert seen, column


def test_a_lost_row_is_seen() -> None:
    log = told()
    with store(log) as engine:
        before = len(differences(engine, log))
        engine.run("DELETE FROM replies WHERE ticket_id = 'opened_twice' OR ticket_id = 'bot_answers_first'")
        assert len(differences(engine, log)) > before


def kpi_lines() -> set[str]:
    log = moved(told())
    with store(log) as engine:
        return set(test_kpis.differences(engine, log))


def moved(log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same log in the period that the KPI tests ask."""
    back = datetime(2024, 5, 6) - datetime(2024, 4, 8)
    return [{**event, "occurred_at": event["occurred_at"] - back} for event in log]


@pytest.mark.parametrize(
    ("owner", "name", "broken", "kpi"),
    [
        (kinds.KINDS["mean"], "answer", lambda d, f: kinds.Answer(1.0, 1), "first_response_time mean"),
        (kinds.KINDS["quantile"], "answer", lambda d, f: kinds.Answer(1.0, 1), "first_response_time median"),
        (
            kinds.KINDS["share"],
            "answer",
            lambda d, f: kinds.Answer(0.123, 1),
            "csat|service_level|resolution_rate",
        ),
        (kinds.KINDS["net_share"], "answer", lambda d, f: kinds.Answer(7.0, 1), "nps"),
        (kinds.KINDS["count"], "answer", lambda d, f: kinds.Answer(-1, 1), "ticket_volume"),
    ],
)
def test_a_wrong_number_is_seen(
    owner: object, name: str, broken: Any, kpi: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = kpi_lines()
    monkeypatch.setattr(owner, name, broken)
    seen = kpi_lines() - before
    assert any(line.startswith(tuple(kpi.split("|"))) for line in seen)


def test_a_fold_that_never_follows_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "refold", lambda *a, **k: None)
    with pytest.raises(AssertionError):
        arrival_changes_nothing(told(), Random(1), 2)


def test_a_log_that_forgets_repeats_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    patched(monkeypatch, "AND NOT EXISTS (FROM events AS e WHERE e.key = i.key)", "")
    with pytest.raises(AssertionError):
        arrival_changes_nothing(told(), Random(1), 2)


def test_a_winner_by_arrival_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    with store(*([event] for event in CONTENTS)) as engine:
        right = engine.run("SELECT team FROM events")
    patched(monkeypatch, "ORDER BY recorded_at DESC, content_hash DESC", "ORDER BY batch DESC")
    winners = []
    for order in (CONTENTS, CONTENTS[::-1]):
        with store(*([event] for event in order)) as engine:
            winners.append(engine.run("SELECT team FROM events"))
    assert any(winner != right for winner in winners)


def patched(monkeypatch: pytest.MonkeyPatch, good: str, bad: str) -> None:
    """Change a text wherever the engine is about to run it; an unknown text is an error of this test."""
    run, met = DuckDB.run, []

    def broken(self: DuckDB, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        met.append(good in statement)
        return run(self, statement.replace(good, bad), parameters)

    monkeypatch.setattr(DuckDB, "run", broken)
    with store(CONTENTS):
        assert any(met)


def test_a_dropped_unknown_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    scans = query_run.scans

    def known_only(*asked: Any) -> Any:
        return [{cell: row for cell, row in found.items() if None not in cell} for found in scans(*asked)]

    with store(moved(told())) as engine:
        care = Care(Path("nowhere"), ALWAYS_OPEN, engine)
        test_parts.splits_sum_to_the_whole(care, "tickets", [("team",)])
        monkeypatch.setattr(query_run, "scans", known_only)
        with pytest.raises(AssertionError):
            test_parts.splits_sum_to_the_whole(care, "tickets", [("team",)])
