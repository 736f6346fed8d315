"""A command on a project that a server holds: it is run over there, and what it prints is printed here."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final

from polso.errors import ServerError
from polso.serving.running import RELAY, Running, find

# They need no store, or make one of their own.
LOCAL: Final = {"new", "demo", "guess", "serve"}
SCORECARD: Final = "scorecard"
PASSED_ON: Final = (
    *("POLSO_LANG", "POLSO_DEBUG", "LC_ALL", "LC_MESSAGES", "LANG", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"),
    *("TTY_COMPATIBLE", "TTY_INTERACTIVE", "TERM", "COLORTERM"),
)  # fmt: skip


def through_server(folder: Path, command: str | None, arguments: Sequence[str]) -> int | None:
    """Run a command in the server that holds the project, if one does; its exit code, None where none does."""
    server = None if command in LOCAL else find(folder)
    if server is None or not server.answers():
        return None
    asked = {
        "command": command or SCORECARD,
        "arguments": list(arguments),
        "folder": str(Path.cwd()),
        "environment": {name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "size": _size(),
        "out": _terminal(sys.stdout),
        "err": _terminal(sys.stderr),
    }
    streams = {"out": sys.stdout, "err": sys.stderr}
    streams = {"out": sys.stdout, "err": sys.stderr}
    for name, said in _told(server, asked):
        if name == "exit":
            return int(said)
        streams[name].write(said)
        streams[name].flush()
    raise ServerError(f"the server at {server.url} ended before the command did; run it again")


def _told(server: Running, asked: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the server tells, line by line, until the exit code; a load may take as long as it needs."""
    import json

    import httpx2 as httpx

    # A connection that ends before the exit code was told ends this too, and the caller says so.
    with (
        suppress(httpx.TransportError),
        server.client(None) as client,
        client.stream("POST", RELAY, json=asked) as answer,
    ):
        for line in answer.iter_lines() if answer.status_code == 200 else ():
            yield from json.loads(line).items()


def _terminal(stream: IO[str]) -> dict[str, Any]:
    return {"tty": stream.isatty(), "encoding": getattr(stream, "encoding", None) or "utf-8"}


def _size() -> tuple[int, int] | None:
    """Columns and lines of the terminal, by whichever stream is one."""
    for descriptor in (0, 1, 2):
        try:
            return tuple(os.get_terminal_size(descriptor))  # type: ignore[return-value]
        except OSError:
            continue
    return None
