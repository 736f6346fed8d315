"""The Chromium that the tests drive: found on this machine, and told to speak to nobody but the server."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Quiet: no updates, no experiments, no metrics; a container has no sandbox to offer.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip


def found() -> str | None:
    """Where Chromium is; POLSO_CHROMIUM says it of one that is not on the path."""
    named = os.environ.get("POLSO_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def launched() -> Iterator[Browser]:
    """A Chromium without a window; the tests are skipped where there is none."""
    path = found()
    if path is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium, or name one in POLSO_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()
