"""Readers: connections to one store in one process, lent out one by one, and the answers they gave.

Rule kept here: every answer is of one moment. A reader looks through a transaction of its own, which begins before
a load and ends after it, so that an answer is wholly old or wholly new.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from queue import Empty, LifoQueue
from threading import Lock, local
from typing import Any, Final, Self, TypeVar
from zoneinfo import ZoneInfo

from polso import config as settings
from polso.care import DATABASE, Care, beside
from polso.engine import DuckDB, EngineError
from polso.query.cache import Cache
from polso.query.result import Result
from polso.serving.maker import Maker
from polso.serving.snapshot import Snapshot, State, is_racy, look, stamp, state_of

T = TypeVar("T")
# What questions leave in scratch (the quarters of an hour of a period, ranks, ends) stays until a transaction ends.
LENDINGS: Final = 100
_ASK: Final = inspect.signature(Care.ask)


class Readers:
    """A pool of projects on one store, and a cache of what they answered. Safe to use from any thread; close it."""

    def __init__(self, folder: Path | str, size: int | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.size = size or max(1, (os.cpu_count() or 1) // 2)
        self._cache = Cache()
        self._lock, self._held = Lock(), local()
        self._generation = 0
        settings.read(self.folder)  # before a store is made where there is no project
        self._watcher = DuckDB(self.folder / DATABASE)
        self._all = [_Reader(self.folder / DATABASE) for _ in range(self.size)]
        self._idle: LifoQueue[_Reader] = LifoQueue()
        self._stamp: object = None
        self._maker: Maker | None = None
        try:
            self._now = look(self.folder, self._watcher, None, 0)
            for reader in self._all:
                reader.turn(self._now)
                self._idle.put(reader)
            self._maker = Maker(self.folder, lambda: self._now)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database file."""
        if self._maker:
            self._maker.close()
        for reader in self._all:
            reader.engine.close()
        self._watcher.close()

    @property
    def version(self) -> str:
        """Changes whenever an answer may: with the facts, polso.toml and the project's own KPIs."""
        return self._current().version

    def refresh(self) -> None:
        """Take the store as it stands: something was written, and the writing is over."""
        with self._lock:
            self._generation += 1
            self._stamp = None
            self._look(settle=True)

    @contextmanager
    def borrow(self) -> Iterator[Care]:
        """The project for reading, by one thread at a time; waits for a free one. Do not borrow twice at once."""
        with self._lent() as reader:
            yield reader.care

    def ask(self, *kpis: str, **asked: Any) -> Result:
        """Answer as `Care.ask` does, from the cache where the same was asked of the same data."""
        bound = _ASK.bind(None, *kpis, **asked)
        bound.apply_defaults()
        return self.cached(("ask", bound.arguments), lambda care: care.ask(*kpis, **asked))

    def cached(self, key: tuple[Any, ...], made: Callable[[Care], T]) -> T:
        """What `made` gives for the project, kept under a key until data, settings or the day change.

        The key is all that `made` depends on besides; what comes back is shared, and not to be changed.
        """
        inner = getattr(self._held, "care", None)
        if (
            inner is not None
        ):  # asked while answering: of the same data, and without waiting for another reader
            answer: T = made(inner)
            return answer
        said = repr(plain(key))
        kept: T = self._cache.get(_dated(self._current(), said), lambda: self._answer(said, made))
        return kept

    def kept(self, key: tuple[Any, ...], made: Callable[[], T]) -> T:
        """What `made` makes of answers, kept as long as they are; it asks by itself, and borrows nobody meanwhile."""
        dated = _dated(self._current(), repr(("made", plain(key))))

        def under() -> tuple[tuple[str, ...], T]:
            value = made()
            # Made while data changed it may hold old answers beside new ones: nobody asks for the old key again.
            return dated, value

        found: T = self._cache.get(dated, under)
        return found

    def settle(self) -> None:
        """Wait until every rollup that was wanted so far is made."""
        if self._maker:
            self._maker.settle()

    def _answer(self, said: str, made: Callable[[Care], T]) -> tuple[tuple[str, ...], T]:
        with self._lent() as reader:
            assert reader.snapshot  # noqa: S101 - who is lent has turned to one
            self._held.care = reader.care
            try:
                return _dated(reader.snapshot, said), made(reader.care)
            finally:
                self._held.care = None

    @contextmanager
    def _lent(self) -> Iterator[_Reader]:
        reader = self._idle.get()
        try:
            self._ready(reader)
            yield reader
        except BaseException:
            reader.failed()
            raise
        finally:
            self._idle.put(reader)

    def _ready(self, reader: _Reader) -> None:
        """Bring a reader to the moment that is now."""
        now = self._current()
        while not reader.turn(now):
            with self._lock:
                now = self._look()
        reader.renew()

    def _current(self) -> Snapshot:
        """The snapshot that is now: files that look as before hold what they held."""
        seen = stamp(self.folder)
        if seen == self._stamp and not is_racy(seen):
            return self._now
        with self._lock:
            return self._look()

    def _look(self, *, settle: bool = False) -> Snapshot:
        seen = stamp(self.folder)
        now = look(self.folder, self._watcher, self._now, self._generation, settle=settle)
        if now is not self._now:
            self._now = now
            self._cache.clear()
            self._turn_idle(now)
        self._stamp = seen
        return now

    def _turn_idle(self, now: Snapshot) -> None:
        """Nobody who rests keeps an old moment: the store cannot free what somebody may still look at."""
        resting = []
        with suppress(Empty):
            while True:
                resting.append(self._idle.get_nowait())
        for reader in resting:
            try:
                reader.turn(now)
            except EngineError:  # it is turned again when it is lent
                reader.failed()
            self._idle.put(reader)


class _Reader:
    """One connection, the transaction it looks through, and the project as seen there."""

    care: Care

    def __init__(self, path: Path) -> None:
        self._path, self._lendings = path, 0
        self.engine = DuckDB(path)
        self.snapshot: Snapshot | None = None
        self._seen: State | None = None

    def turn(self, now: Snapshot) -> bool:
        """Look at the moment of a snapshot; False where the store has gone on to another one meanwhile."""
        known = self.snapshot
        if self._seen is None or known is None or known.state != now.state:
            self._look_anew()
            if self._seen != now.state and self._seen is not None and self._seen.settled:
                return False
        if known is not now:
            self.snapshot, self.care = now, beside(now.care, self.engine)
        return True

    def _look_anew(self) -> None:
        if self._seen is not None:
            self.engine.run("COMMIT")
        self._seen = None
        self.engine.run("BEGIN TRANSACTION")
        self._seen = state_of(self.engine)

    def renew(self) -> None:
        """Let go of what many questions left in scratch: a new connection takes over where it sees the same moment."""
        self._lendings += 1
        if self._lendings < LENDINGS or self.snapshot is None:
            return
        other = _Reader(self._path)
        other._look_anew()
        if (
            other._seen != self.snapshot.state
        ):  # a load has begun: only the old connection still sees before it
            other.engine.close()
            return
        self.engine.close()
        self.engine, self._lendings = other.engine, 0
        self.care = beside(self.snapshot.care, self.engine)

    def failed(self) -> None:
        """After an error: a transaction that the engine gave up is ended, with the scratch made in it."""
        try:
            self.engine.run("SELECT 1")
        except EngineError:
            with suppress(EngineError):
                self.engine.run("ROLLBACK")
            self._seen = self.snapshot = None


def _dated(now: Snapshot, said: str) -> tuple[str, ...]:
    """The key of an answer: what was asked, of which data, on which day."""
    zone = ZoneInfo(now.care.config.project.zone)
    return now.version, datetime.now(zone).date().isoformat(), said


def plain(value: Any) -> Any:
    """Arguments as they are compared: a list says what a tuple says."""
    if isinstance(value, Mapping):
        return tuple((str(name), plain(part)) for name, part in value.items())
    if isinstance(value, list | tuple):
        return tuple(plain(part) for part in value)
    if isinstance(value, set | frozenset):
        return tuple(sorted(map(repr, value)))
    return value
