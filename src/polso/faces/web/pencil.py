"""One chart drawn, as SVG or PNG. Run as a program, it draws for a server what it reads, one chart a line.

Rule kept here: nothing is imported that drawing does not need, so that a process that draws starts at once; a spec
holds its data and fetches nothing.
"""

from __future__ import annotations

import base64
import json
import re
import signal
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import vl_convert

# What vl-convert puts before a link that names no host.
ELSEWHERE: Final = "https://vega.github.io/vega-datasets/"
EMPTY: Final = re.compile(r'<g class="mark-[^>]*role="graphics-symbol"[^>]*?(?:/>|></g>)')
SCALE: Final = 2.0
# Shapes of charts: a few for each screen and language.
SHAPES: Final = 256
# Where data stood, in the Vega of a shape.
PLACE: Final = re.compile(r'\[\{"data": (\d+)\}\]')
# Pixels of an axis label before it is cut off, where no spec says; and the most that a letter of one takes.
LIMIT, LETTER = 180, 11
# A chart with axes, letters and numbers: the first one that a process draws takes twenty times as long as others.
FIRST: Final = {
    "data": {"values": [{"a": "a", "b": 1}]},
    "layer": [{"mark": "bar"}, {"mark": "text", "encoding": {"text": {"field": "a"}}}],
    "encoding": {"x": {"field": "b", "type": "quantitative"}, "y": {"field": "a", "type": "nominal"}},
}


def svg(spec: str) -> str:
    """A spec, as JSON, as SVG that may stand inside a page: its text is escaped by Vega."""
    shape, data = _parted(json.loads(spec))
    vega = PLACE.sub(lambda place: data[int(place[1])], _compiled(shape))
    drawn = str(vl_convert.vega_to_svg(json.loads(vega), allowed_base_urls=[]))
    # A layer that drew nothing is announced as a picture without a name.
    return EMPTY.sub("", drawn.replace(f'"{ELSEWHERE}/', '"/'))


def png(spec: str) -> str:
    """A spec, as JSON, as a PNG on white, in base64."""
    white = {**json.loads(spec), "background": "white"}
    drawn = vl_convert.vegalite_to_png(white, scale=SCALE, allowed_base_urls=[])
    return base64.b64encode(drawn).decode()


FORMS: Final[Mapping[str, Callable[[str], str]]] = {"svg": svg, "png": png}


def _parted(spec: Any) -> tuple[str, list[str]]:
    """The shape of a chart, and the data that was taken out of it; the same data twice is one."""
    data: list[str] = []

    def emptied(part: Any) -> Any:
        if isinstance(part, list):
            return [emptied(one) for one in part]
        if not isinstance(part, dict):
            return part
        if isinstance(part.get("values"), list) and part["values"] and isinstance(part["values"][0], dict):
            values = json.dumps(part["values"])
            if values not in data:
                data.append(values)
            return {**part, "values": [{"data": data.index(values)}]}
        return {name: emptied(one) for name, one in part.items()}

    return json.dumps(emptied(spec)), data


@lru_cache(SHAPES)
def _compiled(shape: str) -> str:
    """The Vega of a shape: a chart has the same one in every period."""
    vega = vl_convert.vegalite_to_vega(shape)
    _unlimited(vega, vega.get("config", {}).get("axis", {}).get("labelLimit", LIMIT))
    return json.dumps(vega)


def _unlimited(group: dict[str, Any], limit: float) -> None:
    """Short labels without a limit: one that has a limit is measured three times, and measuring is half of the work."""
    for inner in group.get("marks", ()):
        _unlimited(inner, limit)
    for axis in group.get("axes", ()):
        if axis.get("labels") is not False:
            most = axis.get("labelLimit", limit)
            encoded = axis.setdefault("encode", {}).setdefault("labels", {}).setdefault("update", {})
            text = encoded.get("text", {}).get("signal", "datum.label")
            encoded["limit"] = {"signal": f"length(toString({text})) > {most / LETTER} ? {most} : 0"}


def main() -> None:
    """Draw until nobody asks any more: a line is a form and a spec; the answer is whether it was drawn, and what."""
    # Ctrl-C is meant for the server, which hangs up when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    svg(json.dumps(FIRST))
    for line in sys.stdin:
        form, _, spec = line.partition(" ")
        try:
            answer = True, FORMS[form](spec)
        except ValueError as error:
            answer = False, str(error)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
