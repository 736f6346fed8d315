"""Benchmark `load`: a CSV through the `table` source into the log, against DuckDB's own read of the same file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from bench.measure import Result, Taken, alternate, once, row
from polso.config import Config, parse
from polso.engine import DuckDB
from polso.sources.load import load

TITLE: Final = "Loading a CSV through the `table` source, against DuckDB's own read of the same file"
NOTES: Final = [
    "DuckDB's side is `CREATE TABLE ... AS SELECT * FROM read_csv(...)` into a file, with the same columns under the same types"
    " (the instant as a timestamp).",
    "Polso's side reads the same lines, makes events of them, counts every line as used, skipped or rejected, checks each event,"
    " makes its md5 key and content hash, looks for repeats in the file and in the log, and appends to the log of 25 columns.",
]
_COLUMNS: Final = {
    "id": "VARCHAR", "ticket": "VARCHAR", "happened": "TIMESTAMP", "what": "VARCHAR", "who": "VARCHAR", "name": "VARCHAR",
    "about": "VARCHAR", "customer": "VARCHAR", "channel": "VARCHAR", "team": "VARCHAR", "field": "VARCHAR", "detail": "VARCHAR",
}  # fmt: skip
CONFIG: Final[Config] = parse(
    """
    [project]
    zone = "Europe/Rome"
    [[source]]
    name = "desk"
    kind = "table"
    files = "events.csv"
    zone = "UTC"
    [[source.event]]
    event_id = "id"
    ticket_id = "ticket"
    occurred_at = { column = "happened", format = "iso" }
    kind = { column = "what" }
    actor_kind = { column = "who" }
    actor_id = "name"
    subject_id = "about"
    customer_id = "customer"
    channel = "channel"
    team = "team"
    attribute = { column = "field" }
    value = "detail"
    """
)


def write(log: Path, lines: int, target: Path) -> None:
    """The first so many events of a made log that need no other column, as CSV."""
    engine = DuckDB()
    engine.run(f"ATTACH '{log}' AS log_file (READ_ONLY)")
    engine.run(
        f"COPY (SELECT event_id AS id, ticket_id AS ticket, occurred_at AS happened, kind AS what, actor_kind AS who, actor_id AS name,"
        " subject_id AS about, customer_id AS customer, channel, team, attribute AS field, value AS detail FROM log_file.events"
        f" WHERE kind NOT IN ('entered', 'left', 'rated') LIMIT {lines}) TO '{target}' (HEADER)"
    )
    engine.close()


def product(folder: Path) -> None:
    """Into an empty store."""
    (folder / "polso.duckdb").unlink(missing_ok=True)
    engine = DuckDB(folder / "polso.duckdb")
    load(engine, CONFIG, folder)
    engine.run("CHECKPOINT")
    engine.close()


def hand(folder: Path) -> None:
    """Into an empty file."""
    (folder / "plain.duckdb").unlink(missing_ok=True)
    engine = DuckDB(folder / "plain.duckdb")
    types = ", ".join(f"'{name}': '{type_}'" for name, type_ in _COLUMNS.items())
    engine.run(
        f"CREATE TABLE events AS FROM read_csv('{folder / 'events.csv'}', header = true, columns = {{{types}}})"
    )
    engine.run("CHECKPOINT")
    engine.close()


def run(size: str, log: Path, folder: Path, *, lines: int, times: int) -> Result:
    """Both sides in turns."""
    here = folder / "load"
    here.mkdir()
    write(log, lines, here / "events.csv")
    sides = {"product": lambda: _once(product, here), "hand": lambda: _once(hand, here)}
    taken = alternate(sides, times)
    size_mb = (here / "events.csv").stat().st_size / 1e6
    shutil.rmtree(here)
    rows = [row("Polso", taken["product"]), row("DuckDB's read_csv", taken["hand"])]
    notes = [f"{lines:,} lines of 12 columns, {size_mb:.0f} MB; {times} runs each in turns.", *NOTES]
    ratio = taken["product"].wall / taken["hand"].wall
    return Result("load", TITLE, size, ratio, 2.0, rows, notes, taken["product"].cpu / taken["hand"].cpu)


def _once(side: object, folder: Path) -> Taken:
    return once(lambda: side(folder))  # type: ignore[operator]
