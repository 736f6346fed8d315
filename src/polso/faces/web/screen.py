"""What a screen is: its place, the questions it asks, and how it puts the answers together.

Rule kept here: a screen is one file under screens/ and one template of the same name; nothing lists them by hand.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from polso.kpis.definition import Stat
from polso.query.run import Time

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.faces.web.parts import View


# As a split: the grain of time that suits the period.
TIME: Final = "time"


@dataclass(frozen=True)
class Ask:
    """A question over the page's period and filters.

    compare: beside the period that the page compares with; earlier: over that period instead;
    ever: over all the data instead, for what stands as of now;
    where: filters on top of the page's (a value, or several).
    """

    kpis: tuple[str, ...]
    by: tuple[str, ...] = ()
    stat: Stat | None = None
    time: Time = "calendar"
    params: Mapping[str, float | str] = field(default_factory=dict)
    definition: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    compare: bool = False
    earlier: bool = False
    ever: bool = False


@dataclass(frozen=True)
class Screen:
    """One screen: `name` is its module and template; `order` its place in the menu, `title` its English name.

    lasts: whether its pages say the same until data, settings or the day change.
    takes: the parameters of its URL besides those of every page.
    """

    name: str
    title: str
    order: int
    compose: Callable[[Page], View]
    asks: Mapping[str, Ask] = field(default_factory=dict)
    path: str = ""
    lasts: bool = True
    takes: tuple[str, ...] = ("all",)

    @property
    def at(self) -> str:
        """Its path in the URL."""
        return self.path or f"/{self.name}"


@cache
def screens() -> tuple[Screen, ...]:
    """All screens, in the order of the menu."""
    package = import_module("polso.faces.web.screens")
    found = [
        import_module(f"{package.__name__}.{module.name}").SCREEN
        for module in pkgutil.iter_modules(package.__path__)
    ]
    return tuple(sorted(found, key=lambda screen: screen.order))
