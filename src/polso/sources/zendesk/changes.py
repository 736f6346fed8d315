"""What Zendesk's audits (ticket events, comments) say happened, change by change.

Rule kept here: a change is told with what its
    ticket's earlier audits in the file said, never later ones, and its
id is the audit's and its own, so the same audit in two exports is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polso.sources.lines import Rule, listed, quote, renamed

# Zendesk's words for a channel, as the API's via.channel and as the labels of incremental ticket events.
CHANNELS: Final = {
    "email": "email", "mail": "email", "web": "web", "web form": "web", "web_form": "web",
    "web_widget": "web",
    "web widget": "web", "mobile": "web", "mobile_sdk": "web", "help_center": "web", "voice": "phone",
    "phone": "phone",
    "phone_call_inbound": "phone", "phone_call_outbound": "phone", "phone call (inbound)": "phone",
    "phone call (outbound)": "phone", "voicemail": "phone", "chat": "chat", "chat_transcript": "chat",
    "messaging": "chat",
    "native_messaging": "chat", "whatsapp": "whatsapp", "facebook": "social", "facebook_message": "messenger",
    "messenger": "messenger", "twitter": "social", "x": "social", "twitter_dm": "social",
    "instagram_dm": "social",
    "telegram": "telegram", "viber": "viber", "sms": "sms", "text": "sms", "text message": "sms",
    "forum": "community",
}  # fmt: skip
KEPT: Final = (
    "priority", "type", "tags", "brand_id", "ticket_form_id", "organization_id", "custom_status_id",
    "locale_id",
)  # fmt: skip
COMMENTS: Final = ("Comment", "VoiceComment", "FacebookComment", "Tweet")
RULES: Final = ("rule", "trigger", "automation")

_RECORD: Final = (
    "id", "ticket_id", "created_at", "timestamp", "author_id", "updater_id", "via.channel", "via",
    "via.source.rel",
    "via.source.from.ticket_id", "via.source.from.ticket_ids", "via.source.to.ticket_id", "audit_id",
)  # fmt: skip
_CHANGE: Final = (
    "id", "type", "event_type", "field_name", "value", "previous_value", "public", "author_id", "via.channel",
    "via", "score",
)  # fmt: skip
_NOT_FIELDS: Final = (
    "id",
    "via",
    "via_reference_id",
    "event_type",
    "type",
    "previous_value",
    "audit_id",
    "created_at",
)


def instant(text: str) -> str:
    """SQL that reads an ISO 8601 instant as UTC; null where it is none ("redacted")."""
    return f"(TRY_CAST({text} AS TIMESTAMPTZ) AT TIME ZONE 'UTC')"


def channel(via: str, channels: Mapping[str, str]) -> str:
    """SQL of Polso's word for a channel; rules and systems are no channel."""
    return (
        f"CASE WHEN lower({via}) NOT IN ('rule', 'system', 'trigger', 'automation') THEN"
        f" {renamed(f'lower({via})', {**CHANNELS, **channels})} END"
    )


def role(author: str, by_rule: str, bots: tuple[str, ...]) -> str:
    """SQL of who somebody is: the requester is the customer, the others what `users` says, or else agents."""
    return f"""CASE WHEN {by_rule} OR {author} = '-1' THEN 'system'
        WHEN {author} IN ({listed(bots)}) THEN 'bot'
        WHEN {author} = requester THEN 'customer'
        ELSE coalesce((SELECT CASE u.role WHEN 'end-user' THEN 'customer' ELSE 'agent' END
                       FROM zendesk_users AS u WHERE u.id = {author}),
            CASE WHEN requester IS NOT NULL AND {author} IS NOT NULL THEN 'agent' END) END"""


def team(group: str) -> str:
    """SQL of a group's name; its id where no `groups` file names it."""
    return f"coalesce((SELECT g.name FROM zendesk_groups AS g WHERE g.id = {group}), {group})"


def _paths(keys: tuple[str, ...]) -> str:
    return "[" + ", ".join(quote(f"$.{key}") for key in keys) + "]"


def changes(bots: tuple[str, ...], channels: Mapping[str, str]) -> str:
    """SQL of one row a change, from zendesk_records, with its ticket's requester, team and channel then."""
    r = {key: f"r[{place}]" for place, key in enumerate(_RECORD, start=1)}
    c = {key: f"c[{place}]" for place, key in enumerate(_CHANGE, start=1)}
    via = f"coalesce({r['via.channel']}, CASE WHEN {r['via']} NOT LIKE '{{%' THEN {r['via']} END)"
    own_via = f"coalesce({c['via.channel']}, CASE WHEN {c['via']} NOT LIKE '{{%' THEN {c['via']} END)"
    return f"""
        WITH records AS (
            SELECT row, line, stream, record, json_extract_string(record, {_paths(_RECORD)}) AS r
            FROM zendesk_records
            WHERE record IS NOT NULL AND stream IN ('audits', 'ticket_events', 'comments')),
        unrolled AS (
            SELECT row, line, r, unnest(list) AS change, generate_subscripts(list, 1) AS place FROM (
                SELECT *, CASE stream WHEN 'comments' THEN [record] ELSE coalesce(
                    TRY_CAST(json_extract(record, CASE stream WHEN 'audits' THEN '$.events'
                        ELSE '$.child_events' END) AS JSON[]), []) END AS list
                FROM records)),
        read AS (
            SELECT *, json_extract_string(change, {_paths(_CHANGE)}) AS c,
                list_filter(TRY(json_keys(change)), lambda key: key NOT IN ({listed(_NOT_FIELDS)}))[1] AS sole
            FROM unrolled),
        told AS (
            SELECT row, line, place, {r["ticket_id"]} AS ticket,
                coalesce({r["audit_id"]}, {r["id"]}) AS audit,
                coalesce({instant(r["created_at"])}, make_timestamp(
                    CASE WHEN TRY_CAST({r["timestamp"]} AS BIGINT) BETWEEN 0 AND 4102444800
                         THEN {r["timestamp"]}::BIGINT * 1000000 END)) AS happened,
                coalesce({r["author_id"]}, {r["updater_id"]}) AS author, lower({via}) AS via,
                {r["via.source.rel"]} AS rel,
                coalesce({r["via.source.from.ticket_ids"]}, {r["via.source.from.ticket_id"]}) AS from_tickets,
                {r["via.source.to.ticket_id"]} AS to_ticket, {c["id"]} AS change_id,
                coalesce({c["type"]}, {c["event_type"]}) AS type, {c["previous_value"]} AS previous,
                {c["author_id"]} AS writer, coalesce({c["public"]}, 'true') <> 'false' AS public,
                lower({via}) IN ({listed(RULES)}) OR lower({own_via}) IN ({listed(RULES)}) AS by_rule,
                {_field_and_value(c)}
            FROM read),
        followed AS (
            SELECT *, bool_or(type = 'Create') OVER (PARTITION BY row) AS creates,
                coalesce(last_value(CASE WHEN field = 'requester_id' THEN value END IGNORE NULLS) OVER life,
                    (SELECT max(k.requester) FROM zendesk_known AS k WHERE k.id = ticket)) AS requester,
                last_value(CASE WHEN field = 'group_id' THEN value END IGNORE NULLS) OVER life AS group_id,
                last_value(CASE WHEN type = 'Create' THEN via END IGNORE NULLS) OVER life AS born,
                dense_rank() OVER (
                    PARTITION BY ticket, happened ORDER BY TRY_CAST(audit AS UBIGINT), audit) - 1 AS nth
            FROM told
            WINDOW life AS (PARTITION BY ticket ORDER BY happened, TRY_CAST(audit AS UBIGINT), audit))
        SELECT *, concat_ws('/', audit, change_id) AS id, nth * 1000 + place * 2 AS seq,
            {role("author", "coalesce(by_rule, false)", bots)} AS actor_kind,
            {role("coalesce(writer, author)", "coalesce(by_rule, false)", bots)} AS writer_kind,
            {team("group_id")} AS team, {team("previous")} AS team_before,
            {channel("born", channels)} AS channel, {channel("via", channels)} AS own_channel,
            CASE WHEN ticket IS NULL THEN 'a change without ticket_id'
                WHEN audit IS NULL THEN 'an audit without id'
                WHEN happened IS NULL THEN 'no instant' END AS problem
        FROM followed"""


def _field_and_value(c: Mapping[str, str]) -> str:
    """Audits name the field; ticket events use it as a key, one level deeper for custom fields."""
    custom = "json_type(change, '$.custom_ticket_fields') = 'OBJECT'"
    key = "json_keys(change, '$.custom_ticket_fields')[1]"
    value = f"""CASE WHEN {c["field_name"]} IS NOT NULL THEN {c["value"]}
        WHEN {custom} THEN TRY(json_extract_string(change, '$.custom_ticket_fields."' || {key} || '"'))
        ELSE TRY(json_extract_string(change, '$."' || sole || '"')) END"""
    joined = f"coalesce(TRY(array_to_string(CAST(CAST({value} AS JSON) AS VARCHAR[]), ' ')), {value})"
    return f"""CASE WHEN {c["field_name"]} IS NOT NULL THEN {c["field_name"]} WHEN {custom} THEN {key}
            WHEN coalesce({c["type"]}, {c["event_type"]}) IN ('Create', 'Change') THEN sole
            WHEN {c["score"]} IS NOT NULL THEN 'satisfaction_score' END AS field,
        CASE WHEN {c["score"]} IS NOT NULL THEN {c["score"]} WHEN ({value}) LIKE '[%' THEN {joined}
            ELSE {value} END AS value"""


COMMON: Final = {
    "ticket_id": "ticket", "customer_id": "requester", "occurred_at": "happened", "seq": "seq",
    "team": "team",
    "channel": "channel", "actor_kind": "actor_kind",
    "actor_id": "CASE WHEN actor_kind <> 'system' THEN author END",
    "event_id": "id",
}  # fmt: skip


def change_rules(fields: Mapping[str, str]) -> tuple[Rule, ...]:
    """Which change makes which event."""
    return (*_birth(), *_talk(), *_people(), *_status(), *_attributes(fields), *_survey())


def _birth() -> tuple[Rule, ...]:
    born = "creates AND place = 1"
    return (
        (born, {"kind": "'opened'", "event_id": "ticket || '/opened'", "seq": "nth * 1000"}),
        (
            f"{born} AND rel = 'follow_up' AND from_tickets IS NOT NULL",
            {
                "kind": "'linked'",
                "event_id": "ticket || '/follow_up'",
                "subject_id": "from_tickets",
                "value": "'follow_up'",
            },
        ),
        (
            "field = 'problem_id' AND value IS NOT NULL",
            {"kind": "'linked'", "subject_id": "value", "value": "'child'"},
        ),
    )


def _talk() -> tuple[Rule, ...]:
    comment = f"type IN ({listed(COMMENTS)})"
    writer = {
        "actor_kind": "writer_kind",
        "actor_id": "CASE WHEN writer_kind <> 'system' THEN coalesce(writer, author) END",
        "channel": "CASE WHEN writer_kind = 'customer' THEN coalesce(own_channel, channel) ELSE channel END",
        "problem": "coalesce(problem, CASE WHEN writer_kind IS NULL THEN"
        " 'who wrote it is unknown: give `users` or `tickets`' END)",
    }
    return (
        (f"{comment} AND public", {**writer, "kind": "'message'"}),
        (f"{comment} AND NOT public", {**writer, "kind": "'note'", "value": "'private'"}),
    )


def _people() -> tuple[Rule, ...]:
    regrouped = "type = 'Change' AND field = 'group_id'"
    return (
        ("field = 'assignee_id' AND value IS NOT NULL", {"kind": "'assigned'", "subject_id": "value"}),
        (
            "field = 'assignee_id' AND value IS NULL AND previous IS NOT NULL",
            {"kind": "'unassigned'", "subject_id": "previous"},
        ),
        (
            f"{regrouped} AND value IS NOT NULL AND previous IS NOT NULL",
            {"kind": "'transferred'", "subject_id": "team_before"},
        ),
        (
            f"{regrouped} AND (value IS NULL OR previous IS NULL)",
            {"kind": "'set'", "attribute": "'group'", "value": "CASE WHEN value IS NOT NULL THEN team END"},
        ),
    )


def _status() -> tuple[Rule, ...]:
    status, waits = "field = 'status'", "value IN ('pending', 'hold')"
    waited, ended = "previous IN ('pending', 'hold')", "previous IN ('solved', 'closed')"
    who = "CASE value WHEN 'pending' THEN 'customer' ELSE 'third_party' END"
    return (
        (
            f"{status} AND {waited} AND value IN ('new', 'open', 'pending', 'hold')",
            {"kind": "'resumed'", "event_id": "id || '/resumed'"},
        ),
        (f"{status} AND {ended} AND value IN ('new', 'open', 'pending', 'hold')", {"kind": "'reopened'"}),
        (
            f"{status} AND {waits}",
            {"kind": "'waiting'", "value": who, "event_id": "id || '/waiting'", "seq": "seq + 1"},
        ),
        (f"{status} AND value = 'solved'", {"kind": "'solved'"}),
        (f"{status} AND value = 'closed'", {"kind": "'closed'"}),
        (f"{status} AND value = 'deleted'", {"kind": "'removed'"}),
        (
            f"{status} AND previous = 'deleted' AND value <> 'deleted'",
            {"kind": "'restored'", "event_id": "id || '/restored'"},
        ),
    )


def _attributes(fields: Mapping[str, str]) -> tuple[Rule, ...]:
    kept = f"(field IN ({listed(KEPT)}) OR regexp_full_match(field, '[0-9]+') OR field IN ({listed(fields)}))"
    return (
        (
            f"type IN ('Create', 'Change') AND {kept} AND (value IS NOT NULL OR type = 'Change')",
            {"kind": "'set'", "attribute": renamed("field", fields), "value": "value"},
        ),
    )


def _survey() -> tuple[Rule, ...]:
    score, when = "field = 'satisfaction_score'", "epoch_ms(happened)"
    common = {"subject_id": "ticket", "attribute": "'thumbs'"}
    rated = {
        "kind": "'rated'", "event_id": f"concat_ws('/', ticket, 'rated', {when})", "actor_kind": "'customer'",
        "actor_id": "requester", "amount": "CASE WHEN value LIKE 'good%' THEN 1 ELSE 0 END",
    }  # fmt: skip
    sent = {
        "kind": "'survey_sent'", "event_id": f"concat_ws('/', ticket, 'survey_sent', {when})",
        "actor_kind": "'system'",
        "actor_id": "NULL",
    }  # fmt: skip
    return (
        (f"{score} AND value = 'offered'", {**common, **sent}),
        (f"{score} AND (value LIKE 'good%' OR value LIKE 'bad%')", {**common, **rated}),
    )


def merges() -> str:
    """SQL of one row a merged ticket, said by the survivor's audit (from) or by its own (to)."""
    return """
        SELECT * EXCLUDE (ticket, requester, team), NULL AS requester, NULL AS team,
            unnest(CASE WHEN to_ticket IS NOT NULL THEN [ticket]
                WHEN from_tickets LIKE '[%' THEN CAST(CAST(from_tickets AS JSON) AS VARCHAR[])
                    ELSE [from_tickets] END) AS ticket,
            coalesce(to_ticket, ticket) AS survivor
        FROM zendesk_changes WHERE rel = 'merge' AND place = 1 AND coalesce(from_tickets,
            to_ticket) IS NOT NULL"""


MERGED: Final[Rule] = (
    "ticket <> survivor",
    {"kind": "'merged'", "event_id": "concat_ws('/', ticket, 'merged', survivor)", "subject_id": "survivor",
    "seq": "0",
     "channel": "NULL"},
)  # fmt: skip
