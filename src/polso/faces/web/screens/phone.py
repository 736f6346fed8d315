"""Phone: who gets through, how soon, who gives up where, and how long a contact takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.charts import ACCENT, INK
from polso.faces.web import cause, funnel, moves, plots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, Tile, View
from polso.faces.web.pivot import side_by_side
from polso.faces.web.screen import TIME, Ask, Screen

if TYPE_CHECKING:
    from polso.query.result import Cell, Result

LEVEL: Final = "service_level"
RULES: Final = ("default", "ignore", "positive")
WAIT: Final = ("speed_of_answer",)
GIVEN_UP: Final = "abandonment_rate"
HANDLING: Final = ("handle_time", "handle_time:talk", "handle_time:hold", "handle_time:wrap")
# Seconds within which a contact may be answered: the points of the curve of waits.
WITHIN: Final = (5, 10, 20, 30, 60, 120, 300, 600)
SPLITS: Final = ("channel", "team", "hour_of_day")
MOVING: Final = (LEVEL, GIVEN_UP)
ASKS: Final = {
    "levels": Ask((LEVEL, *(f"{LEVEL}:{rule}" for rule in RULES[1:])), compare=True),
    "now": Ask((GIVEN_UP, f"{GIVEN_UP}:of_all", "calls_offered"), compare=True),
    "wait": Ask(WAIT, compare=True),
    "wait_median": Ask(WAIT, stat="median"),
    "wait_p90": Ask(WAIT, stat="p90", compare=True),
    "patience": Ask((f"{WAIT[0]}:abandoned",), stat="median", compare=True),
    "handling": Ask(HANDLING, compare=True),
    "occupancy": Ask(("occupancy",), compare=True),
    "course": Ask((LEVEL, GIVEN_UP), by=(TIME,)),
    "course_before": Ask((LEVEL, GIVEN_UP), by=(TIME,), earlier=True),
    "outcomes": Ask(("calls_offered",), by=("outcome",)),
    "week": Ask((GIVEN_UP,), by=("weekday", "hour_of_day")),
    "handling_course": Ask(("handle_time",), by=(TIME,)),
    "handling_before": Ask(("handle_time",), by=(TIME,), earlier=True),
    "occupancy_teams": Ask(("occupancy",), by=("team",)),
    **funnel.ASKS,
    **{f"within_{seconds}": Ask((LEVEL,), params={"within": seconds}) for seconds in WITHIN},
    **{f"level_{name}": Ask(MOVING, by=(name,), compare=True) for name in SPLITS},
    **{f"wait_{name}": Ask(WAIT, by=(name,), compare=True) for name in SPLITS},
    **{f"handling_{name}": Ask(("handle_time",), by=(name,)) for name in ("channel", "team")},
}
TABLES: Final = ("by_channel", "by_team")


def compose(page: Page) -> View:
    """Service level under its three rules, waits, the funnel, when people give up, and handling with its parts."""
    made = [
        page.figure("course", page.say("Service level over time"), "course", plots.against("course_before"), kpi=LEVEL),
        funnel.figure(page),
        waits(page),
        page.figure("hours", page.say("Service level by hour"), "level_hour_of_day", _hours, kpi=LEVEL),
        page.figure(
            "week", page.say("When callers give up"), "week", plots.heat,
            note=page.say("Per cent of those who asked for a person."),
        ),
        page.figure("given_up", page.say("Abandonment over time"), "course", plots.against("course_before"), kpi=GIVEN_UP),
        page.figure("outcomes", page.say("How visits to a queue ended"), "outcomes", _outcomes),
        page.figure("handling", page.say("Handle time over time"), "handling_course", plots.against("handling_before")),
        page.figure(
            "occupancy", page.say("Occupancy by team"), "occupancy_teams", plots.bars,
            empty=page.say("Occupancy needs the agents' states: load events `state` (available, handling, break, offline)."),
        ),
        side_by_side(
            page, "by_channel", page.say("By channel"), "channel", ("level_channel", "wait_channel", "handling_channel")
        ),
        side_by_side(page, "by_team", page.say("By queue or team"), "team", ("level_team", "wait_team", "handling_team")),
    ]  # fmt: skip
    return View(sentence(page), tiles(page), made, {"wide": TABLES})


def tiles(page: Page) -> list[Tile]:
    """The three rules beside each other, then waits, who gave up, handling and its parts."""
    made = [
        *(page.tile("levels", LEVEL, variant=rule, spark="course") for rule in RULES),
        page.tile("wait", "speed_of_answer"), page.tile("wait_p90", "speed_of_answer"),
        page.tile("now", GIVEN_UP, variant="default", spark="course"), page.tile("now", GIVEN_UP, variant="of_all"),
        page.tile("patience", "speed_of_answer"),
        page.tile("now", "calls_offered"),
        *(page.tile("handling", "handle_time", variant=name) for name in ("default", "talk", "hold", "wrap")),
        page.tile("occupancy", "occupancy"),
    ]  # fmt: skip
    return [tile for tile in made if tile is not None]


def _hours(page: Page, result: Result) -> dict[str, Any]:
    """A bar an hour with any, in the order of the day."""
    return plots.bars(page, replace(result, cells=tuple(cell for cell in result.cells if cell.n)), most=24)


def _outcomes(page: Page, result: Result) -> dict[str, Any]:
    """Bars of the outcomes that happened at all."""
    happened = tuple(cell for cell in result.cells if cell.n)
    return plots.bars(page, replace(result, cells=happened))


def waits(page: Page) -> Figure:
    """The share of all offered that was answered within 5 s, 10 s, 20 s ...: how waits are distributed."""
    title = page.say("Answered within")
    cells = [(seconds, page.cell(f"within_{seconds}", LEVEL)) for seconds in WITHIN]
    known = [(seconds, cell) for seconds, cell in cells if cell and cell.value is not None]
    if not known:
        return page.nothing("waits", title, page.why("wait") or page.missing("wait", nothing(page)))
    rows = tuple(
        (
            TableCell(page.words.duration(seconds), seconds, numeric=True),
            TableCell(page.words.share(cell.value or 0), cell.value, numeric=True),
            TableCell(page.words.interval(cell.low, cell.high, "share"), [cell.low, cell.high], numeric=True),
            TableCell(page.words.count(cell.n), cell.n, numeric=True),
        )
        for seconds, cell in known
    )
    heads = (page.say("within"), page.say("answered"), page.say("95 % interval"), "n")
    note = page.say(
        "Of all contacts offered to a queue, those answered within that time: who gave up counts as not answered."
    )
    return Figure(
        "waits",
        title,
        Table(heads, ("seconds", "answered", "interval", "n"), rows),
        _rising(page, known),
        note=note,
    )


def _rising(page: Page, known: Sequence[tuple[int, Cell]]) -> dict[str, Any]:
    """A rising line with its interval, each point written; time by logarithm, as patience runs."""
    values = [
        {"at": seconds, "value": c.value, "low": c.low, "high": c.high, "text": page.words.share(c.value or 0),
         "after": page.words.duration(seconds)}
        for seconds, c in known
    ]  # fmt: skip
    said = " : ".join(f"datum.value === {seconds} ? '{page.words.duration(seconds)}'" for seconds in WITHIN)
    axis = {"grid": False, "values": list(WITHIN), "labelExpr": f"{said} : ''"}
    x = {"field": "at", "type": "quantitative", "title": None, "scale": {"type": "log"}, "axis": axis}
    y = {"field": "value", "type": "quantitative", "title": None, "axis": {"format": ".0%", "tickCount": 5},
         "scale": {"domain": [0, 1]}}  # fmt: skip
    tip = [{"field": "after", "type": "nominal", "title": page.say("within")},
           {"field": "text", "type": "nominal", "title": page.say("answered")}]  # fmt: skip
    band = {"mark": {"type": "area", "color": ACCENT, "opacity": 0.15, "tooltip": None},
            "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}}}  # fmt: skip
    line = {"mark": {"type": "line", "color": ACCENT, "strokeWidth": 2, "point": {"size": 24, "filled": True}},
            "encoding": {"y": y, "tooltip": tip}}  # fmt: skip
    text = {"mark": {"type": "text", "dy": -12, "color": INK, "fontSize": 11},
            "encoding": {"y": y, "text": {"field": "text", "type": "nominal"}}}  # fmt: skip
    body = {"width": plots.WIDTH, "height": plots.HEIGHT, "data": {"values": values}, "encoding": {"x": x}}
    return plots.spec({**body, "layer": [band, line, text]}, page)


def nothing(page: Page) -> str:
    """What to load where no contact reached a queue."""
    return page.say("No contact reached a queue: load a phone log, or events `entered` and `left`.")


def sentence(page: Page) -> Markup:
    """What changed most for who calls, and where; else how it stands."""
    level = standing(page)
    if level is None:
        return Markup("{}").format(page.missing("levels", nothing(page)))
    found = moves.moves(page, ("levels", "now", "wait", "wait_p90"), (*MOVING, *WAIT))
    if not found:
        return moves.joined(level, calls_alone(page), moves.unchanged(page))
    first = next((one for one in found if one.cell.stat != "p90"), None)
    if first is None:
        return moves.joined(level, calls_alone(page), moves.also(page, found))
    cell = first.cell
    ask = "wait" if cell.kpi == "speed_of_answer" else "level"
    said = _told(page, cell.kpi, first.tone, {
        "value": page.value(cell), "size": page.size(cell, first.definition),
        "limit": _limit(page), "place": cause.where(page, first, [f"{ask}_{name}" for name in SPLITS]),
    })  # fmt: skip
    return moves.joined(
        said, calls_alone(page), moves.also(page, [one for one in found if one is not first][:2])
    )


def calls_alone(page: Page) -> Markup:
    """What the service level is of calls alone, where chats or counters have queues too; nothing where they have not."""
    levels = {cell.keys.get("channel"): cell for cell in page.cells("level_channel", LEVEL) if cell.n}
    if len(levels) < 2 or "phone" not in levels:
        return Markup("")
    return page.html(
        "That is all queues, chats and counters too; by phone alone {value}.",
        value=page.value(levels["phone"]),
    )


def _limit(page: Page) -> str:
    """The T of the service level."""
    result = page.result("levels")
    limit = result.definitions[0].params["within"].default if result else 20
    return page.words.duration(float(limit))


def _told(page: Page, kpi: str, tone: str, said: Mapping[str, Any]) -> Markup:
    """One change as a sentence of its own."""
    texts = {
        (LEVEL, "bad"): page.html(
            "Fewer get an answer in time: {value} within {limit}, {size}{place}.", **said
        ),
        (LEVEL, "good"): page.html(
            "More get an answer in time: {value} within {limit}, {size}{place}.", **said
        ),
        (GIVEN_UP, "bad"): page.html("More give up before an answer: {value}, {size}{place}.", **said),
        (GIVEN_UP, "good"): page.html("Fewer give up before an answer: {value}, {size}{place}.", **said),
        ("speed_of_answer", "bad"): page.html(
            "Answers take longer: {value} on average, {size}{place}.", **said
        ),
        ("speed_of_answer", "good"): page.html(
            "Answers come sooner: {value} on average, {size}{place}.", **said
        ),
    }
    return texts[kpi, tone]


def standing(page: Page) -> Markup | None:
    """How it stands; none where nobody was offered to a queue."""
    level, given_up = page.cell("levels", LEVEL, "default"), page.cell("now", GIVEN_UP, "default")
    if level is None or level.value is None:
        return None
    if given_up is None or given_up.value is None:
        return page.html("{value} get an answer within {limit}.", value=page.value(level), limit=_limit(page))
    return page.html(
        "{value} get an answer within {limit}; {share} give up before one.",
        value=page.value(level), limit=_limit(page), share=page.value(given_up),
    )  # fmt: skip


SCREEN = Screen("phone", "Phone", 60, compose, ASKS)
