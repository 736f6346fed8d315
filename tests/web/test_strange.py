"""A parameter that a page does not know is said at its top, with what it may have been meant to be."""

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from polso.faces.web.screen import screens


def ignored(client: TestClient, url: str) -> list[str]:
    found = re.findall(r'<p class="note ignored"[^>]*>(.*?)</p>', client.get(url).text)
    return [unescape(re.sub("<[^>]+>", "", one)) for one in found]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("chanel=phone&lang=en",
         "“chanel” is no parameter of this page and was ignored. A filter is written where=channel=phone."),
        ("team=tecnico&lang=it", "«team» non è un parametro di questa pagina: ignorato. Un filtro si scrive where=team=tecnico."),
        ("perod=2026-03&lang=en", "“perod” is no parameter of this page and was ignored; did you mean “period”?"),
        ("perod=2026-03&lang=it", "«perod» non è un parametro di questa pagina: ignorato; forse «period»?"),
        ("xyzzy=1&lang=en", "“xyzzy” is no parameter of this page and was ignored."),
        ("compare=nonsense&lang=en",
         "“compare=nonsense” is not known and was ignored; there are weekdays, previous, last_year, none."),
        ("compare=nonsense&lang=it", "«compare=nonsense» non esiste: ignorato; ci sono weekdays, previous, last_year, none."),
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/volumes", "/kpi/csat"])
def test_what_is_ignored_is_said(path: str, query: str, said: str, client: TestClient) -> None:
    assert [said] == ignored(client, f"{path}?{query}")


def test_the_filter_that_was_meant_is_one_click_away(client: TestClient) -> None:
    shown = client.get("/volumes?chanel=phone").text
    assert '<a href="/volumes?where=channel%3Dphone">where=channel=phone</a>' in shown


@pytest.mark.parametrize(
    "url",
    [
        *(screen.at for screen in screens()),
        "/volumes?all=by_channel&period=2026-03&compare=none&since=2026-03-01&until=2026-03-02",
        "/packs?pack=agcom&year=2026", "/kpi/csat?variant=top_box&by=channel", "/kpi/first_response_time?stat=p90&time=business",
        "/kpi/service_level?param=within=30s", "/rows/csat?page=2", "/ticket/T2?period=all&kpi=csat", "/search?q=csat",
        "/disagree/first_contact_resolution?left=polso&right=zendesk",
    ],
)  # fmt: skip
def test_what_is_understood_is_not_called_ignored(url: str, client: TestClient) -> None:
    assert [] == ignored(client, url)
