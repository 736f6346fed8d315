"""Why a part of a page is empty: its filters, its period, or that nothing of the kind was ever loaded.

Rule kept here: nobody is told to load what is there; what stands in the way is named, and a link takes it away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.asked import condition

Text = TypeVar("Text", bound=str)

if TYPE_CHECKING:
    from polso.care import Care
    from polso.faces.web.page import Page
    from polso.faces.web.screen import Ask


def missing(page: Page, ask: Ask | None, load: Text) -> Text | Markup:
    """What to say where a question found nothing; `load` where nothing of the kind is there at all."""
    if ask is None or page.asking is None:
        return load
    where, period = page.state.where, f"{page.period.since}..{page.period.until}"
    # What is there, and only without the split that was asked, is not in the way of filters or period.
    if is_there(page, ask, where, period):
        return load
    if where and is_there(page, ask, (), period):
        away = page.link(page.say("Take the filters away"), page.state.bare().url())
        return page.html("Nothing with these filters; without them there is. {away}.", away=away)
    everything = page.link(page.say("Look at all the data"), page.state.over("all").url())
    if is_there(page, ask, where, "all"):
        return page.html(
            "Nothing in the period {period}; at other times there is. {all}.",
            period=page.period_text, all=everything,
        )  # fmt: skip
    if where and is_there(page, ask, (), "all"):
        bare = page.link(
            page.say("Look at all the data, without filters"), page.state.bare().over("all").url()
        )
        return page.html(
            "Nothing in the period {period} and with these filters; otherwise there is. {all}.",
            period=page.period_text, all=bare,
        )  # fmt: skip
    return load


def is_there(page: Page, ask: Ask, where: tuple[str, ...], period: str) -> bool:
    """Whether a question, not split, finds any row with these filters and in this period."""
    own = [
        f"{name}={','.join(value) if isinstance(value, tuple | list) else value}"
        for name, value in ask.where.items()
    ]
    conditions = tuple(condition(text, page.about.config.dimensions) for text in (*where, *own))

    def found(care: Care) -> bool:
        try:
            return any(cell.n for cell in care.ask(*ask.kpis, period=period, where=conditions))
        except PolsoError:
            return False

    assert page.asking is not None  # noqa: S101 - asked only where it can be
    return page.asking.cached(("there", ask.kpis, period, conditions), found)
