"""Satisfaction: its sentence given known stories, its warning about few answers, and the page on a demo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from polso.errors import QuestionError
from polso.faces.web.app import make_app
from polso.faces.web.screens.satisfaction import SCREEN, compose, sentence, standing, warning
from polso.query.result import Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read

CSAT = cell("csat", 0.81, 900, previous=0.85, low=0.80, high=0.82)
NPS = cell("nps", 32.0, 400, previous=31.0, low=25.0, high=39.0)


def said(answers: dict[str, Result], language: str = "en") -> str:
    """The sentence, without its tags."""
    return read(sentence(page(SCREEN, answers, language))).replace("\u00a0", " ")


def by_channel(*many: tuple[str, float, float]) -> Result:
    """CSAT by channel: channel, value before and now."""
    return answer(
        *(
            cell("csat", now, 450, keys={"channel": name}, previous=before, previous_n=450)
            for name, before, now in many
        ),
        by=("channel",),
    )


def test_a_fall_is_told_with_the_channel_it_comes_from() -> None:
    story = {
        "now": answer(CSAT, NPS),
        "by_channel": by_channel(("phone", 0.83, 0.74), ("email", 0.87, 0.88)),
    }
    assert said(story) == "Fewer customers are satisfied: 81.0 %, −4 pt, almost all of it phone."
    assert said(story, "it") == "Meno clienti soddisfatti: 81,0 %, −4 pt, quasi solo telefono."


def test_more_who_recommend_are_told_in_points() -> None:
    story = {"now": answer(cell("nps", 40.0, 900, previous=20.0, low=35.0, high=45.0))}
    assert said(story) == "More would recommend: NPS +40, +20."
    assert said(story, "it") == "Più clienti ci consiglierebbero: NPS +40, +20."


def test_where_nothing_changed_the_three_stand_with_their_answers() -> None:
    story = {"now": answer(NPS, cell("ces", 5.5, 60, previous=5.45, low=5.2, high=5.8))}
    assert said(story) == (
        "NPS +32 (400 answers); effort 5.5 of 7 (60 answers). Nothing here changed beyond what chance explains."
    )
    assert said(story, "it").startswith("NPS +32 (400 risposte); sforzo 5,5 su 7 (60 risposte).")


@pytest.mark.parametrize(("share", "warned"), [(0.08, True), (0.2, False), (None, False)])
def test_few_answers_are_warned_of(share: float | None, warned: bool) -> None:
    made = page(SCREEN, {"asked": answer(cell("survey_response_rate", share, 500))})
    assert warned == ("Only 8.0" in read(warning(made)))


def test_a_rate_not_known_yet_gives_way_to_the_one_by_now() -> None:
    asked = answer(cell("survey_response_rate", None, 0), cell("survey_response_rate:by_now", 0.1, 300))
    assert "Solo 10,0" in read(warning(page(SCREEN, {"asked": asked}, "it")))


def test_without_answers_it_says_what_to_load() -> None:
    assert "load a survey" in said({"now": answer(cell("csat", None, 0))})
    view = compose(page(SCREEN, {name: QuestionError("not loaded") for name in SCREEN.asks}))
    assert all(figure.empty for figure in view.figures)


@pytest.fixture(scope="module")
def client(acme: Path) -> Iterator[TestClient]:
    """A browser on the demo company."""
    readers = Readers(acme)
    yield TestClient(make_app(readers), base_url="http://127.0.0.1")
    readers.close()


@pytest.mark.parametrize(
    "url",
    ["/satisfaction?period=all", "/satisfaction?lang=it&where=channel=email", "/satisfaction?compare=none"],
)
def test_the_demo_shows_every_part(client: TestClient, url: str) -> None:
    shown = client.get(url)
    assert shown.status_code == 200
    for name in ("csat", "nps", "scores", "classes", "ces", "answered", "table_channel", "verbatims"):
        assert f'id="{name}"' in shown.text


def test_scores_stand_from_best_to_worst(client: TestClient) -> None:
    spec = client.get("/figure/satisfaction/scores.vl?period=all").json()
    assert [5, 4, 3, 2, 1] == [value["score"] for value in spec["data"]["values"]]


def test_effort_is_drawn_on_its_own_scale(client: TestClient) -> None:
    spec = client.get("/figure/satisfaction/ces.vl?period=all").json()
    assert all(layer["encoding"]["y"]["scale"]["domain"] == [1, 7] for layer in spec["layer"])


def test_one_answer_is_said_as_one() -> None:
    one = {"now": answer(cell("csat", 1.0, 1))}
    assert read(standing(page(SCREEN, one))).endswith("are satisfied (1 answer).")
    assert read(standing(page(SCREEN, one, "it"))).endswith("(1 risposta).")
