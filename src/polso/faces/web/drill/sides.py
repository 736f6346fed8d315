"""Definitions side by side: one KPI under every reading of it, and on how many tickets each parts from Polso's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from polso.errors import PolsoError
from polso.faces.web.drill.chosen import Chosen
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell
from polso.faces.words import DASH
from polso.kpis.catalogue import OWN

if TYPE_CHECKING:
    from polso.care import Care
    from polso.kpis.definition import Definition
    from polso.query.disagree import Parting
    from polso.query.result import Cell, Result

NAMES: Final = ("definition", "title", "value", "n", "interval", "tickets", "parted", "share")


@dataclass(frozen=True)
class Side:
    """One definition: its number (or why it has none), and how it parts from the first (none where it cannot be said)."""

    definition: Definition
    cell: Cell | None
    why: str = ""
    parting: Parting | None = None


def figure(page: Page, chosen: Chosen) -> Figure:
    """The definitions of the KPI as a table, each leading to its own page and to the tickets on which it parts."""
    title = page.say("Under every definition")
    found = read(page, chosen)
    if len(found) < 2:
        return page.nothing("definitions", title, page.say("This KPI has one definition only."))
    say = page.say
    heads = (
        say("definition"),
        say("title"),
        say("value"),
        "n",
        say("95 % interval"),
        say("tickets"),
        say("parts on"),
        say("share of tickets"),
    )
    rows = tuple(_row(page, chosen, side) for side in found)
    note = say(
        "A ticket parts where one definition counts it and Polso's does not, or where they make something else of it."
    )
    return Figure("definitions", title, Table(heads, NAMES, rows), note=note)


def read(page: Page, chosen: Chosen) -> list[Side]:
    """Every definition of the KPI, the default first."""
    if page.asking is None:
        return []
    asked = chosen.asked(page, "stat", "time")
    definitions = page.about.catalogue[chosen.name].definitions
    found: list[Side] = page.asking.cached(
        ("sides", chosen.name, asked), lambda care: _sides(care, chosen.name, definitions, asked)
    )
    return found


def _sides(care: Care, name: str, definitions: tuple[Definition, ...], asked: dict[str, Any]) -> list[Side]:
    made = []
    for d in definitions:
        own = OWN if d.variant == "default" else d.variant
        cell, why = None, ""
        try:
            result: Result = care.ask(name, definition=own, **asked)
            cell = next((one for one in result.cells if not one.keys), None)
        except PolsoError as error:
            why = " ".join(str(error).split())
        made.append(Side(d, cell, why, _parting(care, name, own, asked)))
    return made


def _parting(care: Care, name: str, own: str, asked: dict[str, Any]) -> Parting | None:
    """How a definition parts from Polso's; none where it is Polso's, or is not counted ticket by ticket."""
    if own == OWN:
        return None
    try:
        (found,) = care.partings(name, definition=(OWN, own), **asked)
    except PolsoError:
        return None
    return found


def _row(page: Page, chosen: Chosen, side: Side) -> tuple[TableCell, ...]:
    d, cell, parting = side.definition, side.cell, side.parting
    own = OWN if d.variant == "default" else d.variant
    here = chosen.own() | {"variant": None if d.variant == "default" else d.variant}
    href = page.state.url(f"/kpi/{chosen.name}", **here)
    number = page.number(cell, d) if cell else None
    told = (page.words.told(side.why),) if side.why else ()
    against = (
        page.state.url(f"/disagree/{chosen.name}", left=OWN, right=own) if parting and parting.parted else ""
    )
    share = page.words.value(parting.share, "share") if parting else DASH
    return (
        TableCell(own, own, href),
        TableCell(d.title.of(page.words.language), d.title.of(page.words.language)),
        TableCell(number.text if number else DASH, cell.value if cell else None, numeric=True,
                  marks=number.marks if number else told),
        TableCell(page.words.count(cell.n) if cell else DASH, cell.n if cell else None, numeric=True),
        TableCell(number.interval if number else "", [cell.low, cell.high] if cell and cell.low is not None else None, numeric=True),
        TableCell(page.words.count(parting.tickets) if parting else DASH, parting.tickets if parting else None, numeric=True),
        TableCell(page.words.count(parting.parted) if parting else DASH, parting.parted if parting else None, against, numeric=True),
        TableCell(share, parting.share if parting else None, numeric=True),
    )  # fmt: skip
