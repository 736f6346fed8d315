"""What the tests of the web application share: a demo company, made and loaded once."""

from pathlib import Path

import pytest

import polso
from polso.demo import write_project


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a loaded demo company."""
    folder = tmp_path_factory.mktemp("web") / "acme"
    write_project(folder, tickets=5000, seed=7)
    with polso.open(folder) as care:
        care.load()
    return folder
