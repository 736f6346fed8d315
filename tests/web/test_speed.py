"""Speed: the sentence of a known story, which target is in force, and the screen on a demo company."""

import re
from pathlib import Path

from starlette.testclient import TestClient

from polso.config import Config, Target
from polso.faces.web.app import make_app
from polso.faces.web.screens.speed import SCREEN, said_target, sentence
from polso.query.result import Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read

FIRST = "first_response_time"
NB = "\u00a0"


def story(language: str, **answers: Result) -> str:
    return read(sentence(page(SCREEN, answers, language)))


def first(now: float, before: float, sure: float, n: int = 900, **keys: str) -> Result:
    """A median, what it was, and half of its interval; of a split, beside a value that stood still."""
    one = cell(FIRST, now, n, keys=keys, stat="median", previous=before, low=now - sure, high=now + sure)
    still = cell(
        FIRST, 60, 500, keys=dict.fromkeys(keys, "phone"), stat="median", previous=60, low=50, high=70
    )
    return answer(one, *([still] if keys else []), by=tuple(keys))


def test_a_slowdown_is_said_with_the_slice_that_it_touches_most() -> None:
    asked = {
        "median": first(3000, 2280, 60),
        "channels": first(7200, 3600, 300, 400, channel="whatsapp"),
        "within": answer(cell("target_attainment", 0.75, 400)),
        "waiting": answer(cell("open_turns", 6, 6)),
        "waiting_now": answer(cell("open_turns", 42, 42)),
    }
    assert story("en", **asked) == (
        f"First response got 12{NB}min slower: half took more than 50{NB}min, above all whatsapp (+1{NB}h). "
        f"Within their target: 75.0{NB}%. Waiting for a reply now: 42, of whom 6 wrote in this period."
    )
    assert story("it", **asked) == (
        f"La prima risposta è più lenta di 12{NB}min: metà ha richiesto più di 50{NB}min, in particolare whatsapp (+1{NB}h). "
        f"Entro l'obiettivo: 75,0{NB}%. In attesa di risposta ora: 42, di cui 6 hanno scritto in questo periodo."
    )


def test_a_median_that_stands_still_hides_no_channel_that_moved() -> None:
    asked = {"median": first(3000, 2990, 400), "channels": first(7200, 3600, 300, 400, channel="email")}
    assert story("en", **asked) == (
        f"Half of the first responses took less than 50{NB}min, no change beyond chance, but email got 1{NB}h slower."
    )
    assert story("it", **asked).endswith(
        f"nessuna variazione oltre il caso, ma email è peggiorato di 1{NB}h."
    )


def test_chance_and_few_rows_blame_nobody() -> None:
    asked = {"median": first(3000, 2990, 400), "channels": first(7200, 3600, 9000, 400, channel="email")}
    assert story("en", **asked).endswith("no change beyond chance.")
    few = cell(FIRST, 7200, 5, keys={"channel": "sms"}, stat="median", previous=60, low=7000, high=7300,
               warnings=("only 5 rows",))  # fmt: skip
    assert "sms" not in story("en", median=asked["median"], channels=answer(few, by=("channel",)))


def test_without_replies_it_says_what_to_load_and_without_waits_that_nobody_waits() -> None:
    assert "load tickets with their messages" in story(
        "en", median=answer(cell(FIRST, None, 0, stat="median"))
    )
    level = answer(cell(FIRST, 60, stat="median"))
    nobody = answer(cell("open_turns", 0, 0))
    assert story("it", median=level, waiting=nobody, waiting_now=nobody).endswith(
        "Nessuno è in attesa di una risposta."
    )
    # Who waits since before the period still waits.
    assert story("en", median=level, waiting=nobody, waiting_now=answer(cell("open_turns", 3, 3))).endswith(
        "Waiting for a reply now: 3, of whom 0 wrote in this period."
    )


def test_the_target_in_force_is_the_first_whose_condition_the_page_meets() -> None:
    config = Config(target=(  # type: ignore[arg-type]
        Target(kpi=FIRST, within=120, share=0.8, when={"channel": "chat"}),
        Target(kpi=FIRST, within=14400, share=0.8, when={"channel": ("email", "web")}),
    ))  # fmt: skip
    anywhere = page(SCREEN, {}, config=config)
    assert anywhere.aim(FIRST) is None
    found = anywhere.aim(FIRST, channel="web")
    assert found is not None
    assert said_target(anywhere, found) == f"email, web, ≤ 4{NB}h"
    chat = page(SCREEN, {}, url="where=channel=chat", config=config).aim(FIRST)
    assert chat is not None
    assert chat.within == 120


def test_who_waits_now_is_not_only_who_wrote_in_the_period(client: TestClient) -> None:
    def waiting(period: str) -> float:
        found = client.get(f"/api/v1/ask?kpi=open_turns&period={period}").json()["cells"]
        return float(found[0]["value"])

    shown = client.get("/speed?lang=en&period=2026-04").text
    titles = ("Written in the period, still waiting for a reply", "Waiting for a reply now, whenever written")
    said = [re.search(rf"{title}.*?data-value=\"([\d.]+)\"", shown, re.DOTALL) for title in titles]
    assert [waiting("2026-04"), waiting("all")] == [float(one[1]) for one in said if one]
    assert waiting("2026-04") < waiting("all")


def test_the_screen_stands_on_a_demo_company(acme: Path) -> None:
    with Readers(acme) as readers:
        web = TestClient(make_app(readers), base_url="http://127.0.0.1")
        for url in (
            "/speed",
            "/speed?lang=it&compare=none",
            "/speed?where=channel%3Demail&period=last+90+days",
        ):
            got = web.get(url)
            assert got.status_code == 200
            assert 'class="sentence"' in got.text
            assert got.text.count("<figure") == 10
        assert "email, ≤" in got.text
        assert "where=kpi%3Dfirst_response_time" in got.text
        assert web.get("/figure/speed/channels.svg").text.startswith("<svg")
