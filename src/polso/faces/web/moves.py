"""Which numbers moved beyond chance, and how a sentence lists them.

Rule kept here, for every screen: what chance explains is no news. A number with an interval must move further than that
allows; a count, and a cost per contact, further than counts of its rows differ 19 times out of 20. On too few rows nothing
is news, nor are revenue and other sums, of whose spread nothing is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from polso.faces import table as tables

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.kpis.definition import Definition
    from polso.query.result import Cell

# Kinds whose numbers are the lower, the less of a period has data.
ADDED: Final = ("count", "sum")
# How many moves of a tone a list says; the tiles have the others.
SAID: Final = 3


@dataclass(frozen=True)
class Move:
    """A number of the whole that got worse or better (tone bad or good), or moved to no side of these (plain)."""

    tone: str
    cell: Cell
    definition: Definition


def moves(
    page: Page, asks: Iterable[str], kpis: Collection[str] = (), tones: Sequence[str] = ("bad", "good")
) -> list[Move]:
    """What got worse, then what got better beyond chance in some answers, the largest move for its number first.

    kpis: only these definitions, by their labels; tones: `plain` is what moved and has no better side.
    """
    found = []
    for ask in asks:
        result = page.result(ask)
        for cell in (one for one in result or () if not one.keys and one.previous):
            definition = page.definition(result, cell) if result else None
            if definition and definition.kind in ADDED and page.halved:
                continue
            if definition and (not kpis or definition.label in kpis) and tables.is_sure(cell, definition):
                moved = page.change(cell, definition)
                found.append(Move(moved.tone if moved else "", cell, definition))
    found.sort(key=lambda one: -abs((one.cell.change or 0) / (one.cell.previous or 1)))
    return [one for tone in tones for one in found if one.tone == tone]


def news(page: Page, asks: Iterable[str], where: Callable[[Move], Markup]) -> Markup:
    """What got worse and what got better, each with where that comes from; nothing where chance explains it all."""
    found = moves(page, asks)
    bad, good = (
        Markup(", ").join(
            page.moved(one.cell, one.definition) + where(one)
            for one in [one for one in found if one.tone == tone][:SAID]
        )
        for tone in ("bad", "good")
    )
    return joined(
        page.html("Worse: {list}.", list=bad) if bad else bad,
        page.html("Better: {list}.", list=good) if good else good,
    )


def also(page: Page, found: Sequence[Move]) -> Markup:
    """What else moved, in few words."""
    others = [page.moved(one.cell, one.definition) for one in found]
    return page.html("Also: {list}.", list=Markup(", ").join(others)) if others else Markup("")


def unchanged(page: Page) -> Markup:
    """That nothing moved; nothing where nothing was compared."""
    if page.earlier is None:
        return Markup("")
    return page.html("Nothing here changed beyond what chance explains.")


def joined(*parts: Markup) -> Markup:
    """Sentences one after the other, those without words left out."""
    return Markup(" ").join(part for part in parts if part)
