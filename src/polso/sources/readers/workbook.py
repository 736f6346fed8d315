"""XLSX: one sheet's cells as text, dates and times exact.

Rule kept here: an archive that would unpack to far more than it weighs is refused before it is read.
"""

from __future__ import annotations

import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources.readers.raw import Dialect, Filler, Raw, header_names, places

LARGEST = 500 * 1024 * 1024
RATIO = 100
# Below this size a high ratio harms nobody.
SMALL = 10 * 1024 * 1024


def read(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """The sheet's rows; wholly blank ones are no rows, a row's line is its number in the sheet."""
    cells = sheet(path, dialect.sheet)
    body = cells[dialect.skip_lines :]
    if not body:
        raise SourceError(f"{path.name}: the sheet is empty; say another `sheet`")
    if dialect.header:
        names, warnings = header_names([text_of(cell) for cell in body[0]], path.name)
        body = body[1:]
    else:
        names, warnings = [f"column_{i}" for i in range(1, len(body[0]) + 1)], []
    names = list(dialect.columns) or names
    at = places(names, dialect, path.name)
    fill = Filler(engine, len(at), dialect.null)
    first = dialect.skip_lines + dialect.header + 1
    for line, row in enumerate(body, start=first):
        if any(cell != "" for cell in row):
            fill.add([text_of(row[place]) if place < len(row) else None for place in at.values()], line)
    fill.flush()
    return Raw({name: f"c{i}" for i, name in enumerate(at)}, fill.rows, warnings=tuple(warnings),
               others=tuple(name for name in names if name not in at))  # fmt: skip


def sheet(path: Path, name: str | int | None) -> list[list[Any]]:
    """The cells of the named sheet (the first where none is named), from the first row on."""
    guard(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        if not book.sheet_names:
            raise SourceError(f"{path.name} has no sheet")
        if isinstance(name, str) and name not in book.sheet_names:
            raise SourceError(f"{path.name}: no sheet '{name}'; it has: {', '.join(book.sheet_names)}")
        if isinstance(name, int) and not 0 <= name < len(book.sheet_names):
            raise SourceError(
                f"{path.name}: no sheet number {name}; it has {len(book.sheet_names)}, counted from 0"
            )
        found = book.get_sheet_by_name(name) if isinstance(name, str) else book.get_sheet_by_index(name or 0)
        return found.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        raise SourceError(
            f"{path.name} cannot be read as a workbook: {error}; save it as .xlsx or .csv"
        ) from error


def guard(path: Path) -> None:
    """SourceError for what is no workbook, is damaged, or unpacks to far more than it weighs."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(part.file_size for part in archive.infolist())
            if total > LARGEST or (total > SMALL and total > RATIO * max(path.stat().st_size, 1)):
                raise SourceError(
                    f"{path.name}: would unpack to {total // 1_000_000} MB from"
                    f" {path.stat().st_size // 1000} kB;"
                    " refused, as such files are made to exhaust memory; save it as .csv"
                )
            # Reads every part to the size it declares: one that lies about it fails its checksum here.
            damaged = archive.testzip()
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        raise SourceError(
            f"{path.name} is no workbook or is damaged: {error}; save it again as .xlsx or .csv"
        ) from error
    except Exception as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{path.name} is damaged: {error}; save it again as .xlsx or .csv") from error
    if damaged:
        raise SourceError(f"{path.name} is damaged in {damaged}; save it again as .xlsx or .csv")


def text_of(cell: object) -> str | None:
    """A cell as text: whole numbers without a point, dates and times in ISO form."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _span(cell)
    return str(cell).replace("\0", "")


def _span(span: timedelta) -> str:
    whole = span // timedelta(seconds=1)
    rest = span - timedelta(seconds=whole)
    text = f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    return f"{text}.{rest.microseconds:06}" if rest else text
