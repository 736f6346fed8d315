"""Definitions side by side: one KPI under every reading of it, and on how many tickets each parts from Polso's."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from polso.errors import PolsoError
from polso.faces.web.drill.chosen import Chosen, whole
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell
from polso.faces.words import DASH
from polso.kpis.catalogue import OWN

if TYPE_CHECKING:
    from polso.care import Care
    from polso.kpis.definition import Definition
    from polso.query.disagree import Parting
    from polso.query.result import Cell

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
    owns = [own_name(d) for d in definitions]
    try:
        # One scan serves all; where one of them cannot be asked so, each is asked alone.
        cells: dict[str, Cell | str] = {
            own_of(c): c for c in care.ask(name, definition=owns, **asked) if not c.keys
        }
    except PolsoError:
        cells = {own: _alone(care, name, own, asked) for own in owns}
    parted = _partings(care, name, owns, asked)
    made = []
    for d, own in zip(definitions, owns, strict=True):
        found = cells.get(own)
        cell, why = (None, found) if isinstance(found, str) else (found, "")
        made.append(Side(d, cell, why, parted.get(own)))
    return made


def _alone(care: Care, name: str, own: str, asked: dict[str, Any]) -> Cell | str:
    """The number under one definition, or why there is none."""
    try:
        found = whole(care.ask(name, definition=own, **asked).cells)
    except PolsoError as error:
        return " ".join(str(error).split())
    return found or ""


def _partings(care: Care, name: str, owns: list[str], asked: dict[str, Any]) -> dict[str, Parting]:
    """How each definition parts from Polso's; those not counted ticket by ticket are not there."""
    others = owns[1:]
    try:
        return dict(zip(others, care.partings(name, definition=owns, **asked), strict=True))
    except PolsoError:
        made = {}
        for own in others:
            with suppress(PolsoError):
                (made[own],) = care.partings(name, definition=(OWN, own), **asked)
        return made


def own_name(d: Definition) -> str:
    """A definition as a question names it beside others."""
    return OWN if d.variant == "default" else d.variant


def own_of(cell: Cell) -> str:
    """The definition of a cell, named likewise."""
    return OWN if cell.variant == "default" else cell.variant


def _row(page: Page, chosen: Chosen, side: Side) -> tuple[TableCell, ...]:
    d, cell, parting = side.definition, side.cell, side.parting
    own, words, title = own_name(d), page.words, d.title.of(page.words.language)
    here = chosen.own() | {"variant": None if d.variant == "default" else d.variant}
    number = page.number(cell, d) if cell else None
    first = [TableCell(own, own, page.state.url(f"/kpi/{chosen.name}", **here)), TableCell(title, title)]
    if cell and number:
        ends = None if cell.low is None else [cell.low, cell.high]
        first += [
            TableCell(number.text, cell.value, numeric=True, marks=number.marks),
            TableCell(words.count(cell.n), cell.n, numeric=True), TableCell(number.interval, ends, numeric=True),
        ]  # fmt: skip
    else:
        told = (words.told(side.why),) if side.why else ()
        first += [
            TableCell(DASH, numeric=True, marks=told),
            TableCell(DASH, numeric=True),
            TableCell("", numeric=True),
        ]
    if parting is None:
        return (*first, *(TableCell(DASH, numeric=True) for _ in range(3)))
    against = page.state.url(f"/disagree/{chosen.name}", left=OWN, right=own) if parting.parted else ""
    return (
        *first, TableCell(words.count(parting.tickets), parting.tickets, numeric=True),
        TableCell(words.count(parting.parted), parting.parted, against, numeric=True),
        TableCell(words.value(parting.share, "share"), parting.share, numeric=True),
    )  # fmt: skip
