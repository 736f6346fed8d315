"""A store of any size for benchmarks: the facts of a simulated company, each row many times over, under ids of its own.

Rule kept here: every copy is the company again, moved back by whole years of 52 weeks and by some seconds, so that
whatever is asked of the whole is what the company answers, times the copies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from polso.care import DATABASE, open_project
from polso.demo import write_project
from polso.engine import DuckDB
from polso.events import log
from polso.facts import FACTS

BACK: Final = timedelta(weeks=52)
YEARS: Final = 2
# Columns that name somebody or something of one company alone: a copy has its own.
OWN: Final = (
    "ticket_id", "contact_id", "visit_id", "order_id", "event_id", "customer_id", "person", "session", "survey",
    "follows", "merged_into", "answers",
)  # fmt: skip
# Rows that are sorted at once: a copy is written slice by slice of time, as a sort of the whole would leave it.
SLICE: Final = 500_000
DONE: Final = "multiplied"


def make(folder: Path, tickets: int, base: int, memory: str) -> None:
    """A project in a folder whose facts hold so many tickets; what is there already is left as it is."""
    if (folder / DONE).exists():
        return
    if not (folder / DATABASE).exists():
        write_project(folder, tickets=base)
        care = open_project(folder)
        care.load()
        care.close()
    if tickets > base:
        _multiply_all(folder / DATABASE, max(1, tickets // base // YEARS), memory)
    (folder / DONE).touch()


def _multiply_all(path: Path, copies: int, memory: str) -> None:
    engine = DuckDB(path, memory=memory)
    for name in FACTS:
        multiply(engine, name, copies)
    _lengthen(engine)
    engine.run("CHECKPOINT")
    engine.close()


def multiply(engine: DuckDB, name: str, copies: int) -> None:
    """Put `copies` copies of a fact in each year in its place; the first of this year stays as it is."""
    columns = {column: kind for column, kind, *_ in engine.run(f"DESCRIBE {name}")}
    made = ", ".join(_moved(column, kind) for column, kind in columns.items())
    clock = FACTS[name].clock
    engine.run(f"CREATE TEMP TABLE one AS SELECT *, row_number() OVER (ORDER BY {clock}) AS nth FROM {name}")
    ((rows,),) = engine.run("SELECT count(*) FROM one")
    engine.run(f"CREATE OR REPLACE TABLE many AS FROM {name} LIMIT 0")
    step = max(1, SLICE // copies)
    # Prices say what one piece costs, and do so once.
    once = "WHERE copy = 0 OR NOT is_rate" if "is_rate" in columns else ""
    for year in reversed(range(YEARS)):
        for first in range(1, rows + 1, step):
            engine.run(
                f"INSERT INTO many SELECT {made} FROM (SELECT * FROM one WHERE nth BETWEEN {first} AND {first + step - 1}),"
                f" (SELECT {year} AS year, range AS copy FROM range({copies})) {once} ORDER BY {_clock(clock)}"
            )
    engine.run("DROP TABLE one")
    engine.replace(name, "many")


def _moved(column: str, kind: str) -> str:
    if kind.startswith("TIMESTAMP"):
        return f"{_clock(column)} AS {column}"
    if column in OWN and kind == "VARCHAR":
        own = f"{column} || '~' || year || '.' || copy"
        return f"CASE WHEN copy = 0 AND year = 0 THEN {column} ELSE {own} END AS {column}"
    return column


def _clock(column: str) -> str:
    return f"{column} - to_seconds(year * {int(BACK.total_seconds())} + copy)"


def _lengthen(engine: DuckDB) -> None:
    """Let the log begin as early as its facts; it holds the events of the first company alone."""
    columns = [column for column, *_ in engine.run(f"DESCRIBE {log.EVENTS}")]
    instant: datetime
    for source, instant in engine.run(f"SELECT source, min(occurred_at) FROM {log.EVENTS} GROUP BY source"):
        chosen = ", ".join(
            "event_id || '~first' AS event_id" if c == "event_id"
            else f"{c} - to_seconds({(YEARS - 1) * int(BACK.total_seconds())}) AS {c}" if c in ("occurred_at", "recorded_at")
            else c
            for c in columns
        )  # fmt: skip
        engine.run(
            f"INSERT INTO {log.EVENTS} SELECT {chosen} FROM {log.EVENTS} WHERE source = ? AND occurred_at = ? LIMIT 1",
            [source, instant],
        )
