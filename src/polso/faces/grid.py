"""A table that gives way: what does not fit the width goes under its row, in small print, and is never lost.

Rule kept here: numbers are right-aligned, their units pale; colour repeats a word and never stands for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.text import Text

GOOD, BAD, PALE, WARN, ACCENT = "green", "red", "dim", "yellow", "bold"
TONES: Final = {"good": GOOD, "bad": BAD, "plain": "", "pale": PALE}
GAP: Final = 2
LEAST: Final = 16
UNTOLD: Final = ("", "–", "0")
_UNITS: Final = re.compile(r"(?<![\w=])[^\W\d]+(?!\w)|[%€$£]|(?<=\d)[^\W\d]+")


@dataclass(frozen=True)
class Column:
    """One column: what it is called, how it is set, and how early it gives way (0 never).

    small: what it is called in the small print, where its title is too long for that.
    """

    title: str
    cells: Sequence[Text]
    right: bool = True
    gives_way: int = 0
    small: str | None = None

    @property
    def width(self) -> int:
        """What it needs to stand on one line a cell."""
        return max(text.cell_len for text in (Text(self.title), *self.cells))

    def told(self, row: int) -> str:
        """A cell in the small print; empty where it has nothing to say."""
        cell = self.cells[row].plain
        return "" if cell in UNTOLD else f"{self.title if self.small is None else self.small} {cell}".strip()


@dataclass(frozen=True)
class Grid:
    """Columns side by side; the first is text and wraps, the rest never break; sections are titles."""

    columns: Sequence[Column]
    sections: Mapping[int, str] = field(default_factory=dict)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = self._fitting(options.max_width)
        widths = [column.width for column in kept]
        widths[0] = min(widths[0], options.max_width - sum(GAP + width for width in widths[1:]))
        yield from _line(console, kept, widths, [Text(column.title, style=PALE) for column in kept])
        gone = [column for column in self.columns if column not in kept]
        for row in range(len(self.columns[0].cells)):
            if row in self.sections:
                yield from (Text(""), Text(self.sections[row], style=ACCENT))
            yield from _line(console, kept, widths, [column.cells[row] for column in kept])
            small = " · ".join(told for column in gone if (told := column.told(row)))
            if small:
                yield Padding(Text(small, style=PALE), (0, 0, 0, 2), expand=False)

    def _fitting(self, width: int) -> list[Column]:
        """The columns that fit, after those that give way first have gone."""
        kept = list(self.columns)
        while len(kept) > 1:
            first = min(kept[0].width, max(LEAST, width // 3))
            weakest = max(kept[1:], key=lambda column: column.gives_way)
            if first + sum(GAP + column.width for column in kept[1:]) <= width or not weakest.gives_way:
                break
            kept.remove(weakest)
        return kept


def _line(
    console: Console, columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Text]
) -> Iterator[Text]:
    """One row as lines of text; the first cell wraps, and the others stand beside its first line."""
    first, *more = cells[0].wrap(console, max(widths[0], 1)) or [Text("")]
    first.rstrip()
    line = _set(first, widths[0], right=False)
    for column, width, cell in zip(columns[1:], widths[1:], cells[1:], strict=True):
        line = Text.assemble(line, " " * GAP, _set(cell, width, column.right))
    line.rstrip()
    line.no_wrap, line.overflow = True, "ellipsis"
    yield line
    yield from more


def _set(cell: Text, width: int, right: bool) -> Text:
    space = " " * (width - cell.cell_len)
    return Text.assemble(space, cell) if right else Text.assemble(cell, space)


def figure(text: str, style: str = "") -> Text:
    """A number with its units pale."""
    made = Text(text, style=style)
    made.highlight_regex(_UNITS, PALE)
    return made


def lines(*texts: RenderableType | None) -> Group:
    """What is there, one under the other."""
    return Group(*(text for text in texts if text is not None))
