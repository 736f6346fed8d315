"""Rows that texts gave, for as long as the data stands still: questions of one page read the same counts again and again.

Rule kept here: a key is the whole text with all that it reads besides stored facts; only small answers are kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Final

import pyarrow as pa

ENTRIES: Final = 4000
# Of one answer, and of all.
LARGE: Final = 256 << 10
BYTES: Final = 64 << 20


class Kept:
    """Answers by key, those asked for least recently go first. Safe to use from any thread."""

    def __init__(self) -> None:
        self._rows: OrderedDict[Hashable, pa.Table] = OrderedDict()
        self._weight, self._lock = 0, Lock()

    def get(self, key: Hashable) -> pa.Table | None:
        """The rows under a key, if they are kept."""
        with self._lock:
            found = self._rows.get(key)
            if found is not None:
                self._rows.move_to_end(key)
            return found

    def keep(self, key: Hashable, rows: pa.Table) -> None:
        """Keep rows under a key, unless they are many."""
        if rows.nbytes > LARGE:
            return
        with self._lock:
            if key in self._rows:
                return
            self._rows[key] = rows
            self._weight += rows.nbytes
            while self._weight > BYTES or len(self._rows) > ENTRIES:
                self._weight -= self._rows.popitem(last=False)[1].nbytes
