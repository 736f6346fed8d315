"""Pages whose answers are written by the test: a known story goes in, the screen's sentence comes out."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from polso.config import Config
from polso.errors import PolsoError
from polso.faces.web.page import About, Page
from polso.faces.web.screen import Screen
from polso.faces.web.state import State
from polso.faces.web.translate import PageWords
from polso.kpis.catalogue import find, shipped
from polso.query.period import Period
from polso.query.question import Question
from polso.query.result import Cell, Result
from polso.query.run import concrete

PERIOD = Period(date(2026, 3, 2), date(2026, 3, 30), "Europe/Rome")
EARLIER = Period(date(2026, 2, 2), date(2026, 3, 2), "Europe/Rome")
AS_OF = datetime(2026, 3, 30)


def cell(
    kpi: str, value: float | None, n: int = 1000, *, keys: Mapping[str, Any] | None = None, **more: Any
) -> Cell:
    """One number; `previous` makes its change, and an interval is given by `low` and `high`."""
    name, _, variant = kpi.partition(":")
    definition = find(shipped(), kpi)
    previous = more.pop("previous", None)
    change = None if previous is None or value is None else value - previous
    return Cell(
        name, variant or "default", dict(keys or {}), value, n, more.pop("low", None), more.pop("high", None),
        definition.unit, more.pop("stat", None), more.pop("time", None), definition.version, previous, change, **more,
    )  # fmt: skip


def answer(*cells: Cell, by: tuple[str, ...] = (), period: Period = PERIOD) -> Result:
    """An answer of such cells."""
    names = dict.fromkeys((c.kpi, c.variant, c.stat) for c in cells)
    definitions = tuple(
        concrete(find(shipped(), name if variant == "default" else f"{name}:{variant}"), stat)
        for name, variant, stat in names
    )
    return Result(Question(definitions, period, by), cells, AS_OF)


def page(
    screen: Screen,
    answers: Mapping[str, Result | PolsoError],
    language: str = "en",
    *,
    url: str = "",
    config: Config | None = None,
) -> Page:
    """A page of a screen over four weeks of March 2026, against the four before."""
    about = About(config or Config(), shipped(), datetime(2025, 1, 1), AS_OF, AS_OF)
    pairs = [tuple(part.split("=", 1)) for part in url.split("&") if part]
    state = State.read(screen.at, pairs)  # type: ignore[arg-type]
    return Page(screen, state, PageWords(language), about, PERIOD, EARLIER, dict(answers))


def read(markup: object) -> str:
    """A sentence without its tags."""
    import re
    from html import unescape

    return unescape(re.sub("<[^>]+>", "", str(markup)))
