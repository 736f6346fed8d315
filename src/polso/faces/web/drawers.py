"""Processes that draw charts beside a server: drawing keeps a process busy, and the server must answer meanwhile.

Rule kept here: a process that dies takes one chart with it at most, and none outlives the server.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import LifoQueue
from typing import Final, Self

# Each holds 100 to 200 MB; so many keep up with fifty readers.
MOST: Final = 3
# -P: what lies in the server's folder is not taken for a library.
COMMAND: Final = (sys.executable, "-P", "-m", "polso.faces.web.pencil")


class Gone(Exception):  # noqa: N818 - what it is says it better
    """A process that draws has ended, or cannot be started."""


class Drawers:
    """Processes that draw, each one chart at a time. Safe to use from any thread; close them."""

    def __init__(self, size: int | None = None) -> None:
        size = size or min(MOST, max(1, (os.cpu_count() or 1) - 1))
        self.all = [Drawer() for _ in range(size)]
        self._idle: LifoQueue[Drawer] = LifoQueue()
        for drawer in self.all:
            self._idle.put(drawer)
        self._threads = ThreadPoolExecutor(size, thread_name_prefix="chart")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ended: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        for drawer in self.all:
            drawer.close()

    def draw(self, form: str, spec: str) -> str:
        """What `pencil` makes of a spec; ValueError as there, Gone where no process could draw it."""
        drawer = self._idle.get()
        try:
            return drawer.draw(form, spec)
        except Gone:
            drawer.renew()
            return drawer.draw(form, spec)
        finally:
            self._idle.put(drawer)

    def begin(self, task: Callable[[], object]) -> None:
        """Do something that draws while the caller does something else."""
        self._threads.submit(task)


class Drawer:
    """One process that draws. It ends when the server does, even if that is killed: nobody holds its input then."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        # Only this program's own module is run.
        self.process = subprocess.Popen(  # noqa: S603
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii"
        )

    def draw(self, form: str, spec: str) -> str:
        """The drawing of a spec."""
        assert self.process.stdin  # noqa: S101 - opened with the process
        assert self.process.stdout  # noqa: S101
        try:
            self.process.stdin.write(f"{form} {spec}\n")
            self.process.stdin.flush()
            drawn, answer = json.loads(self.process.stdout.readline())
        except (OSError, TypeError, ValueError) as error:
            self.close()
            raise Gone from error
        if not drawn:
            raise ValueError(answer)
        return str(answer)

    def renew(self) -> None:
        """Another process in place of the one that is gone."""
        try:
            self._start()
        except OSError as error:
            raise Gone from error

    def close(self) -> None:
        """End it at once: nobody waits for what it may be drawing."""
        assert self.process.stdin  # noqa: S101 - opened with the process
        assert self.process.stdout  # noqa: S101
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        with suppress(OSError):
            self.process.stdin.close()
