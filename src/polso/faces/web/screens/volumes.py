"""Volumes and peaks: how much comes in, through which channel, about what, and when."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from babel import dates
from markupsafe import Markup

from polso.faces.table import is_sure
from polso.faces.web import cause, moves, plots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, View
from polso.faces.web.pivot import Column, pivoted
from polso.faces.web.screen import TIME, Ask, Screen

if TYPE_CHECKING:
    from polso.query.result import Cell

COUNTS: Final = ("ticket_volume", "contact_volume", "message_volume:inbound")
PEAKS: Final = ("busiest_hour_of_day", "busiest_weekday", "busiest_day", "busiest_hour")
ASKS: Final = {
    "now": Ask((*COUNTS, "outside_hours_share"), compare=True),
    "course": Ask((*COUNTS, "outside_hours_share"), by=(TIME,)),
    "course_before": Ask(COUNTS, by=(TIME,), earlier=True),
    "peaks": Ask(tuple(f"ticket_volume:{peak}" for peak in PEAKS)),
    "week": Ask(("contact_volume",), by=("weekday", "hour_of_day")),
    "channel_course": Ask(("ticket_volume",), by=("channel", TIME)),
    "channels": Ask((*COUNTS, "outside_hours_share"), by=("channel",), compare=True),
    "teams": Ask(("ticket_volume",), by=("team",), compare=True),
    "issue_types": Ask(("ticket_volume",), by=("issue_type",), compare=True),
}
SPLITS: Final = ("channels", "teams", "issue_types")


def compose(page: Page) -> View:
    """What came in beside what came before, when it comes, and where it comes from."""
    numbers = [page.tile("now", kpi, variant=variant, spark="course") for kpi, variant in _counted()]
    share = page.tile("now", "outside_hours_share", spark="course")
    tiles = [tile for tile in (*numbers, share) if tile is not None]
    figures = [
        _course(page, "tickets", page.say("Tickets opened"), 0),
        page.figure("week", page.say("When customers get in touch"), "week", plots.heat),
        _course(page, "contacts", page.say("Contacts"), 1),
        _course(page, "messages", page.say("Messages from customers"), 2),
        page.figure("channels", page.say("Tickets by channel, over time"), "channel_course", plots.multiples),
        page.figure("issue_types", page.say("Tickets by issue type"), "issue_types", plots.bars),
        page.figure("teams", page.say("Tickets by team"), "teams", plots.bars),
        peaks(page),
        by_channel(page),
    ]
    return View(sentence(page), tiles, figures)


def _counted() -> list[tuple[str, str]]:
    return [(name, variant or "default") for name, _, variant in (kpi.partition(":") for kpi in COUNTS)]


def _course(page: Page, name: str, title: str, place: int) -> Figure:
    """One count over time, the period before dashed under it."""
    kpi, variant = _counted()[place]
    before = page.earlier_of("course_before")
    draw = partial(plots.trend, earlier=plots.only(before, kpi, variant) if before else None)
    note = page.say("dashed: {before}", before=page.earlier_text) if before else ""
    return page.figure(name, title, "course", draw, kpi=kpi, variant=variant, note=note)


def by_channel(page: Page) -> Figure:
    """What each channel brought, in every count, and how much of it when nobody was there."""
    counts = [
        Column("channels", "ticket_volume", head=page.say("tickets"), variant="default", compared=True),
        Column("channels", "contact_volume", head=page.say("contacts"), variant="default", compared=True),
        Column(
            "channels",
            "message_volume",
            head=page.say("customers' messages"),
            variant="inbound",
            compared=True,
        ),
        Column("channels", "outside_hours_share", head=page.say("tickets outside opening hours")),
    ]
    return pivoted(page, "by_channel", page.say("Channels side by side"), "channel", counts)


def peaks(page: Page) -> Figure:
    """The busiest hour of the day, weekday, day and hour, each with how much of the whole fell into it."""
    title, result = page.say("When it is busiest"), page.result("peaks")
    cells = [cell for cell in result or () if cell.value]
    if result is None or not cells:
        nothing = page.missing("peaks", page.say("Nothing in this period and with these filters."))
        return page.nothing("peaks", title, page.why("peaks") or nothing)
    rows = []
    for cell in cells:
        named = page.title(page.definition(result, cell))
        rows.append((
            TableCell(named, cell.variant),
            TableCell(peak_label(page, cell), cell.keys["band"], _peak_url(page, cell)),
            TableCell(page.words.count(cell.value or 0), cell.value, numeric=True),
            TableCell(page.words.count(cell.n), cell.n, numeric=True),
        ))  # fmt: skip
    heads = (page.say("peak"), page.say("when"), page.say("tickets"), page.say("of"))
    return Figure("peaks", title, Table(heads, ("peak", "when", "value", "n"), tuple(rows)))


def peak_label(page: Page, cell: Cell) -> str:
    """When the peak was: an hour of the day, a weekday, a day, an hour of a day."""
    grain, at = cell.variant.removeprefix("busiest_"), cell.keys["band"]
    if grain == "weekday":
        return str(dates.get_day_names("wide", locale=page.words.language)[int(at) - 1])
    if grain == "hour_of_day":
        return page.words.label(grain, int(at))
    return page.words.label("band", at)


def _peak_url(page: Page, cell: Cell) -> str:
    """A single day can be looked at; an hour of all days cannot be chosen as a period."""
    if cell.variant not in ("busiest_day", "busiest_hour"):
        return ""
    state = page.state.of_cell({"day": cell.keys["band"][:10]}, page.period)
    return state.url() if state else ""


def sentence(page: Page) -> Markup:
    """How much came in, beside what came before and mostly through what, and when most of it came."""
    tickets, contacts = (page.cell("now", kpi, "default") for kpi in ("ticket_volume", "contact_volume"))
    if tickets is not None and tickets.value:
        return Markup(" ").join(filter(None, (_tickets(page, tickets), _busiest(page))))
    if contacts is not None and contacts.value == 1:
        return page.html(
            "No tickets here, but {contacts} contact: load the help desk's tickets to see what it was about.",
            contacts=page.value(contacts),
        )
    if contacts is not None and contacts.value:
        return page.html(
            "No tickets here, but {contacts} contacts: load the help desk's tickets to see what they were about.",
            contacts=page.value(contacts),
        )
    return page.missing("now", page.html("Nobody got in touch: load tickets, calls or chats."))


def _tickets(page: Page, cell: Cell) -> Markup:
    """The number of tickets as a move, where it is more than chance makes in as many tickets."""
    now, result = page.value(cell), page.result("now")
    if result is None or cell.change is None or not cell.previous or page.halved:
        return page.html("Tickets opened: {now}.", now=now)
    before = page.words.count(cell.previous)
    definition = page.definition(result, cell)
    if not is_sure(cell, definition):
        return page.html("Tickets opened: {now}, about as many as before ({before}).", now=now, before=before)
    size = page.words.change(abs(cell.change), cell.previous, cell.unit).lstrip("+")
    where = cause.where(page, moves.Move("plain", cell, definition), SPLITS)
    if cell.change > 0:
        return page.html("Tickets rose {size} to {now}{where}.", size=size, now=now, where=where)
    return page.html("Tickets fell {size} to {now}{where}.", size=size, now=now, where=where)


def _busiest(page: Page) -> Markup:
    """The hour of the day and the weekday that most tickets come in."""
    found = {cell.variant: peak_label(page, cell) for cell in page.cells("peaks") if cell.value}
    hour, day = (found.get(name) for name in ("busiest_hour_of_day", "busiest_weekday"))
    if hour is None or day is None:
        return Markup("")
    week = Markup('<a href="#week">{}</a>')
    return page.html(
        "The busiest hour of the day is {hour}, the busiest weekday {day}.",
        hour=week.format(hour),
        day=week.format(day),
    )


SCREEN = Screen("volumes", "Volumes and peaks", 20, compose, ASKS)
