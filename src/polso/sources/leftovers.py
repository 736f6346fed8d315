"""What the log still holds of files and sources that polso.toml names no longer, or of rows no longer in them.

Rule kept here: nothing is forgotten unasked, for exports rotate and yesterday's file is gone today; but what stays
is counted and said.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from polso.config import Config
from polso.engine import DuckDB
from polso.events import log

FILES: Final = "loaded_files"
TOLD: Final = "told_batches"
NAMED: Final = 3


def prepare(engine: DuckDB) -> None:
    """Make the empty account of which file told which events where there is none."""
    if TOLD not in engine.tables():
        engine.run(
            f"CREATE TABLE {TOLD} (source VARCHAR, file VARCHAR, batch BIGINT, events BIGINT, is_first BOOLEAN)"
        )


def sources(engine: DuckDB) -> list[str]:
    """Every source that the log or its account of files knows."""
    found = engine.run(f"SELECT source FROM {log.EVENTS} UNION SELECT source FROM {FILES} ORDER BY source")
    return [str(name) for (name,) in found]


def noted(engine: DuckDB, source: str, file: str, done: log.Appended) -> list[str]:
    """Write down which batches a file's events are in; a warning where it tells less than it told before.

    Runs while the events are still staged. Events before all that the file tells now are a log that moved on.
    """
    engine.run(f"DELETE FROM {TOLD} WHERE source = ? AND file = ? AND NOT is_first", [source, file])
    if done.repeated:
        engine.run(
            f"INSERT INTO {TOLD} SELECT ?, ?, e.batch, count(*), false FROM {log.EVENTS} AS e"
            f" WHERE e.batch <> ? AND e.key IN (SELECT key FROM {log.INCOMING} WHERE problem IS NULL)"
            f" GROUP BY e.batch",
            [source, file, done.batch],
        )
    if done.new:
        engine.run(f"INSERT INTO {TOLD} VALUES (?, ?, ?, ?, true)", [source, file, done.batch, done.new])
    ((earlier,),) = engine.run(
        f"SELECT count(*) FROM {TOLD} WHERE source = ? AND file = ? AND is_first AND batch <> ?",
        [source, file, done.batch],
    )
    if not earlier:
        return []
    ((gone,),) = engine.run(
        f"""
        SELECT count(*) FROM {log.EVENTS} AS e
        WHERE e.batch IN (SELECT batch FROM {TOLD} WHERE source = ? AND file = ? AND is_first)
          AND e.batch <> ?
          AND e.occurred_at >= (SELECT min(occurred_at) FROM {log.INCOMING} WHERE problem IS NULL)
          AND NOT EXISTS (FROM {log.INCOMING} AS i WHERE i.key = e.key AND i.problem IS NULL)
        """,
        [source, file, done.batch],
    )
    if not gone:
        return []
    return [
        f"{file}: {gone} events of an earlier reading are not in it any more and stay in the log;"
        f" `polso load --anew {source}` forgets the source and reads it again"
    ]


def leftovers(engine: DuckDB, config: Config, folder: Path) -> list[str]:
    """Warnings: events of sources, and of files, that polso.toml names no longer."""
    tables = engine.tables()
    if log.EVENTS not in tables or TOLD not in tables:
        return []
    known = {source.name: source.patterns for source in config.source}
    counts = engine.run(f"SELECT source, count(*) FROM {log.EVENTS} GROUP BY source ORDER BY source")
    said = [
        f"{count} events come from source {name}, which polso.toml names no longer;"
        f" `polso load --anew {name}` forgets it"
        for name, count in counts
        if name not in known
    ]
    for name, patterns in known.items():
        files = [str(f) for (f,) in engine.run(f"SELECT DISTINCT file FROM {TOLD} WHERE source = ?", [name])]
        live = {file for file in files if any(_names(pattern, file, folder) for pattern in patterns)}
        gone = sorted(set(files) - live)
        count = _only_of(engine, name, gone) if gone else 0
        if count:
            more = f" and {len(gone) - NAMED} more" if len(gone) > NAMED else ""
            said.append(
                f"{count} events come from files that polso.toml names no longer: {', '.join(gone[:NAMED])}{more};"
                f" `polso load --anew {name}` forgets the source and reads it again"
            )
    return said


def _only_of(engine: DuckDB, source: str, gone: list[str]) -> int:
    """Events that came first from one of the files, less those that some other file tells as well."""
    ((count,),) = engine.run(
        f"""
        SELECT coalesce(sum(greatest(held - elsewhere, 0)), 0) FROM (
            SELECT (SELECT count(*) FROM {log.EVENTS} AS e WHERE e.batch = t.batch) AS held,
                   coalesce((SELECT max(o.events) FROM {TOLD} AS o WHERE o.source = t.source
                             AND o.batch = t.batch AND NOT list_contains(?, o.file)), 0) AS elsewhere
            FROM {TOLD} AS t WHERE t.source = ? AND t.is_first AND list_contains(?, t.file))
        """,
        [gone, source, gone],
    )
    return int(count)


def _names(pattern: str, file: str, folder: Path) -> bool:
    """Whether a name or glob pattern of polso.toml means a file, whether or not it is still there."""
    paths = {Path(file).as_posix(), (folder / file).resolve().as_posix()}
    wanted = {Path(pattern).as_posix(), Path(os.path.normpath(folder / pattern)).as_posix()}
    return any(re.fullmatch(_glob(one), path) for one in wanted for path in paths)


def _glob(pattern: str) -> str:
    """A glob pattern as a regular expression: ** any folders, * and ? within one name."""
    parts = re.split(r"(\*\*/|\*|\?|\[!?[^\]]+\])", pattern)
    known = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]"}
    return "".join(
        known.get(part) or (part.replace("[!", "[^") if place % 2 else re.escape(part))
        for place, part in enumerate(parts)
    )
