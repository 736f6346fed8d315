"""Backlog: the sentence of a known story, the sum that must hold, and the screen on a demo company."""

from pathlib import Path

from starlette.testclient import TestClient

from polso.faces.web import plots
from polso.faces.web.app import make_app
from polso.faces.web.screens.backlog import SCREEN, roll_sum, sentence
from polso.query.result import Cell, Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read

ROLL = "backlog_roll_forward"


def rolled(**moved: int) -> Result:
    return answer(*lines(**moved))


def lines(channel: str = "", **moved: int) -> list[Cell]:
    keys = {"channel": channel} if channel else {}
    return [cell(ROLL, n, n, keys={**keys, "band": name}) for name, n in moved.items()]


def aged(**bands: int) -> Result:
    whole = sum(bands.values())
    known = {"young": "<1d", "old": ">=30d"}
    cells = [cell("backlog_by_age", n, whole, keys={"band": known[name]}) for name, n in bands.items()]
    return answer(*cells, cell("backlog_by_age", 9e6, whole, keys={"band": "mean_age"}))


def story(language: str, **answers: Result) -> str:
    return read(sentence(page(SCREEN, answers, language)))


MOVED = rolled(start=61, opened=40, reopened=2, moved_in=30, solved=20, closed=3, moved_out=30, end=80)


def test_growth_is_said_with_whose_it_is_and_how_much_is_old() -> None:
    asked = {
        "now": answer(cell("backlog", 80, 80)),
        "roll": MOVED,
        "ages": aged(young=20, old=60),
        "channels_roll": answer(*lines("email", start=20, end=37), *lines("phone", start=41, end=43)),
    }
    assert story("en", **asked) == (
        "The backlog grew from 61 to 80, almost all of it email. Still open after 30\u00a0d or more: 60 of 80."
    )
    assert story("it", **asked) == (
        "L'arretrato è cresciuto da 61 a 80, quasi solo email. Ancora aperti dopo 30\u00a0g o più: 60 su 80."
    )


def test_what_stands_still_and_what_is_unknown_is_said_plainly() -> None:
    still = {"now": answer(cell("backlog", 61, 61)), "roll": rolled(start=61, opened=5, solved=5, end=61)}
    assert story("en", **still) == "The backlog ends where it began, at 61."
    assert "caricare i ticket" in story("it", now=answer(cell("backlog", None, 0)))
    assert "load the help desk's tickets" in story(
        "en", now=answer(cell("backlog", 0, 0)), roll=rolled(start=0, end=0)
    )


def test_the_sum_holds_only_where_the_end_was_counted_as_much() -> None:
    whole = roll_sum(page(SCREEN, {"roll": MOVED, "now": answer(cell("backlog", 80, 80))}))
    assert whole is not None
    assert whole.holds
    assert whole.came == (("opened", 40), ("reopened", 2))
    short = roll_sum(page(SCREEN, {"roll": MOVED, "now": answer(cell("backlog", 79, 79))}))
    assert short is not None
    assert not short.holds
    assert roll_sum(page(SCREEN, {"roll": MOVED})) is None


def test_the_bridge_hangs_each_move_where_the_one_before_it_ended() -> None:
    made = plots.bridge(page(SCREEN, {}), MOVED)["data"]["values"]
    assert [(row["label"], row["from"], row["to"], row["said"]) for row in made] == [
        ("start", 0, 61, "61"),
        ("opened", 61, 101, "+40"),
        ("reopened", 101, 103, "+2"),
        ("solved", 103, 83, "−20"),
        ("closed", 83, 80, "−3"),
        ("end", 0, 80, "80"),
    ]


def test_the_screen_stands_on_a_demo_company(acme: Path) -> None:
    with Readers(acme) as readers:
        web = TestClient(make_app(readers), base_url="http://127.0.0.1")
        for url in ("/backlog", "/backlog?where=team%3Dtecnico", "/backlog?lang=it&compare=none"):
            got = web.get(url)
            assert got.status_code == 200
            assert got.text.count("<figure") == 9
            # The moves make what was counted, under filters too.
            assert "✓" in got.text
        assert "alla fine" in got.text
        assert "without them there is" in web.get("/backlog?where=team%3Dnobody").text
        assert web.get("/figure/overview/roll.svg").status_code == 200
