"""What a page is made of: numbers with all they carry, tables, figures, one sentence.

Rule kept here: parts are written, not worked out; every value in them was answered by a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, overload

from markupsafe import Markup

# Rows of a table that a page shows before somebody asks for all of them.
FIRST: Final = 60


class Rows(Sequence[tuple["TableCell", ...]]):
    """The rows of a table, each written when it is first looked at: of a long table a page shows the first few."""

    def __init__(self, cells: Sequence[Any], made: Callable[[Any], tuple[TableCell, ...]]) -> None:
        self._cells, self._made = cells, made
        self._written: dict[int, tuple[TableCell, ...]] = {}

    def __len__(self) -> int:
        return len(self._cells)

    @overload
    def __getitem__(self, place: int) -> tuple[TableCell, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[tuple[TableCell, ...], ...]: ...

    def __getitem__(self, place: int | slice) -> Any:
        """One row, or several."""
        if isinstance(place, slice):
            return tuple(self[at] for at in range(*place.indices(len(self))))
        if place not in self._written:
            self._written[place] = self._made(self._cells[place])
        return self._written[place]


@dataclass(frozen=True)
class Change:
    """How a number moved: an arrow, the size, a word for what that means, and its tone (good, bad, plain, pale)."""

    arrow: str
    size: str
    word: str
    tone: str


@dataclass(frozen=True)
class Number:
    """A number as written: its value, what it rests on, how it moved, what it should be, and where it leads.

    href: its own page, where its definition, its rows and its account stand; marks: what is wrong with it, in words;
    value: as programs read it.
    """

    text: str
    n: str = ""
    interval: str = ""
    change: Change | None = None
    previous: str = ""
    target: str = ""
    marks: tuple[str, ...] = ()
    href: str = ""
    value: float | None = None


@dataclass(frozen=True)
class Tile:
    """One KPI of a screen; `screen` leads to the screen that is about it."""

    kpi: str
    title: str
    number: Number
    meaning: str = ""
    spark: Markup | None = None
    screen: str = ""


@dataclass(frozen=True)
class TableCell:
    """One cell of a table: as written, as programs read it, and where it leads."""

    text: str
    value: Any = None
    href: str = ""
    tone: str = ""
    numeric: bool = False
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table: heads as written, the names programs know them by, rows of cells."""

    heads: tuple[str, ...]
    names: tuple[str, ...]
    rows: Sequence[tuple[TableCell, ...]]

    @cached_property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers."""
        seen = self.rows[:FIRST]
        return tuple(any(row[place].numeric for row in seen) for place in range(len(self.heads)))

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows for programs."""
        return [dict(zip(self.names, (cell.value for cell in row), strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Figure:
    """A chart with the table behind it; `empty` says what to load where there is nothing to draw."""

    name: str
    title: str
    table: Table
    spec: Mapping[str, Any] | None = None
    drawing: Markup | None = None
    note: str = ""
    empty: str = ""
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class View:
    """What a screen shows: its answer in one sentence, its numbers, its figures by name, and what only it knows."""

    sentence: Markup
    tiles: Sequence[Tile] = ()
    figures: Sequence[Figure] = ()
    more: Mapping[str, Any] = field(default_factory=dict)

    def figure(self, name: str) -> Figure:
        """A figure by name; KeyError where there is none."""
        found = {one.name: one for one in self.figures}
        return found[name]
