"""A small company for everything that pages show, and a way to run what they tell people to type."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from polso.care import open_project
from polso.demo import write_project
from polso.faces import cli

TICKETS = 300
EXPORT = """Ticket,Created,First reply,Solved,Channel,Customer
1,2026-03-02 09:00,2026-03-02 09:30,2026-03-02 11:00,email,anna
2,2026-03-02 10:00,2026-03-02 10:05,2026-03-03 09:00,chat,bruno
3,2026-03-03 09:10,,,email,carla
"""
Type = Callable[[list[str]], str]


@pytest.fixture(scope="session")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small company, loaded once; copy it before writing."""
    folder = tmp_path_factory.mktemp("documented") / "demo-company"
    write_project(folder, tickets=TICKETS, seed=7)
    with open_project(folder) as care:
        care.load()
    return folder


@pytest.fixture
def company(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the small company, in the folder where people type."""
    folder = tmp_path / "demo-company"
    shutil.copytree(loaded, folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("POLSO_LANG", "en")
    return folder


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Type:
    """Type one command: what it printed. It must end well, and without a warning."""

    def run(words: list[str]) -> str:
        assert words[0] == "polso"
        capsys.readouterr()
        code = cli.main(words[1:])
        said = capsys.readouterr()
        assert (0, "") == (code, said.err), f"{' '.join(words)}: {said.err or said.out}"
        return said.out

    return run


@pytest.fixture
def followed(company: Path, typed: Type) -> Callable[[list[list[str]]], dict[str, str]]:
    """Follow a page from its first command to its last, doing by hand what it says to do in between."""

    def follow(lines: list[list[str]]) -> dict[str, str]:
        Path("export.csv").write_text(EXPORT, encoding="utf-8")
        printed = {}
        for words in lines:
            if words[:2] == ["polso", "demo"]:
                shutil.rmtree(company)
                words = [*words, "--tickets", str(TICKETS)]
            printed[" ".join(words)] = out = typed(words)
            if words[:2] == ["polso", "guess"]:
                with Path("acme/polso.toml").open("a", encoding="utf-8") as settings:
                    settings.write(out)
        return printed

    return follow
