"""Solves: one row per open spell that ended solved, at the instant of the solve."""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import (
    ANY,
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    Span,
    dimension,
    flag,
    group,
    identifier,
    instant,
    worker,
)
from polso.facts.history import Moment, at_moments, carried


def fold(events: Table, context: Context) -> Table:
    """Solved spells with who solved, and the reopening that followed, if any."""
    spells = context.shared["spells"]
    window = ibis.window(group_by=list(TICKET), order_by=["nth"])
    ever = ibis.window(group_by=list(TICKET))
    followed = spells.mutate(
        reopened_at=spells.since.lead().over(window), opened_at=spells.since.min().over(ever)
    )
    solved = followed.filter(followed.ended_by == "solved")
    rows = solved.select(
        *TICKET,
        "nth",
        since=solved.since,
        opened_at=solved.opened_at,
        solved_at=solved.until,
        reopened_at=solved.reopened_at,
        solver=solved.ended_by_agent,
        is_first=ibis.row_number().over(ibis.window(group_by=list(TICKET), order_by=["nth"])) == 0,
        was_reopened=solved.reopened_at.notnull(),
    )
    moments = {
        "": Moment("solved_at", carried(context.attributes)),
        "last_": Moment(None, ("team", "agent")),
    }
    counted = rows.inner_join(context.shared["clients"], list(TICKET))
    return at_moments(counted, moments, context, (*TICKET, "nth"))


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
        group("team", "The team at the solve."),
        worker("agent", "The assignee at the solve."),
        dimension("priority", "The priority at the solve."),
        dimension("issue_type", "The issue type at the solve."),
        worker("solver", "Who solved it."),
        group("last_team", "The ticket's last team."),
        worker("last_agent", "The ticket's last assignee."),
        flag("is_counted", "Whether the ticket counts: not merged away, not removed, not internal."),
        dimension(
            "left_out", "Why the ticket does not count: merged, removed or internal; null where it counts."
        ),
        flag("is_first", "Whether it is the ticket's first solve."),
        flag("was_reopened", "Whether the ticket was opened again after it."),
        instant("since", "Start of the open spell that the solve ended."),
        instant("opened_at", "When the ticket was first opened."),
        instant("solved_at", "The solve."),
        instant("reopened_at", "The reopening after it; null where there is none."),
    ),
    spans=(
        Span("reopen_gap", "solved_at", "reopened_at", "From the solve to the reopening."),
        Span("resolution", "opened_at", "solved_at", "From the ticket's opening to the solve."),
    ),
    fold=fold,
    credited={
        (ANY, "solver"): {"agent": "solver", "team": "team"},
        (ANY, "last_assignee"): {"agent": "last_agent", "team": "last_team"},
    },
)
