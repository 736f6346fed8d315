"""What a store and its settings say at one moment, and how to notice cheaply that they changed.

Rule kept here: a snapshot is what one transaction sees; half a load is none.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from polso import config as settings
from polso.care import DATABASE, Care
from polso.engine import DuckDB
from polso.errors import QuestionError
from polso.events import log
from polso.facts import FACTS
from polso.facts.build import STATE
from polso.query.rollups import Rollups

# Younger than this, a file's instant cannot tell one write from the next.
RACY_NS: Final = 100_000_000

Stamp = tuple[tuple[str, int, int, int], ...]


@dataclass(frozen=True)
class State:
    """Which fact tables there are, the batch and the rules that they speak for, and the newest batch of the log."""

    tables: tuple[tuple[str, int], ...]
    folded: tuple[tuple[str, int, str], ...]
    newest: int

    @property
    def settled(self) -> bool:
        """Whether all facts speak for the whole log: a load takes this away with its first event, until it ends."""
        behind = {batch for _, batch, _ in self.folded}
        return {fact for fact, _, _ in self.folded} == set(FACTS) and behind == {self.newest}


@dataclass(frozen=True)
class Snapshot:
    """A project as its readers see it: its settings and catalogue read, its log spanned, once for all of them.

    rollups: what is kept of it; none where nothing is loaded.
    """

    care: Care
    state: State
    print: str
    generation: int
    rollups: Rollups | None

    @property
    def version(self) -> str:
        """Differs wherever an answer may."""
        said = repr((self.state, self.print, self.generation))
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def _texts(folder: Path) -> Iterator[Path]:
    yield folder / settings.FILE
    yield from sorted((folder / "kpis").glob("*.toml"))


def stamp(folder: Path) -> Stamp:
    """Size and instant of every file that an answer depends on: looking costs microseconds, asking the store more."""
    found = []
    for path in (*_texts(folder), folder / DATABASE, folder / f"{DATABASE}.wal"):
        with suppress(FileNotFoundError):
            seen = path.stat()
            found.append((path.name, seen.st_ino, seen.st_size, seen.st_mtime_ns))
    return tuple(found)


def is_racy(seen: Stamp) -> bool:
    """Whether a file of a stamp is so young that a later write may look the same."""
    return max((written for *_, written in seen), default=0) > time.time_ns() - RACY_NS


def settings_print(folder: Path) -> str:
    """Changes with the text of polso.toml and of the project's own KPIs."""
    whole = hashlib.sha256()
    for path in _texts(folder):
        with suppress(FileNotFoundError):
            whole.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return whole.hexdigest()[:16]


def state_of(engine: DuckDB) -> State:
    """The state of the facts as a connection sees it now; the first look of a transaction decides what it sees."""
    rows = engine.run(
        "SELECT table_name, table_oid FROM duckdb_tables() WHERE NOT temporary AND NOT internal"
    )
    # A table that takes another's place brings a number of its own: batches count anew where all was forgotten.
    tables = tuple(sorted((name, oid) for name, oid in rows if name in FACTS))
    known = {name for name, _ in rows}
    folded = (
        engine.run(f"SELECT fact, batch, fingerprint FROM {STATE} ORDER BY ALL") if STATE in known else []
    )
    newest = log.last_batch(engine) if {log.EVENTS, log.SUPERSEDED} <= known else 0
    return State(tables, tuple((fact, batch, rules) for fact, batch, rules in folded), newest)


@contextmanager
def reading(engine: DuckDB) -> Iterator[State]:
    """One transaction that only reads, and the state it sees."""
    with engine.transaction():
        yield state_of(engine)


def look(
    folder: Path, engine: DuckDB, known: Snapshot | None, generation: int, *, settle: bool = False
) -> Snapshot:
    """The project as it stands; the known snapshot where nothing changed, or a load is halfway.

    With `settle` a state that is no load's end is taken as it is: the caller knows that no load runs.
    """
    print_ = settings_print(folder)
    with reading(engine) as state:
        if known and known.generation == generation:
            same = (state, print_) == (known.state, known.print)
            if same or not (state.settled or settle):
                return known
        care = Care(folder, settings.read(folder), engine)
        rollups = Rollups()
        try:
            care.store.rollups = rollups
        except QuestionError:  # nothing is loaded: whoever asks is told so
            return Snapshot(care, state, print_, generation, None)
    return Snapshot(care, state, print_, generation, rollups)
