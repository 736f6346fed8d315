"""Makes rollups as they are wanted, one by one, in a thread of its own, while questions go on being answered from facts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from queue import Empty
from threading import Event, Thread
from typing import Final

from polso.care import DATABASE, beside
from polso.engine import DuckDB, EngineError
from polso.errors import PolsoError
from polso.query.rollups import Make, Rollups
from polso.serving.snapshot import Snapshot, state_of

LOG: Final = logging.getLogger(__name__)
# How often it looks whether the data has changed, or this is over.
PATIENCE: Final = 0.2


class Maker:
    """The thread; `now` gives the snapshot that questions are answered of. Close it before the store."""

    def __init__(self, folder: Path, now: Callable[[], Snapshot]) -> None:
        self._path, self._now = folder / DATABASE, now
        self._closing = Event()
        self._engine: DuckDB | None = None
        self._thread = Thread(target=self._work, name="rollups", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; what is being made is given up."""
        self._closing.set()
        while self._thread.is_alive():
            engine = self._engine
            if engine:
                with suppress(EngineError):  # it may have ended meanwhile
                    engine.connection.interrupt()
            self._thread.join(PATIENCE)

    def settle(self) -> None:
        """Wait until all that was wanted so far is made."""
        rollups = self._now().rollups
        if rollups:
            rollups.wanted.join()

    def _work(self) -> None:
        while not self._closing.is_set():
            now = self._now()
            rollups = now.rollups
            if rollups is None:
                self._closing.wait(PATIENCE)
                continue
            with suppress(Empty):
                key, make = rollups.wanted.get(timeout=PATIENCE)
                try:
                    self._make(rollups, key, make, now)
                except Exception:
                    LOG.exception("making what was to be kept failed; facts go on being asked")
                finally:
                    rollups.wanted.task_done()

    def _make(self, rollups: Rollups, key: Hashable, make: Make, now: Snapshot) -> None:
        # A connection for each: none goes on looking at an old moment, which the store could not free.
        self._engine = engine = DuckDB(self._path)
        try:
            # What is wrong with a question is told to whoever asks it of facts.
            with suppress(EngineError, PolsoError), engine.transaction():
                if state_of(engine) == now.state and not rollups.full:
                    rollups.keep(key, make(beside(now.care, engine).store))
        finally:
            self._engine = None
            engine.close()
