"""Two definitions side by side: as many tickets, and the same, as the project says they part on."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from polso.serving.readers import Readers
from web.drill.pages import links, sentence, tables, text

PERIOD = "2026-01-01..2026-04-01"
PAIR = f"left=polso&right=zendesk&period={PERIOD}"


def test_the_sentence_and_the_reasons_count_what_the_project_says(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        parting, found = care.disagree("first_response_time", "polso", "zendesk", period=PERIOD, limit=None)
    html = web.get(f"/disagree/first_response_time?{PAIR}").text
    assert f"part on {parting.parted:,} of {parting.tickets:,} tickets" in sentence(html)
    reasons = next(t for t in tables(html) if t[0][1:] == ["why", "tickets"])
    assert len(found) == sum(int(row[2].replace(",", "")) for row in reasons[1:])


def test_every_ticket_is_in_the_file_with_its_reason(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        _, found = care.disagree("first_response_time", "polso", "zendesk", period=PERIOD, limit=None)
    rows = list(csv.DictReader(io.StringIO(web.get(f"/disagree/first_response_time.csv?{PAIR}").text)))
    assert [(d.ticket_id, d.reason.en) for d in found] == [(r["ticket_id"], r["reason"]) for r in rows]


def test_each_value_leads_to_the_ticket_under_its_definition(web: TestClient) -> None:
    html = web.get(f"/disagree/first_response_time?{PAIR}").text
    under = {"zendesk" if "%3Azendesk" in href else "polso" for href in links(html, "/ticket/")}
    assert {"polso", "zendesk"} == under


@pytest.mark.parametrize(
    ("kpi", "pair", "said"),
    [
        ("first_response_time", "left=polso&right=polso", "Choose two different definitions."),
        ("order_volume", "left=polso&right=refunded", "cannot be said ticket by ticket"),
        ("escalation_rate", "", "one definition only"),
        ("backlog", "left=polso&right=zendesk", "cannot be said ticket by ticket"),
    ],
)
def test_what_cannot_be_compared_says_why(web: TestClient, kpi: str, pair: str, said: str) -> None:
    answer = web.get(f"/disagree/{kpi}?{pair}")
    assert 200 == answer.status_code
    assert said in text(answer.text)


def test_every_kpi_has_its_page(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        names = list(care.catalogue)
    assert [] == [name for name in names if web.get(f"/disagree/{name}?period={PERIOD}").status_code != 200]


def test_unknown_names_are_not_found(web: TestClient) -> None:
    assert 404 == web.get("/disagree/nothing").status_code
    assert 400 == web.get("/disagree/csat?right=nobody").status_code


def test_it_speaks_italian(web: TestClient) -> None:
    html = web.get(f"/disagree/first_response_time?{PAIR}&lang=it").text
    assert "divergono su" in sentence(html)
    assert "Perché divergono" in text(html)
