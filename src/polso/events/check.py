"""What is wrong with a log: silences, clocks that run backwards, impossible durations, orphans, rejections.

Rule kept here: a check reads and counts; it mends nothing and leaves nothing out. Every finding says
how many, shows some, and says what to do. The log is DuckDB's alone, so this module speaks SQL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from polso.engine import DuckDB
from polso.events.kinds import KIND_RANK, NAMELESS, OTHER_RANK
from polso.events.log import EARLIEST, EVENTS, REJECTIONS, SUPERSEDED

SHOWN: Final = 10
SILENT_HOURS: Final = 24
SILENT_TIMES: Final = 5
SKEW_SECONDS: Final = 60
TALK_HOURS: Final = 12
WORK_HOURS: Final = 24
OPEN_YEARS: Final = 2


@dataclass(frozen=True, slots=True)
class Sample:
    """One row behind a finding; instants in the order in which the finding names them."""

    source: str
    ticket: str | None
    event_id: str | None
    instants: tuple[datetime | None, ...]
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: how often, what to do about it, and some of the rows."""

    kind: str
    count: int
    sentence: str
    samples: tuple[Sample, ...]
    what: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the log: SQL giving source, ticket, event_id,
        two instants and a text; no row where all is well.

    `{n}` in the sentence becomes the count. With `apart` the SQL gives one more column: each of its
    values is a finding of its own, and `{what}` becomes that value. `names`: its text may name somebody at work.
    """

    kind: str
    sentence: str
    rows: str
    apart: bool = False
    names: bool = False


def check(engine: DuckDB, *, names: bool = True) -> list[Finding]:
    """Everything that is wrong with the log, in the order of CHECKS; empty where nothing is.

    Without `names`, samples do not repeat what a row said where that may name somebody at work.
    """
    if EVENTS not in engine.tables():
        return []
    for name, rows in SHARED.items():
        engine.run(f"CREATE OR REPLACE TEMP TABLE {name} AS {rows}")
    found = [finding for one in CHECKS for finding in _found(engine, one)]
    if not names:
        bare = {one.kind for one in CHECKS if one.names}
        found = [_nameless(finding, bare) for finding in found]
    for name in SHARED:
        engine.drop(name)
    return found


def _nameless(finding: Finding, bare: set[str]) -> Finding:
    """Ids of events go too: some sources make them from names."""
    samples = (replace(sample, event_id=None) for sample in finding.samples)
    if finding.kind in bare:
        samples = (replace(sample, text=None) for sample in samples)
    return replace(finding, samples=tuple(samples))


def rejections(
    engine: DuckDB, sources: Sequence[str], limit: int, *, names: bool = True
) -> list[dict[str, Any]]:
    """The first rejected rows, by file and line; without `names`, what a row said stays in its file."""
    kept = engine.table(REJECTIONS)
    kept = kept.filter(kept.source.isin(list(sources))) if sources else kept
    ordered = kept.order_by(["source", "file", "line"])
    rows: list[dict[str, Any]] = engine.collect(ordered.limit(limit)).to_pylist()
    return rows if names else [{**row, "text": None} for row in rows]


def _found(engine: DuckDB, one: Check) -> list[Finding]:
    rows = one.rows if one.apart else f"SELECT *, NULL FROM ({one.rows})"
    found = engine.run(
        f"""
        SELECT what, count(*) OVER (PARTITION BY what) AS n, source, ticket, event_id, first_at,
        second_at, text
        FROM ({rows}) AS rows(source, ticket, event_id, first_at, second_at, text, what)
        QUALIFY row_number() OVER (PARTITION BY what ORDER BY first_at, source, ticket, event_id,
        text) <= {SHOWN}
        ORDER BY what, first_at, source, ticket, event_id, text
        """
    )
    apart: dict[str | None, list[tuple[Any, ...]]] = {}
    for what, *row in found:
        apart.setdefault(what, []).append(tuple(row))
    return [_finding(one, what, of_it) for what, of_it in apart.items()]


def _finding(one: Check, what: str | None, rows: list[tuple[Any, ...]]) -> Finding:
    samples = tuple(Sample(row[1], row[2], row[3], (row[4], row[5]), row[6]) for row in rows)
    count = int(rows[0][0])
    return Finding(one.kind, count, one.sentence.format(n=count, what=what), samples, what)


_RANKS = " ".join(f"WHEN kind = '{kind}' THEN {place}" for kind, place in KIND_RANK.items())
_RANK = f"CASE {_RANKS} ELSE {OTHER_RANK} END"
_ORDER = f"occurred_at, seq, {_RANK}, event_id"
_IS_REPLY = "((kind = 'message' AND actor_kind = 'agent') OR (kind = 'entered' AND stage = 'talk'))"

# Tables that several checks read: one pass each over the log.
SHARED: Final = {
    "checked_sources": f"""
        SELECT source, max(occurred_at) AS newest, max((SELECT max(occurred_at)
        FROM {EVENTS})) AS newest_of_all,
               bool_or(kind = 'survey_sent') AS sends_surveys
        FROM {EVENTS} GROUP BY source""",
    # Silences are sought between busy minutes: one row a minute instead of one an event.
    "checked_minutes": f"""
        SELECT source, last_at AS since, lead(first_at) OVER (PARTITION BY source ORDER BY minute) AS until
        FROM (SELECT source, date_trunc('minute', occurred_at) AS minute, min(occurred_at) AS first_at,
        max(occurred_at) AS last_at
              FROM {EVENTS} GROUP BY ALL)""",
    "checked_rhythms": f"""
        SELECT source, greatest({SILENT_HOURS} * 3600000000, {SILENT_TIMES} *
               coalesce(quantile_cont(date_diff('microsecond', since, until), 0.99), 0)) AS longest
        FROM checked_minutes GROUP BY source""",
    "checked_tickets": f"""
        SELECT source, ticket_id, min(occurred_at) AS first_at, arg_min(event_id,
        occurred_at) AS first_event,
               min(occurred_at) FILTER (kind = 'opened') AS opened_at,
               min(occurred_at) FILTER (kind = 'solved') AS solved_at,
               min(occurred_at) FILTER ({_IS_REPLY}) AS replied_at,
               max(occurred_at) FILTER (kind IN ('solved', 'closed', 'merged', 'removed')) AS ended_at,
               max(occurred_at) FILTER (kind IN ('reopened', 'restored')) AS reopened_at,
               count(*) FILTER (kind = 'entered') AS calls
        FROM {EVENTS} WHERE ticket_id IS NOT NULL GROUP BY ALL""",
    # Without a visit's id, all visits of a contact to a stage are one here.
    "checked_visits": f"""
        SELECT source, contact_id, visit_id, stage, max(ticket_id) AS ticket_id,
               min(event_id) AS event_id, count(*) FILTER (kind = 'left') AS lefts,
               count(*) FILTER (kind = 'entered') AS entries,
               min(occurred_at) FILTER (kind = 'entered') AS entered_at,
               max(occurred_at) FILTER (kind = 'left') AS left_at,
               max(max(occurred_at)) OVER (PARTITION BY source, contact_id) AS contact_at
        FROM {EVENTS} WHERE kind IN ('entered', 'left') GROUP BY source, contact_id, visit_id, stage""",
}

_IS_OPEN = "(ended_at IS NULL OR coalesce(reopened_at, TIMESTAMP '0001-01-01') > ended_at)"
_ENDED_OR_NEWEST = f"CASE WHEN {_IS_OPEN} THEN newest ELSE ended_at END"

_FUTURE = "(reason = 'more than 23 hours in the future')"
_OLD = f"(reason = 'before {EARLIEST}')"
_LINE = "concat_ws(' ', file || coalesce(':' || line, ''), text)"

CHECKS: Final = (
    Check(
        "silence",
        f"Silences {{n}}: a source said nothing for longer than {SILENT_HOURS} hours and than "
        f"{SILENT_TIMES} times its 99th"
        " percentile between busy minutes; load what is missing, or note that the service was closed.",
        """SELECT source, NULL, NULL, since, until, NULL
           FROM checked_minutes JOIN checked_rhythms USING (source)
           WHERE date_diff('microsecond', since, until) > longest""",
    ),
    Check(
        "stopped",
        f"Sources that stopped: {{n}}; their newest event is older than the log's newest by more than "
        f"{SILENT_HOURS} hours and"
        f" {SILENT_TIMES} times their 99th percentile, and answers speak only up to the oldest of them; "
        f"load their newer exports.",
        """SELECT source, NULL, NULL, newest, newest_of_all, NULL
           FROM checked_sources JOIN checked_rhythms USING (source)
           WHERE date_diff('microsecond', newest, newest_of_all) > longest""",
    ),
    Check(
        "left_before_entered",
        "Visits left before they were entered: {n}; their durations are negative and left out; see whether "
        "two machines with"
        " different clocks wrote them.",
        """SELECT source, coalesce(ticket_id, contact_id), event_id, entered_at, left_at, stage
           FROM checked_visits WHERE left_at < entered_at""",
    ),
    Check(
        "solved_before_opened",
        "Tickets solved before they were opened: {n}; that solve moves nothing; see which of the two "
        "instants the source got wrong.",
        "SELECT source, ticket_id, first_event, opened_at, solved_at, NULL FROM checked_tickets WHERE "
        "solved_at < opened_at",
    ),
    Check(
        "replied_before_opened",
        "Tickets answered before they were opened: {n}; see whether the opening is the import's instant "
        "instead of the customer's.",
        "SELECT source, ticket_id, first_event, opened_at, replied_at, NULL FROM checked_tickets WHERE "
        "replied_at < opened_at",
    ),
    Check(
        "recorded_before_occurred",
        f"Events recorded more than {SKEW_SECONDS} seconds before they happened: {{n}}, {{what}}; set that "
        f"machine's clock, or"
        " check the time zone given for its files.",
        f"""SELECT source, ticket_id, event_id, occurred_at, recorded_at, NULL,
                   source || ' by ' || (median(date_diff('millisecond', recorded_at,
                   occurred_at)) OVER (PARTITION BY source) // 1000)::BIGINT
                   || ' seconds at the median'
            FROM {EVENTS} WHERE recorded_at < occurred_at - INTERVAL {SKEW_SECONDS} SECOND""",
        apart=True,
    ),
    Check(
        "talk_too_long",
        f"Talks longer than {TALK_HOURS} hours: {{n}}; a hang-up is probably missing; exclude them or have "
        f"the phone system repaired.",
        f"""SELECT source, coalesce(ticket_id, contact_id), event_id, entered_at, left_at, visit_id
           FROM checked_visits
            WHERE stage = 'talk' AND entries = 1 AND left_at > entered_at + INTERVAL {TALK_HOURS} HOUR""",
    ),
    Check(
        "work_too_long",
        f"Single entries of work longer than {WORK_HOURS} hours: {{n}}; see whether a timer was left "
        f"running, or minutes were read as hours.",
        f"""SELECT source, ticket_id, event_id, occurred_at, NULL::TIMESTAMP, amount::VARCHAR FROM {EVENTS}
            WHERE kind = 'work' AND amount > {WORK_HOURS * 3600}""",
    ),
    Check(
        "open_for_years",
        f"Tickets open for more than {OPEN_YEARS} years: {{n}}; close those that nobody works on, or "
        f"backlog and ages mean little.",
        f"""SELECT source, ticket_id, first_event, coalesce(opened_at, first_at), ended_at, NULL
            FROM checked_tickets JOIN checked_sources USING (source)
            WHERE {_ENDED_OR_NEWEST} > coalesce(opened_at, first_at) + INTERVAL {OPEN_YEARS} YEAR""",
    ),
    Check(
        "left_without_entered",
        "Visits left that were never entered: {n}; they count nowhere; load the file that holds their "
        "beginning.",
        """SELECT source, coalesce(ticket_id, contact_id), event_id, left_at, NULL::TIMESTAMP, stage
           FROM checked_visits WHERE entries = 0 OR (visit_id IS NULL AND lefts > entries)""",
    ),
    Check(
        "entered_without_left",
        "Visits entered and never left although the contact went on, or a day and more of its source "
        "followed: {n};"
        " they seem to last for ever; load the file that holds their end.",
        f"""SELECT source, coalesce(ticket_id, contact_id), event_id, entered_at, contact_at, stage
            FROM checked_visits JOIN checked_sources USING (source)
            WHERE lefts = 0 AND ((visit_id IS NOT NULL AND contact_at > entered_at)
                                 OR (contact_at = entered_at
                                    AND newest > entered_at + INTERVAL {SILENT_HOURS} HOUR))""",
    ),
    Check(
        "rated_without_survey",
        "Ratings of surveys that were never sent, in sources that record sendings: {n}; the response rate "
        "misses them;"
        " load the sendings of that time.",
        f"""SELECT source, ticket_id, event_id, occurred_at, NULL::TIMESTAMP, subject_id
            FROM {EVENTS} AS r JOIN checked_sources USING (source)
            WHERE kind = 'rated' AND sends_surveys AND subject_id IS NOT NULL AND NOT EXISTS (
                FROM {EVENTS} AS s WHERE s.kind = 'survey_sent' AND s.source = r.source
                   AND s.subject_id = r.subject_id)""",
    ),
    Check(
        "resumed_without_waiting",
        "Waits that ended and never began: {n}; nothing is subtracted for them; see whether the source "
        "exports all changes of status.",
        f"""SELECT source, ticket_id, event_id, occurred_at, NULL::TIMESTAMP, NULL FROM (
                SELECT *, lag(kind) OVER (PARTITION BY source, ticket_id ORDER BY {_ORDER}) AS before
                FROM {EVENTS} WHERE kind IN ('waiting', 'resumed'))
            WHERE kind = 'resumed' AND before IS DISTINCT FROM 'waiting'""",
    ),
    Check(
        "assigned_without_opened",
        "Assignments of tickets that were never opened: {n}; load the file that holds the openings, or "
        "assign times are measured"
        " from the first event instead.",
        f"""SELECT source, ticket_id, event_id, occurred_at, first_at, subject_id
            FROM {EVENTS} JOIN checked_tickets USING (source, ticket_id)
            WHERE kind = 'assigned' AND opened_at IS NULL AND calls = 0""",
        names=True,
    ),
    Check(
        "actor_without_kind",
        "Events that name an actor but not its kind: {n}; they count for no agent; say actor_kind in the source's"
        " mapping.",
        f"""SELECT source, coalesce(ticket_id, contact_id), event_id, occurred_at, NULL::TIMESTAMP,
                   kind || ' by ' || actor_id FROM {EVENTS} WHERE {NAMELESS}""",
        names=True,
    ),
    Check(
        "merged_into_nothing",
        "Tickets merged into one that does not exist: {n}; they do not count and nobody stands for them; "
        "load the survivors.",
        f"""SELECT source, ticket_id, event_id, occurred_at, NULL::TIMESTAMP, subject_id FROM {EVENTS} AS m
            WHERE kind = 'merged' AND NOT EXISTS (
                FROM checked_tickets AS t WHERE t.source = m.source AND t.ticket_id = m.subject_id)""",
    ),
    Check(
        "opening_inferred",
        "Tickets whose opening was never recorded (calls apart): {n}; their first event stands for it, so "
        "durations from the"
        " opening are too short if something came before; load earlier files, or accept it.",
        """SELECT source, ticket_id, first_event, first_at, NULL::TIMESTAMP, NULL
           FROM checked_tickets WHERE opened_at IS NULL AND calls = 0""",
    ),
    Check(
        "superseded",
        "Contents that lost to another content with the same id: {n}; the newest recorded one counts; see "
        "whether ids are unique"
        " in the source.",
        f"SELECT source, ticket_id, event_id, occurred_at, recorded_at, kind FROM {SUPERSEDED}",
        names=True,
    ),
    Check(
        "in_the_future",
        "Events rejected because they lie more than 23 hours ahead: {n}; set the clock of their source, or "
        "mend the date's format.",
        f"SELECT source, NULL, NULL, NULL::TIMESTAMP, NULL::TIMESTAMP, {_LINE} FROM {REJECTIONS} WHERE "
        f"{_FUTURE}",
        names=True,
    ),
    Check(
        "too_old",
        f"Events rejected because they lie before {EARLIEST}: {{n}}; an empty date often reads as 1970; "
        f"mend the date's column.",
        f"SELECT source, NULL, NULL, NULL::TIMESTAMP, NULL::TIMESTAMP, {_LINE} FROM {REJECTIONS} WHERE "
        f"{_OLD}",
        names=True,
    ),
    Check(
        "rejected",
        "Events rejected {n}: {what}; mend the rows or the source's settings and load the file again.",
        f"SELECT source, NULL, NULL, NULL::TIMESTAMP, NULL::TIMESTAMP, {_LINE}, reason FROM {REJECTIONS} "
        f"WHERE NOT ({_FUTURE} OR {_OLD})",
        apart=True,
        names=True,
    ),
)
