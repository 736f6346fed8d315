"""Solves: one row per open spell that ended solved, at the instant of the solve."""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import TICKET, TICKET_KEY, Context, Fact, Span, dimension, flag, identifier, instant
from polso.facts.history import at_instant


def fold(events: Table, context: Context) -> Table:
    """Solved spells with who solved, and the reopening that followed, if any."""
    spells = context.shared["spells"]
    window = ibis.window(group_by=list(TICKET), order_by=["nth"])
    followed = spells.mutate(reopened_at=spells.since.lead().over(window))
    solved = followed.filter(followed.ended_by == "solved")
    rows = solved.select(
        *TICKET,
        since=solved.since,
        solved_at=solved.until,
        reopened_at=solved.reopened_at,
        solver=solved.ended_by_agent,
        is_first=ibis.row_number().over(ibis.window(group_by=list(TICKET), order_by=["nth"])) == 0,
        was_reopened=solved.reopened_at.notnull(),
    )
    return at_instant(rows.inner_join(context.shared["clients"], list(TICKET)), "solved_at", context)


SOLVES = Fact(
    name="solves",
    sentence="One row a solve that ended an open spell.",
    key=TICKET_KEY,
    clock="solved_at",
    at="solved_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        dimension("team", "The team at the solve."),
        dimension("agent", "The assignee at the solve."),
        dimension("priority", "The priority at the solve."),
        dimension("issue_type", "The issue type at the solve."),
        dimension("solver", "Who solved it."),
        flag("is_counted", "Whether the ticket counts: not merged away, not removed, not internal."),
        flag("is_first", "Whether it is the ticket's first solve."),
        flag("was_reopened", "Whether the ticket was opened again after it."),
        instant("since", "Start of the open spell that the solve ended."),
        instant("solved_at", "The solve."),
        instant("reopened_at", "The reopening after it; null where there is none."),
    ),
    spans=(Span("reopen_gap", "solved_at", "reopened_at", "From the solve to the reopening."),),
    fold=fold,
)
