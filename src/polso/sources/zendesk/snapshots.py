"""What Zendesk's ticket, rating and metric records say: how things stand, with an instant or two.

Rule kept here: a snapshot's word loses against an audit's word on the same event,
    and a newer snapshot wins over an
older one; what a snapshot does not know is not guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polso.sources.lines import Rule, quote, renamed
from polso.sources.zendesk.changes import KEPT, channel, instant, role, team

# Later than any inferred event, earlier than any audit, and growing with the snapshot's own age.
_RECORDED: Final = "TIMESTAMP '1990-01-01' + to_microseconds(epoch_us(coalesce(updated, created)) // 1000)"


def tickets(bots: tuple[str, ...], channels: Mapping[str, str]) -> str:
    """SQL of one row a ticket record."""
    return f"""
        WITH read AS (
            SELECT row, line, record, (record->>'id') AS ticket, (record->>'requester_id') AS requester,
                (record->>'submitter_id') AS author, (record->>'assignee_id') AS assignee,
                    (record->>'status') AS status,
                (record->>'group_id') AS group_id, (record->>'$.via.channel') AS via,
                    (record->>'$.via.source.rel') AS rel,
                coalesce(record->>'$.via.source.from.ticket_id',
                    (record->>'$.via.source.from.ticket_ids')) AS from_ticket,
                (record->>'problem_id') AS problem_ticket,
                {instant("(record->>'created_at')")} AS created,
                    {instant("(record->>'updated_at')")} AS updated
            FROM zendesk_records WHERE record IS NOT NULL AND stream = 'tickets')
        SELECT *, created AS happened, {team("group_id")} AS team, {channel("via", channels)} AS channel,
            {role("author", "false", bots)} AS actor_kind, {_RECORDED} AS recorded,
            CASE WHEN ticket IS NULL THEN 'a ticket without id' WHEN created IS NULL
                THEN 'no instant' END AS problem
        FROM read"""


TICKET: Final = {
    "ticket_id": "ticket", "customer_id": "requester", "occurred_at": "happened", "recorded_at": "recorded",
    "team": "team",
    "channel": "channel", "actor_kind": "actor_kind",
    "actor_id": "CASE WHEN actor_kind <> 'system' THEN author END",
}  # fmt: skip


def ticket_rules(fields: Mapping[str, str], *, alone: bool) -> tuple[Rule, ...]:
    """What a ticket record says beside audits; and more where there are none."""
    rules: tuple[Rule, ...] = (
        ("true", {"kind": "'opened'", "event_id": "ticket || '/opened'"}),
        (
            "rel = 'follow_up' AND from_ticket IS NOT NULL",
            {
                "kind": "'linked'",
                "event_id": "ticket || '/follow_up'",
                "subject_id": "from_ticket",
                "value": "'follow_up'",
            },
        ),
    )
    if not alone:
        return rules
    system = {"actor_kind": "'system'", "actor_id": "NULL"}
    sets = [
        (
            f"(record->>{quote(name)}) IS NOT NULL AND json_type(record, {quote('$.' + name)}) <> 'ARRAY'",
            {**system, "kind": "'set'", "event_id": f"ticket || {quote('/set/' + name)}", "seq": "1",
             "attribute": renamed(quote(name), fields), "value": f"(record->>{quote(name)})"},
        )
        for name in KEPT
    ]  # fmt: skip
    linked = {
        "kind": "'linked'",
        "event_id": "ticket || '/problem'",
        "subject_id": "problem_ticket",
        "value": "'child'",
        "seq": "1",
    }
    removed = {
        **system,
        "kind": "'removed'",
        "event_id": "ticket || '/removed'",
        "occurred_at": "coalesce(updated, created)",
    }
    return (
        *rules,
        *sets,
        ("problem_ticket IS NOT NULL", {**system, **linked}),
        ("status = 'deleted'", removed),
    )


def custom_fields() -> str:
    """SQL of one row a custom field with a value, of the tickets."""
    return """
        SELECT * EXCLUDE (field), (field->>'id') AS field, (field->>'value') AS value FROM (
            SELECT *, unnest(TRY_CAST(record->'custom_fields' AS JSON[])) AS field FROM zendesk_tickets)
        WHERE (field->>'id') IS NOT NULL AND (field->>'value') IS NOT NULL"""


def custom_rule(fields: Mapping[str, str]) -> Rule:
    """A custom field of a ticket record, where there are no audits."""
    return (
        "true",
        {"kind": "'set'", "event_id": "concat_ws('/', ticket, 'set', field)", "seq": "1",
        "attribute": renamed("field", fields),
         "value": "value", "actor_kind": "'system'", "actor_id": "NULL"},
    )  # fmt: skip


def ratings() -> str:
    """SQL of one row a satisfaction rating record."""
    return f"""
        WITH read AS (
            SELECT row, line, (record->>'ticket_id') AS ticket, (record->>'requester_id') AS requester,
                (record->>'score') AS score,
                (record->>'group_id') AS group_id,
                {instant("(record->>'created_at')")} AS created,
                    {instant("(record->>'updated_at')")} AS updated
            FROM zendesk_records WHERE record IS NOT NULL AND stream = 'ratings')
        SELECT *, {team("group_id")} AS team, {_RECORDED} AS recorded,
            CASE WHEN ticket IS NULL THEN 'a rating without ticket_id' WHEN created IS NULL THEN 'no instant'
                WHEN updated IS NULL AND (score LIKE 'good%' OR score LIKE 'bad%')
                    THEN 'no instant of the answer (updated_at)'
                END AS problem
        FROM read"""


RATING: Final = {
    "ticket_id": "ticket", "customer_id": "requester", "team": "team", "recorded_at": "recorded",
    "subject_id": "ticket",
    "attribute": "'thumbs'",
}  # fmt: skip
RATING_RULES: Final[tuple[Rule, ...]] = (
    (
        "score = 'offered' OR score LIKE 'good%' OR score LIKE 'bad%'",
        {"kind": "'survey_sent'", "event_id": "concat_ws('/', ticket, 'survey_sent', epoch_ms(created))",
         "occurred_at": "created", "actor_kind": "'system'"},
    ),
    (
        "score LIKE 'good%' OR score LIKE 'bad%'",
        {"kind": "'rated'", "event_id": "concat_ws('/', ticket, 'rated', epoch_ms(updated))",
        "occurred_at": "updated",
         "actor_kind": "'customer'", "actor_id": "requester",
         "amount": "CASE WHEN score LIKE 'good%' THEN 1 ELSE 0 END"},
    ),
)  # fmt: skip


def metrics() -> str:
    """SQL of one row a ticket metric record, with what `tickets` says of the ticket's people."""
    return f"""
        WITH read AS (
            SELECT row, line, (record->>'ticket_id') AS ticket,
                {instant("(record->>'created_at')")} AS created,
                {instant("(record->>'updated_at')")} AS updated,
                    {instant("(record->>'solved_at')")} AS solved,
                {instant("(record->>'assigned_at')")} AS assigned,
                TRY_CAST(record->>'$.reply_time_in_minutes.calendar' AS INTEGER) AS minutes
            FROM zendesk_records WHERE record IS NOT NULL AND stream = 'metrics')
        SELECT read.*, k.requester, k.assignee, {_RECORDED} AS recorded,
            CASE WHEN ticket IS NULL THEN 'a metric without ticket_id' WHEN created IS NULL
                THEN 'no instant' END AS problem
        FROM read LEFT JOIN zendesk_known AS k ON k.id = ticket"""


METRIC: Final = {"ticket_id": "ticket", "customer_id": "requester", "recorded_at": "recorded"}
METRIC_RULES: Final[tuple[Rule, ...]] = (
    ("solved IS NOT NULL", {"kind": "'solved'", "event_id": "ticket || '/solved'", "occurred_at": "solved"}),
    (
        "assigned IS NOT NULL AND assignee IS NOT NULL",
        {"kind": "'assigned'", "event_id": "ticket || '/assigned'", "occurred_at": "assigned",
        "subject_id": "assignee"},
    ),
    (
        "minutes >= 0",
        {"kind": "'message'", "event_id": "ticket || '/first_reply'",
        "occurred_at": "created + to_minutes(minutes)",
         "actor_kind": "'agent'", "attribute": "'inferred'"},
    ),
)  # fmt: skip
