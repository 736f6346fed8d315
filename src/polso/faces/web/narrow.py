"""A chart for a narrow screen: the same data and marks, drawn as wide as a phone, names above their bars.

Rule kept here: nothing is left out but numbers that would not fit into their squares; the table has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

# As wide as the content of a screen of 390 points.
TOTAL: Final = 348
# What an axis of numbers takes at the left, and a letter of eleven points.
AXIS, LETTER = 40, 6.6
STEP, SQUARE = 34, 12
SMALL: Final = 130
SECOND: Final = (
    {"window": [{"op": "row_number", "as": "place"}]}, {"filter": "datum.place % 2 == 0"},
)  # fmt: skip
# Names stand at the left end of their row, above its bar.
ABOVE: Final = {
    "labelAlign": "left",
    "labelPadding": 0,
    "labelBaseline": "bottom",
    "labelOffset": -8,
    "labelLimit": TOTAL,
}


def narrowed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The spec of a chart as a phone shows it."""
    if "facet" in spec:
        inner = dict(spec["spec"])
        return {**spec, "columns": 2, "spec": {**inner, "width": SMALL}}
    if "vconcat" in spec:
        return {**spec, "vconcat": [narrowed(part) for part in spec["vconcat"]]}
    if isinstance(spec.get("width"), Mapping):
        return _heat(spec)
    if not isinstance(spec.get("width"), int | float):
        return dict(spec)
    named = _is_named(spec)
    width = round(TOTAL - _text_room(spec) - (0 if named else AXIS))
    made = {**_moved(dict(spec), spec["width"], width), "width": width}
    if named:
        return {**made, "height": {"step": STEP}, "padding": 4}
    return (
        {**made, "layer": [_thinned(layer) for layer in made.get("layer", ())]} if "layer" in made else made
    )


def _thinned(layer: dict[str, Any]) -> dict[str, Any]:
    """Numbers written over the points of a line: every second, where all would run into each other."""
    mark = layer.get("mark")
    if not isinstance(mark, dict) or mark.get("type") != "text" or "align" in mark or "data" in layer:
        return layer
    return {**layer, "transform": [*layer.get("transform", ()), *SECOND]}


def _is_named(spec: Mapping[str, Any]) -> bool:
    """Whether its rows are names: bars, dots and spans."""
    found = (dict(one.get("encoding", {})).get("y", {}) for one in (spec, *_layers(spec)))
    return any(y.get("type") == "nominal" for y in found)


def _text_room(spec: Mapping[str, Any]) -> float:
    """How much the longest text takes that stands behind its mark."""
    fields = {
        layer["encoding"]["text"]["field"]
        for layer in _layers(spec)
        if isinstance(layer.get("mark"), Mapping)
        and layer["mark"].get("align") == "left"
        and "text" in layer.get("encoding", {})
    }
    values = [one for layer in (spec, *_layers(spec)) for one in layer.get("data", {}).get("values", ())]
    longest = max((len(str(one.get(field) or "")) for one in values for field in fields), default=0)
    return 16 + LETTER * longest if longest and _is_named(spec) else 12


def _layers(spec: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for layer in spec.get("layer", ()):
        yield layer
        yield from _layers(layer)


def _moved(part: Any, old: float, new: float, name: str = "") -> Any:
    """The same with places along x moved, names above their rows, and bars as thin as those leave room for."""
    if isinstance(part, list):
        return [_moved(one, old, new) for one in part]
    if not isinstance(part, dict):
        return part
    made = {key: _moved(value, old, new, key) if key != "data" else value for key, value in part.items()}
    if name in ("x", "x2") and isinstance(made.get("value"), int | float):
        made["value"] = new + made["value"] - old if made["value"] >= old else made["value"] * new / old
    if name == "x" and isinstance(made.get("axis"), dict) and "values" in made["axis"]:
        made["axis"] = {**made["axis"], "labelOverlap": True, "labelSeparation": 6}
    if name == "y" and made.get("type") == "nominal":
        made["axis"] = {**(made.get("axis") or {}), **ABOVE}
    if name == "mark" and isinstance(made.get("height"), dict):
        made["height"] = {"band": 0.4}
    return made


def _heat(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Squares as small as a phone needs, without the numbers in them."""
    layers = [one for one in spec["layer"] if one["mark"]["type"] != "text"]
    return {**spec, "width": {"step": SQUARE}, "height": {"step": 2 * SQUARE}, "layer": layers}
