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

if TYPE_CHECKING:
    from polso.query.store import Store

# What is asked for once may never be asked for again.
ASKED: Final = 2
# Of all that is kept: once it is that much, no more is made. An entry of a dictionary takes about so many.
BYTES: Final = 1 << 30
ENTRY: Final = 500
# What makes something of a store's facts; None where it is not worth keeping.
Make = Callable[["Store"], Any]


@dataclass
class Rollups:
    """What is kept of one state of the data, and what is wanted. Safe to use from any thread."""

    wanted: Queue[tuple[Hashable, Make]] = field(default_factory=Queue)
    _lock: Lock = field(default_factory=Lock)
    _asked: Counter[Hashable] = field(default_factory=Counter)
    _kept: dict[Hashable, Any] = field(default_factory=dict)
    # About how many values a column of a fact has, by their names: counted once for all that is made.
    spreads: dict[tuple[str, str], int] = field(default_factory=dict)
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
            self._bytes += ENTRY * len(found) if isinstance(found, dict) else getattr(found, "nbytes", 0)

    @property
    def full(self) -> bool:
        """Whether so much is kept that no more is."""
        return self._bytes > BYTES
