"""Several KPIs by one split: a row a value, a column a KPI, each number with its interval and its way down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from polso.faces.web.parts import Figure, Table, TableCell
from polso.faces.words import DASH

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.kpis.definition import Definition
    from polso.query.result import Cell


def crosstab(
    page: Page, name: str, title: str, split: str, asks: Sequence[str], *, empty: str = ""
) -> Figure:
    """The answers of `asks`, all split by `split`, as one table; the values with the most rows of the first come first."""
    asked = [
        (definition, {c.keys.get(split): c for c in page.cells(ask, definition.name, definition.variant)})
        for ask in asks
        if (result := page.result(ask))
        for definition in result.definitions
    ]
    # A KPI that nobody can know here yet (too young, not loaded) has no column: its tile says why.
    columns = [(definition, cells) for definition, cells in asked if any(c.n for c in cells.values())]
    # What the first KPI does not know is no row: a channel without a queue has no place among queues.
    shown = [key for key, cell in columns[0][1].items() if cell.n] if columns else []
    if not shown:
        why = next((page.why(ask) for ask in asks if page.why(ask)), "")
        return page.nothing(name, title, why or empty)
    shown.sort(key=lambda key: -columns[0][1][key].n)
    heads, names = [page.say(split)], [split]
    for definition, _ in columns:
        heads += [page.title(definition), page.say("95 % interval"), "n"]
        names += [definition.label, f"{definition.label}:interval", f"{definition.label}:n"]
    rows = [
        (page.label(split, key), *(one for d, cells in columns for one in _told(page, cells.get(key), d)))
        for key in shown
    ]
    return Figure(name, title, Table(tuple(heads), tuple(names), tuple(rows)))


def _told(page: Page, cell: Cell | None, definition: Definition) -> tuple[TableCell, ...]:
    """A number, its interval, and the rows under it."""
    if cell is None:
        return tuple(TableCell(text, numeric=True, tone="pale") for text in (DASH, "", ""))
    number = page.number(cell, definition)
    return (
        TableCell(number.text, cell.value, number.href, numeric=True, marks=number.marks),
        TableCell(number.interval, [cell.low, cell.high], numeric=True, tone="pale"),
        TableCell(page.words.count(cell.n), cell.n, numeric=True, tone="pale"),
    )
