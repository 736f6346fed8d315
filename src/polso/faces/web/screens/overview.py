"""Overview: how are we doing, what got worse, what got better."""

from __future__ import annotations

from functools import partial
from typing import Final

from markupsafe import Markup

from polso.faces.web import cause, funnel, moves, plots, rollforward
from polso.faces.web.page import Page
from polso.faces.web.parts import Tile, View
from polso.faces.web.screen import TIME, Ask, Screen

MEDIAN: Final = ("first_response_time",)
NUMBERS: Final = (
    "ticket_volume", "first_contact_resolution", "abandonment_rate", "csat", "nps", "cost_per_contact",
)  # fmt: skip
# Older tickets have had longer to be solved: two periods of it are not compared.
SOLVED: Final = "resolution_rate:by_now"
# KPI -> the screen that is about it.
LEADS: Final = {
    "ticket_volume": "/volumes", "first_response_time": "/speed", SOLVED: "/resolution",
    "first_contact_resolution": "/resolution", "abandonment_rate": "/phone", "csat": "/satisfaction",
    "nps": "/satisfaction", "cost_per_contact": "/loyalty",
}  # fmt: skip
# Where a change may come from: of numbers that can be better or worse beyond chance.
SAMPLED: Final = ("first_contact_resolution", "abandonment_rate", "csat", "nps")
# By channel only: every split more makes the first page slower, and its own screens know the others.
WHERE: Final = {
    "channels_now": Ask(SAMPLED, by=("channel",), compare=True),
    "channels_fast": Ask(MEDIAN, stat="median", by=("channel",), compare=True),
}
ASKS: Final = {
    "now": Ask(NUMBERS, compare=True),
    "fast": Ask(MEDIAN, stat="median", compare=True),
    "solved": Ask((SOLVED,)),
    "course": Ask((*NUMBERS, SOLVED), by=(TIME,)),
    "fast_course": Ask(MEDIAN, stat="median", by=(TIME,)),
    "channels": Ask(("ticket_volume",), by=("channel", TIME)),
    "roll": Ask(("backlog_roll_forward",)),
    "week": Ask(("contact_volume",), by=("weekday", "hour_of_day")),
    **WHERE,
    **funnel.ASKS,
}


def compose(page: Page) -> View:
    """Eight numbers, what moved beyond chance in a sentence, volume by channel, the busy hours, how the backlog moved."""
    made = [_tile(page, "now", name) for name in NUMBERS]
    made.insert(1, page.tile("fast", *MEDIAN, spark="fast_course", screen=LEADS[MEDIAN[0]]))
    made.insert(2, _tile(page, "solved", SOLVED))
    tiles = [tile for tile in made if tile is not None]
    small = partial(plots.multiples, columns=4, height=44)
    figures = [
        page.figure("channels", page.say("Tickets by channel"), "channels", small),
        page.figure("week", page.say("When customers get in touch"), "week", plots.heat),
        rollforward.figure(page, "roll", page.say("How the backlog moved"), "roll"),
        funnel.figure(page),
    ]
    return View(sentence(page), tiles, figures)


def _named(name: str) -> tuple[str, str]:
    """A KPI and which of its definitions."""
    kpi, _, variant = name.partition(":")
    return kpi, variant or "default"


def _tile(page: Page, ask: str, name: str) -> Tile | None:
    kpi, variant = _named(name)
    return page.tile(ask, kpi, variant=variant, spark="course", screen=LEADS[name])


def sentence(page: Page) -> Markup:
    """What got worse and what got better, beyond what chance explains, the largest moves first."""
    asked = [cell for name in ("now", "fast") for cell in page.cells(name)]
    if not any(cell.value for cell in asked):
        return page.missing("now", page.html("Nothing in this period and with these filters."))
    if page.earlier is None:
        return page.html("Choose a period to compare with to see what changed.")
    asks = ("now", "fast")
    said = moves.news(page, asks, cause.asides(page, WHERE))
    more = moves.moves(page, asks, tones=("plain",))
    if not said and not more:
        return page.html("Nothing changed beyond what chance explains.")
    nothing = page.html("Nothing got better or worse beyond what chance explains.")
    return moves.joined(said or nothing, moves.also(page, more))


SCREEN = Screen("overview", "Overview", 10, compose, ASKS, path="/")
