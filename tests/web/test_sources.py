"""Sources and data quality: its sentence, given accounts with a known story, and the screen on a demo company."""

from datetime import datetime
from pathlib import Path

import polso
from polso.demo import write_project
from polso.errors import QuestionError
from polso.events.check import Finding, Sample
from polso.faces.web.screens.sources import SCREEN, Told, compose, sentence
from polso.kpis.definition import Words
from polso.query.balance import Line, Term
from polso.sources.account import Account, accounts, reasons
from web.known import page, read
from web.served import browsing, shown

ACCOUNTS = (
    Account("phone", "events", 1, 10_000, 9_980, 10, 10, 40_000),
    Account("email", "events", 2, 2_345, 2_343, 0, 2, 9_000),
)
REASONS = (("phone", "no such channel", 9), ("email", "no instant", 3))
HERE, THERE = Words(en="here", it="qui"), Words(en="there", it="là")


def said(told: Told, language: str = "en") -> str:
    return read(sentence(page(SCREEN, {}, language), told)).replace("\u00a0", " ")


def test_every_row_is_accounted_for_and_why_some_were_rejected() -> None:
    told = Told(ACCOUNTS, REASONS)
    assert said(told) == (
        "All 12,345 rows of 2 sources are accounted for. 12 were rejected, most because: no such channel."
    )
    assert said(told, "it") == (
        "Tutte le 12.345 righe di 2 fonti tornano. Scartate 12, le più perché: no such channel."
    )


def test_where_none_was_rejected_that_is_said() -> None:
    told = Told((Account("phone", "events", 1, 10, 10, 0, 0, 20),))
    assert said(told) == "All 10 rows of 1 sources are accounted for. None was rejected."
    assert said(told, "it") == "Tutte le 10 righe di 1 fonti tornano. Nessuna è stata scartata."


def test_rows_that_nobody_accounts_for_are_loud() -> None:
    told = Told((Account("phone", "events", 1, 10, 7, 0, 0, 20),))
    assert said(told).startswith("Of 10 rows of 1 sources 3 are not accounted for: this is a defect of Polso")
    made = compose(page(SCREEN, {}))
    assert made.figure("sources").empty.startswith("Nothing is loaded")


def test_counts_that_do_not_add_up_and_sources_that_stopped_are_said() -> None:
    wrong = Line("offered", HERE, Term(HERE, 10), (Term(THERE, 9),))
    gone = datetime(2026, 3, 1)
    stopped = Finding("stopped", 1, "", (Sample("email", None, None, (gone, gone)),))
    told = Told(ACCOUNTS, REASONS, findings=(stopped,), lines=(wrong,))
    assert said(told).endswith("1 counts do not add up. Silent since before the others: email.")
    assert said(told, "it").endswith("Conti che non tornano: 1. Ferme da prima delle altre: email.")


def test_a_filter_that_no_count_fits_leaves_the_rest() -> None:
    told = Told(ACCOUNTS, REASONS, lines=QuestionError("no such filter"))
    assert "accounted for" in said(told)


def test_it_is_there_on_a_demo_company(acme: Path) -> None:
    english, italian = shown(acme, "/sources?lang=en", "/sources?lang=it")
    assert "What Polso needs" in english
    assert "adds up" in english
    assert "Ciò che serve a Polso" in italian
    with browsing(acme) as client:
        assert client.get("/figure/sources/sources.csv").text.count("\n") > 5


def test_the_account_is_that_of_the_loads_with_what_was_rejected(tmp_path: Path) -> None:
    write_project(tmp_path / "p", tickets=300, seed=3)
    file = tmp_path / "p" / "data" / "odd.csv"
    file.write_text(
        "event_id,kind,occurred_at,ticket_id\n1,opened,2026-01-01T10:00:00Z,T1\n2,opened,1970-01-01T00:00:00Z,T2\n"
    )
    toml = tmp_path / "p" / "polso.toml"
    odd = '[[source]]\nname = "odd"\nkind = "events"\nfiles = "data/odd.csv"\n\n[[target]]'
    toml.write_text(toml.read_text().replace("[[target]]", odd, 1))
    with polso.open(tmp_path / "p") as care:
        loaded = care.load()
        found = {one.source: one for one in accounts(care.engine, care.config)}
        why = reasons(care.engine)
        shown_rows = care.rejections(["odd"])
    assert sum(one.rows for one in loaded) == sum(one.rows for one in found.values())
    assert (found["odd"].rows, found["odd"].used, found["odd"].rejected, found["odd"].missing) == (2, 1, 1, 0)
    assert [("odd", 1)] == [(source, n) for source, _, n in why]
    assert ["data/odd.csv"] == [row["file"] for row in shown_rows]
