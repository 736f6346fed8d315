"""Resolution: how many are solved, how long it takes, and whether it was once and for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.asked import condition
from polso.faces.charts import ACCENT, INK
from polso.faces.web import cause, moves, plots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, Tile, View
from polso.faces.web.pivot import side_by_side
from polso.faces.web.screen import TIME, Ask, Screen
from polso.faces.words import DASH
from polso.kpis.catalogue import OWN, shipped

if TYPE_CHECKING:
    from polso.kpis.definition import Definition
    from polso.query.disagree import Parting
    from polso.query.result import Cell, Result
    from polso.query.survival import Curve

TIMED: Final = ("resolution_time",)
OPEN: Final = ("resolution_time_open",)
FCR: Final = "first_contact_resolution"
RATES: Final = (
    "resolution_rate", "resolution_rate:by_now", "resolution_rate:flow", FCR, "reopen_rate",
    "repeat_contact_rate", "escalation_rate", "transfer_rate", "transfers_per_ticket",
)  # fmt: skip
SPLIT: Final = (FCR, "reopen_rate", "escalation_rate", "transfer_rate")
SPLITS: Final = ("channel", "team", "issue_type")
DEFINITIONS: Final = (OWN, *(d.variant for d in shipped()[FCR].definitions if d.variant != "default"))
ASKS: Final = {
    "now": Ask(RATES, compare=True),
    "median": Ask(TIMED, stat="median", compare=True),
    "p90": Ask(TIMED, stat="p90", compare=True),
    "business": Ask(TIMED, stat="median", time="business", compare=True),
    "open": Ask(OPEN, compare=True),
    "open_p90": Ask(OPEN, stat="p90", compare=True),
    "median_course": Ask(TIMED, stat="median", by=(TIME,)),
    "median_before": Ask(TIMED, stat="median", by=(TIME,), earlier=True),
    "fcr_course": Ask((FCR, "reopen_rate"), by=(TIME,)),
    "fcr_before": Ask((FCR,), by=(TIME,), earlier=True),
    "bands": Ask(("resolution_bands",)),
    "definitions": Ask((FCR,), definition=DEFINITIONS),
    "reasons": Ask(("transfer_volume",), by=("reason",)),
    "escalations": Ask(("escalation_volume",), by=("escalation_reason",)),
    **{f"time_{name}": Ask(TIMED, stat="median", by=(name,), compare=True) for name in SPLITS},
    **{f"rates_{name}": Ask(SPLIT, by=(name,), compare=True) for name in SPLITS},
}  # fmt: skip
# A curve drawn with more steps than this cannot be told from one with fewer.
STEPS: Final = 240


def compose(page: Page) -> View:
    """Times and rates, the curve of what is still unsolved, first contact under every definition, and by what."""
    beside, *parting = definitions(page)
    figures = [
        still_unsolved(page),
        page.figure("course", page.say("Median time to resolution"), "median_course", plots.against("median_before")),
        page.figure("bands", page.say("How resolution times spread"), "bands", plots.bars),
        page.figure("first", page.say("Solved at the first contact"), "fcr_course", plots.against("fcr_before"), kpi=FCR),
        beside,
        page.figure(
            "reasons", page.say("Transfers by reason"), "reasons", plots.bars,
            empty=page.say("No transfer has a reason: load events `transferred` with their reason as value."),
        ),
        page.figure(
            "escalations", page.say("Escalations by reason"), "escalations", plots.bars,
            empty=page.say("No escalation has a reason: load events `escalated` with their reason as value."),
        ),
        *parting,
        *(side_by_side(page, f"by_{name}", _by(page, name), name, (f"time_{name}", f"rates_{name}")) for name in SPLITS),
    ]  # fmt: skip
    return View(sentence(page), tiles(page), figures, {"wide": WIDE})


WIDE: Final = ("parting", *(f"by_{name}" for name in SPLITS))


def tiles(page: Page) -> list[Tile]:
    """How long and how many first, then how well."""
    made = [
        page.tile("median", "resolution_time", spark="median_course"),
        page.tile("p90", "resolution_time"),
        _named(page.tile("business", "resolution_time"), page.say("Median in opening hours")),
        page.tile("open", "resolution_time_open"),
        *(page.tile("now", "resolution_rate", variant=variant) for variant in ("default", "by_now", "flow")),
        page.tile("now", FCR, spark="fcr_course"),
        page.tile("now", "reopen_rate", spark="fcr_course"),
        *(page.tile("now", kpi) for kpi in ("repeat_contact_rate", "escalation_rate", "transfer_rate")),
    ]
    return [tile for tile in made if tile is not None]


def _named(tile: Tile | None, title: str) -> Tile | None:
    return tile and Tile(tile.kpi, title, tile.number, tile.meaning, tile.spark, tile.screen)


def _by(page: Page, name: str) -> str:
    return {
        "channel": page.say("By channel"), "team": page.say("By team"), "issue_type": page.say("By issue type"),
    }[name]  # fmt: skip


def still_unsolved(page: Page) -> Figure:
    """The Kaplan-Meier curve: the share still unsolved over the time since the opening."""
    title = page.say("Still unsolved, by time since the opening")
    found = curve_of(page)
    if found is None or not found.points:
        return page.nothing(
            "curve", title, page.missing("median", page.say("No ticket of this period has been solved yet."))
        )
    one = page.say(
        "{n} ticket opened in the period, {ended} solved; while still open it counts for as long as it was seen (Kaplan-Meier).",
        n=page.words.count(found.n), ended=page.words.count(found.ended),
    )  # fmt: skip
    note = one if found.n == 1 else page.say(
        "{n} tickets opened in the period, {ended} solved; those still open count for as long as they were seen (Kaplan-Meier).",
        n=page.words.count(found.n), ended=page.words.count(found.ended),
    )  # fmt: skip
    return Figure("curve", title, _curve_table(page, found), _curve_spec(page, found), note=note)


def curve_of(page: Page) -> Curve | None:
    """The curve of the page's period and filters; none where nobody can be asked."""
    if page.asking is None:
        return None
    state, period = page.state, f"{page.period.since}..{page.period.until}"
    where = tuple(condition(text, page.about.config.dimensions) for text in state.where)
    key = ("curve", OPEN[0], period, state.where)
    try:
        return page.asking.cached(key, lambda care: care.curve(OPEN[0], period=period, where=where))
    except PolsoError:
        return None


def _curve_table(page: Page, found: Curve) -> Table:
    step = max(1, len(found.points) // 40)
    rows = []
    for point in found.points[::step]:
        ends = page.words.interval(point.low, point.high, "share")
        rows.append((
            TableCell(page.words.duration(point.seconds), point.seconds, numeric=True),
            TableCell(page.words.share(point.share), point.share, numeric=True),
            TableCell(ends, [point.low, point.high], numeric=True),
            TableCell(page.words.count(point.at_risk), point.at_risk, numeric=True),
        ))  # fmt: skip
    heads = (page.say("after"), page.say("still unsolved"), page.say("95 % interval"), page.say("still seen"))
    return Table(heads, ("seconds", "share", "interval", "at_risk"), tuple(rows))


def _curve_spec(page: Page, found: Curve) -> dict[str, Any]:
    """A falling staircase with its band; time on a scale of roots, since most are solved early and a few very late."""
    step = max(1, len(found.points) // STEPS)
    points = list(found.points[::step])
    points += [] if points[-1] is found.points[-1] else [found.points[-1]]
    unit, name = next(
        ((s, n) for s, n in ((86400, page.say("d")), (3600, "h"), (60, "min")) if points[-1].seconds >= 2 * s), (1, "s")
    )  # fmt: skip
    values = [{"at": 0.0, "share": 1.0, "low": 1.0, "high": 1.0, "after": "0", "text": page.words.share(1.0)}]
    values += [
        {"at": p.seconds / unit, "share": p.share, "low": p.low, "high": p.high,
         "after": page.words.duration(p.seconds), "text": page.words.share(p.share)}
        for p in points
    ]  # fmt: skip
    x = {
        "field": "at",
        "type": "quantitative",
        "title": name,
        "scale": {"type": "sqrt"},
        "axis": {"grid": False, "tickCount": 8},
    }
    y = {
        "field": "share",
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".0%", "tickCount": 5},
        "scale": {"domain": [0, 1]},
    }
    tip = [
        {"field": "after", "type": "nominal", "title": page.say("after")},
        {"field": "text", "type": "nominal", "title": page.say("still unsolved")},
    ]
    band = {"mark": {"type": "area", "interpolate": "step-after", "color": ACCENT, "opacity": 0.15, "tooltip": None},
            "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}}  # fmt: skip
    line = {"mark": {"type": "line", "interpolate": "step-after", "color": ACCENT, "strokeWidth": 2},
            "encoding": {"y": y, "tooltip": tip}}  # fmt: skip
    half = _median_marks(page, found, unit)
    body = {"width": plots.WIDTH, "height": plots.HEIGHT, "data": {"values": values}, "encoding": {"x": x}}
    return plots.spec({**body, "layer": [band, line, *half]}, page)


def _median_marks(page: Page, found: Curve, unit: float) -> list[dict[str, Any]]:
    """Where half are solved, and where nine of ten are, written beside the curve."""
    said = []
    for share in (0.5, 0.1):
        point = next((p for p in found.points if p.share <= share + 1e-12), None)
        if point is None:
            continue
        time = page.words.duration(point.seconds)
        text = (
            page.say("half solved after {time}", time=time)
            if share == 0.5
            else page.say("9 of 10 after {time}", time=time)
        )
        said.append({"at": point.seconds / unit, "share": point.share, "text": text})
    y = {"field": "share", "type": "quantitative"}
    dot = {
        "mark": {"type": "point", "filled": True, "size": 40, "color": ACCENT, "tooltip": None},
        "encoding": {"y": y},
    }
    label = {
        "mark": {"type": "text", "align": "left", "dx": 8, "dy": -8, "color": INK, "fontSize": 11},
        "encoding": {"y": y, "text": {"field": "text", "type": "nominal"}},
    }
    return [{"data": {"values": said}, **layer} for layer in (dot, label)] if said else []


def definitions(page: Page) -> tuple[Figure, ...]:
    """First-contact resolution under every definition, and on how many tickets each parts from Polso's."""
    title = page.say("First-contact resolution, by definition")
    cells = [c for c in page.cells("definitions") if c.n]
    result = page.result("definitions")
    if result is None or not cells:
        return (
            page.nothing("definitions", title, page.why("definitions") or page.missing("definitions", "")),
        )
    parted = {one.right: one for one in _partings(page)}
    rows = tuple(_definition_row(page, result, cell, parted) for cell in cells)
    values = [
        {"name": row[0].text, "value": cell.value, "low": cell.low, "high": cell.high, "text": row[2].text}
        for row, cell in zip(rows, cells, strict=True)
    ]
    heads = (
        page.say("definition"), page.say("what it counts"), page.say("value"), page.say("95 % interval"), "n",
        page.say("says otherwise on"),
    )  # fmt: skip
    table = Table(heads, ("definition", "meaning", "value", "interval", "n", "parted"), rows)
    note = page.say(
        "The last column: on how many tickets a definition says something else than the default; it leads to them."
    )
    beside = page.say("What each definition counts, and where it parts from the default")
    return (
        Figure("definitions", title, table, _dots(page, values)),
        Figure("parting", beside, table, note=note),
    )


def _definition_row(
    page: Page, result: Result, cell: Cell, parted: Mapping[str, Parting]
) -> tuple[TableCell, ...]:
    definition = page.definition(result, cell)
    number, one = page.number(cell, definition), parted.get(definition.label)
    href = page.state.url(f"/disagree/{FCR}", left=OWN, right=cell.variant) if one and one.parted else ""
    share = page.words.share(one.share) if one and one.share is not None else DASH
    return (
        TableCell(_name(page, definition), cell.variant), TableCell(definition.meaning.of(page.words.language)),
        TableCell(number.text, cell.value, number.href, numeric=True, marks=number.marks),
        TableCell(number.interval, [cell.low, cell.high], numeric=True),
        TableCell(page.words.count(cell.n), cell.n, numeric=True),
        TableCell(share, one.share if one else None, href, numeric=True),
    )  # fmt: skip


def _name(page: Page, definition: Definition) -> str:
    """A definition by the name of its vendor, or by what is its own."""
    if definition.vendor:
        return definition.vendor.replace("_", " ").title().replace("Dbt ", "dbt ")
    return {
        "default": page.say("Polso (default)"), "any_type": page.say("any return counts"),
        "one_touch": page.say("one reply"), "no_reopen": page.say("never reopened"),
        "no_repeat_check": page.say("returns not looked at"), "within_first_reply": page.say("with the first reply"),
        "declared": page.say("declared"),
    }.get(definition.variant, definition.variant)  # fmt: skip


def _partings(page: Page) -> tuple[Parting, ...]:
    if page.asking is None:
        return ()
    period = f"{page.period.since}..{page.period.until}"
    where = tuple(condition(text, page.about.config.dimensions) for text in page.state.where)
    try:
        return page.asking.cached(
            ("partings", FCR, DEFINITIONS, period, page.state.where),
            lambda care: care.partings(FCR, definition=DEFINITIONS, period=period, where=where),
        )
    except PolsoError:
        return ()


def _dots(page: Page, values: list[dict[str, Any]]) -> dict[str, Any]:
    """A dot with its interval a definition, the highest first."""
    y = {"field": "name", "type": "nominal", "title": None, "sort": {"field": "value", "order": "descending"},
         "axis": {"labelColor": INK, "labelLimit": 300}}  # fmt: skip
    x = {
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".0%", "tickCount": 5},
        "scale": {"domain": [0, 1]},
    }
    rule = {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.2},
            "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}}}  # fmt: skip
    dot = {"mark": {"type": "point", "filled": True, "size": 60, "color": ACCENT, "opacity": 1},
           "encoding": {"x": {**x, "field": "value"}}}  # fmt: skip
    text = {"mark": {"type": "text", "align": "left", "dx": 8, "color": INK, "fontSize": 11},
            "encoding": {"x": {**x, "field": "high"}, "text": {"field": "text", "type": "nominal"}}}  # fmt: skip
    body = {
        "width": plots.WIDTH - 40,
        "height": {"step": 22},
        "data": {"values": values},
        "encoding": {"y": y},
    }
    return plots.spec({**body, "layer": [rule, dot, text]}, page)


def sentence(page: Page) -> Markup:
    """What changed most about solving, and where; else how it stands."""
    level = standing(page)
    if level is None:
        return page.missing("median", page.html("Nothing was solved: load events `opened` and `solved`."))
    kpis = (*TIMED, *SPLIT, "resolution_rate", "repeat_contact_rate")
    found = moves.moves(page, ("median", "p90", "now"), kpis)
    if not found:
        return moves.joined(level, moves.unchanged(page))
    first = next((one for one in found if one.cell.stat != "p90" and one.cell.kpi in (*TIMED, *SPLIT)), None)
    if first is None:
        return moves.joined(level, moves.also(page, found[:3]))
    cell = first.cell
    ask = "time" if cell.kpi == "resolution_time" else "rates"
    said = _told(page, cell.kpi, first.tone, {
        "value": page.value(cell), "size": page.size(cell, first.definition),
        "place": cause.where(page, first, [f"{ask}_{name}" for name in SPLITS]),
    })  # fmt: skip
    return moves.joined(said, moves.also(page, [one for one in found if one is not first][:2]))


def _told(page: Page, kpi: str, tone: str, said: Mapping[str, Markup]) -> Markup:
    """One change as a sentence of its own."""
    texts = {
        ("resolution_time", "bad"): page.html("Solving takes longer: half the tickets within {value}, {size}{place}.", **said),
        ("resolution_time", "good"): page.html("Solving got quicker: half the tickets within {value}, {size}{place}.", **said),
        (FCR, "bad"): page.html("Fewer tickets are solved at the first contact: {value}, {size}{place}.", **said),
        (FCR, "good"): page.html("More tickets are solved at the first contact: {value}, {size}{place}.", **said),
        ("reopen_rate", "bad"): page.html("More solved tickets come back: {value} are reopened, {size}{place}.", **said),
        ("reopen_rate", "good"): page.html("Fewer solved tickets come back: {value} are reopened, {size}{place}.", **said),
        ("escalation_rate", "bad"): page.html("More tickets are escalated: {value}, {size}{place}.", **said),
        ("escalation_rate", "good"): page.html("Fewer tickets are escalated: {value}, {size}{place}.", **said),
        ("transfer_rate", "bad"): page.html("More tickets are handed from team to team: {value}, {size}{place}.", **said),
        ("transfer_rate", "good"): page.html("Fewer tickets are handed from team to team: {value}, {size}{place}.", **said),
    }  # fmt: skip
    return texts[kpi, tone]


def standing(page: Page) -> Markup | None:
    """How solving stands; none where nothing was solved."""
    median, fcr = page.cell("median", "resolution_time"), page.cell("now", FCR, "default")
    if median is None or median.value is None:
        return None
    half = page.html("Half the tickets are solved within {value}", value=page.value(median))
    if fcr is None or fcr.value is None:
        return half + "."
    return page.html("{half}; {value} are solved at the first contact.", half=half, value=page.value(fcr))


SCREEN = Screen("resolution", "Resolution", 50, compose, ASKS)
