"""Overview: how are we doing, what got worse, what got better."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from polso.faces.web import plots
from polso.faces.web.page import Page, sure_changes
from polso.faces.web.parts import View
from polso.faces.web.screen import TIME, Ask, Screen

MEDIAN: Final = ("first_response_time",)
NUMBERS: Final = (
    "ticket_volume", "resolution_rate", "first_contact_resolution", "abandonment_rate", "csat", "nps", "cost_per_contact",
)  # fmt: skip
# KPI -> the screen that is about it.
LEADS: Final = {
    "ticket_volume": "/volumes", "first_response_time": "/speed", "resolution_rate": "/resolution",
    "first_contact_resolution": "/resolution", "abandonment_rate": "/phone", "csat": "/satisfaction",
    "nps": "/satisfaction", "cost_per_contact": "/loyalty",
}  # fmt: skip
ASKS: Final = {
    "now": Ask(NUMBERS, compare=True),
    "fast": Ask(MEDIAN, stat="median", compare=True),
    "course": Ask(NUMBERS, by=(TIME,)),
    "fast_course": Ask(MEDIAN, stat="median", by=(TIME,)),
    "channels": Ask(("ticket_volume",), by=("channel", TIME)),
    "roll": Ask(("backlog_roll_forward",)),
    "week": Ask(("contact_volume",), by=("weekday", "hour_of_day")),
}
SAID: Final = 3


def compose(page: Page) -> View:
    """Eight numbers, what moved beyond chance in a sentence, volume by channel, the busy hours, how the backlog moved."""
    made = [page.tile("now", kpi, spark="course", screen=LEADS[kpi]) for kpi in NUMBERS]
    made.insert(1, page.tile("fast", *MEDIAN, spark="fast_course", screen=LEADS[MEDIAN[0]]))
    tiles = [tile for tile in made if tile is not None]
    figures = [
        page.figure("channels", page.say("Tickets by channel"), "channels", plots.multiples),
        page.figure("week", page.say("When customers get in touch"), "week", plots.heat),
        page.figure("roll", page.say("How the backlog moved"), "roll", plots.bridge),
    ]
    return View(sentence(page), tiles, figures)


def sentence(page: Page) -> Markup:
    """What got worse and what got better, beyond what chance explains, the largest moves first."""
    pairs = []
    for ask, kpis in (("now", NUMBERS), ("fast", MEDIAN)):
        result = page.result(ask)
        for kpi in kpis if result else ():
            cell = page.cell(ask, kpi)
            if result and cell:
                pairs.append((cell, page.definition(result, cell)))
    if page.earlier is None:
        return page.html("Choose a period to compare with to see what changed.")
    parts = []
    for tone, text in (("bad", "Worse: {list}."), ("good", "Better: {list}.")):
        moved = sure_changes(pairs, tone, page.words)[:SAID]
        if moved:
            parts.append(page.html(text, list=Markup(", ").join(page.moved(*pair) for pair in moved)))
    return Markup(" ").join(parts) or page.html("Nothing changed beyond what chance explains.")


SCREEN = Screen("overview", "Overview", 10, compose, ASKS, path="/")
