"""Where a change comes from: the value of a split that makes most of it, or that moved beyond chance itself.

Rules kept here, for every screen:
- Only one of several values is named, known and not hidden, on rows enough, and only if it moved more than its size
  explains: in a fall that is the same everywhere nobody is its cause.
- What part it makes is said where the parts make the whole (counts, shares, means), and only if it makes most of it:
  of a count half or more, of a share or mean more than 60 %. A count may name two.
- Where none makes most, or parts do not add up (medians), it is the value that moved beyond chance itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.table import is_sure
from polso.faces.web.moves import Move

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.kpis.definition import Definition
    from polso.query.result import Cell

COUNTED: Final = ("count", "sum", "stock")
# What part of a change its named causes make at least, of a count and of a share or mean.
HALF: Final = 0.5
MOST: Final = 0.6
NEARLY_ALL: Final = 0.85
# How much more than its size a value must have moved.
MORE: Final = 1.25
# Below this part of what was there, or this many, the change of a count is too small to have a cause.
SMALL: Final = 0.03
FEW: Final = 5
# How far the parts may miss the whole, as a part of its change: what is hidden or gone may be missing among them.
SLACK: Final = 0.1


@dataclass(frozen=True)
class Part:
    """One value of a split: its part of the whole before, what it adds to the change, and its rows before."""

    name: str
    value: Any
    before: float
    change: float
    rows: float
    named: bool = True


def counted(name: str, value: Any, before: float, now: float) -> Part:
    """A value of the split of a count."""
    return Part(name, value, before, now - before, before, value is not None)


def parts(whole: Cell, definition: Definition, cells: Sequence[Cell]) -> list[Part]:
    """The compared cells of a split as parts of the whole; what was not there before came from nothing.

    Of a share or mean a cell adds its part of the rows times its distance from the former whole: together they make the
    change exactly.
    """
    if definition.kind in COUNTED:
        made = [(cell, cell.previous or 0, (cell.value or 0) - (cell.previous or 0)) for cell in cells]
        return [_part(cell, before, change, before) for cell, before, change in made]
    rows, earlier = sum(map(_rows, cells)), sum(map(_rows_before, cells))
    if not rows or not earlier:
        return []
    level, shares = whole.previous or 0, []
    for cell in cells:
        was, now = _rows_before(cell) / earlier, _rows(cell) / rows
        change = now * ((cell.value or 0) - level) - was * ((cell.previous or 0) - level)
        shares.append(_part(cell, was * (cell.previous or 0), change, _rows_before(cell)))
    return shares


def _rows(cell: Cell) -> int:
    return cell.n if cell.value is not None else 0


def _rows_before(cell: Cell) -> int:
    return cell.previous_n or 0 if cell.previous is not None else 0


def _part(cell: Cell, before: float, change: float, rows: float) -> Part:
    ((name, value),) = cell.keys.items()
    return Part(name, value, before, change, rows, _can_be_named(cell))


def _can_be_named(cell: Cell) -> bool:
    return not (cell.value is None or cell.is_small or cell.is_hidden or None in cell.keys.values())


def makers(
    splits: Iterable[Sequence[Part]], before: float, change: float, *, count: bool
) -> tuple[float, tuple[Part, ...]]:
    """The values that make most of a change, and what part of it; of all splits the one that says it in fewest."""
    if count and abs(change) < max(FEW, SMALL * before):
        return 0.0, ()
    found: list[tuple[int, float, tuple[Part, ...]]] = []
    for split in splits:
        total = sum(part.change for part in split)
        if not total or not _adds_up(split, before, change):
            continue
        rows = sum(part.rows for part in split)
        blamed = [p for p in split if p.named and _more_than_its_size(p, total, rows)]
        for size in (1, 2) if count else (1,):
            for some in combinations(sorted(blamed, key=lambda p: -abs(p.change)), size):
                share = sum(part.change for part in some) / total
                if share >= HALF if count else share > MOST:
                    found.append((size, -share, some))
    if not found:
        return 0.0, ()
    _, share, some = min(found, key=lambda one: one[:2])
    return -share, some


def _adds_up(split: Sequence[Part], before: float, change: float) -> bool:
    """Whether there are several parts, and they make the whole before and its change."""
    misses = (sum(part.before for part in split) - before, sum(part.change for part in split) - change)
    return len(split) > 1 and all(abs(miss) <= SLACK * abs(change) for miss in misses)


def _more_than_its_size(part: Part, total: float, rows: float) -> bool:
    share = part.change / total
    return share > 0 and share * rows >= MORE * part.rows


def movers(page: Page, asks: Iterable[str], whole: Cell, definition: Definition, way: int = 0) -> list[Cell]:
    """The values of splits that moved beyond chance themselves, first the one whose change touches most rows.

    They moved with the whole and further than it; or one way (1 or -1), whatever the whole did.
    """
    sign, least = (way, 0.0) if way else (whole.change or 0, MORE * abs(whole.change or 0))
    found = [
        cell
        for ask in asks
        for cell in _several(page, ask, whole)
        if (cell.change or 0) * sign > 0
        and abs(cell.change or 0) >= least
        and _can_be_named(cell)
        and is_sure(cell, definition)
    ]
    return sorted(found, key=lambda one: -abs(one.change or 0) * one.n)


def _several(page: Page, ask: str, whole: Cell) -> list[Cell]:
    """The cells of a split of the same number; none under a filter that leaves one: it explains nothing."""
    cells = [
        cell
        for cell in page.cells(ask, whole.kpi, whole.variant)
        if len(cell.keys) == 1 and cell.stat == whole.stat
    ]
    return cells if len(cells) > 1 else []


def mostly(page: Page, splits: Iterable[Sequence[Part]], before: float, now: float) -> Markup:
    """Where a change that was counted comes from, as the end of a sentence; nothing where from everywhere."""
    share, some = makers(splits, before, now - before, count=True)
    return Markup(", {}").format(_made_by(page, share, some)) if some else Markup("")


def where(page: Page, move: Move, asks: Iterable[str], form: str = ", {}") -> Markup:
    """Where a move comes from, as the end of a sentence: ", mostly phone"; nothing where from everywhere.

    asks: compared questions, each split by one dimension or hour; those of other numbers say nothing.
    """
    asks, cell, definition = tuple(asks), move.cell, move.definition
    if cell.change is None or cell.previous is None:
        return Markup("")
    count = definition.kind in COUNTED
    splits = [parts(cell, definition, _several(page, ask, cell)) for ask in asks] if adds(cell) else []
    share, some = makers(splits, cell.previous, cell.change, count=count)
    if some:
        return Markup(form).format(_made_by(page, share, some))  # noqa: S704 - the form is the screen's own
    found = [] if count else movers(page, asks, cell, definition)[:1]
    said = [page.html("above all {who}", who=value_link(page, *_key(one))) for one in found]
    return Markup("").join(Markup(form).format(one) for one in said)  # noqa: S704


def adds(cell: Cell) -> bool:
    """Whether the parts of a number make it: those of a median or another quantile do not."""
    return cell.stat in (None, "mean")


def asides(page: Page, asks: Iterable[str]) -> Callable[[Move], Markup]:
    """Where each move of a list comes from, in brackets."""
    known = tuple(asks)
    return lambda move: where(page, move, known, " ({})")


def _made_by(page: Page, share: float, some: Sequence[Part]) -> Markup:
    who = [value_link(page, part.name, part.value) for part in some]
    named = who[0] if len(who) == 1 else page.html("{one} and {other}", one=who[0], other=who[1])
    if share >= NEARLY_ALL:
        return page.html("almost all of it {who}", who=named)
    return page.html("mostly {who}", who=named)


def _key(cell: Cell) -> tuple[str, Any]:
    ((name, value),) = cell.keys.items()
    return name, value


def value_link(page: Page, name: str, value: Any) -> Markup:
    """A value of a split in a sentence: it leads to the same screen for that value alone, where there is one."""
    label = page.label(name, value)
    # Alone, "normal" or "high" does not say of what.
    text = page.say("{value} priority", value=label.text) if name == "priority" else label.text
    said = page.link(text, label.href) if label.href else Markup("{}").format(text)
    return page.html("around {hour}", hour=said) if name == "hour_of_day" else said
