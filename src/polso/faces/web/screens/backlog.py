"""Backlog and ageing: what is open, how it came to be as much, how old it is, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from polso.faces.web import plots, rollforward
from polso.faces.web.cause import Part, counted, mostly
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Tile, View
from polso.faces.web.pivot import Column, pivoted
from polso.faces.web.screen import TIME, Ask, Screen
from polso.query.flow import CAME, END, START, WENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polso.query.result import Cell

ROLL: Final = "backlog_roll_forward"
AGES: Final = "backlog_by_age"
MEAN_AGE: Final = "mean_age"
SPLITS: Final = {"channels": "channel", "teams": "team", "priorities": "priority"}
ASKS: Final = {
    "now": Ask(("backlog", "reopenings", "reopen_rate"), compare=True),
    "course": Ask(("backlog", "reopenings"), by=(TIME,)),
    "course_before": Ask(("backlog", "reopenings"), by=(TIME,), earlier=True),
    "roll": Ask((ROLL,)),
    "ages": Ask((AGES,), compare=True),
    "channels": Ask(("backlog",), by=("channel",), compare=True),
    "teams": Ask(("backlog",), by=("team",), compare=True),
    "priorities": Ask(("backlog",), by=("priority",), compare=True),
    "channels_roll": Ask((ROLL,), by=("channel",)),
    "teams_roll": Ask((ROLL,), by=("team",)),
    "priorities_roll": Ask((ROLL,), by=("priority",)),
    "reopened": Ask(("reopenings",), by=("channel",), compare=True),
    "reopened_types": Ask(("reopenings",), by=("issue_type",), compare=True),
}


@dataclass(frozen=True)
class Sum:
    """The roll-forward as a sum: its start, what came, what went, its end, and the end counted on its own."""

    start: int
    came: tuple[tuple[str, int], ...]
    went: tuple[tuple[str, int], ...]
    counted: int | None

    @property
    def end(self) -> int:
        """What the parts make."""
        return self.start + sum(n for _, n in self.came) - sum(n for _, n in self.went)

    @property
    def holds(self) -> bool:
        """Whether the parts make what was counted."""
        return self.counted == self.end


def compose(page: Page) -> View:
    """How much is open and how old, the moves that made it, and where it lies."""
    tiles = [
        page.tile("now", "backlog", spark="course"),
        mean_age(page),
        page.tile("now", "reopenings", spark="course"),
        page.tile("now", "reopen_rate"),
    ]
    figures = [
        rollforward.figure(page, "roll", page.say("How the backlog moved"), "roll"),
        _course(page, "course", page.say("Backlog over time"), "backlog"),
        ages(page),
        page.figure("teams", page.say("Backlog by team"), "teams", plots.bars),
        page.figure("channels", page.say("Backlog by channel"), "channels", plots.bars),
        page.figure("priorities", page.say("Backlog by priority"), "priorities", plots.bars),
        _course(page, "reopenings", page.say("Reopenings over time"), "reopenings"),
        page.figure("reopened_types", page.say("Reopenings by issue type"), "reopened_types", plots.bars),
        by_channel(page),
    ]
    more = {"sum": roll_sum(page)}
    return View(sentence(page), [tile for tile in tiles if tile is not None], figures, more)


def roll_sum(page: Page) -> Sum | None:
    """The sum as it stands on the page; none where the moves or the end are not known."""
    moved = moves(page.cells("roll"))
    end = page.cell("now", "backlog")
    if START not in moved or end is None or end.value is None:
        return None
    # What moved in and out of teams cancels out where all of them are seen.
    silent = {"moved_in", "moved_out"} if moved.get("moved_in") == moved.get("moved_out") else set()
    came, went = (
        tuple((name, moved[name]) for name in names if moved.get(name) and name not in silent)
        for names in (CAME, WENT)
    )
    return Sum(moved[START], came, went, int(end.value))


def moves(cells: list[Cell]) -> dict[str, int]:
    """Line of the roll-forward -> how many."""
    return {cell.keys["band"]: int(cell.value) for cell in cells if cell.value is not None}


def _course(page: Page, name: str, title: str, kpi: str) -> Figure:
    """One count over time, the period before dashed under it."""
    before = page.earlier_of("course_before")
    draw = partial(plots.trend, earlier=plots.only(before, kpi) if before else None)
    note = page.say("dashed: {before}", before=page.earlier_text) if before else ""
    return page.figure(name, title, "course", draw, kpi=kpi, note=note)


def mean_age(page: Page) -> Tile | None:
    """How old the open tickets are on average."""
    result = page.result("ages")
    cell = next((c for c in result or () if c.keys["band"] == MEAN_AGE), None)
    if result is None or cell is None:
        return None
    definition = page.definition(result, cell)
    meaning = definition.meaning.of(page.words.language)
    return Tile(AGES, page.say("Mean age of tickets still open"), page.number(cell, definition), meaning)


def ages(page: Page) -> Figure:
    """The backlog by how long ago its tickets were opened, and the way to them."""
    title, result = page.say("Backlog by age of the ticket"), page.result("ages")
    kept = tuple(c for c in result or () if c.keys["band"] != MEAN_AGE)
    if result is None or not any(c.value for c in kept):
        return page.nothing(
            "ages", title, page.why("ages") or page.missing("ages", page.say("Nothing is open."))
        )
    bands = replace(result, cells=kept)
    link = (page.say("the tickets still open"), page.rows_url("backlog"))
    return Figure("ages", title, page.table(bands), plots.bars(page, bands), links=(link,))


def by_channel(page: Page) -> Figure:
    """What is open and what was opened again, channel by channel."""
    columns = [
        Column("channels", "backlog", head=page.say("still open"), compared=True),
        Column("reopened", "reopenings", head=page.say("reopenings"), compared=True),
    ]
    return pivoted(page, "by_channel", page.say("Channels side by side"), "channel", columns)


def sentence(page: Page) -> Markup:
    """From how many to how many over the period, mostly whose, and how many are old."""
    moved, end = moves(page.cells("roll")), page.cell("now", "backlog")
    if end is None or end.value is None:
        return page.missing("now", page.html("Nobody knows what is open then: load the help desk's tickets."))
    if not end.value and not any(moved.values()):
        return page.missing(
            "now", page.html("Nothing is open, and nothing was: load the help desk's tickets.")
        )
    return Markup(" ").join(filter(None, (_moved(page, moved, end), _old(page))))


def _moved(page: Page, moved: Mapping[str, int], end: Cell) -> Markup:
    start, now = moved.get(START), page.value(end)
    if start is None:
        return page.html("Tickets still open: {now}.", now=now)
    before = page.words.count(start)
    if start == end.value:
        return page.html("The backlog ends where it began, at {now}.", now=now)
    # Its own start and end are counted, not sampled: no chance in them.
    rose = (end.value or 0) > start
    toned = Markup('<span class="{}">{}</span>').format("bad" if rose else "good", now)
    splits = [_parts(page, f"{ask}_roll", name) for ask, name in SPLITS.items()]
    where = mostly(page, splits, start, end.value or 0)
    if rose:
        return page.html(
            "The backlog grew from {before} to {now}{where}.", before=before, now=toned, where=where
        )
    return page.html(
        "The backlog shrank from {before} to {now}{where}.", before=before, now=toned, where=where
    )


def _parts(page: Page, ask: str, name: str) -> list[Part]:
    """How far the backlog of each value of a split moved, from its own start to its own end."""
    by_value: dict[object, dict[str, int]] = {}
    for cell in page.cells(ask):
        by_value.setdefault(cell.keys[name], {})[cell.keys["band"]] = int(cell.value or 0)
    return [counted(name, value, one.get(START, 0), one.get(END, 0)) for value, one in by_value.items()]


def _old(page: Page) -> Markup:
    """How many are in the oldest band, where there are any."""
    result = page.result("ages")
    bands = [c for c in result or () if c.keys["band"] != MEAN_AGE]
    if not bands or not bands[-1].value:
        return Markup("")
    oldest = bands[-1]
    age = page.words.label("band", oldest.keys["band"]).lstrip("≥").strip()
    n = page.link(page.words.count(oldest.value or 0), page.rows_url("backlog"))
    return page.html(
        "Still open after {age} or more: {n} of {all}.", age=age, n=n, all=page.words.count(oldest.n)
    )


SCREEN = Screen("backlog", "Backlog and ageing", 40, compose, ASKS)
