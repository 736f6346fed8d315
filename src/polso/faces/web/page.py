"""A page being made: the answers to its questions, and how they become tiles, tables, figures and sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces import table as tables
from polso.faces.web import elsewhere, filters, plots, strange
from polso.faces.web.parts import Change, Figure, Number, Rows, Table, TableCell, Tile
from polso.faces.web.state import State
from polso.faces.web.translate import PageWords
from polso.faces.words import DASH

if TYPE_CHECKING:
    from polso.care import Care
    from polso.config import Config, Target
    from polso.faces.web.screen import Ask, Screen
    from polso.kpis.catalogue import Catalogue
    from polso.kpis.definition import Definition
    from polso.query.period import Period
    from polso.query.result import Cell, Result

T = TypeVar("T")
Said = TypeVar("Said", bound=str)
SPARK: Final = (120, 28)


@dataclass(frozen=True)
class About:
    """The project a page is about, as far as it stands still between two loads."""

    config: Config
    catalogue: Catalogue
    first: datetime
    last: datetime
    as_of: datetime
    # Who may be seen, in a sentence.
    privacy: str = ""


class Asking(Protocol):
    """Where a page gets what no question of its screen says: anything a project can tell, kept between loads."""

    @property
    def version(self) -> str:
        """Changes whenever an answer may."""
        ...

    def cached(self, key: tuple[Any, ...], made: Callable[[Care], T]) -> T:
        """What `made` makes of the project, made once."""
        ...


def _meets(target: Target, known: Mapping[str, Any]) -> bool:
    return all(
        known.get(name) == wanted if isinstance(wanted, str) else known.get(name) in wanted
        for name, wanted in target.when.items()
    )


@dataclass(frozen=True)
class Page:
    """One page for one reader: the state of its URL, its language, its answers.

    answers: by the name of the question; an error where it could not be answered.
    """

    screen: Screen
    state: State
    words: PageWords
    about: About
    period: Period
    earlier: Period | None
    answers: Mapping[str, Result | PolsoError] = field(default_factory=dict)
    asking: Asking | None = None

    def say(self, text: str, **values: Any) -> str:
        """A sentence of the interface in the reader's language; `values` are written as they are."""
        return self.words.say(text, **values)

    def html(self, text: str, **values: Any) -> Markup:
        """A sentence with parts that are links or marked; whatever else is in it is escaped."""
        return Markup(self.words.say(text)).format(**values)  # noqa: S704 - the text is the catalogue's, values are escaped

    def link(self, text: str, href: str) -> Markup:
        """A piece of a sentence that leads somewhere."""
        return Markup('<a href="{}">{}</a>').format(href, text)

    def result(self, name: str) -> Result | None:
        """The answer to a question of the screen; none where it could not be answered."""
        found = self.answers.get(name)
        return None if found is None or isinstance(found, PolsoError) else found

    def why(self, name: str) -> str:
        """Why a question has no answer."""
        found = self.answers.get(name)
        return self.words.told(" ".join(str(found).split())) if isinstance(found, PolsoError) else ""

    def reasons(self) -> list[str]:
        """Why questions have no answer, each reason once: a filter that a fact lacks, a privacy that is kept."""
        return list(dict.fromkeys(why for name in self.answers if (why := self.why(name))))

    def cells(self, name: str, kpi: str | None = None, variant: str | None = None) -> list[Cell]:
        """The cells of an answer, of one KPI or definition only."""
        result = self.result(name)
        return [c for c in result or () if kpi in (None, c.kpi) and variant in (None, c.variant)]

    def cell(self, name: str, kpi: str, variant: str | None = None) -> Cell | None:
        """The one unsplit number of a KPI in an answer."""
        return next((c for c in self.cells(name, kpi, variant) if not c.keys), None)

    @cached_property
    def ended(self) -> bool:
        """Whether the data speaks for the whole period; a last day that is not full yet counts as spoken for."""
        return self.period.instants[1] <= self.about.as_of + timedelta(days=1)

    def definition(self, result: Result, cell: Cell) -> Definition:
        """The definition that made a cell."""
        return next(d for d in result.definitions if (d.name, d.variant) == (cell.kpi, cell.variant))

    def title(self, definition: Definition) -> str:
        """A KPI's title with its statistic, where it has several."""
        return tables.title(definition, self.words)

    def number_url(self, cell: Cell, *, stat: str | None = None, ask: Ask | None = None) -> str:
        """The page of a number: its definition, its account, its rows; nothing where it has no page of its own.

        ask: the question it answers, where that filters on its own account.
        """
        state = self.state.of_cell(cell.keys, self.period)
        if state is None:
            return ""
        state = state.over("all") if ask and ask.ever else state
        for name, value in ask.where.items() if ask else ():
            state = state.filtered(name, ",".join(value) if isinstance(value, tuple | list) else value)
        chosen: dict[str, Any] = {"variant": None if cell.variant == "default" else cell.variant, "stat": stat or cell.stat,
                  "time": None if cell.time in (None, "calendar") else cell.time}  # fmt: skip
        return state.url(f"/kpi/{cell.kpi}", **chosen)

    def number(self, cell: Cell | None, definition: Definition) -> Number:
        """A cell as written, with all it carries; a dash where there is none."""
        if cell is None or cell.value is None:
            marks = tuple(self.words.told(w) for w in cell.warnings) if cell else ()
            return Number(DASH, marks=marks, href=self.number_url(cell) if cell else "")
        business = cell.time == "business"
        counted = cell.unit == "count" and cell.n == cell.value
        return Number(
            self.words.value(cell.value, cell.unit, business=business),
            "" if counted else self.words.n(cell.n),
            self.words.interval(cell.low, cell.high, cell.unit, business=business),
            self.change(cell, definition),
            "" if cell.previous is None else self.words.value(cell.previous, cell.unit, business=business),
            self.target(definition),
            tuple(self.words.told(warning) for warning in cell.warnings),
            self.number_url(cell),
            cell.value,
        )

    def change(self, cell: Cell, definition: Definition) -> Change | None:
        """How a cell moved; none where there is nothing to compare with."""
        if cell.change is None or cell.previous is None:
            return None
        size = self.words.change(cell.change, cell.previous, cell.unit, business=cell.time == "business")
        # What rounds to nothing did not move.
        moved = cell.change if re.search("[1-9]", size) else 0
        way = self.words.direction(moved, definition.better, sure=tables.is_sure(cell, definition))
        return Change(way.arrow, size, way.word, way.tone)

    def size(self, cell: Cell, definition: Definition) -> Markup:
        """How far a cell moved, in its tone, for a sentence."""
        moved = self.change(cell, definition)
        size, tone = (moved.size, moved.tone) if moved else (DASH, "plain")
        return Markup('<span class="{}">{}</span>').format(tone, size)

    def moved(self, cell: Cell, definition: Definition) -> Markup:
        """A KPI and how it moved, for a sentence: the title leads to its number."""
        title = self.link(self.title(definition), self.number_url(cell))
        return Markup("{} {}").format(title, self.size(cell, definition))

    def value(self, cell: Cell) -> Markup:
        """A number of a sentence, leading to its own page."""
        text = self.words.value(cell.value, cell.unit, business=cell.time == "business")
        return self.link(text, self.number_url(cell))

    def aim(self, kpi: str, **slice_: Any) -> Target | None:
        """The target in force for the page's filters and a slice of it: the first whose condition they meet."""
        known = {
            name: value for name, _, value in (text.partition("=") for text in self.state.where)
        } | slice_
        return next((one for one in self.about.config.target if one.kpi == kpi and _meets(one, known)), None)

    def limit(self, definition: Definition) -> float | None:
        """What a course of a KPI is held against: of a share the share; of a duration what all or half should reach.

        None for what some other share of durations should reach: neither a mean nor a median is to be there.
        """
        aim = self.aim(definition.name)
        if aim is None or aim.within is None:
            return aim.value if aim else None
        if definition.unit == "share":
            return aim.share
        return aim.within if aim.share in (None, 0.5) else None

    def target(self, definition: Definition) -> str:
        """What a KPI should reach, as written."""
        aim = self.aim(definition.name)
        if aim is None:
            return ""
        sign = "≥" if definition.better == "higher" and aim.within is None else "≤"
        limit = aim.value if aim.within is None else aim.within
        unit = "duration" if aim.within is not None else definition.unit
        text = f"{sign} {self.words.value(limit, unit)}"
        return text if aim.share is None else f"{text}, {self.words.share(aim.share)}"

    def tile(
        self, ask: str, kpi: str, *, variant: str | None = None, spark: str | None = None, screen: str = ""
    ) -> Tile | None:
        """A KPI of an answer as a tile, its course from another answer; none where it was not asked."""
        result, cell = self.result(ask), self.cell(ask, kpi, variant)
        if result is None:
            return None
        definition = next(
            (d for d in result.definitions if d.name == kpi and variant in (None, d.variant)), None
        )
        if definition is None:
            return None
        course = self.cells(spark, kpi, definition.variant) if spark else []
        number = self.number(cell, definition)
        if cell is not None:
            number = replace(number, href=self.number_url(cell, ask=self.screen.asks.get(ask)))
        return Tile(
            kpi, self.title(definition), number,
            definition.meaning.of(self.words.language), plots.spark(course, *SPARK) if len(course) > 2 else None,
            self.state.url(screen) if screen else "",
        )  # fmt: skip

    def tiles(self, ask: str, *kpis: str, spark: str | None = None) -> list[Tile]:
        """Several KPIs of an answer as tiles."""
        made = [self.tile(ask, kpi, spark=spark) for kpi in kpis]
        return [tile for tile in made if tile is not None]

    def table(self, result: Result, cells: Sequence[Cell] | None = None) -> Table:
        """An answer as a table: splits at the left, each leading to its own slice, then the numbers."""
        cells = list(result.cells) if cells is None else cells
        names = list(dict.fromkeys(name for cell in cells for name in cell.keys))
        several = len({(c.kpi, c.variant) for c in cells}) > 1
        compared = any(c.change is not None for c in cells)
        heads = [*(["KPI"] if several else []), *(self.named(name) for name in names), self.say("value")]
        heads += [self.say("change"), self.say("before")] if compared else []
        known = [
            *(["kpi"] if several else []),
            *names,
            "value",
            *(["change", "previous"] if compared else []),
        ]
        rows = Rows(cells, lambda cell: self._row(result, cell, names, several=several, compared=compared))
        return Table((*heads, "n", self.say("95 % interval")), (*known, "n", "interval"), rows, cells)

    def _row(
        self, result: Result, cell: Cell, names: Sequence[str], *, several: bool, compared: bool
    ) -> tuple[TableCell, ...]:
        definition = self.definition(result, cell)
        number = self.number(cell, definition)
        made = [TableCell(self.title(definition), definition.label)] if several else []
        made += [
            self.label(tables.said_of([definition], cell, name), cell.keys[name])
            if name in cell.keys
            else TableCell("")
            for name in names
        ]
        made.append(TableCell(number.text, cell.value, number.href, numeric=True, marks=number.marks))
        if compared:
            moved = number.change
            text = f"{moved.arrow} {moved.size} {moved.word}".strip() if moved else DASH
            made += [
                TableCell(text, cell.change, tone=moved.tone if moved else "", numeric=True),
                TableCell(number.previous or DASH, cell.previous, numeric=True),
            ]
        ends = None if cell.low is None else [cell.low, cell.high]
        return (
            *made,
            TableCell(self.words.count(cell.n), cell.n, numeric=True),
            TableCell(number.interval, ends, numeric=True),
        )

    def label(self, name: str, value: Any) -> TableCell:
        """A value of a split; a click makes it the filter, or the period."""
        state = None if name == "agent" else self.state.of_cell({name: value}, self.period)
        text = self.words.label(name, value)
        return TableCell(text, _plain(value), state.url() if state else "")

    def figure(
        self,
        name: str,
        title: str,
        ask: str,
        draw: Callable[[Page, Result], Mapping[str, Any] | None] | None = None,
        *,
        kpi: str | None = None,
        variant: str | None = None,
        empty: str = "",
        note: str = "",
    ) -> Figure:
        """An answer (or one KPI of it) as a chart with the table behind it."""
        result = self.result(ask)
        if result is None:
            return self.nothing(name, title, self.why(ask) or empty)
        if kpi is not None:
            result = plots.only(result, kpi, variant)
        valued = [cell for cell in result.cells if cell.value is not None]
        if not valued:
            load = empty or self.say("Nothing in this period and with these filters.")
            return self.nothing(name, title, self.missing(ask, load))
        spec = draw(self, result) if draw else None
        return Figure(name, title, self.table(result), spec, note=note)

    def nothing(self, name: str, title: str, empty: str) -> Figure:
        """A figure without data: what to load, or what to ask instead."""
        return Figure(name, title, Table((), (), ()), empty=empty or self.say("Nothing to show yet."))

    def earlier_of(self, name: str) -> Result | None:
        """An answer over the period compared with, where the screen asked for it."""
        return self.result(name) if self.earlier is not None else None

    def rows_url(self, kpi: str, variant: str | None = None) -> str:
        """The rows behind a KPI in this state."""
        return self.state.url(f"/rows/{kpi}", variant=variant)

    @property
    def last_day(self) -> date:
        """The period's last day, as people give a range."""
        return self.period.until - timedelta(days=1)

    def filter_text(self, text: str) -> str:
        """A filter as people read it: channel: phone."""
        return filters.said(self, text)

    def named(self, name: str) -> str:
        """What people call a dimension or a grain: issue type, hour of the day."""
        return self.words.named(name)

    @property
    def halved(self) -> str:
        """That only a part of the period compared with has data, so that its counts are too low; nothing otherwise."""
        first = self.words.zoned(self.about.first, self.period.zone).date()
        if self.earlier is None or not self.earlier.since < first < self.earlier.until:
            return ""
        return self.say(
            "The period compared with, {before}, begins before the data does ({first}): its counts are too low to compare.",
            before=self.earlier_text, first=self.words.day(first),
        )  # fmt: skip

    @property
    def ignored(self) -> list[Markup]:
        """What the URL says and nobody understands, each in a sentence."""
        return strange.said(self)

    def missing(self, ask: str, load: Said) -> Said | Markup:
        """What to say where a question found nothing: what stands in its way, else what to load."""
        return elsewhere.missing(self, self.screen.asks.get(ask), load)

    @cached_property
    def filters(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """What can be chosen as a filter: dimension, and per value the filter and the value as written."""
        return filters.offered(self)

    @property
    def period_text(self) -> str:
        """The period as people name it."""
        return self.words.period(self.period.since, self.period.until)

    @property
    def privacy_text(self) -> str:
        """Who may be seen on these pages, and why."""
        return self.words.told(self.about.privacy)

    @property
    def earlier_text(self) -> str:
        """The period compared with, as people name it."""
        return self.words.period(self.earlier.since, self.earlier.until) if self.earlier else ""


def grain_of(period: Period) -> str:
    """The grain at which a period is drawn: enough points to see a course, few enough to read them."""
    return (
        "hour"
        if period.days <= 2
        else "day"
        if period.days <= 100
        else "week"
        if period.days <= 400
        else "month"
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
