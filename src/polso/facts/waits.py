"""Waits: stretches of an open spell in which the ticket waits for somebody, from `waiting` to whatever ends it."""

from __future__ import annotations

from polso.engine import Table, TimestampValue, ibis
from polso.facts.fact import (
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    Span,
    dimension,
    group,
    identifier,
    in_order,
    instant,
    is_end,
    of_tickets,
    worker,
)
from polso.facts.history import NEVER, at_instant
from polso.facts.spells import reopens


def fold(events: Table, context: Context) -> Table:
    """One row a wait; it ends at resumed, at another wait, at a reopening or with the open spell."""
    own = of_tickets(events)
    relevant = own.filter(
        own.kind.isin(["waiting", "resumed"]) | is_end(own) | reopens(own, context.reopen_on)
    )
    order = in_order(relevant)
    followed = relevant.mutate(until=relevant.occurred_at.lead().over(order))
    begun = followed.filter(followed.kind == "waiting")
    spells = context.shared["spells"].view()
    spells = spells.select(
        s_source="source",
        s_ticket="ticket_id",
        s_since="since",
        s_until=spells.until.fill_null(ibis.timestamp(NEVER)),
    )
    # A wait of a ticket that is not open is no wait.
    waits = begun.semi_join(
        spells,
        [
            begun.source == spells.s_source,
            begun.ticket_id == spells.s_ticket,
            spells.s_since <= begun.occurred_at,
            spells.s_until > begun.occurred_at,
        ],
    )
    anchors = context.shared["anchors"].view()
    replied = anchors.select(r_source="source", r_ticket="ticket_id", replied_at="human_reply_at")
    waits = waits.left_join(replied, [waits.source == replied.r_source, waits.ticket_id == replied.r_ticket])
    unanswered = waits.replied_at.isnull() | (waits.occurred_at < waits.replied_at)
    rows = waits.select(
        *TICKET,
        "client",
        since=waits.occurred_at,
        until=waits.until,
        unanswered_until=ibis.ifelse(
            unanswered, _earlier(waits.until, waits.replied_at), ibis.null("timestamp")
        ),
        waiting_for=waits.value.fill_null("customer"),
    )
    return at_instant(rows, "since", context)


def _earlier(one: TimestampValue, other: TimestampValue) -> TimestampValue:
    """The earlier of two instants, either of which may be unknown."""
    return ibis.cases((one.isnull(), other), (other.isnull(), one), (other < one, other), else_=one)


WAITS = Fact(
    name="waits",
    sentence="One row a wait: a stretch in which an open ticket waited for somebody.",
    key=TICKET_KEY,
    clock="since",
    at="since",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        group("team", "The team when the wait began."),
        worker("agent", "The assignee when the wait began."),
        dimension("priority", "The priority when the wait began."),
        dimension("issue_type", "The issue type when the wait began."),
        dimension("waiting_for", "customer, third_party, internal or scheduled."),
        instant("since", "When the wait began."),
        instant("until", "When it ended; null while it lasts."),
        instant(
            "unanswered_until",
            "Its end or the ticket's first public human message; null where it began after that.",
        ),
    ),
    spans=(
        Span("wait", "since", "until", "How long the ticket waited."),
        Span("unanswered", "since", "unanswered_until", "The part of it before any public human message."),
    ),
    fold=fold,
)
