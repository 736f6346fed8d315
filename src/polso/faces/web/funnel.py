"""The abandonment funnel: the stages on the way to a person, drawn, and counted out in the table behind.

Rule kept here: at each stage, who entered is who passed, gave up or ended otherwise; nobody is lost between columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from polso.faces.web import plots
from polso.faces.web.parts import Figure, Table, TableCell
from polso.faces.web.screen import Ask

if TYPE_CHECKING:
    from polso.faces.web.page import Page

KPI: Final = "stage_abandonment"
# The questions that a screen with a funnel asks.
ASKS: Final = {
    "funnel": Ask((KPI,), by=("stage", "outcome")),
    "funnel_stages": Ask((KPI,), by=("stage",)),
}


def figure(page: Page, name: str = "funnel") -> Figure:
    """The funnel with its table; what to load where there is none."""
    title = page.say("On the way to a person")
    result = page.result("funnel")
    if result is None or not plots.steps(result):
        empty = page.say(
            "No call went through stages: load a phone log (events `entered` and `left` with their stage)."
        )
        return page.nothing(name, title, page.why("funnel") or page.missing("funnel", empty))
    note = page.say(
        "Finished visits: pale went on, grey ended otherwise (served by the IVR, called back, overflowed), full gave up. "
        "Chats and counters start at the queue; a transferred call visits it again."
    )
    return Figure(name, title, _table(page), plots.funnel(page, result), note=note)


def _table(page: Page) -> Table:
    """A row a stage: entered = passed on + gave up + ended otherwise, and the share that gave up."""
    result = page.result("funnel")
    shares = {cell.keys["stage"]: cell for cell in page.cells("funnel_stages")}
    told = page.result("funnel_stages")
    rows = []
    for step in plots.steps(result) if result else ():
        cell = shares.get(step.stage)
        number = page.number(cell, page.definition(told, cell)) if told and cell else None
        rows.append((
            TableCell(plots.stage_names(page)[step.stage], step.stage),
            *(TableCell(page.words.count(n), n, numeric=True) for n in (step.entered, step.passed, step.left, step.others)),
            TableCell(number.text if number else "", cell.value if cell else None, number.href if number else "",
                      numeric=True, marks=number.marks if number else ()),
            TableCell(number.interval if number else "", [cell.low, cell.high] if cell else None, numeric=True),
        ))  # fmt: skip
    heads = (
        page.say("stage"), page.say("entered"), page.say("went on"), page.say("gave up"), page.say("ended otherwise"),
        page.say("share that gave up"), page.say("95 % interval"),
    )  # fmt: skip
    return Table(
        heads, ("stage", "entered", "passed", "abandoned", "others", "share", "interval"), tuple(rows)
    )
