"""What the pages show is run: commands, Python and TOML, on a small company."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from docs.pages import DOCS, blocks, commands
from polso import config
from polso.calendar.configured import configured
from polso.kpis.catalogue import parse
from polso.sources.load import connector

WRITTEN = sorted(p for p in DOCS.rglob("*.md") if not p.read_text("utf-8").startswith("<!-- Written by"))
GUIDES = [p for p in WRITTEN if commands(p)]
PROJECTS = [p for p in WRITTEN if p.parent.name == "sources" or p.stem == "calendars"]
pytestmark = pytest.mark.xdist_group("docs")  # one small company for all
Follow = Callable[[list[list[str]]], dict[str, str]]
Type = Callable[[list[str]], str]


def name(page: Path) -> str:
    return str(page.relative_to(DOCS))


def test_pages_with_commands_are_found() -> None:
    assert {"getting-started.md", "asking.md", "data-quality.md"} <= {name(page) for page in GUIDES}


@pytest.mark.parametrize("page", [p for p in GUIDES if p.stem != "getting-started"], ids=name)
def test_commands_work(page: Path, company: Path, typed: Type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(company)
    assert [] == [words for words in commands(page) if not typed(words).strip()]


def test_getting_started_works_in_order(followed: Follow) -> None:
    printed = followed(commands(DOCS / "getting-started.md"))
    assert len(printed) == len(commands(DOCS / "getting-started.md"))
    assert all(text.strip() for text in printed.values())


@pytest.mark.parametrize("place", range(len(blocks(DOCS / "python.md", "python"))))
def test_python_works(
    place: int, company: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(company)
    exec(compile(blocks(DOCS / "python.md", "python")[place], "python.md", "exec"), {})  # noqa: S102
    assert capsys.readouterr().out.strip()


@pytest.mark.spark
@pytest.mark.slow
def test_spark_answers_as_duckdb(company: Path, spark_environment: None) -> None:
    (code,) = blocks(DOCS / "engines.md", "python")
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=company,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    import polso

    with polso.open(company) as care:
        cells = care.ask("first_response_time", by="channel", period="2026-05", stat="median").cells
    assert [f"{c.keys['channel']} {c.value} {c.n}" for c in cells] == ran.stdout.strip().splitlines()


def test_definitions_are_definitions() -> None:
    texts = blocks(DOCS / "own-kpis.md", "toml")
    made = [entry for text in texts for entry in parse(text, "own-kpis.md", {}).values()]
    assert len(made) >= 5
    assert {"share", "ratio", "duration", "bands", "stock"} <= {entry.default.kind for entry in made}


def test_definitions_answer(company: Path) -> None:
    import polso

    shutil.rmtree(company / "kpis")
    (company / "kpis").mkdir()
    for place, text in enumerate(blocks(DOCS / "own-kpis.md", "toml")):
        (company / "kpis" / f"own{place}.toml").write_text(text, encoding="utf-8")
    with polso.open(company) as care:
        own = [
            text for block in blocks(DOCS / "own-kpis.md", "toml") for text in parse(block, "own-kpis.md", {})
        ]
        assert [] == [kpi for kpi in own if not care.ask(kpi).cells]
        variant = care.ask("urgent_waits:weekend").cells
    assert len(variant) == 1


@pytest.mark.parametrize("page", PROJECTS, ids=name)
def test_settings_are_settings(page: Path) -> None:
    texts = blocks(page, "toml")
    assert texts
    for text in texts:
        made = config.parse(text, page.name)
        calendars = [configured(settings, made.project.zone) for settings in made.calendar]
        sources = [connector(settings) for settings in made.source]
        assert calendars or sources
