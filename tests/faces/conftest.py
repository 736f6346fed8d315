"""The tiny project, loaded once and copied where a test writes; a terminal without habits of its own."""

import shutil
from pathlib import Path

import pytest

from faces.tiny import Ran, Run, events, process, write
from polso.faces import cli


@pytest.fixture(autouse=True)
def plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No language or width of whoever runs the tests."""
    for name in ("POLSO_LANG", "LC_ALL", "LC_MESSAGES", "POLSO_DEBUG", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""

    def go(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        code = cli.main([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return Ran(code, out, err)

    return go


@pytest.fixture(scope="session")
def _loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny") / "project"
    write(folder, events())
    assert 0 == process("-C", folder, "load").returncode
    return folder


@pytest.fixture
def project(_loaded: Path, tmp_path: Path) -> Path:
    """A loaded project of the test's own."""
    return Path(shutil.copytree(_loaded, tmp_path / "project"))


@pytest.fixture
def care_folder(_loaded: Path) -> Path:
    """The loaded project that all tests of a session read, and none writes."""
    return _loaded
