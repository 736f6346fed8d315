"""What new events touch: the keys to fold again, and all events of each.

Rule kept here: events are found by narrow columns first and read whole by their place in the log, so a day costs what
it touches. Facts are kept up by DuckDB alone, and translating expressions would take longer than running them, so most
of this module speaks SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polso.engine import NAMES, DuckDB
from polso.events import log
from polso.facts import FACTS, restart
from polso.facts.fact import SURVEY, TICKET, TICKET_KEY, WORK, normalised, recorded
from polso.facts.plan import SCOPE, scope_of
from polso.facts.states import STATES

# The new events, as folds see them, and the keys that they touch.
CHANGED: Final = "fold_changed"
TOUCHED: Final = "fold_touched"
# Events that may belong to a touched ticket, and their places in the log.
FOUND: Final = "fold_found"
FOUND_AT: Final = "fold_found_at"


def find(engine: DuckDB, batch: int) -> dict[str, str]:
    """Make the scratch tables of what commits after `batch` brought, and of the keys it touches: fact -> that table."""
    events, lost = engine.table(log.EVENTS), engine.table(log.SUPERSEDED)
    # New events, and those that lost to one: both tell which keys to fold again.
    changed = events.filter(events.batch > batch).union(
        lost.filter(lost.superseded_in > batch).drop("superseded_in")
    )
    engine.scratch(CHANGED, normalised(changed))
    return {name: _keys(engine, name, batch) for name in FACTS}


def covered(name: str, rows: str, keys: str) -> str:
    """SQL: whether a row of a fact belongs to a touched key."""
    if name == STATES.name:
        return restart.covers(rows, keys)
    return " AND ".join(f"{rows}.{column} = {keys}.{column}" for column in FACTS[name].key.columns)


def made(name: str, table: str, keys: str) -> str:
    """SQL: what a fold made of a fact's touched keys."""
    if name != STATES.name:
        return f"SELECT * FROM {table}"
    # Of what was said before a cut it made states too, which are there already.
    return f"SELECT f.* FROM {table} AS f SEMI JOIN {keys} AS k ON {covered(name, 'f', 'k')}"


def clean(engine: DuckDB, keys: Mapping[str, str]) -> None:
    """Let go of what that left in scratch."""
    for name in {CHANGED, FOUND, FOUND_AT, *keys.values()}:
        engine.drop(name)
    restart.clean(engine)


def _keys(engine: DuckDB, name: str, batch: int) -> str:
    """Make the scratch table of a fact's keys to be replaced, under the fact's own column names; the table's name."""
    key = FACTS[name].key
    table = TOUCHED if key is TICKET_KEY else f"{TOUCHED}_{name}"
    if name == STATES.name:
        restart.find(engine, CHANGED, batch, table)
        return table
    if key is TICKET_KEY and name != "tickets":
        return table
    listed = ", ".join(f"'{kind}'" for kind in key.kinds)
    of_kind = f"kind IN ({listed})" if listed else "ticket_id IS NOT NULL"
    columns = ", ".join(f"{event} AS {fact}" for fact, event in key.columns.items())
    engine.scratch_sql(table, f"SELECT DISTINCT {columns} FROM {CHANGED} WHERE {of_kind}")
    return table


def scope(engine: DuckDB, keys: Mapping[str, str]) -> None:
    """All events of every touched key, for each kind of key apart."""
    _scope_of_tickets(engine)
    changed, events = engine.table(CHANGED), engine.table(log.EVENTS)
    for name, fact in FACTS.items():
        if scope_of(fact) == SCOPE:
            continue
        if not engine.run(f"SELECT 1 FROM {keys[name]} LIMIT 1"):
            engine.scratch_view(scope_of(fact), recorded(changed, events.columns).limit(0))
        elif name == STATES.name:
            restart.scope(engine, keys[name], scope_of(fact))
        else:
            seen = normalised(events.filter(events.kind.isin(list(fact.key.kinds))))
            wanted = engine.table(keys[name]).rename({event: own for own, event in fact.key.columns.items()})
            mine = seen.semi_join(wanted, list(fact.key.columns.values()))
            engine.scratch(scope_of(fact), recorded(mine, events.columns))


def _scope_of_tickets(engine: DuckDB) -> None:
    """First all events that may belong to a touched ticket by one of their names, then those that do."""
    ids = f"SELECT ticket_id FROM {TOUCHED}"
    wanted = (
        f"ticket_id IN ({ids})",
        f"ticket_id IS NULL AND contact_id IN ({ids})",
        f"ticket_id IS NULL AND kind IN ('survey_sent', 'rated')"
        f" AND '{SURVEY}' || coalesce(subject_id, event_id) IN ({ids})",
        f"ticket_id IS NULL AND kind = 'work' AND '{WORK}' || event_id IN ({ids})",
    )
    places = " UNION ALL ".join(f"SELECT rowid FROM {log.EVENTS} WHERE {condition}" for condition in wanted)
    with engine.looking_up(NAMES):
        engine.scratch_sql(FOUND_AT, places)
    engine.scratch_sql(FOUND, f"FROM {log.EVENTS} WHERE rowid IN (FROM {FOUND_AT})")
    mine = normalised(engine.table(FOUND)).semi_join(engine.table(TOUCHED), list(TICKET))
    engine.scratch(SCOPE, recorded(mine, engine.table(log.EVENTS).columns))
