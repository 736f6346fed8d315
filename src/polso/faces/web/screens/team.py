"""Team: what the teams handle, how fast, how well and how busy; people one by one only where privacy lets it.

Rule kept here: nobody is ranked. People stand in the order of the alphabet, each with n and interval, and a
difference is one only where the interval leaves out the number of all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.config import SMALL_TEAMS
from polso.faces.web import cause, moves, plots
from polso.faces.web.dots import dots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, View
from polso.faces.web.pivot import Column, cells_of, pivot, values_of
from polso.faces.web.screen import TIME, Ask, Screen

if TYPE_CHECKING:
    from polso.query.result import Cell

STATES: Final = ("occupancy", "utilisation", "shrinkage")


def _asks(end: str, **more: Any) -> dict[str, Ask]:
    """The same questions for the whole, for teams, for people: each fact on its own."""
    return {
        f"contacts{end}": Ask(("contact_volume", "handle_time"), **more),
        f"replies{end}": Ask(("reply_time",), stat="median", **more),
        f"first{end}": Ask(("first_response_time",), stat="median", **more),
        f"csat{end}": Ask(("csat",), **more),
        f"states{end}": Ask(STATES, **more),
    }


WHOLE: Final = _asks("", compare=True)
TEAMS: Final = _asks("_by_team", by=("team",), compare=True)
PEOPLE: Final = _asks("_by_agent", by=("agent",))
ASKS: Final = {
    **WHOLE,
    **TEAMS,
    **PEOPLE,
    "course": Ask(("contact_volume", "handle_time"), by=(TIME,)),
    "weeks": Ask(("contact_volume",), by=("team", "week")),
    "mix": Ask(("contact_volume",), by=("agent", "issue_type")),
}
# What people are held against each other by: the numbers that have an interval.
COMPARED: Final = {"contacts": "handle_time", "replies": "reply_time", "csat": "csat"}


def _columns(end: str) -> tuple[Column, ...]:
    return (
        Column(f"contacts{end}", "contact_volume", variant="default"),
        Column(f"contacts{end}", "handle_time", variant="default"),
        Column(f"replies{end}", "reply_time", variant="default"),
        Column(f"first{end}", "first_response_time", variant="default"),
        Column(f"csat{end}", "csat", variant="default", sampled=True),
        *(Column(f"states{end}", kpi, variant="default") for kpi in STATES),
    )


def compose(page: Page) -> View:
    """The whole as numbers, teams beside each other, and people where privacy lets them be seen."""
    made = [
        *(page.tile("contacts", kpi, spark="course") for kpi in ("contact_volume", "handle_time")),
        page.tile("replies", "reply_time"),
        page.tile("first", "first_response_time"),
        page.tile("csat", "csat"),
        *(page.tile("states", kpi) for kpi in STATES),
    ]
    title = page.say("Contacts by team and week")
    figures = [
        teams(page),
        page.figure("weeks", title, "weeks", plots.multiples, empty=_nothing(page)),
        _csat(page),
    ]
    named = people(page)
    said = {"people": named, "refused": page.why("contacts_by_agent"), "reasons": _reasons(page),
            "merged": small_teams(page)}  # fmt: skip
    return View(sentence(page), [tile for tile in made if tile], [*figures, *named], said)


def small_teams(page: Page) -> Markup:
    """Why several teams stand under one name; nothing where each stands for itself."""
    if SMALL_TEAMS not in values_of(page, tuple(TEAMS), "team"):
        return Markup("")
    least, count = page.about.config.privacy, page.words.count
    settings = page.link(page.say("the settings"), page.state.url("/settings") + "#privacy")
    return page.html(
        "“{name}” are all teams with fewer than {agents} people or {contacts} contacts, taken together, the next smallest "
        "with them where they still are too few: numbers of so few would be those of single persons. "
        "The minimum stands in {settings}, under Privacy.",
        name=page.say(SMALL_TEAMS), agents=count(least.minimum_agents), contacts=count(least.minimum_contacts),
        settings=settings,
    )  # fmt: skip


def _nothing(page: Page) -> str:
    return page.say("No contacts with a team: load calls, chats or messages, and say who handled them.")


def _reasons(page: Page) -> list[str]:
    """Why something has no answer; what privacy keeps is said where people would stand."""
    kept = {page.why(name) for name in (*PEOPLE, "mix")}
    return [why for why in page.reasons() if why not in kept]


def teams(page: Page) -> Figure:
    """The teams beside each other, in the order of the alphabet."""
    title, made = (
        page.say("Teams beside each other"),
        pivot(page, "team", _columns("_by_team"), order="name", label=_team(page)),
    )
    note = page.say("Teams do different work: a filter by issue type compares like with like.")
    if not made.rows:
        return page.nothing(
            "teams", title, page.why("contacts_by_team") or page.missing("contacts_by_team", _nothing(page))
        )
    return Figure("teams", title, made, note=note)


def _team(page: Page) -> Any:
    def label(value: Any) -> TableCell:
        return TableCell(page.words.label("team", value), value, page.state.filtered("team", value).url())

    return label


def _csat(page: Page) -> Figure:
    """CSAT by team with its interval, in the order of the alphabet, the number of all dashed."""
    title = page.say("CSAT by team")
    empty = _hidden(page, "csat_by_team") or page.say("No ratings: load the answers to surveys.")
    made = page.figure("csat_by_team", title, "csat_by_team", empty=empty)
    result = page.result("csat_by_team")
    if made.empty or result is None:
        return made
    cells = {cell.keys["team"]: cell for cell in result}
    rows = [
        (page.words.label("team", name), cells[name]) for name in values_of(page, ("csat_by_team",), "team")
    ]
    note = page.say("Dashed: all teams. The line is what chance allows.")
    return Figure(made.name, title, made.table, dots(page, rows, whole=page.cell("csat", "csat")), note=note)


def _hidden(page: Page, ask: str) -> str:
    """Why no number of an answer is shown although there are rows: groups that are too small."""
    said = [
        page.words.told(warning)
        for cell in page.cells(ask)
        if cell.value is None
        for warning in cell.warnings
    ]
    return said[0] if said else ""


def people(page: Page) -> list[Figure]:
    """Each person with n and interval, in the order of the alphabet; none where privacy refuses."""
    titles = {
        "contacts": page.say("Handle time by agent"),
        "replies": page.say("Reply time by agent"),
        "csat": page.say("CSAT by agent"),
    }
    found = [_person(page, ask, kpi, titles[ask]) for ask, kpi in COMPARED.items()]
    made = [*found, _time(page)]
    return [figure for figure in made if figure is not None]


def _person(page: Page, ask: str, kpi: str, title: str) -> Figure | None:
    """One KPI of everybody: dots against the number of all, and behind them n, interval and kind of work."""
    result, whole = page.result(f"{ask}_by_agent"), page.cell(ask, kpi, "default")
    known = {cell.keys["agent"]: cell for cell in page.cells(f"{ask}_by_agent", kpi, "default")}
    names = [
        name for name in values_of(page, (f"{ask}_by_agent",), "agent") if name is not None and name in known
    ]
    if result is None or not names:
        return None
    column = Column(f"{ask}_by_agent", kpi, variant="default", sampled=True)
    heads = ("agent", "kind of work", "value", "n", "95 % interval", "against all")
    rows = tuple(
        (
            TableCell(name, name),
            _mix(page, name),
            *cells_of(page, column, known[name]),
            _against(page, known[name], whole),
        )
        for name in names
    )
    table = Table(
        tuple(page.say(head) for head in heads), ("agent", "mix", "value", "n", "interval", "against"), rows
    )
    drawn = dots(page, [(name, known[name]) for name in names], whole=whole)
    return Figure(f"{ask}_by_agent", title, table, drawn, note=_nobodys(page, known))


def _nobodys(page: Page, known: Mapping[Any, Cell]) -> str:
    """How many rows no agent is known of: what all are held against counts them too."""
    n, everybody = known[None].n if None in known else 0, sum(cell.n for cell in known.values())
    if not n:
        return ""
    return page.say(
        "{n} of {all} have no agent: they count in the number of all, and under nobody here.",
        n=page.words.count(n), all=page.words.count(everybody),
    )  # fmt: skip


def _time(page: Page) -> Figure | None:
    """What everybody handled and how their time was spent."""
    columns = (
        Column("contacts_by_agent", "contact_volume"),
        *(Column("states_by_agent", kpi) for kpi in STATES),
    )
    made = pivot(
        page,
        "agent",
        columns,
        order="name",
        label=lambda name: TableCell(page.words.label("agent", name), name),
    )
    rows = tuple(row for row in made.rows if row[0].value is not None)
    title = page.say("Contacts and time by agent")
    return Figure("time_by_agent", title, Table(made.heads, made.names, rows)) if rows else None


def _mix(page: Page, name: Any) -> TableCell:
    """What most of somebody's contacts were about: numbers of different work are not alike."""
    mine = [cell for cell in page.cells("mix") if cell.keys["agent"] == name and cell.value]
    if not mine:
        return TableCell("")
    most = max(mine, key=lambda cell: cell.n)
    said = page.say(
        "{type}: {n} of {all}", type=page.words.label("issue_type", most.keys["issue_type"]),
        n=page.words.count(most.n), all=page.words.count(sum(cell.n for cell in mine)),
    )  # fmt: skip
    return TableCell(said, most.keys["issue_type"])


def _against(page: Page, cell: Cell, whole: Cell | None) -> TableCell:
    """Whether somebody's number differs from that of all beyond chance, in a word and an arrow, never as praise."""
    way = differs(cell, whole)
    texts = {
        "above": f"▲ {page.say('above all')}",
        "below": f"▼ {page.say('below all')}",
        "alike": page.say("as all"),
    }
    return TableCell(texts.get(way, ""), way or None)


def differs(cell: Cell | None, whole: Cell | None) -> str:
    """Above or below where the interval leaves the whole out, alike where it does not; nothing where none is known.

    Nobody is judged by fewer rows than `minimum_n`.
    """
    if (
        cell is None
        or whole is None
        or whole.value is None
        or cell.low is None
        or cell.high is None
        or cell.is_small
    ):
        return ""
    return "above" if cell.low > whole.value else "below" if cell.high < whole.value else "alike"


def sentence(page: Page) -> Markup:
    """What moved beyond chance and in which team, else what the teams handled; never a person."""
    cell = page.cell("contacts", "contact_volume", "default")
    if cell is None or not cell.value:
        load = page.html("Load calls, chats, messages or tickets to see what the teams handle.")
        return page.missing("contacts", load)
    return moves.news(page, WHOLE, cause.asides(page, TEAMS)) or _level(page, cell)


def _level(page: Page, volume: Cell) -> Markup:
    contacts = page.value(volume)
    teams = len({c.keys["team"] for c in page.cells("contacts_by_team") if c.keys["team"] is not None})
    busy = page.cell("states", "occupancy", "default")
    if volume.value == 1:
        return page.html("{contacts} contact came in.", contacts=contacts)
    said = page.html(
        "{teams} teams handled {contacts} contacts.", teams=page.words.count(teams), contacts=contacts
    )
    if teams == 1 or not teams:
        said = page.html("{contacts} contacts came in.", contacts=contacts)
    if busy is None or busy.value is None:
        return said
    return Markup("{} {}").format(
        said,
        page.html("Of the time they were there, {share} was work with customers.", share=page.value(busy)),
    )


SCREEN = Screen("team", "Team", 100, compose, ASKS)
