"""A Result as a table for the terminal: numbers, then as-of, definitions and warnings beneath.

Rule kept here: a number never stands without its n and its interval; what is wrong with it is marked on it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from rich.console import RenderableType
from rich.text import Text

from polso.faces import language as languages
from polso.faces.grid import PALE, TONES, WARN, Column, Grid, figure, lines
from polso.faces.sentences import told
from polso.faces.words import Words

if TYPE_CHECKING:
    from polso.kpis.definition import Definition
    from polso.query.result import Cell, Result

# Lines of a peak that are a place in a cycle.
CYCLES: Final = ("weekday", "hour_of_day")
MARKS: Final = "¹²³⁴⁵⁶⁷⁸⁹"


class Notes:
    """Warnings of cells as footnotes: each kind once, however many cells it marks."""

    def __init__(self) -> None:
        self.kinds: dict[str, int] = {}

    def mark(self, warnings: Sequence[str]) -> str:
        """The marks of a cell's warnings."""
        kinds = [re.sub(r"^(only )?\d+ rows", "some rows", warning) for warning in warnings]
        places = [self.kinds.setdefault(kind, len(self.kinds)) for kind in kinds]
        return "".join(MARKS[place] if place < len(MARKS) else "*" for place in sorted(set(places)))

    def text(self, words: Words) -> Text | None:
        """The footnotes, one line each."""
        made = [
            f"{MARKS[place] if place < len(MARKS) else '*'} {told(words.language, kind)}"
            for kind, place in self.kinds.items()
        ]
        return Text("\n".join(made), style=WARN) if made else None


def table(result: Result, words: Words | None = None, limit: int | None = None) -> RenderableType:
    """The whole answer: rows of cells, then what they mean."""
    words = words or Words(languages.asked(()) or languages.system())
    notes, cells = Notes(), result.cells[:limit]
    more = len(result.cells) - len(cells)
    rest = (
        Text(words.say("and {n} more; --limit shows them", n=words.count(more)), style=PALE) if more else None
    )
    grid = (
        Grid(columns(result, cells, words, notes), {})
        if cells
        else Text(words.say("no rows: nothing to count here"))
    )
    return lines(
        grid,
        rest,
        beside(result, words),
        Text(""),
        notes.text(words),
        warnings(result, words),
        *meanings(result, words),
        spoken_of(result, words),
    )


def beside(result: Result, words: Words) -> Text | None:
    """What must be read with the answer, one line each."""
    from polso.kpis.catalogue import shipped

    said = []
    for cell in result.beside:
        known = shipped().get(cell.kpi)
        title = known.default.title.of(words.language) if known else cell.kpi
        said.append(f"{title}: {words.value(cell.value, cell.unit)} (n {words.count(cell.n)})")
    return Text("\n".join(said), style=PALE) if said else None


def columns(result: Result, cells: Sequence[Cell], words: Words, notes: Notes) -> list[Column]:
    """KPI and splits at the left, then value, change, n and interval."""
    names = list(dict.fromkeys(name for cell in cells for name in cell.keys))
    made = [
        Column(
            words.say(name),
            [
                Text(words.label(said_of(result.definitions, cell, name), cell.keys.get(name)))
                for cell in cells
            ],
            right=False,
        )
        for name in names
    ]
    if len(result.definitions) > 1 or not names:
        made.insert(0, Column(words.say("KPI"), titles(result, cells, words), right=False))
    made.append(Column(words.say("value"), values(cells, words, notes)))
    if result.compared_with:
        made.append(Column(words.say("change"), changes(result, cells, words), right=False))
        made.append(before(cells, words))
    made.append(Column("n", [n(c, words) for c in cells], gives_way=1))
    return [*made, *intervals(cells, words)]


def said_of(definitions: Sequence[Definition], cell: Cell, name: str) -> str:
    """By what name a value of a cell is written: the line of a peak by weekday is a weekday."""
    if name != "band":
        return name
    grain = next((d.grain for d in definitions if (d.name, d.variant) == (cell.kpi, cell.variant)), None)
    return grain if grain in CYCLES and grain else name


def before(cells: Sequence[Cell], words: Words) -> Column:
    """The values of the period compared with."""
    said = [words.value(c.previous, c.unit, business=c.time == "business") for c in cells]
    return Column(words.say("before"), [figure(text, PALE) for text in said], gives_way=3)


def intervals(cells: Sequence[Cell], words: Words) -> list[Column]:
    """The column of intervals, where any cell has one."""
    said = [words.interval(c.low, c.high, c.unit, business=c.time == "business") for c in cells]
    made = Column(
        words.say("95 % interval"), [figure(text, PALE) for text in said], gives_way=2, small="95 %:"
    )
    return [made] if any(said) else []


def values(cells: Sequence[Cell], words: Words, notes: Notes) -> list[Text]:
    """Values with their footnote marks, set so that the numbers stay aligned."""
    marks = [notes.mark(cell.warnings) for cell in cells]
    width = max(map(len, marks), default=0)
    return [
        Text.assemble(
            figure(words.value(c.value, c.unit, business=c.time == "business"), "bold"),
            (mark.ljust(width), WARN),
        )
        for c, mark in zip(cells, marks, strict=True)
    ]


def titles(result: Result, cells: Sequence[Cell], words: Words) -> list[Text]:
    """The KPI of each cell, as people call it."""
    known = {(d.name, d.variant): d for d in result.definitions}
    return [Text(title(known[c.kpi, c.variant], words)) for c in cells]


def title(definition: Definition, words: Words) -> str:
    """A KPI's title with its statistic, where it has several."""
    timed = definition.kind in ("duration", "survival") and definition.stat
    return definition.title.of(words.language) + (f" ({words.stat(definition.stat)})" if timed else "")


def changes(result: Result, cells: Sequence[Cell], words: Words) -> list[Text]:
    """Arrow, size and word of each change, in the tone of what is better."""
    known = {(d.name, d.variant): d for d in result.definitions}
    return [change(cell, known[cell.kpi, cell.variant], words) for cell in cells]


def change(cell: Cell, definition: Definition, words: Words) -> Text:
    """How one cell moved; a dash where there is nothing to compare with."""
    if cell.change is None:
        return Text(words.change(None, None, cell.unit), style=PALE)
    size = words.change(cell.change, cell.previous, cell.unit, business=cell.time == "business")
    # What rounds to nothing did not move.
    moved = cell.change if re.search("[1-9]", size) else 0
    way = words.direction(moved, definition.better, sure=is_sure(cell, definition))
    return Text(" ".join(part for part in (way.arrow, size, way.word) if part), style=TONES[way.tone])


# Kinds that have an interval wherever there are rows enough to say one.
SAMPLED: Final = ("share", "net_share", "duration", "mean", "survival", "cohort_pair")
# Counts of the same thing differ by less than so many roots of it 19 times out of 20.
SPREAD: Final = 1.96


def is_sure(cell: Cell, definition: Definition) -> bool:
    """Whether a change is more than chance explains; what rests on few rows never is.

    Both periods vary. A number with an interval must move by half of it times the root of two (equal n); a count by more
    than counts of that size differ (Poisson); a cost per row by more than its rows do. Of other amounts of money, revenue
    above all, nothing is known of their spread.
    """
    if cell.value is None or not cell.change or cell.previous is None or cell.is_small:
        return False
    if cell.low is not None and cell.high is not None:
        half = cell.value - cell.low if cell.change > 0 else cell.high - cell.value
        return abs(cell.change) > math.sqrt(2) * half
    if definition.kind in SAMPLED:
        return False
    if definition.unit == "count":
        return abs(cell.change) > SPREAD * math.sqrt(max(cell.value + cell.previous, 1))
    if definition.kind != "cost" or definition.value:
        return False
    rows = 1 / max(cell.n, 1) + 1 / max(cell.previous_n or cell.n, 1)
    return abs(cell.change) > SPREAD * abs(cell.previous) * math.sqrt(rows)


def n(cell: Cell, words: Words) -> Text:
    """The rows behind a value; a count is its own."""
    return Text("" if cell.unit == "count" and cell.n == cell.value else words.count(cell.n))


def meanings(result: Result, words: Words) -> list[Text]:
    """One line per definition: what it counts, under which version and variant."""
    return [
        Text.assemble(
            (title(d, words), f"{PALE} bold"),
            (f": {d.meaning.of(words.language)} {_choices(result, d, words)}", PALE),
        )
        for d in result.definitions
    ]


def _choices(result: Result, d: Definition, words: Words) -> str:
    time = next((c.time for c in result.cells if c.kpi == d.name and c.variant == d.variant and c.time), None)
    said = [words.say("variant {name}", name=d.variant)] if d.variant != "default" else []
    said += (
        [words.say("business hours") if time == "business" else words.say("calendar time")] if time else []
    )
    said += [f"{name} = {_parameter(result, d, name, words)}" for name in d.params]
    return f"({', '.join([*said, words.say('version {n}', n=d.version)])})"


def _parameter(result: Result, d: Definition, name: str, words: Words) -> str:
    value: Any = result.question.params.get(name, d.params[name].default)
    return words.value(float(value), d.params[name].unit)


def spoken_of(result: Result, words: Words) -> Text:
    """Period, zone, and the instant up to which the data speaks."""
    period = result.question.period
    span = words.period(period.since, period.until)
    said = words.say(
        "{period} ({zone}); data up to {instant}",
        period=span,
        zone=period.zone,
        instant=words.instant(result.as_of, period.zone),
    )
    return Text(said, style=PALE)


def warnings(result: Result, words: Words) -> Text | None:
    """The warnings of the whole answer."""
    said = [f"! {told(words.language, warning)}" for warning in result.warnings]
    return Text("\n".join(said), style=WARN) if said else None
