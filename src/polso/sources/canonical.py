"""Events already in Polso's own columns, as Parquet, CSV or JSON lines: what other programs can write for us."""

from __future__ import annotations

from pathlib import Path

from polso.engine import DuckDB, ibis
from polso.errors import SourceError
from polso.events.kinds import SOURCE_COLUMNS
from polso.sources.source import Options, Origin, Reading, Source

REQUIRED = ("kind", "occurred_at")


class CanonicalOptions(Options):
    """Nothing to say: the columns are the log's own."""


class CanonicalSource(Source):
    """A file whose columns are the event log's; missing optional columns are null."""

    options: type[Options] = CanonicalOptions

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Take the columns that are there; `source` and `client` default to the configured ones."""
        raw = engine.file(path)
        missing = [name for name in REQUIRED if name not in raw.columns]
        if missing:
            raise SourceError(
                f"{path.name}: no column {', '.join(missing)}; a source of kind `events` needs the log's own columns"
            )
        unknown = [name for name in raw.columns if name not in {c.name for c in SOURCE_COLUMNS}]
        columns = {
            c.name: (raw[c.name] if c.name in raw.columns else ibis.null()).cast(c.type)
            for c in SOURCE_COLUMNS
        }
        columns["source"] = ibis.literal(origin.name)
        columns["client"] = columns["client"].fill_null(origin.client)
        numbered = raw.select(
            **columns,
            row=ibis.row_number().cast("int64"),
            line=ibis.null().cast("int64"),
            problem=ibis.null().cast("string"),
        )
        rows = int(engine.collect(raw.aggregate(n=raw.count()))["n"][0].as_py())
        warnings = (
            (f"{path.name}: columns that no event has were left out: {', '.join(unknown)}",)
            if unknown
            else ()
        )
        return Reading(numbered, rows, warnings=warnings)
