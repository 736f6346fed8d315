"""Folds events typed by hand: a story of a few lines in, the rows of every fact out."""

import random
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from polso.config import parse
from polso.engine import DuckDB
from polso.engine.spark import Spark
from polso.events import log
from polso.events.kinds import SOURCE_COLUMNS
from polso.facts import FACTS, build
from polso.sources.canonical import CanonicalOptions, CanonicalSource
from polso.sources.source import Origin

Row = dict[str, Any]
MONDAY = "2024-01-08"
_ARROW = {"timestamp": pa.timestamp("us"), "decimal(18, 6)": pa.decimal128(18, 6), "int64": pa.int64()}


def at(text: str) -> datetime:
    """'09:30' on a Monday, or '2024-01-09 09:30:05'."""
    day, _, clock = text.rpartition(" ")
    return datetime.fromisoformat(f"{day or MONDAY} {clock}")


def hours(number: float) -> int:
    """Hours as microseconds."""
    return round(number * 3_600_000_000)


def event(when: str, kind: str, ticket: str | None = None, **more: Any) -> Row:
    return {"occurred_at": at(when), "kind": kind, "ticket_id": ticket, **more}


def arrow(events: Iterable[Row]) -> pa.Table:
    """Events as a file would hold them; an event without an id is named by its place in the story."""
    schema = pa.schema([(c.name, _ARROW.get(c.type, pa.string())) for c in SOURCE_COLUMNS])
    rows = [{"event_id": f"e{n:03}", "seq": 0} | row for n, row in enumerate(events)]
    for row in rows:
        if row.get("amount") is not None:
            row["amount"] = Decimal(str(row["amount"]))
    return pa.Table.from_pylist(rows, schema=schema)


def files(events: pa.Table) -> list[pa.Table]:
    """The events in three files."""
    size = max(1, -(-events.num_rows // 3))
    return [events.slice(start, size) for start in range(0, events.num_rows, size)]


def append(engine: DuckDB, events: pa.Table, folder: Path) -> None:
    path = folder / "events.parquet"
    pq.write_table(events, path)
    reading = CanonicalSource().read(engine, path, CanonicalOptions(), Origin("desk", "acme", "UTC"))
    appended = log.append(engine, reading.events, path.name)
    assert appended.rejected == 0, engine.run("SELECT reason FROM rejections")


def store(events: pa.Table, folder: Path) -> DuckDB:
    """A log with those events, arriving in several files."""
    engine = DuckDB()
    log.prepare(engine)
    for part in files(events):
        append(engine, part, folder)
    return engine


def folded(
    events: Iterable[Row], folder: Path, toml: str = "", *, seed: int | None = None
) -> dict[str, list[Row]]:
    """All facts of a story, rows in one order; `seed` shuffles how the events arrive."""
    table = arrow(events)
    if seed is not None:
        order = list(range(table.num_rows))
        random.Random(seed).shuffle(order)
        table = table.take(order)
    engine = store(table, folder)
    build.rebuild(engine, engine.table(log.EVENTS), parse(toml))
    return {name: sorted_rows(engine.collect(engine.table(name))) for name in FACTS}


def folded_in_steps(
    events: Iterable[Row], folder: Path, toml: str = "", *, seed: int
) -> dict[str, list[Row]]:
    """The same, the facts brought up to date after every file."""
    table = arrow(events)
    order = list(range(table.num_rows))
    random.Random(seed).shuffle(order)
    engine = DuckDB()
    log.prepare(engine)
    for part in files(table.take(order)):
        append(engine, part, folder)
        build.build(engine, parse(toml))
    return {name: sorted_rows(engine.collect(engine.table(name))) for name in FACTS}


def sorted_rows(rows: pa.Table) -> list[Row]:
    return sorted(rows.to_pylist(), key=lambda row: [str(row[name]) for name in sorted(row)])


def folded_on_spark(
    events: Iterable[Row], folder: Path, session: Any, names: Iterable[str], toml: str = ""
) -> dict[str, list[Row]]:
    """The same on Spark, from the same log; only the facts named are brought back."""
    engine = store(arrow(events), folder)
    spark = Spark(folder / "spark", session=session)
    log_there = spark.scratch("log", engine.collect(engine.table(log.EVENTS)))
    build.rebuild(spark, log_there, parse(toml))
    return {name: sorted_rows(spark.collect(spark.table(name))) for name in names}
