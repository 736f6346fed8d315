"""What the sentence of a screen is made of: which number moved beyond chance, and where the move comes from.

Rule kept here: a place is named only where it explains most of the change, and is large enough to be judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from polso.faces.web.page import sure_changes

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.kpis.definition import Definition
    from polso.query.result import Cell

Pair = tuple["Cell", "Definition"]
MOST: Final = 0.6
NEARLY_ALL: Final = 0.85


def moves(page: Page, asked: Iterable[tuple[str, str, str | None]]) -> list[tuple[str, Cell, Definition]]:
    """What moved beyond chance as (tone, cell, definition), what got worse first: of (ask, KPI, variant)."""
    pairs: list[Pair] = []
    for ask, kpi, variant in asked:
        result, cell = page.result(ask), page.cell(ask, kpi, variant)
        if result and cell:
            pairs.append((cell, page.definition(result, cell)))
    return [
        (tone, cell, definition)
        for tone in ("bad", "good")
        for cell, definition in sure_changes(pairs, tone, page.words)
    ]


def value(page: Page, cell: Cell) -> Markup:
    """A number of a sentence, leading to its own page."""
    text = page.words.value(cell.value, cell.unit, business=cell.time == "business")
    return page.link(text, page.number_url(cell))


def size(page: Page, cell: Cell, definition: Definition) -> Markup:
    """How much it moved, in its tone."""
    moved = page.change(cell, definition)
    return Markup('<span class="{}">{}</span>').format(moved.tone, moved.size) if moved else Markup("")


def joined(*parts: Markup) -> Markup:
    """Sentences one after the other, those without words left out."""
    return Markup(" ").join(part for part in parts if part)


def also(page: Page, found: Sequence[tuple[str, Cell, Definition]]) -> Markup:
    """What else moved, in few words."""
    others = [
        Markup("{} {}").format(page.link(page.title(d), page.number_url(c)), size(page, c, d))
        for _, c, d in found
    ]
    return page.html("Also: {list}.", list=Markup(", ").join(others)) if others else Markup("")


def unchanged(page: Page) -> Markup:
    """That nothing moved; nothing where nothing was compared."""
    if page.earlier is None:
        return Markup("")
    return page.html("Nothing here changed beyond what chance explains.")


def place(page: Page, cell: Cell, splits: Sequence[tuple[str, str]]) -> Markup:
    """Where a change comes from, as the end of a sentence: ", mostly phone"; nothing where no one place explains it.

    splits: pairs of questions, now and over the earlier period, each split by one dimension or hour.
    """
    found: tuple[float, Cell] | None = None
    for now, before in splits:
        one = origin(page.cells(now, cell.kpi, cell.variant), page.cells(before, cell.kpi, cell.variant))
        if one and (found is None or one[0] > found[0]):
            found = one
    if found is None:
        return Markup("")
    share, part = found
    ((name, key),) = part.keys.items()
    state = None if name == "agent" else page.state.of_cell(part.keys, page.period)
    label = page.words.label(name, key)
    where = page.link(label, state.url()) if state else Markup("{}").format(label)
    if name == "hour_of_day":
        return (
            page.html(", almost all of it around {hour}", hour=where)
            if share >= NEARLY_ALL
            else page.html(", mostly around {hour}", hour=where)
        )
    if share >= NEARLY_ALL:
        return page.html(", almost all of it {place}", place=where)
    return page.html(", mostly {place}", place=where)


def origin(now: Sequence[Cell], before: Sequence[Cell]) -> tuple[float, Cell] | None:
    """The cell that explains most of the change of the whole, and how much of it; none where no cell does.

    Each cell adds its part of the rows times its distance from the former whole; together they make the change of a
    share or a mean exactly, and of a median nearly. A cell is named if it is one of several and not too small.
    """
    present = [cell for cell in now if cell.value is not None and cell.n]
    earlier = {_key(cell): cell for cell in before if cell.value is not None and cell.n}
    rows = (sum(cell.n for cell in present), sum(cell.n for cell in earlier.values()))
    if len(present) < 2 or not all(rows):
        return None
    whole = sum((cell.value or 0) * cell.n for cell in earlier.values()) / rows[1]
    parts: dict[tuple[object, ...], float] = {}
    for cells, total, sign in ((present, rows[0], 1), (earlier.values(), rows[1], -1)):
        for cell in cells:
            added = sign * cell.n / total * ((cell.value or 0) - whole)
            parts[_key(cell)] = parts.get(_key(cell), 0.0) + added
    change = sum(parts.values())
    if not change:
        return None
    shares = [(parts[_key(cell)] / change, cell) for cell in present if not _is_small(cell)]
    best = max(shares, key=lambda one: one[0], default=None)
    return best if best and best[0] > MOST else None


def _key(cell: Cell) -> tuple[object, ...]:
    return tuple(cell.keys.values())


def _is_small(cell: Cell) -> bool:
    """Whether the answer itself warns that a cell rests on too few rows, or nobody knows what it stands for."""
    return None in cell.keys.values() or any(text.startswith("only ") for text in cell.warnings)
