import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from faces.tiny import Run, process
from polso import __version__
from polso.errors import SourceError
from polso.faces import cli, commands


def test_typer_runs_the_app_too(care_folder: Path) -> None:
    found = CliRunner().invoke(cli.app, ["-C", str(care_folder), "ask", "ticket_volume", "--csv"])
    assert 0 == found.exit_code
    assert found.output.startswith("kpi,variant,version,value,n,")


def test_version(run: Run) -> None:
    assert f"polso {__version__}\n" == run("--version").out


@pytest.mark.parametrize(("lang", "word"), [("en", "Commands"), ("it", "Comandi")])
def test_help_speaks_both_languages_in_one_process(run: Run, lang: str, word: str) -> None:
    assert word in run("--lang", lang, "--help").out


@pytest.mark.parametrize("environment", [{"POLSO_LANG": "it"}, {"LANG": "it_IT.UTF-8"}])
def test_help_follows_the_environment(environment: dict[str, str]) -> None:
    assert "Elenca i KPI" in process("kpis", "--help", **environment).stdout


@pytest.mark.parametrize("command", [c.__name__ for c in cli.COMMANDS])
def test_every_command_has_help(run: Run, command: str) -> None:
    assert 0 == run(command, "--help").code
    assert 0 == run(command, "-h").code


def test_outside_a_project_it_says_how_to_begin(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = run()
    assert (0, "") == (found.code, found.err)
    assert "polso demo DIR" in found.out
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_no_project_is_a_failure(run: Run, tmp_path: Path) -> None:
    found = run("-C", tmp_path)
    assert (1, "") == (found.code, found.out)
    assert "polso new" in found.err
    assert "crea un progetto" in run("--lang", "it", "-C", tmp_path).err


WRONG = [
    (["ask", "frist_response_time"], "did you mean first_response_time", "forse first_response_time"),
    (["ask", "ticket_volume", "-p", "soon"], "'soon' is no period", "'soon' non è un periodo"),
    (
        ["ask", "ticket_volume", "-b", "chanel"],
        "no dimension 'chanel'; did you mean channel",
        "forse channel",
    ),
    (["ask", "ticket_volume", "-w", "channel"], "write name=value", "scrivi nome=valore"),
    (["ask", "first_response_rate_within", "--param", "limit"], "is no parameter", "non è un parametro"),
    (["ask", "ticket_volume", "--stat", "mode"], "'mode' is not one of", "'mode' non è fra"),
    (["ask", "ticket_volume", "--json", "--csv"], "choose one", "scegline uno"),
    (["ask"], "Missing argument", "manca l'argomento"),
    (["aks"], "No such command 'aks'", "comando sconosciuto 'aks'"),
    (["ask", "ticket_volume", "--wher", "x"], "No such option", "opzione sconosciuta"),
    (["load", "desc"], "no source 'desc'; did you mean desk", "forse desk"),
    (["kpis", "frist_response_time"], "did you mean first_response_time", "forse first_response_time"),
    (["--json", "ask", "ticket_volume"], "come after its name", "vanno dopo il suo nome"),
]


@pytest.mark.parametrize(
    ("arguments", "english", "italian"), WRONG, ids=lambda v: " ".join(v) if isinstance(v, list) else ""
)
def test_wrong_questions_end_with_2_and_the_way_out(
    run: Run, care_folder: Path, arguments: list[str], english: str, italian: str
) -> None:
    for lang, said in (("en", english), ("it", italian)):
        found = run("--lang", lang, "-C", care_folder, *arguments)
        assert (2, "") == (found.code, found.out)
        assert said in found.err
        assert found.err.startswith("polso: ")
        assert "Traceback" not in found.err


def test_bad_settings_are_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "polso.toml").write_text("[project\n")
    found = run("-C", tmp_path, "ask", "ticket_volume")
    assert 1 == found.code
    assert "is not valid TOML" in found.err
    (tmp_path / "polso.toml").write_text('[project]\nzona = "UTC"\n')
    found = run("-C", tmp_path, "ask", "ticket_volume")
    assert (1, 1) == (found.code, len(found.err.splitlines()))
    assert "project.zona" in found.err


def test_a_project_without_data_says_load(run: Run, project: Path) -> None:
    (project / "polso.duckdb").unlink()
    found = run("-C", project)
    assert 2 == found.code
    assert "polso load" in found.err


def test_debug_shows_the_traceback(project: Path) -> None:
    (project / "polso.duckdb").unlink()
    assert "Traceback" in process("-C", project, POLSO_DEBUG="1").stderr


def test_a_defect_is_one_line_and_asks_for_a_report(
    run: Run, care_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("1 / 0\nmore")

    monkeypatch.setattr(commands, "_load", broken)
    found = run("-C", care_folder, "load")
    assert 1 == found.code
    assert "ZeroDivisionError: 1 / 0\n" in found.err
    assert "POLSO_DEBUG=1" in found.err


def test_a_failure_is_1(run: Run, care_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: object) -> None:
        raise SourceError("file gone")

    monkeypatch.setattr(commands, "_load", gone)
    assert (1, "polso: file gone\n") == ((found := run("-C", care_folder, "load")).code, found.err)


def test_ctrl_c_is_130(run: Run, care_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "_load", interrupted)
    found = run("-C", care_folder, "load")
    assert (130, "") == (found.code, found.err)


def test_a_reader_that_has_gone_is_no_error(care_folder: Path) -> None:
    command = [sys.executable, "-m", "polso.faces.cli", "-C", str(care_folder), "kpis", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.close()
        error = started.stderr.read()
        assert started.wait(60) in (0, cli.BROKEN_PIPE)
    assert b"" == error
