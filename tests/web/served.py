"""A page of the application as a browser gets it, from a loaded project."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.testclient import TestClient

from polso.faces.web.app import make_app
from polso.serving.readers import Readers


@contextmanager
def browsing(folder: Path) -> Iterator[TestClient]:
    """A browser on one project."""
    with Readers(folder, 1) as readers, TestClient(make_app(readers), base_url="http://127.0.0.1") as client:
        yield client


def shown(folder: Path, *urls: str) -> list[str]:
    """The pages at some URLs, all of which must be there."""
    with browsing(folder) as client:
        found = [client.get(url) for url in urls]
    assert [200] * len(urls) == [answer.status_code for answer in found]
    return [answer.text for answer in found]
