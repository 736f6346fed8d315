"""Benchmark `fold`: the facts from a log, by the product's plan and by hand-written SQL.

Each run is a process of its own, so that its peak memory is its own: `python -m bench.fold SIDE LOG MEMORY BUCKETS [KEPT]`.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from datetime import UTC
from pathlib import Path
from typing import Final

from bench import byhand
from bench.made import CONFIG
from bench.measure import Result, alternate, apart, once, row, seconds, told
from polso.calendar import day_table, span
from polso.engine import DuckDB, Table
from polso.facts import FACTS, build
from polso.facts.plan import Plan, folded, schema_of

TITLE: Final = "Folding events into facts, against hand-written DuckDB SQL for the same facts"
NOTES: Final = [
    "Compared: the facts tickets (150 columns: 22 durations in calendar and in business time, dimensions at opening, at the first"
    " response, at the first and the last solve and last, pauses), replies, solves and backlog, each with five declared dimensions,"
    " stored in the order of its clock. The column `contacts` of tickets is left out on both sides: it comes from another fact."
    " tests/bench holds the two sides to equal rows, cell by cell.",
    "By hand means one script for this project's settings (calendar by channel, these five dimensions), in SQL of DuckDB alone;"
    " the day table of opening hours is given to both. Polso's side also keeps rules that this log never needs: who thanks after the"
    " end waits for nothing, callers passed on, removals and mergers undone, openings told late.",
    "Polso's time includes making the plan, a few seconds of Python whatever the size; a store keeps its plan.",
    "The whole plan makes all 21 facts and the links between tickets of one person.",
]


def open_beside(log: Path, folder: Path, memory: str) -> DuckDB:
    """An empty store whose `events` are those of another file, which is only read."""
    engine = DuckDB(folder / "store.duckdb", memory=memory)
    engine.run(f"ATTACH '{log}' AS log_file (READ_ONLY)")
    engine.run("CREATE TEMP VIEW events AS FROM log_file.events")
    return engine


def same_facts(plan: Plan) -> Plan:
    """The part of the plan that leads to the facts made by hand, contacts left out."""
    kept: list[str] = []
    wanted = {folded(name) for name in byhand.FACTS}
    for step in reversed(plan.fold):
        if step.name in wanted and step.name != folded("contacts"):
            kept.append(step.name)
            wanted |= {s.name for s in plan.fold if re.search(rf"\b{s.name}\b", step.sql)}
    return Plan(tuple(step for step in plan.fold if step.name in kept), {})


def product(engine: DuckDB, buckets: int) -> None:
    """The compared facts by the product."""
    events = seen(engine)
    plan = same_facts(build.prepare(engine, events, CONFIG))
    empty = ", ".join(
        f'NULL::{_type(t)} AS "{c}"' for c, t in schema_of(FACTS["contacts"], CONFIG, linked=False).items()
    )
    engine.run(f"CREATE OR REPLACE TEMP TABLE {folded('contacts')} AS SELECT {empty} LIMIT 0")
    build.store(engine, plan, events, buckets=buckets)


def seen(engine: DuckDB) -> Table:
    """The log as an expression."""
    return engine.backend.table("events", database=("temp", "main"))


def _type(name: str) -> str:
    return {"string": "VARCHAR", "int64": "BIGINT"}.get(name, name)


def hand(engine: DuckDB, buckets: int) -> None:
    """The compared facts by hand."""
    ((first, last),) = engine.run("SELECT min(occurred_at), max(occurred_at) FROM events")
    ends = (instant.replace(tzinfo=UTC) for instant in (first, last))
    days = engine.scratch("fold_days", day_table(build.calendars(CONFIG), *span(*ends)))
    byhand.run(engine, sum(name.startswith("start_") for name in days.columns), buckets)


def whole(engine: DuckDB, buckets: int) -> None:
    """Everything the product makes."""
    build.rebuild(engine, seen(engine), CONFIG, buckets=buckets)


SIDES: Final = {"product": product, "hand": hand, "whole": whole}


def run(size: str, log: Path, *, memory: str, buckets: int, times: int, kept: Path | None = None) -> Result:
    """Both sides in turns, then the whole plan once.

    kept: where the product's store stays for the benchmarks that follow; the whole plan is left out then, because a
    log for which that pays takes too long.
    """
    stays = (str(kept),) if kept else ()
    taken = alternate(
        {
            "product": lambda: apart("bench.fold", "product", str(log), memory, str(buckets), *stays),
            "hand": lambda: apart("bench.fold", "hand", str(log), memory, str(buckets)),
        },
        times,
    )
    rows = [row("Polso, the same facts", taken["product"]), row("by hand", taken["hand"])]
    notes = [*NOTES, f"Memory limit {memory}; {'tickets in ' + str(buckets) + ' buckets on both sides' if buckets > 1 else 'in one go'};"
             f" {times} runs each in turns."]  # fmt: skip
    if not kept:
        all_ = apart("bench.fold", "whole", str(log), memory, str(buckets))
        rows.append(row("Polso, the whole plan", all_))
        notes.append(f"The whole plan: {seconds(all_.wall)}.")
    ratio = taken["product"].wall / taken["hand"].wall
    return Result("fold", TITLE, size, ratio, 1.5, rows, notes, taken["product"].cpu / taken["hand"].cpu)


def main(side: str, log: str, memory: str, buckets: str, kept: str = "") -> None:
    """One run, for a process of its own; its store stays as `kept` where that is said."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path(log).parent) as folder:
        engine = open_beside(Path(log), Path(folder), memory)
        taken = once(lambda: (SIDES[side](engine, int(buckets)), engine.run("CHECKPOINT")))
        engine.close()
        if kept:
            shutil.move(Path(folder) / "store.duckdb", kept)
    print(told(taken))


if __name__ == "__main__":
    main(*sys.argv[1:])
