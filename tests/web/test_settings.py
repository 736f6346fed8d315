"""Settings: what polso.toml says is on the page, in both languages, and no secret ever is."""

from datetime import date
from pathlib import Path

from polso.config import CalendarSettings, Config, Hours, Target, parse
from polso.faces.web.screens.settings import SCREEN, aim, compose, opening, sentence
from web.known import page, read
from web.served import shown

WEEK = ("09:00-13:00", "14:00-18:00")
TOML = """
[project]
zone = "Europe/Rome"
[[source]]
name = "desk"
kind = "zendesk"
files = "data/*.json"
token = "s3cret"
[[calendar]]
name = "office"
holidays = "IT"
hours = { mon = ["09:00-13:00"] }
"""


def test_the_sentence_says_what_numbers_rest_on() -> None:
    config = parse(TOML)
    assert read(sentence(page(SCREEN, {}, config=config))) == (
        "Times are those of Europe/Rome, weeks begin on Monday. Set here: sources 1, calendars 1, targets 0."
    )
    assert read(sentence(page(SCREEN, {}, "it", config=config))) == (
        "Gli orari sono quelli di Europe/Rome, la settimana comincia di lunedì. Impostati: fonti 1, calendari 1, obiettivi 0."
    )


def test_days_with_the_same_hours_stand_together() -> None:
    office = Hours(mon=WEEK, tue=WEEK, wed=WEEK, thu=WEEK, fri=WEEK, sat=("09:00-12:00",))
    summer = Hours(valid_from=date(2026, 6, 1), mon=("08:00-14:00",))
    english = page(SCREEN, {})
    made = opening(english, CalendarSettings(name="office", hours=(office, summer)))
    assert made == "Mon–Fri 09:00–13:00, 14:00–18:00; Sat 09:00–12:00 · from 1 Jun 2026: Mon 08:00–14:00"
    assert opening(english, CalendarSettings(name="all", always=True)) == "always open"


def test_a_target_is_said_in_full() -> None:
    target = Target(kpi="first_response_time", within=14400, share=0.8, calendar=True)
    assert (
        aim(page(SCREEN, {}), target).replace("\u00a0", " ")
        == "within 4 h, in 80.0 % of cases (opening hours)"
    )
    assert aim(page(SCREEN, {}), Target(kpi="csat", value=0.9)).replace("\u00a0", " ") == "90.0 %"


def test_what_else_a_source_is_given_is_never_shown() -> None:
    view = compose(page(SCREEN, {}, config=parse(TOML)))
    cells = [cell for figure in view.figures for row in figure.table.rows for cell in row]
    assert "desk" in [cell.text for cell in cells]
    assert "s3cret" not in repr(view)
    assert "token" not in repr(view)


def test_an_empty_project_says_what_could_be_written() -> None:
    view = compose(page(SCREEN, {}, config=Config()))
    assert view.figure("targets").empty.startswith("No target: write [[target]]")
    assert view.figure("calendars").empty.startswith("No calendar")


def test_it_is_there_on_a_demo_company(acme: Path) -> None:
    english, italian = shown(acme, "/settings?lang=en", "/settings?lang=it")
    assert str(acme / "polso.toml") in english
    assert "Europe/Rome" in english
    assert "sempre aperto" in italian
