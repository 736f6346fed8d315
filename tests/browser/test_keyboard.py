"""Everything can be done from the keyboard, and one sees where one is."""

import pytest
from playwright.sync_api import Page, expect

from browser.conftest import Opened
from polso.faces.web.screen import Screen, screens

IN = "(selector) => document.activeElement?.closest(selector) !== null"
SEEN = "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
# What can be reached, told apart by its place among all such; hidden things and those in closed popups cannot.
LISTED = "[...document.querySelectorAll('a[href], button, select, input, summary')]"
WHERE = f"String({LISTED}.indexOf(document.activeElement))"
REACHABLE = (
    f"{LISTED}.map((one, place) => [one, String(place)])"
    ".filter(([one]) => one.closest('main') && one.tabIndex >= 0 && one.checkVisibility({checkVisibilityCSS: true}))"
    ".map(([, place]) => place)"
)
AREAS = (".skip", ".menu", ".tools", ".controls", ".range", ".tile", ".chart", ".behind")


def is_in(page: Page, selector: str) -> bool:
    return bool(page.evaluate(IN, selector))


def test_the_first_tab_skips_to_the_content(opened: Opened) -> None:
    page = opened("/?lang=en").page
    page.keyboard.press("Tab")
    assert is_in(page, ".skip")
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert is_in(page, "main")


def test_tab_reaches_every_part_in_order_and_shows_where_it_is(opened: Opened) -> None:
    page = opened("/?lang=en").page
    reached: list[str] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        reached += [area for area in AREAS if area not in reached and is_in(page, area)]
        assert page.evaluate(SEEN), page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        if len(reached) == len(AREAS):
            break
    assert set(AREAS) == set(reached)
    assert [".skip", ".controls", ".range", ".tile", ".chart", ".behind"] == [
        area for area in reached if area not in (".menu", ".tools")
    ]


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.name)
def test_every_screen_is_walked_by_tab_alone(opened: Opened, screen: Screen) -> None:
    """Whatever can be clicked in the content is reached, each time one sees where one is, and nothing holds one back."""
    page = opened(f"{screen.at}?lang=en").page
    wanted = page.evaluate(REACHABLE)
    reached: set[str] = set()
    for _ in range(2 * len(wanted) + 200):
        page.keyboard.press("Tab")
        reached.add(page.evaluate(WHERE))
        assert page.evaluate(f"document.activeElement === document.body || {SEEN}"), page.evaluate(WHERE)
        if reached >= {*wanted}:
            break
    assert {*wanted} <= reached


@pytest.mark.parametrize(("key", "part"), [("/", "#search"), ("p", "#period"), ("c", "#compare")])
def test_a_key_leads_to_its_control(opened: Opened, key: str, part: str) -> None:
    page = opened("/?lang=en").page
    page.keyboard.press(key)
    expect(page.locator(part)).to_be_focused()


def test_help_opens_and_gives_the_focus_back(opened: Opened) -> None:
    page = opened("/?lang=en").page
    page.locator(".brand").focus()
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    assert is_in(page, "#help")
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator(".brand")).to_be_focused()


def test_x_takes_the_filters_away_and_g_goes(opened: Opened) -> None:
    page = opened("/?lang=en&where=channel%3Dphone").page
    page.keyboard.press("x")
    expect(page.locator(".chips")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("2")
    page.wait_for_url("**/volumes*")


@pytest.mark.parametrize("popup", ["details.range", ".tile details.meaning"])
def test_a_popup_opens_by_enter_and_closes_by_escape(opened: Opened, popup: str) -> None:
    page = opened("/?lang=en").page
    one = page.locator(popup).first
    one.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(one).to_have_attribute("open", "")
    page.keyboard.press("Escape")
    expect(one).not_to_have_attribute("open", "")
    expect(one.locator("summary")).to_be_focused()
