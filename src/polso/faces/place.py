"""Where a command runs: in its own process, or in a server's for somebody who waits elsewhere.

Rule kept here: a command asks here for its folder, environment and terminal, never the process, so that both ways
print the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polso.care import Care


@dataclass(frozen=True)
class Place:
    """The surroundings of one command. Without streams they are those of the process.

    folder: what relative paths start from; size: columns and lines of the terminal; lend: a project that is open
    already, where the server has one.
    """

    folder: Path = Path()
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    out: IO[str] | None = None
    err: IO[str] | None = None
    size: tuple[int, int] | None = None
    lend: Callable[[Path], AbstractContextManager[Care] | None] | None = None
    _given: dict[Path, Path] = field(default_factory=dict)

    @property
    def is_elsewhere(self) -> bool:
        """Whether somebody waits in another process."""
        return self.out is not None

    def at(self, path: Path) -> Path:
        """A path as it was given, from where it was given."""
        found = self.folder / path
        self._given[found] = path
        return found

    def shown(self, path: Path | str) -> str:
        """A path as whoever gave its beginning reads it."""
        for whole in (Path(path), *Path(path).parents):
            if whole in self._given:
                return str(self._given[whole] / Path(path).relative_to(whole))
        return str(path)


_HERE: Final[ContextVar[Place | None]] = ContextVar("place", default=None)


def here() -> Place:
    """Where the running command runs."""
    return _HERE.get() or Place()


def stand(place: Place) -> None:
    """Run what follows in this thread's context at a place."""
    _HERE.set(place)


class _Routed:
    """Standard output or error of a process that runs commands of others: each thread writes to its own place."""

    def __init__(self, name: str, own: IO[str]) -> None:
        self._name, self._own = name, own

    def __getattr__(self, name: str) -> Any:
        return getattr(getattr(here(), self._name) or self._own, name)


@contextmanager
def routed() -> Iterator[None]:
    """While this lasts, what is printed goes where its command's place says."""
    own = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _Routed("out", own[0]), _Routed("err", own[1])
    try:
        yield
    finally:
        sys.stdout, sys.stderr = own
