"""Resolution: its sentence given known stories, its curve, its definitions side by side, and the page on a demo."""

from collections.abc import Iterator
from csv import DictReader
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from polso.errors import QuestionError
from polso.faces.web.app import make_app
from polso.faces.web.screens.resolution import SCREEN, compose, sentence
from polso.query.result import Result
from polso.serving.readers import Readers
from web.known import answer, cell, page, read

FCR = "first_contact_resolution"
SAME_FCR = cell(FCR, 0.72, 900, previous=0.721, low=0.69, high=0.75)
SAME_TIME = cell("resolution_time", 6000, 900, stat="median", previous=5990, low=5000, high=7000)


def said(answers: dict[str, Result], language: str = "en") -> str:
    """The sentence, without its tags."""
    return read(sentence(page(SCREEN, answers, language))).replace("\u00a0", " ")


def by_channel(kpi: str, *many: tuple[str, float, float]) -> Result:
    """An answer by channel: channel, value before and now."""
    return answer(
        *(
            cell(kpi, now, 500, keys={"channel": name}, previous=before, previous_n=500)
            for name, before, now in many
        ),
        by=("channel",),
    )


def test_the_worst_move_is_told_with_the_channel_it_comes_from() -> None:
    story = {
        "now": answer(cell(FCR, 0.60, 1000, previous=0.72, low=0.58, high=0.62)),
        "median": answer(SAME_TIME),
        "rates_channel": by_channel(FCR, ("phone", 0.70, 0.44), ("email", 0.74, 0.76)),
    }
    assert said(story) == (
        "Fewer tickets are solved at the first contact: 60.0 %, −12 pt, almost all of it phone."
    )
    assert said(story, "it") == "Meno ticket risolti al primo contatto: 60,0 %, −12 pt, quasi solo telefono."


def test_what_got_better_comes_after_what_got_worse() -> None:
    story = {
        "now": answer(
            cell(FCR, 0.80, 1000, previous=0.72, low=0.78, high=0.82),
            cell("reopen_rate", 0.10, 1000, previous=0.06, low=0.09, high=0.11),
        ),
        "median": answer(SAME_TIME),
    }
    assert said(story) == (
        "More solved tickets come back: 10.0 % are reopened, +4 pt. Also: First-contact resolution +8 pt."
    )


def test_slower_solving_is_told_in_time() -> None:
    slow = cell("resolution_time", 7200, 900, stat="median", previous=3600, low=7000, high=7400)
    story = {"now": answer(SAME_FCR), "median": answer(slow)}
    assert said(story) == "Solving takes longer: half the tickets within 2 h, +1 h."
    assert said(story, "it").startswith("Risolvere richiede più tempo: metà dei ticket entro 2 h,")


def test_the_slowest_are_no_headline_but_are_not_kept_quiet() -> None:
    slowest = cell("resolution_time", 200_000, 900, stat="p90", previous=100_000, low=190_000, high=210_000)
    story = {"now": answer(SAME_FCR), "median": answer(SAME_TIME), "p90": answer(slowest)}
    assert said(story).endswith("at the first contact. Also: Resolution time (p90) +1 d 4 h.")


def test_where_nothing_changed_the_level_is_told() -> None:
    story = {"now": answer(SAME_FCR), "median": answer(SAME_TIME)}
    assert said(story) == (
        "Half the tickets are solved within 1 h 40; 72.0 % are solved at the first contact. "
        "Nothing here changed beyond what chance explains."
    )
    assert said(story, "it").endswith("Nulla qui è cambiato oltre ciò che il caso spiega.")


def test_without_solves_it_says_what_to_load() -> None:
    story = {"now": QuestionError("nothing"), "median": answer(cell("resolution_time", None, 0))}
    assert "load events `opened` and `solved`" in read(sentence(page(SCREEN, story)))


def test_a_page_without_answers_still_stands() -> None:
    view = compose(page(SCREEN, {name: QuestionError("not loaded") for name in SCREEN.asks}))
    assert all(figure.empty for figure in view.figures)


@pytest.fixture(scope="module")
def client(acme: Path) -> Iterator[TestClient]:
    """A browser on the demo company."""
    readers = Readers(acme)
    yield TestClient(make_app(readers), base_url="http://127.0.0.1")
    readers.close()


@pytest.mark.parametrize(
    "url", ["/resolution", "/resolution?lang=it&where=channel=email", "/resolution?compare=none"]
)
def test_the_demo_shows_every_part(client: TestClient, url: str) -> None:
    shown = client.get(url)
    assert shown.status_code == 200
    for name in ("curve", "course", "bands", "first", "definitions", "parting", "by_channel", "by_team"):
        assert f'id="{name}"' in shown.text
    assert "/disagree/first_contact_resolution?" in shown.text
    assert "right=zendesk" in shown.text


@pytest.mark.parametrize(
    ("language", "title"), [("en", "Escalations by reason"), ("it", "Escalation per motivo")]
)
def test_escalations_stand_beside_transfers_by_reason(client: TestClient, language: str, title: str) -> None:
    assert title in client.get("/resolution", params={"lang": language}).text
    with client.stream("GET", "/figure/resolution/escalations.csv") as shown:
        rows = list(DictReader(shown.read().decode("utf-8-sig").splitlines()))
    assert {"complexity", "skill", "vip"} >= {row["escalation_reason"] for row in rows} > set()


def test_where_no_escalation_says_why_it_says_what_to_load() -> None:
    view = compose(page(SCREEN, {"escalations": answer(by=("escalation_reason",))}))
    (figure,) = (figure for figure in view.figures if figure.name == "escalations")
    assert "load events `escalated` with their reason as value" in figure.empty


def test_the_curve_falls_and_stays_within_its_band(client: TestClient) -> None:
    values = client.get("/figure/resolution/curve.vl").json()["data"]["values"]
    shares = [value["share"] for value in values]
    assert shares == sorted(shares, reverse=True)
    assert all(value["low"] <= value["share"] <= value["high"] for value in values)
