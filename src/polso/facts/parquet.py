"""The fold where one machine is too small: the log leaves DuckDB as Parquet, and Spark folds it from there.

Rule kept here: what leaves is what sources said, nothing more; the engine's own keys stay behind.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polso.config import Config
from polso.engine import DuckDB
from polso.events import kinds, log
from polso.facts.build import Progress, rebuild

if TYPE_CHECKING:
    from polso.engine.spark import Spark


def export_events(engine: DuckDB, path: Path) -> int:
    """Write the log to a Parquet file (instants as naive UTC microseconds); how many events."""
    columns = ", ".join(column.name for column in kinds.SOURCE_COLUMNS)
    escaped = str(path).replace("'", "''")
    ((written,),) = engine.run(
        f"COPY (SELECT {columns} FROM {log.EVENTS}) TO '{escaped}' (FORMAT parquet, COMPRESSION zstd)"
    )
    return int(written)


def fold_parquet(engine: Spark, events: Path, config: Config, *, progress: Progress | None = None) -> None:
    """Fold a log kept as Parquet (a file or a folder) and store every fact, for `care.open_store` to ask.

    Facts that were there are replaced together at the end, or not at all.
    """
    engine.attach(log.EVENTS, events)
    with engine.transaction():
        rebuild(engine, engine.table(log.EVENTS), config, progress=progress)
