"""Satisfaction: what customers say, how sure that is, and how many of those asked answered at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.web import cause, moves, plots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Tile, View
from polso.faces.web.pivot import side_by_side
from polso.faces.web.screen import Ask, Screen

if TYPE_CHECKING:
    from polso.query.result import Cell, Result

SAID: Final = ("csat", "nps", "ces")
OTHERS: Final = ("csat:csat7", "csat:thumbs")
ANSWERED: Final = "survey_response_rate"
SPLITS: Final = ("channel", "team", "issue_type")
# Answers are few a day: their course is told by the week.
GRAIN: Final = "week"
# Below this, who answers may say more than what they answer.
LOW: Final = 0.2
ASKS: Final = {
    "now": Ask((*SAID, *OTHERS, "nps:promoters", "nps:detractors", "ces:easy_share", "csat:top_box"), compare=True),
    "asked": Ask((ANSWERED, f"{ANSWERED}:by_now"), compare=True),
    "course": Ask(SAID, by=(GRAIN,)),
    "course_before": Ask(SAID, by=(GRAIN,), earlier=True),
    "answered": Ask((f"{ANSWERED}:by_now",), by=(GRAIN,)),
    "scores": Ask(("rating_volume",), by=("score",), where={"scale": "csat5"}),
    "classes": Ask(("rating_volume",), by=("nps_class",), where={"scale": "nps"}),
    **{f"by_{name}": Ask((*SAID, f"{ANSWERED}:by_now"), by=(name,), compare=True) for name in SPLITS},
}  # fmt: skip
TABLES: Final = tuple(f"table_{name}" for name in SPLITS)


def compose(page: Page) -> View:
    """CSAT, NPS and effort with their intervals, over time and by what; scores, and who answered."""
    before = plots.against("course_before")
    figures = [
        page.figure("csat", page.say("CSAT by week"), "course", before, kpi="csat", empty=_load(page)),
        page.figure("nps", page.say("NPS by week"), "course", before, kpi="nps", empty=_load(page)),
        page.figure("scores", page.say("CSAT answers by score"), "scores", _ordered, empty=_load(page)),
        page.figure(
            "classes", page.say("Promoters, passives, detractors"), "classes", _classes, empty=_load(page)
        ),
        page.figure(
            "ces", page.say("Customer effort by week"), "course", _effort, kpi="ces", empty=_load(page)
        ),
        page.figure(
            "answered", page.say("Surveys answered by now, by week of sending"), "answered", plots.trend
        ),
        side_by_side(page, "table_channel", page.say("By channel"), "channel", ("by_channel",)),
        side_by_side(page, "table_team", page.say("By team"), "team", ("by_team",)),
        side_by_side(page, "table_issue_type", page.say("By issue type"), "issue_type", ("by_issue_type",)),
        verbatims(page),
    ]
    return View(
        sentence(page), tiles(page), figures, {"wide": (*TABLES, "verbatims"), "warning": warning(page)}
    )


def _load(page: Page) -> str:
    return page.say('No such answer: load a survey ([[source]] kind = "survey"), or events `rated`.')


def tiles(page: Page) -> list[Tile]:
    """The three questions with what they are made of, then how many answered."""
    made = [
        page.tile("now", "csat", variant="default", spark="course"), page.tile("now", "csat", variant="top_box"),
        *(page.tile("now", "csat", variant=variant) for variant in ("csat7", "thumbs") if _heard(page, variant)),
        page.tile("now", "nps", variant="default", spark="course"), page.tile("now", "nps", variant="promoters"),
        page.tile("now", "nps", variant="detractors"),
        page.tile("now", "ces", variant="default", spark="course"), page.tile("now", "ces", variant="easy_share"),
        page.tile("asked", ANSWERED, variant="default"), page.tile("asked", ANSWERED, variant="by_now"),
    ]  # fmt: skip
    return [tile for tile in made if tile is not None]


def _heard(page: Page, variant: str) -> bool:
    cell = page.cell("now", "csat", variant)
    return cell is not None and cell.n > 0


def _effort(page: Page, result: Result) -> dict[str, Any]:
    """Effort on its scale from 1 to 7: the interval of two answers would reach far beyond it."""
    drawn = plots.against("course_before")(page, result)
    for layer in drawn.get("layer", ()):
        y = layer["encoding"]["y"]
        layer["encoding"] = {**layer["encoding"], "y": {**y, "scale": {"domain": [1, 7], "clamp": True}}}
    return drawn


def _ordered(page: Page, result: Result) -> dict[str, Any]:
    """A bar a score, the best first."""
    ranked = replace(
        result, cells=tuple(sorted(result.cells, key=lambda cell: -int(cell.keys["score"] or 0)))
    )
    return _in_order(plots.bars(page, ranked))


def _classes(page: Page, result: Result) -> dict[str, Any]:
    """Promoters above passives above detractors."""
    order = ("promoter", "passive", "detractor")
    known = sorted(
        (c for c in result.cells if c.keys["nps_class"] in order),
        key=lambda c: order.index(c.keys["nps_class"]),
    )
    return _in_order(plots.bars(page, replace(result, cells=tuple(known))))


def _in_order(drawn: dict[str, Any]) -> dict[str, Any]:
    """Bars in the order of the data instead of by length."""
    y = {**drawn["encoding"]["y"], "sort": None}
    return {**drawn, "encoding": {**drawn["encoding"], "y": y}}


def verbatims(page: Page) -> Figure:
    """What customers wrote: not kept, and where the answers themselves are."""
    title = page.say("In their own words")
    rows = page.link(page.say("The answers behind CSAT"), page.rows_url("csat"))
    text = page.html(
        "What customers wrote is not stored: of an answer Polso keeps score, scale and question, never words. "
        "{rows} name the ticket of each, where the survey tool shows the comment.",
        rows=rows,
    )
    return page.nothing("verbatims", title, text)


def response(page: Page) -> Cell | None:
    """The share that answered: after 30 days where that is known, else by now."""
    cells = [page.cell("asked", ANSWERED, variant) for variant in ("default", "by_now")]
    return next((cell for cell in cells if cell and cell.value is not None), None)


def warning(page: Page) -> Markup:
    """What to think of few answers."""
    cell = response(page)
    if cell is None or cell.value is None or cell.value >= LOW:
        return Markup("")
    return page.html(
        "Only {share} of those asked answered: those who did may differ from those who did not.",
        share=page.value(cell),
    )


def sentence(page: Page) -> Markup:
    """Which of the three moved most, and where; else how they stand."""
    level = standing(page)
    if not level:
        return Markup("{}").format(page.missing("now", _load(page)))
    found = moves.moves(page, ("now", "asked"), (*SAID, *OTHERS, ANSWERED))
    if not found:
        return moves.joined(level, moves.unchanged(page))
    first = next((one for one in found if one.cell.kpi in SAID and one.cell.variant == "default"), None)
    if first is None:
        return moves.joined(level, moves.also(page, found))
    cell = first.cell
    said = _told(page, cell.kpi, first.tone, {
        "value": page.value(cell), "size": page.size(cell, first.definition),
        "place": cause.where(page, first, [f"by_{name}" for name in SPLITS]),
    })  # fmt: skip
    return moves.joined(said, moves.also(page, [one for one in found if one is not first]))


def _told(page: Page, kpi: str, tone: str, said: Mapping[str, Any]) -> Markup:
    """One change as a sentence of its own."""
    texts = {
        ("csat", "bad"): page.html("Fewer customers are satisfied: {value}, {size}{place}.", **said),
        ("csat", "good"): page.html("More customers are satisfied: {value}, {size}{place}.", **said),
        ("nps", "bad"): page.html("Fewer would recommend: NPS {value}, {size}{place}.", **said),
        ("nps", "good"): page.html("More would recommend: NPS {value}, {size}{place}.", **said),
        ("ces", "bad"): page.html("It takes customers more effort: {value} of 7, {size}{place}.", **said),
        ("ces", "good"): page.html("It takes customers less effort: {value} of 7, {size}{place}.", **said),
    }
    return texts[kpi, tone]


def standing(page: Page) -> Markup:
    """How the three stand, with the answers they rest on; nothing where nobody answered."""
    parts = []
    for kpi in SAID:
        cell = page.cell("now", kpi, "default")
        if cell is None or cell.value is None:
            continue
        value, n = page.value(cell), page.words.count(cell.n)
        answers = page.say("{n} answer", n=n) if cell.n == 1 else page.say("{n} answers", n=n)
        parts.append({
            "csat": page.html("{value} are satisfied ({answers})", value=value, answers=answers),
            "nps": page.html("NPS {value} ({answers})", value=value, answers=answers),
            "ces": page.html("effort {value} of 7 ({answers})", value=value, answers=answers),
        }[kpi])  # fmt: skip
    return Markup("{}.").format(Markup("; ").join(parts)) if parts else Markup("")


SCREEN = Screen("satisfaction", "Satisfaction", 70, compose, ASKS)
