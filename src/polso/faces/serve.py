"""The command that serves a project: it holds the store, and answers browsers and the other commands."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from polso.errors import ServerError
from polso.faces.session import Session, session_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from polso.serving.readers import Readers

LOG: Final = "polso-server.log"
# Seconds between two looks at a process that comes or goes.
LOOK: Final = 0.1


def serve(
    context: typer.Context,
    host: Annotated[
        str, typer.Option("--host", help="Where to listen; only this machine's own addresses for now.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="Which port; 0 finds a free one.")
    ] = 8321,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser once it answers.")] = False,
    background: Annotated[
        bool, typer.Option("--background", help="Let it run on by itself; --stop ends it.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the project's server.")] = False,
) -> None:
    """Serve the project to browsers on this machine; other commands go through it while it runs."""
    session = session_of(context)
    if stop:
        end(session)
        return
    if background:
        leave(session, host, port, show=show)
        return
    from polso.faces import place
    from polso.faces.web import drawing
    from polso.faces.web.warming import Warming
    from polso.serving import running
    from polso.serving.readers import Readers

    folder = session.folder.resolve()
    found = running.find(folder)
    if found and found.answers():
        raise ServerError(f"this project is served already, at {found.url}; use that, or end it first")
    sock, url = running.listen(host, port)
    with sock, Readers(folder) as readers, place.routed():
        _bring_up(session, readers)
        server = running.Running(url, os.getpid(), running.token())
        app = _app(readers, server.token)
        with drawing.beside(), Warming(app, readers), running.announced(folder, server):
            run(app, sock, lambda: _said(session, url, show=show))


def _app(readers: Readers, token: str) -> FastAPI:
    from polso.faces import relay
    from polso.faces.web.app import make_app

    app = make_app(readers)
    app.include_router(relay.router(readers, token))
    return app


def _bring_up(session: Session, readers: Readers) -> None:
    """Facts up to the log and the settings; a project in which nothing is loaded is served all the same."""
    from polso.events.log import is_empty
    from polso.faces.waiting import Waiting

    with session.open() as care, Waiting(session.err) as waiting:
        if not is_empty(care.engine):
            care.build(progress=waiting)
    readers.refresh()


def _said(session: Session, url: str, *, show: bool) -> None:
    print(session.say("Polso answers at {url} (Ctrl-C ends it).", url=url), flush=True)
    if show:
        _shown(url)


def _shown(url: str) -> None:
    """In a browser, where there is a screen to show one on."""
    import webbrowser

    if os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or sys.platform in ("darwin", "win32"):
        webbrowser.open(url)


def leave(session: Session, host: str, port: int, *, show: bool) -> None:
    """Start the server as a process of its own and wait until it answers; what it says stands in its log."""
    import subprocess

    from polso.serving import running

    folder = session.folder.resolve()
    log = folder / LOG
    command = [
        # -P: a file in the current folder is not to be taken for a library.
        sys.executable, "-P", "-m", "polso.faces.cli", "-C", str(folder), "serve", "--host", host, "--port", str(port),
    ]  # fmt: skip
    with log.open("wb") as said:
        # Only this program's own arguments are run.
        started = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)  # noqa: S603
    while started.poll() is None:
        found = running.find(folder)
        if found and found.pid == started.pid and found.answers():
            print(session.say("Polso answers at {url} (`polso serve --stop` ends it).", url=found.url))
            if show:
                _shown(found.url)
            return
        time.sleep(LOOK)
    reason = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    raise ServerError(
        reason[-1].removeprefix("polso: ") if reason else f"the server ended at once; look into {log}"
    )


def end(session: Session) -> None:
    """End the project's server, and wait until it has let go of the store."""
    from polso.serving import running

    folder = session.folder.resolve()
    found = running.find(folder)
    if found is None or not found.answers():
        print(session.say("No server runs for this project."))
        return
    os.kill(found.pid, signal.SIGTERM)
    while running.find(folder) == found:
        time.sleep(LOOK)
    print(session.say("The server has ended."))


def run(app: FastAPI, sock: socket.socket, listening: Callable[[], None]) -> None:
    """Answer on a socket until a signal ends it, and the commands that still run have ended."""
    import uvicorn

    from polso.faces import relay

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            listening()

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            # uvicorn's own sends the signal again when all is over, and the process would end there.
            before = {sig: signal.signal(sig, self.handle_exit) for sig in (signal.SIGINT, signal.SIGTERM)}
            try:
                yield
            finally:
                for sig, handler in before.items():
                    signal.signal(sig, handler)

    # What stands now lasts: looking through it for garbage would hold up an answer for a tenth of a second.
    gc.collect()
    gc.freeze()
    settings = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    Server(settings).run(sockets=[sock])
    relay.finish()
