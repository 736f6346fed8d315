"""Messages: one row a message or note, with the message it answers where the source says so."""

from __future__ import annotations

from polso.engine import IntegerValue, Table, ibis
from polso.facts.fact import (
    ANY,
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    Span,
    count,
    dimension,
    flag,
    group,
    identifier,
    instant,
    of_tickets,
    with_verdict,
    worker,
)
from polso.facts.history import at_instant


def fold(events: Table, context: Context) -> Table:
    """Every message and note; `answers` is the message named by the event's subject, in the same ticket."""
    own = of_tickets(events)
    said = own.filter(own.kind.isin(["message", "note"]))
    parents = said.select(
        *TICKET,
        parent_id="event_id",
        answers_at="occurred_at",
        answers="actor_kind",
        is_root=said.subject_id.isnull(),
    )
    joined = said.left_join(
        parents, [*((said[n] == parents[n]) for n in TICKET), said.subject_id == parents.parent_id]
    )
    # A note may not say who wrote it: people at work do.
    by = joined.actor_kind.fill_null("agent")
    rows = joined.select(
        *TICKET,
        "event_id",
        "client",
        sent_at=joined.occurred_at,
        sender_kind=joined.actor_kind,
        sender=ibis.ifelse(by == "agent", joined.actor_id, ibis.null("string")),
        is_public=(joined.kind == "message") | (joined.value == "public").fill_null(False),
        answers=joined.answers,
        answers_at=joined.answers_at,
        answers_first=joined.is_root.fill_null(False),
        answer_nth=_nth(joined),
    )
    return at_instant(
        with_verdict(rows, context).mutate(is_reply_to_message=ibis._.answers_at.notnull()),
        "sent_at",
        context,
    )


def _nth(joined: Table) -> IntegerValue:
    """Which answer of its kind of sender a message is to the one it answers; null where it answers none."""
    order = ibis.window(
        group_by=[*TICKET, "parent_id", "actor_kind"], order_by=["occurred_at", "seq", "rank", "event_id"]
    )
    place = ibis.row_number().over(order).cast("int64") + 1
    return ibis.ifelse(joined.parent_id.notnull(), place, ibis.null("int64"))


MESSAGES = Fact(
    name="messages",
    sentence="One row a message or note.",
    key=TICKET_KEY,
    clock="sent_at",
    at="sent_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        identifier("event_id", "The event."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        group("team", "The team at that instant."),
        worker("agent", "The assignee at that instant."),
        dimension("priority", "The priority at that instant."),
        dimension("issue_type", "The issue type at that instant."),
        dimension("sender_kind", "customer, agent, bot, system, peer or third_party."),
        worker("sender", "The agent who sent it; null where nobody at work did."),
        dimension("answers", "The kind of sender of the message it answers; null where it answers none."),
        flag("answers_first", "Whether the message it answers answers none itself: it began the thread."),
        count("answer_nth", "1 for the first answer by its kind of sender to the message it answers."),
        flag("is_counted", "Whether the ticket counts: not merged away, not removed, not internal."),
        flag("is_public", "Whether the customer could read it."),
        flag("is_reply_to_message", "Whether the source says which message it answers."),
        instant("sent_at", "When."),
        instant("answers_at", "When the message it answers was sent."),
    ),
    spans=(Span("answer", "answers_at", "sent_at", "From the message it answers to this one."),),
    fold=fold,
    credited={(ANY, "sender"): {"agent": "sender", "team": "team"}},
)
