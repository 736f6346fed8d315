"""The project folder that `polso demo` leaves behind."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pyarrow.parquet as pq

from polso import config
from polso.demo import Company, write_project
from polso.demo.story import SOURCES


def test_folder_holds_settings_data_and_a_kpi(tmp_path: Path) -> None:
    truth = write_project(tmp_path, 600, 5)
    settings = config.read(tmp_path)
    assert ("Acme Care", "Europe/Rome", "it") == (
        settings.project.name,
        settings.project.zone,
        settings.project.language,
    )
    assert list(SOURCES) == [source.name for source in settings.source]
    assert "always" == settings.calendar_rule[0].calendar
    assert {} == settings.calendar_rule[-1].when
    (own,) = (tmp_path / "kpis").glob("*.toml")
    assert [own.stem] == list(tomllib.loads(own.read_text(encoding="utf-8")))
    assert Company(600, 5).truth() == truth


def test_files_hold_every_event_in_the_order_of_time(tmp_path: Path) -> None:
    truth = write_project(tmp_path, 600, 5)
    rows = 0
    for name in SOURCES:
        table = pq.read_table(tmp_path / "data" / f"{name}.parquet")
        instants = table["occurred_at"].to_pylist()
        assert sorted(instants) == instants
        assert {name} == set(table["source"].to_pylist())
        rows += len(table)
    assert sum(truth.events.values()) == rows


def test_same_seed_same_files(tmp_path: Path) -> None:
    write_project(tmp_path / "a", 400, 5)
    write_project(tmp_path / "b", 400, 5)
    for file in sorted((tmp_path / "a").rglob("*.*")):
        assert file.read_bytes() == (tmp_path / "b" / file.relative_to(tmp_path / "a")).read_bytes()
