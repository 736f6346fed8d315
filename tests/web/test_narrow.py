"""On a narrow screen every chart is whole: drawn as wide as a phone, with all its names."""

import re
from html import unescape

import pytest
from starlette.testclient import TestClient

from polso.faces.web.narrow import narrowed
from polso.faces.web.screen import Screen, screens

# What a screen of 390 points leaves between its margins.
ROOM = 362
PLACE = re.compile(r'<div class="chart narrow" data-drawn="([^"]+)"></div>')


def drawn(address: str, client: TestClient) -> str:
    answer = client.get(unescape(address))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    return answer.text


@pytest.mark.parametrize("screen", screens(), ids=lambda one: one.name)
def test_every_chart_is_drawn_as_wide_as_a_phone(screen: Screen, client: TestClient) -> None:
    shown = client.get(f"{screen.at}?lang=it&period=last+90+days").text
    places = PLACE.findall(shown)
    assert len(places) == shown.count('class="chart scroll broad"')
    for place in places:
        found = re.match(r'<svg[^>]* width="([\d.]+)"', drawn(place, client))
        assert found
        assert float(found[1]) <= ROOM


def test_names_are_whole_above_their_bars(client: TestClient) -> None:
    shown = client.get("/resolution?lang=en&period=last+90+days").text
    (place,) = (place for place in PLACE.findall(shown) if "/definitions." in place)
    said = unescape(" ".join(re.findall(r"<text[^>]*>([^<]*)</text>", drawn(place, client))))
    for name in ("Polso (default)", "returns not looked at", "with the first reply"):
        assert name in said


def test_nothing_of_the_data_is_left_out() -> None:
    spec = {"width": 400, "height": {"step": 22}, "data": {"values": [{"label": "a", "end": 3, "text": "3"}]},
            "encoding": {"y": {"field": "label", "type": "nominal"}},
            "layer": [{"mark": {"type": "bar"}, "encoding": {"x": {"field": "end", "type": "quantitative"}}}]}  # fmt: skip
    made = narrowed(spec)
    assert spec["data"] == made["data"]
    assert 348 >= made["width"] > 250
