"""What the log holds of files, rows and sources that are gone is counted and said, and forgotten when asked."""

from pathlib import Path

import pytest

from polso import config
from polso.care import Care
from polso.engine import DuckDB
from polso.errors import UnknownName
from polso.sources.leftovers import leftovers
from polso.sources.load import Loaded, load
from sources.tables import ONE, write

HEAD = "id,at\n"


class Log:
    """One log in memory, loaded again and again under changing settings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.engine = folder, DuckDB()

    def load(self, files: str | None, *, anew: tuple[str, ...] = (), name: str = "t") -> list[Loaded]:
        self.config = _settings(files, name)
        return load(self.engine, self.config, self.folder, anew=anew)

    def left(self) -> list[str]:
        return leftovers(self.engine, self.config, self.folder)

    def tickets(self) -> list[str]:
        return [t for (t,) in self.engine.run("SELECT DISTINCT ticket_id FROM events ORDER BY 1")]


def _settings(files: str | None, name: str) -> config.Config:
    if files is None:
        return config.parse("")
    return config.parse(
        f'[[source]]\nname = "{name}"\nkind = "table"\nfiles = {files!r}\nzone = "UTC"\n{ONE}'
    )


@pytest.fixture
def log(tmp_path: Path) -> Log:
    write(tmp_path, f"{HEAD}1,2024-01-01\n2,2024-01-02\n", "ok.csv")
    write(tmp_path, f"{HEAD}3,2024-01-03\n", "other.csv")
    return Log(tmp_path)


def test_files_that_are_named_no_longer_are_counted_until_they_are_forgotten(log: Log) -> None:
    log.load("ok.csv")
    assert [] == log.left()
    log.load("other.csv")
    assert ["1", "2", "3"] == log.tickets()
    (said,) = log.left()
    assert said.startswith(
        "2 events come from files that polso.toml names no longer: ok.csv; `polso load --anew t`"
    )
    log.load("other.csv", anew=("t",))
    assert (["3"], []) == (log.tickets(), log.left())


def test_a_file_that_rotates_away_under_its_pattern_is_no_leftover(log: Log) -> None:
    log.load("*.csv")
    (log.folder / "ok.csv").unlink()
    log.load("*.csv")
    assert (["1", "2", "3"], []) == (log.tickets(), log.left())


def test_what_another_file_tells_as_well_is_no_leftover(log: Log) -> None:
    log.load("ok.csv")
    write(log.folder, f"{HEAD}1,2024-01-01\n2,2024-01-02\n9,2024-01-09\n", "whole.csv")
    log.load("whole.csv")
    assert [] == log.left()


def test_rows_that_are_gone_from_a_file_are_said(log: Log) -> None:
    log.load("ok.csv")
    write(log.folder, f"{HEAD}1,2024-01-01\n4,2024-01-04\n", "ok.csv")
    (done,) = log.load("ok.csv")
    assert "ok.csv: 1 events of an earlier reading are not in it any more" in done.warnings[0]
    assert ["1", "2", "4"] == log.tickets()
    log.load("ok.csv", anew=("t",))
    assert ["1", "4"] == log.tickets()


def test_a_log_that_moved_on_has_lost_nothing(log: Log) -> None:
    log.load("ok.csv")
    write(log.folder, f"{HEAD}5,2024-02-01\n", "ok.csv")
    (done,) = log.load("ok.csv")
    assert () == done.warnings


def test_sources_that_are_named_no_longer_can_be_forgotten(log: Log) -> None:
    log.load("ok.csv")
    log.load(None)
    (said,) = log.left()
    assert said.startswith("2 events come from source t, which polso.toml names no longer")
    log.load(None, anew=("t",))
    assert ([], []) == (log.tickets(), log.left())
    with pytest.raises(UnknownName, match="no source 't'"):
        log.load(None, anew=("t",))


def test_a_source_whose_files_are_gone_is_not_forgotten_by_the_attempt(log: Log) -> None:
    log.load("ok.csv")
    (log.folder / "ok.csv").unlink()
    with pytest.raises(Exception, match="no file matches"):
        log.load("ok.csv", anew=("t",))
    assert ["1", "2"] == log.tickets()


def test_facts_follow_what_was_forgotten(tmp_path: Path) -> None:
    write(tmp_path, f"{HEAD}1,2024-01-01\n2,2024-01-02\n", "ok.csv")
    write(tmp_path, f"{HEAD}3,2024-01-03\n", "other.csv")
    engine = DuckDB(tmp_path / "polso.duckdb")
    with Care(tmp_path, _settings("ok.csv", "t"), engine) as care:
        care.load()
        assert 2 == care.ask("ticket_volume").value
        care.config = _settings("other.csv", "t")
        care.load(anew=["t"])
        assert 1 == care.ask("ticket_volume").value
        assert [] == care.leftovers()


def test_actors_without_a_kind_are_counted(tmp_path: Path) -> None:
    write(tmp_path, "id,at,who\n1,2024-01-01,anna\n2,2024-01-02,\n")
    body = ONE.replace('ticket_id = "id"', 'ticket_id = "id"\nactor_id = "who"')
    for kind, expected in (("", 1), ('actor_kind = "agent"\n', 0)):
        text = f'[[source]]\nname = "t"\nkind = "table"\nfiles = "t.csv"\nzone = "UTC"\n{body}{kind}'
        (done,) = load(DuckDB(), config.parse(text), tmp_path)
        assert expected == len([w for w in done.warnings if "1 events name an actor but not its kind" in w])
