"""Which number a page of the way down is about: what its path and its URL's own parameters say.

Rule kept here: what is asked of the project for such a page is what the number itself was asked with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from fastapi import Request

from polso.errors import UnknownName
from polso.faces.asked import condition, parameter
from polso.faces.web import render
from polso.faces.web.page import Page
from polso.faces.web.screen import Ask, Screen
from polso.kpis.catalogue import find
from polso.kpis.definition import Stat
from polso.query.run import Time

if TYPE_CHECKING:
    from polso.faces.web.parts import View
    from polso.kpis.definition import Definition
    from polso.query.result import Cell

TIMES: Final = get_args(Time)
STATS: Final = get_args(Stat)


@dataclass(frozen=True)
class Chosen:
    """A KPI under a definition, its statistic, its clock, and its changed thresholds (`changed`: as the URL says them)."""

    definition: Definition
    stat: Stat | None = None
    time: Time = "calendar"
    params: Mapping[str, float | str] | None = None
    changed: str = ""

    @property
    def name(self) -> str:
        """The KPI's name."""
        return self.definition.name

    @property
    def kpi(self) -> str:
        """The KPI with its variant, as a question names it."""
        return self.definition.label

    @property
    def variant(self) -> str | None:
        """The variant, as the URL says it; none for the default."""
        return None if self.definition.variant == "default" else self.definition.variant

    def ask(self, **more: Any) -> Ask:
        """A question about this number."""
        return Ask((self.kpi,), stat=self.stat, time=self.time, params=self.params or {}, **more)

    def own(self) -> dict[str, Any]:
        """What a URL says of this number besides the state of the page."""
        time = None if self.time == "calendar" else self.time
        return {"variant": self.variant, "stat": self.stat, "time": time, "param": self.changed or None}

    def asked(self, page: Page, *names: str) -> dict[str, Any]:
        """The arguments by which `Care` is asked: period and filters, and those named of stat, time and params."""
        dimensions = page.about.config.dimensions
        told = {"stat": self.stat, "time": self.time, "params": dict(self.params or {})}
        return {
            "period": period_of(page), "where": [condition(text, dimensions) for text in page.state.where],
        } | {name: told[name] for name in names}  # fmt: skip


def period_of(page: Page) -> str:
    """The page's period as a question says it."""
    return f"{page.period.since}..{page.period.until}"


def choose(request: Request, name: str) -> Chosen:
    """What a URL chooses; UnknownName where there is no such KPI, variant, statistic or clock."""
    catalogue = request.app.state.readers.cached(("about",), render.about).catalogue
    said = dict(reversed(request.query_params.multi_items()))
    stat, time = said.get("stat") or None, said.get("time") or "calendar"
    for what, value, known in (("statistic", stat, STATS), ("clock", time, TIMES)):
        if value is not None and value not in known:
            raise UnknownName(what, value, known)
    # Several thresholds in one parameter, so that a link carries them on: limit=20s;share=0.8.
    texts = [text for value in request.query_params.getlist("param") for text in value.split(";") if text]
    params = dict(parameter(text) for text in texts)
    definition = find(catalogue, name, said.get("variant") or None)
    return Chosen(definition, cast("Stat | None", stat), cast(Time, time), params, ";".join(texts))


# What the URL of a number may say besides what every page takes.
TAKEN: Final = ("variant", "stat", "time", "param", "page", "all")


def opened(
    request: Request, place: str, title: str, path: str, asks: Mapping[str, Ask] | None = None,
    takes: Sequence[str] = (),
) -> Page:  # fmt: skip
    """A page that is in no menu: `place` names it to its figures, `path` is its own, however odd its names are."""
    screen = Screen(place, title, 0, _alone, asks or {}, path, takes=(*TAKEN, *takes))
    page = render.making(request, screen, asks or {})
    return replace(page, state=replace(page.state, path=path))


def _alone(page: Page) -> View:
    raise NotImplementedError("a page of the way down is made by its route")


def one(page: Page, name: str, default: str = "") -> str:
    """A parameter of the URL that only this page knows."""
    return next((value for own, value in page.state.rest if own == name), default)


def number_at(page: Page, default: int = 1) -> int:
    """Which page of a list is wanted; the first where the URL says nothing that is one."""
    text = one(page, "page")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 10 else default


def whole(cells: Sequence[Cell]) -> Cell | None:
    """The one cell that is the number itself; none where it comes in parts."""
    return next((cell for cell in cells if not cell.keys), None)
