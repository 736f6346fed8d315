"""A click is a filter, a filter is in the URL, and a URL shows everybody the same numbers."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from browser.conftest import Opened
from browser.watched import Watched

START = "/?lang=en&period=last+90+days"


def where(watched: Watched) -> list[str]:
    return parse_qs(urlsplit(watched.page.url).query).get("where", [])


def test_filters_stack_go_back_and_travel(opened: Opened) -> None:
    watched = opened(START)
    page, whole = watched.page, watched.texts()
    page.get_by_text("+ filter", exact=True).click()
    page.locator(".range select[name=where]").select_option("channel=phone")
    page.locator(".range[open] button").click()
    expect(page.locator(".chips li")).to_have_count(1)
    phone = watched.texts()
    assert (["channel=phone"], False) == (where(watched), phone == whole)
    page.go_back()
    expect(page.locator(".chips")).to_have_count(0)
    assert whole == watched.texts()
    page.go_forward()
    expect(page.locator(".chips li")).to_have_count(1)
    assert phone == watched.texts()
    assert phone == opened(watched.at).texts()
    page.locator(".chips a").first.click()
    expect(page.locator(".chips")).to_have_count(0)
    assert ([], whole) == (where(watched), watched.texts())


def test_a_row_of_a_table_is_a_filter(opened: Opened) -> None:
    watched = opened(f"/kpi/ticket_volume{START[1:]}&by=channel")
    table = watched.page.locator("#split details")
    table.locator("summary").click()
    table.locator("tbody a", has_text="email").first.click()
    expect(watched.page.locator(".chips li")).to_have_count(1)
    assert ["channel=email"] == where(watched)


def test_a_bar_of_a_chart_is_a_filter(opened: Opened) -> None:
    watched = opened(f"/kpi/ticket_volume{START[1:]}&by=channel")
    bar = watched.page.locator("#split .chart svg a").first
    bar.scroll_into_view_if_needed()
    bar.click()
    expect(watched.page.locator(".chips li")).to_have_count(1)
    assert where(watched)[0].startswith("channel=")


def test_the_period_and_what_it_is_compared_with(opened: Opened) -> None:
    watched = opened("/?lang=en")
    page, four_weeks = watched.page, watched.texts()
    page.locator("#period").select_option("last 90 days")
    page.wait_for_url("**period=last+90+days*")
    assert four_weeks != watched.texts()
    page.locator("#compare").select_option("none")
    page.wait_for_url("**compare=none*")
    assert not "".join(page.locator(".tile .moved").all_inner_texts()).strip()
    page.get_by_text("Dates", exact=True).click()
    page.locator("[name=since]").fill("2026-05-01")
    page.locator("[name=until]").fill("2026-05-31")
    page.locator(".range[open] button").click()
    page.wait_for_url("**since=2026-05-01*")
    expect(page.locator(".foot")).to_contain_text("May 2026")
    assert opened("/?lang=en&compare=none&period=2026-05").texts() == watched.texts()
