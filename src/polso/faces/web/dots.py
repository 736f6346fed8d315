"""Numbers beside each other with their intervals: a dot, the line of what chance allows, the value written at the end.

Rule kept here: the order is the one given, so that nothing becomes a ranking by being drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from polso.faces.charts import ACCENT, INK, PALE, RULE, UNITS
from polso.faces.web import plots

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.query.result import Cell

STEP: Final = 22
LABELS: Final = 220
# Text is measured in another font than the reader's: room for what is longer there.
ROOM: Final = {"left": 28, "right": 36, "top": 4, "bottom": 4}


def dots(page: Page, rows: Sequence[tuple[str, Cell]], *, whole: Cell | None = None) -> dict[str, Any] | None:
    """One line a cell, in the order given; `whole` is a thin line to hold them against."""
    known = [(label, cell) for label, cell in rows if cell.value is not None]
    if not known:
        return None
    scale = _scale([cell for _, cell in known])
    values = [_datum(page, label, cell, scale) for label, cell in known]
    form = ".0%" if known[0][1].unit == "share" else ",.2~f"
    axis = {"format": form, "tickCount": 5, "gridColor": RULE}
    x = {"type": "quantitative", "title": None, "axis": axis, "scale": {"zero": True}}
    y = {"field": "label", "type": "nominal", "title": None, "sort": None,
         "axis": {"labelColor": INK, "labelLimit": LABELS, "grid": False}}  # fmt: skip
    layers: list[dict[str, Any]] = [
        {
            "mark": {"type": "rule", "color": PALE, "strokeWidth": 1.5},
            "encoding": {"y": y, "x": {**x, "field": "low"}, "x2": {"field": "high"}},
        },
        {
            "mark": {"type": "point", "filled": True, "size": 55, "color": ACCENT, "opacity": 1},
            "encoding": {"y": y, "x": {**x, "field": "value"}, "tooltip": _tooltip(page)},
        },
        {
            "mark": {"type": "text", "align": "left", "dx": 8, "color": INK, "fontSize": 11},
            "encoding": {"y": y, "x": {**x, "field": "end"}, "text": {"field": "text", "type": "nominal"}},
        },
    ]
    if whole is not None and whole.value is not None:
        layers.insert(0, _held_against(whole.value / scale, x))
    body = {
        "data": {"values": values},
        "width": plots.WIDTH - LABELS,
        "height": {"step": STEP},
        "padding": ROOM,
        "layer": layers,
    }
    return plots.spec(body, page)


def _scale(cells: Sequence[Cell]) -> float:
    """What durations are divided by: the largest unit that suits them."""
    if cells[0].unit != "duration":
        return 1.0
    largest = max(abs(cell.value or 0) for cell in cells)
    return float(next((seconds for seconds, _ in UNITS if largest >= 2 * seconds), 1))


def _datum(page: Page, label: str, cell: Cell, scale: float) -> dict[str, Any]:
    value, low, high = (None if end is None else end / scale for end in (cell.value, cell.low, cell.high))
    words = page.words
    return {
        "label": label,
        "value": value,
        "low": value if low is None else low,
        "high": value if high is None else high,
        "end": value if high is None else high,
        "text": f"{words.value(cell.value, cell.unit)}  ({words.n(cell.n)})",
        "n": words.count(cell.n),
        "interval": words.interval(cell.low, cell.high, cell.unit),
    }


def _tooltip(page: Page) -> list[dict[str, Any]]:
    said = (("label", ""), ("text", page.say("value")), ("interval", page.say("95 % interval")), ("n", "n"))
    return [{"field": name, "type": "nominal", "title": title} for name, title in said]


def _held_against(value: float, x: dict[str, Any]) -> dict[str, Any]:
    return {
        "data": {"values": [{"all": value}]},
        "mark": {"type": "rule", "color": PALE, "strokeDash": [4, 3], "tooltip": None},
        "encoding": {"x": {**x, "field": "all"}},
    }
