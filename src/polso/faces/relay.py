"""The server's side of a relayed command: run in this process, its output sent as it comes.

Rule kept here: only who shows the token of the project's own file gets anything; a browser never does.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import json
import traceback
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import copy_context
from pathlib import Path
from threading import Lock, Thread
from threading import enumerate as threads
from typing import IO, Any, Final, cast

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from polso.care import Care
from polso.errors import PolsoError
from polso.faces.place import Place, stand
from polso.faces.relayed import SCORECARD
from polso.serving.readers import Readers
from polso.serving.running import HEADER, RELAY

# They only read the store, so they look through a reader, beside whatever is written; all others take turns.
READING: Final = {
    *("check", "ask", "kpis", "rows", "doctor", "explain", "disagree", "balance", "recompute", "pack"),
    SCORECARD,
}
THREAD: Final = "polso-relayed"
CHUNK: Final = 32_000


class Terminal(BaseModel):
    """One of the client's streams."""

    tty: bool
    encoding: str


class Asked(BaseModel):
    """A command as its client gives it."""

    command: str
    arguments: list[str]
    folder: Path
    environment: dict[str, str]
    size: tuple[int, int] | None
    out: Terminal
    err: Terminal


class Stream(io.TextIOBase):
    """What a command writes, sent on: by line to a terminal, by chunk to a pipe."""

    def __init__(self, terminal: Terminal, send: Callable[[str], None], before: Stream | None = None) -> None:
        self._terminal, self._send, self._before = terminal, send, before
        self._held: list[str] = []
        self._size, self._lock = 0, Lock()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """How the client writes."""
        return self._terminal.encoding

    def isatty(self) -> bool:
        """Whether the client's stream is a terminal."""
        return self._terminal.tty

    def writable(self) -> bool:
        """It is what it is for."""
        return True

    def write(self, text: str) -> int:
        """Hold or send a text."""
        with self._lock:
            self._held.append(text)
            self._size += len(text)
        if self._size >= CHUNK or (self._terminal.tty and "\n" in text):
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send what is held, after what the other stream holds."""
        if self._before:
            self._before.flush()
        with self._lock:
            text, self._held, self._size = "".join(self._held), [], 0
        if text:
            self._send(text)


class Conversation:
    """One command on its way: lines from its thread to the client's connection."""

    def __init__(self, *, reads: bool) -> None:
        self._reads, self._gone = reads, False
        self._loop, self._lines = asyncio.get_running_loop(), asyncio.Queue[str | None]()

    def tell(self, name: str, value: object) -> None:
        """Send one line; to a client that has gone a reading command writes no more, a writing one goes on."""
        if self._gone and self._reads:
            raise BrokenPipeError
        self._put(json.dumps({name: value}) + "\n")

    def end(self, code: int) -> None:
        """Send the exit code, and nothing after it."""
        self._put(json.dumps({"exit": code}) + "\n")
        self._put(None)

    def _put(self, line: str | None) -> None:
        if not self._gone:
            with suppress(RuntimeError):  # the loop has ended, and everyone with it
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line)

    async def lines(self) -> AsyncIterator[str]:
        """What is said, until the end, or until the client goes."""
        try:
            while (line := await self._lines.get()) is not None:
                yield line
        finally:
            self._gone = True


def router(readers: Readers, token: str) -> APIRouter:
    """The routes that commands of the project's owner use; see `polso.faces.relayed`."""
    made = APIRouter(include_in_schema=False)
    turn = Lock()

    def admitted(request: Request) -> None:
        """Refuse whoever has not read the project's file; a page of a browser is never the command line."""
        shown = request.headers.get(HEADER, "")
        if "origin" in request.headers or not hmac.compare_digest(shown.encode(), token.encode()):
            raise HTTPException(403)

    @made.get(RELAY)
    async def here(request: Request) -> Response:
        admitted(request)
        return Response(status_code=204)

    @made.post(RELAY)
    async def relay(request: Request) -> StreamingResponse:
        admitted(request)
        asked = Asked.model_validate(await request.json())
        reads = asked.command in READING
        talk = Conversation(reads=reads)
        out = Stream(asked.out, lambda text: talk.tell("out", text))
        err = Stream(asked.err, lambda text: talk.tell("err", text), before=out)
        place = Place(
            asked.folder, asked.environment, cast(IO[str], out), cast(IO[str], err), asked.size,
            _lender(readers) if reads else None,
        )  # fmt: skip
        work = _working(asked, place, talk, nullcontext() if reads else _writing(turn, readers))
        Thread(target=copy_context().run, args=(work,), name=THREAD).start()
        return StreamingResponse(talk.lines(), media_type="application/x-ndjson")

    return made


def finish() -> None:
    """Wait for the commands that still run: a load is not cut off."""
    for thread in threads():
        if thread.name == THREAD:
            thread.join()


def _lender(readers: Readers) -> Callable[[Path], AbstractContextManager[Care] | None]:
    return lambda folder: readers.borrow() if folder.resolve() == readers.folder else None


class _writing:  # noqa: N801 - read as a phrase: with _writing(...)
    """One writing command at a time; the readers look anew when it has ended, however it did."""

    def __init__(self, turn: Lock, readers: Readers) -> None:
        self._turn, self._readers = turn, readers

    def __enter__(self) -> None:
        self._turn.acquire()

    def __exit__(self, *ended: object) -> None:
        try:
            with suppress(PolsoError):  # whoever asks next is told
                self._readers.refresh()
        finally:
            self._turn.release()


def _working(
    asked: Asked, place: Place, talk: Conversation, around: AbstractContextManager[Any]
) -> Callable[[], None]:
    """The command, to be run in a thread of its own."""

    def work() -> None:
        from polso.faces import cli

        stand(place)
        code = cli.FAILURE
        try:
            with around:
                code = cli.main(asked.arguments)
        except BrokenPipeError:
            code = cli.BROKEN_PIPE
        except BaseException:  # what a process of its own would print as it ends
            with suppress(BrokenPipeError):
                talk.tell("err", traceback.format_exc())
        finally:
            with suppress(BrokenPipeError):
                for stream in (place.out, place.err):
                    if stream:
                        stream.flush()
            talk.end(code)

    return work
