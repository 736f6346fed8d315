"""Several KPIs side by side, one row a value of a split: what a table of long answers hides, it compares.

Rule kept here: a cell that an answer does not have is a dash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polso.faces.web.parts import Figure, Table, TableCell
from polso.faces.words import DASH

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.query.result import Cell


@dataclass(frozen=True)
class Column:
    """One KPI of one answer; compared: with its change in a column of its own; counted: with its n."""

    ask: str
    kpi: str
    head: str
    variant: str | None = None
    compared: bool = False
    counted: bool = False

    @property
    def name(self) -> str:
        """What programs know it by: two statistics of a KPI are told apart by their answers."""
        return f"{self.kpi}:{self.variant}" if self.variant else f"{self.kpi}@{self.ask}"


def pivot(page: Page, by: str, columns: Sequence[Column]) -> Table:
    """The table; rows with most of the first column first."""
    found = [
        {c.keys[by]: c for c in page.cells(one.ask, one.kpi, one.variant) if by in c.keys} for one in columns
    ]
    values = dict.fromkeys(value for cells in found for value in cells)
    ranked = sorted(values, key=lambda value: -_size(found[0].get(value)) if found else 0)
    heads, names = [page.say(by)], [by]
    for one in columns:
        heads += [
            one.head,
            *([page.say("change")] if one.compared else []),
            *(["n"] if one.counted else []),
        ]
        names += [
            one.name,
            *([f"{one.name} change"] if one.compared else []),
            *([f"{one.name} n"] if one.counted else []),
        ]
    rows = [
        (
            _label(page, by, value),
            *(
                made
                for one, cells in zip(columns, found, strict=True)
                for made in cells_of(page, one, cells.get(value))
            ),
        )
        for value in ranked
    ]
    return Table(tuple(heads), tuple(names), tuple(rows))


def pivoted(page: Page, name: str, title: str, by: str, columns: Sequence[Column], note: str = "") -> Figure:
    """The table as a figure of its own; where nothing was answered, it says why."""
    made = pivot(page, by, columns)
    if not made.rows:
        why = next((page.why(one.ask) for one in columns if page.why(one.ask)), "")
        return page.nothing(name, title, why or page.say("Nothing in this period and with these filters."))
    return Figure(name, title, made, note=note)


def cells_of(page: Page, one: Column, cell: Cell | None) -> list[TableCell]:
    """A number, and beside it how it moved and what it rests on."""
    result = page.result(one.ask)
    if cell is None or result is None:
        return [TableCell(DASH, None, numeric=True)] * (1 + one.compared + one.counted)
    number = page.number(cell, page.definition(result, cell))
    made = [TableCell(number.text, cell.value, number.href, numeric=True, marks=number.marks)]
    if one.compared:
        moved = number.change
        text = f"{moved.arrow} {moved.size} {moved.word}".strip() if moved else DASH
        made.append(TableCell(text, cell.change, tone=moved.tone if moved else "", numeric=True))
    if one.counted:
        made.append(TableCell(page.words.count(cell.n), cell.n, numeric=True))
    return made


def _size(cell: Cell | None) -> float:
    return cell.value or 0 if cell else 0


def _label(page: Page, by: str, value: Any) -> TableCell:
    """A value of the split; a click makes it the filter."""
    state = page.state.of_cell({by: value}, page.period)
    href = state.url() if state and by != "agent" else ""
    return TableCell(page.words.label(by, value), value, href)
