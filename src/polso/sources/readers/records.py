"""Delimited text split record by record in Python: the careful reader for files the engine's will not vouch
for.

Rule kept here: every line of the file ends up in a good record or in a rejected one; a quote that is
never closed costs its own line, not the rest of the file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

LONGEST = 2_000_000
MOST_LINES = 1_000
# Stands for a carriage return that is data: Python's splitter would stop at it.
CR = "\ue00d"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its cells, or the reason why it has none."""

    line: int
    cells: list[str]
    text: str
    reason: str | None = None


class _Lines:
    """The lines of a file, numbered, that can be given back."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.back: list[str] = []
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= MOST_LINES:
            raise StopIteration
        line = self.back.pop() if self.back else self.file.readline()
        if not line:
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return _plain(line)

    def give_back(self) -> None:
        """Return all lines of the present record but its first."""
        self.back.extend(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1
        del self.taken[1:]


def _open(path: Path) -> TextIO:
    """The file by its lines: a line feed ends one; where there is none at all, a carriage return does."""
    return path.open(encoding="utf-8-sig", newline="\n" if _has_feeds(path) else "\r")


def _has_feeds(path: Path) -> bool:
    with path.open("rb") as file:
        return any(b"\n" in block for block in iter(lambda: file.read(1 << 20), b""))


def _plain(line: str) -> str:
    if "\r" not in line:
        return line
    body = line.removesuffix("\n").removesuffix("\r")
    return body.replace("\r", CR) + "\n"


def split(
    path: Path, delimiter: str, quote: str, escape: str, *, skip_lines: int = 0
) -> Generator[Record, None, None]:
    """Every record that is not blank, however many cells it has."""
    yield from _split(_open(path), delimiter, quote, escape, skip_lines, None)


def rows(
    path: Path, delimiter: str, quote: str, escape: str, width: int, *, skip_lines: int = 0
) -> Iterator[Record]:
    """Every record that is not blank, those without `width` cells with the reason why they are no rows."""
    yield from _split(_open(path), delimiter, quote, escape, skip_lines, width)


def of_text(text: str, delimiter: str, quote: str, escape: str) -> Iterator[Record]:
    """The same of a text at hand, such as the head of a file."""
    file = io.StringIO(text, newline="\n" if "\n" in text else "\r")
    yield from _split(file, delimiter, quote, escape, 0, None)


def _split(
    file: TextIO, delimiter: str, quote: str, escape: str, skip_lines: int, width: int | None
) -> Iterator[Record]:
    csv.field_size_limit(LONGEST)
    lines = _Lines(file)
    with file:
        for _ in range(skip_lines):
            next(lines, None)
            lines.taken.clear()
        while True:
            lines.taken.clear()
            record = _next(lines, delimiter, quote, escape, width)
            if record is None:
                return
            if record.cells or record.reason:
                yield from _pieces(record, delimiter, width)


def _next(lines: _Lines, delimiter: str, quote: str, escape: str, width: int | None) -> Record | None:
    start = lines.number + 1
    reader = csv.reader(
        lines, delimiter=delimiter, quotechar=quote or None,
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        doublequote=escape == quote, escapechar=escape if escape not in ("", quote) else None, strict=True,
    )  # fmt: skip
    try:
        cells = next(reader)
    except StopIteration:
        return None
    except csv.Error as error:
        reason = _reason(str(error))
        lines.give_back()
        return Record(start, [], lines.taken[0], reason)
    if width is not None and len(cells) != width and len(lines.taken) > 1:
        lines.give_back()
        return Record(start, [], lines.taken[0], "a quote that is not closed on its line")
    if cells == []:
        return Record(start, [], "")
    text = "".join(lines.taken)
    if CR in text or "\r" in text:
        cells = [_with_returns(cell, lines.taken) for cell in cells]
    return Record(start, cells, text)


def _with_returns(cell: str, taken: list[str]) -> str:
    """The cell as it stands in the file: what `_plain` did to its carriage returns is undone."""
    if len(taken) > 1 and all(line.endswith("\r\n") for line in taken[:-1]):
        cell = cell.replace("\n", "\r\n")
    return cell.replace(CR, "\r")


def _reason(error: str) -> str:
    if "limit" in error:
        return f"a field longer than {LONGEST // 1_000_000} MB"
    if "end of data" in error:
        return "a quote that is never closed"
    return f"quotes that do not match: {error}"


def _pieces(record: Record, delimiter: str, width: int | None) -> Iterator[Record]:
    """The record; or, where a lone carriage return ended lines inside it, the records it really is."""
    if record.reason or width is None:
        yield record
    elif len(record.text) > LONGEST:
        yield Record(record.line, [], record.text, f"a row longer than {LONGEST // 1_000_000} MB")
    elif "\0" in record.text:
        yield Record(record.line, [], record.text, "a NUL character")
    elif len(record.cells) == width:
        yield record
    else:
        parts = [part for part in record.text.rstrip("\r\n").split("\r") if part]
        if len(parts) > 1 and all(part.count(delimiter) == width - 1 and '"' not in part for part in parts):
            yield from (Record(record.line, part.split(delimiter), part) for part in parts)
        else:
            yield Record(record.line, [], record.text, f"{len(record.cells)} columns instead of {width}")
