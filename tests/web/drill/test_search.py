"""Search leads straight to what is called exactly so, lists the rest, and nothing written into it runs."""

from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from web.drill.pages import links, sentence, text

NASTY = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'; DROP TABLE tickets; --", "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd", "{{7*7}}", "{title}", "%", "\x00", "a" * 5000, "‮", "=cmd|'/c calc'!A1", "x' OR '1'='1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "leads"),
    [
        ("first_response_time", "/kpi/first_response_time"),
        ("FIRST RESPONSE TIME", "/kpi/first_response_time"),
        ("Tempo di prima risposta", "/kpi/first_response_time"),
        ("csat:zendesk", "/kpi/csat?variant=zendesk"),
        ("overview", "/"),
        ("FRT", "/kpi/first_response_time"),
        ("TMA", "/kpi/speed_of_answer"),
    ],
)
def test_an_exact_name_is_gone_to(web: TestClient, wanted: str, leads: str) -> None:
    answer = web.get(f"/search?q={quote(wanted)}", follow_redirects=False)
    assert (303, leads) == (answer.status_code, answer.headers["location"])


def test_a_ticket_is_gone_to_over_all_time_in_the_readers_language(web: TestClient) -> None:
    answer = web.get("/search?q=T2&lang=it", follow_redirects=False)
    assert "/ticket/T2?period=all&lang=it&source=helpdesk" == answer.headers["location"]


def test_words_in_either_language_and_vendors_words_are_found(web: TestClient) -> None:
    assert "/kpi/first_response_time" in links(web.get("/search?q=prima+risposta").text, "/kpi/")
    assert "/kpi/resolution_time?variant=zendesk" in links(web.get("/search?q=full+resolution").text, "/kpi/")


def test_nothing_found_says_how_to_look(web: TestClient) -> None:
    html = web.get("/search?q=zzzz").text
    assert "Nothing is called “zzzz”." == sentence(html)
    assert "Write what you look for" in text(web.get("/search").text)


def test_it_speaks_italian(web: TestClient) -> None:
    assert "Nulla si chiama «zzzz»." == sentence(web.get("/search?q=zzzz&lang=it").text)


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize(
    "path",
    ["/search?q={}", "/kpi/{}", "/rows/{}", "/ticket/{}", "/disagree/{}", "/kpi/csat?by={}", "/kpi/csat?where={}",
     "/kpi/csat?variant={}", "/kpi/csat?param={}", "/kpi/csat?period={}", "/rows/csat?where=channel%3D{}",
     "/ticket/T2?kpi={}", "/ticket/T2?source={}", "/disagree/csat?right={}", "/rows/csat.{}", "/figure/kpi/csat/{}.csv"],
)  # fmt: skip
def test_what_is_written_into_a_url_is_inert(web: TestClient, path: str, nasty: str) -> None:
    answer = web.get(path.format(quote(nasty, safe="")))
    assert answer.status_code in (200, 400, 404), answer.text[:300]
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text
    assert "root:" not in answer.text
    assert "defect of Polso" not in answer.text
