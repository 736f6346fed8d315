"""What the tests in a browser share: one served demo company, one Chromium a module, and pages that tell on themselves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import polso
from browser.chromium import found, launched
from browser.watched import Watched
from polso.demo import write_project
from serving.served import serving

Opened = Callable[..., Watched]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All of them in one worker, with the one server."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a loaded demo company."""
    if found() is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or name one in POLSO_CHROMIUM")
    folder = tmp_path_factory.mktemp("browser") / "acme"
    write_project(folder, tickets=5000, seed=7)
    with polso.open(folder) as care:
        care.load()
    return folder


@pytest.fixture(scope="session")
def server(project: Path) -> Iterator[str]:
    """The address of a real server of it."""
    with serving(project) as url:
        yield url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser; it ends with the module, for Playwright leaves its event loop running meanwhile."""
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(chromium: Browser, server: str) -> Iterator[Opened]:
    """Opens a page in a new context (its cookies are its own), and holds it to the rules when the test ends."""
    with opening(chromium, server) as made:
        yield made


@contextmanager
def opening(chromium: Browser, server: str) -> Iterator[Opened]:
    """What opens pages; each is judged and closed in the end."""
    pages: list[Watched] = []

    def made(path: str = "/", **context: Any) -> Watched:
        settings = {"viewport": {"width": 1440, "height": 900}, "locale": "en-GB", **context}
        page: Page = chromium.new_context(base_url=server, **settings).new_page()
        watched = Watched(page, server)
        pages.append(watched)
        watched.go(path)
        return watched

    try:
        yield made
        for one in pages:
            assert not one.told, "\n".join(one.told)
    finally:
        for one in pages:
            one.page.context.close()
