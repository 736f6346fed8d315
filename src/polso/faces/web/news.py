"""What moved beyond chance, as a sentence: the largest moves first, each with where most of it happened.

Rule kept here: what chance explains is no news; a number without an interval must move more than a count of its rows would.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from polso.faces import table as tables
from polso.faces.web.page import sure_changes

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.kpis.definition import Definition
    from polso.query.result import Cell

SAID: Final = 3
# Two counts of n rows differ by chance by less than this many times the root of 2 n, 19 times out of 20.
SPREAD: Final = 1.96


def news(page: Page, asks: Iterable[str], where: Mapping[str, str] | None = None) -> Markup:
    """What got worse and better in some answers; nothing where chance explains it all.

    where: KPI -> the answer that has it split, to say where most of its move happened.
    """
    pairs = [
        (cell, page.definition(result, cell))
        for ask in asks
        if (result := page.result(ask)) is not None
        for cell in result
        if not cell.keys and _is_more_than_a_count(cell)
    ]
    parts = []
    for tone, text in (("bad", "Worse: {list}."), ("good", "Better: {list}.")):
        moved = sure_changes(pairs, tone, page.words)[:SAID]
        if moved:
            said = [_moved(page, *pair, (where or {}).get(pair[0].kpi)) for pair in moved]
            parts.append(page.html(text, list=Markup(", ").join(said)))
    return Markup(" ").join(parts)


def _is_more_than_a_count(cell: Cell) -> bool:
    if cell.low is not None or cell.change is None or not cell.previous:
        return True
    return abs(cell.change / cell.previous) > SPREAD * math.sqrt(2 / max(cell.n, 1))


def _moved(page: Page, cell: Cell, definition: Definition, ask: str | None) -> Markup:
    """A KPI and how it moved, and the value of the split where most of that happened."""
    said = page.moved(cell, definition)
    most = most_of(page, cell, definition, ask) if ask else None
    if most is None:
        return said
    ((name, value),) = most.keys.items()
    place = page.link(page.words.label(name, value), page.number_url(most))
    return Markup("{} ({})").format(said, page.html("mostly {where}", where=place))


def most_of(page: Page, whole: Cell, definition: Definition, ask: str) -> Cell | None:
    """The part that moved most the way the whole did, by the rows it moved; none where chance explains that part."""
    parts = [
        cell
        for cell in page.cells(ask, whole.kpi, whole.variant)
        if cell.change and whole.change and cell.change * whole.change > 0 and len(cell.keys) == 1
        and next(iter(cell.keys.values())) is not None
    ]  # fmt: skip
    most = max(parts, key=lambda cell: abs(cell.change or 0) * cell.n, default=None)
    return most if most and _is_more_than_a_count(most) and tables.is_sure(most, definition) else None


def reasons(page: Page) -> list[str]:
    """Why questions of the screen have no answer, each reason once: a filter that a fact lacks, a privacy that is kept."""
    return list(dict.fromkeys(why for name in page.answers if (why := page.why(name))))
