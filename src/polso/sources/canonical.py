"""Events already in Polso's own columns, as Parquet, CSV or JSON lines: what other programs can write for us."""

from __future__ import annotations

from pathlib import Path

from polso.engine import DuckDB, Table, Value, ibis
from polso.errors import SourceError
from polso.events.kinds import SOURCE_COLUMNS
from polso.sources import readers
from polso.sources.readers import Raw
from polso.sources.source import Options, Origin, Reading, Source

REQUIRED = ("kind", "occurred_at")
KNOWN = tuple(c.name for c in SOURCE_COLUMNS)
STAGED = "polso_events_raw"
# Names that no column of an event has.
ROW, LINE = "polso_row", "polso_line"
# Between a column and what it holds.
UNREADABLE = " cannot be read: "
# So much of a value that cannot be read is told.
SHOWN = 100


class CanonicalOptions(Options):
    """The columns are the log's own; only how the text is encoded may have to be said."""

    encoding: str = "utf-8"


class CanonicalSource(Source):
    """A file whose columns are the event log's; missing optional columns are null."""

    options: type[Options] = CanonicalOptions

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Take the columns that are there; `source` and `client` default to the configured ones."""
        assert isinstance(options, CanonicalOptions)  # noqa: S101 - `options` above validated it
        raw, found = _rows(engine, path, options.encoding)
        there = (*found.columns, *found.others) if found else tuple(raw.columns)
        missing = [name for name in REQUIRED if name not in there]
        if missing:
            raise SourceError(
                f"{path.name}: no column {', '.join(missing)}; a source of kind `events` needs the log's own columns"
            )
        unknown = [name for name in there if name not in (*KNOWN, ROW, LINE)]
        columns = {
            c.name: raw[c.name].try_cast(c.type) if c.name in raw.columns else ibis.null().cast(c.type)
            for c in SOURCE_COLUMNS
        }
        problems = [
            ibis.cases((raw[name].notnull() & value.isnull(), _unreadable(name, raw[name])))
            for name, value in columns.items()
            if name in raw.columns
        ]
        columns["source"] = ibis.literal(origin.name)
        columns["client"] = columns["client"].fill_null(origin.client)
        numbered = raw.select(**columns, row=raw[ROW], line=raw[LINE], problem=ibis.coalesce(*problems))
        rows = found.rows if found else int(engine.collect(raw.aggregate(n=raw.count()))["n"][0].as_py())
        warnings = (
            (f"{path.name}: columns that no event has were left out: {', '.join(unknown)}",)
            if unknown
            else ()
        )
        if found is None:
            return Reading(numbered, rows, warnings=warnings)
        return Reading(numbered, rows, rejected=found.rejected, warnings=(*found.warnings, *warnings))


def _rows(engine: DuckDB, path: Path, encoding: str) -> tuple[Table, Raw | None]:
    """The file's rows with their number and line: Parquet in its own types, all else as text, read as tables are."""
    form = readers.format_of(path)
    if form == "parquet":
        raw = engine.file(path)
        return raw.mutate(**{ROW: ibis.row_number().cast("int64"), LINE: ibis.null().cast("int64")}), None
    dialect = readers.Dialect(
        (), form, delimiter="\t" if form == "tsv" else ",", encoding=encoding, optional=KNOWN
    )
    found = readers.read(engine, path, dialect)
    named = [f"{column} AS {name}" for name, column in found.columns.items() if name in KNOWN]
    numbers = [f"({found.row})::BIGINT AS {ROW}", f"({found.line})::BIGINT AS {LINE}"]
    engine.scratch_sql(STAGED, f"SELECT {', '.join((*named, *numbers))} FROM {readers.RAW}")
    return engine.table(STAGED), found


def _unreadable(name: str, value: Value) -> Value:
    """Why a row with such a value is rejected."""
    return ibis.literal(name) + ibis.literal(UNREADABLE) + value.cast("string").substr(0, SHOWN)
