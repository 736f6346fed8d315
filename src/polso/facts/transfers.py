"""Transfers: one row per move between teams, of a ticket or of a call."""

from __future__ import annotations

from polso.engine import Table
from polso.facts.fact import (
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    dimension,
    flag,
    group,
    identifier,
    instant,
    of_tickets,
    with_verdict,
    worker,
)
from polso.facts.history import at_instant, own_names


def fold(events: Table, context: Context) -> Table:
    """Every `transferred` event with the teams it left and reached."""
    own = of_tickets(events)
    moved = own.filter(own.kind == "transferred")
    rows = moved.select(
        *TICKET,
        "event_id",
        "client",
        transferred_at=moved.occurred_at,
        from_team=moved.subject_id,
        to_team=moved.team,
        reason=moved.value,
        by_system=(moved.actor_kind == "system").fill_null(False),
    )
    return at_instant(
        with_verdict(rows, context),
        "transferred_at",
        context,
        names=("channel", "agent", "priority", "issue_type", *own_names(context)),
    )


TRANSFERS = Fact(
    name="transfers",
    sentence="One row a transfer between teams.",
    key=TICKET_KEY,
    clock="transferred_at",
    at="transferred_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        identifier("event_id", "The event."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        worker("agent", "The assignee after the transfer."),
        dimension("priority", "The priority at the transfer."),
        dimension("issue_type", "The issue type at the transfer."),
        group("from_team", "The team that gave it away."),
        group("to_team", "The team that got it."),
        dimension("reason", "The reason given."),
        flag("is_counted", "Whether the ticket counts: not merged away, not removed, not internal."),
        flag("by_system", "Whether a routing rule did it."),
        instant("transferred_at", "When."),
    ),
    fold=fold,
)
