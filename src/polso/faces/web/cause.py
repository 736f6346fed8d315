"""Where a change comes from: the few values of a split that make most of it, or those that moved beyond chance.

Rule kept here: a value is named only where it moved more than its size explains, and never the unknown one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces import table as tables

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.query.result import Cell

# What part of a change its named causes make at least, and from where on they are nearly all of it.
MOST: Final = 0.5
NEARLY_ALL: Final = 0.85
# How much more than its size a value must have moved: in a fall that is the same everywhere nobody is its cause.
MORE: Final = 1.25
# Below this part of what was there, or this many, a change is too small to have a cause.
SMALL: Final = 0.03
FEW: Final = 5


@dataclass(frozen=True)
class Part:
    """One value of a split: what it was, and how far it moved."""

    name: str
    value: Any
    before: float
    change: float


def parts(cells: Iterable[Cell], name: str) -> list[Part]:
    """The compared cells of a split; a value that was not there before came from nothing."""
    return [
        Part(name, c.keys[name], c.previous or 0, c.value - (c.previous or 0))
        for c in cells
        if c.value is not None and name in c.keys
    ]


def makers(splits: Iterable[Sequence[Part]]) -> tuple[float, tuple[Part, ...]]:
    """The one or two values that make most of a change, and what part of it; of all splits the one that says it in fewest.

    The parts of every split make the whole, so only counts and stocks can be asked.
    """
    found: list[tuple[int, float, tuple[Part, ...]]] = []
    for split in splits:
        total, before = sum(p.change for p in split), sum(p.before for p in split)
        if not before or abs(total) < max(FEW, SMALL * before):
            continue
        blamed = [p for p in split if p.value is not None and _more_than_its_size(p, total, before)]
        for size in (1, 2):
            for some in combinations(sorted(blamed, key=lambda p: -abs(p.change)), size):
                share = sum(p.change for p in some) / total
                if share >= MOST:
                    found.append((size, -share, some))
    if not found:
        return 0.0, ()
    _, share, some = min(found, key=lambda one: one[:2])
    return -share, some


def _more_than_its_size(part: Part, total: float, before: float) -> bool:
    share = part.change / total
    return share > 0 and share * before >= MORE * part.before


def mostly(page: Page, splits: Iterable[Sequence[Part]]) -> Markup:
    """The end of a sentence on a change: where most of it comes from; nothing where it comes from everywhere."""
    share, some = makers(splits)
    if not some:
        return Markup("")
    who = [value_link(page, part.name, part.value) for part in some]
    named = who[0] if len(who) == 1 else page.html("{one} and {other}", one=who[0], other=who[1])
    if share >= NEARLY_ALL:
        return page.html(", almost all of it {who}", who=named)
    return page.html(", mostly {who}", who=named)


def value_link(page: Page, name: str, value: Any) -> Markup:
    """A value of a split in a sentence: it leads to the same screen for that value alone."""
    label = page.words.label(name, value)
    # Alone, "normal" or "high" does not say of what.
    said = page.say("{value} priority", value=label) if name == "priority" else label
    return page.link(said, page.state.filtered(name, value).url())


def movers(page: Page, asks: Iterable[str], kpi: str, way: int) -> list[tuple[Cell, str]]:
    """The cells of splits that went one way beyond chance, on rows enough, with the split's name.

    First the one whose change touches most: its size times its rows.
    """
    found = []
    for ask in asks:
        result = page.result(ask)
        name = result.question.by[0] if result else ""
        cells = page.cells(ask, kpi)
        # Under a filter one value is the whole, and explains nothing.
        for cell in cells if len(cells) > 1 else ():
            known = cell.low is not None and cell.keys[name] is not None and not cell.warnings
            if result and known and _went(cell, way) and tables.is_sure(cell, page.definition(result, cell)):
                found.append((cell, name))
    return sorted(found, key=lambda one: -abs(one[0].change or 0) * one[0].n)


def _went(cell: Cell, way: int) -> bool:
    return (cell.change or 0) * way > 0
