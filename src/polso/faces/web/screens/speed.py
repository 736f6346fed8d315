"""Speed: how long customers wait for a first response, a reply and somebody in charge, and who still waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.charts import ACCENT, INK, PALE
from polso.faces.table import is_sure
from polso.faces.web import moves, plots
from polso.faces.web.cause import movers, value_link
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, Tile, View
from polso.faces.web.pivot import Column, cells_of, pivoted
from polso.faces.web.screen import TIME, Ask, Screen
from polso.facts.sla import title as target_name

if TYPE_CHECKING:
    from polso.config import Target
    from polso.kpis.definition import Definition
    from polso.query.result import Cell, Result

FIRST: Final = "first_response_time"
TIMES: Final = (FIRST, "reply_time", "assign_time")
SPLITS: Final = {"channels": "channel", "teams": "team", "issue_types": "issue_type"}
ASKS: Final = {
    "median": Ask(TIMES, stat="median", compare=True),
    "p90": Ask(TIMES, stat="p90", compare=True),
    "median_open": Ask(TIMES, stat="median", time="business", compare=True),
    "p90_open": Ask(TIMES, stat="p90", time="business", compare=True),
    "course": Ask(TIMES, stat="median", by=(TIME,)),
    "course_before": Ask(TIMES, stat="median", by=(TIME,), earlier=True),
    "bands": Ask(("first_response_bands",), compare=True),
    "within": Ask(("target_attainment",), where={"kpi": FIRST}, compare=True),
    "within_course": Ask(("target_attainment",), by=(TIME,), where={"kpi": FIRST}),
    "targets": Ask(("target_attainment",), by=("target",), where={"kpi": FIRST}, compare=True),
    "rate": Ask(("first_response_rate_within",), compare=True),
    "rate_course": Ask(("first_response_rate_within",), by=(TIME,)),
    "waiting": Ask(("open_turns",)),
    "waiting_now": Ask(("open_turns",), ever=True),
    "waiting_channels": Ask(("open_turns",), by=("channel",)),
    "counting_open": Ask(("first_response_time_open",), compare=True),
    "channels": Ask(TIMES, stat="median", by=("channel",), compare=True),
    "teams": Ask((FIRST,), stat="median", by=("team",), compare=True),
    "issue_types": Ask((FIRST,), stat="median", by=("issue_type",), compare=True),
    "channels_p90": Ask((FIRST,), stat="p90", by=("channel",)),
    "teams_p90": Ask((FIRST,), stat="p90", by=("team",)),
    "issue_types_p90": Ask((FIRST,), stat="p90", by=("issue_type",)),
}
# Where a scale of waits is marked: seconds to days.
MARKS: Final = (1, 10, 60, 600, 3600, 21600, 86400, 259200, 864000)


def compose(page: Page) -> View:
    """Three waits, how they spread, where they are long, and who still waits."""
    tiles = [
        *page.tiles("median", *TIMES, spark="course"),
        in_time(page),
        page.tile("counting_open", "first_response_time_open"),
        _named(
            page.tile("waiting", "open_turns"), page.say("Written in the period, still waiting for a reply")
        ),
        _named(page.tile("waiting_now", "open_turns"), page.say("Waiting for a reply now, whenever written")),
    ]
    figures = [
        _course(page, "first", page.say("First response, median"), FIRST),
        page.figure("bands", page.say("First responses by how long they took"), "bands", plots.bars),
        _spans(page, "channels", page.say("First response by channel")),
        _course(page, "replies", page.say("Reply, median"), "reply_time"),
        _spans(page, "teams", page.say("First response by team")),
        _spans(page, "issue_types", page.say("First response by issue type")),
        still_waiting(page),
        targets(page),
        clocks(page),
        by_channel(page),
    ]
    return View(sentence(page), [tile for tile in tiles if tile is not None], figures)


def _named(tile: Tile | None, title: str) -> Tile | None:
    return tile and replace(tile, title=title)


def in_time(page: Page) -> Tile | None:
    """How often a target for first responses held; without one, how many were within the KPI's own limit."""
    if not targeted(page):
        return page.tile("rate", "first_response_rate_within", spark="rate_course")
    tile = page.tile("within", "target_attainment", spark="within_course")
    return tile and replace(tile, number=replace(tile.number, href=_of_first(page)))


def _of_first(page: Page) -> str:
    """The page of target attainment, for first responses only: targets of other KPIs are another number."""
    return page.state.filtered("kpi", FIRST).url("/kpi/target_attainment")


def targeted(page: Page) -> bool:
    """Whether polso.toml sets a target for first responses."""
    return any(one.kpi == FIRST for one in page.about.config.target)


def _course(page: Page, name: str, title: str, kpi: str) -> Figure:
    """One wait over time, the period before dashed under it, the target where one is in force."""
    before = page.earlier_of("course_before")

    def draw(page: Page, result: Result) -> dict[str, Any]:
        earlier = plots.only(before, kpi) if before else None
        return plots.trend(page, result, earlier=earlier, target=page.limit(result.definitions[0]))

    note = page.say("dashed: {before}", before=page.earlier_text) if before else ""
    return page.figure(name, title, "course", draw, kpi=kpi, note=note)


def _spans(page: Page, ask: str, title: str) -> Figure:
    """First response by a split: median and p90 of each value on one scale of time."""
    slow = {cell.keys[SPLITS[ask]]: cell for cell in page.cells(f"{ask}_p90")}
    note = page.say("large dot: median; small dot: p90, which one in ten exceeds; logarithmic scale")
    if any(page.aim(FIRST, **{SPLITS[ask]: value}) for value in slow):
        note += page.say("; short line: the target")
    return page.figure(ask, title, ask, partial(spans, slow=slow, name=SPLITS[ask]), kpi=FIRST, note=note)


def spans(page: Page, result: Result, *, slow: Mapping[Any, Cell], name: str) -> dict[str, Any]:
    """Waits from seconds to days on one logarithmic scale, the shortest median first; a click filters."""
    rows = []
    for cell in sorted(result.cells, key=lambda one: one.value or 0):
        late, value = slow.get(cell.keys[name]), cell.keys[name]
        if cell.value is None:
            continue
        goal, end = page.aim(FIRST, **{name: value}), late.value if late and late.value else cell.value
        said = " – ".join(page.words.value(one, "duration") for one in dict.fromkeys((cell.value, end)))
        rows.append({
            "label": page.words.label(name, value), "median": max(1, cell.value), "p90": max(1, end), "said": said,
            "aim": goal.within if goal else None, "n": cell.n, "href": page.state.filtered(name, value).url(),
        })  # fmt: skip
    marks = {str(at): page.words.value(at, "duration") for at in MARKS}
    return plots.spec(_on_one_scale(rows, marks), page)


def _on_one_scale(rows: list[dict[str, Any]], marks: Mapping[str, str]) -> dict[str, Any]:
    said = "{" + ", ".join(f"'{at}': '{text}'" for at, text in marks.items()) + "}"
    x: dict[str, Any] = {
        "type": "quantitative", "title": None, "scale": {"type": "log", "nice": False, "padding": 14},
        "axis": {"values": list(MARKS), "labelExpr": f"{said}[datum.value]", "labelOverlap": True},
    }  # fmt: skip
    y = {"field": "label", "type": "nominal", "title": None, "sort": None,
         "axis": {"labelColor": INK, "labelLimit": 220}}  # fmt: skip
    tip = [{"field": name, "type": "nominal"} for name in ("label", "said", "n")]
    goal = {"mark": {"type": "tick", "color": INK, "thickness": 2, "height": 16, "tooltip": None},
            "transform": [{"filter": "isValid(datum.aim)"}], "encoding": {"x": {**x, "field": "aim"}}}  # fmt: skip
    layers = [
        {"mark": {"type": "rule", "color": ACCENT, "strokeWidth": 2, "opacity": 0.5, "tooltip": None},
         "encoding": {"x": {**x, "field": "median"}, "x2": {"field": "p90"}}},
        {"mark": {"type": "point", "filled": True, "color": ACCENT, "size": 30, "opacity": 1},
         "encoding": {"x": {**x, "field": "p90"}, "tooltip": tip}},
        {"mark": {"type": "point", "filled": True, "color": ACCENT, "size": 90, "opacity": 1},
         "encoding": {"x": {**x, "field": "median"}, "tooltip": tip, "href": {"field": "href", "type": "nominal"}}},
        {"mark": {"type": "text", "align": "left", "color": PALE, "fontSize": 11, "tooltip": None},
         "encoding": {"x": {"value": plots.WIDTH - 190}, "text": {"field": "said", "type": "nominal"}}},
    ]  # fmt: skip
    return {"data": {"values": rows}, "width": plots.WIDTH - 200, "height": {"step": 22}, "padding": plots.ROOM,
            "encoding": {"y": y}, "layer": layers + [goal] * any(row["aim"] for row in rows)}  # fmt: skip


def still_waiting(page: Page) -> Figure:
    """Customers who wrote in the period and whom nobody has answered yet, by channel, and the way to their tickets."""
    title, result = (
        page.say("Written in the period and still waiting for a reply, by channel"),
        page.result("waiting_channels"),
    )
    if result is None or not any(cell.value for cell in result):
        nobody = (
            page.say("Nobody who wrote in the period is waiting for a reply.")
            if result and result.cells
            else ""
        )
        return page.nothing(
            "waiting", title, page.why("waiting_channels") or page.missing("waiting_channels", nobody)
        )
    kept = replace(result, cells=tuple(cell for cell in result if cell.value))
    link = (page.say("the turns without a reply"), page.rows_url("open_turns"))
    return Figure("waiting", title, page.table(kept), plots.bars(page, kept), links=(link,))


def targets(page: Page) -> Figure:
    """Each target for first responses, and how often it was met."""
    title = page.say("Targets for the first response")
    if not targeted(page):
        return page.nothing(
            "targets", title, page.say("No target in polso.toml: add a [[target]] for first_response_time.")
        )
    cells = {cell.keys["target"]: cell for cell in page.cells("targets")}
    column, rows = Column("targets", "target_attainment", compared=True, counted=True), []
    for one in page.about.config.target:
        cell = cells.get(target_name(one))
        if one.kpi == FIRST and cell is not None:
            named = TableCell(said_target(page, one), target_name(one))
            asked = TableCell(page.words.share(one.share) if one.share else "", one.share, numeric=True)
            rows.append((named, asked, *cells_of(page, column, cell)))
    if not rows:
        return page.nothing("targets", title, page.why("targets") or page.missing("targets", ""))
    heads = (page.say("target"), page.say("should be"), page.say("is"), page.say("change"), "n")
    return Figure("targets", title, Table(heads, ("target", "share", "value", "change", "n"), tuple(rows)))


def said_target(page: Page, target: Target) -> str:
    """A target as people say it: for whom, and within what."""
    limit = f"≤ {page.words.value(target.within, 'duration', business=target.calendar)}"
    whom = [
        ", ".join(page.words.label(name, one) for one in ((value,) if isinstance(value, str) else value))
        for name, value in target.when.items()
    ]
    return ", ".join([*whom, limit])


def clocks(page: Page) -> Figure:
    """The three waits by the clock on the wall and in opening hours, for half and for nine in ten."""
    columns = [
        Column("median", "", head=page.say("median"), counted=True),
        Column("median_open", "", head=page.say("median, opening hours")),
        Column("p90", "", head=page.say("p90"), compared=True),
        Column("p90_open", "", head=page.say("p90, opening hours"), compared=True),
    ]
    rows = []
    for kpi in TIMES:
        found = [page.cell(one.ask, kpi) for one in columns]
        known = page.about.catalogue[kpi].default.title.of(page.words.language)
        parts = [part for one, cell in zip(columns, found, strict=True) for part in cells_of(page, one, cell)]
        rows.append((TableCell(known, kpi), *parts))
    heads = (page.say("wait"), columns[0].head, "n", columns[1].head, columns[2].head, page.say("change"),
             columns[3].head, page.say("change"))  # fmt: skip
    names = ("kpi", "median (seconds)", "n", "median, opening hours (seconds)", "p90 (seconds)", "p90 change (seconds)",
             "p90, opening hours (seconds)", "p90, opening hours, change (seconds)")  # fmt: skip
    return Figure("clocks", page.say("Calendar time and opening hours"), Table(heads, names, tuple(rows)))


def by_channel(page: Page) -> Figure:
    """The three waits of each channel side by side."""
    columns = [
        Column("channels", FIRST, head=page.say("first response"), compared=True, counted=True),
        Column("channels_p90", FIRST, head=page.say("p90")),
        Column("channels", "reply_time", head=page.say("reply"), compared=True),
        Column("channels", "assign_time", head=page.say("assignment"), compared=True),
    ]
    note = page.say("medians, in calendar time, except where it says p90")
    return pivoted(page, "by_channel", page.say("Channels side by side"), "channel", columns, note=note)


def sentence(page: Page) -> Markup:
    """Whether first responses got slower or faster and above all where, how often in time, and who still waits."""
    cell = page.cell("median", FIRST)
    if cell is None or cell.value is None:
        return page.missing("median", page.html("No first responses: load tickets with their messages."))
    return moves.joined(_first(page, cell), _worse(page), _in_time(page), _waiting(page))


def _worse(page: Page) -> Markup:
    """What else got slower beyond chance: a headline about first responses would hide it."""
    found = [
        one for one in moves.moves(page, ("median", "counting_open"), tones=("bad",)) if one.cell.kpi != FIRST
    ]
    return moves.also(page, found)


def _first(page: Page, cell: Cell) -> Markup:
    now, result = page.value(cell), page.result("median")
    if result is None or cell.change is None:
        return page.html("Half of the first responses took less than {now}.", now=now)
    definition = page.definition(result, cell)
    if not is_sure(cell, definition):
        return page.html(
            "Half of the first responses took less than {now}, no change beyond chance{but}.",
            now=now,
            but=_but(page, cell, definition),
        )
    size, where = _size(page, cell), _above_all(page, cell, definition)
    if cell.change > 0:
        return page.html(
            "First response got {size} slower: half took more than {now}{where}.",
            size=size,
            now=now,
            where=where,
        )
    return page.html(
        "First response got {size} faster: half took less than {now}{where}.", size=size, now=now, where=where
    )


def _size(page: Page, cell: Cell) -> Markup:
    tone = "bad" if (cell.change or 0) > 0 else "good"
    return Markup('<span class="{}">{}</span>').format(
        tone, page.words.value(abs(cell.change or 0), "duration")
    )


def _above_all(page: Page, whole: Cell, definition: Definition) -> Markup:
    found = movers(page, SPLITS, whole, definition)[:1]
    return Markup("").join(
        page.html(", above all {who} ({size})", who=_who(page, cell), size=_signed(page, cell))
        for cell in found
    )


def _but(page: Page, whole: Cell, definition: Definition) -> Markup:
    """What hides behind a median that stands still: one slice that moved beyond chance."""
    slower, faster = (movers(page, SPLITS, whole, definition, way)[:1] for way in (1, -1))
    for cell in slower:
        return page.html(", but {who} got {size} slower", who=_who(page, cell), size=_size(page, cell))
    for cell in faster:
        return page.html(", but {who} got {size} faster", who=_who(page, cell), size=_size(page, cell))
    return Markup("")


def _who(page: Page, cell: Cell) -> Markup:
    ((name, value),) = cell.keys.items()
    return value_link(page, name, value)


def _signed(page: Page, cell: Cell) -> str:
    return page.words.change(cell.change, cell.previous, cell.unit)


def _in_time(page: Page) -> Markup:
    cell = page.cell("within", "target_attainment")
    if cell is None or cell.value is None:
        return Markup("")
    share = page.link(page.words.share(cell.value), _of_first(page))
    return page.html("Within their target: {share}.", share=share)


def _waiting(page: Page) -> Markup:
    cell = page.cell("waiting", "open_turns")
    if cell is None or cell.value is None:
        return Markup("")
    n = page.link(page.words.count(cell.value), page.rows_url("open_turns")) if cell.value else Markup("0")
    every = page.cell("waiting_now", "open_turns")
    if every is None or every.value is None:
        return page.html("Written in this period and still waiting for a reply: {n}.", n=n)
    if not every.value:
        return page.html("Nobody is waiting for a reply.")
    rows = page.state.over("all").url("/rows/open_turns")
    return page.html(
        "Waiting for a reply now: {all}, of whom {n} wrote in this period.",
        n=n, all=page.link(page.words.count(every.value), rows),
    )  # fmt: skip


SCREEN = Screen("speed", "Speed", 30, compose, ASKS)
