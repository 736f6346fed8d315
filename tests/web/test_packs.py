"""Regulation packs: the sentence, given verdicts with a known story, and the screen on a demo company."""

from datetime import date
from pathlib import Path

from polso.faces.web.screens.packs import SCREEN, chosen, drawn, requirement, sentence, verdict
from polso.packs.judgement import Judgement, Line
from polso.packs.pack import find
from polso.query.period import Period
from web.known import page, read
from web.served import browsing, shown

PACK = find("agcom-255-24")
WAIT, SHARE = PACK.row[0], PACK.row[1]
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1), "Europe/Rome")
MISSED = Line(WAIT, None, "not met", 180.0, 900, "duration", 150.0)
OPEN = Line(SHARE, None, "no threshold", 0.87, 900, "share")


def said(language: str) -> str:
    return read(sentence(page(SCREEN, {}, language), Judgement(PACK, YEAR, (MISSED, OPEN))))


def test_what_is_met_and_what_is_not_is_said_by_name() -> None:
    english, italian = said("en"), said("it")
    assert english.startswith("AGCOM 255/24/CONS, 2026.")
    assert f"2026. Not met: {WAIT.title.en}. Without a confirmed threshold: {SHARE.title.en}." in english
    assert f"Non rispettati: {WAIT.title.it}. Senza una soglia confermata: {SHARE.title.it}." in italian


def test_without_a_pack_it_says_to_choose_one() -> None:
    assert read(sentence(page(SCREEN, {}), None)).startswith("Choose the rules that apply to you: 3 packs")
    assert read(sentence(page(SCREEN, {}, "it"), None)).startswith("Scegli le norme che ti riguardano: 3")


def test_the_url_says_which_pack_and_year() -> None:
    assert chosen(page(SCREEN, {}, url="pack=arera-rqsii&year=2025")) == ("arera-rqsii", "2025")
    assert chosen(page(SCREEN, {}, url="pack=arera-rqsii&year=soon")) == ("arera-rqsii", "2026")
    assert chosen(page(SCREEN, {})) == (None, "2026")


def test_a_verdict_is_a_mark_and_a_word() -> None:
    assert verdict(page(SCREEN, {}), MISSED) == "✗ not met"
    assert verdict(page(SCREEN, {}, "it"), Line(WAIT, None, "met")).startswith("✓ ")
    assert verdict(page(SCREEN, {}), OPEN) == "no threshold"


def test_months_are_drawn_with_the_threshold_and_said_in_a_table() -> None:
    months = [
        Line(WAIT, date(2026, n, 1), "met" if n == 1 else "not met", 100.0 * n, 90, "duration", 150.0)
        for n in (1, 2)
    ]
    made = requirement(page(SCREEN, {}), [*months, MISSED])
    assert made.spec
    assert [row[4].text for row in made.table.rows] == ["✓ met", "✗ not met", "✗ not met"]
    assert "by law" in made.note
    assert drawn(page(SCREEN, {}), months[:1]) is None


def test_what_cannot_be_computed_says_what_is_missing() -> None:
    missing = find("agcom-79-09").row[0]
    line = Line(missing, None, "not computable", why="missing", told={"what": missing.missing})
    made = requirement(page(SCREEN, {}), [line])
    assert made.empty.startswith("not computable from these sources")


def test_it_is_there_on_a_demo_company(acme: Path) -> None:
    listed, *packs = shown(
        acme, "/packs?lang=en", "/packs?pack=agcom-79-09&lang=en", "/packs?pack=agcom-255-24&year=2026&lang=it",
        "/packs?pack=arera-rqsii&year=2025&lang=en", "/packs?pack=nonsense&lang=en",
    )  # fmt: skip
    assert "3 packs are held ready" in listed
    assert "not computable from these sources" in packs[0]
    assert "Rispettati" in packs[1] or "Non rispettati" in packs[1] or "Non ancora conclusi" in packs[1]
    assert "nonsense" in packs[3]
    with browsing(acme) as client:
        assert client.get("/figure/packs/answer_time.csv?pack=agcom-255-24").status_code == 200
