"""An empty part of a page says what stands in the way: filters, the period, or that nothing was ever loaded."""

import re
from html import unescape

import pytest
from starlette.testclient import TestClient


def empties(client: TestClient, url: str) -> list[str]:
    shown = client.get(url)
    assert 200 == shown.status_code
    found = re.findall(r'<p class="(?:sentence|empty)">(.*?)</p>', shown.text, re.DOTALL)
    return [unescape(re.sub("<[^>]+>", "", one)) for one in found]


SCREENS = (
    "/",
    "/volumes",
    "/speed",
    "/backlog",
    "/resolution",
    "/phone",
    "/satisfaction",
    "/loyalty",
    "/team",
)


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("language", ["en", "it"])
def test_a_filter_that_leaves_nothing_is_named_and_can_be_taken_away(
    path: str, language: str, client: TestClient
) -> None:
    url = f"{path}?where=channel=nowhere&lang={language}"
    said = empties(client, url)[0]
    first = {
        "en": "Nothing with these filters; without them there is.",
        "it": "Niente con questi filtri; senza, qualcosa c'è.",
    }
    assert said.startswith(first[language])
    assert f'href="{path}?lang={language}">' in client.get(url).text
    assert not re.search(r"\b(load|carica|caricare)\b", said, re.IGNORECASE)


@pytest.mark.parametrize("path", SCREENS)
def test_a_period_before_the_data_is_named_and_another_offered(path: str, client: TestClient) -> None:
    said = empties(client, f"{path}?period=2020-03&lang=en")
    assert said[0].startswith("Nothing in the period 1 – 31 Mar 2020; at other times there is.")
    assert not [one for one in said if re.search(r"\bload (a|the|tickets|events|visits)\b", one)]


def test_a_filter_and_a_period_in_the_way_are_both_named(client: TestClient) -> None:
    said = empties(client, "/speed?period=2020-03&where=channel=nowhere&lang=en")[0]
    assert said.startswith(
        "Nothing in the period 1 – 31 Mar 2020 and with these filters; otherwise there is."
    )


@pytest.mark.parametrize(
    ("path", "language", "said"),
    [
        ("/phone", "en", "This number cannot be filtered or split by priority: agents' states do not have it."),
        ("/phone", "it", "Questo numero non si può filtrare né dividere per priorità: stati degli operatori non ce l'hanno."),
        ("/loyalty", "en", "This number cannot be filtered or split by priority: orders do not have it."),
        ("/kpi/occupancy", "en", "This number cannot be filtered or split by priority: agents' states do not have it."),
    ],
)  # fmt: skip
def test_a_number_that_a_filter_does_not_suit_says_so_plainly(
    path: str, language: str, said: str, client: TestClient
) -> None:
    shown = unescape(client.get(f"{path}?where=priority=high&lang={language}").text)
    assert said in shown
    for developers in (
        "cannot be split or filtered",
        "`polso kpis",
        "quarter_hour,",
        "non esiste (dimensione)",
    ):
        assert developers not in shown
