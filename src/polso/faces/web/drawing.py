"""Charts drawn on the server: a Vega-Lite spec becomes SVG or PNG, and the same spec is drawn once.

Rule kept here: who needs a chart does not know where it is drawn: in this process, or in those that draw beside it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

from markupsafe import Markup

from polso.faces.web import pencil
from polso.faces.web.drawers import Drawers, Gone
from polso.query.cache import Cache

KEPT: Final = Cache(512)
# Who draws; nobody: this process does it itself.
_BESIDE: Final[list[Drawers]] = []


@contextmanager
def beside(size: int | None = None) -> Iterator[Drawers]:
    """While this lasts, charts are drawn by processes of their own."""
    with Drawers(size) as drawers:
        _BESIDE.append(drawers)
        try:
            yield drawers
        finally:
            _BESIDE.remove(drawers)


def svg(spec: Mapping[str, Any]) -> Markup:
    """The chart as SVG, to stand in a page."""
    return Markup(_svg(_said(spec)))  # noqa: S704 - drawn from a spec, never from text of others


def png(spec: Mapping[str, Any]) -> bytes:
    """The chart as a PNG on white."""
    return base64.b64decode(_drawn("png", _said(spec)))


def begin(specs: Iterable[Mapping[str, Any]]) -> None:
    """Draw side by side, where that can be done, what will be asked for in a moment."""
    for drawers in _BESIDE:
        for spec in specs:
            drawers.begin(partial(svg, spec))


def _said(spec: Mapping[str, Any]) -> str:
    return json.dumps(spec, sort_keys=True)


def _svg(spec: str) -> str:
    drawn: str = KEPT.get(spec, lambda: (spec, _drawn("svg", spec)))
    return drawn


def _drawn(form: str, spec: str) -> str:
    for drawers in _BESIDE:
        with suppress(Gone):
            return drawers.draw(form, spec)
    return pencil.FORMS[form](spec)
