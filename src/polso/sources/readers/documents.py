"""JSON: a list of records, or one record a line; a column is a key, or a path of keys with dots.

Rule kept here: a line that is no JSON object is a rejected row; a list that is no JSON at all is an error.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from polso.engine import DuckDB, EngineError
from polso.errors import SourceError
from polso.sources.readers.encoding import as_utf8, survey
from polso.sources.readers.raw import CHUNK, RAW, Dialect, Raw, clean, literal, rejections

LINES = "polso_table_lines"


def read_lines(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """JSON lines: blank lines are no rows, broken ones are rejected with their line."""
    with as_utf8(path, dialect.encoding) as text:
        survey(text)
        engine.run(f"CREATE OR REPLACE TEMP TABLE {LINES} (line BIGINT, j VARCHAR)")
        for chunk in _chunks(text):
            engine.append(LINES, chunk)
    return _spread(engine, path, dialect)


def _chunks(text: Path) -> Iterator[pa.Table]:
    numbers: list[int] = []
    lines: list[str] = []
    with text.open(encoding="utf-8-sig", newline="\n") as file:
        for number, line in enumerate(file, start=1):
            if line.strip():
                numbers.append(number)
                lines.append(line)
            if len(lines) >= CHUNK:
                yield pa.table({"line": pa.array(numbers, pa.int64()), "j": pa.array(lines, pa.string())})
                numbers, lines = [], []
    if lines:
        yield pa.table({"line": pa.array(numbers, pa.int64()), "j": pa.array(lines, pa.string())})


def read_list(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """A JSON list, at the top or under the key `records`; a record's line is its place in the list."""
    with as_utf8(path, dialect.encoding) as text:
        survey(text)
        content = text.read_text(encoding="utf-8-sig")
    where = f"$.{'.'.join(_step(key) for key in dialect.records.split('.'))}" if dialect.records else "$"
    try:
        json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f'{path.name} is no JSON: {error}; for one record a line say format = "jsonl"'
        ) from error
    engine.scratch(f"{LINES}_all", pa.table({"j": pa.array([content], pa.large_string())}))
    ((kind,),) = engine.run(f"SELECT json_type(j, {literal(where)}) FROM {LINES}_all")
    if kind != "ARRAY":
        raise SourceError(
            f"{path.name}: no list of records at {where}; say `records`, the key under which they are"
        )
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {LINES} AS SELECT line, j[line] AS j FROM (SELECT j,"
        f" unnest(range(1, len(j) + 1)) AS line"
        f" FROM (SELECT json_extract(j, {literal(where + '[*]')})::VARCHAR[] AS j FROM {LINES}_all))"
    )
    engine.drop(f"{LINES}_all")
    return _spread(engine, path, dialect)


def _step(key: str) -> str:
    return '"' + key.replace('"', '\\"') + '"'


def _spread(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """The wanted keys of every record as text columns."""
    # CASE, as json_type() of what is no JSON is an error.
    good = "coalesce(CASE WHEN json_valid(j) THEN json_type(j) = 'OBJECT' END, false)"
    try:
        bad = engine.run(f"SELECT line, j FROM {LINES} WHERE NOT {good} ORDER BY line")
        ((count,),) = engine.run(f"SELECT count(*) FROM {LINES}")
        objects = f"SELECT line, j FROM {LINES} WHERE {good}"
        keys = tuple(
            key
            for (key,) in engine.run(f"SELECT DISTINCT unnest(json_keys(j)) k FROM ({objects}) ORDER BY k")
        )
        taken = (*dialect.wanted, *(name for name in dialect.optional if name in keys))
        found = _found(engine, taken, objects, path.name, count - len(bad))
        cells = "".join(
            f", {clean(f'json_extract_string(j, {literal(where)})', dialect.null)} AS c{i}"
            for i, where in enumerate(found.values())
        )
        engine.run(f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT line, line AS row{cells} FROM ({objects})")
    except EngineError as error:
        raise SourceError(f"{path.name} cannot be read as JSON: {error}") from error
    finally:
        engine.drop(LINES)
    rejected = rejections([(line, "no JSON object", text or "") for line, text in bad])
    others = tuple(key for key in keys if key not in found)
    return Raw({name: f"c{i}" for i, name in enumerate(found)}, count, rejected=rejected, others=others)


def _found(engine: DuckDB, wanted: tuple[str, ...], objects: str, file: str, rows: int) -> dict[str, str]:
    """JSON path of each wanted column; SourceError for one that no record has."""
    paths: dict[str, str] = {}
    for name in wanted:
        plain = "$." + _step(name)
        dotted = "$." + ".".join(_step(key) for key in name.split("."))
        ((as_key, as_path),) = engine.run(
            f"SELECT bool_or(json_exists(j, {literal(plain)})), bool_or(json_exists(j,"
            f" {literal(dotted)})) FROM ({objects})"
        )
        if rows and not as_key and not as_path:
            raise SourceError(
                f"{file}: no record has a key '{name}'; write nested keys with dots, as in requester.id"
            )
        paths[name] = plain if as_key or not as_path else dotted
    return paths
