"""Guessing how a file maps to events, from its head: a proposal in polso.toml's words, to be read and mended.

Rule kept here: what cannot be known (a date that reads two ways, a zone, what an activity means) is
written down as open, never decided in silence.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from polso.config import FILE
from polso.errors import SourceError
from polso.sources.guess_roles import is_number, response_time, roles_of
from polso.sources.guess_toml import render
from polso.sources.readers import records
from polso.sources.readers.encoding import guessed
from polso.sources.readers.raw import header_names
from polso.sources.readers.registry import format_of
from polso.sources.readers.workbook import sheet, text_of
from polso.sources.table_formats import Dates, dates_of

HEAD = 1 << 20
ROWS = 2_000
DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True)
class Guess:
    """What a file seems to be; `toml` writes it as a commented [[source]]."""

    file: str
    format: str
    encoding: str = "utf-8"
    delimiter: str = ","
    columns: tuple[str, ...] = ()
    rows: int = 0
    roles: dict[str, str] = field(default_factory=dict)
    dates: dict[str, Dates] = field(default_factory=dict)
    activities: tuple[str, ...] = ()
    repeated_ids: bool = False
    numbers: tuple[str, ...] = ()
    records: str | None = None
    score_top: float | None = None
    decimal_comma: bool = False
    clock_seconds: bool = True
    notes: tuple[str, ...] = ()
    response_time: tuple[str, str | None] | None = None

    @property
    def per_event(self) -> bool:
        """Whether a row is an event of a ticket (the ticket's id comes again) rather than a whole ticket."""
        return "activity" in self.roles and (self.repeated_ids or not self.instants("opened"))

    def instants(self, role: str | None = None) -> list[str]:
        """Columns that hold instants, or the one in that role."""
        return list(self.dates) if role is None else [self.roles[role]] if role in self.roles else []

    @property
    def toml(self) -> str:
        """The proposal as a commented [[source]], to be read and mended."""
        return render(self)

    @property
    def ambiguous(self) -> bool:
        """Whether some date reads two ways."""
        return any(found.ambiguous for found in self.dates.values())


def guess(path: Path, files: str | None = None) -> Guess:
    """Propose a mapping from the head of a file; SourceError where it cannot be read at all.

    `files` is what `files` shall say in the proposal; the path itself by default.
    """
    if path.is_dir():
        there = sorted(one.name for one in path.iterdir() if one.is_file())[:5]
        raise SourceError(
            f"{path} is a folder; name a file in it: {', '.join(there)}"
            if there
            else f"{path} is a folder without files; name a file"
        )
    if not path.is_file():
        raise SourceError(f"no file {path}")
    format_ = format_of(path)
    head = _head(path, format_)
    names, body = head.names, head.body
    columns = {name: [row[i] for row in body if i < len(row) and row[i]] for i, name in enumerate(names)}
    dates = {name: found for name, cells in columns.items() if (found := dates_of([c for c in cells if c]))}
    roles = roles_of(names, columns, dates)
    ids = columns.get(roles.get("ticket", ""), [])
    activities = sorted({str(c) for c in columns.get(roles.get("activity", ""), [])})
    numbers = tuple(name for name, cells in columns.items() if cells and all(is_number(c) for c in cells))
    comma = any("," in str(c) for name in numbers for c in columns[name])
    clocks = columns.get(roles.get("clock", ""), [])
    scores = [
        float(c.replace(",", ".")) for c in columns.get(roles.get("score", ""), []) if c and is_number(c)
    ]
    return Guess(
        files or path.as_posix(), head.format, head.encoding, head.delimiter, tuple(names), len(body), roles,
        dates,
        tuple(activities) if len(activities) <= 60 else (), len(set(ids)) < len(ids), numbers, head.records,
        max(scores, default=None), comma, all(str(c).count(":") == 2 for c in clocks), tuple(head.notes),
        response_time(names, columns, dates),
    )  # fmt: skip


def named_in_project(path: Path, folder: Path) -> str:
    """What `files` shall say of a file: its path from the project's folder, or its whole path from outside of it.

    The project is that of `folder`; where there is none, the one that the file itself lies in.
    """
    whole = path.resolve()
    projects = [folder.resolve()] if (folder / FILE).is_file() else list(whole.parents)
    home = next((one for one in projects if (one / FILE).is_file() and whole.is_relative_to(one)), None)
    return (whole.relative_to(home) if home else whole).as_posix()


@dataclass
class _Head:
    format: str
    names: list[str]
    body: list[list[str | None]]
    encoding: str = "utf-8"
    delimiter: str = ","
    records: str | None = None
    notes: list[str] = field(default_factory=list)


def _head(path: Path, format_: str) -> _Head:
    if format_ in ("csv", "tsv"):
        return _delimited(path, format_)
    if format_ == "xlsx":
        cells = [[text_of(c) for c in row] for row in islice(sheet(path, None), ROWS + 1)]
        if not cells:
            raise SourceError(f"{path.name}: its first sheet is empty")
        names, notes = header_names(cells[0], path.name)
        return _Head(format_, names, cells[1:], notes=notes)
    if format_ == "parquet":
        try:
            table = next(pq.ParquetFile(path).iter_batches(ROWS), None)
        except (OSError, ValueError) as error:
            raise SourceError(f"{path.name} cannot be read as Parquet: {error}") from error
        if table is None:
            raise SourceError(f"{path.name} has no rows")
        return _Head(
            format_, list(table.schema.names), [[_text(v) for v in row.values()] for row in table.to_pylist()]
        )
    return _documents(path, format_)


def _delimited(path: Path, format_: str) -> _Head:
    sample, encoding = _sample(path)
    lines = [line for line in sample.splitlines() if line.strip()][:200]
    if not lines:
        raise SourceError(f"{path.name} is empty")
    marks = DELIMITERS if format_ == "csv" else ("\t",)
    delimiter = max(marks, key=lambda mark: (_steady(lines, mark), lines[0].count(mark)))
    found = list(islice(records.of_text(sample, delimiter, '"', '"'), ROWS + 1))
    good = [record.cells for record in found if not record.reason]
    if not good or found[0].reason:
        raise SourceError(
            f"{path.name}: its first line is no header: {found[0].reason if found else 'nothing in it'}"
        )
    names, notes = header_names(good[0], path.name)
    body: list[list[str | None]] = [
        [cell.strip() or None for cell in row] for row in good[1:] if len(row) == len(names)
    ]
    return _Head(format_, names, body, encoding, delimiter, notes=notes)


def _steady(lines: Sequence[str], mark: str) -> float:
    """Share of lines cut by a mark into as many pieces as the first one; 0 where it cuts nothing."""
    pieces = lines[0].count(mark)
    return sum(line.count(mark) >= pieces for line in lines) / len(lines) if pieces else 0.0


def _sample(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        data = file.read(HEAD)
    encoding = guessed(data) or "utf-8"
    name = "utf-8-sig" if encoding == "utf-8" else encoding
    text = data.decode(name, errors="replace")
    if len(data) == HEAD:
        text = text[: text.rfind("\n") + 1] or text
    return text, encoding


def _documents(path: Path, format_: str) -> _Head:
    text, encoding = _sample(path)
    under = None
    try:
        if format_ == "jsonl":
            found = [json.loads(line) for line in text.splitlines()[:ROWS] if line.strip()]
        else:
            found = json.loads(path.read_text(encoding=encoding))
            if isinstance(found, dict):
                under = next(
                    (k for k, v in found.items() if isinstance(v, list) and v and isinstance(v[0], dict)),
                    None,
                )
                found = found.get(under, []) if under else []
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{path.name} is no JSON: {error}") from error
    flat = [_flat(record) for record in found[:ROWS] if isinstance(record, dict)]
    if not flat:
        raise SourceError(f"{path.name}: no list of records in it")
    names = list(dict.fromkeys(name for record in flat for name in record))
    return _Head(
        format_, names, [[record.get(name) for name in names] for record in flat], encoding, records=under
    )


def _flat(record: dict[str, object], prefix: str = "") -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for key, value in record.items():
        if isinstance(value, dict) and not prefix:
            found |= _flat(value, f"{key}.")
        else:
            found[prefix + key] = _text(value)
    return found


def _text(value: object) -> str | None:
    if value is None or value == "":
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
