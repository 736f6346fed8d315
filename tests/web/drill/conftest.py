"""What the tests of the way down share: the application over the demo company, and the project beside it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from polso.faces.web.app import make_app
from polso.serving.readers import Readers


@pytest.fixture(scope="module")
def readers(acme: Path) -> Iterator[Readers]:
    """Readers of the demo company."""
    with Readers(acme, 2) as made:
        yield made


@pytest.fixture(scope="module")
def web(readers: Readers) -> Iterator[TestClient]:
    """The pages, in English unless a URL says otherwise."""
    with TestClient(
        make_app(readers),
        "http://localhost",
        headers={"Accept-Language": "en"},
        raise_server_exceptions=False,
    ) as client:
        yield client
