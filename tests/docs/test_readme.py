"""Both READMEs are true: what they tell people to type works, and prints what they show."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import polso
from docs.pages import READMES, blocks, commands
from polso.demo import write_project
from polso.kpis.catalogue import parse

LANGUAGES = tuple(READMES)
pytestmark = pytest.mark.xdist_group("docs")  # one small company for all
Follow = Callable[[list[list[str]]], dict[str, str]]
Type = Callable[[list[str]], str]


def shown(language: str) -> tuple[list[str], list[str]]:
    """The first output: the command, and the lines it is said to print."""
    text = (
        READMES[language]
        .read_text("utf-8")
        .partition("<!-- first output -->")[2]
        .partition("<!-- /first output -->")[0]
    )
    (block,) = re.findall(r"^```console\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    command, *lines = block.splitlines()
    return command.removeprefix("$ ").split(), lines


def label(line: str) -> str:
    """The first column of a line."""
    return re.split(r"\s{2,}", line.rstrip())[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_output_has_the_lines_of_a_small_company(language: str, company: Path, typed: Type) -> None:
    command, lines = shown(language)
    printed = typed(command).splitlines()
    assert lines[0] == printed[0]
    labels = [label(line) for line in lines[3:] if line and line != "..." and not line.startswith(" ")]
    assert len(labels) > 12
    there = tuple(label(line) for line in printed if line and not line.startswith(" "))
    tables = labels[: labels.index(next(text for text in labels if text.startswith("¹")))]
    # A long label may go on in the line below, where numbers are wider.
    assert [] == [text for text in tables if not text.startswith(there)]
    assert [line for line in printed if "2026" in line][-1].split(".")[0] in " ".join(lines)


@pytest.fixture(scope="module")
def whole_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which `make demo` left its company, of the size and seed that readers get."""
    folder = tmp_path_factory.mktemp("whole")
    write_project(folder / "demo-company")
    with polso.open(folder / "demo-company") as care:
        care.load()
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_first_output_is_what_the_demo_prints(
    language: str, whole_demo: Path, monkeypatch: pytest.MonkeyPatch, typed: Type
) -> None:
    """Every number, not the labels alone: a reader compares these with the own terminal before anything else."""
    monkeypatch.chdir(whole_demo)
    monkeypatch.setenv("COLUMNS", "100")
    command, lines = shown(language)
    printed = [line.rstrip() for line in typed(command).splitlines()]
    cut = lines.index("...")
    head, tail = lines[:cut], lines[cut + 1 :]
    assert head == printed[: len(head)]
    assert "\n".join(tail).strip("\n") == "\n".join(printed[-len(tail) :]).strip("\n")


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_for_own_files_work_in_order(language: str, followed: Follow) -> None:
    lines = [
        words for words in commands(READMES[language]) if words[0] == "polso" and "demo-company" not in words
    ]
    printed = followed(lines)
    assert list(printed) == [
        "polso new acme",
        "polso guess export.csv",
        "polso -C acme load",
        "polso -C acme ask first_response_time --by channel --by month",
        "polso -C acme",
        "polso -C acme explain csat --period 2026-05",
        "polso -C acme ask first_response_time --definition all",
        "polso -C acme disagree first_response_time polso zendesk",
        "polso -C acme balance",
    ]
    assert 'kind = "table"' in printed["polso guess export.csv"]
    assert "Rows read 3 = used 3 + skipped 0 + rejected 0." in " ".join(printed["polso -C acme load"].split())
    assert "Tickets opened" in printed["polso -C acme"]


def test_make_targets_are_there() -> None:
    made = {words[1] for page in READMES.values() for words in commands(page) if words[0] == "make"}
    targets = re.findall(
        r"^(\w+):", (READMES["en"].parent / "Makefile").read_text("utf-8"), flags=re.MULTILINE
    )
    assert made == {"demo", "test"} & set(targets)


@pytest.mark.parametrize("language", LANGUAGES)
def test_python_prints_what_was_asked(
    language: str, company: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (code,) = blocks(READMES[language], "python")
    exec(compile(code, READMES[language].name, "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    with polso.open(company) as care:
        cells = care.ask("first_response_time", by="channel", period="2026-05", stat="median").cells
    assert len(cells) > 3
    assert [f"{c.keys['channel']} {c.value} {c.n} {c.low} {c.high}" for c in cells] == printed


@pytest.mark.parametrize("language", LANGUAGES)
def test_own_kpi_answers(language: str, company: Path) -> None:
    (text,) = blocks(READMES[language], "toml")
    assert ["answered_within_the_hour"] == list(parse(text, "README", {}))
    (company / "kpis" / "own.toml").write_text(text, encoding="utf-8")
    with polso.open(company) as care:
        own, shipped = (
            care.ask("answered_within_the_hour").value,
            care.ask("first_response_rate_within", params={"within": 3600}).value,
        )
    assert own is not None
    assert own == shipped
