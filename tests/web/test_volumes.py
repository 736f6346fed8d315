"""Volumes: the sentence of a known story, and the screen on a demo company."""

from pathlib import Path

from starlette.testclient import TestClient

from polso.faces.web.app import make_app
from polso.faces.web.screens.volumes import SCREEN, sentence
from polso.query.result import Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read

PEAKS = answer(
    cell("ticket_volume:busiest_hour_of_day", 38, 331, keys={"band": "10"}),
    cell("ticket_volume:busiest_weekday", 77, 331, keys={"band": "1"}),
)


def story(language: str, **answers: Result) -> str:
    return read(sentence(page(SCREEN, answers, language)))


def split(name: str, **values: tuple[int, int]) -> Result:
    cells = [
        cell("ticket_volume", now, keys={name: v}, previous=before) for v, (now, before) in values.items()
    ]
    return answer(*cells, by=(name,))


def test_a_fall_is_said_with_its_channels_and_its_peaks() -> None:
    asked = {
        "now": answer(cell("ticket_volume", 830, previous=1000)),
        "channels": split("channel", email=(220, 360), phone=(500, 520), chat=(110, 120)),
        "teams": split("team", north=(415, 500), south=(415, 500)),
        "peaks": PEAKS,
    }
    assert story("en", **asked) == (
        "Tickets fell 17\u00a0% to 830, mostly email. The busiest hour of the day is 10:00, the busiest weekday Monday."
    )
    assert story("it", **asked) == (
        "I ticket sono scesi del 17\u00a0%, a 830, soprattutto email. "
        "L'ora più carica è quella delle 10:00, il giorno della settimana lunedì."
    )


def test_a_fall_of_everything_alike_has_no_cause() -> None:
    asked = {
        "now": answer(cell("ticket_volume", 800, previous=1000)),
        "channels": split("channel", email=(560, 700), phone=(240, 300)),
    }
    assert story("en", **asked) == "Tickets fell 20\u00a0% to 800."


def test_what_chance_makes_is_no_news_and_nothing_to_compare_with_is_a_level() -> None:
    assert story("en", now=answer(cell("ticket_volume", 331, previous=340))) == (
        "Tickets opened: 331, about as many as before (340)."
    )
    assert story("it", now=answer(cell("ticket_volume", 331))) == "Ticket ricevuti: 331."


def test_without_tickets_it_says_what_to_load() -> None:
    nothing = answer(cell("ticket_volume", 0, 0), cell("contact_volume", 0, 0))
    assert story("en", now=nothing).startswith("Nobody got in touch")
    assert "caricare" in story("it", now=nothing)
    calls = answer(cell("ticket_volume", 0, 0), cell("contact_volume", 40, 40))
    assert "40 contacts: load the help desk's tickets" in story("en", now=calls)


def test_the_screen_stands_on_a_demo_company(acme: Path) -> None:
    with Readers(acme) as readers:
        web = TestClient(make_app(readers), base_url="http://127.0.0.1")
        for url in (
            "/volumes",
            "/volumes?lang=it&compare=none",
            "/volumes?where=channel%3Dphone&period=last+7+days",
        ):
            got = web.get(url)
            assert got.status_code == 200
            assert 'class="sentence"' in got.text
            assert got.text.count("<figure") == 9
        assert web.get("/figure/volumes/by_channel.csv").text.startswith("channel,")
