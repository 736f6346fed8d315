"""Charts drawn on the server: a Vega-Lite spec becomes SVG or PNG, and the same spec is drawn once.

Rule kept here: a spec holds its data and fetches nothing; what is drawn is safe to stand inside a page.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

import vl_convert
from markupsafe import Markup

# What vl-convert puts before a link that names no host.
ELSEWHERE: Final = "https://vega.github.io/vega-datasets/"
EMPTY: Final = re.compile(r'<g class="mark-[^>]*role="graphics-symbol"[^>]*?(?:/>|></g>)')
KEPT: Final = 512
SCALE: Final = 2.0


def svg(spec: dict[str, Any]) -> Markup:
    """The chart as SVG, to stand in a page; its text is escaped by Vega."""
    return Markup(_svg(json.dumps(spec, sort_keys=True)))  # noqa: S704 - drawn from a spec, never from text of others


def png(spec: dict[str, Any]) -> bytes:
    """The chart as a PNG on white."""
    return bytes(
        vl_convert.vegalite_to_png({**spec, "background": "white"}, scale=SCALE, allowed_base_urls=[])
    )


@lru_cache(KEPT)
def _svg(spec: str) -> str:
    drawn = str(vl_convert.vegalite_to_svg(json.loads(spec), allowed_base_urls=[]))
    # A layer that drew nothing is announced as a picture without a name.
    return EMPTY.sub("", drawn.replace(f'"{ELSEWHERE}/', '"/'))
