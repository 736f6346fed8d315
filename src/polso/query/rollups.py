"""What is kept of one state of the data beside its facts, for questions that are asked again with another period or filter.

Rule kept here: nothing is made while somebody waits for it. What is asked for a second time is wanted, and made by
whoever works on `wanted`; meanwhile facts are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from queue import Queue
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from polso.engine import DuckDB, Table

if TYPE_CHECKING:
    from polso.query.store import Store

# What is asked for once may never be asked for again.
ASKED: Final = 2
# Of all that is kept: once it is that much, no more is made. An entry of a dictionary takes about so many.
BYTES: Final = 512 << 20
ENTRY: Final = 500
# Texts kept at most: a few kB each.
TEXTS: Final = 2000
THREADS: Final = 2
# What makes something of a store's facts; None where it is not worth keeping.
Make = Callable[["Store"], Any]


@dataclass
class Rollups:
    """What is kept of one state of the data, and what is wanted. Safe to use from any thread."""

    wanted: Queue[tuple[Hashable, Make]] = field(default_factory=Queue)
    _engine: DuckDB = field(default_factory=lambda: DuckDB(threads=THREADS))
    _lock: Lock = field(default_factory=Lock)
    _asked: Counter[Hashable] = field(default_factory=Counter)
    _kept: dict[Hashable, Any] = field(default_factory=dict)
    _texts: dict[Hashable, tuple[str, pa.Schema]] = field(default_factory=dict)
    # About how many values a column of a fact has, by their names: counted once for all that is made.
    spreads: dict[tuple[str, str], int] = field(default_factory=dict)
    _tables: int = 0
    _bytes: int = 0

    def find(self, key: Hashable, make: Make) -> Any:
        """What is kept under a key; None, and its making asked for, where there is nothing yet."""
        with self._lock:
            if key in self._kept:
                return self._kept[key]
            self._asked[key] += 1
            if self._asked[key] == ASKED:
                self.wanted.put((key, make))
        return None

    def keep(self, key: Hashable, found: Any) -> None:
        """Keep something under a key."""
        with self._lock:
            self._kept[key] = found
            self._bytes += ENTRY * len(found) if isinstance(found, dict) else 0

    def table(self, rows: pa.Table, labels: pa.Table, on: str, order: str) -> Table:
        """Rows, with the labels that they share a column with; in the order of one of these."""
        with self._lock:
            self._tables += 1
            self._bytes += rows.nbytes
            name = f"rollup_{self._tables}"
            kept, told = self._engine.scratch("made", rows), self._engine.scratch("told", labels)
            met = kept.inner_join(told, [kept[on] == told[on]])
            self._engine.create_sql(name, self._engine.sql(met), order_by=order)
            return self._engine.table(name)

    @property
    def full(self) -> bool:
        """Whether so much is kept that no more is."""
        return self._bytes > BYTES

    def run(self, key: Hashable, made: Callable[[], Table], filled: Callable[[str], str]) -> pa.Table:
        """The rows of an expression over tables kept, its text made once a key."""
        with self._lock:
            if key not in self._texts:
                if len(self._texts) >= TEXTS:
                    self._texts.clear()
                expression = made()
                self._texts[key] = self._engine.sql(expression), expression.schema().to_pyarrow()
            text, schema = self._texts[key]
        # Each run by a connection of its own: none waits for another.
        with self._engine.connection.cursor() as cursor:
            # Sums of whole numbers are wider in the engine than they need be.
            return cursor.execute(filled(text)).to_arrow_table().cast(schema)
