"""Where a server listens, and the file that tells of it."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from polso.errors import ServerError
from polso.serving import running
from polso.serving.running import Running


def lan_address() -> str:
    """An address of this machine by which others reach it; one of the documentation's where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            found = str(probe.getsockname()[0])
        except OSError:
            return "192.0.2.7"
    return "192.0.2.7" if found.startswith("127.") else found


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.20", "8.8.8.8", "fe80::1", lan_address()])  # noqa: S104
def test_an_address_that_others_reach_is_refused(host: str) -> None:
    with pytest.raises(ServerError, match="can be reached from other machines"):
        running.listen(host, 0)


def test_a_name_is_judged_by_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(*addresses: str) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)

    known("10.0.0.5")
    with pytest.raises(ServerError, match="can be reached"):
        running.listen("polso.example", 0)
    known("127.0.0.1", "10.0.0.5")
    with pytest.raises(ServerError, match="can be reached"):
        running.listen("polso.example", 0)
    known("127.0.0.2")
    running.listen("polso.example", 0)[0].close()


@pytest.mark.parametrize("host", ["", "no.such.host.invalid"])
def test_a_host_without_an_address_is_refused(host: str) -> None:
    with pytest.raises(ServerError, match="has no address"):
        running.listen(host, 0)


@pytest.mark.parametrize(
    ("host", "begins"),
    [("127.0.0.1", "http://127.0.0.1:"), ("127.1.2.3", "http://127.1.2.3:"), ("::1", "http://[::1]:")],
)
def test_this_machine_alone_is_listened_on(host: str, begins: str) -> None:
    sock, url = running.listen(host, 0)
    with sock:
        assert f"{begins}{sock.getsockname()[1]}" == url
        assert host == sock.getsockname()[0]


def test_localhost_is_this_machine() -> None:
    running.listen("localhost", 0)[0].close()


def test_a_port_in_use_is_said() -> None:
    sock, _ = running.listen("127.0.0.1", 0)
    with sock, pytest.raises(ServerError, match=r"in use by another program; choose another with --port"):
        running.listen("127.0.0.1", sock.getsockname()[1])


def test_the_file_is_the_owners_alone_and_goes_with_the_server(tmp_path: Path) -> None:
    server = Running("http://127.0.0.1:1", os.getpid(), running.token())
    with running.announced(tmp_path, server):
        file = tmp_path / running.FILE
        assert 0o600 == stat.S_IMODE(file.stat().st_mode)
        assert {"url", "pid", "token"} == set(json.loads(file.read_text()))
        assert server == running.find(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_the_file_of_a_dead_server_is_not_believed_and_is_replaced(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead = {"url": "http://127.0.0.1:1", "pid": ended.pid, "token": "x"}
    (tmp_path / running.FILE).write_text(json.dumps(dead))
    assert running.find(tmp_path) is None
    server = Running("http://127.0.0.1:2", os.getpid(), running.token())
    with running.announced(tmp_path, server):
        assert server == running.find(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_the_file_of_another_server_stays(tmp_path: Path) -> None:
    mine, other = (Running("http://127.0.0.1:1", os.getpid(), word) for word in ("mine", "other"))
    with running.announced(tmp_path, mine):
        (tmp_path / running.FILE).write_text(json.dumps(other.__dict__))
    assert other == running.find(tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"url": 1, "pid": "x", "token": 2}', "null"])
def test_a_file_that_says_nothing_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / running.FILE).write_text(text)
    assert running.find(tmp_path) is None


def test_who_does_not_listen_does_not_answer() -> None:
    sock, url = running.listen("127.0.0.1", 0)
    sock.close()
    assert not Running(url, os.getpid(), "x").answers()
