"""What became of every row that was ever read: source by source, and why some were rejected.

Rule kept here: read = used + skipped + rejected is summed from what each load wrote down; nothing is worked out anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polso.config import Config
from polso.engine import DuckDB
from polso.events import log
from polso.sources.leftovers import FILES


@dataclass(frozen=True, slots=True)
class Account:
    """One source: its files and their rows, and the events that the log holds of it, from the first to the last."""

    source: str
    kind: str = ""
    files: int = 0
    rows: int = 0
    used: int = 0
    skipped: int = 0
    rejected: int = 0
    events: int = 0
    first: datetime | None = None
    last: datetime | None = None

    @property
    def missing(self) -> int:
        """Rows of which nobody knows what became of them; 0 where the account holds."""
        return self.rows - self.used - self.skipped - self.rejected


def accounts(engine: DuckDB, config: Config) -> list[Account]:
    """The sources of polso.toml in its order, then those that only the log still knows."""
    if log.EVENTS not in engine.tables() or FILES not in engine.tables():
        return []
    files = {name: counts for name, *counts in engine.run(
        f"SELECT source, count(*), sum(rows), sum(used), sum(skipped), sum(rejected) FROM {FILES} GROUP BY source"
    )}  # fmt: skip
    events = {name: found for name, *found in engine.run(
        f"SELECT source, count(*), min(occurred_at), max(occurred_at) FROM {log.EVENTS} GROUP BY source"
    )}  # fmt: skip
    kinds = {source.name: source.kind for source in config.source}
    found = []
    for name in (*kinds, *sorted({*files, *events} - {*kinds})):
        number, rows, used, skipped, rejected = (int(n) for n in files.get(name, (0,) * 5))
        n, first, last = events.get(name, (0, None, None))
        account = Account(
            name, kinds.get(name, ""), number, rows, used, skipped, rejected, int(n), first, last
        )
        found.append(account)
    return found


def reasons(engine: DuckDB) -> list[tuple[str, str, int]]:
    """Why events were rejected: source, reason, how many; the most frequent first."""
    if log.REJECTIONS not in engine.tables():
        return []
    return [
        (str(source), str(reason), int(n))
        for source, reason, n in engine.run(
            f"SELECT source, reason, count(*) AS n FROM {log.REJECTIONS} GROUP BY ALL ORDER BY n DESC, source, reason"
        )
    ]
