"""A page in a browser that writes down whatever goes wrong in it: errors, warnings, broken policy, foreign requests."""

from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

TELL = """document.addEventListener("securitypolicyviolation",
  (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Watched:
    """A page, and what it told: an empty list is the only good one."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.told: list[str] = []
        self.fetched: list[str] = []
        page.add_init_script(TELL)
        page.set_default_timeout(20_000)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.told.append(f"{self.at}: {error}"))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.told.append(f"{self.at}: {message.type} {message.text}")

    def _request(self, request: Request) -> None:
        self.fetched.append(request.url)
        if not request.url.startswith((f"{self.server}/", "data:", "blob:")):
            self.told.append(f"{self.at}: fetched {request.url}")

    @property
    def at(self) -> str:
        """Where it is, without the server."""
        parts = urlsplit(self.page.url)
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def go(self, path: str) -> None:
        """Open a page that must be there."""
        answer = self.page.goto(self.server + path)
        assert answer
        assert 200 == answer.status, path

    def tiles(self) -> dict[str, str]:
        """The numbers as the tiles write them, by where they lead."""
        links = self.page.locator(".tile .value a").all()
        return {link.get_attribute("href") or "": link.inner_text() for link in links}

    def texts(self) -> list[str]:
        """The numbers of the tiles as written."""
        return self.page.locator(".tile .value").all_inner_texts()

    def wider(self) -> int:
        """By how much the page is wider than the window."""
        return int(self.page.evaluate(WIDER))

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script says in the page."""
        return self.page.evaluate(script, *arguments)
