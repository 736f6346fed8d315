"""What every source is: files in, one relation of canonical events out, run by the engine.

Rule kept here: no row is lost. A row of a file becomes events, or is skipped by a stated rule, or is
rejected with its file, line and reason; the three counts add up to the rows read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from polso.engine import DuckDB, Table
from polso.events.kinds import SOURCE_COLUMNS

REJECTED = pa.schema(
    [("file", pa.string()), ("line", pa.int64()), ("reason", pa.string()), ("text", pa.string())]
)


class Options(BaseModel):
    """Base of the keys a kind of source understands in its [[source]]; a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Origin:
    """What the project knows of a source before reading: its name, client, zone and kept attributes."""

    name: str
    client: str
    zone: str


@dataclass(frozen=True)
class Reading:
    """One file turned into events, before anything is stored.

    `events` has the columns of SOURCE_COLUMNS (event_id null where the file has none; recorded_at null
    means occurred_at; seq null means 0) and three more: `row` (int64, the file's row it came from),
    `line` (int64, the line to show a person) and `problem` (string, null where the event is good).
    `skipped` counts rows that a stated rule leaves out. `rejected` holds what the reader could not
    even split into columns; each is one row of the file.
    """

    events: Table
    rows: int
    skipped: int = 0
    rejected: pa.Table = field(default_factory=REJECTED.empty_table)
    warnings: tuple[str, ...] = ()


class Source(Protocol):
    """One export format. `options` validates its keys; `read` turns one file into a Reading."""

    options: type[Options]

    def beside(self, path: Path, options: Options) -> tuple[Path, ...]:
        """Other files that the reading of this one depends on; when one changes, the file is read again."""
        return ()

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Raises SourceError, saying what to do, where the file as a whole cannot be read."""
        ...


__all__ = ["REJECTED", "SOURCE_COLUMNS", "Options", "Origin", "Reading", "Source"]
