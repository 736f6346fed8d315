"""The tiny project, loaded once and copied where a test writes; a terminal without habits of its own."""

import os
import shutil
import time
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
    """Loading takes seconds: one worker of xdist does it, each takes a copy (a database has one opener)."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    done, lock = shared / "tiny-loaded", shared / "tiny-loading"
    while not done.exists():
        try:
            lock.mkdir()
        except FileExistsError:
            time.sleep(0.2)
            continue
        try:
            if not done.exists():
                folder = shared / f"tiny-{os.getpid()}"
                write(folder, events())
                loaded = process("-C", folder, "load")
                assert 0 == loaded.returncode, loaded.stderr
                folder.rename(done)
        finally:
            lock.rmdir()
    return Path(shutil.copytree(done, tmp_path_factory.mktemp("tiny") / "project"))


@pytest.fixture
def project(_loaded: Path, tmp_path: Path) -> Path:
    """A loaded project of the test's own."""
    return Path(shutil.copytree(_loaded, tmp_path / "project"))


@pytest.fixture
def care_folder(_loaded: Path) -> Path:
    """The loaded project that all tests of a session read, and none writes."""
    return _loaded
