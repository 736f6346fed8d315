"""What somebody new does, in the order of the README, and what each mistake on the way is answered with."""

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from faces.tiny import Run, events, process, write
from polso.errors import UnknownName
from polso.events.check import Finding, Sample
from polso.faces.findings import sentence_of, shown
from polso.faces.words import Words

# ibis 12 reads the schema of a file by a name that DuckDB has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
EXPORT = "Ticket,Created,Mood\n1,2026-03-02 09:00,good\n2,2026-03-02 10:00,bad\n"
MAPPED = """
[[source]]
name = "t"
kind = "table"
files = "data/t.csv"
zone = "UTC"
[source.common]
ticket_id = "id"
occurred_at = { column = "at" }
[[source.event]]
kind = "opened"
"""


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ")


def mapped(folder: Path, rows: str, settings: str = MAPPED) -> Path:
    (folder / "data").mkdir(parents=True)
    (folder / "polso.toml").write_text(settings)
    (folder / "data" / "t.csv").write_text(rows)
    return folder


def calls(agent: str | None = "A1") -> list[dict[str, Any]]:
    """Two calls: one is answered by an agent, one given up in the queue."""
    made = []
    for call, answered in (("C1", True), ("C2", False)):
        steps = [("entered", "queue", 0, None), ("left", "queue", 1, "answered" if answered else "abandoned")]
        if answered:
            steps += [("entered", "talk", 1, None), ("left", "talk", 5, "served")]
        for kind, stage, minute, value in steps:
            acts = stage == "talk" and agent
            made.append(
                {
                    "event_id": f"{call}-{kind}-{stage}", "kind": kind, "stage": stage, "contact_id": call,
                    "visit_id": f"{call}-{stage}", "value": value, "direction": "inbound", "channel": "phone",
                    "team": "first", "occurred_at": f"2026-03-02T08:{minute:02}:00",
                    "actor_kind": "agent" if acts else None, "actor_id": agent if acts else None,
                }
            )  # fmt: skip
    return made


@pytest.mark.parametrize("inside", [False, True])
def test_the_path_of_the_readme_works(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "9 to 18" in run("new", "acme").out
    place = "acme/data/export.csv" if inside else "export.csv"
    Path(place).write_text(EXPORT)
    guessed = run("guess", place)
    assert ('files = "data/export.csv"' in guessed.out) is inside
    with Path("acme/polso.toml").open("a") as settings:
        settings.write(guessed.out)
    loaded = run("-C", "acme", "load")
    assert (0, True) == (loaded.code, "Rows read 2 = used 2" in loaded.out)


def test_guess_finds_files_of_the_project(run: Run, tmp_path: Path) -> None:
    folder = mapped(tmp_path / "p", EXPORT)
    found = run("-C", folder, "guess", "data/t.csv")
    assert (0, True) == (found.code, 'files = "data/t.csv"' in found.out)


def test_guess_speaks_italian(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,id,date\n1,2,01/02/2024\n")
    said = [line for line in run("--lang", "it", "guess", tmp_path / "t.csv").out.splitlines() if "#" in line]
    assert "# Dedotto dalle prime 1 righe" in said[0]
    assert any("PRIMA IL GIORNO O IL MESE?" in line for line in said)
    assert any("l'intestazione nomina 'id' due volte" in line for line in said)
    assert [] == [line for line in said if " the " in line or " of " in line]


def test_a_file_of_which_no_row_could_be_used_is_a_failure(run: Run, tmp_path: Path) -> None:
    folder = mapped(tmp_path / "p", "id,at\n1,1970-01-01\n2,1970-01-02\n")
    for lang, said in (
        ("en", "no row could be used of: data/t.csv"),
        ("it", "nessuna riga utilizzabile in: data/t.csv"),
    ):
        found = run("--lang", lang, "-C", folder, "load")
        assert (1, True) == (found.code, said in found.err)
    assert "prima del 1990-01-01" in run("--lang", "it", "-C", folder, "load", "--rejected").out


def test_what_was_rejected_is_counted_alike_everywhere(run: Run, tmp_path: Path) -> None:
    rows = "".join(f"{n},2024-01-01\n" for n in range(5)) + "7,1970-01-01\n8,2024-01-01,too much\n"
    folder = mapped(tmp_path / "p", f"id,at\n{rows}")
    loaded = run("-C", folder, "load").out
    assert "rejected 2. Events: 5 new, 0 repeated, 0 conflicting, 2 rejected." in " ".join(loaded.split())
    assert "0 conflicting, 2 rejected." in " ".join(run("-C", folder, "load").out.split())
    assert "rows rejected 2 of 7, events rejected 2" in run("-C", folder, "doctor").out
    found = run("-C", folder, "check", "--json").json
    assert 2 == sum(one["count"] for one in found if one["kind"] in ("rejected", "too_old"))
    assert "columns instead of" in run("-C", folder, "check").out
    assert "3 colonne invece di 2" in run("--lang", "it", "-C", folder, "check").out


def test_events_of_files_that_are_gone_are_said_and_forgotten_when_asked(run: Run, tmp_path: Path) -> None:
    folder = mapped(tmp_path / "p", "id,at\n1,2024-01-01\n2,2024-01-01\n")
    run("-C", folder, "load")
    (folder / "data" / "t.csv").rename(folder / "data" / "new.csv")
    (folder / "data" / "new.csv").write_text("id,at\n3,2024-01-03\n")
    (folder / "polso.toml").write_text(MAPPED.replace("t.csv", "new.csv"))
    assert (
        "! 2 events come from files that polso.toml names no longer: data/t.csv"
        in run("-C", folder, "load").out
    )
    assert "2 eventi vengono da file" in run("--lang", "it", "-C", folder, "load", "--json").err
    assert "2 events come from files" in run("-C", folder, "doctor").out
    assert 0 == run("-C", folder, "load", "--anew", "t").code
    assert [1] == [cell["value"] for cell in run("-C", folder, "ask", "ticket_volume", "--json").json]
    wrong = run("-C", folder, "load", "--anew", "x")
    assert (2, True) == (wrong.code, "no source 'x'" in wrong.err)


def test_nothing_loaded_is_not_nothing_wrong(run: Run, tmp_path: Path) -> None:
    folder = mapped(tmp_path / "p", "id,at\n1,1970-01-01\n")
    found = run("-C", folder, "check")
    assert (2, True) == (found.code, "nothing is loaded yet" in found.err)
    run("-C", folder, "load")
    looked = run("-C", folder, "doctor").out
    assert "no event was loaded; mend the files" in looked
    assert "`polso doctor`" not in looked


def test_misspelt_keys_get_the_nearest_and_events_are_counted_from_1(run: Run, tmp_path: Path) -> None:
    folder = mapped(tmp_path / "p", "id,at\n", '[project]\nzon = "UTC"\n')
    assert "project.zon: no key 'zon'; did you mean zone?" in run("-C", folder, "load").err
    (folder / "polso.toml").write_text(f'{MAPPED}[[source.event]]\nkind = "solvd"\n')
    assert "event 2.kind: no kind 'solvd'; did you mean solved?" in run("-C", folder, "load").err
    (folder / "polso.toml").write_text(f'{MAPPED}when = [{{ colum = "x" }}]\n')
    said = run("--lang", "it", "-C", folder, "load").err
    assert "event 1.when 1.colum: 'colum' non esiste (chiave); forse column?" in said
    assert "event 1.when 1.column: obbligatorio" in said


def test_what_nobody_handled_is_not_laid_at_agents_doors(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "p", calls())
    run("-C", tmp_path / "p", "load")
    split = run("-C", tmp_path / "p", "ask", "abandonment_rate", "--by", "agent")
    assert "stage_abandonment" in split.out
    assert "stage_abandonment" not in run("-C", tmp_path / "p", "ask", "abandonment_rate", "--by", "team").out


def test_filters_by_what_no_row_has_are_said(run: Run, care_folder: Path) -> None:
    ask = ("ask", "first_response_time", "-w")
    assert "! no row has agent = Pippo" in run("-C", care_folder, *ask, "agent=Pippo").out
    assert "nessuna riga ha agent = Pippo" in run("--lang", "it", "-C", care_folder, *ask, "agent=Pippo").out
    assert "no row has" not in run("-C", care_folder, *ask, "agent=A1", "-p", "2020").out


def test_a_statistic_that_a_kpi_has_not_is_refused(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "ask", "first_response_rate_within", "--stat", "median")
    assert (2, True) == (found.code, "first_response_rate_within has no median" in found.err)


def test_what_can_be_split_by_is_listed(run: Run, care_folder: Path) -> None:
    found = run("-C", care_folder, "ask", "ticket_volume", "--by", "customer_id")
    assert "`polso kpis NAME` lists what a KPI can be split by" in found.err
    listed = run("-C", care_folder, "kpis", "ticket_volume").out
    assert {"weekday", "channel", "agent"} <= {word.strip(",") for word in listed.split("--by")[1].split()}


def test_definitions_write_limits_as_they_are_typed_and_speak_italian(run: Run) -> None:
    assert "within = 4h" in run("kpis", "first_response_rate_within").out
    assert "edges 1d, 3d, 7d, 30d" in " ".join(run("kpis", "backlog_by_age").out.split())
    words = {
        " ".join(line.split())
        for line in run("--lang", "it", "kpis", "first_response_rate_within").out.splitlines()
    }
    assert {"unità quota", "meglio più alto", "parametri within = 4h"} <= words
    assert "articoli" in run("--lang", "it", "kpis").out.splitlines()


def test_only_what_is_nearly_as_alike_as_the_best_is_offered() -> None:
    assert "no dimension 'agnet'; did you mean agent?" == str(
        UnknownName("dimension", "agnet", ["agent", "argomento"])
    )
    both = str(UnknownName("KPI", "solve_time", ["solved_time", "solve_times", "x"]))
    assert "did you mean solve_times or solved_time?" in both or "solved_time or solve_times" in both


def test_warnings_speak_of_instants_in_the_projects_zone(run: Run, care_folder: Path) -> None:
    ask = ("ask", "ticket_volume", "-p", "2030")
    assert (
        "the period begins after the data ends: 2026-04-26 12:00 (Europe/Rome)"
        in run("-C", care_folder, *ask).out
    )
    said = run("--lang", "it", "-C", care_folder, *ask).out
    assert "il periodo comincia dopo la fine dei dati: 26 apr 2026, 12:00 (Europe/Rome)" in said


def test_the_mean_age_is_a_length_of_time_in_every_face(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "p", [row for row in events(9) if row["kind"] != "solved"])
    run("-C", tmp_path / "p", "load")
    cells = {cell["band"]: cell for cell in run("-C", tmp_path / "p", "ask", "backlog_by_age", "--json").json}
    assert ("duration", "count") == (
        cells["mean_age"]["unit"],
        cells["<1d"]["unit"] if "<1d" in cells else "count",
    )
    table = spaced(run("--lang", "it", "-C", tmp_path / "p", "ask", "backlog_by_age").out)
    (line,) = [line for line in table.splitlines() if line.startswith("età media")]
    assert "4 g" in line
    assert table.startswith("voce")


def test_the_scorecard_has_no_cost_where_none_was_loaded(run: Run, care_folder: Path) -> None:
    kept, _, missing = run("-C", care_folder).out.partition("No data for:")
    assert ("Cost per contact" in kept, "Cost per contact" in missing) == (False, True)
    cells = {cell["kpi"]: cell["value"] for cell in run("-C", care_folder, "--json").json}
    assert cells["cost_per_contact"] is None


def test_rows_say_whether_there_are_more(run: Run, care_folder: Path) -> None:
    rows = ("rows", "ticket_volume", "-p", "2026-03-02")
    assert "2 rows; --json and --csv have all columns" in run("-C", care_folder, *rows).out
    assert "the first 1 rows; --limit shows more" in run("-C", care_folder, *rows, "--limit", "1").out
    assert "le prime 1 righe; --limit" in run("--lang", "it", "-C", care_folder, *rows, "--limit", "1").out


def test_no_row_stands_behind_a_dash(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "p", [row for row in events(3) if row["kind"] != "solved"])
    run("-C", tmp_path / "p", "load")
    assert 6 == len(run("-C", tmp_path / "p", "rows", "backlog", "--json").json)
    assert [] == run("-C", tmp_path / "p", "rows", "backlog", "-p", "2030", "--json").json


def test_programs_get_instants_that_say_their_zone(run: Run, care_folder: Path) -> None:
    (row, *_) = run("-C", care_folder, "rows", "first_response_time", "--json").json
    assert ("2026-03-02T08:00:00Z", 1_800_000_000) == (row["opened_at"], row["first_response_us"])
    assert "2026-03-02T08:00:00Z" in run("-C", care_folder, "rows", "first_response_time", "--csv").out


def test_findings_say_their_count_once_and_the_earlier_instant_first() -> None:
    late, early = datetime(2010, 1, 14, 11), datetime(2010, 1, 13, 23)
    found = Finding(
        "too_old", 5060, "Events rejected before 1990-01-01: 5060; mend the date.",
        (Sample("t", "T1", None, (late, early)),),
    )  # fmt: skip
    assert "Events rejected before 1990-01-01; mend the date." == sentence_of(found, Words())
    from rich.console import Console

    with (out := Console(width=200)).capture() as held:
        out.print(shown([found], Words(), "Europe/Rome"))
    assert "14 Jan 2010, 00:00 – 14 Jan 2010, 12:00" in held.get()
    assert "5060" not in held.get()


def test_a_pipe_has_no_width_and_no_line_is_broken(tmp_path: Path) -> None:
    made = process("new", tmp_path / ("long" * 30), COLUMNS="", POLSO_LANG="en")
    assert f"polso -C {tmp_path / ('long' * 30)} load" in made.stdout
    listed = process("kpis", "first_response_time", COLUMNS="", POLSO_LANG="en").stdout.splitlines()
    assert [] == [line for line in listed if line != line.rstrip()]


def test_what_a_terminal_cannot_write_is_replaced(care_folder: Path) -> None:
    plain = {"PYTHONIOENCODING": "ascii", "LC_ALL": "POSIX", "PYTHONUTF8": "0"}
    found = process("--lang", "it", "-C", care_folder, "ask", "first_response_time", **plain)
    assert (0, "") == (found.returncode, found.stderr)
    found = process("-C", care_folder, "kpis", "--json", POLSO_LANG="it", **plain)
    assert any("à" in kpi["meaning"] for kpi in json.loads(found.stdout))


def test_a_reader_of_a_proposal_may_leave(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("id,date\n1,2024-01-01\n")
    command = [sys.executable, "-m", "polso.faces.cli", "guess", str(tmp_path / "t.csv")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        assert (b"", 0) == (started.stderr.read(), started.wait(60))


def test_a_damaged_store_says_no_more_than_helps(run: Run, project: Path) -> None:
    (project / "polso.duckdb").write_text("no database at all" * 999)
    said = run("--lang", "it", "-C", project).err
    assert "è danneggiato, o non è una base dati; toglilo e lancia `polso load`" in said
    assert "Error" not in said


def test_help_is_italian_from_its_first_line(run: Run) -> None:
    assert "Uso: polso [OPZIONI] COMANDO [ARGOMENTI]..." in run("--lang", "it", "--help").out
    assert "Usage: polso [OPTIONS] COMMAND [ARGS]..." in run("--help").out
    assert "Uso: polso load [OPZIONI]" in run("--lang", "it", "load", "--help").out
