"""Progress for whatever takes longer than a second; silence for the rest, and for pipes."""

from __future__ import annotations

from threading import Timer
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

AFTER_SECONDS: Final = 1.0


class Waiting:
    """A bar that shows itself only when its patience ends; call it with (what, done, all)."""

    def __init__(self, console: Console) -> None:
        text = TextColumn("{task.description}", markup=False)
        self._bar = Progress(
            text,
            BarColumn(),
            TextColumn("{task.completed}/{task.total}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            # Nothing is printed beside a bar, and in a server standard output is not one command's own.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=None)
        self._timer = Timer(AFTER_SECONDS, self._bar.start) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._timer:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        if self._bar.live.is_started:  # stopping what never began would print an empty line
            self._bar.stop()

    def __call__(self, what: str, done: int, of: int) -> None:
        """Say what is worked on, and how far it is."""
        self._bar.update(self._task, description=what, completed=done, total=of)
