"""One ticket's time line: the verdict, the instants and the open pieces are those of the story; nobody is named."""

from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from polso.faces.web.drill.timeline import PAD, WIDTH, Scale
from polso.faces.words import Words
from polso.serving.readers import Readers
from web.drill.pages import sentence, tables, text

WORDS = Words("en")
PERIOD = "2026-03-01..2026-04-01"


def url(ticket: str, **more: str) -> str:
    return f"/ticket/{ticket}?" + "&".join(f"{k}={v}" for k, v in ({"period": "all"} | more).items())


def test_every_instant_of_the_story_is_written_in_local_time(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        row = care.rows(
            "first_response_time", period=PERIOD, where={"channel": "email"}, limit=1
        ).to_pylist()[0]
        story = care.explain("first_response_time", ticket=row["ticket_id"], source=row["source"]).story
    assert story
    (chapter,) = story.chapters
    html = web.get(url(row["ticket_id"])).text
    said = text(html)
    for end in (chapter.start, chapter.stop):
        assert end
        assert end.at
        assert WORDS.moment(end.at, "Europe/Rome") in said
    for a, b in chapter.pieces:
        assert WORDS.moment(a, "Europe/Rome") in said
        assert WORDS.moment(b, "Europe/Rome") in said
    assert html.count('class="open"') == len(chapter.pieces)
    listed = next(t for t in tables(html) if t[0][0] == "#")
    assert [WORDS.moment(e["occurred_at"], "Europe/Rome") for e in story.events] == [r[1] for r in listed[1:]]
    assert "counted" in sentence(html)


def test_whom_the_agents_are_is_not_said(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        row = care.rows("first_response_time", period=PERIOD, limit=1).to_pylist()[0]
    html = web.get(url(row["ticket_id"])).text
    cells = {cell for table in tables(html) for line in table for cell in line}
    assert row["agent"]
    assert row["agent"] not in cells


def test_a_ticket_left_out_says_why(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        rows = care.rows("tickets_left_out", limit=None).to_pylist()
    merged = next(row for row in rows if row["left_out"] == "merged")
    assert "leaves this ticket out: merged into another ticket" in sentence(
        web.get(url(merged["ticket_id"])).text
    )


def test_outside_the_period_the_verdict_over_all_time_is_said_too(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        row = care.rows("first_response_time", period="2025-09", limit=1).to_pylist()[0]
    said = text(web.get(url(row["ticket_id"], period="2026-03")).text)
    assert "is outside the period" in said
    assert "Over all time: counted." in said


def test_every_kpi_that_is_told_by_ticket_can_be_chosen(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        ticket = care.rows("first_response_time", period=PERIOD, limit=1).to_pylist()[0]["ticket_id"]
        names = list(care.catalogue)
    bad = [name for name in names if web.get(url(ticket, kpi=name)).status_code != 200]
    assert [] == bad


def test_the_longest_ticket_is_drawn_within_its_frame(web: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        rows = care.rows("ticket_volume", limit=None).select(["ticket_id", "events"]).to_pylist()
    longest = max(rows, key=lambda row: row["events"])
    html = web.get(url(longest["ticket_id"], kpi="reply_time")).text
    assert '<svg class="timeline"' in html
    assert "style=" not in html


def test_an_unknown_ticket_or_kpi_is_not_found(web: TestClient) -> None:
    assert 404 == web.get("/ticket/nobody").status_code
    assert 400 == web.get("/ticket/T2?kpi=nothing").status_code
    assert 404 == web.get("/ticket/T2?source=nowhere").status_code


def test_it_speaks_italian(web: TestClient) -> None:
    said = text(web.get(url("T2", lang="it")).text)
    for english in ("What the KPI makes of it", "Events", "from start to stop", "customer", "survey sent"):
        assert english not in said
    assert "Che cosa ne fa il KPI" in said


@pytest.mark.parametrize("gaps", [[0.0], [1, 1, 1], [1, 864000, 1], [0, 0, 5], [10_000_000] * 3])
def test_the_scale_keeps_order_and_frame(gaps: list[float]) -> None:
    at = [datetime(2026, 3, 1)]
    for gap in gaps:
        at.append(at[-1] + timedelta(seconds=gap))
    scale = Scale.of(at)
    places = [scale(one) for one in at]
    assert places == sorted(places)
    assert all(PAD <= x <= WIDTH - PAD for x in places)
    if len(set(at)) > 1:
        middle = at[0] + (at[-1] - at[0]) / 2
        assert places[0] <= scale(middle) <= places[-1]
