"""A roll-forward as a figure: its moves as bars, and a table that reads as a sum, start + came - went = end.

Rule kept here: what moved stands in one column, what was open then in another; a move is never read as a total.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polso.faces.web import plots
from polso.faces.web.parts import Figure, Table, TableCell
from polso.query.flow import CAME, END, START, WENT

if TYPE_CHECKING:
    from polso.faces.web.page import Page


def figure(page: Page, name: str, title: str, ask: str) -> Figure:
    """The moves of an answer that is not split, drawn and added up."""
    made = page.figure(name, title, ask, plots.bridge)
    if made.empty:
        return made
    cells = page.cells(ask)
    moved = {cell.keys["band"]: int(cell.value or 0) for cell in cells}
    cancel = moved.get("moved_in") and moved["moved_in"] == moved.get("moved_out")
    note = page.say("moves between teams or agents that cancel out are only in the table") if cancel else ""
    return replace(made, table=replace(_table(page, moved), cells=cells), note=note)


def _table(page: Page, moved: dict[str, int]) -> Table:
    """Start and end are totals, every line between them a move with its sign and what was open after it."""
    count, at = page.words.count, moved.get(START, 0)
    rows = [_total(page, START, at)]
    for name in (*CAME, *WENT):
        if not moved.get(name):
            continue
        sign, step = ("−", -moved[name]) if name in WENT else ("+", moved[name])
        at += step
        rows.append((
            TableCell(f"{sign} {page.words.label('band', name)}", name),
            TableCell(count(step, signed=True), step, numeric=True),
            TableCell(count(at), at, numeric=True, tone="pale"),
        ))  # fmt: skip
    rows.append(_total(page, END, moved.get(END, at)))
    heads = (page.say("step"), page.say("change"), page.say("open then"))
    return Table(heads, ("step", "change", "open"), tuple(rows))


def _total(page: Page, name: str, n: int) -> tuple[TableCell, ...]:
    label = page.words.label("band", name)
    text = f"= {label}" if name == END else label
    return TableCell(text, name), TableCell("", numeric=True), TableCell(page.words.count(n), n, numeric=True)
