"""Asterisk's queue_log: every call's way through its queues, and what the agents were doing.

Rule kept here: what a line says depends on the lines before it, never on later ones, so a log that grows
or rotates gives the same events again. One exception, the end of a call, has one id for all its readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from pydantic import field_validator

from polso.engine import DuckDB
from polso.errors import UnknownName
from polso.events.kinds import OUTCOMES, STATES
from polso.sources.asterisk_states import AGENTS, STATE, states
from polso.sources.lines import (
    INFERRED_AT,
    Rule,
    event_rows,
    explained,
    listed,
    quote,
    rejections,
    renamed,
    stage_lines,
    staged,
)
from polso.sources.source import Options, Origin, Reading, Source

SILENT: Final = ("QUEUESTART", "CONFIGRELOAD", "SYSCOMPAT", "INFO", "PENALTY")
ENTERS: Final = ("ENTERQUEUE", "JOINEMPTY", "FULL")
EXITS: Final = ("ABANDON", "EXITWITHTIMEOUT", "EXITWITHKEY", "EXITEMPTY", "JOINEMPTY", "FULL")
LEAVES: Final = ("CONNECT", *EXITS)
TRANSFERS: Final = ("TRANSFER", "BLINDTRANSFER", "ATTENDEDTRANSFER")
ENDS: Final = ("COMPLETEAGENT", "COMPLETECALLER", *TRANSFERS)
RINGS: Final = ("RINGNOANSWER", "RINGCANCELED", "AGENTDUMP")
CALLS: Final = tuple(dict.fromkeys(("DID", *ENTERS, *LEAVES, *ENDS, *RINGS)))
LONGEST: Final = 7 * 86400
LATEST: Final = 4102444800


class AsteriskOptions(Options):
    """[[source]] kind = "asterisk"."""

    epoch: datetime | None = None
    keys: Mapping[str, str] = {}
    pauses: Mapping[str, str] = {}
    queues: Mapping[str, str] = {}
    agents: Mapping[str, str] = {}
    anonymous: tuple[str, ...] = ("anonymous", "unknown", "unavailable", "private", "restricted", "withheld")
    completed_is_solved: bool = True
    ignore: tuple[str, ...] = ()

    @field_validator("keys")
    @classmethod
    def _outcomes(cls, keys: Mapping[str, str]) -> Mapping[str, str]:
        return _known(keys, "outcome", OUTCOMES)

    @field_validator("pauses")
    @classmethod
    def _states(cls, pauses: Mapping[str, str]) -> Mapping[str, str]:
        return _known(pauses, "state", STATES)


def _known(words: Mapping[str, str], what: str, known: tuple[str, ...]) -> Mapping[str, str]:
    for word in words.values():
        if word not in known:
            raise ValueError(str(UnknownName(what, word, known)))
    return words


class AsteriskSource(Source):
    """One queue_log file, plain or gzipped."""

    options: type[Options] = AsteriskOptions

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Stage the lines, fold the calls and the agents' states, and say both as events."""
        options = cast(AsteriskOptions, options)
        with explained(path):
            return self._read(engine, path, options, origin)

    def _read(self, engine: DuckDB, path: Path, options: AsteriskOptions, origin: Origin) -> Reading:
        lines = stage_lines(engine, path, "queue_lines")
        engine.run(f"CREATE OR REPLACE TEMP TABLE queue_fields AS {_fields(options)}")
        engine.run(f"CREATE OR REPLACE TEMP TABLE queue_calls AS {_calls(options)}")
        moves = states(options.agents, options.queues, options.pauses, ENDS)
        engine.run(f"CREATE OR REPLACE TEMP TABLE queue_states AS {moves}")
        call = event_rows("queue_calls", origin, CALL, _call_rules(options))
        state = event_rows("queue_states", origin, {}, (STATE,))
        engine.run(f"CREATE OR REPLACE TEMP TABLE queue_events AS {call} UNION ALL {state}")
        ((skipped,),) = engine.run("SELECT count(*) FROM queue_fields WHERE skipped")
        rejected = rejections(
            engine,
            "SELECT line, reason, coalesce(text, '') AS text FROM queue_fields"
            " WHERE NOT skipped AND reason IS NOT NULL",
        )
        return Reading(staged(engine, "queue_events"), lines, int(skipped), rejected, _warnings(engine, path))


def _fields(options: AsteriskOptions) -> str:
    """One row a line: its fields, whether it is skipped, why it cannot be read."""
    zero = options.epoch or datetime(1970, 1, 1, tzinfo=UTC)
    epoch = quote((zero.astimezone(UTC) if zero.tzinfo else zero).strftime("%Y-%m-%d %H:%M:%S.%f"))
    silent = listed((*SILENT, *options.ignore))
    words = listed((*CALLS, *AGENTS))
    return f"""
        WITH cut AS (
            SELECT line, text, string_split(text, '|') AS f, upper(trim(f[5])) AS event,
                   TRY_CAST(trim(f[1]) AS DECIMAL(30, 6)) AS seconds
            FROM queue_lines)
        SELECT line, text, event,
            nullif(trim(f[2]), '') AS call, trim(f[3]) AS queue_id, trim(f[4]) AS member,
            [trim(d) FOR d IN f[6:]] AS data,
            CASE WHEN seconds >= 0 AND seconds < {LATEST}
                 THEN TIMESTAMP {epoch} + to_microseconds((seconds * 1000000)::BIGINT) END AS instant,
            coalesce(trim(text) = '' OR event IN ({silent}), false) AS skipped,
            CASE WHEN text IS NULL THEN 'not UTF-8 text'
                 WHEN len(f) < 5 THEN 'fewer than five fields between |'
                 WHEN instant IS NULL THEN 'no instant: the first field is not seconds since 1970'
                 WHEN event NOT IN ({words})
                     THEN 'unknown event ' || event || ' (add it to `ignore` if it is your own)'
                 WHEN event IN ({listed(CALLS)}) AND (call IS NULL OR call IN ('NONE', 'REALTIME'))
                     THEN event || ' without a call'
                 WHEN event IN ({listed(AGENTS)}) AND member IN ('', 'NONE') THEN event || ' without an agent'
                 END AS reason
        FROM cut"""


def _seconds(expression: str, a_second: int = 1) -> str:
    """SQL of a whole number of seconds (or of their fractions) that a call can last; null otherwise."""
    number = f"TRY_CAST({expression} AS BIGINT)"
    return f"CASE WHEN {number} BETWEEN 0 AND {LONGEST * a_second} THEN {number} END"


def _calls(options: AsteriskOptions) -> str:
    """One row a line about a call, with what the lines before it said of the same call and visit."""
    anonymous = listed(word.lower() for word in options.anonymous)
    hold = (
        "CASE WHEN event IN ('CONNECT', 'COMPLETEAGENT', 'COMPLETECALLER') THEN data[1]"
        " WHEN event = 'EXITWITHKEY' THEN data[4] ELSE data[3] END"
    )
    talk = f"CASE WHEN NOT ends THEN NULL WHEN event IN ({listed(TRANSFERS)}) THEN data[4] ELSE data[2] END"
    return f"""
        WITH said AS (
            SELECT line, line AS row, text, event, call, queue_id, instant, data,
                {renamed("queue_id", options.queues)} AS team,
                nullif({renamed("member", options.agents)}, 'NONE') AS agent,
                event IN ({listed(ENTERS)}) AS enters, event IN ({listed(LEAVES)}) AS leaves,
                event IN ({listed(ENDS)}) AS ends,
                CASE WHEN event = 'ENTERQUEUE' AND lower(data[2]) NOT IN ({anonymous})
                     THEN nullif(data[2], '') END AS caller,
                {_seconds(hold)} AS hold, {_seconds(talk)} AS talk,
                CASE WHEN event = 'CONNECT' THEN 1000 * ({_seconds("data[3]")})
                     WHEN event IN ({listed(RINGS)})
                     THEN coalesce({_seconds("data[1]", 1000)}, 0) END AS rang_ms,
                row_number() OVER (PARTITION BY text ORDER BY line) AS copy
            FROM queue_fields WHERE NOT skipped AND reason IS NULL AND event IN ({listed(CALLS)})),
        placed AS (
            SELECT *, copy = 1 AND (enters OR leaves OR ends) AS moves,
                greatest(1, count(*) FILTER (enters AND copy = 1) OVER visits) AS nth,
                max(instant) FILTER (enters AND copy = 1) OVER visits AS entered_at,
                last_value(caller IGNORE NULLS) OVER calls AS customer,
                last_value(CASE WHEN enters AND copy = 1 THEN queue_id END IGNORE NULLS)
                    OVER earlier AS queue_before,
                last_value(CASE WHEN enters AND copy = 1 THEN team END IGNORE NULLS)
                    OVER earlier AS team_before,
                count(*) FILTER (copy = 1) OVER same_second - 1 AS place
            FROM said
            WINDOW calls AS (PARTITION BY call ORDER BY instant, line),
                earlier AS (PARTITION BY call ORDER BY instant, line
                    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
                visits AS (PARTITION BY call, queue_id ORDER BY instant, line),
                same_second AS (PARTITION BY call, instant ORDER BY line)),
        paired AS (
            SELECT *, concat_ws('/', call, queue_id, nth) AS visit,
                moves AND count(*) FILTER (moves) OVER (
                    PARTITION BY call ORDER BY instant, line) = 1 AS opens,
                count(*) FILTER (leaves AND copy = 1) OVER before AS left_before,
                count(*) FILTER (ends AND copy = 1) OVER before AS ended_before,
                max(instant) FILTER (event = 'CONNECT' AND copy = 1) OVER before AS connected_at,
                moves AND row_number() OVER (
                    PARTITION BY call, moves ORDER BY instant DESC, line DESC) = 1 AS last
            FROM placed
            WINDOW before AS (PARTITION BY call, queue_id, nth ORDER BY instant, line
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
        SELECT *, ends AND connected_at IS NULL AS connect_lost,
            coalesce(connected_at, instant - to_seconds(talk)) AS talk_from,
            coalesce(entered_at, CASE WHEN ends THEN talk_from ELSE instant END - to_seconds(hold))
                AS queue_from,
            {_problem()} AS problem
        FROM paired"""


def _problem() -> str:
    return """CASE
        WHEN copy > 1 AND (enters OR leaves OR ends) THEN 'the same line again'
        WHEN leaves AND left_before > 0 THEN event || ': the call had left queue ' || queue_id || ' already'
        WHEN ends AND ended_before > 0 THEN event || ': the talk had ended already'
        WHEN ends AND connected_at IS NULL AND left_before > 0
            THEN event || ': the call had left the queue unanswered'
        WHEN leaves AND event <> 'CONNECT' AND entered_at IS NULL AND hold IS NULL
            THEN event || ': neither ENTERQUEUE nor the waiting time is known'
        WHEN ends AND connected_at IS NULL AND talk IS NULL
            THEN event || ': neither CONNECT nor the talk time is known'
        END"""


# Columns every event of a call shares; `seq` keeps the file's order within one second of one call.
CALL: Final = {
    "ticket_id": "call", "contact_id": "call", "customer_id": "customer", "occurred_at": "instant",
    "direction": "'inbound'", "channel": "'phone'", "team": "team",
}  # fmt: skip
RING: Final = {
    "visit_id": "concat_ws('/', visit, 'ring', agent, epoch_ms(instant), copy)", "stage": "'ring'",
    "actor_kind": "'agent'", "actor_id": "agent",
}  # fmt: skip
TALK: Final = {
    "visit_id": "visit || '/talk'",
    "stage": "'talk'",
    "actor_kind": "'agent'",
    "actor_id": "agent",
}
QUEUE: Final = {"visit_id": "visit", "stage": "'queue'"}


def _events(event_id: str, kind: str, place: int, **columns: str) -> dict[str, str]:
    return {"event_id": event_id, "kind": quote(kind), "seq": f"place * 16 + {place}", **columns}


def _inferred(event_id: str, kind: str, place: int, **columns: str) -> dict[str, str]:
    return _events(event_id, kind, place, recorded_at=INFERRED_AT, attribute="'inferred'", **columns)


def _call_rules(options: AsteriskOptions) -> tuple[Rule, ...]:
    return (*_entering(), *_ringing(), *_answering(), *_leaving(options), *_ending(options))


def _entering() -> tuple[Rule, ...]:
    opened, entered = "call || '/opened'", "visit || '/entered'"
    customer = {"actor_kind": "'customer'", "actor_id": "customer"}
    unseen = "entered_at IS NULL AND queue_from IS NOT NULL AND (leaves OR ends AND left_before = 0)"
    moved = _events(
        "visit || '/moved'",
        "transferred",
        1,
        subject_id="team_before",
        value="'overflow'",
        actor_kind="'system'",
    )
    return (
        ("opens AND enters", {**_events(opened, "opened", 0), **customer}),
        (
            "opens AND NOT enters",
            {**_inferred(opened, "opened", 0, occurred_at="coalesce(queue_from, instant)"), **customer},
        ),
        ("enters", {**QUEUE, **_events(entered, "entered", 2)}),
        (unseen, {**QUEUE, **_inferred(entered, "entered", 0, occurred_at="queue_from")}),
        ("enters AND queue_before <> queue_id", moved),
        (
            "event = 'DID'",
            _events(
                "concat_ws('/', call, 'did', epoch_ms(instant), copy)",
                "set",
                0,
                attribute="'did'",
                value="data[1]",
            ),
        ),
    )


def _ringing() -> tuple[Rule, ...]:
    outcome = (
        "CASE event WHEN 'CONNECT' THEN 'answered' WHEN 'RINGCANCELED' THEN 'abandoned' ELSE 'refused' END"
    )
    visit, began = RING["visit_id"], "instant - to_milliseconds(rang_ms)"
    return (
        (
            "rang_ms IS NOT NULL",
            {**RING, **_events(f"{visit} || '/entered'", "entered", 3, occurred_at=began)},
        ),
        ("rang_ms IS NOT NULL", {**RING, **_events(f"{visit} || '/left'", "left", 4, value=outcome)}),
    )


def _answering() -> tuple[Rule, ...]:
    left, assigned, talk = "visit || '/left'", "visit || '/assigned'", "visit || '/talk/entered'"
    agent = {"actor_kind": "'agent'", "actor_id": "agent"}
    to_agent = {"subject_id": "agent", "actor_kind": "'system'"}
    connects, known = "event = 'CONNECT'", "queue_from IS NOT NULL"
    lost = {"occurred_at": "talk_from"}
    return (
        (f"{connects} AND {known}", {**QUEUE, **agent, **_events(left, "left", 5, value="'answered'")}),
        (
            f"connect_lost AND {known}",
            {**QUEUE, **agent, **_inferred(left, "left", 5, value="'answered'", **lost)},
        ),
        (f"{connects} AND agent IS NOT NULL", {**to_agent, **_events(assigned, "assigned", 6)}),
        ("connect_lost AND agent IS NOT NULL", {**to_agent, **_inferred(assigned, "assigned", 6, **lost)}),
        (connects, {**TALK, **_events(talk, "entered", 7)}),
        ("connect_lost", {**TALK, **_inferred(talk, "entered", 7, **lost)}),
    )


def _leaving(options: AsteriskOptions) -> tuple[Rule, ...]:
    outcome = f"""CASE event WHEN 'ABANDON' THEN 'abandoned' WHEN 'EXITWITHTIMEOUT' THEN 'timed_out'
        WHEN 'EXITWITHKEY' THEN {renamed("data[1]", options.keys, "'passed'")} ELSE 'overflowed' END"""
    who = {"actor_kind": "CASE WHEN event IN ('ABANDON', 'EXITWITHKEY') THEN 'customer' ELSE 'system' END"}
    left = _events("visit || '/left'", "left", 5, value=outcome)
    return ((f"event IN ({listed(EXITS)})", {**QUEUE, **who, **left}),)


def _ending(options: AsteriskOptions) -> tuple[Rule, ...]:
    moves = f"event IN ({listed(TRANSFERS)})"
    by = (
        "CASE event WHEN 'COMPLETEAGENT' THEN 'ended_by_agent'"
        " WHEN 'COMPLETECALLER' THEN 'ended_by_customer' END"
    )
    left = _events(
        "visit || '/talk/left'",
        "left",
        5,
        value=f"CASE WHEN {moves} THEN 'transferred' ELSE 'served' END",
        attribute=by,
    )
    target = "CASE WHEN event <> 'ATTENDEDTRANSFER' THEN data[1] END"
    moved = _events(
        "visit || '/transferred'", "transferred", 9, subject_id="team",
        team=renamed(target, options.queues, "NULL"),
        value="coalesce(nullif(replace(lower(event), 'transfer', ''), ''), 'transfer')",
        attribute=target, actor_kind="'agent'", actor_id="agent",
    )  # fmt: skip
    solves = f"ends AND NOT {moves}" if options.completed_is_solved else "false"
    agent = {"actor_kind": "'agent'", "actor_id": "agent"}
    ended = "call || '/ended'"
    return (
        ("ends", {**TALK, **left}),
        (f"ends AND {moves}", moved),
        (f"last AND {solves}", {**agent, **_events(ended, "solved", 10)}),
        (f"last AND (ends OR leaves AND event <> 'CONNECT') AND NOT ({solves})",
         {**_events(ended, "closed", 10), "actor_kind": "'system'"}),
    )  # fmt: skip


def _warnings(engine: DuckDB, path: Path) -> tuple[str, ...]:
    ((inferred,),) = engine.run(
        "SELECT count(*) FROM queue_events"
        " WHERE kind = 'entered' AND attribute = 'inferred' AND stage = 'queue'"
    )
    if not inferred:
        return ()
    return (
        f"{path.name}: {inferred} queue entries are not in the file and were inferred from the waiting time",
    )
