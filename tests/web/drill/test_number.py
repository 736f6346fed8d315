"""The page of a number says what the project answers, and its account adds up on the screen."""

import csv
import io

import pytest
from fastapi.testclient import TestClient

from polso.faces.words import Words
from polso.query.result import Cell
from polso.serving.readers import Readers
from web.drill.pages import links, sentence, tables, text

PERIOD = "2026-03-01..2026-04-01"
ASKED = f"period={PERIOD}&compare=none"
WORDS = Words("en")


def plain(cell: Cell) -> str:
    """A cell's value as it is written, with common spaces."""
    return " ".join(WORDS.value(cell.value, cell.unit, business=cell.time == "business").split())


@pytest.mark.parametrize(
    "kpi", ["first_response_time", "csat", "ticket_volume", "cost_per_contact", "nps", "reply_time"]
)
def test_the_number_is_the_answer(web: TestClient, readers: Readers, kpi: str) -> None:
    cell = readers.ask(kpi, period=PERIOD).cells[0]
    html = web.get(f"/kpi/{kpi}?{ASKED}").text
    assert sentence(html).endswith(f" is {plain(cell)}.")
    assert f"n = {cell.n:,}" in text(html) or cell.n == cell.value


def test_variant_statistic_clock_and_filter_are_those_of_the_url(web: TestClient, readers: Readers) -> None:
    asked = {"period": PERIOD, "variant": "zendesk", "stat": "p90", "time": "business"}
    cell = readers.ask("first_response_time", where={"channel": "email"}, **asked).cells[0]
    url = f"/kpi/first_response_time?{ASKED}&variant=zendesk&stat=p90&time=business"
    assert sentence(web.get(f"{url}&where=channel%3Demail").text).endswith(f" is {plain(cell)}.")


def test_a_threshold_is_part_of_the_number_and_of_its_links(web: TestClient, readers: Readers) -> None:
    cell = readers.ask("service_level", period=PERIOD, params={"within": 120}).cells[0]
    html = web.get(f"/kpi/service_level?{ASKED}&param=within%3D120s").text
    assert plain(cell) in sentence(html)
    assert all("param=within%3D120s" in href for href in links(html, "/rows/"))


@pytest.mark.parametrize(
    "kpi", ["first_response_time", "csat", "backlog", "contact_rate", "repeat_contact_rate"]
)
def test_the_account_adds_up_on_the_screen(web: TestClient, readers: Readers, kpi: str) -> None:
    html = web.get(f"/kpi/{kpi}?{ASKED}").text
    with readers.borrow() as care:
        accounts = care.explain(kpi, period=PERIOD).accounts
    shown = [table for table in tables(html) if table[-1][0] == "all rows"]
    assert len(accounts) == len(shown)
    for account, table in zip(accounts, shown, strict=True):
        lines = [int(row[-1].replace(",", "")) for row in table]
        assert account.total == lines[-1] == sum(lines[:-1])


@pytest.mark.parametrize("where", ["", "&where=channel%3Dphone"])
def test_the_charges_of_a_cost_add_up_on_the_screen(web: TestClient, readers: Readers, where: str) -> None:
    html = web.get(f"/kpi/cost_per_contact?{ASKED}{where}").text
    (shown,) = (
        table for table in tables(html) if any("channel fees" in cell for row in table for cell in row)
    )
    cents = [
        round(100 * float(row[-1].lstrip("€").replace(",", ""))) for row in shown if row[-1].startswith("€")
    ]
    asked = {"where": {"channel": "phone"}} if where else {}
    (cell,) = readers.ask("cost_per_contact", period=PERIOD, **asked).cells
    assert round(100 * cell.parts["cost"]) == sum(cents)
    total = WORDS.money(cell.parts["cost"])
    assert f"{total} / {cell.n:,} (contacts) = {plain(cell)}" in text(html)
    assert ("Shared by handling time" in text(html)) == bool(where)
    assert "Che cosa si è speso" in web.get(f"/kpi/cost_per_contact?{ASKED}{where}&lang=it").text


def test_definitions_stand_side_by_side_with_the_tickets_on_which_they_part(
    web: TestClient, readers: Readers
) -> None:
    html = web.get(f"/kpi/first_response_time?{ASKED}").text
    shown = {row[0]: row for table in tables(html) for row in table if table[0][0] == "definition"}
    with readers.borrow() as care:
        found = care.ask("first_response_time", definition="all", period=PERIOD)
        (parting,) = care.partings("first_response_time", definition=("polso", "zendesk"), period=PERIOD)
    for cell in found:
        row = shown["polso" if cell.variant == "default" else cell.variant]
        assert plain(cell) == row[2].split("*")[0].strip()
        assert f"{cell.n:,}" == row[3]
    assert [f"{parting.tickets:,}", f"{parting.parted:,}"] == shown["zendesk"][5:7]
    assert any("right=zendesk" in href for href in links(html, "/disagree/first_response_time"))


def test_every_kpi_and_every_variant_has_its_page(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        every = [d for entry in care.catalogue.values() for d in entry.definitions]
    bad = [d.label for d in every if web.get(f"/kpi/{d.name}?variant={d.variant}&{ASKED}").status_code != 200]
    assert [] == bad


def test_a_split_is_drawn_and_its_table_is_the_answer(web: TestClient, readers: Readers) -> None:
    found = readers.ask("ticket_volume", by="channel", period=PERIOD)
    body = web.get(f"/figure/kpi/ticket_volume/split.csv?{ASKED}&by=channel").text
    rows = list(csv.DictReader(io.StringIO(body)))
    assert {cell.keys["channel"]: float(cell.value or 0) for cell in found} == {
        r["channel"]: float(r["value"]) for r in rows
    }


def test_an_impossible_split_says_why_and_leaves_the_rest(web: TestClient) -> None:
    answer = web.get(f"/kpi/ticket_volume?{ASKED}&by=nonsense")
    assert 200 == answer.status_code
    assert "nonsense" in text(answer.text)


def test_an_unknown_name_is_not_found_and_the_nearest_is_said(web: TestClient) -> None:
    answer = web.get("/kpi/frist_response_time")
    assert 404 == answer.status_code
    assert "first_response_time" in text(answer.text)
    assert 400 == web.get("/kpi/csat?variant=nobody").status_code
    assert 400 == web.get("/kpi/csat?stat=mode").status_code


def test_it_speaks_italian(web: TestClient) -> None:
    html = web.get(f"/kpi/csat?{ASKED}&lang=it").text
    said = text(html)
    for english in ("What it means", "all rows", "The rows behind it", "split by", "How it went", "The SQL"):
        assert english not in said
    assert "Che cosa significa" in said
