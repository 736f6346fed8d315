"""Parameters of a page's URL, and values of them, that it does not know: said, with what they may have been meant to be.

Rule kept here: what is passed over in silence misleads; a link that was mistyped still opens.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from markupsafe import Markup

from polso.faces.web.state import CHOICES, OWN
from polso.facts import FACTS

if TYPE_CHECKING:
    from polso.faces.web.page import Page


def said(page: Page) -> list[Markup]:
    """A sentence for every unknown parameter or choice, once."""
    known = (*OWN, *page.screen.takes)
    odd = [
        page.html(
            "“{name}={value}” is not known and was ignored; there are {names}.",
            name=name, value=value, names=", ".join(CHOICES[name]),
        )
        for name, value in page.state.odd
    ]  # fmt: skip
    return odd + [
        _said(page, name, value, known) for name, value in dict(page.state.rest).items() if name not in known
    ]


def _said(page: Page, name: str, value: str, known: tuple[str, ...]) -> Markup:
    """The nearest dimension as a filter, else the nearest parameter, else that it was ignored."""
    columns = (c for f in FACTS.values() for c in f.all_columns(page.about.config.dimensions) if c.dimension)
    dimensions = dict.fromkeys(column.name for column in columns)
    parameter = get_close_matches(name, known, 1)
    dimension = [name] if name in dimensions else get_close_matches(name, dimensions, 1)
    if dimension and (name in dimensions or not parameter):
        written = f"where={dimension[0]}={value}"
        return page.html(
            "“{name}” is no parameter of this page and was ignored. A filter is written {link}.",
            name=name, link=page.link(written, page.state.filtered(dimension[0], value).url()),
        )  # fmt: skip
    if parameter:
        return page.html(
            "“{name}” is no parameter of this page and was ignored; did you mean “{near}”?",
            name=name, near=parameter[0],
        )  # fmt: skip
    return page.html("“{name}” is no parameter of this page and was ignored.", name=name)
