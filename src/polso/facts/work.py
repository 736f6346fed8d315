"""Work: one row a recorded stretch of work.

Rule kept here: an entry that was set to nothing afterwards is no work; a negative one is a correction and
stays.
"""

from __future__ import annotations

from polso.engine import IntegerValue, Table, ibis
from polso.facts.fact import (
    ANY,
    TICKET,
    TICKET_KEY,
    WHOSE,
    Context,
    Fact,
    dimension,
    duration,
    flag,
    group,
    identifier,
    instant,
    worker,
)
from polso.facts.stages import with_ticket


def micros(seconds: ibis.expr.types.DecimalValue) -> IntegerValue:
    """Exact decimal seconds as whole microseconds."""
    return scaled(seconds, 1_000_000)


def scaled(amount: ibis.expr.types.DecimalValue, factor: int) -> IntegerValue:
    """A decimal times a factor as a whole number, halves away from zero."""
    # Wide, because DuckDB keeps a product of 18 digits in 18 digits and then raises.
    return (amount.cast("decimal(30, 6)") * factor).round().cast("int64")


def fold(events: Table, context: Context) -> Table:
    """Every `work` event that is not empty; work without a ticket is a row too."""
    done = events.filter((events.kind == "work") & (events.amount != 0))
    rows = done.select(
        *TICKET,
        "event_id",
        "contact_id",
        "client",
        "channel",
        "team",
        agent=ibis.ifelse(done.actor_kind == "agent", done.actor_id, ibis.null("string")),
        has_ticket=done.has_ticket,
        worked_at=done.occurred_at,
        work_us=micros(done.amount),
    )
    return with_ticket(rows, "worked_at", context)


WORK = Fact(
    name="work",
    sentence="One row a recorded stretch of work.",
    key=TICKET_KEY,
    clock="worked_at",
    at="worked_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket; a name made from the entry where it belongs to none."),
        identifier("event_id", "The event."),
        identifier("contact_id", "The call or session it was for; null where the source does not say."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The channel of the entry, else the ticket's."),
        group("team", "The team of the entry, else the ticket's at that instant."),
        worker("agent", "Who worked."),
        dimension("priority", "The ticket's priority at that instant."),
        dimension("issue_type", "The ticket's issue type at that instant."),
        flag("has_ticket", "Whether the work was for a ticket."),
        instant("worked_at", "When the work began or was recorded, as the source says."),
        duration("work_us", "Recorded work; negative for a correction."),
    ),
    fold=fold,
    credited={(ANY, "sender"): WHOSE},
)
