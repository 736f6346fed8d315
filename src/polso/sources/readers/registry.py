"""Which reader reads which format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources.readers import columnar, delimited, documents, workbook
from polso.sources.readers.raw import Dialect, Raw

SUFFIXES = {
    ".csv": "csv", ".txt": "csv", ".tsv": "tsv", ".tab": "tsv", ".json": "json",
    ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".xlsx": "xlsx", ".xlsm": "xlsx",
}  # fmt: skip

READERS: dict[str, Callable[[DuckDB, Path, Dialect], Raw]] = {
    "csv": delimited.read,
    "tsv": delimited.read,
    "json": documents.read_list,
    "jsonl": documents.read_lines,
    "parquet": columnar.read,
    "xlsx": workbook.read,
}


def format_of(path: Path) -> str:
    """The format a file name tells; SourceError where it tells none."""
    found = SUFFIXES.get(path.suffix.lower())
    if found is None:
        raise SourceError(
            f"{path.name}: its name does not tell the format; say format = {', '.join(READERS)}"
        )
    return found


def read(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """The file's rows in the scratch table."""
    if not path.is_file():
        raise SourceError(f"no file {path}")
    return READERS[dialect.format](engine, path, dialect)
