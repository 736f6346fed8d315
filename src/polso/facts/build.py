"""Building the facts: fold everything once, then only the keys that new events touch.

Rule kept here: a fact's rows and the batch they speak for are committed together, so a fold that was
cut short is taken up again and never counted twice; a changed rule rebuilds. What leads there runs before the
transaction: DuckDB reads what a transaction itself has made on one core alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from zoneinfo import TZPATH

from polso.calendar import Calendar, day_table, span
from polso.calendar.configured import configured
from polso.config import CalendarSettings, Config, fingerprint
from polso.engine import PLACES, DuckDB, Engine, IntegerValue, Table, ibis
from polso.events import log
from polso.facts import FACTS, differing, relink, touched
from polso.facts.fact import TICKET, normalised, recorded
from polso.facts.plan import ALWAYS, DAYS, PEOPLE, SCOPE, Plan, folded, people_of, plan, scope_of
from polso.facts.sla import reach

STATE = "fold_state"
# Facts that are being made anew stand under this prefix until all of them take their places at once.
NEXT = "next_"
# Scratch tables of a fold take about 600 bytes an event: what two cores and 8 GB of memory bear.
EVENTS_PER_BUCKET = 6_000_000
Progress = Callable[[str, int, int], None]


@cache
def code_fingerprint() -> str:
    """Changes when the code that makes facts changes."""
    package = Path(__file__).parents[1]
    texts = [
        p.read_bytes() for folder in ("facts", "calendar") for p in sorted((package / folder).glob("*.py"))
    ]
    return hashlib.sha256(b"".join(texts)).hexdigest()[:16]


def rules_fingerprint(config: Config) -> str:
    """Changes when anything that shapes a fact row changes: code, settings, zone data or holiday data."""
    settings = config.model_dump(
        mode="json", include={"calendar", "calendar_rule", "dimensions", "reopen_on", "target"}
    )
    data = (version("tzdata"), version("holidays"), TZPATH)
    return fingerprint([code_fingerprint(), settings, config.project.zone, config.project.client, data])


def calendars(config: Config) -> tuple[Calendar, ...]:
    """The project's calendars; one that is always open where it has none."""
    made = tuple(configured(settings, config.project.zone) for settings in config.calendar)
    return made or (configured(CalendarSettings(name=ALWAYS, always=True), config.project.zone),)


def prepare(engine: Engine, events: Table, config: Config) -> Plan:
    """Make the tables a fold reads besides its scope (days, people), and the plan for them."""
    ends = engine.collect(
        events.aggregate(first=events.occurred_at.min(), last=events.occurred_at.max())
    ).to_pylist()[0]
    any_day = datetime(2000, 1, 1, tzinfo=UTC)
    first, last = ((ends[end] or any_day).replace(tzinfo=UTC) for end in ("first", "last"))
    days = engine.scratch(DAYS, day_table(calendars(config), *span(first, last + reach(config.target))))
    engine.scratch(PEOPLE, people_of(events))
    return plan(engine, config, days, rules_fingerprint(config))


def fold(engine: Engine, steps: Plan, *, into: str | None = None, progress: Progress | None = None) -> None:
    """Run the fold: from the scopes of the facts to one scratch table a fact, `folded(name)`.

    With `into`, facts without a second pass are stored at once, in the order of their clock, each under its name after
    this prefix, and only seen in scratch.
    """
    for place, step in enumerate(steps.fold):
        name = step.name.removeprefix("folded_")
        if progress:
            progress(name, place, len(steps.fold))
        if into is not None and name in steps.facts and name not in steps.link:
            engine.create_sql(into + name, step.sql, order_by=FACTS[name].clock)
            engine.scratch_view(step.name, engine.table(into + name))
        else:
            engine.scratch_sql(step.name, step.sql)
        for name in steps.done[place]:
            engine.drop(name)


def clean(engine: Engine, steps: Plan) -> None:
    """Let go of what a fold left in scratch."""
    scopes = {scope_of(fact) for fact in FACTS.values()}
    for name in (*scopes - {SCOPE}, SCOPE, DAYS, PEOPLE, *(step.name for step in steps.fold)):
        engine.drop(name)


def _scopes(engine: Engine, events: Table) -> None:
    """Let every fact that is not folded from tickets read from these events."""
    for fact in FACTS.values():
        if scope_of(fact) != SCOPE:
            engine.scratch_view(scope_of(fact), events)


def rebuild(
    engine: Engine,
    events: Table,
    config: Config,
    *,
    into: str = "",
    buckets: int = 1,
    progress: Progress | None = None,
) -> None:
    """Fold all events and store every fact anew; see `store`."""
    store(engine, prepare(engine, events, config), events, into=into, buckets=buckets, progress=progress)


def store(
    engine: Engine,
    steps: Plan,
    events: Table,
    *,
    into: str = "",
    buckets: int = 1,
    progress: Progress | None = None,
) -> None:
    """Run a plan on all events and store its facts anew, each written in the order of its clock.

    into: what comes before the names of the facts. With several buckets the keys are folded one part after the
    other: memory holds one part's scratch tables.
    """
    if buckets == 1:
        engine.scratch_view(SCOPE, events)
        _scopes(engine, events)
        fold(engine, steps, into=into, progress=progress)
    else:
        _in_buckets(engine, steps, events, buckets, progress)
    for name in steps.link if buckets == 1 else steps.facts:
        text = steps.link.get(name) or f"SELECT * FROM {folded(name)}"
        engine.create_sql(into + name, text, order_by=FACTS[name].clock)
    clean(engine, steps)
    for name in steps.facts if buckets > 1 else ():
        engine.drop(_parted(name))


def _parted(name: str) -> str:
    """The stored table in which the buckets' rows of a fact come together."""
    return f"parted_{name}"


def _in_buckets(engine: Engine, steps: Plan, events: Table, buckets: int, progress: Progress | None) -> None:
    """Fold bucket by bucket; in the end `folded(name)` shows the rows of all of them."""
    for bucket in range(buckets):
        _scopes(engine, engine.scratch(SCOPE, _events_of(events, bucket, buckets)))
        fold(engine, steps, progress=progress)
        for name in steps.facts:
            rows = engine.table(folded(name))
            # An event read for one key may be a part of another's, in another bucket: whole keys only.
            mine = rows.filter(_bucket(rows, FACTS[name].key.columns, buckets) == bucket)
            if bucket:
                engine.append(_parted(name), mine)
            else:
                engine.create(_parted(name), mine)
            engine.drop(folded(name))
    for name in steps.facts:
        engine.scratch_view(folded(name), engine.table(_parted(name)))


def _events_of(events: Table, bucket: int, buckets: int) -> Table:
    """All events of the keys of a bucket, each once."""
    seen = normalised(events)
    wanted = seen.ticket_id.notnull() & (_bucket(seen, TICKET, buckets) == bucket)
    for key in {fact.key.kinds: fact.key for fact in FACTS.values() if fact.key.kinds}.values():
        wanted |= seen.kind.isin(list(key.kinds)) & (_bucket(seen, key.columns.values(), buckets) == bucket)
    return recorded(seen.filter(wanted), events.columns)


def _bucket(rows: Table, columns: Iterable[str], buckets: int) -> IntegerValue:
    """Which bucket a key falls into. The engine's own hash will do: buckets change no row, only the order of work."""
    key = ibis.literal("/").join([rows[name].fill_null("") for name in columns])
    return key.hash().abs() % buckets


def build(engine: DuckDB, config: Config, *, progress: Progress | None = None) -> bool:
    """Bring the facts up to the log: a full fold where rules changed or none was made, else touched keys only.

    Returns whether everything was folded anew.
    """
    engine.run(f"CREATE TABLE IF NOT EXISTS {STATE} (fact VARCHAR, batch BIGINT, fingerprint VARCHAR)")
    newest = log.last_batch(engine)
    rules = rules_fingerprint(config)
    state = {
        fact: (batch, print_)
        for fact, batch, print_ in engine.run(f"SELECT fact, batch, fingerprint FROM {STATE}")
    }
    behind = {batch for batch, _ in state.values()}
    current = (
        set(state) == set(FACTS) and all(print_ == rules for _, print_ in state.values()) and len(behind) == 1
    )
    if current and behind == {newest}:
        return False
    if not current:
        ((events,),) = engine.run(f"SELECT count(*) FROM {log.EVENTS}")
        buckets = max(1, round(events / EVENTS_PER_BUCKET))
        rebuild(engine, engine.table(log.EVENTS), config, into=NEXT, buckets=buckets, progress=progress)
        with engine.transaction():
            for name in FACTS:
                engine.replace(name, NEXT + name)
            # Stores of earlier versions keep events of some tickets there, which would outlive their source.
            engine.drop("hot")
            _note(engine, newest, rules)
    else:
        with engine.looking_up(PLACES):
            refold(engine, config, min(behind), (newest, rules), progress=progress)
    return not current


def _note(engine: DuckDB, batch: int, rules: str) -> None:
    """Write down up to which batch, and by which rules, the facts speak."""
    engine.run(f"DELETE FROM {STATE}")
    for name in FACTS:
        engine.run(f"INSERT INTO {STATE} VALUES (?, ?, ?)", [name, batch, rules])


def refold(
    engine: DuckDB, config: Config, batch: int, reached: tuple[int, str], *, progress: Progress | None = None
) -> None:
    """Fold again only the keys that commits after `batch` touch, and the people they belong to.

    reached: the batch, and the rules, that the facts speak for when it is done.
    """
    steps = prepare(engine, engine.table(log.EVENTS), config)
    keys = touched.find(engine, batch)
    touched.scope(engine, keys)
    fold(engine, steps, progress=progress)
    linked = relink.relink(engine, steps, touched.CHANGED, keys)
    moved = [name for name in FACTS if engine.run(f"SELECT 1 FROM {keys[name]} LIMIT 1")]
    for name in moved:
        table = relink.relinked(name) if name in linked else folded(name)
        made = touched.made(name, table, keys[name])
        differing.find(engine, name, made, keys[name], touched.covered(name, "t", "k"))
    with engine.transaction():
        for name in moved:
            differing.replace(engine, name)
        for name in linked:
            relink.renew(engine, name)
        _note(engine, *reached)
    clean(engine, steps)
    relink.clean(engine, steps)
    touched.clean(engine, keys)
    for name in moved:
        engine.drop(differing.differing(name))
