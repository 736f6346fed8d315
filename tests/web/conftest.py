"""What the tests of the web application share: a demo company, made and loaded once, and a client of its server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import polso
from polso.demo import write_project
from polso.faces.web.app import make_app
from polso.serving.readers import Readers


@pytest.fixture(scope="session")
def acme(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a loaded demo company."""
    folder = tmp_path_factory.mktemp("web") / "acme"
    write_project(folder, tickets=5000, seed=7)
    with polso.open(folder) as care:
        care.load()
    return folder


@pytest.fixture(scope="session")
def readers(acme: Path) -> Iterator[Readers]:
    """Readers of the demo company."""
    with Readers(acme) as made:
        yield made


@pytest.fixture(scope="session")
def client(readers: Readers) -> TestClient:
    """A browser without a screen, on this machine."""
    return TestClient(make_app(readers), base_url="http://127.0.0.1:8321", raise_server_exceptions=False)
