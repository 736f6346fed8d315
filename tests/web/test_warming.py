"""Screens are asked before somebody opens them: all of them at first, later those that somebody opened."""

import shutil
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from polso.demo import write_project
from polso.faces.web import warming
from polso.faces.web.app import make_app
from polso.faces.web.screen import screens
from polso.faces.web.warming import Traffic, Warming
from polso.query.cubes import Rows
from polso.serving.readers import Readers


def asked(ready: Warming, *, whole: bool) -> list[str]:
    return list(dict.fromkeys(screen.name for screen, _ in ready._plan(whole=whole)))


def test_every_screen_is_asked_first_and_later_those_that_were_opened(readers: Readers) -> None:
    app = make_app(readers)
    ready = Warming(app, readers)
    assert asked(ready, whole=True) == [screen.name for screen in screens() if screen.lasts]
    assert asked(ready, whole=False) == []
    TestClient(app, base_url="http://127.0.0.1:8321").get("/volumes")
    assert asked(ready, whole=False) == ["volumes"]


def test_what_a_screen_counts_is_kept_once_it_was_asked_before(
    readers: Readers, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(readers)
    ready = Warming(app, readers)
    for screen, query in ready._plan(whole=True):
        if screen.name == "selfservice":
            ready.ask(screen, query)
            readers.settle()
    read: list[object] = []
    within = Rows.within
    monkeypatch.setattr(
        Rows, "within", lambda self, question: (read.append(question), within(self, question))[1]
    )
    shown = TestClient(app, base_url="http://127.0.0.1:8321").get(
        "/selfservice?since=2026-03-03&until=2026-03-30"
    )
    assert shown.status_code == 200
    assert read


def test_nobody_is_there_once_nobody_has_asked_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(warming.time, "monotonic", lambda: now)
    traffic = Traffic()
    assert traffic.quiet
    traffic.began("/")
    now += 60
    assert not traffic.quiet
    traffic.ended()
    assert not traffic.quiet
    now += 2 * warming.QUIET
    assert traffic.quiet


def test_a_project_without_data_asks_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    write_project(folder, tickets=300)
    shutil.rmtree(folder / "data")
    with Readers(folder) as none:
        assert asked(Warming(make_app(none), none), whole=True) == []
