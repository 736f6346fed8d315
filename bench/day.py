"""Benchmark `day`: one day's events added to a year, against folding the year anew."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from bench import made
from bench.measure import Result, Taken, alternate, once, row
from polso.config import Config, SourceSettings
from polso.engine import DuckDB
from polso.events import log
from polso.facts import build
from polso.sources.load import load

TITLE: Final = "One day added to a year, against folding the year anew"
NOTES: Final = [
    "The day is a Parquet file of canonical events: tickets opened on it and what happened to older ones. Its time is that of"
    " `polso load`: reading, checking, the search for repeats in the whole log, and folding the touched tickets and people in"
    " all 21 facts. Plans are kept in the store, as they are in daily use.",
]


def config(folder: Path) -> Config:
    """The made log's settings with a source for the day."""
    source = SourceSettings(name="desk", kind="events", files=str(folder / "day.parquet"))
    return made.CONFIG.model_copy(update={"source": (source,)})


def year(log_file: Path, folder: Path, memory: str) -> Path:
    """A store with a year's log and no facts."""
    store = folder / "year.duckdb"
    shutil.copy(log_file, store)
    engine = DuckDB(store, memory=memory)
    tickets = engine.run(
        "SELECT max(substr(ticket_id, 2)::BIGINT) + 1 FROM events WHERE ticket_id LIKE 't%'"
    )[0][0]
    engine.run(f"COPY ({made.day(engine, round(tickets, -2))}) TO '{folder / 'day.parquet'}'")
    engine.close()
    return store


def full(store: Path, memory: str, settings: Config) -> Taken:
    """Fold the year."""
    engine = DuckDB(store, memory=memory)
    engine.run("DROP TABLE IF EXISTS fold_state")
    taken = once(lambda: build.build(engine, settings))
    engine.close()
    return taken


def add(store: Path, folder: Path, memory: str, settings: Config) -> Taken:
    """Load the day into a copy of the folded store."""
    copy = folder / "copy.duckdb"
    shutil.copy(store, copy)
    engine = DuckDB(copy, memory=memory)
    taken = once(lambda: (load(engine, settings, folder), build.build(engine, settings)))
    engine.close()
    copy.unlink()
    return taken


def run(size: str, log_file: Path, folder: Path, *, memory: str, times: int) -> Result:
    """The fold and the day in turns."""
    here = folder / "day"
    here.mkdir()
    store, settings = year(log_file, here, memory), config(here)
    first = full(store, memory, settings)
    taken = alternate({"day": lambda: add(store, here, memory, settings)}, times)
    taken |= (
        {"full": first}
        if times < 2
        else alternate({"full": lambda: full(store, memory, settings)}, times - 1)
    )
    engine = DuckDB(store)
    events = engine.run(f"SELECT count(*) FROM {log.EVENTS}")[0][0]
    more = engine.run(f"SELECT count(*), count(DISTINCT ticket_id) FROM '{here / 'day.parquet'}'")[0]
    engine.close()
    shutil.rmtree(here)
    ratio = taken["day"].wall / taken["full"].wall
    rows = [row("the day", taken["day"]), row("the year anew", taken["full"])]
    notes = [f"{events:,} events in the year, {more[0]:,} of {more[1]:,} tickets on the day.", *NOTES]
    return Result("day", TITLE, size, ratio, 0.03, rows, notes, taken["day"].cpu / taken["full"].cpu)
