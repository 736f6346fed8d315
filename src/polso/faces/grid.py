"""A table that gives way: what does not fit the width goes under the first column, in small print, and is never lost.

Rule kept here: numbers are right-aligned, their units pale; colour repeats what a word says and never says it alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

GOOD, BAD, PALE, WARN, ACCENT = "green", "red", "dim", "yellow", "bold"
TONES: Final = {"good": GOOD, "bad": BAD, "plain": ""}
GAP: Final = 2
LEAST: Final = 16
_UNITS: Final = re.compile(r"(?<![\w=])[^\W\d]+(?!\w)|[%€$£]|(?<=\d)[^\W\d]+")


@dataclass(frozen=True)
class Column:
    """One column: what it is called, how it is set, and how early it gives way (0 never)."""

    title: str
    cells: Sequence[Text]
    right: bool = True
    gives_way: int = 0

    @property
    def width(self) -> int:
        """What it needs to stand on one line a cell."""
        return max((text.cell_len for text in (Text(self.title), *self.cells)), default=0)


@dataclass(frozen=True)
class Grid:
    """Columns side by side; the first is text and shrinks, the rest never break. Sections are titles between rows."""

    columns: Sequence[Column]
    sections: dict[int, str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        kept = self._fitting(options.max_width)
        small = [c for c in self.columns if c not in kept]
        # Two tables with the same columns, not one with merged cells: a section title may be longer than a cell.
        table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style=PALE)
        for place, column in enumerate(kept):
            table.add_column(
                column.title, justify="right" if column.right else "left", no_wrap=place > 0, overflow="fold", min_width=column.width if place else None
            )
        for row in range(len(self.columns[0].cells)):
            if row in self.sections:
                table.add_row(*([""] * len(kept))) if row else None
                table.add_row(Text(self.sections[row], style=ACCENT))
            first = Text("\n").join([kept[0].cells[row], *_small_print(small, row)])
            table.add_row(first, *(column.cells[row] for column in kept[1:]))
        yield table

    def _fitting(self, width: int) -> list[Column]:
        """The columns that fit, after those that give way first have gone."""
        kept = list(self.columns)
        while len(kept) > 1:
            first = min(kept[0].width, max(LEAST, width // 3))
            if first + sum(GAP + column.width for column in kept[1:]) <= width:
                break
            weakest = max(kept[1:], key=lambda column: column.gives_way)
            if not weakest.gives_way:
                break
            kept.remove(weakest)
        return kept


def _small_print(columns: Iterable[Column], row: int) -> list[Text]:
    """What gave way, as one pale line; cells with nothing to say are left out."""
    said = [_told(column, column.cells[row]) for column in columns if column.cells[row].plain.strip(" –")]
    return [Text(" · ".join(said), style=PALE)] if said else []


def _told(column: Column, cell: Text) -> str:
    return f"{column.title} {cell.plain}" if column.title else cell.plain


def figure(text: str, style: str = "") -> Text:
    """A number with its units pale."""
    made = Text(text, style=style)
    made.highlight_regex(_UNITS, PALE)
    return made


def lines(*texts: RenderableType | None) -> Group:
    """What is there, one under the other."""
    return Group(*(text for text in texts if text is not None))


Tone = Literal["good", "bad", "plain"]
