"""Search: KPIs by name, by title in both languages and in vendors' words, a ticket by its id, screens by title."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from polso.errors import PolsoError
from polso.faces import language as languages
from polso.faces.web import render
from polso.faces.web.drill.chosen import one, opened
from polso.faces.web.drill.rows import find
from polso.faces.web.page import Page
from polso.faces.web.parts import View
from polso.faces.web.screen import screens
from polso.faces.web.translate import say
from polso.kpis import search as by_words
from polso.kpis.definition import Definition

router = APIRouter()
LONGEST: Final = 200


@dataclass(frozen=True)
class Hit:
    """Something found: what it is called, what it says, where it is, and whether it is exactly what was written."""

    title: str
    said: str
    href: str
    exact: bool = False


@router.api_route("/search", methods=["GET", "HEAD"])
def shown(request: Request) -> Response:
    """What was found; straight to it where only one thing is called exactly so."""
    page = opened(request, "search", "Search", "/search", takes=("q",))
    wanted = " ".join(one(page, "q").split())[:LONGEST]
    groups = [(name, found) for name, found in _groups(page, wanted) if found] if wanted else []
    exact = [hit for _, found in groups for hit in found if hit.exact]
    if len(exact) == 1:
        return RedirectResponse(exact[0].href, 303)
    return _listed(request, page, wanted, groups)


def _listed(
    request: Request, page: Page, wanted: str, groups: Sequence[tuple[str, Sequence[Hit]]]
) -> HTMLResponse:
    total = sum(len(found) for _, found in groups)
    if not wanted:
        said = page.html("Write what you look for: a KPI, a vendor's word for it, a ticket, a screen.")
    elif total:
        said = page.html("Found for “{wanted}”: {n}.", wanted=wanted, n=page.words.count(total))
    else:
        said = page.html("Nothing is called “{wanted}”.", wanted=wanted)
    return render.rendered(
        request, page, View(said, (), (), {"groups": groups, "wanted": wanted}), "drill/search.html"
    )


def _groups(page: Page, wanted: str) -> list[tuple[str, list[Hit]]]:
    return [
        (page.say("Tickets"), tickets(page, wanted)), (page.say("Screens"), of_screens(page, wanted)),
        (page.say("KPIs"), kpis(page, wanted)),
    ]  # fmt: skip


def kpis(page: Page, wanted: str) -> list[Hit]:
    """KPIs and vendors' readings of them; the likeliest first."""
    found = by_words.search(page.about.catalogue, wanted)
    return [_hit(page, one.definition, exact=one.exact) for one in found]


def _hit(page: Page, d: Definition, *, exact: bool) -> Hit:
    variant = None if d.variant == "default" else d.variant
    language = page.words.language
    title = d.title.of(language) if variant is None else f"{d.title.of(language)} · {variant}"
    return Hit(title, d.meaning.of(language), page.state.url(f"/kpi/{d.name}", variant=variant), exact)


def of_screens(page: Page, wanted: str) -> list[Hit]:
    """Screens whose title holds what was written, in either language."""
    found = []
    for screen in screens():
        titles = [say(language, screen.title).casefold() for language in languages.LANGUAGES]
        if any(wanted.casefold() in title for title in titles):
            exact = wanted.casefold() in titles
            found.append(Hit(page.say(screen.title), "", page.state.url(screen.at), exact))
    return found


def tickets(page: Page, wanted: str) -> list[Hit]:
    """The ticket of exactly this id, in each source that has one."""
    assert page.asking is not None  # noqa: S101 - a page of a request always can ask
    try:
        sources = page.asking.cached(("ticket", wanted), lambda care: find(care, wanted))
    except PolsoError:
        return []
    state = page.state.bare().over("all")
    return [
        Hit(page.say("Ticket {id} of {source}", id=wanted, source=name), "", state.url(f"/ticket/{wanted}", source=name), True)
        for name in sources
    ]  # fmt: skip
