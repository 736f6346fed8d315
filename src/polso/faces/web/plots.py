"""The charts of the screens: what every face draws, with the period before, targets, and bars that filter.

Rule kept here: the data in ink, the period before dashed and pale, the target a thin labelled line;
the colours written here are names that the style sheet gives their light and their dark form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.charts import ACCENT, CONFIG, INK, PALE, SCHEMA, chart
from polso.faces.web import marks
from polso.query.flow import END, START, WENT

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.query.result import Cell, Result

WIDTH, HEIGHT = 560, 200
# Numbers on coloured squares are dark in every theme, so they have an ink of their own.
MOST: Final = 12
# The reader's font may be wider than the one that labels were measured in.
ROOM: Final = {"left": 14, "top": 5, "right": 14, "bottom": 5}


def spec(body: Mapping[str, Any], page: Page) -> dict[str, Any]:
    """A whole Vega-Lite spec of a body (data, marks, encodings), in the look and the language of the pages."""
    decimal, thousands = (",", ".") if page.words.language == "it" else (".", ",")
    locale = {"decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""]}
    return {"$schema": SCHEMA, "config": {**CONFIG, "locale": {"number": locale}}, **body}


def only(result: Result, kpi: str, variant: str | None = None) -> Result:
    """One KPI (under one definition) of an answer."""
    kept = [d for d in result.definitions if d.name == kpi and variant in (None, d.variant)]
    names = {(d.name, d.variant) for d in kept}
    return replace(
        result, question=replace(result.question, definitions=tuple(kept)),
        cells=tuple(c for c in result.cells if (c.kpi, c.variant) in names),
    )  # fmt: skip


def plain(page: Page, result: Result) -> dict[str, Any]:
    """An answer as every face draws it: a course, bars, or a heat map of the week."""
    return _untitled(chart(result, page.words))


def _untitled(drawn: dict[str, Any]) -> dict[str, Any]:
    """Without the title, which stands over the figure; as wide as a column of the page."""
    made = {name: part for name, part in drawn.items() if name != "title"}
    # A reader's font may be wider than the one that labels were measured in: keep them apart.
    made["config"] = {**CONFIG, **made["config"], "axis": {**CONFIG["axis"], "labelSeparation": 12}}
    if isinstance(made.get("width"), int):
        made |= {"width": WIDTH, "height": made["height"] if isinstance(made["height"], dict) else HEIGHT}
    return made


def trend(
    page: Page, result: Result, *, earlier: Result | None = None, target: float | None = None
) -> dict[str, Any]:
    """One KPI over time with its interval, the period before dashed and pale, the target, and holidays by day."""
    drawn = plain(page, result)
    layers = list(drawn.get("layer", ()))
    if not layers:
        return drawn
    values = drawn["data"]["values"]
    # The chart says durations in the largest unit that suits them: what is laid over it must too.
    scale = next(
        (
            c.value / v["value"]
            for c, v in zip(result.cells, _measured(values), strict=False)
            if c.value and v["value"]
        ),
        1.0,
    )
    if earlier is not None and earlier.cells:
        layers.insert(1, _before(result, earlier, scale, layers[-1]["encoding"]["y"]))
    if target is not None:
        layers.append(_aim(page, target / scale, target, result.cells[0].unit, layers[-1]["encoding"]["y"]))
    marked = marks.holidays(page) if result.question.grain == "day" else None
    return {**drawn, "layer": [*layers, marked] if marked else layers}


def _measured(values: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [value for value in values if "n" in value]


def _before(result: Result, earlier: Result, scale: float, y: Mapping[str, Any]) -> dict[str, Any]:
    """The earlier period's course, laid under this one's."""
    shift = result.question.period.since - earlier.question.period.since
    grain = result.question.grain
    values = []
    for cell in earlier.cells:
        at = cell.keys.get(grain) if grain else None
        if isinstance(at, date) and cell.value is not None and at + shift < result.question.period.until:
            values.append({"at": f"{(at + shift).isoformat()[:16]}{'' if len(at.isoformat()) > 10 else 'T00:00'}Z",
                           "value": cell.value / scale})  # fmt: skip
    mark = {"type": "line", "color": PALE, "strokeDash": [4, 3], "strokeWidth": 1.2, "tooltip": None}
    return {"data": {"values": values}, "mark": mark, "encoding": {"y": {**y, "field": "value"}}}


def _aim(page: Page, at: float, value: float, unit: str, y: Mapping[str, Any]) -> dict[str, Any]:
    """The target: a thin line with its value written over it."""
    text = f"{page.say('target')} {page.words.value(value, unit)}"
    return {
        "data": {"values": [{"aim": at, "said": text}]},
        "encoding": {"x": {}, "y": {**y, "field": "aim"}},
        "layer": [
            {
                "mark": {"type": "rule", "color": INK, "strokeWidth": 0.8},
                "encoding": {"x": {"value": 0}, "x2": {"value": WIDTH}},
            },
            {
                "mark": {
                    "type": "text",
                    "align": "right",
                    "baseline": "bottom",
                    "dy": -2,
                    "color": INK,
                    "fontSize": 10,
                },
                "encoding": {"x": {"value": WIDTH}, "text": {"field": "said", "type": "nominal"}},
            },
        ],
    }


def bars(page: Page, result: Result, *, most: int = MOST) -> dict[str, Any]:
    """One bar a value of the split, the longest first; a click makes it the filter."""
    ranked = (
        sorted(result.cells, key=lambda cell: -(cell.value or 0))
        if most < len(result.cells)
        else result.cells
    )
    shown = replace(result, cells=tuple(ranked[:most]))
    drawn = plain(page, shown)
    for cell, value in zip(shown.cells, drawn["data"]["values"], strict=True):
        state = None if "agent" in cell.keys else page.state.of_cell(cell.keys, page.period)
        if state is not None:
            value["href"] = state.url()
    if shown.cells and shown.cells[0].unit == "count":
        for layer in drawn["layer"]:
            # Half a ticket is none.
            layer["encoding"]["x"] = {
                **layer["encoding"]["x"], "axis": {**layer["encoding"]["x"]["axis"], "tickMinStep": 1}
            }  # fmt: skip
    if any("href" in value for value in drawn["data"]["values"]):
        for layer in drawn["layer"]:
            if layer["mark"]["type"] == "bar":
                layer["encoding"]["href"] = {"field": "href", "type": "nominal"}
    return {**drawn, "width": WIDTH - 160, "padding": ROOM}


def heat(page: Page, result: Result) -> dict[str, Any]:
    """The week by hour: darker is more; each square's number written in it, of a share its per cents."""
    drawn = plain(page, result)
    share = bool(result.cells) and result.cells[0].unit == "share"
    for value in drawn["data"]["values"] if share else ():
        value["short"] = "" if value["value"] is None else page.words.decimal(100 * value["value"])
    for layer in drawn["layer"]:
        if layer["mark"]["type"] == "text":
            layer["encoding"] = {"text": {"field": "short" if share else "text", "type": "nominal"}}
    return {**drawn, "width": {"step": 24}, "height": {"step": 24}}


def multiples(page: Page, result: Result, *, columns: int = 3, height: int = 70) -> dict[str, Any]:
    """A small course for each value of the split, all on one scale."""
    drawn = plain(page, result)
    if "facet" not in drawn:
        return drawn
    # So small, a point on every day would hide the course.
    layers = [
        {**layer, "mark": {**layer["mark"], "point": False, "strokeWidth": 1.4}}
        if layer["mark"]["type"] == "line"
        else layer
        for layer in drawn["spec"]["layer"]
    ]
    inner = {
        **drawn["spec"],
        "layer": layers,
        "width": (WIDTH - 40 * columns) // columns,
        "height": height,
    }
    return {**drawn, "columns": columns, "spec": inner}


def bridge(page: Page, result: Result) -> dict[str, Any]:
    """How a stock went from its start to its end: each move hangs where the one before it ended.

    Moves that nobody made, and moves in and out that cancel out, are in the table only.
    """
    at, rows = 0.0, []
    for cell in _drawn_moves(result):
        name, n = cell.keys["band"], cell.value or 0
        whole = name in (START, END)
        end = n if whole else at - n if name in WENT else at + n
        rows.append({
            "label": page.words.label("band", name), "from": 0 if whole else at, "to": end,
            "top": end if whole else max(at, end), "ink": INK if whole else ACCENT if end > at else PALE,
            "said": page.words.count(n if whole else end - at, signed=not whole),
        })  # fmt: skip
        at = end
    for row, after in pairwise(rows):
        row["next"] = after["label"]
    return spec(_hanging(rows), page)


def _drawn_moves(result: Result) -> list[Cell]:
    cells = [cell for cell in result.cells if "band" in cell.keys]
    moved = {cell.keys["band"]: cell.value for cell in cells}
    cancel = {"moved_in", "moved_out"} if moved.get("moved_in") == moved.get("moved_out") else set()
    kept = [cell for cell in cells if cell.keys["band"] not in cancel]
    return [cell for cell in kept if cell.value or cell.keys["band"] in (START, END)]


def _hanging(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Bars from where to where, each joined to the next by a thin line."""
    y = {"field": "label", "type": "nominal", "title": None, "sort": None,
         "axis": {"labelColor": INK, "labelLimit": 220}}  # fmt: skip
    x = {"type": "quantitative", "title": None, "axis": {"tickCount": 5}}
    joint = {
        "mark": {"type": "rule", "color": PALE, "strokeWidth": 0.8, "tooltip": None},
        "transform": [{"filter": "isValid(datum.next)"}],
        "encoding": {"x": {**x, "field": "to"}, "y2": {"field": "next"}},
    }
    bar = {
        "mark": {"type": "bar", "height": {"band": 0.6}},
        "encoding": {"x": {**x, "field": "from"}, "x2": {"field": "to"},
                     "color": {"field": "ink", "type": "nominal", "scale": None, "legend": None},
                     "tooltip": [{"field": name, "type": "nominal"} for name in ("label", "said")]},
    }  # fmt: skip
    text = {
        "mark": {"type": "text", "align": "left", "dx": 6, "color": INK, "fontSize": 11, "tooltip": None},
        "encoding": {"x": {**x, "field": "top"}, "text": {"field": "said", "type": "nominal"}},
    }
    return {"width": WIDTH - 160, "height": {"step": 22}, "padding": ROOM, "data": {"values": list(rows)}, "encoding": {"y": y},
            "layer": [joint, bar, text]}  # fmt: skip


def spark(cells: Sequence[Cell], width: int, height: int) -> Markup:
    """A course without axes, as wide as a word or two; gaps stay gaps."""
    values = [cell.value for cell in cells]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(0.0, *known), max(known)
    step, room = width / max(1, len(values) - 1), (height - 4) / ((high - low) or 1)
    points: list[str] = []
    pen = "M"
    for place, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        points.append(f"{pen}{place * step:.1f},{height - 2 - (value - low) * room:.1f}")
        pen = "L"
    return Markup(
        '<svg class="spark" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true"><path d="{}"/></svg>'
    ).format(width, height, "".join(points))


def against(before: str) -> Callable[[Page, Result], dict[str, Any]]:
    """How a course is drawn beside that of the period before (the answer of this name), and its target."""

    def drawn(page: Page, result: Result) -> dict[str, Any]:
        earlier = page.earlier_of(before)
        definition = result.definitions[0]
        same = only(earlier, definition.name, definition.variant) if earlier else None
        return trend(page, result, earlier=same, target=page.limit(definition))

    return drawn


@dataclass(frozen=True)
class Step:
    """One stage of a contact's way to a person: entered = passed + left + others, of visits that are over."""

    stage: str
    entered: int
    passed: int
    left: int

    @property
    def others(self) -> int:
        """Visits that ended otherwise: served by the IVR, called back, overflowed, timed out."""
        return self.entered - self.passed - self.left


WAY: Final = ("welcome", "ivr", "queue")
ONWARDS: Final = ("passed", "answered")


def steps(result: Result) -> list[Step]:
    """The stages of an answer of `stage_abandonment` by stage and outcome, on the way to a person."""
    found = []
    for stage in WAY:
        ends = [(cell.keys["outcome"], cell.n) for cell in result.cells if cell.keys["stage"] == stage]
        entered = sum(n for _, n in ends)
        if entered:
            passed = sum(n for outcome, n in ends if outcome in ONWARDS)
            left = sum(n for outcome, n in ends if outcome == "abandoned")
            found.append(Step(stage, entered, passed, left))
    return found


def stage_names(page: Page) -> dict[str, str]:
    """The stages on the way to a person, as people call them."""
    return {
        "welcome": page.say("Welcome"), "ivr": page.say("IVR"), "queue": page.say("Queue"),
        "answered": page.say("Answered"),
    }  # fmt: skip


def funnel(page: Page, result: Result) -> dict[str, Any]:
    """The way to a person: a bar a stage, who went on pale, who ended otherwise grey, who gave up in full colour."""
    way = steps(result)
    ends: list[dict[str, Any]] = []
    names = []
    for step in way:
        name = stage_names(page)[step.stage]
        names.append(name)
        at = 0
        for kind, n in (("passed", step.passed), ("others", step.others), ("left", step.left)):
            ends.append({"stage": name, "kind": kind, "from": at, "to": at + n, "n": n})
            at += n
        text = page.say("{n} gave up ({share})", n=page.words.count(step.left),
                        share=page.words.share(step.left / step.entered))  # fmt: skip
        ends.append(
            {
                "stage": name,
                "kind": "said",
                "to": step.entered,
                "text": f"{page.words.count(step.entered)} · {text}",
            }
        )
    if way and way[-1].stage == "queue":
        name = stage_names(page)["answered"]
        names.append(name)
        ends.append({"stage": name, "kind": "passed", "from": 0, "to": way[-1].passed, "n": way[-1].passed})
        ends.append(
            {"stage": name, "kind": "said", "to": way[-1].passed, "text": page.words.count(way[-1].passed)}
        )
    y = {
        "field": "stage",
        "type": "nominal",
        "title": None,
        "sort": names,
        "axis": {"labelColor": INK, "labelLimit": 160},
    }
    layers = [_part(kind, look) for kind, look in _LOOKS.items()]
    said = {
        "transform": [{"filter": "datum.kind === 'said'"}],
        "mark": {"type": "text", "align": "left", "dx": 6, "color": INK, "fontSize": 11},
        "encoding": {
            "x": {"field": "to", "type": "quantitative"},
            "text": {"field": "text", "type": "nominal"},
        },
    }
    body = {"width": WIDTH - 280, "height": {"step": 34}, "data": {"values": ends}, "encoding": {"y": y}}
    return spec({**body, "layer": [*layers, said]}, page)


_LOOKS: Final[Mapping[str, Mapping[str, Any]]] = {
    "passed": {"color": ACCENT, "opacity": 0.3}, "others": {"color": PALE, "opacity": 0.5},
    "left": {"color": ACCENT, "opacity": 1},
}  # fmt: skip


def _part(kind: str, look: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of all bars that ended one way."""
    x = {"field": "from", "type": "quantitative", "title": None, "axis": {"tickCount": 5}}
    return {
        "transform": [{"filter": f"datum.kind === '{kind}'"}],
        "mark": {"type": "bar", "height": {"band": 0.7}, "tooltip": None, **look},
        "encoding": {"x": x, "x2": {"field": "to"}},
    }
