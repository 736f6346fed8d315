"""A small project that is served: loaded once, copied for each test."""

import shutil
from pathlib import Path

import pytest

from faces.tiny import events, write
from polso.care import open_project


@pytest.fixture(scope="session")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served") / "project"
    write(folder, events())
    with open_project(folder) as care:
        care.load()
    return folder


@pytest.fixture
def folder(_served: Path, tmp_path: Path) -> Path:
    """A loaded project of the test's own."""
    return Path(shutil.copytree(_served, tmp_path / "project"))
