"""A reader sees the old set or the new one, whatever happens to the writer."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from polso.errors import StoreError
from polso.faces import cli
from polso.publish import folder as sets
from polso.publish.folder import CURRENT, DRAFT, KEPT, publish
from publish.conftest import Shop, asked, reading, silent


@pytest.fixture
def quick(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Views are translated once for all tests of folders: they are about files."""
    monkeypatch.setattr(sets, "views", lambda *_: list(shop.made.views))
    yield
    shop.care.engine.drop("extra")


def names(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()}


@pytest.mark.usefixtures("quick")
def test_sets_are_numbered_and_the_oldest_go(shop: Shop, tmp_path: Path) -> None:
    for number in range(1, KEPT + 3):
        made = publish(shop.care, tmp_path / "out's", silent)
        assert number == made.number
        assert (tmp_path / "out's" / CURRENT).resolve() == made.path.resolve()
    assert {CURRENT, *(str(n) for n in range(3, KEPT + 3))} == names(tmp_path / "out's")
    assert {"views.sql", "catalogue.yml", "README.md", "slots.parquet", "tickets.parquet"} <= names(made.path)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("at", ["write", "views", "metricflow", "guide", "_settle", "_point"])
def test_whatever_interrupts_it_leaves_the_old_set(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    publish(shop.care, tmp_path, silent)
    before = {path.name: path.read_bytes() for path in (tmp_path / CURRENT).iterdir()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sets, at, interrupted)
        with pytest.raises(KeyboardInterrupt):
            publish(shop.care, tmp_path, silent)
    assert before == {path.name: path.read_bytes() for path in (tmp_path / CURRENT).iterdir()}
    assert [] == list(tmp_path.glob(f"{DRAFT}*"))
    with reading(tmp_path) as reader:
        assert [(shop.made.facts["tickets"],)] == asked(reader, "SELECT count(*) FROM tickets")
    assert publish(shop.care, tmp_path, silent).number > 1


@pytest.mark.usefixtures("quick")
def test_drafts_of_a_killed_process_are_swept(shop: Shop, tmp_path: Path) -> None:
    left = tmp_path / f"{DRAFT}{os.getpid() + 1}-left"
    left.mkdir()
    (left / "tickets.parquet").write_text("half")
    (tmp_path / f"{DRAFT}{os.getpid() + 1}-link").symlink_to("1")
    publish(shop.care, tmp_path, silent)
    assert {CURRENT, "1"} == names(tmp_path)


@pytest.mark.usefixtures("quick")
def test_it_shares_its_folder_with_exports(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "tickets.parquet").write_text("of polso export")
    (tmp_path / "007").write_text("a file that is no set")
    assert 1 == publish(shop.care, tmp_path, silent).number
    assert "of polso export" == (tmp_path / "tickets.parquet").read_text()


def test_a_folder_of_somebody_else_is_not_touched(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / CURRENT).mkdir()
    with pytest.raises(StoreError, match="no link to a published set"):
        publish(shop.care, tmp_path, silent)


@pytest.mark.usefixtures("quick")
def test_a_set_is_of_one_instant_of_the_store(shop: Shop, tmp_path: Path) -> None:
    """Rows that another connection writes while facts are copied are in all files or in none: here in none."""
    engine = shop.care.engine
    rows = shop.made.facts["visits"]
    engine.run("CREATE OR REPLACE TABLE kept_visits AS FROM visits")

    def meanwhile(what: str, done: int, of: int) -> None:
        if what == "waits":
            with engine.connection.cursor() as other:
                other.execute("DELETE FROM visits")

    try:
        made = publish(shop.care, tmp_path, meanwhile)
        assert rows == made.facts["visits"] == pq.read_metadata(made.path / "visits.parquet").num_rows
        assert [(0,)] == engine.run("SELECT count(*) FROM visits")
    finally:
        engine.run("CREATE OR REPLACE TABLE visits AS FROM kept_visits")
        engine.run("DROP TABLE kept_visits")


@pytest.mark.usefixtures("quick")
def test_readers_while_publishing_never_mix_two_sets(shop: Shop, tmp_path: Path) -> None:
    """Two facts grow together, set by set; a reader who opens the views at any moment finds them alike."""
    engine = shop.care.engine
    for fact in ("searches", "articles"):
        engine.run(f"CREATE OR REPLACE TABLE kept_{fact} AS FROM {fact}")
    found: list[tuple[int, int]] = []
    wrong: list[str] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            try:
                with reading(tmp_path) as reader:
                    found.append(
                        asked(
                            reader, "SELECT (SELECT count(*) FROM searches), (SELECT count(*) FROM articles)"
                        )[0]
                    )
            except (duckdb.Error, OSError) as error:
                wrong.append(str(error))

    try:
        _grow(shop, 1)
        publish(shop.care, tmp_path, silent)
        readers = [threading.Thread(target=read) for _ in range(2)]
        for one in readers:
            one.start()
        for number in range(2, 8):
            _grow(shop, number)
            publish(shop.care, tmp_path, silent)
        over.set()
        for one in readers:
            one.join()
    finally:
        over.set()
        for fact in ("searches", "articles"):
            engine.run(f"CREATE OR REPLACE TABLE {fact} AS FROM kept_{fact}")
            engine.run(f"DROP TABLE kept_{fact}")
    assert [] == wrong
    assert [] == [pair for pair in found if pair[0] != pair[1]]
    assert len(set(found)) > 2


def _grow(shop: Shop, rows: int) -> None:
    for fact in ("searches", "articles"):
        shop.care.engine.run(f"CREATE OR REPLACE TABLE {fact} AS FROM kept_{fact} LIMIT {rows}")


KILLED = """
import os, sys
from polso.care import open_project
from polso.publish import folder
folder._settle = lambda _: os._exit(9)
with open_project(sys.argv[1]) as care:
    folder.publish(care, care.folder / "published", lambda *_: None)
"""


def test_the_command_publishes_and_a_killed_process_leaves_its_set(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In processes of their own store: a copy of the project."""
    skipped = shutil.ignore_patterns("published*")
    copy = Path(shutil.copytree(shop.care.folder, tmp_path / "copy", ignore=skipped))
    assert 0 == cli.main(["--lang", "it", "-C", str(copy), "publish"])
    assert "Pubblicata la serie 1 in" in capsys.readouterr().out
    assert 9 == subprocess.run([sys.executable, "-c", KILLED, str(copy)], check=False).returncode
    assert "1" == os.readlink(copy / "published" / CURRENT)
    assert [True] == [path.is_dir() for path in (copy / "published").glob(f"{DRAFT}*")]
    with reading(copy / "published") as reader:
        assert [(shop.made.facts["tickets"],)] == asked(reader, "SELECT count(*) FROM tickets")
    assert 0 == cli.main(["-C", str(copy), "publish", "--json"])
    assert {CURRENT, "1", "2"} == names(copy / "published")
