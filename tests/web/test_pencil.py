"""A chart is drawn as vl-convert alone would draw it, though less is done for it."""

import json
from typing import Any

import pytest
import vl_convert
from starlette.testclient import TestClient

from polso.faces.web import pencil
from polso.faces.web.screen import screens

SCREENS = [screen.at for screen in screens()]
LONG = "Reclami per consegne in ritardo del corriere di notte"


def alone(spec: dict[str, Any]) -> str:
    """What vl-convert makes of the whole spec, links and empty layers mended."""
    drawn = str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))
    return pencil.EMPTY.sub("", drawn.replace(f'"{pencil.ELSEWHERE}/', '"/'))


def bars(*labels: str, axis: dict[str, Any] | None = None) -> dict[str, Any]:
    """A bar a label, and a text of its own over them."""
    at = {"field": "label", "type": "nominal", "axis": axis or {}}
    values = [{"label": label, "n": place} for place, label in enumerate(labels)]
    over = {"data": {"values": [{"aim": 2}]}, "mark": "rule", "encoding": {"x": {"field": "aim"}, "y": {}}}
    return {
        "data": {"values": values},
        "encoding": {"y": at},
        "layer": [{"mark": "bar", "encoding": {"x": {"field": "n", "type": "quantitative"}}}, over],
    }


@pytest.mark.parametrize("path", SCREENS)
def test_every_chart_of_a_screen(client: TestClient, path: str) -> None:
    page = client.get(f"{path}?period=last+90+days&lang=en").text
    names = [part.split('"')[0].replace("&amp;", "&") for part in page.split('data-spec="')[1:]]
    for spec in [client.get(name).json() for name in names]:
        assert alone(spec) == pencil.svg(json.dumps(spec))


@pytest.mark.parametrize("axis", [{}, {"labelLimit": 90}, {"labelExpr": "'- ' + datum.value + ' -'"}])
@pytest.mark.parametrize(
    "labels", [("a", "b"), ("a", LONG), (LONG, "W" * 17), ("日本語の長い名前のチャンネル",)]
)
def test_long_labels_are_cut_off_where_they_were(labels: tuple[str, ...], axis: dict[str, Any]) -> None:
    spec = bars(*labels, axis=axis)
    assert alone(spec) == pencil.svg(json.dumps(spec))
    assert f">{LONG}<" not in alone(spec)


def test_the_same_shape_takes_other_data() -> None:
    first, second = bars("phone", "email"), bars("chat", "phone", 'a "quoted" {"data": 0}')
    assert alone(first) == pencil.svg(json.dumps(first))
    before = pencil._compiled.cache_info()
    assert alone(second) == pencil.svg(json.dumps(second))
    after = pencil._compiled.cache_info()
    assert (before.hits + 1, before.misses) == (after.hits, after.misses)


@pytest.mark.parametrize("values", [[], [{"label": None, "n": None}], [{"label": "a", "n": float("nan")}]])
def test_data_without_anything_to_draw(values: list[Any]) -> None:
    spec = {**bars(), "data": {"values": values}}
    assert alone(spec) == pencil.svg(json.dumps(spec))
