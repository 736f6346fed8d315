"""Wallboard: the last day of data on a screen at the wall, by team and queue; it refreshes itself.

Rule kept here: never an agent, neither in a row nor by a filter; what it shows says of when it is.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.asked import condition
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Number, Table, TableCell, Tile, View
from polso.faces.web.screen import Screen
from polso.faces.words import DASH
from polso.query.period import Period

if TYPE_CHECKING:
    from polso.care import Care
    from polso.query.result import Cell, Result

# Filters that a screen at the wall may have; anything about a person may not.
ALLOWED: Final = ("channel", "team", "client", "issue_type", "priority")
LEVEL, GIVEN_UP, WAITING, OFFERED = "service_level", "abandonment_rate", "open_turns", "calls_offered"
DAILY: Final = ("ticket_volume", LEVEL, GIVEN_UP, OFFERED, "backlog")
# Of the whole, and of the teams: name -> (KPIs, split, whether since ever instead of the last day).
Question = tuple[tuple[str, ...], tuple[str, ...], bool]
QUESTIONS: Final[dict[str, Question]] = {
    **{kpi: ((kpi,), (), False) for kpi in DAILY},
    WAITING: ((WAITING,), (), True),
    "queued": ((OFFERED,), ("outcome",), False),
    **{f"{kpi}_teams": ((kpi,), ("team",), False) for kpi in DAILY},
    f"{WAITING}_teams": ((WAITING,), ("team",), True),
}
# As often as a wall is looked at; the server answers from its cache while the data stands still.
EVERY_SECONDS: Final = 30


def compose(page: Page) -> View:
    """Big numbers of the last day of data, and what stands open now, by team."""
    today = of_today(page)
    tiles = [*numbers(today), longest(today)]
    figure = Figure("teams", today.say("By team and queue"), teams(today))
    more = {"day": today.words.label("day", today.period.since), "every": EVERY_SECONDS, "read": _now(today)}
    return View(sentence(today), tiles, [figure], more)


def of_today(page: Page) -> Page:
    """The same page over the last day of data, without filters about persons, its questions answered."""
    zone = ZoneInfo(page.about.config.project.zone)
    day = page.about.last.replace(tzinfo=ZoneInfo("UTC")).astimezone(zone).date()
    period = Period(day, day + timedelta(days=1), page.about.config.project.zone)
    allowed = (*ALLOWED, *page.about.config.dimensions)
    kept = tuple(
        text for text in page.state.where if text.partition("=")[0].removesuffix("!").strip() in allowed
    )
    state = replace(page.state, where=kept, period=f"{period.since}..{period.until}")
    answers = dict(page.answers) if page.asking is None else {
        name: _answer(page, name, question, state.period, kept) for name, question in QUESTIONS.items()
    }  # fmt: skip
    return replace(page, state=state, period=period, earlier=None, answers=answers)


def _answer(
    page: Page, name: str, asked: Question, period: str, where: tuple[str, ...]
) -> Result | PolsoError:
    kpis, by, ever = asked
    filters = tuple(condition(text, page.about.config.dimensions) for text in where)

    def made(care: Care) -> Result:
        return care.ask(*kpis, by=by, period="all" if ever else period, where=filters)

    try:
        return page.asking.cached(("wallboard", name, period, where), made)  # type: ignore[union-attr]
    except PolsoError as error:
        return error


def names_of(today: Page) -> dict[str, str]:
    """The KPIs in as few words as can be read from afar."""
    return {
        "ticket_volume": today.say("Tickets opened"), WAITING: today.say("Waiting for a reply"),
        "backlog": today.say("Tickets still open"), OFFERED: today.say("Calls and chats"),
        LEVEL: today.say("Service level"), GIVEN_UP: today.say("Gave up"),
    }  # fmt: skip


def numbers(today: Page) -> list[Tile]:
    """What the whole service looks like."""
    made = [_big(today, kpi) for kpi in ("ticket_volume", WAITING, "backlog", LEVEL, GIVEN_UP)]
    queued = queued_now(today)
    text = DASH if queued is None else today.words.count(queued)
    return [
        *made[:2],
        Tile(OFFERED, today.say("In the queue now"), Number(text, marks=_why(today, "queued"))),
        *made[2:],
    ]


def _big(today: Page, kpi: str) -> Tile:
    """A number with nothing under it but its target; a dash, and why, where it has no answer."""
    title, tile = names_of(today)[kpi], today.tile(kpi, kpi)
    if tile is None:
        return Tile(kpi, title, Number(DASH, marks=_why(today, kpi)))
    aim = tile.number.target
    return replace(
        tile, title=title, number=replace(tile.number, n=f"{today.say('target')} {aim}" if aim else "")
    )


def _why(today: Page, name: str) -> tuple[str, ...]:
    why = today.why(name)
    return (why,) if why else ()


def queued_now(today: Page) -> int | None:
    """Who waits in a queue at the end of the data; none where there are no queues."""
    cells = today.cells("queued")
    if not any(cell.n for cell in cells):
        return None
    return sum(cell.n for cell in cells if cell.keys["outcome"] is None)


def longest(today: Page) -> Tile:
    """The longest that a customer has been waiting for a reply, and where: the oldest row behind those waiting."""
    title = today.say("Longest wait")
    row = oldest(today)
    if row is None:
        return Tile("longest", title, Number(DASH))
    waited = (today.about.as_of - row["started_at"]).total_seconds()
    place = " · ".join(today.words.label(name, row[name]) for name in ("team", "channel") if row.get(name))
    return Tile("longest", title, Number(today.words.duration(max(0.0, waited)), n=place))


def oldest(today: Page) -> dict[str, Any] | None:
    """The customer's turn that has been open longest; none where nobody waits."""
    if today.asking is None:
        return None
    where = tuple(condition(text, today.about.config.dimensions) for text in today.state.where)
    try:
        found = today.asking.cached(
            ("wallboard", "oldest", today.state.where),
            lambda care: care.rows(WAITING, where=where, limit=1).to_pylist(),
        )
    except PolsoError:
        return None
    return dict(found[0]) if found else None


def teams(today: Page) -> Table:
    """A row a team: what came, who waits, what is open, service level, who gave up; those who wait most first."""
    heads = names_of(today)
    found = {kpi: {c.keys["team"]: c for c in today.cells(f"{kpi}_teams", kpi)} for kpi in heads}
    names = dict.fromkeys(team for cells in found.values() for team, cell in cells.items() if cell.n)

    def rank(team: Any) -> tuple[float, ...]:
        return tuple(
            -((found[kpi].get(team) or _NONE).value or 0) for kpi in (WAITING, "backlog", "ticket_volume")
        )

    rows = [
        (
            TableCell(today.words.label("team", team), team),
            *(_cell(today, kpi, found[kpi].get(team)) for kpi in heads),
        )
        for team in sorted(names, key=rank)
    ]
    return Table((today.say("team"), *heads.values()), ("team", *heads), tuple(rows))


class _NONE:
    value = None


def _cell(today: Page, kpi: str, cell: Cell | None) -> TableCell:
    result = today.result(f"{kpi}_teams")
    if cell is None or result is None:
        return TableCell(DASH, numeric=True, tone="pale")
    number = today.number(cell, today.definition(result, cell))
    return TableCell(number.text, cell.value, numeric=True, marks=number.marks)


def sentence(today: Page) -> Markup:
    """How it stands, in one sentence that can be read from afar."""
    level, waiting, backlog = (
        today.cell(LEVEL, LEVEL),
        today.cell(WAITING, WAITING),
        today.cell("backlog", "backlog"),
    )
    parts = []
    if waiting is not None and waiting.value:
        n = today.value(waiting)
        one = waiting.value == 1
        parts.append(
            today.html("{n} waits for a reply", n=n) if one else today.html("{n} wait for a reply", n=n)
        )
    elif waiting is not None and waiting.value is not None:
        parts.append(today.html("Nobody waits for a reply"))
    if backlog is not None and backlog.value is not None:
        n = today.value(backlog)
        one = backlog.value == 1
        parts.append(
            today.html("{n} ticket is still open", n=n)
            if one
            else today.html("{n} tickets are still open", n=n)
        )
    if level is not None and level.value is not None:
        parts.append(today.html("{value} were answered in time", value=today.value(level)))
    if not parts:
        return today.html("Nothing is loaded for this day yet.")
    return Markup("{}.").format(Markup(", ").join(parts))


def _now(today: Page) -> str:
    """When these numbers were read, to the second."""
    return f"{datetime.now(ZoneInfo(today.period.zone)):%H:%M:%S}"


SCREEN = Screen("wallboard", "Wallboard", 900, compose, lasts=False)
