"""The filters of a page: what people call them, and which values there are to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from polso.errors import PolsoError
from polso.faces.web.state import condition

if TYPE_CHECKING:
    from polso.care import Care
    from polso.faces.web.page import Page

# How many values of a dimension the filter offers; the rest can be clicked, or written.
VALUES: Final = 60


def said(page: Page, text: str) -> str:
    """A filter as people read it: channel: phone."""
    name, sign, value = text.partition("!=") if "!=" in text else text.partition("=")
    flags = {"true": True, "false": False}
    values = [page.words.label(name, flags.get(one, one)) for one in value.split(",")] if value else []
    told = ", ".join(values) or page.say("(unknown)")
    return f"{page.named(name)}: {page.say('not {value}', value=told) if sign == '!=' else told}"


def offered(page: Page) -> list[tuple[str, list[tuple[str, str]]]]:
    """What can be chosen as a filter: dimension, and per value the filter and the value as written."""
    if page.asking is None:
        return []
    return [
        (name, [(condition(name, value), page.words.label(name, value)) for value in values])
        for name, values in page.asking.cached(("filters",), _known)
    ]


def _known(care: Care) -> list[tuple[str, list[Any]]]:
    """The values of every dimension of tickets but the agents, the most frequent first."""
    names = ["channel", "team", "issue_type", "priority", "client", *care.config.dimensions]
    found = []
    for name in dict.fromkeys(names):
        try:
            cells = care.ask("ticket_volume:all", by=name).cells
        except PolsoError:
            continue
        values = [c.keys[name] for c in sorted(cells, key=lambda c: -c.n) if c.keys[name] is not None]
        if len(values) > 1:
            found.append((name, values[:VALUES]))
    return found
