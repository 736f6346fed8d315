"""The page of one number: what it is, where it comes from, how it went, and what other definitions make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.table import title as title_of
from polso.faces.web import files, plots, render, rollforward
from polso.faces.web.drill import accounts, sides
from polso.faces.web.drill.chosen import Chosen, choose, one, opened
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, View
from polso.faces.web.screen import TIME
from polso.faces.web.state import State
from polso.facts import FACTS
from polso.kpis.wording import noun
from polso.query.run import concrete

if TYPE_CHECKING:
    from polso.query.explanation import Explanation
    from polso.query.result import Cell, Result

router = APIRouter()
CYCLES: Final = ("weekday", "hour_of_day")


@dataclass(frozen=True)
class Told:
    """What the project tells of a number: its explanation, or why there is none."""

    explanation: Explanation | None
    why: str = ""


@router.api_route("/kpi/{name}", methods=["GET", "HEAD"])
def shown(request: Request, name: str) -> HTMLResponse:
    """The page of a number."""
    page, chosen = made(request, name)
    return render.rendered(request, page, view(page, chosen), "drill/number.html")


@router.get("/figure/kpi/{name}/{figure}.{form}")
def figure(request: Request, name: str, figure: str, form: str) -> Response:
    """One of its figures as a file."""
    page, chosen = made(request, name)
    found = next((one for one in view(page, chosen).figures if one.name == figure), None)
    file = None if found is None else files.written(found, form, chosen.name)
    if file is None:
        raise HTTPException(404, f"no figure '{figure}.{form}' on this page")
    return Response(file.body, media_type=file.media, headers=file.headers)


def made(request: Request, name: str) -> tuple[Page, Chosen]:
    """The page with its questions answered."""
    chosen = choose(request, name)
    asks = {
        "now": chosen.ask(compare=True),
        "course": chosen.ask(by=(TIME,)),
        "before": chosen.ask(by=(TIME,), earlier=True),
    }
    split = request.query_params.get("by") or ""
    if split:
        asks["split"] = chosen.ask(by=(split,), compare=True)
    language = render.words_of(request, State.read("/", request.query_params.multi_items()))
    heading = title_of(concrete(chosen.definition, chosen.stat, chosen.time), language)
    page = opened(request, f"kpi/{chosen.name}", heading, f"/kpi/{chosen.name}", asks, takes=("by",))
    return page, chosen


def view(page: Page, chosen: Chosen) -> View:
    """Everything of the page."""
    told = explained(page, chosen)
    result = page.result("now")
    cell = page.cell("now", chosen.name)
    definition = page.definition(result, cell) if result and cell else chosen.definition
    figures = [*_parts(page, result, cell), *_course(page, cell), *_split(page, chosen.name)]
    found = told.explanation
    if found and found.distribution:
        figures.append(accounts.spread(page, found.distribution, definition.unit))
    figures.append(sides.figure(page, chosen))
    return View(sentence(page, chosen), (), figures, {
        "chosen": chosen, "definition": chosen.definition, "number": page.number(cell, definition) if cell else None,
        "states": found.states if found else {}, "accounts": accounts.tables(page, found.accounts if found else ()),
        "money": accounts.money(page, found.bill if found else None),
        "why": told.why or page.why("now"), "splits": splits(page, chosen), "by": one(page, "by"),
        "sql": result.sql if result else (), "beside": _beside(page, result), "warnings": result.warnings if result else (),
        "rows_url": rows_url(page, chosen), "csv_url": rows_url(page, chosen, ".csv"), "changed": chosen.params or {},
        "choices": [(d.label, page.state.url(**(chosen.own() | {"variant": None if d.variant == "default" else d.variant})))
                    for d in page.about.catalogue[chosen.name].definitions],
    })  # fmt: skip


def sentence(page: Page, chosen: Chosen) -> Markup:
    """The number itself, how it moved, and whether chance explains it."""
    result, cell = page.result("now"), page.cell("now", chosen.name)
    if result is None:
        return page.html("This number cannot be said: {why}", why=page.why("now"))
    if cell is None:
        return page.html(
            "{title} comes in parts; each stands below.",
            title=chosen.definition.title.of(page.words.language),
        )
    definition = page.definition(result, cell)
    number, title = page.number(cell, definition), page.title(definition)
    if cell.value is None:
        said = page.html("{title} has no value in this period and with these filters.", title=title)
        return page.missing("now", said)
    if number.change is None:
        return page.html("{title} is {value}.", title=title, value=number.text)
    moved = Markup('<span class="{}">{} {} {}</span>').format(
        number.change.tone, number.change.arrow, number.change.size, number.change.word
    )
    if page.earlier is None or number.change.arrow == "=":
        return page.html("{title} is {value}, as before.", title=title, value=number.text)
    return page.html(
        "{title} is {value}, {moved} against {before}.", title=title, value=number.text, moved=moved,
        before=page.earlier_text,
    )  # fmt: skip


def explained(page: Page, chosen: Chosen) -> Told:
    """The explanation of the number, or why there is none."""
    if page.asking is None:
        return Told(None)
    asked = chosen.asked(page, "stat", "time", "params")
    try:
        return Told(page.asking.cached(
            ("explain", chosen.kpi, asked), lambda care: care.explain(chosen.kpi, **asked)
        ))  # fmt: skip
    except PolsoError as error:
        return Told(None, page.words.told(" ".join(str(error).split())))


def splits(page: Page, chosen: Chosen) -> list[tuple[str, str]]:
    """What the number can be split by, with what people call it."""
    d = chosen.definition
    columns = FACTS[d.fact].all_columns(page.about.config.dimensions)
    return [
        (name, split_name(page, d.fact, name))
        for name in (*CYCLES, *(c.name for c in columns if c.dimension))
    ]


def split_name(page: Page, fact: str, name: str) -> str:
    """What people call a split."""
    said = page.say(name)
    return said if said != name or "_" not in said else noun(fact, name).of(page.words.language)


def rows_url(page: Page, chosen: Chosen, form: str = "") -> str:
    """The rows behind the number, to look at or as a file; nothing where it has none of its own."""
    if chosen.definition.kind == "ratio":
        return ""
    return page.state.url(f"/rows/{chosen.name}{form}", **(chosen.own() | {"stat": None}))


def _parts(page: Page, result: Result | None, cell: Cell | None) -> list[Figure]:
    """The lines of a number that comes in parts: bands, a roll-forward."""
    if result is None or cell is not None:
        return []
    title = page.say("Its parts")
    if result.definitions[0].kind == "roll_forward":
        return [rollforward.figure(page, "parts", title, "now")]
    return [page.figure("parts", title, "now", plots.plain)]


def _course(page: Page, cell: Cell | None) -> list[Figure]:
    if cell is None:
        return []
    course, before = page.result("course"), page.earlier_of("before")
    target = page.limit(page.definition(course, course.cells[0])) if course and course.cells else None

    def draw(page: Page, result: Result) -> dict[str, Any]:
        return plots.trend(page, result, earlier=before, target=target)

    note = page.say("The dashed line is the period compared with.") if before else ""
    return [page.figure("course", page.say("How it went"), "course", draw, note=note)]


def _split(page: Page, kpi: str) -> list[Figure]:
    name = one(page, "by")
    if not name:
        return []
    said = split_name(page, page.about.catalogue[kpi].default.fact, name)
    return [page.figure("split", page.say("By {name}", name=said), "split", _bars)]


def _bars(page: Page, result: Result) -> dict[str, Any] | None:
    known = [c for c in result.cells if c.value is not None]
    if any(len(c.keys) > 1 for c in known):
        return None
    return plots.plain(page, result) if result.question.by[0] in CYCLES else plots.bars(page, result)


def _beside(page: Page, result: Result | None) -> Sequence[tuple[str, Any]]:
    """Numbers without which this one misleads."""
    found = []
    for cell in result.beside if result else ():
        definition = page.about.catalogue[cell.kpi].default
        found.append((definition.title.of(page.words.language), page.number(cell, definition)))
    return found
