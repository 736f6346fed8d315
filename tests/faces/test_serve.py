"""A project that is served: every other command says what it says without a server."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from faces.tiny import events, process
from polso.serving import running
from serving.served import end, serving, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture(scope="module")
def served(_loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """One project twice: served, and left alone."""
    base = tmp_path_factory.mktemp("twice")
    ours, alone = base / "served" / "project", base / "alone" / "project"
    for folder in (ours, alone):
        shutil.copytree(_loaded, folder)
    # Loaded once where they stand: paths and instants of the copies are their own.
    for folder in (ours, alone):
        assert 0 == process("-C", folder, "load").returncode
    with serving(ours):
        yield ours, alone


def both(served: tuple[Path, Path], *arguments: str, **environment: str) -> list[tuple[int, str, str]]:
    """What a command does where a server holds the project, and where none does; typed in the folder above it."""
    found = []
    for folder in served:
        ran = subprocess.run(
            [sys.executable, "-m", "polso.faces.cli", "-C", "project", *arguments],
            cwd=folder.parent,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, **environment},
        )
        found.append((ran.returncode, ran.stdout, ran.stderr.replace(str(folder), "FOLDER")))
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("ask", "first_response_time", "ticket_volume", "-b", "channel", "--json"),
        ("ask", "first_response_time", "-b", "week"),
        ("rows", "ticket_volume", "--csv", "--limit", "500"),
        ("load",),
        ("check",),
        ("doctor",),
        ("kpis", "csat"),
        ("balance",),
        ("explain", "csat"),
        ("export",),
        ("export", "elsewhere", "--json"),
        ("publish", "other", "--json"),
        ("ask", "frist_response_time"),
        ("ask",),
        ("load", "--help"),
        ("--json", "ask", "ticket_volume"),
    ],
    ids=" ".join,
)
def test_a_command_says_the_same_through_a_server(
    served: tuple[Path, Path], arguments: tuple[str, ...]
) -> None:
    through, alone = both(served, *arguments)
    assert alone == through


@pytest.mark.parametrize(
    "environment",
    [
        {"LANG": "it_IT.UTF-8"},
        {"COLUMNS": "60"},
        {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "90"},
        {"PYTHONIOENCODING": "ascii"},
        {
            "http_proxy": "http://127.0.0.1:9",
            "HTTP_PROXY": "http://127.0.0.1:9",
            "ALL_PROXY": "http://127.0.0.1:9",
        },
    ],
    ids=str,
)
def test_it_speaks_as_the_clients_terminal_wants(
    served: tuple[Path, Path], environment: dict[str, str]
) -> None:
    for arguments in (
        (),
        ("ask", "first_response_time", "-b", "channel"),
        ("ask", "csat", "--json"),
        ("ask", "x"),
    ):
        through, alone = both(served, *arguments, **environment)
        assert alone == through


def test_saved_answers_lie_where_the_client_stands(served: tuple[Path, Path]) -> None:
    through, alone = both(served, "ask", "ticket_volume", "--save", "kept.json", "--json")
    assert alone == through
    assert all((folder.parent / "kept.json").is_file() for folder in served)
    through, alone = both(served, "recompute", "kept.json")
    assert alone == through
    assert 0 == through[0]


def test_it_is_run_by_the_server(served: tuple[Path, Path]) -> None:
    """Not beside it: only one process can hold the store."""
    folder, _ = served
    direct = "import polso, sys; polso.open(sys.argv[1])"
    ran = subprocess.run(
        [sys.executable, "-c", direct, str(folder)], capture_output=True, text=True, check=False
    )
    assert "in use by another process" in ran.stderr


def test_a_second_server_names_the_first(served: tuple[Path, Path]) -> None:
    folder, _ = served
    server = running.find(folder)
    assert server
    ran = process("-C", folder, "serve", "--port", "0")
    assert (1, "") == (ran.returncode, ran.stdout)
    assert f"served already, at {server.url}" in ran.stderr
    assert server == running.find(folder)


def test_a_port_in_use_is_said_in_italian_too(served: tuple[Path, Path], project: Path) -> None:
    server = running.find(served[0])
    assert server
    port = server.url.rpartition(":")[2]
    ran = process("-C", project, "--lang", "it", "serve", "--port", port)
    assert (1, "") == (ran.returncode, ran.stdout)
    assert f"la porta {port} è usata" in ran.stderr
    assert not (project / running.FILE).exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104
def test_only_this_machine_is_served(project: Path, host: str) -> None:
    ran = process("-C", project, "serve", "--host", host, "--port", "0")
    assert (1, "") == (ran.returncode, ran.stdout)
    assert "can be reached from other machines" in ran.stderr


ASKED = {
    "command": "ask", "arguments": ["ask", "csat"], "folder": "/", "environment": {}, "size": None,
    "out": {"tty": False, "encoding": "utf-8"}, "err": {"tty": False, "encoding": "utf-8"},
}  # fmt: skip


@pytest.mark.parametrize("headers", [{}, {running.HEADER: "wrong"}, {running.HEADER: "è".encode()}])
def test_who_does_not_know_the_secret_is_refused(served: tuple[Path, Path], headers: dict[str, str]) -> None:
    server = running.find(served[0])
    assert server
    for method in ("GET", "POST"):
        url = server.url + running.RELAY
        told = httpx.request(method, url, json=ASKED, headers=headers, trust_env=False)
        assert 403 == told.status_code


def test_a_browser_is_refused_even_with_the_secret(served: tuple[Path, Path]) -> None:
    server = running.find(served[0])
    assert server
    with server.client(60) as client:
        assert 204 == client.get(running.RELAY).status_code
        for origin in (server.url, "null", "https://example.com"):
            assert 403 == client.post(running.RELAY, json=ASKED, headers={"Origin": origin}).status_code


def test_what_commands_use_is_in_no_description_of_the_interface(served: tuple[Path, Path]) -> None:
    server = running.find(served[0])
    assert server
    described = httpx.get(server.url + "/openapi.json", trust_env=False)
    assert running.RELAY not in described.text


def test_new_data_is_in_the_next_answer(project: Path) -> None:
    with serving(project):
        asked = ("-C", project, "ask", "ticket_volume", "--json")
        assert 112 == json.loads(process(*asked).stdout)[0]["value"]
        rows = "\n".join(json.dumps(row) for row in events(60))
        (project / "data" / "desk.jsonl").write_text(rows, encoding="utf-8")
        loaded = process("-C", project, "load", "--json")
        assert (0, 32) == (loaded.returncode, json.loads(loaded.stdout)[0]["new"])
        assert 120 == json.loads(process(*asked).stdout)[0]["value"]
    assert 120 == json.loads(process(*asked).stdout)[0]["value"]


def test_loads_at_once_take_turns(project: Path) -> None:
    with serving(project):
        command = [sys.executable, "-m", "polso.faces.cli", "-C", str(project), "load", "--anew", "desk"]
        loads = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
        said = [one.communicate()[1] for one in loads]
        assert [(0, b"")] * 3 == [(one.returncode, err) for one, err in zip(loads, said, strict=True)]
        found = json.loads(process("-C", project, "ask", "ticket_volume", "--json").stdout)
        assert 112 == found[0]["value"]


def test_a_project_without_data_is_served_and_loaded(project: Path) -> None:
    (project / "polso.duckdb").unlink()
    with serving(project):
        assert "nothing is loaded yet" in process("-C", project, "ask", "ticket_volume").stderr
        assert 0 == process("-C", project, "load").returncode
        found = json.loads(process("-C", project, "ask", "ticket_volume", "--json").stdout)
        assert 112 == found[0]["value"]


def test_a_folder_that_is_no_project_is_not_served(tmp_path: Path) -> None:
    ran = process("-C", tmp_path, "serve", "--port", "0")
    assert (1, "") == (ran.returncode, ran.stdout)
    assert "no polso.toml" in ran.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("ended_by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly(project: Path, ended_by: int) -> None:
    server, _ = start(project)
    assert (project / running.FILE).exists()
    assert 0 == end(server, ended_by)
    assert not (project / running.FILE).exists()
    assert 0 == process("-C", project, "ask", "ticket_volume").returncode


def test_a_killed_server_is_in_nobodys_way(project: Path) -> None:
    server, _ = start(project)
    assert end(server, signal.SIGKILL) < 0
    assert (project / running.FILE).exists()
    assert 0 == process("-C", project, "ask", "ticket_volume").returncode
    with serving(project) as url:
        found = running.find(project)
        assert found
        assert url == found.url


def test_a_file_whose_number_another_process_has_now_is_in_nobodys_way(project: Path) -> None:
    sock, url = running.listen("127.0.0.1", 0)
    sock.close()
    stale = {"url": url, "pid": os.getpid(), "token": "x"}
    (project / running.FILE).write_text(json.dumps(stale))
    assert 0 == process("-C", project, "ask", "ticket_volume").returncode


def test_an_address_of_the_newer_kind_works(project: Path) -> None:
    with serving(project, "--host", "::1") as url:
        assert url.startswith("http://[::1]:")
        assert 0 == process("-C", project, "ask", "ticket_volume").returncode
