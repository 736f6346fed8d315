"""The scratch table that every reader fills: text columns, trimmed, with null tokens as null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

import pyarrow as pa

from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources.source import REJECTED

RAW = "polso_table_raw"
CHUNK = 50_000
SHOWN = 300


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written, as far as its reader must know.

    wanted: the columns that must be there; optional: those that are taken where the file has them.
    """

    wanted: tuple[str, ...]
    format: str
    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    header: bool = True
    columns: tuple[str, ...] = ()
    skip_lines: int = 0
    encoding: str = "utf-8"
    sheet: str | int | None = None
    records: str | None = None
    null: tuple[str, ...] = ("",)
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raw:
    """A file read: its columns as SQL names of the scratch table, and what could not be read.

    `row` and `line` are SQL: the row's number from 1, and the line of the file to show a person;
    `others` are the columns that were not taken.
    """

    columns: dict[str, str]
    rows: int
    row: str = "row"
    line: str = "line"
    rejected: pa.Table = field(default_factory=REJECTED.empty_table)
    warnings: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def clean(column: str, null: Sequence[str]) -> str:
    """SQL: the column trimmed, its null tokens as null; blank text is always null."""
    tokens = [token for token in null if token.strip()]
    trimmed = f"nullif(trim({column}), '')"
    if not tokens:
        return trimmed
    return (
        f"CASE WHEN {trimmed} IN ({', '.join(literal(t.strip()) for t in tokens)}) THEN NULL ELSE"
        f" {trimmed} END"
    )


def header_names(cells: Sequence[str | None], file: str) -> tuple[list[str], list[str]]:
    """Column names from a header, blank ones by position, repeated ones told apart; and the warnings."""
    taken = {(cell or "").strip() for cell in cells}
    names: list[str] = []
    warnings = []
    for place, cell in enumerate(cells, start=1):
        name = (cell or "").strip() or f"column_{place}"
        if name in names:
            number = 2
            while f"{name}_{number}" in taken or f"{name}_{number}" in names:
                number += 1
            warnings.append(
                f"{file}: the header names '{name}' twice; column {place} is called '{name}_{number}' here"
            )
            name = f"{name}_{number}"
        names.append(name)
    return names, warnings


def places(names: Sequence[str], dialect: Dialect, file: str) -> dict[str, int]:
    """Where the columns to take stand; SourceError naming the nearest for a wanted one that is not there."""
    found = {}
    for name in (*dialect.wanted, *(name for name in dialect.optional if name in names)):
        if name not in names:
            folded = {n.casefold(): n for n in names}
            near = [folded[n] for n in get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)]
            hint = (
                f"did you mean {' or '.join(repr(n) for n in near)}?"
                if near
                else f"it has: {', '.join(names[:40])}"
            )
            raise SourceError(f"{file}: no column '{name}'; {hint}")
        found[name] = names.index(name)
    return found


def rejections(bad: Sequence[tuple[int, str, str]]) -> pa.Table:
    """Rows that could not be read, as (line, reason, text)."""
    return pa.table(
        {
            "file": pa.array([""] * len(bad), pa.string()),
            "line": pa.array([line for line, _, _ in bad], pa.int64()),
            "reason": pa.array([reason for _, reason, _ in bad], pa.string()),
            "text": pa.array([shown(text) for _, _, text in bad], pa.string()),
        },
        schema=REJECTED,
    )


def shown(text: str) -> str:
    """The beginning of a text, safe to store and print."""
    text = text.rstrip("\r\n").replace("\0", "\\0")
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


class Filler:
    """Fills the scratch table from Python, a chunk of rows at a time; for formats the engine cannot read."""

    def __init__(self, engine: DuckDB, width: int, null: Sequence[str]) -> None:
        self.engine = engine
        self.width = width
        self.null = null
        self.rows = 0
        self._cells: list[Sequence[str | None]] = []
        self._lines: list[int] = []
        columns = ", ".join([*(f"c{i} VARCHAR" for i in range(width)), "row BIGINT", "line BIGINT"])
        engine.run(f"CREATE OR REPLACE TEMP TABLE {RAW} ({columns})")

    def add(self, cells: Sequence[str | None], line: int) -> None:
        """One row."""
        self._cells.append(cells)
        self._lines.append(line)
        if len(self._lines) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write what has been added."""
        count = len(self._lines)
        if not count:
            return
        columns = {
            f"c{i}": pa.array([cells[i] for cells in self._cells], pa.string()) for i in range(self.width)
        }
        columns["row"] = pa.array(range(self.rows + 1, self.rows + count + 1), pa.int64())
        columns["line"] = pa.array(self._lines, pa.int64())
        self.engine.connection.register("polso_table_chunk", pa.table(columns))
        cleaned = "".join(f"{clean(f'c{i}', self.null)}, " for i in range(self.width))
        self.engine.run(f"INSERT INTO {RAW} SELECT {cleaned}row, line FROM polso_table_chunk")
        self.engine.connection.unregister("polso_table_chunk")
        self.rows += count
        self._cells, self._lines = [], []
