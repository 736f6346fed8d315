"""Facts of the product beside those of the oracle, row by row and column by column."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from oracle.stages import stages
from oracle.tickets import facts, tickets
from polso.engine import DuckDB

Row = dict[str, Any]

# What tells two rows of a fact apart; every other column that the oracle knows must be equal.
KEYS = {
    "tickets": ("source", "ticket_id"),
    "replies": ("source", "ticket_id", "nth"),
    "solves": ("source", "ticket_id", "since", "solved_at"),
    "waits": ("source", "ticket_id", "since", "until", "waiting_for"),
    "transfers": ("source", "event_id"),
    "backlog": ("source", "ticket_id", "since", "until", "began_as", "ended_as"),
    "stages": ("source", "event_id"),
}


def expected(events: list[Row]) -> dict[str, list[Row]]:
    """All facts by the oracle."""
    return {**facts(events), "stages": [row for ticket in tickets(events) for row in stages(ticket)]}


def differences(engine: DuckDB, events: list[Row]) -> list[str]:
    """One line per cell in which product and oracle disagree, or row that only one of them has."""
    return [line for fact, rows in expected(events).items() for line in _of_fact(engine, fact, rows)]


def _of_fact(engine: DuckDB, fact: str, wanted: list[Row]) -> list[str]:
    found: list[Row] = engine.collect(engine.table(fact)).to_pylist()
    ours, theirs = _keyed(fact, wanted), _keyed(fact, found)
    lines = []
    for key in sorted(ours.keys() | theirs.keys(), key=str):
        here, there = ours.get(key, []), theirs.get(key, [])
        if len(here) != len(there):
            lines.append(
                f"{fact} {_written(key)}: {len(here)} rows by the oracle, {len(there)} by the product"
            )
        for one, other in zip(here, there, strict=False):
            lines += [
                f"{fact} {_written(key)}.{name}: {value!s} by the oracle, {other[name]!s} by the product"
                for name, value in one.items()
                if value != other[name]
            ]
    return lines


def _keyed(fact: str, rows: list[Row]) -> dict[tuple[Any, ...], list[Row]]:
    found = defaultdict(list)
    for row in sorted(rows, key=lambda row: str(sorted((k, str(v)) for k, v in row.items()))):
        found[tuple(row[name] for name in KEYS[fact])].append(row)
    return found


def _written(key: tuple[Any, ...]) -> str:
    return "/".join(str(part) for part in key)
