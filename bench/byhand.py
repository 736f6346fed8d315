"""The facts of benchmark `fold` as a good SQL author would write them for this project and this engine alone.

Rule kept here: plain DuckDB SQL, free to use all that only DuckDB has; the day table of calendars is given. The
tests hold it to the product's own rows, cell by cell, on the made log.
"""

from __future__ import annotations

from typing import Final

from bench.made import OWN
from polso.engine import DuckDB

DIMENSIONS: Final = ("channel", "team", "agent", "priority", "issue_type", *OWN)
# Facts compared, and the columns that this page does not make: `contacts` comes from another fact.
FACTS: Final = {"tickets": "opened_at", "replies": "started_at", "solves": "solved_at", "backlog": "since"}
LEFT_OUT: Final = {"tickets": ("contacts",)}

_SPANS: Final = {
    "first_response": ("started_at", "first_reply_at"),
    "any_first_response": ("started_at", "any_first_reply_at"),
    "response_from_opening": ("opened_at", "human_reply_at"),
    "response_from_hand_off": ("handed_off_at", "first_reply_at"),
    "hand_off": ("opened_at", "first_handed_off_at"),
    "assign": ("opened_at", "assigned_at"),
    "team_assign": ("opened_at", "team_assigned_at"),
    "take": ("opened_at", "taken_at"),
    "resolution": ("opened_at", "resolved_at"),
    "first_resolution": ("opened_at", "first_solved_at"),
    "last_solve_event": ("opened_at", "last_solve_event_at"),
    "resolution_after_contact": ("first_reply_at", "resolved_at"),
    "reopen_gap": ("first_solved_at", "reopened_at"),
    "comment": ("opened_at", "comment_at"),
    "agent_response": ("opened_at", "agent_response_at"),
    "first_action": ("opened_at", "first_action_at"),
    "response_from_human_clock": ("human_clock_at", "human_reply_at"),
    "assign_before_reply": ("opened_at", "assigned_before_reply_at"),
    "first_done": ("opened_at", "first_done_at"),
    "last_done": ("opened_at", "last_done_at"),
    "done_from_customer": ("started_at", "last_done_at"),
    "lifetime": ("opened_at", "last_event_at"),
}
_CALENDAR: Final = "CASE WHEN channel = 'phone' THEN 'phones' ELSE 'office' END"


def statements(days_intervals: int) -> list[str]:
    """Everything, in order; `fold_days` is the day table, with so many open intervals a day."""
    return [_LOG, _ANCHORS, _history(), _SPELLS, _TURNS, _waits(days_intervals), _TICKET_ROWS,
            _tickets(days_intervals), _replies(days_intervals), _solves(days_intervals), _backlog()]  # fmt: skip


_LOG: Final = """
CREATE OR REPLACE TEMP VIEW e AS
SELECT source, coalesce(ticket_id, CASE WHEN kind IN ('entered', 'left') THEN contact_id END) AS ticket_id,
    event_id, client, customer_id, occurred_at, seq, kind, direction, actor_kind, actor_id, subject_id, channel, team,
    stage, attribute, value, amount,
    CASE kind WHEN 'opened' THEN 0 WHEN 'reopened' THEN 1 WHEN 'set' THEN 2 WHEN 'transferred' THEN 3
        WHEN 'assigned' THEN 4 WHEN 'message' THEN 5 WHEN 'waiting' THEN 6 WHEN 'solved' THEN 7 WHEN 'rated' THEN 8
        WHEN 'closed' THEN 9 ELSE 10 END AS rank,
    (kind = 'message' AND actor_kind = 'agent' OR kind = 'entered' AND stage = 'talk')
        AND coalesce(direction, '') <> 'internal' AS is_reply,
    kind = 'message' AND actor_kind = 'agent' AND coalesce(direction, '') <> 'internal' AS is_comment,
    is_comment OR kind = 'note' AND actor_kind = 'agent' AND coalesce(value, '') = 'public' AS is_response
FROM part
WHERE ticket_id IS NOT NULL OR (kind IN ('entered', 'left') AND contact_id IS NOT NULL)
"""


def _history() -> str:
    settings = ("priority", "issue_type", *OWN)
    said = ", ".join(
        f"CASE WHEN kind = 'set' AND attribute = '{a}' THEN coalesce(value, '') END AS {a}" for a in settings
    )
    kept = ("team", "agent", *settings)
    last = ", ".join(f"nullif(last_value({name} IGNORE NULLS) OVER so_far, '') AS {name}" for name in kept)
    names = ", ".join(DIMENSIONS)
    return f"""
    CREATE OR REPLACE TEMP TABLE h AS
    WITH said AS (
        SELECT source, ticket_id, occurred_at, seq, rank, event_id, channel, team,
            CASE kind WHEN 'assigned' THEN subject_id WHEN 'unassigned' THEN '' END AS agent, {said}
        FROM e
        WHERE team IS NOT NULL OR channel IS NOT NULL OR kind IN ('opened', 'assigned', 'unassigned')
            OR kind = 'set' AND attribute IN ({", ".join(f"'{a}'" for a in settings)})),
    stated AS (
        SELECT source, ticket_id, occurred_at AS since, first_value(channel IGNORE NULLS) OVER so_far AS channel, {last},
            first_value(occurred_at) OVER so_far AS first_at
        FROM said
        WINDOW in_order AS (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id),
            so_far AS (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id ROWS UNBOUNDED PRECEDING)
        QUALIFY lead(occurred_at) OVER in_order IS DISTINCT FROM occurred_at),
    changes AS (
        SELECT * FROM stated
        WINDOW in_order AS (PARTITION BY source, ticket_id ORDER BY since)
        QUALIFY since = first_at
            OR lag(concat_ws(chr(31), {", ".join(f"coalesce({d}, chr(30))" for d in DIMENSIONS)})) OVER in_order
            <> concat_ws(chr(31), {", ".join(f"coalesce({d}, chr(30))" for d in DIMENSIONS)}))
    SELECT source, ticket_id, {names}, CASE WHEN since = first_at THEN TIMESTAMP '1900-01-01' ELSE since END AS from_at,
        lead(since, 1, TIMESTAMP '9999-12-31') OVER (PARTITION BY source, ticket_id ORDER BY since) AS to_at
    FROM changes
    """


_SPELLS: Final = """
CREATE OR REPLACE TEMP TABLE s AS
WITH marks AS (
    SELECT source, ticket_id, occurred_at, seq, rank, event_id, kind, actor_kind, actor_id,
        kind IN ('opened', 'reopened', 'restored') AS is_open
    FROM e WHERE kind IN ('opened', 'reopened', 'restored', 'solved', 'closed', 'merged', 'removed')
    UNION ALL
    SELECT source, ticket_id, first_event_at, -2147483648, -1, '', 'opened', NULL, NULL, true
    FROM a WHERE recorded_opening_at IS NULL),
turns AS (
    SELECT * FROM marks
    QUALIFY is_open <> lag(is_open, 1, false) OVER (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id)),
followed AS (
    SELECT source, ticket_id, is_open, occurred_at AS since, row_number() OVER w // 2 AS nth, lead(occurred_at) OVER w AS until,
        lag(kind) OVER w AS after, lead(kind) OVER w AS ended_by, lead(CASE WHEN actor_kind = 'agent' THEN actor_id END) OVER w AS ended_by_agent
    FROM turns
    WINDOW w AS (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id))
SELECT * EXCLUDE (is_open) FROM followed WHERE is_open
"""

_TURNS: Final = """
CREATE OR REPLACE TEMP TABLE t AS
WITH said AS (
    SELECT source, ticket_id, client, occurred_at, seq, rank, event_id, actor_id,
        CASE WHEN is_reply THEN 'reply' WHEN kind IN ('solved', 'closed', 'merged', 'removed') THEN 'end' ELSE 'customer' END AS speaks
    FROM e
    WHERE is_reply OR kind IN ('solved', 'closed', 'merged', 'removed')
        OR kind IN ('message', 'opened') AND actor_kind = 'customer'
        OR kind = 'entered' AND stage IN ('welcome', 'ivr', 'bot', 'queue') AND coalesce(direction, 'inbound') = 'inbound'),
runs AS (
    SELECT * FROM said
    QUALIFY lag(speaks) OVER (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id) IS DISTINCT FROM speaks),
followed AS (
    SELECT source, ticket_id, client, speaks, occurred_at AS started_at, seq, rank, event_id,
        lead(occurred_at) OVER w AS ended_at, lead(speaks) OVER w AS ended_as, lead(actor_id) OVER w AS ended_by
    FROM runs
    WINDOW w AS (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id))
SELECT source, ticket_id, client, started_at, ended_at,
    CASE ended_as WHEN 'reply' THEN 'answered' WHEN 'end' THEN 'ended' ELSE 'open' END AS outcome,
    CASE WHEN ended_as = 'reply' THEN ended_by END AS replier,
    row_number() OVER (PARTITION BY source, ticket_id ORDER BY started_at, seq, rank, event_id) AS nth
FROM followed WHERE speaks = 'customer'
"""


def _open(day: str, at: str, intervals: int) -> str:
    """SQL: open microseconds before an instant, its day joined as `day`."""
    since = f"date_diff('microsecond', {at}::DATE::TIMESTAMP, {at})"
    parts = [
        f"greatest(0, least({since} - {day}.start_{i}_us, {day}.length_{i}_us))"
        for i in range(1, intervals + 1)
    ]
    return f"({day}.open_before_us + {' + '.join(parts)})"


def _day(name: str, at: str, calendar: str) -> str:
    return f"LEFT JOIN fold_days AS {name} ON {name}.calendar = {calendar} AND {name}.day = {at}::DATE"


def _span(start: str, end: str, open_start: str, open_end: str, name: str) -> str:
    """SQL: a duration and its business twin."""
    elapsed = f"date_diff('microsecond', {start}, {end})"
    business = f"CASE WHEN {elapsed} >= 0 THEN greatest(0, {open_end} - {open_start}) END"
    return f"{elapsed} AS {name}_us, {business} AS {name}_business_us"


def _waits(intervals: int) -> str:
    opens = {at: _open(f"d_{at}", at, intervals) for at in ("since", "until", "unanswered_until")}
    spans = ", ".join(
        _span("since", end, opens["since"], opens[end], name)
        for name, end in {"wait": "until", "unanswered": "unanswered_until"}.items()
    )
    return f"""
    CREATE OR REPLACE TEMP TABLE w AS
    WITH relevant AS (
        SELECT source, ticket_id, kind, value, occurred_at AS since, lead(occurred_at) OVER w AS until,
            coalesce(lag(kind) OVER w, '') IN ('solved', 'closed', 'merged', 'removed') AS after_end
        FROM e WHERE kind IN ('waiting', 'resumed', 'solved', 'closed', 'merged', 'removed', 'reopened', 'restored')
        WINDOW w AS (PARTITION BY source, ticket_id ORDER BY occurred_at, seq, rank, event_id)),
    waits AS (
        SELECT source, ticket_id, since, until, coalesce(value, 'customer') AS waiting_for
        FROM relevant WHERE kind = 'waiting' AND NOT after_end),
    placed AS (
        SELECT waits.*, {_CALENDAR} AS calendar,
            CASE WHEN human_reply_at IS NULL OR since < human_reply_at THEN least(until, human_reply_at) END AS unanswered_until
        FROM waits JOIN a USING (source, ticket_id)
        LEFT JOIN h ON h.source = waits.source AND h.ticket_id = waits.ticket_id AND h.from_at <= since AND h.to_at > since)
    SELECT source, ticket_id, since, until, waiting_for, {spans}
    FROM placed {" ".join(_day(f"d_{at}", at, "placed.calendar") for at in opens)}
    """


_ANCHORS: Final = """
CREATE OR REPLACE TEMP TABLE a AS
SELECT source, ticket_id, max(client) AS client, max(customer_id) AS customer_id, min(occurred_at) AS first_event_at,
    max(occurred_at) AS last_event_at, count(*) AS events,
    min(occurred_at) FILTER (kind = 'opened') AS recorded_opening_at,
    coalesce(max(actor_kind) FILTER (kind = 'opened'), 'customer') AS opened_by,
    CASE WHEN max(actor_kind) FILTER (kind = 'opened') = 'agent' THEN max(actor_id) FILTER (kind = 'opened') END AS opener,
    max(direction) FILTER (kind = 'opened') AS direction,
    min(occurred_at) FILTER (kind = 'message' AND actor_kind = 'customer') AS first_customer_message_at,
    min(occurred_at) FILTER (is_reply OR kind = 'message' AND actor_kind IN ('bot', 'system')) AS any_reply_at,
    min(occurred_at) FILTER (is_reply) AS human_reply_at, max(occurred_at) FILTER (is_reply) AS last_reply_at,
    min(occurred_at) FILTER (is_comment) AS any_comment_at, min(occurred_at) FILTER (is_response) AS any_response_at,
    min(occurred_at) FILTER (is_reply OR kind IN ('waiting', 'solved', 'closed')) AS first_action_at,
    min(occurred_at) FILTER (kind IN ('solved', 'closed')) AS declared_done_at,
    max(occurred_at) FILTER (kind = 'solved' AND actor_kind = 'bot') AS bot_solved_at,
    arg_min(actor_id, occurred_at) FILTER (is_reply) AS replier,
    coalesce(min(actor_id) FILTER (is_reply) = max(actor_id) FILTER (is_reply), false) AS has_one_replier,
    min(occurred_at) FILTER (kind = 'assigned') AS assigned_at,
    min(occurred_at) FILTER (kind IN ('opened', 'transferred', 'assigned') AND team IS NOT NULL) AS team_assigned_at,
    min(occurred_at) FILTER (kind = 'assigned' AND actor_id = subject_id) AS taken_at,
    max(occurred_at) FILTER (kind = 'solved') AS last_solve_event_at, max(occurred_at) FILTER (kind = 'closed') AS closed_at,
    min(occurred_at) FILTER (kind = 'escalated') AS escalated_at,
    arg_min(value, (occurred_at, seq, event_id)) FILTER (kind = 'escalated' AND value IS NOT NULL) AS escalation_reason,
    max(occurred_at) FILTER (kind = 'left' AND stage = 'bot' AND value = 'handed_off') AS handed_off_at,
    min(occurred_at) FILTER (kind = 'left' AND stage = 'bot' AND value = 'handed_off') AS first_handed_off_at,
    max(occurred_at) FILTER (kind = 'merged') AS merged_at, max(occurred_at) FILTER (kind = 'removed') AS removed_at,
    max(occurred_at) FILTER (kind = 'restored') AS restored_at, max(value) FILTER (kind = 'removed') AS removed_as,
    count(*) FILTER (kind = 'message' AND actor_kind = 'customer') AS customer_messages,
    count(*) FILTER (is_comment) AS agent_messages, count(*) FILTER (is_response) AS agent_responses,
    count(*) FILTER (kind = 'message' AND actor_kind IN ('bot', 'system')) AS bot_messages,
    count(*) FILTER (kind = 'note') AS notes, count(*) FILTER (kind = 'assigned') AS assignments,
    count(*) FILTER (kind = 'assigned' AND actor_id = subject_id) AS takes,
    count(*) FILTER (kind = 'transferred' AND coalesce(actor_kind, 'agent') <> 'system') AS transfers,
    count(*) FILTER (kind = 'escalated') AS escalations, count(*) FILTER (kind = 'solved') AS solve_events,
    (sum(amount) FILTER (kind = 'work') * 1000000)::BIGINT AS work_us,
    max(subject_id) FILTER (kind = 'linked' AND value = 'follow_up') AS follows,
    max(subject_id) FILTER (kind = 'merged') AS merged_into,
    max(amount) FILTER (kind = 'rated' AND attribute = 'fcr') > 0 AS declared_fcr
FROM e GROUP BY source, ticket_id
"""

_TICKET_ROWS: Final = """
CREATE OR REPLACE TEMP TABLE k AS
WITH spells AS (
    SELECT source, ticket_id, min(until) FILTER (ended_by = 'solved') AS first_solved_at,
        max(until) FILTER (ended_by = 'solved') AS last_solved_at, count(*) FILTER (ended_by = 'solved') AS solves,
        min(until) FILTER (ended_by IN ('solved', 'closed', 'merged')) AS first_done_at,
        max(until) FILTER (ended_by IN ('solved', 'closed', 'merged')) AS last_done_at,
        count(*) FILTER (ended_by IN ('solved', 'closed', 'merged')) AS endings,
        count(*) FILTER (after IN ('solved', 'closed')) AS reopenings, min(since) FILTER (after = 'solved') AS reopened_at,
        bool_or(until IS NULL) AS is_open, max(until) AS ended_at,
        arg_max_null(ended_by_agent, nth) FILTER (ended_by = 'solved') AS solver,
        arg_min_null(ended_by_agent, nth) FILTER (ended_by = 'solved') AS first_solver
    FROM s GROUP BY ALL),
later AS (
    SELECT source, ticket_id, min(occurred_at) FILTER (is_reply AND is_asked) AS later_reply_at,
        arg_min(actor_id, occurred_at) FILTER (is_reply AND is_asked) AS later_replier,
        min(occurred_at) FILTER (is_comment AND is_next) AS next_comment_at,
        min(occurred_at) FILTER (is_response AND is_next) AS next_response_at
    FROM (
        SELECT e.*, occurred_at >= first_customer_message_at AS is_asked,
            occurred_at > coalesce(recorded_opening_at, first_event_at) AS is_next
        FROM e JOIN a USING (source, ticket_id) WHERE (is_reply OR is_response) AND opened_by <> 'customer')
    GROUP BY ALL),
assigned AS (
    SELECT source, ticket_id, max(occurred_at) AS assigned_before_reply_at FROM e JOIN a USING (source, ticket_id)
    WHERE kind = 'assigned' AND occurred_at <= human_reply_at GROUP BY ALL),
passed AS (
    SELECT source, ticket_id, max(passed_at) AS passed_at
    FROM (
        SELECT source, ticket_id, since AS passed_at FROM s WHERE after IN ('solved', 'closed')
        UNION ALL
        SELECT source, ticket_id, occurred_at FROM e WHERE kind = 'left' AND stage = 'bot' AND value IN ('handed_off', 'contained'))
    JOIN a USING (source, ticket_id) WHERE human_reply_at IS NULL OR passed_at <= human_reply_at GROUP BY ALL),
turns AS (
    SELECT source, ticket_id, count(*) AS turns,
        max(date_diff('microsecond', started_at, ended_at)) FILTER (outcome = 'answered') AS longest_reply_us
    FROM t GROUP BY ALL),
pauses AS (
    SELECT source, ticket_id, sum(wait_us) AS paused_us, sum(wait_business_us) AS paused_business_us,
        sum(wait_us) FILTER (waiting_for = 'customer') AS paused_on_customer_us,
        sum(wait_business_us) FILTER (waiting_for = 'customer') AS paused_on_customer_business_us,
        sum(wait_us) FILTER (waiting_for = 'customer' AND since < first_solved_at) AS paused_early_us,
        sum(wait_business_us) FILTER (waiting_for = 'customer' AND since < first_solved_at) AS paused_early_business_us,
        sum(wait_us) FILTER (since < first_done_at) AS paused_before_done_us,
        sum(wait_business_us) FILTER (since < first_done_at) AS paused_before_done_business_us,
        sum(unanswered_us) AS paused_before_reply_us, sum(unanswered_business_us) AS paused_before_reply_business_us,
        bool_or(until IS NULL AND waiting_for = 'customer') AS awaits_customer
    FROM w JOIN spells USING (source, ticket_id) GROUP BY ALL)
SELECT a.* EXCLUDE (any_reply_at, any_comment_at, any_response_at, bot_solved_at, replier), spells.* EXCLUDE (source, ticket_id),
    coalesce(recorded_opening_at, first_event_at) AS opened_at, recorded_opening_at IS NULL AS opening_inferred,
    CASE WHEN opened_by = 'customer' THEN coalesce(recorded_opening_at, first_event_at) ELSE first_customer_message_at END AS started_at,
    CASE WHEN opened_by = 'customer' THEN human_reply_at ELSE later_reply_at END AS first_reply_at,
    CASE WHEN opened_by = 'customer' THEN any_reply_at ELSE later_reply_at END AS any_first_reply_at,
    CASE WHEN opened_by = 'customer' THEN replier ELSE later_replier END AS first_replier,
    CASE WHEN opened_by = 'agent' THEN next_comment_at ELSE any_comment_at END AS comment_at,
    CASE WHEN opened_by = 'agent' THEN next_response_at ELSE any_response_at END AS agent_response_at,
    agent_messages - coalesce(opened_by = 'agent' AND any_comment_at <= opened_at, false)::BIGINT AS agent_replies,
    greatest(opened_at, passed_at, CASE WHEN human_reply_at IS NULL OR bot_solved_at <= human_reply_at THEN bot_solved_at END)
        AS human_clock_at,
    assigned_before_reply_at,
    CASE WHEN NOT is_open THEN last_solved_at END AS resolved_at,
    CASE WHEN first_reply_at IS NULL THEN ended_at END AS ended_unanswered_at,
    CASE WHEN first_solved_at IS NULL THEN ended_at END AS ended_unsolved_at,
    started_at IS NOT NULL AND (first_reply_at IS NOT NULL OR is_open) AS awaits_response,
    coalesce(turns, 0) AS turns, longest_reply_us, coalesce(awaits_customer, false) AS awaits_customer,
    COLUMNS(c -> starts_with(c, 'paused_')),
    CASE WHEN merged_at > coalesce(restored_at, TIMESTAMP '1970-01-01') THEN 'merged'
        WHEN removed_at > coalesce(restored_at, TIMESTAMP '1970-01-01') THEN 'removed'
        WHEN opened_by = 'agent' AND (direction = 'internal' OR customer_id = opener) THEN 'internal' END AS left_out,
    left_out IS NULL AS is_counted
FROM a LEFT JOIN spells USING (source, ticket_id) LEFT JOIN later USING (source, ticket_id)
LEFT JOIN assigned USING (source, ticket_id) LEFT JOIN passed USING (source, ticket_id)
LEFT JOIN turns USING (source, ticket_id) LEFT JOIN pauses USING (source, ticket_id)
"""


def _tickets(intervals: int) -> str:
    instants = list(dict.fromkeys(at for pair in _SPANS.values() for at in pair))
    days = {at: f"d_{at}" for at in instants}
    spans = ", ".join(
        _span(start, end, f"o_{start}", f"o_{end}", name) for name, (start, end) in _SPANS.items()
    )
    positions = ", ".join(f"{_open(days[at], at, intervals)} AS o_{at}" for at in instants)
    joins = " ".join(_day(days[at], at, "placed.calendar") for at in instants)
    credits = {"replying": "first_reply_at", "solving": "first_solved_at", "resolving": "last_solved_at"}
    wanted = [("opening", "opened_at", name) for name in ("team", "agent", "priority", "issue_type")]
    wanted += [(prefix, at, name) for prefix, at in credits.items() for name in ("team", "agent")]
    # Of the rows of a ticket's history one is in force, so the greatest value is its value: one pass for all instants.
    past = ", ".join(
        f"max(h.{name}) FILTER (h.from_at <= {at} AND h.to_at > {at}) AS {prefix}_{name}"
        for prefix, at, name in wanted
    )
    tick = _open("d_tick", "(opened_at + to_microseconds(1))", intervals)
    paused = ", ".join(
        f"coalesce({name}, 0)::BIGINT AS {name}"
        for name in (
            f"paused_{on}{kind}us"
            for on in ("", "on_customer_", "early_", "before_done_", "before_reply_")
            for kind in ("", "business_")
        )
    )
    return f"""
    CREATE OR REPLACE TABLE hand_tickets AS
    WITH past AS (
        SELECT source, ticket_id, {past} FROM k JOIN h USING (source, ticket_id) GROUP BY ALL),
    placed AS (
        SELECT k.*, {", ".join(f"last.{name}" for name in DIMENSIONS)},
            {", ".join(f"past.{prefix}_{name}" for prefix, _, name in wanted)},
            CASE WHEN last.channel = 'phone' THEN 'phones' ELSE 'office' END AS calendar
        FROM k
        {_last("k")} LEFT JOIN past ON past.source = k.source AND past.ticket_id = k.ticket_id),
    positions AS (
        SELECT placed.*, {positions}, {tick} AS o_tick
        FROM placed {joins} {_day("d_tick", "(opened_at + to_microseconds(1))", "placed.calendar")})
    SELECT * EXCLUDE (calendar, o_tick, {", ".join(f"o_{at}" for at in instants)}) REPLACE ({paused}), {spans},
        o_tick > o_opened_at AS opened_in_hours
    FROM positions
    ORDER BY opened_at
    """


def _past(name: str, table: str, at: str) -> str:
    """SQL: the dimensions in force at an instant of a table's rows, joined under a name."""
    return f"""LEFT JOIN h AS {name} ON {name}.source = {table}.source AND {name}.ticket_id = {table}.ticket_id
            AND {name}.from_at <= {table}.{at} AND {name}.to_at > {table}.{at}"""


def _last(table: str) -> str:
    """SQL: the last dimensions of a table's tickets, joined as `last`."""
    return f"""LEFT JOIN (FROM h WHERE to_at = TIMESTAMP '9999-12-31') AS last
            ON last.source = {table}.source AND last.ticket_id = {table}.ticket_id"""


def _placed(table: str, at: str, credits: str, joins: str) -> str:
    """SQL: rows of a table with the dimensions in force at one of their instants, their calendar, and who gets credit."""
    return f"""
        SELECT x.*, {", ".join(f"h.{name}" for name in DIMENSIONS)}, {credits},
            {_CALENDAR.replace("channel", "h.channel")} AS calendar
        FROM {table} AS x {_past("h", "x", at)} {joins}"""


def _replies(intervals: int) -> str:
    span = _span(
        "started_at",
        "answered_at",
        _open("d1", "started_at", intervals),
        _open("d2", "answered_at", intervals),
        "reply",
    )
    rows = """(
        SELECT t.*, CASE WHEN outcome = 'answered' THEN ended_at END AS answered_at, nth = 1 AS is_first, left_out, is_counted,
            coalesce(answered_at = human_reply_at, false) AS is_first_reply
        FROM t JOIN (SELECT source, ticket_id, left_out, is_counted, human_reply_at FROM k) USING (source, ticket_id))"""
    credits = "last.team AS last_team, last.agent AS last_agent, answer.team AS replying_team, answer.agent AS replying_agent"
    joins = f"{_past('answer', 'x', 'answered_at')} {_last('x')}"
    return f"""
    CREATE OR REPLACE TABLE hand_replies AS
    WITH placed AS ({_placed(rows, "started_at", credits, joins)})
    SELECT placed.* EXCLUDE (calendar), {span}
    FROM placed {_day("d1", "started_at", "placed.calendar")} {_day("d2", "answered_at", "placed.calendar")}
    ORDER BY started_at
    """


def _solves(intervals: int) -> str:
    opens = {at: _open(f"d_{at}", at, intervals) for at in ("opened_at", "solved_at", "reopened_at")}
    spans = ", ".join(
        _span(start, end, opens[start], opens[end], name)
        for name, (start, end) in {
            "reopen_gap": ("solved_at", "reopened_at"),
            "resolution": ("opened_at", "solved_at"),
        }.items()
    )
    rows = """(
        SELECT source, ticket_id, client, since, until AS solved_at, reopened_at, opened_at, ended_by_agent AS solver, left_out,
            is_counted, row_number() OVER (PARTITION BY source, ticket_id ORDER BY nth) = 1 AS is_first,
            reopened_at IS NOT NULL AS was_reopened
        FROM (
            SELECT *, lead(since) OVER (PARTITION BY source, ticket_id ORDER BY nth) AS reopened_at,
                first(since) OVER (PARTITION BY source, ticket_id ORDER BY nth) AS opened_at
            FROM s)
        JOIN (SELECT source, ticket_id, client, left_out, is_counted FROM k) USING (source, ticket_id)
        WHERE ended_by = 'solved')"""
    credits = "last.team AS last_team, last.agent AS last_agent"
    return f"""
    CREATE OR REPLACE TABLE hand_solves AS
    WITH placed AS ({_placed(rows, "solved_at", credits, _last("x"))})
    SELECT placed.* EXCLUDE (calendar), {spans}
    FROM placed {" ".join(_day(f"d_{at}", at, "placed.calendar") for at in opens)}
    ORDER BY solved_at
    """


def _backlog() -> str:
    names = ", ".join(f"h.{name}" for name in DIMENSIONS)
    return f"""
    CREATE OR REPLACE TABLE hand_backlog AS
    WITH spells AS (
        SELECT *, coalesce(until, TIMESTAMP '9999-12-31') AS end_at,
            CASE WHEN until <= since THEN since + to_microseconds(1) ELSE end_at END AS last_at FROM s),
    met AS (
        SELECT spells.*, {names}, from_at, to_at, from_at IS NULL OR from_at <= since AS starts_here, to_at IS NULL OR to_at >= end_at AS ends_here
        FROM spells LEFT JOIN h ON h.source = spells.source AND h.ticket_id = spells.ticket_id AND from_at < last_at AND to_at > since)
    SELECT met.source, met.ticket_id, client, left_out, {", ".join(DIMENSIONS)},
        CASE WHEN starts_here THEN since ELSE from_at END AS since, CASE WHEN ends_here THEN until ELSE to_at END AS until,
        CASE WHEN NOT starts_here THEN 'moved_in' WHEN nth = 0 THEN 'opened' ELSE 'reopened' END AS began_as,
        CASE WHEN NOT ends_here THEN 'moved_out' ELSE ended_by END AS ended_as, opened_at,
        CASE WHEN ends_here THEN until ELSE to_at END IS NULL AS is_still_open
    FROM met JOIN (SELECT source, ticket_id, since AS opened_at FROM s WHERE nth = 0) AS o USING (source, ticket_id)
    JOIN (SELECT source, ticket_id, client, left_out FROM k) USING (source, ticket_id)
    ORDER BY since
    """


def run(engine: DuckDB, intervals: int, buckets: int = 1) -> None:
    """Make every table `hand_<fact>` from `events`; in several parts of the tickets where memory asks for it."""
    for bucket in range(buckets):
        engine.run(_part(bucket, buckets))
        for text in statements(intervals):
            head, _, body = text.partition(" AS\n")
            is_fact = "TABLE hand_" in head and buckets > 1
            if is_fact and bucket:
                name = head.split()[-1]
                engine.run(f"INSERT INTO {name} BY NAME {body}")
            else:
                engine.run(text)
    for name, clock in FACTS.items() if buckets > 1 else ():
        engine.run(f"CREATE OR REPLACE TABLE sorted_{name} AS FROM hand_{name} ORDER BY {clock}")
        engine.run(f"DROP TABLE hand_{name}")
        engine.run(f"ALTER TABLE sorted_{name} RENAME TO hand_{name}")


def _part(bucket: int, buckets: int) -> str:
    """SQL: the log, or the events of a part of its tickets, kept as a table because many statements read them."""
    if buckets == 1:
        return "CREATE OR REPLACE TEMP VIEW part AS FROM events"
    used = """source, ticket_id, contact_id, event_id, client, customer_id, occurred_at, seq, kind, direction, actor_kind, actor_id,
        subject_id, channel, team, stage, attribute, value, amount"""
    return (
        f"CREATE OR REPLACE TEMP TABLE part AS SELECT {used} FROM events"
        f" WHERE hash(coalesce(ticket_id, contact_id)) % {buckets} = {bucket}"
    )
