"""The wallboard renews itself, says so when the server is away, and recovers; nobody touches it."""

import re

from playwright.sync_api import Page, Route, expect

from browser.conftest import Opened

PAGE = re.compile(r"/wallboard\?")
# Instead of half a minute.
SOON = 'data-every="0.3"'


def hurried(page: Page, route: Route) -> None:
    """The page as the server gives it, but for how often it asks again."""
    answer = route.fetch()
    assert 'data-every="30"' in answer.text()
    route.fulfill(response=answer, body=answer.text().replace('data-every="30"', SOON))


def test_it_asks_again_and_again_and_shows_what_came(opened: Opened) -> None:
    watched = opened("/wallboard?lang=en")
    page = watched.page
    numbers = page.locator(".numbers .value").all_inner_texts()
    page.route(PAGE, lambda route: hurried(page, route))
    page.reload()
    before = len([url for url in watched.fetched if PAGE.search(url)])
    page.locator("#board .sentence").evaluate("(one) => one.replaceChildren('old')")
    expect(page.locator("#board .sentence")).not_to_have_text("old")
    page.wait_for_timeout(1500)
    assert len([url for url in watched.fetched if PAGE.search(url)]) >= before + 3
    assert numbers == page.locator(".numbers .value").all_inner_texts()
    expect(page.locator("#stale")).to_be_hidden()


def test_a_server_that_is_away_is_said_and_its_return_too(opened: Opened) -> None:
    watched = opened("/wallboard?lang=en")
    page = watched.page
    page.route(PAGE, lambda route: hurried(page, route))
    page.reload()
    numbers = page.locator(".numbers .value").all_inner_texts()
    page.route(PAGE, lambda route: route.abort())
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#stale")).to_contain_text(
        "These numbers are old: nothing came from the server since"
    )
    assert numbers == page.locator(".numbers .value").all_inner_texts()
    page.unroute(PAGE)
    expect(page.locator("#stale")).to_be_hidden()
    # A server that is away is written into the console, and nothing else is.
    assert watched.told
    assert not [
        one
        for one in watched.told
        if "wallboard could not be refreshed" not in one and "ERR_FAILED" not in one
    ]
    watched.told.clear()


def test_focus_stays_where_it_was(opened: Opened) -> None:
    watched = opened("/wallboard?lang=en")
    page = watched.page
    page.route(PAGE, lambda route: hurried(page, route))
    page.reload()
    link = page.locator("#board header a")
    link.focus()
    page.wait_for_timeout(1000)
    expect(link).to_be_focused()
