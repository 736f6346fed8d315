"""Files of lines, staged in the engine with their line numbers, and the SQL that turns them into events.

Rule kept here: every physical line of a file is one row, blank or broken ones too, so counts can be checked.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, cast

import pyarrow as pa
import pyarrow.csv

from polso.engine import DuckDB, EngineError, Table
from polso.errors import SourceError
from polso.events.kinds import SOURCE_COLUMNS
from polso.sources.source import REJECTED, Origin

LONGEST_LINE: Final = 32 * 1024 * 1024
TEXT_SHOWN: Final = 200
# Neither lines of a phone system's log nor JSON may hold this character, so no line is ever split at it.
_SPLIT, _INSTEAD = b"\x1f", b"\x1a"
# An event inferred from another line always loses against the same event recorded as such.
INFERRED_AT: Final = "TIMESTAMP '1990-01-01 00:00:00'"

_TYPES: Final = {
    "string": "VARCHAR",
    "int64": "BIGINT",
    "timestamp": "TIMESTAMP",
    "decimal(18, 6)": "DECIMAL(18, 6)",
}


class _Unsplit(io.RawIOBase):
    """A file without the one character that the line reader splits at."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._file.read(len(buffer)).replace(_SPLIT, _INSTEAD)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What the engine cannot do with a file is an error of that file."""
    try:
        yield
    except EngineError as error:
        raise SourceError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from error


def stage_lines(engine: DuckDB, path: Path, name: str) -> int:
    """Stage a file (plain or .gz) as the scratch table `name` (line, text); how many lines it has.

    Text is null where the bytes are not UTF-8.
    """
    with _Unsplit(_opened(path)) as file:
        try:
            reader = pyarrow.csv.open_csv(
                file,
                read_options=pyarrow.csv.ReadOptions(column_names=["text"], block_size=LONGEST_LINE),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=_SPLIT.decode(), quote_char=False, double_quote=False, ignore_empty_lines=False
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types={"text": pa.binary()}, null_values=[]
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" not in str(error):
                raise SourceError(f"{path.name} cannot be read as lines: {error}") from error
            engine.run(f"CREATE OR REPLACE TEMP TABLE {name} (line BIGINT, text VARCHAR)")
            return 0
        except OSError as error:
            raise SourceError(f"{path.name} cannot be read: {error}; is it a whole file?") from error
        _copy(engine, reader, path, name)
    ((lines,),) = engine.run(f"SELECT count(*) FROM {name}")
    return int(lines)


def _opened(path: Path) -> IO[bytes]:
    return cast("IO[bytes]", gzip.open(path)) if path.suffix == ".gz" else path.open("rb")


def _copy(engine: DuckDB, reader: pa.RecordBatchReader, path: Path, name: str) -> None:
    engine.connection.register("polso_lines", reader)
    try:
        # row_number() over nothing is a streaming operator: it keeps the reader's order.
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS"
            " SELECT row_number() OVER () AS line, TRY(decode(text)) AS text FROM polso_lines"
        )
    except (EngineError, pa.ArrowException, OSError, EOFError) as error:
        raise SourceError(f"{path.name} cannot be read as lines: {error}") from error
    finally:
        engine.connection.unregister("polso_lines")


def staged(engine: DuckDB, name: str) -> Table:
    """A scratch table as an expression."""
    return engine.backend.table(name, database=("temp", "main"))


def quote(value: str | None) -> str:
    """A Python string as an SQL literal."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def listed(values: Iterable[str]) -> str:
    """SQL literals for `IN (...)`; a list that matches nothing where there are none."""
    return ", ".join(quote(value) for value in values) or "NULL"


def renamed(expression: str, names: Mapping[str, str], otherwise: str | None = None) -> str:
    """SQL that looks a value up in a mapping; itself (or `otherwise`) where it is not there."""
    if not names:
        return otherwise or expression
    cases = " ".join(f"WHEN {quote(old)} THEN {quote(new)}" for old, new in names.items())
    return f"CASE {expression} {cases} ELSE {otherwise or expression} END"


Rule = tuple[str, Mapping[str, str]]


def event_rows(relation: str, origin: Origin, common: Mapping[str, str], rules: Iterable[Rule]) -> str:
    """SQL of the events of a relation: each rule is a condition and the columns of the event it makes.

    Columns nobody names are null; `row`, `line` and (where a rule does not say its own) `problem` are the
        relation's.
    """
    fixed = {"source": quote(origin.name), "client": quote(origin.client)}
    selects = []
    for condition, columns in rules:
        said = {**fixed, **common, **columns}
        values = ", ".join(
            f"CAST({said.get(c.name, 'NULL')} AS {_TYPES[c.type]}) AS {c.name}" for c in SOURCE_COLUMNS
        )
        problem = said.get("problem", "problem")
        selects.append(
            f"SELECT {values}, row, line, CAST({problem} AS VARCHAR) AS problem"
            f" FROM {relation} WHERE {condition}"
        )
    return " UNION ALL ".join(selects)


def rejections(engine: DuckDB, select: str) -> pa.Table:
    """The rows (line, reason, text) of a query as the table of rejected lines."""
    rows = engine.connection.execute(
        f"SELECT '' AS file, line::BIGINT AS line, reason::VARCHAR AS reason,"
        f" left(text, {TEXT_SHOWN})::VARCHAR AS text FROM ({select}) ORDER BY line"
    ).to_arrow_table()
    return rows.cast(REJECTED)
