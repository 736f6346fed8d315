"""CSV and its kin: the engine's reader where it can be vouched for, else record by record.

Rule kept here: the engine's reading is believed only if its rows, their inner line ends and the header
together are exactly the lines of the file. It reads in parallel and in order, so a row's number gives its
line.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from polso.engine import DuckDB, EngineError
from polso.errors import SourceError
from polso.sources.readers import records
from polso.sources.readers.encoding import Survey, as_utf8, survey
from polso.sources.readers.raw import (
    RAW,
    Dialect,
    Filler,
    Raw,
    clean,
    header_names,
    literal,
    places,
    rejections,
)


def read(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """The file's rows in the scratch table; SourceError where it has no header or not the wanted columns."""
    with as_utf8(path, dialect.encoding) as text:
        seen = survey(text)
        if not seen.size:
            raise SourceError(f"{path.name} is empty; put a file with rows there or take it out of `files`")
        names, warnings, header_lines = _names(text, dialect, path.name)
        at = places(names, dialect, path.name)
        others = tuple(name for name in names if name not in at)
        columns = {name: f"c{place}" for name, place in at.items()}
        before = dialect.skip_lines + header_lines
        rows = _by_engine(engine, text, dialect, len(names), sorted(set(at.values())), before, seen)
        if rows is not None:
            return Raw(columns, *rows, warnings=tuple(warnings), others=others)
        columns = {name: f"c{place}" for place, name in enumerate(at)}
        found = _by_record(engine, text, dialect, columns, len(names), list(at.values()), tuple(warnings))
        return replace(found, others=others)


def _names(text: Path, dialect: Dialect, file: str) -> tuple[list[str], list[str], int]:
    """Column names, warnings, and how many lines the header takes."""
    found = records.split(
        text, dialect.delimiter, dialect.quote, dialect.escape, skip_lines=dialect.skip_lines
    )
    first = next(found, None)
    found.close()
    if first is None:
        raise SourceError(f"{file} has no line after the first {dialect.skip_lines}; mend `skip_lines`")
    if first.reason:
        raise SourceError(f"{file}, line {first.line}: {first.reason}; mend the header or say `quote`")
    if not dialect.header:
        names = list(dialect.columns) or [f"column_{i}" for i in range(1, len(first.cells) + 1)]
        return names, [], 0
    height = first.line - dialect.skip_lines + first.text.rstrip("\r\n").count("\n")
    if dialect.columns:
        if len(dialect.columns) != len(first.cells):
            raise SourceError(
                f"{file}: `columns` names {len(dialect.columns)} columns, the header has {len(first.cells)}"
            )
        return list(dialect.columns), [], height
    if len(first.cells) == 1 and (other := _likely_delimiter(first.text, dialect.delimiter)):
        raise SourceError(
            f"{file}: one column only when cut at '{dialect.delimiter}'; say delimiter = {other!r}"
        )
    names, warnings = header_names(first.cells, file)
    return names, warnings, height


def _likely_delimiter(text: str, used: str) -> str | None:
    counts = {mark: text.count(mark) for mark in (",", ";", "\t", "|") if mark != used}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


@contextmanager
def _in_order(engine: DuckDB) -> Iterator[None]:
    engine.run("SET preserve_insertion_order = true")
    try:
        yield
    finally:
        engine.run("SET preserve_insertion_order = false")


def _by_engine(
    engine: DuckDB, text: Path, dialect: Dialect, width: int, used: list[int], before: int, seen: Survey
) -> tuple[int, str, str] | None:
    """Rows, row number and line as SQL; None where the engine cannot be trusted with this file."""
    if dialect.escape not in ("", dialect.quote):
        return None  # the engine undoes an escape inside quotes only
    if (
        width < 2
        or seen.nul
        or seen.lone_cr
        or seen.mixed_ends
        or (seen.bom and not before)
        or seen.lines <= before
    ):
        return None
    source = _reader(text, dialect, width, before)
    cells = ", ".join(f"{clean(f'c{i}', dialect.null)} AS c{i}" for i in used) or "1 AS nothing"
    try:
        with _in_order(engine):
            engine.run(f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT {cells} FROM {source}")
            ((rows,),) = engine.run(f"SELECT count(*) FROM {RAW}")
            if rows + before == seen.lines:
                return rows, "(rowid + 1)", f"(rowid + {before + 1})"
            inner = " + ".join(
                f"coalesce(length(c{i}) - length(replace(c{i}, chr(10), '')), 0)" for i in range(width)
            )
            engine.run(
                f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT {cells}, {inner} AS inner_ends FROM {source}"
            )
        ((ends,),) = engine.run(f"SELECT coalesce(sum(inner_ends), 0) FROM {RAW}")
        if rows + ends + before != seen.lines:
            return None
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT * EXCLUDE (inner_ends), rowid + 1 AS row,"
            f" (rowid + {before + 1}"
            f" + sum(inner_ends) OVER (ORDER BY rowid ROWS UNBOUNDED PRECEDING) -"
            f" inner_ends)::BIGINT AS line FROM {RAW}"
        )
        return rows, "row", "line"
    except EngineError:
        return None


def _reader(text: Path, dialect: Dialect, width: int, before: int) -> str:
    types = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))
    return (
        f"read_csv({literal(str(text))}, auto_detect = false, header = false, skip = {before},"
        f" columns = {{{types}}},"
        f" delim = {literal(dialect.delimiter)}, quote = {literal(dialect.quote)}, escape ="
        f" {literal(dialect.escape)},"
        " comment = '', nullstr = '', strict_mode = true, null_padding = false, ignore_errors ="
        " false, compression = 'none')"
    )


def _by_record(
    engine: DuckDB,
    text: Path,
    dialect: Dialect,
    columns: dict[str, str],
    width: int,
    used: list[int],
    warnings: tuple[str, ...],
) -> Raw:
    fill = Filler(engine, len(used), dialect.null)
    bad: list[tuple[int, str, str]] = []
    found = records.rows(
        text, dialect.delimiter, dialect.quote, dialect.escape, width, skip_lines=dialect.skip_lines
    )
    if dialect.header:
        next(found, None)
    for record in found:
        if record.reason:
            bad.append((record.line, record.reason, record.text))
        else:
            fill.add([record.cells[i] for i in used], record.line)
    fill.flush()
    return Raw(columns, fill.rows + len(bad), rejected=rejections(bad), warnings=warnings)
