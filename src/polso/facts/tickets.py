"""Tickets: one row a request, from opening to its end, with everything a KPI of tickets needs.

Rule kept here: every instant is one that some event bears; the row changes only when an event of the
ticket arrives (the next instants of the same customer are a second pass, facts/returns.py).
"""

from __future__ import annotations

from polso.calendar.position import with_business
from polso.engine import Table, ibis, micros_between
from polso.facts.fact import (
    ORDER,
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    in_order,
    of_tickets,
)
from polso.facts.first_response import assigned_before_reply, first_replier, first_response, human_clock
from polso.facts.history import Moment, at_moments, carried
from polso.facts.returns import link
from polso.facts.ticket_columns import COLUMNS, CREDITED, SPANS

# Whose the ticket was when something happened to it: credit is a choice (see `CREDITS`), so all of them are kept.
MOMENTS = {
    "opening_": Moment("opened_at", ("team", "agent", "priority", "issue_type")),
    "replying_": Moment("first_reply_at", ("team", "agent")),
    "solving_": Moment("first_solved_at", ("team", "agent")),
    "resolving_": Moment("last_solved_at", ("team", "agent")),
}


def fold(events: Table, context: Context) -> Table:
    """One row a ticket."""
    own = of_tickets(events)
    base = (
        context.shared["anchors"]
        .left_join(_spells(context), list(TICKET))
        .drop("source_right", "ticket_id_right")
    )
    base = base.mutate(
        opened_at=base.recorded_opening_at.fill_null(base.first_event_at),
        opening_inferred=base.recorded_opening_at.isnull(),
    )
    base = first_replier(own, first_response(own, base))
    base = assigned_before_reply(own, human_clock(own, base, context), context)
    base = _turns(base, context)
    base = _declared(own, _escalation_reason(own, base))
    base = _pauses(base, context)
    never = ibis.null(base.ended_at.type())
    # A ticket that is open again, after a removal or a closing, has not ended.
    over = ibis.ifelse(base.is_open, never, base.ended_at)
    base = base.mutate(
        resolved_at=ibis.ifelse(base.is_open, never, base.last_solved_at),
        ended_unanswered_at=ibis.ifelse(base.first_reply_at.isnull(), over, never),
        ended_unsolved_at=ibis.ifelse(base.first_solved_at.isnull(), over, never),
        awaits_response=base.started_at.notnull() & (base.first_reply_at.notnull() | base.is_open),
    )
    base = context.keep("fold_tickets", base)
    return at_moments(base, MOMENTS | {"": Moment(None, carried(context.attributes))}, context)


def _spells(context: Context) -> Table:
    """First and last solve, reopenings and the present state, from the open spells."""
    rows = context.shared["spells"]
    solved = rows.ended_by == "solved"
    again = rows.after.isin(["solved", "closed"]).fill_null(False)
    done = rows.ended_by.isin(["solved", "closed", "merged"]).fill_null(False)
    return rows.group_by(*TICKET).aggregate(
        first_solved_at=rows.until.min(where=solved),
        last_solved_at=rows.until.max(where=solved),
        solves=solved.fill_null(False).sum(),
        first_done_at=rows.until.min(where=done),
        last_done_at=rows.until.max(where=done),
        endings=done.sum(),
        reopenings=again.sum(),
        reopened_at=rows.since.min(where=again & (rows.after == "solved")),
        is_open=rows.until.isnull().any(),
        ended_at=rows.until.max(),
        solver=rows.ended_by_agent.argmax(rows.nth, where=solved),
        first_solver=rows.ended_by_agent.argmin(rows.nth, where=solved),
    )


def _turns(base: Table, context: Context) -> Table:
    """How often the customer reached the service, the longest wait for a reply, and the work recorded."""
    turns = context.shared["turns"]
    answered = turns.outcome == "answered"
    summed = turns.group_by(*TICKET).aggregate(
        turns=turns.count(),
        longest_reply_us=micros_between(turns.started_at, turns.ended_at).max(where=answered),
    )
    reached = context.shared["contacts"].view()
    reached = reached.filter(reached.direction == "inbound")
    contacts = reached.group_by(c_source=reached.source, c_ticket=reached.ticket_id).aggregate(
        contacts=reached.count()
    )
    joined = base.left_join(summed, list(TICKET)).drop("source_right", "ticket_id_right")
    joined = joined.left_join(
        contacts, [joined.source == contacts.c_source, joined.ticket_id == contacts.c_ticket]
    )
    work = context.shared["work"].view()
    worked = work.group_by(w_source=work.source, w_ticket=work.ticket_id).aggregate(
        work_us=work.work_us.sum()
    )
    joined = joined.left_join(worked, [joined.source == worked.w_source, joined.ticket_id == worked.w_ticket])
    return joined.mutate(turns=joined.turns.fill_null(0), contacts=joined.contacts.fill_null(0)).drop(
        "c_source", "c_ticket", "w_source", "w_ticket"
    )


def _declared(own: Table, base: Table) -> Table:
    """What the last answer said about whether it was solved at the first contact."""
    said = own.filter((own.kind == "rated") & (own.attribute == "fcr") & own.amount.notnull())
    newest = ibis.window(group_by=list(TICKET), order_by=[ibis.desc(name) for name in ORDER])
    placed = said.mutate(place=ibis.row_number().over(newest))
    last = placed.filter(placed.place == 0).select(
        d_source="source", d_ticket="ticket_id", declared_fcr=placed.amount > 0
    )
    joined = base.left_join(last, [base.source == last.d_source, base.ticket_id == last.d_ticket])
    return joined.drop("d_source", "d_ticket")


def _escalation_reason(own: Table, base: Table) -> Table:
    """Why it was escalated: what the first escalation that gives a reason says."""
    told = own.filter((own.kind == "escalated") & own.value.notnull())
    placed = told.mutate(place=ibis.row_number().over(in_order(told)))
    first = placed.filter(placed.place == 0).select(
        r_source="source", r_ticket="ticket_id", escalation_reason="value"
    )
    joined = base.left_join(first, [base.source == first.r_source, base.ticket_id == first.r_ticket])
    return joined.drop("r_source", "r_ticket")


def _pauses(base: Table, context: Context) -> Table:
    """Time inside open spells spent waiting, in all and on the customer: what a pausing clock takes off.

    Pauses before the first solve are summed apart, because the first solve has a clock of its own.
    """
    waits = context.shared["waits"]
    # From the spells, not from `base`: engines would make all that led to it a second time.
    ends = _spells(context).select(*TICKET, "first_solved_at", "first_done_at")
    joined = waits.left_join(ends, list(TICKET))
    joined = joined.drop("source_right", "ticket_id_right")
    on_customer = joined.waiting_for == "customer"
    early = joined.since < joined.first_solved_at
    undone = joined.since < joined.first_done_at
    summed = joined.group_by(*TICKET).aggregate(
        paused_us=joined.wait_us.sum(),
        paused_business_us=joined.wait_business_us.sum(),
        paused_on_customer_us=joined.wait_us.sum(where=on_customer),
        paused_on_customer_business_us=joined.wait_business_us.sum(where=on_customer),
        paused_early_us=joined.wait_us.sum(where=on_customer & early),
        paused_early_business_us=joined.wait_business_us.sum(where=on_customer & early),
        paused_before_done_us=joined.wait_us.sum(where=undone),
        paused_before_done_business_us=joined.wait_business_us.sum(where=undone),
        paused_before_reply_us=joined.unanswered_us.sum(),
        paused_before_reply_business_us=joined.unanswered_business_us.sum(),
        open_waits=(joined.until.isnull() & on_customer).fill_null(False).sum(),
    )
    with_pauses = base.left_join(summed, list(TICKET)).drop("source_right", "ticket_id_right")
    return with_pauses.mutate(
        **{
            name: with_pauses[name].cast("int64").fill_null(0)
            for name in summed.columns
            if name not in TICKET
        },
        awaits_customer=(with_pauses.open_waits > 0).fill_null(False),
    ).drop("open_waits")


def finish(rows: Table, calendar: str, days: Table) -> Table:
    """Whether each ticket was opened in opening hours: the microsecond after the opening is open time."""
    ticked = rows.mutate(tick=rows.opened_at + ibis.interval(microseconds=1))
    timed = with_business(ticked, {"tick_us": ("opened_at", "tick")}, calendar, days)
    return timed.mutate(opened_in_hours=timed.tick_us > 0).drop("tick", "tick_us")


TICKETS = Fact(
    name="tickets",
    sentence="One row a ticket: one request of one customer, on any channel, from opening to its end.",
    key=TICKET_KEY,
    clock="opened_at",
    at="opened_at",
    columns=COLUMNS,
    spans=SPANS,
    fold=fold,
    link=link,
    link_reads=(
        *TICKET,
        "client",
        "customer_id",
        "issue_type",
        "opened_at",
        "last_solved_at",
        "is_counted",
        "left_out",
        "follows",
        "merged_into",
        "contacts",
    ),
    finish=finish,
    credited=CREDITED,
)
