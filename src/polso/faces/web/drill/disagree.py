"""Two definitions of a KPI on the same tickets: what they say differently, and the tickets where they part."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces import output
from polso.faces.web import render
from polso.faces.web.drill.chosen import Chosen, choose, number_at, opened, whole
from polso.faces.web.page import Page
from polso.faces.web.parts import Table, TableCell, View
from polso.faces.web.screen import Ask
from polso.faces.web.state import State
from polso.faces.words import DASH
from polso.kpis.catalogue import OWN, find
from polso.kpis.wording import stated

if TYPE_CHECKING:
    from polso.kpis.definition import Definition
    from polso.query.disagree import Dissent, Parting

router = APIRouter()
PAGE: Final = 50
# Tickets whose reasons are told at most.
MOST: Final = 10_000
NAMES: Final = ("ticket_id", "source", "left", "right", "reason")


@dataclass(frozen=True)
class Pair:
    """Two definitions of one KPI, by the names a question knows them by."""

    chosen: Chosen
    names: tuple[str, str]
    definitions: tuple[Definition, Definition]


@router.get("/disagree/{name}.csv")
def exported(request: Request, name: str) -> Response:
    """The tickets on which they part, for a spreadsheet."""
    page, pair = made(request, name)
    _, found = told(page, pair)
    text = io.StringIO()
    output.write_csv(table(page, pair, found).as_dicts(), NAMES, text)
    named = f'attachment; filename="polso-{pair.chosen.name}-disagree.csv"'
    return Response(
        text.getvalue(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": named}
    )


@router.api_route("/disagree/{name}", methods=["GET", "HEAD"])
def shown(request: Request, name: str) -> HTMLResponse:
    """The page of two definitions."""
    page, pair = made(request, name)
    return render.rendered(request, page, view(page, pair), "drill/disagree.html")


def made(request: Request, name: str) -> tuple[Page, Pair]:
    """The page with both numbers."""
    chosen = choose(request, name)
    catalogue = request.app.state.readers.cached(("about",), render.about).catalogue
    entry = catalogue[chosen.name]
    others = [*entry.vendors, *(v for v in entry.variants if v not in entry.vendors), OWN]
    left = request.query_params.get("left") or OWN
    right = request.query_params.get("right") or next(v for v in others if v != left or len(others) == 1)
    pair = Pair(
        chosen, (left, right), (find(catalogue, chosen.name, left), find(catalogue, chosen.name, right))
    )
    state = State.read("/", request.query_params.multi_items())
    title = entry.default.title.of(render.words_of(request, state).language)
    asks = {
        side: Ask((chosen.name,), definition=(own,), stat=chosen.stat, time=chosen.time)
        for side, own in zip(("left", "right"), pair.names, strict=True)
    }
    return opened(
        request, f"disagree/{chosen.name}", title, f"/disagree/{chosen.name}", asks, takes=("left", "right")
    ), pair


def view(page: Page, pair: Pair) -> View:
    """Both numbers, what is said differently, and the tickets."""
    definitions = page.about.catalogue[pair.chosen.name].definitions
    more: dict[str, Any] = {
        "pair": pair, "sides": [_side(page, pair, place) for place in (0, 1)], "differ": differing(page, pair),
        "choices": [OWN if d.variant == "default" else d.variant for d in definitions], "table": None, "reasons": [],
        "why": "", "at": 1, "last": 1, "before": "", "after": "", "csv": "", "short": "",
    }  # fmt: skip
    if len(definitions) == 1:
        return View(page.html("This KPI has one definition only."), (), (), more)
    if pair.names[0] == pair.names[1]:
        return View(page.html("Choose two different definitions."), (), (), more)
    try:
        parting, found = told(page, pair)
    except PolsoError as error:
        more["why"] = page.words.told(" ".join(str(error).split()))
        return View(page.html("Where these definitions part cannot be said ticket by ticket."), (), (), more)
    last = max(1, -(-len(found) // PAGE))
    at = min(number_at(page), last)
    own = pair.chosen.own() | {"variant": None, "left": pair.names[0], "right": pair.names[1]}
    path = f"/disagree/{pair.chosen.name}"
    reasons = Counter(one.reason.of(page.words.language) for one in found).most_common()
    places = {why: place for place, (why, _) in enumerate(reasons, 1)}
    more |= {
        "table": table(page, pair, found[PAGE * (at - 1) : PAGE * at], places), "at": at, "last": last,
        "reasons": [(why, page.words.count(n)) for why, n in reasons],
        "before": page.state.url(path, **own, page=at - 1) if at > 1 else "",
        "after": page.state.url(path, **own, page=at + 1) if at < last else "",
        "csv": page.state.url(f"{path}.csv", **own) if found else "",
        "short": page.say("The first {n} of {of} tickets.", n=page.words.count(len(found)), of=page.words.count(parting.parted))
                 if len(found) < parting.parted else "",
    }  # fmt: skip
    return View(sentence(page, pair, parting), (), (), more)


def sentence(page: Page, pair: Pair, parting: Parting) -> Markup:
    """On how many tickets they part."""
    left, right = pair.names
    if not parting.tickets:
        return page.html("Neither {left} nor {right} counts a ticket here.", left=left, right=right)
    if not parting.parted:
        return page.html(
            "{left} and {right} make the same of all {n} tickets.", left=left, right=right, n=page.words.count(parting.tickets)
        )  # fmt: skip
    return page.html(
        "{left} and {right} part on {parted} of {n} tickets ({share}).", left=left, right=right,
        parted=page.words.count(parting.parted), n=page.words.count(parting.tickets),
        share=page.words.value(parting.share, "share"),
    )  # fmt: skip


def told(page: Page, pair: Pair) -> tuple[Parting, tuple[Dissent, ...]]:
    """How they part, and on which tickets."""
    assert page.asking is not None  # noqa: S101 - a page of a request always can ask
    name, (left, right) = pair.chosen.name, pair.names
    asked = pair.chosen.asked(page, "stat", "time")
    return page.asking.cached(
        ("disagree", name, left, right, asked), lambda care: care.disagree(name, left, right, limit=MOST, **asked)
    )  # fmt: skip


def differing(page: Page, pair: Pair) -> list[tuple[str, str, str]]:
    """What the two state differently, in words."""
    left, right = (stated(d) for d in pair.definitions)
    language = page.words.language
    found = []
    for name in dict.fromkeys((*left, *right)):
        said = [side[name].of(language) if name in side else DASH for side in (left, right)]
        if said[0] != said[1]:
            found.append((page.say(name), said[0], said[1]))
    return found


def _side(page: Page, pair: Pair, place: int) -> dict[str, Any]:
    """One definition with its number."""
    ask, d = ("left", "right")[place], pair.definitions[place]
    result = page.result(ask)
    cell = whole(result.cells) if result else None
    number = page.number(cell, page.definition(result, cell)) if result and cell else None
    return {
        "name": pair.names[place], "title": d.title.of(page.words.language), "meaning": d.meaning.of(page.words.language),
        "number": number, "why": page.why(ask),
    }  # fmt: skip


def table(page: Page, pair: Pair, found: Sequence[Dissent], places: Mapping[str, int] | None = None) -> Table:
    """The tickets on which they part: what each makes of it leads to its time line under that definition.

    places: the number of each reason in the list above, which stands for it on the page.
    """

    def why(one: Dissent) -> TableCell:
        text = one.reason.of(page.words.language)
        return TableCell(f"{places[text]}" if places else text, text, "#why" if places else "")

    rows = tuple(
        (
            TableCell(one.ticket_id, one.ticket_id, _ticket(page, one, pair.definitions[0])),
            TableCell(one.source, one.source),
            _value(page, one, one.left, pair.definitions[0]), _value(page, one, one.right, pair.definitions[1]),
            why(one),
        )
        for one in found
    )  # fmt: skip
    heads = (page.say("ticket"), page.say("source"), *pair.names, page.say("why"))
    return Table(heads, NAMES, rows)


def _value(page: Page, one: Dissent, value: float | None, d: Definition) -> TableCell:
    if value is None:
        text = page.say("not counted")
    elif d.part and value in (0, 1):
        text = page.say("yes") if value else page.say("no")
    else:
        text = page.words.value(value, "count" if d.unit in ("share", "points") else d.unit)
    return TableCell(text, value, _ticket(page, one, d), numeric=True)


def _ticket(page: Page, one: Dissent, d: Definition) -> str:
    return page.state.bare().url(f"/ticket/{one.ticket_id}", kpi=d.label, source=one.source)
