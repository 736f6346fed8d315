"""Restarting: folding an agent's states again from shortly before the first change, not from their first day.

Rule kept here: whatever cannot be shown to leave an agent's earlier states as they are has them folded from the first
event on. Shown is it for an instant at which a stored state begins, that comes before every change and before every
call that a change is part of, and that no call reaches across: what an agent did before it is then settled, and what
it leaves behind are the state and the home team last said. Facts are kept up by DuckDB alone: this module speaks SQL.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from polso.engine import DuckDB
from polso.events import log
from polso.facts.stages import HANDLING
from polso.facts.states import HANDLES, STATES

# How long before the first change a state to restart at is looked for.
BEFORE: Final = timedelta(days=14)
MOVED: Final = "restart_moved"
NEAR: Final = "restart_near"
SAID: Final = "restart_said"
CALLS: Final = "restart_calls"
PLACES: Final = "restart_places"

_KINDS: Final = ", ".join(f"'{kind}'" for kind in STATES.key.kinds)
_OWN: Final = f"kind IN ({_KINDS}) AND coalesce(actor_kind, 'agent') = 'agent' AND actor_id IS NOT NULL"
_STAGES: Final = ", ".join(f"'{stage}'" for stage in HANDLING)
_IS_CALL: Final = f"kind IN ('entered', 'left') AND stage IN ({_STAGES})"
_IS_SAID: Final = "kind IN ('state', 'scheduled')"
_ORDER: Final = "(occurred_at, seq, event_id, source)"
# The first event on: before every instant.
_FIRST: Final = "TIMESTAMP '-infinity'"


def find(engine: DuckDB, changed: str, batch: int, cuts: str) -> None:
    """Make the scratch table of clients and agents to fold again: each with the instant from which on.

    changed: the table of what commits after `batch` brought or took away.
    """
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {MOVED} AS SELECT client, actor_id, contact_id, seq, event_id, source, kind,"
        f" value, team, occurred_at, {_IS_CALL} AS is_call FROM {changed} WHERE {_OWN} AND ({_IS_CALL} OR {_IS_SAID})"
    )
    ((first,),) = engine.run(f"SELECT min(occurred_at) FROM {MOVED}")
    if first is None:
        none = f"SELECT client, actor_id AS agent, occurred_at AS cut FROM {MOVED}"
        engine.run(f"CREATE OR REPLACE TEMP TABLE {cuts} AS {none}")
        return
    floor = f"TIMESTAMP '{first - BEFORE}'"
    _read(engine, floor)
    engine.run(f"CREATE OR REPLACE TEMP TABLE {cuts} AS {_cuts(batch, floor)}")


def scope(engine: DuckDB, cuts: str, name: str) -> None:
    """Make the scratch table of events to fold: those from the cuts on, and the words that were in force there."""
    wanted = f"SELECT e.rowid AS place FROM {log.EVENTS} AS e JOIN {cuts} AS k ON {_same('e', 'k')}"
    ((floor,),) = engine.run(f"SELECT min(cut) FROM {cuts} WHERE cut > {_FIRST}")
    parts = [f"{wanted} WHERE {_OWN} AND k.cut = {_FIRST}"]
    if floor is not None:
        since = f"k.cut > {_FIRST} AND e.occurred_at >= k.cut AND e.occurred_at >= TIMESTAMP '{floor}'"
        parts += [f"{wanted} WHERE {_OWN} AND {since}", _words(cuts)]
    engine.run(f"CREATE OR REPLACE TEMP TABLE {PLACES} AS {' UNION '.join(parts)}")
    # By place, so that of the many events few are read in all their columns.
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {log.EVENTS} WHERE rowid IN (SELECT place FROM {PLACES})"
    )


def covers(rows: str, cuts: str) -> str:
    """SQL: whether a row of states is one that is folded again."""
    return (
        f"{rows}.client IS NOT DISTINCT FROM {cuts}.client AND {rows}.agent = {cuts}.agent"
        f" AND {rows}.since >= {cuts}.cut"
    )


def clean(engine: DuckDB) -> None:
    """Let go of what that left in scratch."""
    for name in (MOVED, NEAR, SAID, CALLS, PLACES):
        engine.drop(name)


def _same(events: str, keys: str) -> str:
    return f"{events}.client IS NOT DISTINCT FROM {keys}.client AND {events}.actor_id = {keys}.agent"


def _read(engine: DuckDB, floor: str) -> None:
    """What the log has of those agents: all states and shifts, calls about and after the floor with their two ends."""
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {SAID} AS
        SELECT rowid AS place, client, actor_id, seq, event_id, source, kind, value, team, occurred_at, batch
        FROM {log.EVENTS} WHERE rowid IN (SELECT rowid FROM {log.EVENTS} WHERE {_IS_SAID})
            AND {_OWN} AND actor_id IN (SELECT actor_id FROM {MOVED})
        """
    )
    # With what a change took away: it once made the stored states.
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {NEAR} AS
        SELECT client, actor_id, contact_id, team, kind, occurred_at, false AS is_moved FROM {log.EVENTS}
            WHERE {_IS_CALL} AND {_OWN} AND occurred_at >= {floor} AND actor_id IN (SELECT actor_id FROM {MOVED})
        UNION ALL SELECT client, actor_id, contact_id, team, kind, occurred_at, true FROM {MOVED} WHERE is_call
        """
    )
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {CALLS} AS
        SELECT client, actor_id AS agent, min(occurred_at) AS began, max(occurred_at) AS ended, bool_or(is_moved) AS is_moved
        FROM (
            SELECT client, actor_id, contact_id, occurred_at, is_moved FROM {NEAR}
            UNION ALL SELECT client, actor_id, contact_id, occurred_at, false FROM {log.EVENTS}
                WHERE {_IS_CALL} AND {_OWN} AND occurred_at < {floor} AND contact_id IN (SELECT contact_id FROM {NEAR}))
        GROUP BY client, actor_id, contact_id HAVING max(occurred_at) >= {floor}
        """
    )


def _cuts(batch: int, floor: str) -> str:
    """SQL: for each client and agent with a change, the latest stored state at which to restart, if it is safe."""
    return f"""
    WITH moved AS (
        SELECT client, agent, min(since) AS first_at FROM (
            SELECT client, actor_id AS agent, occurred_at AS since FROM {MOVED}
            UNION ALL SELECT client, agent, began FROM {CALLS} WHERE is_moved)
        GROUP BY ALL),
    points AS (
        SELECT t.client, t.agent, t.since, true AS is_state, {_FIRST} AS ended
            FROM {STATES.name} AS t WHERE t.basis <> 'schedule' AND t.since >= {floor}
        UNION ALL SELECT client, agent, began, false, ended FROM {CALLS}),
    -- A call that begins at the instant itself does not reach across it.
    swept AS (
        SELECT *, max(ended) OVER (PARTITION BY client, agent ORDER BY since, is_state DESC ROWS UNBOUNDED PRECEDING) AS busy
        FROM points),
    restarts AS (
        SELECT m.client, m.agent, max(s.since) AS since FROM moved AS m
        JOIN swept AS s ON m.client IS NOT DISTINCT FROM s.client AND m.agent = s.agent
        WHERE s.is_state AND s.since < m.first_at AND s.busy < s.since GROUP BY ALL),
    unsure AS ({_unsure(batch, floor)})
    SELECT m.client, m.agent, CASE WHEN u.agent IS NULL THEN coalesce(r.since, {_FIRST}) ELSE {_FIRST} END AS cut
        FROM moved AS m
        LEFT JOIN restarts AS r ON m.client IS NOT DISTINCT FROM r.client AND m.agent = r.agent
        LEFT JOIN unsure AS u ON m.agent = u.agent
    UNION SELECT e.client, e.actor_id, {_FIRST} FROM {log.EVENTS} AS e SEMI JOIN unsure AS u ON e.actor_id = u.agent
        WHERE {_OWN}
    """


def _unsure(batch: int, floor: str) -> str:
    """SQL: agents of whom one thing said anywhere decides about all of their states, and may be said otherwise now."""
    return f"""
        -- Whether they ever recorded handling.
        SELECT actor_id AS agent FROM (
            SELECT actor_id, kind, value, batch FROM {SAID} UNION ALL SELECT actor_id, kind, value, NULL FROM {MOVED})
        WHERE kind = 'state' AND value = '{HANDLES}'
        GROUP BY actor_id HAVING coalesce(min(batch), {batch + 1}) > {batch}
        -- The first home team, where it also stands for the time before.
        UNION SELECT m.agent FROM moved AS m JOIN (
                SELECT client, actor_id, occurred_at FROM {SAID} WHERE team IS NOT NULL
                UNION ALL SELECT client, actor_id, occurred_at FROM {MOVED} WHERE NOT is_call AND team IS NOT NULL) AS s
            ON {_same("s", "m")} GROUP BY m.client, m.agent HAVING min(s.occurred_at) >= min(m.first_at)
        -- The queue of an earlier call, which a call without one keeps while no home team is known.
        UNION SELECT actor_id FROM (FROM {NEAR} WHERE kind = 'entered' AND team IS NULL) AS n
            ANTI JOIN (SELECT client, actor_id AS agent FROM {SAID} GROUP BY ALL
                HAVING count(team) > 0 AND min(occurred_at) FILTER (kind = 'state') < {floor}) AS h ON {_same("n", "h")}
            WHERE actor_id IN (SELECT agent FROM {STATES.name} WHERE basis = 'stages' AND team IS NOT NULL)
    """


def _words(cuts: str) -> str:
    """SQL: places of what was said before a cut and holds after it; the states it makes are there already.

    The last state, the last home team, the one in force at the last state, and the first of all, in force before any
    was named; and one word of handling, if any.
    """
    return f"""
    SELECT unnest([last_state, last_home, home_then, first_home]) FROM (
        SELECT arg_max(place, {_ORDER}) FILTER (kind = 'state') AS last_state,
               arg_max(place, {_ORDER}) FILTER (team IS NOT NULL) AS last_home,
               arg_min(place, {_ORDER}) FILTER (team IS NOT NULL) AS first_home,
               arg_max(home, {_ORDER}) FILTER (kind = 'state') AS home_then
        FROM (
            SELECT s.*, last_value(CASE WHEN team IS NOT NULL THEN place END IGNORE NULLS) OVER (
                PARTITION BY s.client, actor_id ORDER BY occurred_at, seq, event_id, source ROWS UNBOUNDED PRECEDING) AS home
            FROM {SAID} AS s JOIN {cuts} AS k ON {_same("s", "k")} AND s.occurred_at < k.cut)
        GROUP BY client, actor_id)
    UNION SELECT min(place) FROM {SAID} WHERE kind = 'state' AND value = '{HANDLES}' GROUP BY actor_id
    """
