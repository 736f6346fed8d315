"""Where a project's server is found: a file that only its owner reads, and the address that it listens on.

Rule kept here: a file is only believed where its process lives; whoever holds the store may replace it.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Final

from polso.errors import ServerError

if TYPE_CHECKING:
    import httpx2 as httpx

FILE: Final = "polso.server"
HEADER: Final = "X-Polso-Token"
RELAY: Final = "/relay"
BACKLOG: Final = 128
# What takes longer to say that it is there is taken for something else on the same port.
PATIENCE: Final = 30.0


@dataclass(frozen=True)
class Running:
    """A server of a project: where it listens, its process, and the secret that its owner's commands show."""

    url: str
    pid: int
    token: str

    @property
    def lives(self) -> bool:
        """Whether the process is there; an ended one leaves its file behind where it was killed."""
        if sys.platform == "win32":  # signal 0 would end it there
            return True
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        return True

    def answers(self) -> bool:
        """Whether this very server listens there, and not a later process on the same port."""
        from httpx2 import HTTPError

        try:
            with self.client(PATIENCE) as client:
                return client.get(RELAY).status_code == 204
        except HTTPError:
            return False

    def client(self, seconds: float | None) -> httpx.Client:
        """A way to talk to the server as its owner, waiting so long at most for it to say something."""
        import httpx2 as httpx

        # A proxy of the environment is for other machines, and so are certificates, which take longest to read.
        bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        return httpx.Client(
            base_url=self.url, headers={HEADER: self.token}, trust_env=False, verify=bare, timeout=seconds
        )


def token() -> str:
    """A new secret."""
    return secrets.token_urlsafe(32)


def find(folder: Path) -> Running | None:
    """The server that a project's folder tells of, if its process lives."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found = Running(str(said["url"]), int(said["pid"]), str(said["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if found.lives else None


@contextmanager
def announced(folder: Path, server: Running) -> Iterator[None]:
    """Tell of a server while it runs. It holds the store, so that a file of another one is that of a dead one."""
    path, draft = folder / FILE, folder / f".{FILE}.{server.pid}"
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(server), file)
    os.replace(draft, path)
    try:
        yield
    finally:
        with suppress(OSError):
            if find(folder) == server:
                path.unlink()


def listen(host: str, port: int) -> tuple[socket.socket, str]:
    """A socket on this machine alone, and its URL; ServerError where others could reach it, or it is taken."""
    family, address = _loopback(host)
    sock = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two servers share a port
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} is in use by another program; choose another with --port, or --port 0 for a free one"
            ) from error
        raise ServerError(
            f"{host}, port {port}, cannot be listened on: {error.strerror or error}; choose another with --host or --port"
        ) from error
    named = f"[{address}]" if family == socket.AF_INET6 else address
    return sock, f"http://{named}:{sock.getsockname()[1]}"


def _loopback(host: str) -> tuple[socket.AddressFamily, str]:
    """The address that a host stands for, if all of its addresses are this machine's own."""
    try:
        known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
    except (OSError, UnicodeError):
        known = []
    if not known:
        raise ServerError(f"host {host} has no address; use 127.0.0.1")
    addresses = [(family, str(address[0])) for family, *_, address in known]
    if not all(ip_address(address.partition("%")[0]).is_loopback for _, address in addresses):
        raise ServerError(
            f"host {host} can be reached from other machines, and there are no accounts yet: everyone could read all;"
            f" use 127.0.0.1"
        )
    return addresses[0]
