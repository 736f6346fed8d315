"""The closed vocabulary of the event log: its columns, kinds, stages, outcomes and their order.

Rule kept here: a source may write only these columns and these words; anything else is a rejection.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EventColumn:
    """One column of the log: its engine type, whether it may be null, and what it says."""

    name: str
    type: str
    nullable: bool
    sentence: str


COLUMNS: Final = (
    EventColumn("source", "string", False, "Which configured source recorded the event."),
    EventColumn("event_id", "string", False, "The source's own id of the event; unique within it."),
    EventColumn("key", "uint64", False, "First 64 bits of md5 of (source, event_id)."),
    EventColumn("content_hash", "uint64", False, "First 64 bits of md5 of everything the event says."),
    EventColumn("batch", "int64", False, "Polso's own commit number."),
    EventColumn("client", "string", False, "Whose customers are served."),
    EventColumn(
        "ticket_id",
        "string",
        True,
        "The ticket; null for events about a customer, a contact or an agent alone.",
    ),
    EventColumn("contact_id", "string", True, "The call or chat session."),
    EventColumn("visit_id", "string", True, "Pairs `entered` with `left`."),
    EventColumn("customer_id", "string", True, "Whose request it is."),
    EventColumn("occurred_at", "timestamp", False, "When it happened, UTC, microseconds."),
    EventColumn("recorded_at", "timestamp", False, "When the source knew it, UTC, microseconds."),
    EventColumn("seq", "int64", False, "The source's own order among equal instants; 0 where it has none."),
    EventColumn("kind", "string", False, "What happened; one of the closed list."),
    EventColumn("direction", "string", True, "inbound, outbound, callback or internal."),
    EventColumn(
        "actor_kind", "string", True, "Who did it: customer, agent, bot, system, peer or third_party."
    ),
    EventColumn("actor_id", "string", True, "The id of who did it."),
    EventColumn("subject_id", "string", True, "Whom or what it was done to."),
    EventColumn("channel", "string", True, "The channel it came through."),
    EventColumn("team", "string", True, "The queue or group after the event."),
    EventColumn("stage", "string", True, "The stage that was entered or left."),
    EventColumn("attribute", "string", True, "For `set`: which attribute; for `rated`: the scale."),
    EventColumn("value", "string", True, "The attribute's value, or the detail the kind names."),
    EventColumn("amount", "decimal(18, 6)", True, "Seconds of work, a score, or money."),
    EventColumn("currency", "string", True, "ISO 4217 code where the amount is money."),
)

# What a source produces; the log itself adds `key`, `content_hash` and `batch`.
SOURCE_COLUMNS: Final = tuple(c for c in COLUMNS if c.name not in ("key", "content_hash", "batch"))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event: the columns it needs beyond the common ones, and what it says."""

    name: str
    needs: tuple[str, ...]
    sentence: str


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("opened", ("ticket_id",), "A ticket began; actor = who opened it."),
        Kind("message", ("ticket_id", "actor_kind"), "A public message; actor = its sender."),
        Kind("note", ("ticket_id",), "A note; value public or private; stops no clock."),
        Kind("assigned", ("ticket_id", "subject_id"), "The ticket got a person; subject = assignee."),
        Kind("unassigned", ("ticket_id",), "The ticket lost its person; subject = who had it."),
        Kind(
            "transferred", (), "Moved to another team; subject = team before, team = after, value = reason."
        ),
        Kind("escalated", ("ticket_id",), "Raised to a higher tier; value = reason."),
        Kind(
            "waiting",
            ("ticket_id",),
            "The clock may pause; value customer, third_party, internal or scheduled.",
        ),
        Kind("resumed", ("ticket_id",), "The wait is over."),
        Kind("solved", ("ticket_id",), "Somebody declared the request solved; actor = solver."),
        Kind("reopened", ("ticket_id",), "The request is open again."),
        Kind("closed", ("ticket_id",), "Closed for good, often by a timer; not a service measure."),
        Kind("merged", ("ticket_id", "subject_id"), "Merged into another; subject = survivor."),
        Kind("removed", ("ticket_id",), "Taken out; value spam, test or duplicate."),
        Kind("restored", ("ticket_id",), "Back after removal or merging."),
        Kind(
            "linked",
            ("ticket_id", "subject_id"),
            "Tied to another ticket; value follow_up, split, child, call, callback or thread.",
        ),
        Kind("identified", ("customer_id", "subject_id"), "Visitor or alias (subject) is this customer."),
        Kind("set", ("ticket_id", "attribute"), "A ticket attribute took a value."),
        Kind("entered", ("contact_id", "stage"), "A contact entered a stage; visit_id pairs it with `left`."),
        Kind(
            "left",
            ("contact_id", "stage"),
            "A contact left a stage; value = outcome, actor = the agent of the stage.",
        ),
        Kind("work", ("amount",), "Work on a ticket; amount = seconds, actor = agent."),
        Kind(
            "scheduled", ("actor_id", "amount"), "An agent's paid time from this instant; amount = seconds."
        ),
        Kind("state", ("actor_id", "value"), "An agent's state from this instant; value = the state."),
        Kind("survey_sent", ("subject_id",), "A survey went out; subject = survey, attribute = scale."),
        Kind(
            "rated",
            ("attribute", "amount"),
            "An answer; attribute = scale, amount = score, subject = survey, value = question.",
        ),
        Kind(
            "visited",
            ("subject_id",),
            "A web session; subject = session, channel self_service, store or web; value bot for bots.",
        ),
        Kind(
            "searched",
            ("subject_id",),
            "A search in self-service; subject = session, amount = results found.",
        ),
        Kind("article_viewed", ("subject_id",), "An article was read; subject = article, value = session."),
        Kind(
            "article_voted",
            ("subject_id", "amount"),
            "An article was judged; subject = article, amount +1 or -1.",
        ),
        Kind("accepted", ("ticket_id",), "An answer was accepted; subject = the accepted message."),
        Kind(
            "ordered",
            ("customer_id", "subject_id"),
            "An order; subject = order, amount and currency, value = session.",
        ),
        Kind("refunded", ("subject_id",), "Money given back; subject = order, amount and currency."),
        Kind(
            "cost",
            ("attribute", "amount"),
            "A cost; attribute hourly_rate (actor = agent or team), channel_fee or fixed; value = the stretch it pays for.",
        ),
    )
}

STAGES: Final = ("welcome", "ivr", "bot", "queue", "ring", "talk", "hold", "wrap")
OUTCOMES: Final = (
    "passed", "served", "answered", "abandoned", "overflowed", "timed_out", "transferred", "callback",
    "voicemail", "refused", "failed", "contained", "handed_off", "silent",
)  # fmt: skip
DIRECTIONS: Final = ("inbound", "outbound", "callback", "internal")
ACTOR_KINDS: Final = ("customer", "agent", "bot", "system", "peer", "third_party")
WAITS: Final = ("customer", "third_party", "internal", "scheduled")
REMOVALS: Final = ("spam", "test", "duplicate")
LINKS: Final = ("follow_up", "split", "child", "call", "callback", "thread")
# The calendar stretches, in the reporting zone, over whose days an amount may be spread: the one that holds its instant.
COVERS: Final = ("day", "week", "month", "quarter", "year")
STATES: Final = ("available", "handling", "break", "training", "meeting", "other_work", "offline")
SCALES: Final = ("csat5", "csat7", "nps", "ces7", "thumbs", "fcr")
CHANNELS: Final = (
    "phone", "email", "chat", "whatsapp", "messenger", "telegram", "viber", "sms", "social", "web",
    "self_service", "community", "store",
)  # fmt: skip

# SQL: whether an event names who acted and leaves open whether that is an agent. States, paid time and rates
# are an agent's by themselves.
NAMELESS: Final = (
    "(actor_id IS NOT NULL AND actor_kind IS NULL AND kind NOT IN ('state', 'scheduled', 'cost'))"
)

# Equal instants are ordered by this rank, then by event_id, so that arrival never matters.
_RANKED: Final = (
    "opened",
    "reopened",
    "set",
    "transferred",
    "assigned",
    "message",
    "waiting",
    "solved",
    "rated",
    "closed",
)
KIND_RANK: Final = {kind: rank for rank, kind in enumerate(_RANKED)}
OTHER_RANK: Final = len(_RANKED)
