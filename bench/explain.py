"""Benchmarks `definitions` and `explain`: a KPI under all its definitions against one; one ticket's story against its events."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from bench.measure import Result, Taken, alternate, once, row
from bench.scorecard import open_facts
from polso.care import Care
from polso.engine import ibis
from polso.facts import FACTS
from polso.query.story import story

KPIS: Final = ("first_response_time", "resolution_time")
TOGETHER: Final = "A KPI under all its definitions at once, against the same KPI under one"
ALONE: Final = "One ticket's story (events, instants, opening hours), against a plain lookup of its events"
NOTES: Final = [
    "Asked: first_response_time and resolution_time of the last 90 days by channel, under Polso's definition alone, and under Polso's and all vendors'.",
    "Definitions of one KPI read different columns, by different clocks; what they share is the scan where fact and clock are the same.",
]


def together(size: str, facts: Path, *, times: int) -> Result:
    """All definitions against one."""
    care = open_facts(facts)
    count = len(care.question(*KPIS, definition="all").definitions)
    asked: dict[str, dict[str, Any]] = {"all": {"definition": "all"}, "one": {}}
    taken = alternate(
        {
            name: lambda more=more: once(lambda: care.ask(*KPIS, by="channel", period="last 90 days", **more))  # type: ignore[misc]
            for name, more in asked.items()
        },
        times,
    )
    care.close()
    rows = [row(f"{count} definitions", taken["all"]), row(f"{len(KPIS)} definitions", taken["one"])]
    notes = [
        *NOTES,
        f"{count} definitions against {len(KPIS)}, each with n, interval and rows left out; {times} runs each in turns.",
    ]
    ratio, cpu = (_ratio(taken, what) for what in ("wall", "cpu"))
    return Result("definitions", TOGETHER, size, ratio, 2.0, rows, notes, cpu)


def _ratio(taken: dict[str, Taken], what: str) -> float:
    one, other = (getattr(side, what) for side in taken.values())
    return float(one / other)


def alone(size: str, facts: Path, log: Path, *, times: int) -> Result:
    """One ticket's story against a plain lookup."""
    care = open_facts(facts)
    _see(care, log)
    middle = care.engine.run(
        "SELECT source, ticket_id FROM tickets WHERE resolved_at IS NOT NULL LIMIT 1 OFFSET 1000"
    )
    ((source, ticket),) = middle
    question = care.question("first_response_time", period="all")
    lookup = "SELECT * FROM events WHERE source = ? AND ticket_id = ? ORDER BY occurred_at"
    taken = alternate(
        {
            "story": lambda: once(lambda: story(care.store, question, ticket, source, care._calendar_of)),
            "lookup": lambda: once(lambda: care.engine.run(lookup, [source, ticket])),
        },
        times,
    )
    care.close()
    rows = [
        row("Polso, the whole story", taken["story"]),
        row("a plain lookup of its events", taken["lookup"]),
    ]
    goal = f"under 100 ms: {taken['story'].wall * 1000:.0f} ms"
    notes = [
        "The story finds the ticket, reads its events (between the first and the last instant of its row, so most of the log is passed"
        " over), its row with the verdict, its waits, and lays the opening hours out. The lookup asks for the ticket's id alone.",
        f"Goal: under 100 ms; here {taken['story'].wall * 1000:.0f} ms. {times} runs each in turns.",
    ]
    return Result(
        "explain", ALONE, size, _ratio(taken, "wall"), None, rows, notes, _ratio(taken, "cpu"), goal
    )


def _see(care: Care, log: Path) -> None:
    """Give a store of facts the log they were made from, and an empty table of waits where it has none."""
    care.engine.run(f"ATTACH '{log}' AS log_file (READ_ONLY)")
    care.engine.run("CREATE OR REPLACE VIEW events AS FROM log_file.events")
    if "waits" not in care.engine.tables():
        types = {column.name: column.type for column in FACTS["waits"].all_columns({})}
        schema = ibis.schema(types).to_pyarrow()
        care.engine.create("waits", pa.table({name: [] for name in types}, schema=schema))
