"""Phone: its sentence given known stories, a funnel that loses nobody, and the page on a demo."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from polso.errors import QuestionError
from polso.faces.web import plots
from polso.faces.web.app import make_app
from polso.faces.web.screens.phone import SCREEN, compose, sentence
from polso.query.result import Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read

SAME = cell("service_level", 0.81, 1000, previous=0.811, low=0.78, high=0.84)
SAME_GIVEN_UP = cell("abandonment_rate", 0.06, 1000, previous=0.061, low=0.05, high=0.08)


def said(answers: dict[str, Result], language: str = "en") -> str:
    """The sentence, without its tags."""
    return read(sentence(page(SCREEN, answers, language))).replace("\u00a0", " ")


def test_more_abandons_are_told_with_the_hour_they_come_from() -> None:
    hours = [
        cell("abandonment_rate", now, n, keys={"hour_of_day": hour}, previous=0.05, previous_n=n)
        for hour, now, n in ((9, 0.05, 400), (10, 0.24, 300), (18, 0.05, 300))
    ]
    story = {
        "levels": answer(SAME),
        "now": answer(cell("abandonment_rate", 0.107, 1000, previous=0.05, low=0.09, high=0.12)),
        "level_hour_of_day": answer(*hours, by=("hour_of_day",)),
    }
    assert said(story) == "More give up before an answer: 10.7 %, +5.7 pt, almost all of it around 10:00."
    assert said(story, "it") == (
        "Più persone rinunciano prima della risposta: 10,7 %, +5,7 pt, quasi solo verso le 10:00."
    )


def test_a_better_service_level_is_told_with_its_limit() -> None:
    better = cell("service_level", 0.88, 1000, previous=0.80, low=0.86, high=0.90)
    story = {"levels": answer(better), "now": answer(SAME_GIVEN_UP)}
    assert said(story) == "More get an answer in time: 88.0 % within 20 s, +8 pt."
    assert said(story, "it") == "Più risposte in tempo: 88,0 % entro 20 s, +8 pt."


def test_chance_is_no_news() -> None:
    story = {"levels": answer(SAME), "now": answer(SAME_GIVEN_UP)}
    assert said(story) == (
        "81.0 % get an answer within 20 s; 6.0 % give up before one. "
        "Nothing here changed beyond what chance explains."
    )
    assert said(story, "it").startswith("Riceve risposta entro 20 s: 81,0 %; rinuncia prima: 6,0 %.")


def test_without_calls_it_says_what_to_load() -> None:
    assert "load a phone log" in said({"levels": answer(cell("service_level", None, 0))})
    view = compose(page(SCREEN, {name: QuestionError("not loaded") for name in SCREEN.asks}))
    assert all(figure.empty for figure in view.figures)


def stages(*many: tuple[str, str | None, int]) -> Result:
    """Finished visits: stage, outcome, how many."""
    made = [
        cell("stage_abandonment", 0.0, n, keys={"stage": stage, "outcome": end}) for stage, end, n in many
    ]
    return answer(*made, by=("stage", "outcome"))


def test_a_funnel_loses_nobody_between_its_columns() -> None:
    found = plots.steps(stages(
        ("queue", "answered", 80), ("queue", "abandoned", 12), ("queue", "callback", 5), ("queue", None, 3),
        ("ivr", "passed", 100), ("ivr", "served", 20), ("ivr", "abandoned", 4), ("hold", "passed", 9),
    ))  # fmt: skip
    assert [("ivr", 124, 100, 4, 20), ("queue", 100, 80, 12, 8)] == [
        (step.stage, step.entered, step.passed, step.left, step.others) for step in found
    ]


@pytest.fixture(scope="module")
def client(acme: Path) -> Iterator[TestClient]:
    """A browser on the demo company."""
    readers = Readers(acme)
    yield TestClient(make_app(readers), base_url="http://127.0.0.1")
    readers.close()


@pytest.mark.parametrize(
    "url", ["/phone?period=last+90+days", "/phone?lang=it&where=channel=phone", "/phone?compare=none"]
)
def test_the_demo_shows_every_part(client: TestClient, url: str) -> None:
    shown = client.get(url)
    assert shown.status_code == 200
    for name in (
        "course",
        "funnel",
        "waits",
        "hours",
        "week",
        "outcomes",
        "handling",
        "occupancy",
        "by_channel",
    ):
        assert f'id="{name}"' in shown.text


def test_the_funnel_on_the_page_adds_up_and_is_what_the_rate_says(client: TestClient) -> None:
    rows = client.get("/figure/phone/funnel.json?period=all").json()
    assert [row["stage"] for row in rows] == ["welcome", "ivr", "queue"]
    for row in rows:
        assert row["entered"] == row["passed"] + row["abandoned"] + row["others"]
        assert row["share"] == pytest.approx(row["abandoned"] / row["entered"])


def test_waits_only_rise(client: TestClient) -> None:
    rows = client.get("/figure/phone/waits.json?period=all").json()
    answered = [row["answered"] for row in rows]
    assert answered == sorted(answered)
    assert len(answered) == 8


def test_where_chats_queue_too_calls_are_told_apart() -> None:
    both = answer(
        cell("service_level", 0.8, 100, keys={"channel": "phone"}),
        cell("service_level", 0.2, 30, keys={"channel": "chat"}),
        by=("channel",),
    )
    levels = answer(cell("service_level", 0.66, 130, low=0.6, high=0.7))
    assert "by phone alone 80.0 %" in said({"levels": levels, "level_channel": both})
    assert "solo al telefono 80,0 %" in said({"levels": levels, "level_channel": both}, "it")
    alone = answer(cell("service_level", 0.8, 100, keys={"channel": "phone"}), by=("channel",))
    assert "alone" not in said({"levels": levels, "level_channel": alone})
