"""A real server in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def start(folder: Path, *arguments: str, **environment: str) -> tuple[subprocess.Popen[str], str]:
    """A server on a port of its own choice, and the line it prints once it listens."""
    server = subprocess.Popen(
        [sys.executable, "-m", "polso.faces.cli", "-C", str(folder), "serve", "--port", "0", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )
    assert server.stdout
    line = server.stdout.readline()
    if not line:
        _, said = server.communicate(timeout=60)
        raise AssertionError(f"ended with {server.returncode}: {said}")
    return server, line


def end(server: subprocess.Popen[str], with_signal: int = signal.SIGTERM) -> int:
    """Its exit code."""
    server.send_signal(with_signal)
    server.communicate(timeout=60)
    return server.returncode


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[str]:
    """The URL of a server that runs meanwhile."""
    server, line = start(folder, *arguments)
    try:
        yield line.split()[3]
    finally:
        end(server)
