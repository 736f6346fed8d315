"""Several KPIs side by side by one split: a row a value, and each number with its way down.

Rule kept here: every number keeps its marks, and its n and interval where a column asks for them; what an answer does
not have is a dash; an order by name is never a rank.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Literal

from polso.faces.web.parts import Figure, Table, TableCell
from polso.faces.words import DASH

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.kpis.definition import Definition
    from polso.query.result import Cell

# Rows by the first column's value, by the rows under it, or by their own names.
Order = Literal["size", "rows", "name"]


@dataclass(frozen=True)
class Column:
    """One KPI of one answer; compared: with its change; counted: with its n; sampled: with n and interval."""

    ask: str
    kpi: str
    _: KW_ONLY
    head: str = ""
    variant: str | None = None
    compared: bool = False
    counted: bool = False
    sampled: bool = False

    @property
    def label(self) -> str:
        """The KPI, and the variant where it is not the default."""
        return self.kpi if self.variant in (None, "default") else f"{self.kpi}:{self.variant}"


def columns_of(page: Page, asks: Sequence[str], by: str) -> list[Column]:
    """A column, with n and interval, for every definition of some answers that has rows.

    A KPI that nobody can know here yet (too young, not loaded) has none: its tile says why.
    """
    made = [
        Column(ask, d.name, variant=d.variant, sampled=True)
        for ask in asks
        if (result := page.result(ask))
        for d in result.definitions
    ]
    return [one for one in made if any(cell.n for cell in _found(page, one, by).values())]


def values_of(page: Page, asks: Sequence[str], by: str) -> list[Any]:
    """The values of a split in some answers, those whose numbers are hidden too; what has no name is last."""
    found = {
        cell.keys[by]: None
        for ask in asks
        for cell in page.cells(ask)
        if by in cell.keys and (cell.value is not None or cell.warnings)
    }
    return sorted(found, key=lambda value: (value is None, _natural(str(value))))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """The order people expect: A2 before A10, whatever the case."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]


def pivot(
    page: Page,
    by: str,
    columns: Sequence[Column],
    *,
    order: Order = "size",
    label: Callable[[Any], TableCell] | None = None,
) -> Table:
    """The table; columns whose question has no answer are left out. `label` writes a value of the split."""
    asked = [one for one in columns if page.result(one.ask) is not None]
    found = [_found(page, one, by) for one in asked]
    twice = Counter(one.label for one in asked)
    heads, names = [page.named(by)], [by]
    for one in asked:
        # Two statistics of a KPI are told apart by their answers.
        name = one.label if twice[one.label] == 1 else f"{one.label}@{one.ask}"
        heads += [one.head or _title(page, one), *_beside(page, one)]
        unit = _unit(page, one)
        names += [f"{name}{unit}", *(f"{name} {part}{unit if part != 'n' else ''}" for part in _parts(one))]
    rows = [
        (
            label(value) if label else page.label(by, value),
            *(
                made
                for one, cells in zip(asked, found, strict=True)
                for made in cells_of(page, one, cells.get(value))
            ),
        )
        for value in _ordered(page, by, asked, found, order)
    ]
    return Table(tuple(heads), tuple(names), tuple(rows))


def pivoted(
    page: Page,
    name: str,
    title: str,
    by: str,
    columns: Sequence[Column],
    *,
    order: Order = "size",
    note: str = "",
    empty: str = "",
) -> Figure:
    """The table as a figure of its own; where nothing was answered, it says why."""
    made = pivot(page, by, columns, order=order)
    if not made.rows:
        why = next((page.why(one.ask) for one in columns if page.why(one.ask)), "")
        load = empty or page.say("Nothing in this period and with these filters.")
        return page.nothing(name, title, why or (page.missing(columns[0].ask, load) if columns else load))
    return Figure(name, title, made, note=note)


def side_by_side(page: Page, name: str, title: str, by: str, asks: Sequence[str]) -> Figure:
    """All KPIs of some answers with n and interval, the values with the most rows first."""
    return pivoted(page, name, title, by, columns_of(page, asks, by), order="rows")


def cells_of(page: Page, one: Column, cell: Cell | None) -> list[TableCell]:
    """A number, and beside it how it moved and what it rests on."""
    result = page.result(one.ask)
    if cell is None or result is None:
        return [TableCell(DASH, None, numeric=True)] * (1 + len(_parts(one)))
    number = page.number(cell, page.definition(result, cell))
    made = [TableCell(number.text, cell.value, number.href, numeric=True, marks=number.marks)]
    if one.compared:
        moved = number.change
        text = f"{moved.arrow} {moved.size} {moved.word}".strip() if moved else DASH
        made.append(TableCell(text, cell.change, tone=moved.tone if moved else "", numeric=True))
    if one.counted or one.sampled:
        made.append(TableCell(page.words.count(cell.n), cell.n, numeric=True, tone="pale"))
    if one.sampled:
        ends = None if cell.low is None else [cell.low, cell.high]
        made.append(TableCell(number.interval, ends, numeric=True, tone="pale"))
    return made


def _parts(one: Column) -> list[str]:
    """What stands beside a column's number, by the names that programs know."""
    wanted = (("change", one.compared), ("n", one.counted or one.sampled), ("interval", one.sampled))
    return [name for name, is_wanted in wanted if is_wanted]


def _unit(page: Page, one: Column) -> str:
    """The unit of a column's values as programs read them, after its name: handle_time (seconds)."""
    unit = next((d.unit for d in _definitions(page, one)), "count")
    said = {"duration": "seconds", "money": page.about.config.project.currency}
    return f" ({said.get(unit, unit)})"


def _beside(page: Page, one: Column) -> list[str]:
    heads = {"change": page.say("change"), "n": "n", "interval": page.say("95 % interval")}
    return [heads[part] for part in _parts(one)]


def _found(page: Page, one: Column, by: str) -> dict[Any, Cell]:
    return {c.keys[by]: c for c in page.cells(one.ask, one.kpi, one.variant) if by in c.keys}


def _ordered(
    page: Page, by: str, asked: Sequence[Column], found: Sequence[Mapping[Any, Cell]], order: Order
) -> list[Any]:
    """The values that get a row. By rows only those that the first KPI knows: a channel without a queue has no
    place among queues.
    """
    if not found:
        return []
    if order == "name":
        return values_of(page, list(dict.fromkeys(one.ask for one in asked)), by)
    first = found[0]
    if order == "rows":
        return sorted((value for value, cell in first.items() if cell.n), key=lambda value: -first[value].n)
    values = dict.fromkeys(value for cells in found for value in cells)
    return sorted(values, key=lambda value: -((first[value].value or 0) if value in first else 0))


def _title(page: Page, one: Column) -> str:
    return next((page.title(d) for d in _definitions(page, one)), one.kpi)


def _definitions(page: Page, one: Column) -> list[Definition]:
    result = page.result(one.ask)
    known = result.definitions if result else ()
    return [d for d in known if d.name == one.kpi and one.variant in (None, d.variant)]
