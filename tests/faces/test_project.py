import csv
import io
import json
import tomllib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from faces.tiny import DAYS, Run, events, write
from polso import config
from polso.facts import FACTS

# ibis 12 reads the schema of a file by a name that DuckDB has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")


@pytest.mark.parametrize("lang", ["en", "it"])
def test_new_makes_a_project_that_is_valid_and_never_overwrites(run: Run, tmp_path: Path, lang: str) -> None:
    folder = tmp_path / "acme"
    assert 0 == run("--lang", lang, "new", folder).code
    assert {"polso.toml", "data", "kpis"} == {path.name for path in folder.iterdir()}
    read = config.read(folder)
    assert ("acme", lang) == (read.project.name, read.project.language)
    text = (folder / "polso.toml").read_text("utf-8")
    again = run("--lang", lang, "new", folder)
    assert (1, text) == (again.code, (folder / "polso.toml").read_text("utf-8"))


@pytest.mark.parametrize("lang", ["en", "it"])
def test_every_example_of_the_starter_is_right(run: Run, tmp_path: Path, lang: str) -> None:
    run("--lang", lang, "new", tmp_path / "acme")
    lines = (tmp_path / "acme" / "polso.toml").read_text("utf-8").splitlines()
    spoken = [
        line.removeprefix("# ") if line.startswith(("# [", "# ")) and _is_toml(line[2:]) else line
        for line in lines
    ]
    assert config.parse("\n".join(spoken)).target


def _is_toml(line: str) -> bool:
    try:
        return bool(tomllib.loads(line))
    except tomllib.TOMLDecodeError:
        return False


def test_a_name_of_a_folder_cannot_break_the_settings(run: Run, tmp_path: Path) -> None:
    assert 0 == run("new", tmp_path / 'a"c\\me {x}').code
    config.read(tmp_path / 'a"c\\me {x}')


def test_load_gives_the_account(run: Run, tmp_path: Path) -> None:
    rows = events()
    write(tmp_path / "p", [*rows, rows[0], {**rows[1], "kind": "nonsense", "event_id": "x"}])
    found = run("-C", tmp_path / "p", "load")
    n = len(rows)
    assert (
        f"Rows read {n + 2} = used {n + 1} + skipped 0 + rejected 1. Events: {n} new, 1 repeated" in found.out
    )
    assert "polso load --rejected" in found.out
    again = run("--lang", "it", "-C", tmp_path / "p", "load")
    assert "invariato" in again.out
    assert "Righe lette" in again.out


def test_load_as_data(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "p", events(3))
    (account,) = run("-C", tmp_path / "p", "load", "--json").json
    assert account["rows"] == account["used"] + account["skipped"] + account["rejected"]
    (row,) = csv.DictReader(io.StringIO(run("-C", tmp_path / "p", "load", "--csv").out))
    assert ("desk", "24", "true") == (row["source"], row["rows"], row["unchanged"])


def test_rejected_rows_are_shown_with_their_reason(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "p", [*events(2), {**events(1)[0], "kind": "nonsense", "event_id": "x"}])
    found = run("-C", tmp_path / "p", "load", "--rejected")
    assert "data/desk.jsonl" in found.out
    assert "nonsense" in found.out
    assert "unknown kind" in run("-C", tmp_path / "p", "load", "--rejected", "--json").json[0]["reason"]


def test_load_without_sources_says_what_to_do(run: Run, tmp_path: Path) -> None:
    run("new", tmp_path / "acme")
    assert "polso guess FILE" in run("-C", tmp_path / "acme", "load").out


def test_a_file_that_is_gone_is_a_failure(run: Run, project: Path) -> None:
    (project / "data" / "desk.jsonl").unlink()
    found = run("-C", project, "load")
    assert 1 == found.code
    assert "no file matches data/*.jsonl" in found.err


def test_an_empty_file_ends_in_a_sentence(run: Run, project: Path) -> None:
    (project / "data" / "desk.jsonl").write_text("")
    found = run("-C", project, "load")
    assert found.code in (0, 1)
    assert "Traceback" not in found.err
    assert len(found.err.splitlines()) <= 2


def test_doctor_is_content_with_a_loaded_project(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "doctor", "--json")
    assert 0 == found.code, found.out
    names = {one["name"] for one in found.json}
    assert {
        "settings",
        "permissions",
        "disk",
        "zones",
        "files of desk",
        "store",
        "facts",
        "freshness",
        "rejected",
    } <= names
    assert all(one["ok"] for one in found.json)


@pytest.mark.parametrize(("lang", "word"), [("en", "wrong"), ("it", "male")])
def test_doctor_finds_what_is_wrong(run: Run, project: Path, lang: str, word: str) -> None:
    (project / "data" / "desk.jsonl").write_text("")
    found = run("--lang", lang, "-C", project, "doctor")
    assert 1 == found.code
    assert f"✗ {word}" in found.out
    assert "desk.jsonl" in found.out


def test_doctor_survives_what_it_finds(run: Run, project: Path, tmp_path: Path) -> None:
    (project / "polso.duckdb").write_text("no database")
    assert 1 == run("-C", project, "doctor").code
    (project / "polso.duckdb").unlink()
    assert "polso load" in run("-C", project, "doctor").out
    assert 1 == run("-C", tmp_path / "nowhere", "doctor").code


def test_doctor_sees_facts_that_are_behind(run: Run, project: Path) -> None:
    settings = (project / "polso.toml").read_text("utf-8")
    (project / "polso.toml").write_text(f'reopen_on = ["reopened"]\n{settings}')
    found = run("-C", project, "doctor")
    assert 1 == found.code
    assert "older than the log or the settings" in found.out


@pytest.mark.parametrize("lang", ["en", "it"])
def test_check_speaks(run: Run, care_folder: Path, lang: str) -> None:
    assert 0 == run("--lang", lang, "-C", care_folder, "check").code
    assert isinstance(run("-C", care_folder, "check", "--json").json, list)


def test_check_finds_a_silence(run: Run, tmp_path: Path) -> None:
    rows = [row for row in events() if not "2026-03-20" < row["occurred_at"] < "2026-04-05"]
    write(tmp_path / "p", rows)
    run("-C", tmp_path / "p", "load")
    assert "silence" in {finding["kind"] for finding in run("-C", tmp_path / "p", "check", "--json").json}
    assert "Silenzi" in run("--lang", "it", "-C", tmp_path / "p", "check").out


def test_export_writes_every_fact_whole(run: Run, care_folder: Path, tmp_path: Path) -> None:
    found = run("-C", care_folder, "export", tmp_path / "out's", "--json")
    assert {"tickets", "replies"} <= {one["fact"] for one in found.json} <= set(FACTS)
    files = sorted(path.name for path in (tmp_path / "out's").iterdir())
    assert sorted(f"{one['fact']}.parquet" for one in found.json) == files
    assert 2 * DAYS == pq.read_metadata(tmp_path / "out's" / "tickets.parquet").num_rows


def test_guess_proposes_toml(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "tickets.csv"
    file.write_text("ticket_id,created_at,channel\n1,2026-03-01 09:00:00,email\n2,2026-03-02 10:00:00,chat\n")
    found = run("guess", file)
    assert 0 == found.code, found.err
    assert "[[source]]" in found.out
    assert "[[source]]" in run("guess", file, "--json").json[0]["toml"]
    assert 1 == run("guess", tmp_path / "none.csv").code


def test_demo_loads_and_shows_its_scorecard(run: Run, tmp_path: Path) -> None:
    found = run("--lang", "en", "demo", tmp_path / "demo", "--tickets", "300")
    assert 0 == found.code, found.err
    assert "Simulated 300 tickets" in found.out
    assert "Tickets opened" in found.out
    assert 1 == run("demo", tmp_path / "demo").code
    assert [] == [path for path in tmp_path.glob("demo/*.json") if json.loads(path.read_text())]
