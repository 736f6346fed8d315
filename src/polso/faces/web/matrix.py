"""Several KPIs beside each other by one split: a row a value of the split, a column a number.

Rule kept here: every number keeps its n, its interval and its marks; the order of the rows is never a rank.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polso.faces.web.parts import Table, TableCell
from polso.faces.words import DASH

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.query.result import Cell


@dataclass(frozen=True)
class Column:
    """A KPI of an answer as a column; `sample` sets its n and its interval beside it."""

    ask: str
    kpi: str
    variant: str | None = None
    sample: bool = False
    title: str = ""


def values_of(page: Page, asks: Sequence[str], name: str) -> list[Any]:
    """The values of a split in some answers, those whose numbers are hidden too; what has no name is last."""
    found = {
        cell.keys[name]: None
        for ask in asks
        for cell in page.cells(ask)
        if name in cell.keys and (cell.value is not None or cell.warnings)
    }
    return sorted(found, key=lambda value: (value is None, _natural(str(value))))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """The order people expect: A2 before A10, whatever the case."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def matrix(
    page: Page, columns: Sequence[Column], name: str, *, label: Callable[[Any], TableCell] | None = None
) -> Table:
    """The table of some KPIs by a split, in the order of its values."""
    asked = [column for column in columns if page.result(column.ask) is not None]
    heads, names = [page.say(name)], [name]
    for column in asked:
        key = column.kpi if column.variant in (None, "default") else f"{column.kpi}:{column.variant}"
        heads.append(column.title or _title(page, column))
        names.append(key)
        if column.sample:
            heads += ["n", page.say("95 % interval")]
            names += [f"{key} n", f"{key} interval"]
    rows = [
        (
            label(value) if label else TableCell(page.words.label(name, value), str(value)),
            *(cell for column in asked for cell in _cells(page, column, name, value)),
        )
        for value in values_of(page, list(dict.fromkeys(c.ask for c in asked)), name)
    ]
    return Table(tuple(heads), tuple(names), tuple(rows))


def _title(page: Page, column: Column) -> str:
    result = page.result(column.ask)
    for one in result.definitions if result else ():
        if one.name == column.kpi and column.variant in (None, one.variant):
            return page.title(one)
    return column.kpi


def _cells(page: Page, column: Column, name: str, value: Any) -> list[TableCell]:
    """The cells of one column in one row: the number, and its sample where wanted."""
    cell = next(
        (c for c in page.cells(column.ask, column.kpi, column.variant) if c.keys.get(name) == value), None
    )
    return sample(page, column.ask, cell) if column.sample else [number(page, column.ask, cell)]


def sample(page: Page, ask: str, cell: Cell | None) -> list[TableCell]:
    """One number with its n and its interval."""
    if cell is None:
        return [TableCell(DASH, numeric=True), TableCell(DASH, 0, numeric=True), TableCell("", numeric=True)]
    ends = None if cell.low is None else [cell.low, cell.high]
    return [
        number(page, ask, cell),
        TableCell(page.words.count(cell.n), cell.n, numeric=True),
        TableCell(page.words.interval(cell.low, cell.high, cell.unit), ends, numeric=True),
    ]


def number(page: Page, ask: str, cell: Cell | None) -> TableCell:
    """One number as a cell that leads to its own page; a dash where there is none."""
    result = page.result(ask)
    if cell is None or result is None:
        return TableCell(DASH, numeric=True)
    made = page.number(cell, page.definition(result, cell))
    return TableCell(made.text, cell.value, made.href, numeric=True, marks=made.marks)
