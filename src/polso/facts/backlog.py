"""Backlog: open spells cut where a dimension changes, so that a stock can be read at any instant by any dimension.

Rule kept here: yesterday's backlog by team never changes because of today's transfer.
"""

from __future__ import annotations

from polso.engine import Table, ibis
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
    worker,
)
from polso.facts.history import NEVER, carried


def fold(events: Table, context: Context) -> Table:
    """One row per open spell and stretch of equal dimensions: since, until, how it began and ended."""
    spells, past = context.shared["spells"], context.shared["history"]
    stretches = past.select(*TICKET, *carried(context.attributes), "from_at", "to_at")
    spans = spells.mutate(end_at=spells.until.fill_null(ibis.timestamp(NEVER)))
    # A spell that ends as it begins still lies in one stretch.
    last_at = ibis.ifelse(
        spans.end_at > spans.since, spans.end_at, spans.since + ibis.interval(microseconds=1)
    )
    spans = spans.mutate(last_at=last_at)
    met = spans.left_join(
        stretches,
        [
            *((spans[name] == stretches[name]) for name in TICKET),
            stretches.from_at < spans.last_at,
            stretches.to_at > spans.since,
        ],
    )
    # A ticket of which nothing was ever said has no stretch, and is in the backlog all the same.
    starts_here = met.from_at.isnull() | (met.from_at <= met.since)
    ends_here = met.to_at.isnull() | (met.to_at >= met.end_at)
    rows = met.select(
        *TICKET,
        "nth",
        **{name: met[name] for name in carried(context.attributes)},
        since=ibis.ifelse(starts_here, met.since, met.from_at),
        until=ibis.ifelse(ends_here, met.until, met.to_at),
        began_as=ibis.cases(
            (~starts_here, "moved_in"),
            (met.nth == 0, "opened"),
            (met.after.isin(["merged", "removed"]), "restored"),
            else_="reopened",
        ),
        ended_as=ibis.cases((~ends_here, "moved_out"), else_=met.ended_by),
    )
    opened = context.shared["spells"].filter(lambda t: t.nth == 0).select(*TICKET, opened_at="since")
    joined = rows.inner_join(opened, list(TICKET))
    clients = context.shared["clients"].select(*TICKET, "client", "left_out")
    with_client = joined.inner_join(clients, list(TICKET))
    return with_client.mutate(is_still_open=with_client.until.isnull()).drop("nth")


BACKLOG = Fact(
    name="backlog",
    sentence="One row per open spell of a ticket and stretch of equal dimensions; a stock is read off between since and until.",
    key=TICKET_KEY,
    clock="since",
    at="since",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        group("team", "The team during the stretch."),
        worker("agent", "The assignee during the stretch."),
        dimension("priority", "The priority during the stretch."),
        dimension("issue_type", "The issue type during the stretch."),
        dimension(
            "began_as", "How the stretch began: opened, reopened, restored or moved_in (a dimension changed)."
        ),
        dimension(
            "ended_as", "How it ended: solved, closed, merged, removed or moved_out; null while it lasts."
        ),
        dimension(
            "left_out",
            "Why the ticket does not count elsewhere: merged, removed or internal; null where it does.",
        ),
        flag("is_still_open", "Whether the stretch lasts to the end of the data."),
        instant("since", "When the stretch began."),
        instant("until", "When it ended; null while it lasts."),
        instant("opened_at", "When the ticket was first opened: its age is counted from here."),
    ),
    fold=fold,
)
