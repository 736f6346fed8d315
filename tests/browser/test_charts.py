"""Charts come alive only when somebody points at one, and a page is whole without any script."""

import pytest
from playwright.sync_api import expect

from browser.conftest import Opened
from polso.faces.web.screen import screens


def test_vega_comes_when_a_chart_is_pointed_at(opened: Opened) -> None:
    watched = opened("/volumes?lang=en")
    page = watched.page
    chart = page.locator(".chart[data-spec]").first
    assert [] == [url for url in watched.fetched if "/vendor/vega" in url]
    chart.scroll_into_view_if_needed()
    chart.hover()
    # Playwright's own waiting evaluates text in the page, which its policy forbids.
    for _ in range(100):
        if chart.evaluate("(one) => one.vega !== undefined"):
            break
        page.wait_for_timeout(100)
    assert not watched.told, watched.told
    assert chart.evaluate("(one) => one.vega !== undefined")
    assert any("vega-embed" in url for url in watched.fetched)
    chart.locator("[aria-roledescription=point]").nth(8).hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    expect(tip).to_be_visible()
    assert "fixed" == tip.evaluate("(one) => getComputedStyle(one).position")


@pytest.mark.parametrize("name", [screen.name for screen in screens()])
def test_a_page_reads_without_scripts(name: str, opened: Opened) -> None:
    path = next(screen.at for screen in screens() if screen.name == name)
    page = opened(f"{path}?lang=en", java_script_enabled=False).page
    expect(page.locator("h1")).to_be_visible()
    for chart in page.locator(".chart:not(.narrow)").all():
        expect(chart.locator("svg").first).to_be_attached()
    button = page.locator("form.controls noscript button, form.controls button").first
    if page.locator("#period").count():
        page.locator("#period").select_option("last 90 days")
        button.click()
        page.wait_for_url("**period=last+90+days*")
        expect(page.locator("h1")).to_be_visible()
