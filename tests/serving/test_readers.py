"""Readers: one store, many threads; each answer of one moment, the same one made once."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from faces.tiny import SETTINGS, events, write
from polso.care import Care, open_project
from polso.errors import ConfigError, QuestionError
from polso.facts import build
from polso.serving.readers import Readers

KPIS = ("ticket_volume", "first_response_time")


def more(folder: Path, days: int) -> None:
    """Put the tickets of so many days into the project's file."""
    rows = "\n".join(json.dumps(row) for row in events(days))
    (folder / "data" / "desk.jsonl").write_text(rows, encoding="utf-8")


def counted(answer: Any) -> list[Any]:
    return [cell.as_dict() for cell in answer.cells]


def test_a_reader_answers_what_the_project_answers(folder: Path) -> None:
    with Readers(folder) as readers:
        with open_project(folder) as care:
            expected = counted(care.ask(*KPIS, by="channel", period="2026-03"))
        assert expected == counted(readers.ask(*KPIS, by="channel", period="2026-03"))
        with readers.borrow() as care:
            assert expected == counted(care.ask(*KPIS, by="channel", period="2026-03"))


def test_the_same_question_is_answered_once_however_it_is_written(folder: Path) -> None:
    with Readers(folder) as readers:
        first = readers.ask("csat", by="team")
        assert first is readers.ask("csat", by="team")
        assert first is readers.ask("csat", by="team", period="all", where=())
        assert readers.ask("csat", by=["team", "channel"]) is readers.ask("csat", by=("team", "channel"))


@pytest.mark.parametrize(
    "other",
    [
        {"by": "channel"},
        {"period": "2026-03"},
        {"where": {"channel": "email"}},
        {"clients": ["acme"]},
        {"clients": []},
        {"stat": "p90"},
    ],
)
def test_another_question_is_another_answer(folder: Path, other: dict[str, Any]) -> None:
    with Readers(folder) as readers:
        assert readers.ask("first_response_time") is not readers.ask("first_response_time", **other)


def test_values_that_only_look_alike_are_told_apart(folder: Path) -> None:
    with Readers(folder) as readers:
        for left, right in ((1, "1"), (1, True), (1, 1.0), (None, "None")):
            assert left is readers.cached(("x", left), lambda care, value=left: value)  # type: ignore[misc]
            assert right is readers.cached(("x", right), lambda care, value=right: value)  # type: ignore[misc]


def test_identical_questions_asked_at_once_share_one_run(folder: Path) -> None:
    runs, going = [], threading.Event()

    def slow(care: Care) -> object:
        runs.append(1)
        going.wait(10)
        return object()

    with Readers(folder, size=2) as readers, ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(readers.cached, ("slow",), slow) for _ in range(6)]
        while not runs:
            pass
        going.set()
        assert 1 == len({id(one.result()) for one in asked})
        assert [1] == runs


def test_errors_are_told_and_not_kept(folder: Path) -> None:
    tries = []

    def once(care: Care) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise QuestionError("no")
        return "yes"

    with Readers(folder, size=1) as readers:
        with pytest.raises(QuestionError):
            readers.cached(("k",), once)
        assert "yes" == readers.cached(("k",), once)


@pytest.mark.parametrize("statement", ["SELECT nosuch FROM tickets", "SELECT error('broken') FROM tickets"])
def test_an_error_of_the_engine_leaves_a_reader_that_answers(folder: Path, statement: str) -> None:
    with Readers(folder, size=1) as readers:
        readers.ask("ticket_volume", by="day", period="2026-03")
        with pytest.raises(Exception, match=r"nosuch|broken"):
            readers.cached(("broken",), lambda care: care.engine.run(statement))
        assert 60 == readers.ask("ticket_volume", period="2026-03").value


def test_who_comes_when_all_are_lent_waits(folder: Path) -> None:
    with Readers(folder, size=1) as readers, ThreadPoolExecutor(1) as pool:
        with readers.borrow():
            waiting = pool.submit(readers.ask, "ticket_volume")
            assert not waiting.done()
        assert 112 == waiting.result(30).value


def test_an_answer_may_ask_for_others_while_it_is_made(folder: Path) -> None:
    with Readers(folder, size=1) as readers:
        assert 112 == readers.cached(("outer",), lambda care: readers.ask("ticket_volume").value)


def test_new_facts_are_a_new_version(folder: Path) -> None:
    with Readers(folder) as readers, open_project(folder) as care:
        before, old = readers.version, readers.ask("ticket_volume")
        assert before == readers.version
        more(folder, 60)
        care.load()
        assert before != readers.version
        assert 120 == readers.ask("ticket_volume").value
        assert 112 == old.value
        assert readers.ask("ticket_volume").as_of > old.as_of


def test_a_source_read_anew_is_a_new_version(folder: Path) -> None:
    """Where everything was forgotten batches count from 1 again, and the facts stand in new tables."""
    with Readers(folder) as readers, open_project(folder) as care:
        before = readers.version
        more(folder, 50)
        readers.ask(*KPIS, by="channel")
        care.load(anew=["desk"])
        assert before != readers.version
        assert 100 == readers.ask("ticket_volume").value


def test_what_a_load_has_not_finished_is_not_seen(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Readers(folder, size=2) as readers, open_project(folder) as care:
        expected = counted(readers.ask(*KPIS, by="week"))
        version, seen = readers.version, []

        def built(*given: Any, _build: Callable[..., bool] = build.build, **named: Any) -> bool:
            # The events of the load are in the log, the old ones are forgotten, and no fact is made yet.
            seen.append(readers.version)
            seen.append(counted(readers.cached(("again",), lambda care: care.ask(*KPIS, by="week"))))
            with readers.borrow() as reader:
                seen.append(reader.engine.run("SELECT count(*) FROM events"))
            return _build(*given, **named)

        monkeypatch.setattr(build, "build", built)
        more(folder, 60)
        care.load(anew=["desk"])
        assert [version, expected, [(448,)]] == seen
        assert 120 == readers.ask("ticket_volume").value
        with readers.borrow() as reader:
            assert [(480,)] == reader.engine.run("SELECT count(*) FROM events")


@pytest.mark.parametrize("anew", [(), ("desk",)])
def test_while_a_load_runs_every_answer_is_wholly_old_or_wholly_new(
    folder: Path, anew: tuple[str, ...]
) -> None:
    def said(care: Care) -> tuple[Any, ...]:
        result = care.ask(*KPIS, by="channel")
        found = care.rows("ticket_volume", limit=None).num_rows
        events_ = care.engine.run("SELECT count(*) FROM events")[0][0]
        return result.as_of, found, events_, repr(counted(result))

    over, answers = threading.Event(), []

    def ask(readers: Readers, name: int) -> None:
        place = 0
        while not over.is_set():
            place += 1
            answers.append(readers.cached((name, place), said))

    with Readers(folder, size=2) as readers, ThreadPoolExecutor(3) as pool:
        old = readers.cached((), said)
        asking = [pool.submit(ask, readers, name) for name in range(3)]
        with open_project(folder) as care:
            more(folder, 60)
            care.load(anew=anew)
        over.set()
        for one in asking:
            one.result()
        new = readers.cached((), said)
    assert (112, 448) == old[1:3]
    assert (120, 480) == new[1:3]
    assert set(answers) <= {old, new}
    assert old in answers


def test_settings_and_own_kpis_are_read_again(folder: Path) -> None:
    with Readers(folder) as readers:
        before = readers.version
        assert () == readers.ask("first_response_time").cells[0].warnings
        (folder / "polso.toml").write_text(SETTINGS.replace("minimum_n = 5", "minimum_n = 500"))
        assert before != readers.version
        (cell,) = readers.ask("first_response_time").cells
        assert ("only 112 rows",) == cell.warnings
        before = readers.version
        (folder / "kpis").mkdir()
        own = "[mine]\ntitle = {en = 'Mine', it = 'Mio'}\n"
        (folder / "kpis" / "own.toml").write_text(own)
        with pytest.raises(ConfigError):
            readers.ask("ticket_volume")
        (folder / "kpis" / "own.toml").unlink()
        assert 112 == readers.ask("ticket_volume").value


def test_a_refresh_forgets_every_answer(folder: Path) -> None:
    with Readers(folder) as readers:
        before, first = readers.version, readers.ask("ticket_volume")
        readers.refresh()
        assert before != readers.version
        assert first is not readers.ask("ticket_volume")


def test_readers_of_an_empty_project_answer_once_something_is_loaded(tmp_path: Path) -> None:
    write(tmp_path / "new", events(3))
    with Readers(tmp_path / "new") as readers, open_project(tmp_path / "new") as care:
        with pytest.raises(QuestionError, match="nothing is loaded"):
            readers.ask("ticket_volume")
        care.load()
        assert 6 == readers.ask("ticket_volume").value


def test_many_periods_do_not_pile_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polso.serving.readers.LENDINGS", 3)
    with Readers(folder, size=1) as readers:
        for day in range(1, 15):
            assert 2 == readers.ask("ticket_volume", by="day", period=f"2026-04-{day:02}").value
        with readers.borrow() as care:
            tables = care.engine.run("SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'slots_%'")
    assert tables[0][0] <= 5
