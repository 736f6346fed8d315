"""The rows behind a number: pages cover all of them once, files hold all of them, nothing in them runs."""

import csv
import io
import re

import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest
from fastapi.testclient import TestClient

from polso.serving.readers import Readers
from web.drill.pages import links, sentence, tables, text

PERIOD = "2026-03-01..2026-04-01"
KPIS = ("first_response_time", "stage_time", "target_attainment", "backlog", "csat")


@pytest.mark.parametrize("kpi", KPIS)
def test_pages_cover_all_rows_exactly_once(readers: Readers, kpi: str) -> None:
    with readers.borrow() as care:
        whole = care.rows(kpi, period=PERIOD, limit=None).to_pylist()
        assert len(whole) == care.count_rows(kpi, period=PERIOD)
        paged = [
            row
            for offset in range(0, len(whole) + 50, 50)
            for row in care.rows(kpi, period=PERIOD, limit=50, offset=offset).to_pylist()
        ]
    assert whole == paged


def test_the_pages_of_the_web_are_those_rows(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        whole = care.rows("first_response_time", period=PERIOD, limit=None)["ticket_id"].to_pylist()
    seen: list[str] = []
    at = f"/rows/first_response_time?period={PERIOD}"
    while at:
        html = web.get(at).text
        seen += [row[0] for row in tables(html)[0][1:]]
        found = re.search(r'rel="next" href="([^"]*)"', html)
        at = found[1].replace("&amp;", "&") if found else ""
    assert whole == seen
    assert f"of {len(whole):,}." in sentence(html)


def test_the_number_and_its_rows_are_as_many(web: TestClient, readers: Readers) -> None:
    for kpi in ("first_response_time", "csat", "ticket_volume", "reply_time"):
        n = readers.ask(kpi, period=PERIOD).cells[0].n
        assert f"of {n:,}." in sentence(web.get(f"/rows/{kpi}?period={PERIOD}").text)


def test_files_hold_all_rows_with_all_columns(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        whole = care.rows("first_response_time", period=PERIOD, limit=None)
    base = "/rows/first_response_time"
    made = parquet.read_table(io.BytesIO(web.get(f"{base}.parquet?period={PERIOD}").content))
    assert whole.to_pylist() == made.to_pylist()
    assert (
        whole.to_pylist()
        == feather.read_table(io.BytesIO(web.get(f"{base}.arrow?period={PERIOD}").content)).to_pylist()
    )
    answer = web.get(f"{base}.csv?period={PERIOD}")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert whole["ticket_id"].to_pylist() == [row["ticket_id"] for row in rows]
    assert [str(us) for us in whole["first_response_us"].to_pylist()] == [
        row["first_response_us"] for row in rows
    ]
    assert "attachment" in answer.headers["content-disposition"]


def test_tickets_lead_to_their_time_line_under_this_definition(web: TestClient) -> None:
    html = web.get(f"/rows/first_response_time?period={PERIOD}&variant=zendesk&where=channel%3Demail").text
    found = links(html, "/ticket/")
    assert found
    assert all("kpi=first_response_time%3Azendesk" in href and "where" not in href for href in found)
    assert 200 == web.get(found[0]).status_code


@pytest.mark.parametrize("page", ["0", "-1", "abc", "99999999", "9" * 400, "٣"])
def test_a_page_that_is_none_is_the_nearest(web: TestClient, page: str) -> None:
    answer = web.get(f"/rows/csat?period={PERIOD}&page={page}")
    assert 200 == answer.status_code
    assert len(tables(answer.text)[0]) > 1


def test_a_ratio_says_why_it_has_no_rows(web: TestClient) -> None:
    assert "ratio of two facts" in text(web.get("/rows/contact_rate").text)
    assert 400 == web.get("/rows/contact_rate.csv").status_code


def test_nothing_in_the_period_says_what_to_do(web: TestClient) -> None:
    said = text(web.get("/rows/csat?period=2020-01").text)
    assert "No row is behind this number" in said
    assert "Choose a longer period" in said


def test_unknown_names_and_forms_are_not_found(web: TestClient) -> None:
    assert 404 == web.get("/rows/nothing").status_code
    assert 404 == web.get("/rows/csat.exe").status_code


def test_too_many_rows_for_a_file_are_refused_with_the_way_out(
    web: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polso.faces.web.drill.rows.MOST", 10)
    answer = web.get(f"/rows/ticket_volume.csv?period={PERIOD}")
    assert 413 == answer.status_code
    assert "polso publish" in text(answer.text)


def test_it_speaks_italian(web: TestClient) -> None:
    html = web.get(f"/rows/csat?period={PERIOD}&lang=it").text
    assert sentence(html).startswith("Righe 1–")
    assert "sì" in {cell for row in tables(html)[0] for cell in row}
