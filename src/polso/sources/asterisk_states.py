"""What Asterisk's agents are doing: their states after each line that changes one.

Rule kept here: an agent is offline only after leaving the last queue joined, and handling from CONNECT on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polso.sources.lines import Rule, listed, renamed

JOINS: Final = ("ADDMEMBER", "AGENTLOGIN", "AGENTCALLBACKLOGIN")
GOES: Final = ("REMOVEMEMBER", "AGENTLOGOFF", "AGENTCALLBACKLOGOFF")
PAUSES: Final = ("PAUSE", "PAUSEALL")
UNPAUSES: Final = ("UNPAUSE", "UNPAUSEALL")
AGENTS: Final = (*JOINS, *GOES, *PAUSES, *UNPAUSES)


def states(
    agents: Mapping[str, str], queues: Mapping[str, str], pauses: Mapping[str, str], ends: tuple[str, ...]
) -> str:
    """SQL of one row a line that changes what an agent is doing, with the state after it."""
    reasons = {reason.lower(): state for reason, state in pauses.items()}
    return f"""
        WITH moves AS (
            SELECT line, queue_id, call, instant, event, data,
                row_number() OVER (PARTITION BY text ORDER BY line) AS copy,
                {renamed("member", agents)} AS agent, {renamed("queue_id", queues)} AS queue,
                CASE WHEN event IN ({listed(JOINS)}) THEN true
                     WHEN event IN ({listed(GOES)}) THEN false END AS joins
            FROM queue_fields
            WHERE NOT skipped AND reason IS NULL AND member <> 'NONE'
                AND line NOT IN (SELECT line FROM queue_calls WHERE problem IS NOT NULL)
                AND event IN ({listed((*AGENTS, "CONNECT", *ends))})),
        remembered AS (
            SELECT *, coalesce(lag(joins) OVER membership, false) AS was FROM moves
            WINDOW membership AS (PARTITION BY agent, queue_id, joins IS NULL ORDER BY instant, line)),
        counted AS (
            SELECT *, CASE WHEN joins AND NOT was THEN 1 WHEN NOT joins AND was THEN -1 ELSE 0 END AS step
            FROM remembered),
        summed AS (
            SELECT *, coalesce(NOT joins, false) AND sum(step) OVER past <= 0 AS gone FROM counted
            WINDOW past AS (PARTITION BY agent ORDER BY instant, line)),
        flagged AS (
            SELECT *,
                last_value(CASE WHEN gone THEN 'offline' WHEN joins IS NOT NULL THEN 'on' END IGNORE NULLS)
                    OVER past AS desk,
                last_value(CASE
                    WHEN event IN ({listed(PAUSES)}) THEN {renamed("lower(data[1])", reasons, "'break'")}
                    WHEN gone OR event IN ({listed(UNPAUSES)}) THEN 'available' END IGNORE NULLS)
                    OVER past AS rest,
                last_value(CASE
                    WHEN event = 'CONNECT' THEN true
                    WHEN gone OR event IN ({listed(ends)}) THEN false END IGNORE NULLS)
                    OVER past AS busy,
                last_value(CASE WHEN joins AND queue_id <> 'NONE' THEN queue END IGNORE NULLS)
                    OVER past AS home,
                row_number() OVER (PARTITION BY agent, instant ORDER BY line) - 1 AS place
            FROM summed WINDOW past AS (PARTITION BY agent ORDER BY instant, line))
        SELECT line, line AS row, agent, instant, event, queue_id, call, copy, place,
            coalesce(home, nullif(queue, 'NONE')) AS team,
            CASE WHEN busy THEN 'handling' WHEN desk = 'offline' THEN desk
                 ELSE coalesce(rest, 'available') END AS state,
            NULL AS problem
        FROM flagged"""


STATE: Final[Rule] = ("true", {
    "event_id": "concat_ws('/', agent, event, queue_id, call, epoch_ms(instant), copy)",
    "occurred_at": "instant", "seq": "place", "kind": "'state'", "actor_kind": "'agent'",
    "actor_id": "agent", "team": "team", "value": "state",
})  # fmt: skip
