"""Answers kept: the ones asked for least recently go first, and what is being made is waited for, not made twice.

Rule kept here: an error is told to everyone who waits for it, and never kept.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from itertools import islice
from threading import Lock
from typing import Any, Final

ENTRIES: Final = 4000
BYTES: Final = 256 << 20
# Of a long sequence so many parts are weighed, and the others taken for alike.
WEIGHED: Final = 50
# What holds the definitions of a question is the catalogue's; weighing stops before it gets there.
DEEP: Final = 5


class Cache:
    """Values by key, bounded by their number and by what they roughly weigh; one heavier than `largest` is not kept."""

    def __init__(self, entries: int = ENTRIES, size: int = BYTES, largest: int | None = None) -> None:
        self._entries, self._size, self._largest, self._weight = entries, size, largest or size, 0
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], tuple[Hashable, Any]]) -> Any:
        """The value of a key; where there is none, `make` gives it with the key to keep it under.

        Whoever asks for a key that is being made waits for that.
        """
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key][0]
            waiting = self._making.get(key)
            if waiting is None:
                mine: Future[Any] = Future()
                self._making[key] = mine
        return waiting.result() if waiting else self._made(key, mine, make)

    def _made(self, key: Hashable, mine: Future[Any], make: Callable[[], tuple[Hashable, Any]]) -> Any:
        try:
            kept_under, value = make()
            self._keep(kept_under, value)
        except BaseException as error:
            with self._lock:
                del self._making[key]
            mine.set_exception(error)
            raise
        with self._lock:
            del self._making[key]
        mine.set_result(value)
        return value

    def _keep(self, key: Hashable, value: Any) -> None:
        weight = weigh(value)
        if weight > self._largest:
            return
        with self._lock:
            if key in self._kept:
                self._weight -= self._kept.pop(key)[1]
            self._kept[key] = value, weight
            self._weight += weight
            while self._kept and (len(self._kept) > self._entries or self._weight > self._size):
                self._weight -= self._kept.popitem(last=False)[1][1]

    def clear(self) -> None:
        """Let go of everything kept."""
        with self._lock:
            self._kept.clear()
            self._weight = 0


def weigh(value: Any, depth: int = 0) -> int:
    """Roughly how many bytes a value takes."""
    own: int = getattr(value, "nbytes", 0) or sys.getsizeof(value, 64)
    if depth >= DEEP or isinstance(value, str | bytes | type) or callable(value):
        return own
    parts: Any = ()
    if isinstance(value, Mapping):
        parts = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        parts = value
    elif hasattr(value, "__dict__"):
        parts = vars(value).values()
    if not parts:
        return own
    seen = [weigh(part, depth + 1) for part in islice(parts, WEIGHED)]
    return own + sum(seen) * len(parts) // len(seen)
