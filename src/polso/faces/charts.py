"""A Result as a Vega-Lite spec: a line with its band over time, bars with intervals, a heat map of the week.

Rule kept here: a chart draws what the Result says and computes nothing; what has no value is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from polso.faces import language as languages
from polso.faces.table import said_of, title
from polso.faces.words import Words

if TYPE_CHECKING:
    from polso.kpis.definition import Definition
    from polso.query.result import Cell, Result

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
# How thick the least and the greatest square of a heat map are.
THICK = [0.06, 0.6]
ACCENT, INK, PALE, RULE = "#2b6c8a", "#222222", "#8a8f94", "#e6e8ea"
SERIES: Final = (
    ACCENT,
    "#b5651d",
    "#5b7f4b",
    "#8a5a83",
    "#4d6a9a",
    "#a0793d",
    "#6f6f6f",
    "#3f8f86",
    "#9a4b4b",
    "#77835a",
    "#5d5d8f",
    "#b08aa0",
)
CYCLES: Final = ("weekday", "hour_of_day")
TIMES: Final = ("quarter_hour", "hour", "day", "week", "month", "quarter", "year")
UNITS: Final = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
ORDERED: Final = (*CYCLES, "band")
WIDTH, HEIGHT, STEP = 640, 240, 22
CONFIG: Final[dict[str, Any]] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": None},
    "header": {"labelAnchor": "start", "labelColor": INK, "labelFontWeight": 600, "title": None},
    "title": {
        "anchor": "start",
        "color": INK,
        "fontSize": 14,
        "fontWeight": 600,
        "subtitleColor": PALE,
        "subtitleFontSize": 11,
    },
    "axis": {
        "domain": False,
        "ticks": False,
        "gridColor": RULE,
        "labelColor": PALE,
        "labelPadding": 6,
        "titleColor": PALE,
        "titleFontWeight": "normal",
    },
}


def chart(result: Result, words: Words | None = None) -> dict[str, Any]:
    """The spec of a Result; several KPIs stand one under the other, each on its own scale."""
    words = words or Words(languages.asked(()) or languages.system())
    parts = [
        _one(d, [c for c in result.cells if (c.kpi, c.variant) == (d.name, d.variant)], result, words)
        for d in result.definitions
    ]
    body: dict[str, Any] = parts[0] if len(parts) == 1 else {"vconcat": parts}
    return {"$schema": SCHEMA, "config": {**CONFIG, "locale": {"number": _locale(words.language)}}, **body}


def _locale(language: str) -> dict[str, Any]:
    decimal, thousands = (",", ".") if language == "it" else (".", ",")
    return {"decimal": decimal, "thousands": thousands, "grouping": [3], "currency": ["", ""]}


def _one(d: Definition, cells: Sequence[Cell], result: Result, words: Words) -> dict[str, Any]:
    names = list(cells[0].keys) if cells else list(result.question.by)
    period = result.question.period
    scale, unit = _scale(d, cells, words)
    values = [_datum(cell, scale, words, d) for cell in cells]
    heading = {"text": title(d, words), "subtitle": words.period(period.since, period.until)}
    time = next((name for name in names if name in TIMES), None)
    others = [name for name in names if name != time]
    if time and not set(others) & set(CYCLES):
        series = len({tuple(cell.keys[name] for name in others) for cell in cells})
        return {
            "title": heading,
            "data": {"values": _with_gaps(values, time, 0 if d.kind == "count" else None)},
            **_lines(time, others, series, unit, _format(d), words),
        }
    if len(names) == 2 and set(names) & set(CYCLES):
        return {"title": heading, "data": {"values": values}, **_heat(names, words)}
    return {"title": heading, "data": {"values": values}, **_bars(names, unit, _format(d), words)}


def _scale(d: Definition, cells: Sequence[Cell], words: Words) -> tuple[float, str]:
    """What values are divided by, and the unit on the axis: durations in the largest unit that suits them."""
    if d.unit != "duration":
        return 1.0, {"money": words.currency}.get(d.unit, "")
    largest = max((abs(c.value) for c in cells if c.value is not None), default=0)
    seconds, name = next(((s, n) for s, n in UNITS if largest >= 2 * s), UNITS[-1])
    return float(seconds), words.say(name) if name == "d" else name


def _format(d: Definition) -> str:
    return ".0%" if d.unit == "share" else ",.2~f"


def _datum(cell: Cell, scale: float, words: Words, d: Definition) -> dict[str, Any]:
    """One cell: raw ends for drawing, written forms for reading."""
    business = cell.time == "business"
    ends = {
        name: None if end is None else end / scale
        for name, end in (("value", cell.value), ("low", cell.low), ("high", cell.high))
    }
    keys = {name: _key(value) for name, value in cell.keys.items()}
    said = {
        f"{name}_label": words.label(said_of([d], cell, name), value) for name, value in cell.keys.items()
    }
    text = words.value(cell.value, cell.unit, business=business)
    return {
        **keys,
        **said,
        **ends,
        "n": cell.n,
        "text": text,
        "interval": words.interval(cell.low, cell.high, cell.unit, business=business),
    }


def _key(value: Any) -> Any:
    """Local time as ISO text; drawn on a UTC axis, so that no browser shifts it."""
    return value.isoformat() if isinstance(value, date) else value


def _with_gaps(values: list[dict[str, Any]], time: str, blank: int | None) -> list[dict[str, Any]]:
    """Local labels as instants of one axis; a bucket without rows is a gap, and for counts it is 0."""
    for value in values:
        value["at"] = str(value[time])[:16] if time != "year" else f"{value[time]}-01-01"
        value["at"] = value["at"] + ("T00:00Z" if len(value["at"]) == 10 else "Z")
    if time not in ("day", "week", "month", "quarter", "year") or not values:
        return values
    series = {
        tuple((k, v) for k, v in value.items() if k.removesuffix("_label") not in (time, *_MEASURES))
        for value in values
    }
    seen = {
        (
            value["at"],
            tuple((k, v) for k, v in value.items() if k.removesuffix("_label") not in (time, *_MEASURES)),
        )
        for value in values
    }
    first, last = (date.fromisoformat(pick(v["at"] for v in values)[:10]) for pick in (min, max))
    for at in _steps(first, last, time):
        stamp = f"{at.isoformat()}T00:00Z"
        values += [
            {**dict(keys), "at": stamp, "value": blank, "low": None, "high": None}
            for keys in series
            if (stamp, keys) not in seen
        ]
    return sorted(values, key=lambda value: value["at"])


_MEASURES: Final = ("value", "low", "high", "n", "text", "interval", "at")


def _steps(first: date, last: date, time: str) -> list[date]:
    """Every bucket from the first to the last."""
    found, months = [first], {"month": 1, "quarter": 3, "year": 12}.get(time)
    while found[-1] < last:
        day = found[-1]
        if months:
            number = day.year * 12 + day.month - 1 + months
            found.append(date(number // 12, number % 12 + 1, 1))
        else:
            found.append(day + timedelta(days=7 if time == "week" else 1))
    return found


def _tooltip(names: Sequence[str], words: Words) -> list[dict[str, Any]]:
    said = [{"field": f"{name}_label", "type": "nominal", "title": name} for name in names]
    return [
        *said,
        *(
            {"field": f, "type": "nominal", "title": words.say(t)}
            for f, t in (("text", "value"), ("interval", "95 % interval"), ("n", "n"))
        ),
    ]


def _lines(
    time: str, others: Sequence[str], series: int, unit: str, form: str, words: Words
) -> dict[str, Any]:
    """A line over time with its band; several in one frame while they are few, else small multiples."""
    x: dict[str, Any] = {
        "field": "at",
        "type": "temporal",
        "timeUnit": _TIME_UNITS[time],
        "scale": {"type": "utc"},
        "title": None,
        "axis": {"grid": False, "labelOverlap": "greedy", "labelSeparation": 12, "format": _AXIS[time]},
    }
    y: dict[str, Any] = {
        "field": "value",
        "type": "quantitative",
        "title": unit or None,
        "axis": {"format": form, "tickCount": 5},
        "scale": {"zero": True},
    }
    line: dict[str, Any] = {
        "mark": {
            "type": "line",
            "invalid": BREAK,
            "strokeWidth": 2,
            "point": {"size": 18, "filled": True},
        },
        "encoding": {"y": y, "tooltip": _tooltip([time, *others], words)},
    }
    alone = {"encoding": {"x": x}, "layer": [_band(y), {**line, "mark": {**line["mark"], "color": ACCENT}}]}
    if not others:
        return {"width": WIDTH, "height": HEIGHT, **alone}
    if len(others) == 1 and series > SERIES_TOGETHER:
        small = {"width": SMALL_WIDTH, "height": SMALL_HEIGHT, **alone}
        return {"facet": {"field": f"{others[0]}_label", "title": None}, "columns": 3, "spec": small}
    return _together(x, y, line, others)


def _band(y: dict[str, Any]) -> dict[str, Any]:
    """The interval as a light band."""
    mark = {"type": "area", "invalid": BREAK, "opacity": 0.15, "color": ACCENT, "tooltip": None}
    return {"mark": mark, "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}}


def _together(
    x: dict[str, Any], y: dict[str, Any], line: dict[str, Any], others: Sequence[str]
) -> dict[str, Any]:
    """A few lines in one frame, each named at its end; a second split makes a frame for each value."""
    name = f"{others[0]}_label"
    newest = {
        "window": [{"op": "rank", "as": "place"}],
        "sort": [{"field": "at", "order": "descending"}],
        "groupby": [name],
    }
    color = {"field": name, "type": "nominal", "legend": None, "scale": {"range": list(SERIES)}}
    named = {
        "transform": [{"filter": "isValid(datum.value)"}, newest, {"filter": "datum.place === 1"}],
        "mark": {"type": "text", "align": "left", "dx": 8, "fontSize": 11},
        "encoding": {"y": y, "text": {"field": name, "type": "nominal"}},
    }
    drawn = {"width": WIDTH, "height": HEIGHT, "encoding": {"x": x, "color": color}, "layer": [line, named]}
    if len(others) == 1:
        return drawn
    row = {"field": f"{others[1]}_label", "type": "nominal", "title": others[1]}
    return {"facet": {"row": row}, "spec": {**drawn, "height": HEIGHT // 2}}


BREAK: Final = "break-paths-show-domains"
SERIES_TOGETHER: Final = 5
SMALL_WIDTH, SMALL_HEIGHT = 200, 90
_TIME_UNITS: Final = {
    "quarter_hour": "utcyearmonthdatehoursminutes",
    "hour": "utcyearmonthdatehours",
    "day": "utcyearmonthdate",
    "week": "utcyearmonthdate",
    "month": "utcyearmonth",
    "quarter": "utcyearmonth",
    "year": "utcyear",
}
_AXIS: Final = {
    "quarter_hour": "%d/%m %H:%M",
    "hour": "%d/%m %H:%M",
    "day": "%d/%m",
    "week": "%d/%m",
    "month": "%m/%Y",
    "quarter": "%m/%Y",
    "year": "%Y",
}


def _bars(names: Sequence[str], unit: str, form: str, words: Words) -> dict[str, Any]:
    """Horizontal bars, the longest first (bands and times in their order), with their intervals."""
    label = [
        {"calculate": " + ' · ' + ".join(f"datum['{name}_label']" for name in names) or "''", "as": "label"}
    ]
    ordered = len(names) == 1 and names[0] in ORDERED
    sort = (
        []
        if ordered
        else [
            {"window": [{"op": "rank", "as": "place"}], "sort": [{"field": "value", "order": "descending"}]}
        ]
    )
    # The engine gives time and bands in order; `null` keeps the order of the data.
    y: dict[str, Any] = {
        "field": "label",
        "type": "nominal",
        "title": None,
        "sort": None if ordered else {"field": "place", "order": "ascending"},
        "axis": {"labelColor": INK, "labelLimit": 220},
    }
    axis = {"format": form, "tickCount": 5}
    x: dict[str, Any] = {"type": "quantitative", "title": unit or None, "axis": axis}
    tip: dict[str, Any] = {"tooltip": _tooltip(names, words)}
    bar = {
        "mark": {"type": "bar", "color": ACCENT, "opacity": 0.85, "height": {"band": 0.6}},
        "encoding": {"x": {**x, "field": "value"}, **tip},
    }
    rule = {
        "mark": {"type": "rule", "color": INK, "strokeWidth": 1.5},
        "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
    }
    text = {
        "mark": {"type": "text", "align": "left", "dx": 6, "color": INK, "fontSize": 11},
        "encoding": {"x": {**x, "field": "end"}, "text": {"field": "text", "type": "nominal"}},
    }
    end = [{"calculate": "max(datum.value, isValid(datum.high) ? datum.high : datum.value, 0)", "as": "end"}]
    return {
        "width": WIDTH,
        "height": {"step": STEP},
        "transform": [*label, *sort, *end],
        "encoding": {"y": y},
        "layer": [bar, rule, text],
    }


def _heat(names: Sequence[str], words: Words) -> dict[str, Any]:
    """One cell a square, its number written in it; what has no row stays empty."""
    across = "hour_of_day" if "hour_of_day" in names else next(name for name in names if name in CYCLES)
    down = next(name for name in names if name != across)
    axes = {
        channel: {
            "field": f"{name}_label",
            "type": "ordinal",
            "title": None,
            "sort": {"field": name, "order": "ascending"},
            "axis": {"labelAngle": 0, "labelColor": INK, "labelOverlap": True},
        }
        for channel, name in (("x", across), ("y", down))
    }
    # Of one colour, thicker where there is more: on light paper and on dark the numbers can be read, and more stands out.
    thick = {"field": "value", "type": "quantitative", "legend": None, "scale": {"range": THICK}}
    square = {
        "mark": {"type": "rect", "invalid": "filter", "color": ACCENT},
        "encoding": {"fillOpacity": thick, "tooltip": _tooltip([down, across], words)},
    }
    number = {
        "mark": {"type": "text", "fontSize": 9, "color": INK},
        "encoding": {"text": {"field": "text", "type": "nominal"}},
    }
    width = {"step": 30 if across == "hour_of_day" else 64}
    return {"width": width, "height": {"step": 26}, "encoding": axes, "layer": [square, number]}
