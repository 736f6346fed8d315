import csv
import io
from pathlib import Path

import pytest

from faces.tiny import DAYS, Run

TITLES = {"en": "Tickets opened", "it": "Ticket ricevuti"}


def test_ask_as_data_has_one_object_a_cell(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "ask", "ticket_volume", "first_response_time", "-b", "channel", "--json")
    cells = {(cell["kpi"], cell["channel"]): cell for cell in found.json}
    assert 4 == len(cells)
    assert {
        "kpi", "variant", "version", "channel", "value", "n", "low", "high", "unit", "stat", "time",
        "previous", "change", "warnings",
    } == set(cells["first_response_time", "email"])  # fmt: skip
    assert (1800, DAYS) == tuple(cells["first_response_time", "email"][k] for k in ("value", "n"))
    assert DAYS == cells["ticket_volume", "chat"]["value"]


def test_ask_as_csv_keeps_numbers_as_numbers(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "ask", "first_response_time", "-b", "channel", "--csv")
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert [("chat", 300.0), ("email", 1800.0)] == [(row["channel"], float(row["value"])) for row in rows]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        (["channel=email"], DAYS),
        (["channel!=email"], DAYS),
        (["channel=email,chat"], 2 * DAYS),
        (["channel!=email,chat"], 0),
        (["channel=email", "team=first"], DAYS),
        (["agent="], 0),
        (["agent!="], 2 * DAYS),
        (["is_open=no"], 2 * DAYS),
    ],
)
def test_filters(run: Run, care_folder: Path, where: list[str], expected: int) -> None:
    options = [part for text in where for part in ("-w", text)]
    (cell,) = run("-C", care_folder, "ask", "ticket_volume", *options, "--json").json
    assert expected == cell["value"]


def test_parameters_change_thresholds(run: Run, care_folder: Path) -> None:
    shown = run("-C", care_folder, "kpis", "first_response_rate_within", "--json").json[0]
    name = next(iter(shown["params"]))
    (strict,) = run(
        "-C", care_folder, "ask", "first_response_rate_within", "--param", f"{name}=10m", "--json"
    ).json
    (loose,) = run(
        "-C", care_folder, "ask", "first_response_rate_within", "--param", f"{name}=3600", "--json"
    ).json
    assert (0.5, 1.0) == (strict["value"], loose["value"])


def test_compare_statistic_and_limit(run: Run, care_folder: Path) -> None:
    found = run(
        "-C", care_folder, "ask", "first_response_time", "--stat", "median", "-p", "last 7 days",
        "--compare", "previous", "-b", "channel", "--limit", "1", "--json",
    )  # fmt: skip
    (cell,) = found.json
    assert ("median", 300.0, 0.0) == (cell["stat"], cell["previous"], cell["change"])


@pytest.mark.parametrize("lang", ["en", "it"])
@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_table_says_what_the_number_rests_on(
    run: Run, care_folder: Path, monkeypatch: pytest.MonkeyPatch, lang: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    found = run(
        "--lang", lang, "-C", care_folder, "ask", "first_response_time", "-b", "channel", "-p", "2026-03"
    )
    assert max(map(len, found.out.splitlines())) <= width
    for part in ("Europe/Rome", "30\u00a0min", {"en": "version 1", "it": "versione 1"}[lang]):
        assert part in found.out.replace("\n", " ")


def test_long_answers_stop_and_say_so(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "ask", "ticket_volume", "-b", "day", "-b", "channel")
    assert f"and {2 * DAYS - 60} more" in found.out


def test_no_rows_are_said_in_words(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "ask", "ticket_volume", "-b", "channel", "-p", "2020")
    assert "no rows" in found.out
    assert "the period ends before the data begins" in found.out


@pytest.mark.parametrize("lang", ["en", "it"])
@pytest.mark.parametrize("width", [60, 200])
def test_the_scorecard(
    run: Run, care_folder: Path, monkeypatch: pytest.MonkeyPatch, lang: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    found = run("--lang", lang, "-C", care_folder)
    assert 0 == found.code, found.err
    assert max(map(len, found.out.splitlines())) <= width
    assert "Tiny Care" in found.out
    assert TITLES[lang] in found.out
    missing = found.out.split({"en": "No data for:", "it": "Senza dati:"}[lang])[1]
    assert "CSAT" in missing
    assert "CSAT" not in found.out.removesuffix(missing)


def test_the_scorecard_shows_targets(run: Run, care_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert "≤ 2\u00a0h, 80.0\u00a0%" in run("-C", care_folder).out


def test_the_scorecard_as_data_has_no_zeros_for_what_is_missing(run: Run, care_folder: Path) -> None:
    found = {cell["kpi"]: cell for cell in run("-C", care_folder, "-p", "last 7 days", "--json").json}
    assert (14, 14, "same") == tuple(found["ticket_volume"][k] for k in ("value", "previous", "direction"))
    assert found["csat"]["value"] is None
    header = run("-C", care_folder, "--csv").out.splitlines()[0]
    assert {"kpi", "value", "n", "low", "high"} <= set(header.split(","))


def test_kpis_are_listed_inside_and_outside_of_projects(run: Run, care_folder: Path) -> None:
    outside, inside = run("-C", "/", "kpis", "--json").json, run("-C", care_folder, "kpis", "--json").json
    assert outside == inside
    assert {"name", "title", "unit", "meaning", "variants"} <= set(inside[0])
    assert "first_response_time" in run("kpis").out


def test_a_definition_in_full(run: Run) -> None:
    found = run("kpis", "first_response_time:any_responder")
    assert "first_response_time:any_responder" in found.out
    assert "any_first_response" in found.out
    assert len(run("kpis", "first_response_time", "--json").json) > 1


def test_rows_behind_a_number(run: Run, care_folder: Path) -> None:
    found = run(
        "-C", care_folder, "rows", "first_response_time", "-w", "channel=email", "--limit", "3", "--json"
    )
    assert {"T0", "T2", "T4"} == {row["ticket_id"] for row in found.json}
    assert "30\u00a0min" in run("-C", care_folder, "rows", "first_response_time", "-w", "channel=email").out
    header, *_ = run("-C", care_folder, "rows", "first_response_time", "--csv", "-p", "1999").out.splitlines()
    assert "ticket_id" in header


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_kpi_is_found_by_what_people_call_it(run: Run, language: str) -> None:
    found = run("--lang", language, "kpis", "livello", "di", "servizio", "--json")
    assert {"service_level"} == {one["name"] for one in found.json}
    assert {"service_level", "target_attainment"} == {
        one["name"] for one in run("kpis", "SLA", "--json").json
    }
    assert "first_response_time" in run("--lang", language, "kpis", "FRT").out
