"""Every page, in both languages, light and dark, wide and narrow: it fits, it is clean, and everybody can read it."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urljoin

import httpx2 as httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

import polso
from browser.conftest import opening
from browser.watched import Watched
from polso.faces.web.screen import screens

WIDTHS = {1440: 900, 390: 844}
LANGUAGES = ("it", "en")
SCHEMES = ("light", "dark")
# A page is judged in one language a look: the rules do not read.
JUDGED = {("it", 1440, "light"), ("en", 1440, "dark"), ("en", 390, "light"), ("it", 390, "dark")}
RULES = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
DRILLS = {
    "kpi": "/kpi/csat", "kpi-split": "/kpi/first_response_time?by=channel", "rows": "/rows/csat",
    "search": "/search?q=csat", "which": "/disagree/csat", "disagree": "/disagree/csat?left=polso&right=zendesk",
    "error": "/kpi/nothing",
}  # fmt: skip
PAGES = {screen.name: screen.at for screen in screens()} | DRILLS | {"ticket": "/ticket/"}


@pytest.fixture(scope="module")
def pages(chromium: Browser, server: str) -> Iterator[Mapping[str, Watched]]:
    """One page a language, used again and again, as a reader's tab is."""
    with opening(chromium, server) as made:
        yield {
            lang: made(f"/?lang={lang}", locale={"it": "it-IT", "en": "en-GB"}[lang]) for lang in LANGUAGES
        }


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go: POLSO_SHOTS, else a folder of this run."""
    folder = Path(os.environ.get("POLSO_SHOTS") or tmp_path_factory.mktemp("shots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def ticket(server: str) -> str:
    """The page of a ticket that has a rating."""
    row = httpx.get(f"{server}/api/v1/rows/csat?limit=1", trust_env=False).json()[0]
    return f"/ticket/{row['ticket_id']}?source={row['source']}"


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_clean_in_every_look(
    name: str, pages: Mapping[str, Watched], shots: Path, ticket: str
) -> None:
    wrong = []
    for lang, watched in pages.items():
        path = ticket if name == "ticket" else PAGES[name]
        watched.told.clear()
        watched.page.goto(f"{watched.server}{path}{'&' if '?' in path else '?'}lang={lang}")
        for width, height in WIDTHS.items():
            watched.page.set_viewport_size({"width": width, "height": height})
            for scheme in SCHEMES:
                watched.page.emulate_media(color_scheme=scheme)
                look = f"{name}-{width}-{scheme}-{lang}"
                watched.page.screenshot(path=shots / f"{look}.png", full_page=True, animations="disabled")
                wrong += [f"{look}: {watched.wider()} px too wide"] if watched.wider() else []
                wrong += judged(watched, look) if (lang, width, scheme) in JUDGED else []
        wrong += watched.told
        watched.told.clear()
    if name == "error":
        wrong = [text for text in wrong if "status of 404" not in text]
    assert not wrong, "\n".join(wrong)


def judged(watched: Watched, look: str) -> list[str]:
    """What axe finds that keeps somebody out."""
    found = Axe().run(watched.page, options=RULES).response["violations"]
    return [
        f"{look}: {one['id']} {node['html'][:160]} {[check['message'] for check in node['any'][:1]]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:4]
    ]


def test_every_link_of_the_menu_leads_somewhere(pages: Mapping[str, Watched]) -> None:
    watched = pages["en"]
    watched.go("/?lang=en")
    links = [link.get_attribute("href") or "" for link in watched.page.locator(".menu a").all()]
    assert len(screens()) <= len(links)
    found = {
        href: httpx.get(urljoin(watched.server, href), trust_env=False, timeout=60).status_code
        for href in links
    }
    assert {} == {href: status for href, status in found.items() if status != 200}


def test_print_and_less_motion(pages: Mapping[str, Watched]) -> None:
    watched = pages["it"]
    watched.page.set_viewport_size({"width": 794, "height": 1123})
    wrong = []
    for screen in screens():
        watched.go(f"{screen.at}?lang=it")
        watched.page.emulate_media(media="print", reduced_motion="reduce", color_scheme="dark")
        wrong += [f"{screen.name}: {watched.wider()} px too wide"] if watched.wider() else []
        wrong += [f"{screen.name}: {part}" for part in (".tools", ".controls", ".range", ".menu", ".files", ".skip")
                  if any(one.is_visible() for one in watched.page.locator(part).all())]  # fmt: skip
        moves = watched.run("document.getAnimations().length + [...document.querySelectorAll('*')].filter("
                            "(one) => parseFloat(getComputedStyle(one).transitionDuration) > 0).length")  # fmt: skip
        wrong += [f"{screen.name}: moves"] if moves else []
        watched.page.emulate_media(media="screen", reduced_motion="no-preference", color_scheme="light")
    assert not wrong, "\n".join(wrong)


def test_the_version_is_this_one(server: str) -> None:
    assert polso.__version__ == httpx.get(f"{server}/health", trust_env=False).json()["version"]
