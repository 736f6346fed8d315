"""Building the facts: fold everything once, then only the keys that new events touch.

Rule kept here: a fact's rows and the batch they speak for are committed together, so a fold that was
cut short is taken up again and never counted twice; a changed rule rebuilds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from importlib.metadata import version
from pathlib import Path
from zoneinfo import TZPATH

from polso.calendar import Calendar, day_table, span
from polso.calendar.configured import configured
from polso.calendar.position import with_business
from polso.config import CalendarRule, CalendarSettings, Config, fingerprint
from polso.engine import DuckDB, Engine, StringValue, Table, ibis, micros_between
from polso.events import log
from polso.facts import FACTS
from polso.facts.fact import TICKET, TICKET_KEY, Context, Fact, Key, normalised, of_tickets
from polso.facts.history import history
from polso.facts.people import PERSON, people, with_person
from polso.facts.replies import turns
from polso.facts.spells import spells

STATE = "fold_state"
HOT = "hot"
HOT_DAYS = 30
ALWAYS = "always"
CALENDAR = "calendar"
Progress = Callable[[str, int, int], None]
Write = Callable[[Fact, Table], None]


@dataclass(frozen=True, slots=True)
class Folded:
    """What a build did to one fact: rows written, and whether it started over."""

    fact: str
    rows: int
    rebuilt: bool


@cache
def code_fingerprint() -> str:
    """Changes when the code that makes facts changes."""
    package = Path(__file__).parents[1]
    texts = [p.read_bytes() for folder in ("facts", "calendar") for p in sorted((package / folder).glob("*.py"))]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16]


def rules_fingerprint(config: Config) -> str:
    """Changes when anything that shapes a fact row changes: code, settings, zone data or holiday data."""
    settings = config.model_dump(mode="json", include={"calendar", "calendar_rule", "dimensions", "reopen_on", "target"})
    data = (version("tzdata"), version("holidays"), TZPATH)
    return fingerprint([code_fingerprint(), settings, config.project.zone, config.project.client, data])


def calendars(config: Config) -> tuple[Calendar, ...]:
    """The project's calendars; one that is always open where it has none."""
    made = tuple(configured(settings, config.project.zone) for settings in config.calendar)
    return made or (configured(CalendarSettings(name=ALWAYS, always=True), config.project.zone),)


def calendar_of(config: Config, rows: Table) -> StringValue:
    """The name of each row's calendar: the first rule that matches, else the first calendar of polso.toml."""
    default = config.calendar[0].name if config.calendar else ALWAYS
    branches = [(_matches(rule, rows), ibis.literal(rule.calendar)) for rule in config.calendar_rule]
    return ibis.cases(*branches, else_=default) if branches else ibis.literal(default)


def _matches(rule: CalendarRule, rows: Table) -> ibis.expr.types.BooleanValue:
    condition = ibis.literal(True)
    for name, wanted in rule.when.items():
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        held = rows[name].isin(values).fill_null(False) if name in rows.columns else ibis.literal(False)
        condition &= held
    return condition


def fold(engine: Engine, events: Table, config: Config, write: Write, *, progress: Progress | None = None) -> None:
    """Fold events of whole keys into every fact, handing each fact's rows to `write`."""
    seen = normalised(events)
    extent = engine.collect(seen.aggregate(first=seen.occurred_at.min(), last=seen.occurred_at.max())).to_pylist()[0]
    if extent["first"] is None:
        for fact in FACTS.values():
            write(fact, _empty(fact, config))
        return
    days = engine.scratch("fold_days", day_table(calendars(config), *span(*(extent[end].replace(tzinfo=UTC) for end in ("first", "last")))))
    shared: dict[str, Table] = {}
    context = Context(config.dimensions, config.reopen_on, config.target, shared)
    own = of_tickets(seen)
    shared["clients"] = engine.scratch("fold_clients", own.group_by(*TICKET).aggregate(client=own.client.max()))
    shared["people"] = engine.scratch("fold_people", people(seen))
    for name, make in (("history", history), ("spells", spells)):
        shared[name] = engine.scratch(f"fold_{name}", make(seen, context))
    shared["turns"] = engine.scratch("fold_turns", turns(seen))
    for place, fact in enumerate(FACTS.values()):
        if progress:
            progress(fact.name, place, len(FACTS))
        rows = with_spans(fact.fold(_read_by(fact.key, seen), context), fact, config, days)
        columns = [c for c in fact.all_columns(config.dimensions) if not c.linked]
        typed = rows.select(**{c.name: rows[c.name].cast(c.type) for c in columns})
        shared[fact.name] = engine.scratch(f"folded_{fact.name}", typed)
    for fact in FACTS.values():
        write(fact, linked(fact, shared, shared["people"]))
    for name in [f"folded_{fact}" for fact in FACTS] + [f"fold_{n}" for n in ("days", "clients", "people", "history", "spells", "turns")]:
        engine.drop(name)


def _empty(fact: Fact, config: Config) -> Table:
    schema = ibis.schema({c.name: c.type for c in fact.all_columns(config.dimensions)})
    return ibis.memtable(schema.to_pyarrow().empty_table(), schema=schema)


def _read_by(key: Key, events: Table) -> Table:
    return events.filter(events.kind.isin(list(key.kinds))) if key.kinds else events


def with_spans(rows: Table, fact: Fact, config: Config, days: Table) -> Table:
    """Add each span's calendar and business duration; a negative one has no business time."""
    if not fact.spans:
        return rows
    placed = rows.mutate(**{CALENDAR: calendar_of(config, rows)})
    pairs = {f"{s.name}_business_us": (s.start, s.end) for s in fact.spans}
    timed = with_business(placed, pairs, CALENDAR, days)
    made = {}
    for s in fact.spans:
        elapsed = micros_between(timed[s.start], timed[s.end])
        made[f"{s.name}_us"] = elapsed
        made[f"{s.name}_business_us"] = ibis.ifelse(elapsed < 0, ibis.null("int64"), timed[f"{s.name}_business_us"])
    return timed.mutate(**made).drop(CALENDAR)


def linked(fact: Fact, tables: dict[str, Table], identities: Table) -> Table:
    """A fact's rows after the second pass over the people they belong to."""
    rows = tables[fact.name]
    if fact.link is None:
        return rows
    known = {name: with_person(table, identities) for name, table in tables.items() if name in FACTS and FACTS[name].link}
    return fact.link(known[fact.name], known)


def rebuild(engine: Engine, events: Table, config: Config, *, progress: Progress | None = None) -> None:
    """Fold all events and store every fact anew, written in the order of its clock."""

    def write(fact: Fact, rows: Table) -> None:
        engine.create(fact.name, rows.order_by(fact.clock))

    fold(engine, events, config, write, progress=progress)


def build(engine: DuckDB, config: Config, *, progress: Progress | None = None) -> bool:
    """Bring the facts up to the log: a full fold where rules changed or none was made, else touched keys only.

    Returns whether everything was folded anew.
    """
    engine.run(f"CREATE TABLE IF NOT EXISTS {STATE} (fact VARCHAR, batch BIGINT, fingerprint VARCHAR)")
    newest = log.last_batch(engine)
    rules = rules_fingerprint(config)
    state = {fact: (batch, print_) for fact, batch, print_ in engine.run(f"SELECT fact, batch, fingerprint FROM {STATE}")}
    behind = {batch for batch, _ in state.values()}
    current = set(state) == set(FACTS) and all(print_ == rules for _, print_ in state.values()) and len(behind) == 1
    with engine.transaction():
        if not current:
            rebuild(engine, engine.table(log.EVENTS), config, progress=progress)
            warm(engine)
        elif behind != {newest}:
            refold(engine, config, behind.pop(), progress=progress)
        engine.run(f"DELETE FROM {STATE}")
        for name in FACTS:
            engine.run(f"INSERT INTO {STATE} VALUES (?, ?, ?)", [name, newest, rules])
    return not current


def warm(engine: DuckDB) -> None:
    """Keep the events of tickets that are open or moved in the last 30 days in a table of their own."""
    engine.create(HOT, _of(normalised(engine.table(log.EVENTS)), _hot_tickets(engine)).drop("rank", "has_ticket"))


def _of(events: Table, tickets: Table) -> Table:
    return events.semi_join(tickets, list(TICKET))


def _hot_tickets(engine: DuckDB) -> Table:
    tickets = engine.table("tickets")
    newest = tickets.last_event_at.max().name("newest")
    since = tickets.aggregate(newest)
    joined = tickets.cross_join(since)
    recent = joined.last_event_at >= joined.newest - ibis.interval(days=HOT_DAYS)
    return joined.filter(joined.is_open | recent).select(*TICKET)
