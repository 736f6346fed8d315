"""The fold plan: every step of a fold as engine text over named tables, made once for a set of rules.

Rule kept here: a plan depends on rules and column types alone, never on rows, so it can be kept and run
again: building and translating the expressions costs seconds, running them on a day's tickets does not.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pyarrow as pa

from polso.calendar.position import with_business
from polso.config import CalendarRule, Config, fingerprint
from polso.engine import UNKNOWN, BooleanValue, Engine, StringValue, Table, ibis, micros_between
from polso.events import kinds
from polso.facts import FACTS
from polso.facts.anchors import anchors
from polso.facts.fact import TICKET, TICKET_KEY, Context, Fact, normalised, of_tickets
from polso.facts.history import history
from polso.facts.people import people, with_person
from polso.facts.replies import turns
from polso.facts.spells import spells

ALWAYS: Final = "always"
CALENDAR: Final = "calendar"
SCOPE: Final = "fold_scope"
# Beside what links need of a row: which one it is.
ROW: Final = "row_id"
DAYS: Final = "fold_days"
PEOPLE: Final = "fold_people"
UNTYPED: Final = "polso_untyped"
DEEP: Final = 10_000
# What only the log reads (key, content hash, batch) no fold sees: Spark has no such integers.
EVENT_SCHEMA: Final = {column.name: column.type for column in kinds.SOURCE_COLUMNS}


@dataclass(frozen=True, slots=True)
class Step:
    """One table to make: its name and the text that makes it."""

    name: str
    sql: str


@dataclass(frozen=True)
class Plan:
    """Steps in order: `fold` reads the scopes, the days and the people; `link` reads folded rows.

    link: fact -> text over the `folded` tables, for facts with a second pass over people; relink: fact -> the same
    over the `whole` tables, which have ROW and what links read and give ROW and the linked columns.
    """

    fold: tuple[Step, ...]
    link: Mapping[str, str]
    relink: Mapping[str, str] = field(default_factory=dict)

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it makes, in order."""
        return tuple(
            name
            for step in self.fold
            if (name := step.name.removeprefix("folded_")) != step.name and name in FACTS
        )

    @cached_property
    def done(self) -> tuple[tuple[str, ...], ...]:
        """Per step, the intermediate tables that nobody reads after it: a fold need not hold them all at once."""
        inner = [step.name for step in self.fold if step.name.removeprefix("folded_") not in self.facts]
        last = {
            n: max(i for i, s in enumerate(self.fold) if s.name == n or re.search(rf"\b{n}\b", s.sql))
            for n in inner
        }
        return tuple(tuple(name for name in inner if last[name] == place) for place in range(len(self.fold)))


def folded(name: str) -> str:
    """The scratch table of a fact's rows before the second pass."""
    return f"folded_{name}"


def whole(name: str) -> str:
    """The scratch table of all rows of some people, as the second pass reads them."""
    return f"whole_{name}"


def scope_of(fact: Fact) -> str:
    """The scratch table or view of the events that a fact is folded from: whole keys, and what else may be there."""
    return SCOPE if fact.key is TICKET_KEY else f"{SCOPE}_{fact.name}"


def schema_of(fact: Fact, config: Config, *, linked: bool) -> dict[str, str]:
    """A fact's column types, with or without what the second pass adds."""
    return {c.name: c.type for c in fact.all_columns(config.dimensions) if linked or not c.linked}


class Maker:
    """Turns folds into steps for one engine and one set of rules."""

    def __init__(self, engine: Engine, config: Config, days: Mapping[str, str]) -> None:
        self.engine, self.config = engine, config
        self.days = ibis.table(dict(days), name=DAYS)
        self.steps: list[Step] = []

    def keep(self, name: str, rows: Table, types: Mapping[str, str] | None = None) -> Table:
        """Note a step; the table that later steps read, known only by name and types."""
        text = self.engine.sql(rows)
        self.steps.append(Step(name, self.typed(text, types) if types else text))
        return ibis.table(dict(types) if types else rows.schema(), name=name)

    def typed(self, text: str, types: Mapping[str, str]) -> str:
        """A text whose columns are cast for certain: ibis takes a sum for int64 where engines make it wider, and
        leaves such casts out.
        """
        untyped = ibis.table(dict.fromkeys(types, UNKNOWN), name=UNTYPED)
        cast = untyped.select(**{name: untyped[name].cast(type_) for name, type_ in types.items()})
        return f"WITH {UNTYPED} AS ({text}) {self.engine.sql(cast)}"

    def fold(self) -> tuple[Step, ...]:
        """All steps from the scope of events to the rows of every fact."""
        seen = normalised(ibis.table(EVENT_SCHEMA, name=SCOPE))
        shared: dict[str, Table] = {}
        context = Context(
            self.config.dimensions, self.config.reopen_on, self.config.target, self.keep, shared
        )
        own = of_tickets(seen)
        shared["anchors"] = self.keep("fold_anchors", anchors(own, context))
        shared["clients"] = shared["anchors"].select(*TICKET, "client", "left_out", "is_counted")
        shared["people"] = ibis.table(
            {"client": "string", "alias": "string", "person": "string"}, name=PEOPLE
        )
        shared["history"] = self.keep("fold_history", history(seen, context))
        shared["spells"] = self.keep("fold_spells", spells(seen, context))
        shared["turns"] = self.keep("fold_turns", turns(seen, context))
        for fact in FACTS.values():
            rows = self.with_spans(fact.fold(_read_by(fact), context), fact)
            types = schema_of(fact, self.config, linked=False)
            shared[fact.name] = self.keep(folded(fact.name), rows.select(*types), types)
        return tuple(self.steps)

    def with_spans(self, rows: Table, fact: Fact) -> Table:
        """Add each span's calendar and business duration; a negative one has no business time."""
        if not fact.spans:
            return rows
        placed = rows.mutate(**{CALENDAR: calendar_of(self.config, rows)})
        pairs = {f"{s.name}_business_us": (s.start, s.end) for s in fact.spans}
        timed = with_business(placed, pairs, CALENDAR, self.days)
        made = {}
        for s in fact.spans:
            elapsed = micros_between(timed[s.start], timed[s.end])
            made[f"{s.name}_us"] = elapsed
            open_time = timed[f"{s.name}_business_us"]
            made[f"{s.name}_business_us"] = ibis.ifelse(elapsed < 0, ibis.null("int64"), open_time)
        spanned = timed.mutate(**made)
        return fact.finish(spanned, CALENDAR, self.days) if fact.finish else spanned

    def link(self) -> dict[str, str]:
        """The second pass of every linked fact, over folded rows of whole people."""
        linked = [fact for fact in FACTS.values() if fact.link]
        given = {folded(fact.name): schema_of(fact, self.config, linked=False) for fact in linked}
        return self.links(given, {fact.name: schema_of(fact, self.config, linked=True) for fact in linked})

    def relink(self) -> dict[str, str]:
        """The second pass over the columns that it reads, for the columns that it makes."""
        given, made = {}, {}
        for fact in FACTS.values():
            if fact.link:
                types = {c.name: c.type for c in fact.columns}
                given[whole(fact.name)] = {ROW: "int64"} | {name: types[name] for name in fact.link_reads}
                made[fact.name] = {ROW: "int64"} | {c.name: c.type for c in fact.columns if c.linked}
        return self.links(given, made)

    def links(
        self, given: Mapping[str, Mapping[str, str]], made: Mapping[str, Mapping[str, str]]
    ) -> dict[str, str]:
        """Fact -> the text of its second pass, from tables of these types (one a fact, in order) to these columns."""
        identities = ibis.table({"client": "string", "alias": "string", "person": "string"}, name=PEOPLE)
        known = {
            fact: with_person(ibis.table(dict(types), name=name), identities)
            for fact, (name, types) in zip(made, given.items(), strict=True)
        }
        texts = {}
        for name, types in made.items():
            link = FACTS[name].link
            rows = link(known[name], known) if link else known[name]
            texts[name] = self.typed(self.engine.sql(rows.select(*types)), types)
        return texts


def _read_by(fact: Fact) -> Table:
    events = normalised(ibis.table(EVENT_SCHEMA, name=scope_of(fact)))
    return events.filter(events.kind.isin(list(fact.key.kinds))) if fact.key.kinds else events


def people_of(events: Table) -> Table:
    """Who is who, from the whole log."""
    return people(normalised(events))


def calendar_of(config: Config, rows: Table) -> StringValue:
    """The name of each row's calendar: the first rule that matches, else the first calendar of polso.toml."""
    default = config.calendar[0].name if config.calendar else ALWAYS
    branches = [(_matches(rule, rows), ibis.literal(rule.calendar)) for rule in config.calendar_rule]
    return ibis.cases(*branches, else_=default) if branches else ibis.literal(default)


def calendar_named(config: Config, row: Mapping[str, object]) -> str:
    """The name of one stored row's calendar, by the same rules as `calendar_of`."""
    for rule in config.calendar_rule:
        wanted = ((row.get(name), [v] if isinstance(v, str) else list(v)) for name, v in rule.when.items())
        if all(value in values for value, values in wanted):
            return rule.calendar
    return config.calendar[0].name if config.calendar else ALWAYS


def _matches(rule: CalendarRule, rows: Table) -> BooleanValue:
    condition = ibis.literal(True)
    for name, wanted in rule.when.items():
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        condition &= rows[name].isin(values).fill_null(False) if name in rows.columns else ibis.literal(False)
    return condition


PLAN: Final = "fold_plan"
_PLANS: dict[str, Plan] = {}


def plan(engine: Engine, config: Config, days: Table, rules: str) -> Plan:
    """The plan for these rules and this shape of day table: made once, then kept in the store."""
    shape = [(name, str(type_)) for name, type_ in days.schema().items()]
    key = fingerprint([engine.name, rules, shape])
    if key not in _PLANS:
        _PLANS[key] = _recalled(engine, key) or _made(engine, config, dict(shape))
    _remember(engine, key, _PLANS[key])
    return _PLANS[key]


def _made(engine: Engine, config: Config, days: Mapping[str, str]) -> Plan:
    fused, deepest = ibis.options.sql.fuse_selects, sys.getrecursionlimit()
    # Merging selects makes shorter text and takes most of the time of translating; engines merge them anyway.
    ibis.options.sql.fuse_selects = False
    # A text is written by descending into it, some 900 calls deep: whoever calls from a deep stack gets an error.
    sys.setrecursionlimit(max(deepest, DEEP))
    try:
        maker = Maker(engine, config, days)
        return Plan(maker.fold(), maker.link(), maker.relink())
    finally:
        ibis.options.sql.fuse_selects = fused
        sys.setrecursionlimit(deepest)


def _recalled(engine: Engine, key: str) -> Plan | None:
    if PLAN not in engine.tables():
        return None
    rows = engine.collect(engine.table(PLAN).order_by("place")).to_pylist()
    kept = [row for row in rows if row["key"] == key]
    folds = tuple(Step(row["name"], row["sql"]) for row in kept if row["stage"] == "fold")
    link, relink = (
        {row["name"]: row["sql"] for row in kept if row["stage"] == stage} for stage in ("link", "relink")
    )
    return Plan(folds, link, relink) if folds else None


def _remember(engine: Engine, key: str, made: Plan) -> None:
    if (
        PLAN in engine.tables()
        and engine.collect(engine.table(PLAN).filter(lambda t: t.key == key).limit(1)).num_rows
    ):
        return
    steps = [("fold", step.name, step.sql) for step in made.fold]
    steps += [("link", *item) for item in made.link.items()]
    steps += [("relink", *item) for item in made.relink.items()]
    rows = [
        {"key": key, "place": place, "stage": stage, "name": name, "sql": sql}
        for place, (stage, name, sql) in enumerate(steps)
    ]
    engine.create(PLAN, pa.Table.from_pylist(rows))
