"""Questions of the screens asked before somebody asks them, while nobody asks anything else.

What a screen asks is the same whatever the period: its texts are made once, and its counts are kept by day
(query/cubes.py). Whoever opens a screen first would wait for that; here nobody does.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import timedelta
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Final, Self

from fastapi import Request

from polso.errors import PolsoError
from polso.faces.web.render import days, making
from polso.faces.web.screen import Screen, screens

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Receive, Scope, Send

    from polso.serving.readers import Readers

LOG: Final = logging.getLogger(__name__)
# Seconds without a request after which nobody is taken to be reading on.
QUIET: Final = 1.0
# How often the data is looked at for a change.
LOOK: Final = 2.0
# A course by day, by week and by month; two of each, because what is asked for once is not kept.
LENGTHS: Final = (28, 365)
SHIFTS: Final = (0, 1)


class Traffic:
    """Counts what is being answered; its middleware stands before the application."""

    def __init__(self) -> None:
        self._lock, self._open, self._last = Lock(), 0, 0.0
        self.paths: set[str] = set()

    @property
    def quiet(self) -> bool:
        """Whether nobody has asked anything for a while."""
        with self._lock:
            return not self._open and time.monotonic() - self._last > QUIET

    def began(self, path: str) -> None:
        """Somebody asks."""
        with self._lock:
            self._open += 1
            self.paths.add(path)

    def ended(self) -> None:
        """Somebody is answered."""
        with self._lock:
            self._open -= 1
            self._last = time.monotonic()


class Watch:
    """The middleware that tells `Traffic`."""

    def __init__(self, app: ASGIApp, traffic: Traffic) -> None:
        self.app, self.traffic = app, traffic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is asked."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.traffic.began(scope["path"])
        try:
            await self.app(scope, receive, send)
        finally:
            self.traffic.ended()


class Warming:
    """The thread that asks, from its beginning to its end as a context."""

    def __init__(self, app: FastAPI, readers: Readers) -> None:
        self._app, self._readers = app, readers
        self._traffic, self._closing = Traffic(), Event()
        app.add_middleware(Watch, traffic=self._traffic)
        self._thread = Thread(target=self._work, name="warming", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *ended: object) -> None:
        self._closing.set()
        self._thread.join()

    def _work(self) -> None:
        asked, whole = None, True
        while not self._closing.wait(LOOK):
            now = self._readers.version
            if now == asked:
                continue
            for screen, query in self._plan(whole=whole):
                while not self._traffic.quiet and not self._closing.is_set():
                    self._closing.wait(QUIET / 4)
                if self._closing.is_set() or self._readers.version != now:
                    break
                self.ask(screen, query)
            else:
                whole = False
            asked = now

    def _plan(self, *, whole: bool) -> Iterator[tuple[Screen, str]]:
        """Screens and periods; after the first time, the screens that somebody has opened."""
        try:
            first, last = days(self._readers)
        except PolsoError:  # nothing is loaded
            return
        some = [s for s in screens() if s.lasts and (whole or s.at in self._traffic.paths)]
        for length in LENGTHS if whole else LENGTHS[:1]:
            for screen in some:
                for shift in SHIFTS:
                    until = last - timedelta(days=shift)
                    yield screen, f"since={until - timedelta(days=length - 1)}&until={until}"
        for screen in some if whole else ():
            for shift in SHIFTS:
                yield screen, f"since={first + timedelta(days=shift)}&until={last}&compare=none"

    def ask(self, screen: Screen, query: str) -> None:
        """Ask what a screen asks, and throw the page away."""
        request = Request(
            {
                "type": "http", "method": "GET", "path": screen.at, "headers": [], "app": self._app,
                "query_string": query.encode(),
            }
        )  # fmt: skip
        try:
            screen.compose(making(request, screen))
        except PolsoError:
            pass  # what a screen cannot be asked is told to whoever opens it
        except Exception:
            LOG.exception("asking %s beforehand failed; it is asked anew by whoever opens it", screen.at)
