"""Parquet: typed columns written out as text, instants exact to the microsecond."""

from __future__ import annotations

from pathlib import Path

from polso.engine import DuckDB, EngineError
from polso.errors import SourceError
from polso.sources.readers.raw import RAW, Dialect, Raw, clean, literal, places


def read(engine: DuckDB, path: Path, dialect: Dialect) -> Raw:
    """The wanted columns; a row's line is its place in the file. Instants with a zone come out as UTC with
    +00.
    """
    source = f"read_parquet({literal(str(path))}, file_row_number = true)"
    try:
        names = [
            name for name, *_ in engine.run(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {source}")
        ]
        at = places(names, dialect, path.name)
        cells = "".join(
            f", {clean(f'{_quoted(name)}::VARCHAR', dialect.null)} AS c{place}" for name, place in at.items()
        )
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT file_row_number + 1 AS row,"
            f" file_row_number + 1 AS line{cells} FROM {source}"
        )
    except EngineError as error:
        raise SourceError(f"{path.name} cannot be read as Parquet: {error}") from error
    ((rows,),) = engine.run(f"SELECT count(*) FROM {RAW}")
    return Raw({name: f"c{place}" for name, place in at.items()}, rows)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
