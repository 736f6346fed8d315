"""Wallboard: what it says of the last day, that no agent is on it, and the page on a demo."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from polso.faces.web.app import make_app
from polso.faces.web.page import Page
from polso.faces.web.screens.wallboard import SCREEN, compose, of_today, sentence, teams
from polso.query.result import Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read


def wall(answers: dict[str, Result], language: str = "en", url: str = "") -> Page:
    """The wallboard's own page, on the evening of 29 March 2026."""
    made = page(SCREEN, answers, language, url=url)
    return replace(
        made, about=replace(made.about, last=datetime(2026, 3, 29, 17), as_of=datetime(2026, 3, 29, 17))
    )


NOW = {
    "open_turns": answer(cell("open_turns", 7, 7)),
    "backlog": answer(cell("backlog", 54, 54)),
    "service_level": answer(cell("service_level", 0.8125, 160, low=0.74, high=0.87)),
}


def test_one_sentence_says_how_it_stands() -> None:
    told = {lang: read(sentence(of_today(wall(NOW, lang)))).replace("\u00a0", " ") for lang in ("en", "it")}
    assert told["en"] == "7 wait for a reply, 54 tickets are still open, 81.2 % were answered in time."
    assert told["it"] == "7 aspettano una risposta, 54 ticket sono ancora aperti, risposte in tempo 81,2 %."


def test_nobody_waiting_is_said_and_nothing_loaded_too() -> None:
    calm = {"open_turns": answer(cell("open_turns", 0, 0))}
    assert read(sentence(of_today(wall(calm)))) == "Nobody waits for a reply."
    assert read(sentence(of_today(wall({}, "it")))) == "Per questo giorno non è ancora caricato nulla."


def test_it_is_about_the_last_day_of_data_in_the_projects_zone() -> None:
    made = wall(NOW)
    late = replace(made, about=replace(made.about, last=datetime(2026, 3, 29, 23)))
    # 23:00 UTC is the next day in the zone of the project.
    zone = late.about.config.project.zone
    day = of_today(late).period
    assert (day.days, zone) == (1, day.zone)
    assert compose(late).sentence


def test_an_agent_is_no_filter_of_a_wall() -> None:
    made = of_today(wall(NOW, url="where=agent=g&where=channel=phone&where=solver!=g"))
    assert made.state.where == ("channel=phone",)


def test_teams_that_wait_most_come_first() -> None:
    split = {
        "open_turns_teams": answer(
            cell("open_turns", 1, 1, keys={"team": "a"}),
            cell("open_turns", 5, 5, keys={"team": "b"}),
            by=("team",),
        ),
        "backlog_teams": answer(cell("backlog", 9, 9, keys={"team": "c"}), by=("team",)),
    }
    assert ["b", "a", "c"] == [row[0].text for row in teams(of_today(wall(split))).rows]


@pytest.fixture(scope="module")
def client(acme: Path) -> Iterator[TestClient]:
    """A browser on the demo company."""
    readers = Readers(acme)
    yield TestClient(make_app(readers), base_url="http://127.0.0.1")
    readers.close()


@pytest.mark.parametrize("url", ["/wallboard", "/wallboard?lang=it&where=channel=phone&period=last+90+days"])
def test_the_demo_shows_the_day_with_the_time_of_its_data(client: TestClient, url: str) -> None:
    shown = client.get(url)
    assert shown.status_code == 200
    assert 'id="board" data-every="30"' in shown.text
    assert "/static/wallboard.js" in shown.text
    assert "<nav" not in shown.text
    assert re.search(r"<span data-day>\w+ 30 \w+ 2026</span>", re.sub(r"Jun|giu", "Jun", shown.text))


def test_one_is_said_as_one() -> None:
    one = {"open_turns": answer(cell("open_turns", 1, 1)), "backlog": answer(cell("backlog", 1, 1))}
    told = {lang: read(sentence(of_today(wall(one, lang)))) for lang in ("en", "it")}
    assert {
        "en": "1 waits for a reply, 1 ticket is still open.",
        "it": "1 aspetta una risposta, 1 ticket è ancora aperto.",
    } == told


def test_no_agent_is_on_the_wall(client: TestClient) -> None:
    shown = client.get("/wallboard?where=agent=a01").text
    readers: Readers = client.app.state.readers  # type: ignore[attr-defined]
    with readers.borrow() as care:
        agents = {c.keys["agent"] for c in care.ask("contact_volume", by="agent") if c.keys["agent"]}
    assert agents
    assert not [agent for agent in agents if re.search(rf"\b{re.escape(str(agent))}\b", shown)]
