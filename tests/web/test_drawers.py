"""Processes that draw: they draw as the server itself would, are replaced when they die, and end with it."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from polso.faces.web import drawers, drawing, pencil
from polso.faces.web.drawers import Drawers, Gone

SPEC = {
    "data": {"values": [{"at": "perché", "n": 3}]}, "mark": "bar",
    "encoding": {"x": {"field": "n", "type": "quantitative"}, "y": {"field": "at", "type": "nominal"}},
}  # fmt: skip
SAID = json.dumps(SPEC)


@pytest.fixture(scope="module")
def two() -> Iterator[Drawers]:
    with Drawers(2) as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    drawing.KEPT.clear()


def test_they_draw_the_same(two: Drawers) -> None:
    assert [pencil.svg(SAID), pencil.png(SAID)] == [two.draw("svg", SAID), two.draw("png", SAID)]


def test_many_at_once(two: Drawers) -> None:
    specs = [json.dumps({**SPEC, "width": 100 + place}) for place in range(12)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda spec: two.draw("svg", spec), specs))
    assert [pencil.svg(spec) for spec in specs] == found


def test_what_cannot_be_drawn_is_refused_and_the_next_chart_drawn(two: Drawers) -> None:
    for draw in (two.draw, lambda form, spec: pencil.FORMS[form](spec)):
        with pytest.raises(ValueError, match="conversion failed"):
            draw("svg", json.dumps({**SPEC, "mark": "nonesuch"}))
    assert pencil.svg(SAID) == two.draw("svg", SAID)


def test_one_that_is_killed_is_replaced(two: Drawers) -> None:
    before = {drawer.process.pid for drawer in two.all}
    for drawer in two.all:
        drawer.process.kill()
        drawer.process.wait()
    with ThreadPoolExecutor(4) as threads:
        assert {pencil.svg(SAID)} == set(threads.map(lambda _: two.draw("svg", SAID), range(8)))
    assert before.isdisjoint(drawer.process.pid for drawer in two.all if drawer.process.poll() is None)


def test_one_that_says_something_else_is_replaced(two: Drawers, monkeypatch: pytest.MonkeyPatch) -> None:
    with Drawers(1) as one:
        babbles = (sys.executable, "-c", "print('hello', flush=True); input()")
        monkeypatch.setattr(drawers, "COMMAND", babbles)
        one.all[0].process.kill()
        with pytest.raises(Gone):
            one.draw("svg", SAID)
        monkeypatch.undo()
        assert pencil.svg(SAID) == one.draw("svg", SAID)


@pytest.mark.parametrize("command", [(sys.executable, "-c", "pass"), ("/nonesuch/python",)])
def test_without_them_the_server_draws_itself(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    with drawing.beside(1) as found:
        monkeypatch.setattr(drawers, "COMMAND", command)
        found.all[0].process.kill()
        assert pencil.svg(SAID) == drawing.svg(SPEC)
        assert drawing.png(SPEC).startswith(b"\x89PNG")


def test_a_page_is_the_same_with_them(client: TestClient) -> None:
    url = "/volumes?period=last+14+days&compare=none"
    charts = re.compile(r"<svg .*?</svg>", re.DOTALL)
    alone = charts.findall(client.get(url).text)
    drawing.KEPT.clear()
    client.app.state.readers._cache.clear()  # type: ignore[attr-defined]
    with drawing.beside(2):
        assert alone == charts.findall(client.get(url).text)
    assert len(alone) > 4


def test_what_was_begun_is_not_drawn_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = []
    with drawing.beside(2) as found:
        draw = found.draw
        monkeypatch.setattr(found, "draw", lambda form, spec: drawn.append(spec) or draw(form, spec))
        drawing.begin([SPEC, SPEC])
        assert pencil.svg(SAID) == drawing.svg(SPEC)
    assert 1 == len(drawn)


def test_they_end_with_whom_they_draw_for() -> None:
    with drawing.beside(2) as found:
        drawing.svg(SPEC)
    assert None not in [drawer.process.returncode for drawer in found.all]


HOLDS: str = (
    "from polso.faces.web import drawing\nwith drawing.beside(2):\n    print('up', flush=True)\n    input()\n"
)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_none_is_left_of_a_server_that_is_killed(ended_by: int) -> None:
    """They write their errors where the server does: that is at its end only when all of them are."""
    server = subprocess.Popen(
        [sys.executable, "-c", HOLDS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert server.stdout
    assert b"up\n" == server.stdout.readline()
    server.send_signal(ended_by)
    _, said = server.communicate(timeout=60)
    assert b"" == said
    assert -ended_by == server.returncode
