"""Events into Polso and facts out of it, the way every soundness test does: log, fold, plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from polso.config import Config, parse
from polso.engine import DuckDB, ibis
from polso.events import log
from polso.events.kinds import SOURCE_COLUMNS
from polso.facts import build

Event = dict[str, Any]
Row = dict[str, Any]

ARROW = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "int64": pa.int64(),
    "decimal(18, 6)": pa.decimal128(18, 6),
}
SCHEMA = pa.schema(
    [(c.name, ARROW[c.type]) for c in SOURCE_COLUMNS]
    + [("row", pa.int64()), ("line", pa.int64()), ("problem", pa.string())]
)
ALWAYS_OPEN = parse('[project]\nzone = "Europe/Rome"\nminimum_n = 1\n[privacy]\nprofile = "open"\n')


def table(events: Iterable[Event]) -> pa.Table:
    """Events as the relation a source hands to the log."""
    rows = [
        {"recorded_at": None, "seq": 0, **event, "row": n, "line": n}
        for n, event in enumerate(events, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def append(engine: DuckDB, events: Iterable[Event], file: str = "events") -> log.Appended:
    """Commit events as one batch."""
    rows = ibis.memtable(table(events), schema=ibis.Schema.from_pyarrow(SCHEMA))
    engine.scratch("soundness_rows", rows)
    try:
        return log.append(engine, engine.backend.table("soundness_rows", database=("temp", "main")), file)
    finally:
        engine.drop("soundness_rows")


@contextmanager
def store(
    *batches: Iterable[Event], config: Config = ALWAYS_OPEN, fold_each: bool = True
) -> Iterator[DuckDB]:
    """An engine with the batches appended one after the other, folded after each or only at the end."""
    engine = DuckDB()
    try:
        log.prepare(engine)
        for batch in batches:
            append(engine, batch)
            if fold_each:
                build.build(engine, config)
        if not fold_each:
            build.build(engine, config)
        yield engine
    finally:
        engine.close()


def rows(engine: DuckDB, fact: str, columns: Iterable[str] | None = None) -> list[Row]:
    """The rows of a fact as dicts, sorted by all they say."""
    found = engine.collect(engine.table(fact)).to_pylist()
    wanted = sorted(columns) if columns else sorted(found[0]) if found else []
    return sorted(
        ({name: row[name] for name in wanted} for row in found),
        key=lambda row: [(v is not None, str(v)) for v in row.values()],
    )
