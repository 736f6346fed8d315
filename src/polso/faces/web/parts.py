"""What a page is made of: numbers with all they carry, tables, figures, one sentence.

Rule kept here: parts are written, not worked out; every value in them was answered by a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, overload

from markupsafe import Markup

if TYPE_CHECKING:
    from polso.query.result import Cell

# Rows of a table that a page shows before somebody asks for all of them.
FIRST: Final = 60
# The name of a column whose values are the two ends of an interval.
INTERVAL: Final = "interval"


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
    """A table: heads as written, the names programs know them by, rows of cells.

    cells: the cells of an answer behind it, where it is one: programs get them as the API gives them.
    """

    heads: tuple[str, ...]
    names: tuple[str, ...]
    rows: Sequence[tuple[TableCell, ...]]
    cells: Sequence[Cell] | None = None

    @cached_property
    def numeric(self) -> tuple[bool, ...]:
        """Which columns hold numbers."""
        seen = self.rows[:FIRST]
        return tuple(any(row[place].numeric for row in seen) for place in range(len(self.heads)))

    def as_dicts(self) -> list[dict[str, Any]]:
        """The rows for programs: one value a column, the ends of an interval in columns of their own."""
        if self.cells is not None:
            return [cell.as_dict() for cell in self.cells]
        return [
            {
                column: value
                for name, cell in zip(self.names, row, strict=True)
                for column, value in zip(_columns(name), _values(name, cell.value), strict=True)
            }
            for row in self.rows
        ]

    @property
    def columns(self) -> list[str]:
        """The header for programs."""
        if self.cells is not None:
            return list(dict.fromkeys(name for cell in self.cells for name in cell.as_dict()))
        return [column for name in self.names for column in _columns(name)]


def _columns(name: str) -> tuple[str, ...]:
    """A column for programs; of an interval its two ends, told by the number's own name and unit."""
    stem, found, unit = name.rpartition(INTERVAL)
    return (f"{stem}low{unit}", f"{stem}high{unit}") if found else (name,)


def _values(name: str, value: Any) -> tuple[Any, ...]:
    return (value,) if INTERVAL not in name else (None, None) if value is None else tuple(value)


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
