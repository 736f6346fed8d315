"""Tickets: one row a request, from opening to its end, with everything a KPI of tickets needs.

Rule kept here: every instant is one that some event bears; the row changes only when an event of the
ticket arrives (the next instants of the same customer are a second pass, facts/returns.py).
"""

from __future__ import annotations

from polso.calendar.position import with_business
from polso.engine import BooleanValue, Table, ibis, micros_between
from polso.facts.fact import (
    ORDER,
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    in_order,
    is_reply,
    of_tickets,
)
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
    base = _first_replier(own, _first_response(own, base))
    base = _assigned_before_reply(own, _human_clock(own, base, context), context)
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


def anchors(own: Table, context: Context) -> Table:
    """Everything that one grouped pass over a ticket's events can tell: kept apart, as other folds read it too."""
    found = _opened(own, context.keep("fold_grouped", _grouped(own)))
    return found.mutate(left_out=_left_out(found), is_counted=_left_out(found).isnull())


def _opened(own: Table, found: Table) -> Table:
    """Who opened: the first opening of several; without any, whoever the first event is by."""
    doubtful = found.filter(found.openings != 1).select(*TICKET, "openings")
    events = own.inner_join(doubtful, list(TICKET))
    events = events.filter((events.kind == "opened") | (events.openings == 0))
    placed = events.mutate(place=ibis.row_number().over(in_order(events)))
    first = placed.filter(placed.place == 0).select(
        f_source="source",
        f_ticket="ticket_id",
        f_by="actor_kind",
        f_opener="actor_id",
        f_direction="direction",
    )
    joined = found.left_join(first, [found.source == first.f_source, found.ticket_id == first.f_ticket])
    known = joined.f_source.notnull()
    named = joined.mutate(
        opened_by=ibis.ifelse(known, joined.f_by, joined.opened_by).fill_null("customer"),
        opener=ibis.ifelse(known, joined.f_opener, joined.opener),
        direction=ibis.ifelse(known, joined.f_direction, joined.direction),
    )
    return named.drop("f_source", "f_ticket", "f_by", "f_opener", "f_direction", "openings")


def _grouped(own: Table) -> Table:
    at, kind, by = own.occurred_at, own.kind, own.actor_kind
    message = kind == "message"
    opened = kind == "opened"
    return own.group_by(*TICKET).aggregate(
        client=own.client.max(),
        customer_id=own.customer_id.max(),
        first_event_at=at.min(),
        last_event_at=at.max(),
        events=own.count(),
        recorded_opening_at=at.min(where=opened),
        openings=opened.sum(),
        opened_by=by.max(where=opened),
        opener=own.actor_id.max(where=opened),
        direction=own.direction.max(where=opened),
        first_customer_message_at=at.min(where=message & (by == "customer")),
        any_reply_at=at.min(where=is_reply(own) | _is_any_reply(own)),
        human_reply_at=at.min(where=is_reply(own)),
        last_reply_at=at.max(where=is_reply(own)),
        comment_at=at.min(where=message & is_reply(own)),
        agent_response_at=at.min(where=_is_response(own)),
        first_action_at=at.min(where=is_reply(own) | kind.isin(["waiting", "solved", "closed"])),
        declared_done_at=at.min(where=kind.isin(["solved", "closed"])),
        bot_solved_at=at.max(where=(kind == "solved") & (by == "bot")),
        first_name=own.actor_id.min(where=is_reply(own)),
        last_name=own.actor_id.max(where=is_reply(own)),
        assigned_at=at.min(where=kind == "assigned"),
        team_assigned_at=at.min(where=kind.isin(["opened", "transferred", "assigned"]) & own.team.notnull()),
        taken_at=at.min(where=(kind == "assigned") & (own.actor_id == own.subject_id)),
        last_solve_event_at=at.max(where=kind == "solved"),
        closed_at=at.max(where=kind == "closed"),
        escalated_at=at.min(where=kind == "escalated"),
        handed_off_at=at.max(where=(kind == "left") & (own.stage == "bot") & (own.value == "handed_off")),
        first_handed_off_at=at.min(
            where=(kind == "left") & (own.stage == "bot") & (own.value == "handed_off")
        ),
        merged_at=at.max(where=kind == "merged"),
        removed_at=at.max(where=kind == "removed"),
        restored_at=at.max(where=kind == "restored"),
        removed_as=own.value.max(where=kind == "removed"),
        customer_messages=(message & (by == "customer")).sum(),
        agent_messages=(message & is_reply(own)).sum(),
        is_call=own.said_ticket_id.isnull().all(),
        stages_entered=(kind == "entered").sum(),
        stages_left=(kind == "left").sum(),
        last_left_at=at.max(where=kind == "left"),
        bot_messages=(message & by.isin(["bot", "system"])).sum(),
        notes=(kind == "note").sum(),
        agent_responses=_is_response(own).fill_null(False).sum(),
        assignments=(kind == "assigned").sum(),
        takes=((kind == "assigned") & (own.actor_id == own.subject_id)).sum(),
        transfers=((kind == "transferred") & (by.fill_null("agent") != "system")).sum(),
        escalations=(kind == "escalated").sum(),
        solve_events=(kind == "solved").sum(),
        follows=own.subject_id.max(where=(kind == "linked") & (own.value == "follow_up")),
        merged_into=own.subject_id.max(where=kind == "merged"),
    )


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


def _first_response(own: Table, base: Table) -> Table:
    """Where the response clock starts and stops.

    The customer's opening starts it; where somebody else opened, the customer's first message does,
    and only a reply after that counts.
    """
    by_customer = base.opened_by == "customer"
    started = ibis.ifelse(by_customer, base.opened_at, base.first_customer_message_at)
    base = base.mutate(started_at=started)
    # Rare: somebody else opened, or a reply stands before the clock starts.
    early = (base.human_reply_at < base.started_at) | (base.any_reply_at < base.started_at)
    by_agent = base.opened_by == "agent"
    waited = base.started_at.notnull() & (~by_customer | early.fill_null(False))
    others = base.filter(waited | by_agent).select(
        a_source="source", a_ticket="ticket_id", asked_at="started_at", begun_at="opened_at"
    )
    answers = own.filter(is_reply(own) | _is_any_reply(own) | _is_response(own))
    later = answers.inner_join(
        others, [answers.source == others.a_source, answers.ticket_id == others.a_ticket]
    )
    at, next_to = later.occurred_at, later.occurred_at > later.begun_at
    asked = (at >= later.asked_at).fill_null(False)
    found = later.group_by(l_source=later.source, l_ticket=later.ticket_id).aggregate(
        later_reply_at=at.min(where=is_reply(later) & asked),
        later_any_at=at.min(where=(is_reply(later) | _is_any_reply(later)) & asked),
        next_comment_at=at.min(where=is_reply(later) & (later.kind == "message") & next_to),
        next_response_at=at.min(where=_is_response(later) & next_to),
    )
    joined = base.mutate(is_plain=by_customer & ~early.fill_null(False))
    joined = joined.left_join(found, [joined.source == found.l_source, joined.ticket_id == found.l_ticket])
    return joined.mutate(
        first_reply_at=ibis.ifelse(joined.is_plain, joined.human_reply_at, joined.later_reply_at),
        any_first_reply_at=ibis.ifelse(joined.is_plain, joined.any_reply_at, joined.later_any_at),
        comment_at=ibis.ifelse(joined.opened_by == "agent", joined.next_comment_at, joined.comment_at),
        agent_response_at=ibis.ifelse(
            joined.opened_by == "agent", joined.next_response_at, joined.agent_response_at
        ),
        # What the agent who opened wrote while opening answers nobody.
        agent_replies=joined.agent_messages
        - ((joined.opened_by == "agent") & (joined.comment_at <= joined.opened_at)).fill_null(False).cast("int64"),
        has_one_replier=(joined.first_name == joined.last_name).fill_null(False),
    ).drop(
        "l_source", "l_ticket", "later_reply_at", "later_any_at", "any_reply_at", "is_plain", "next_comment_at",
        "next_response_at", "first_name", "last_name",
    )  # fmt: skip


def _first_replier(own: Table, base: Table) -> Table:
    """Who sent the first response; of several at one instant, the first by name."""
    wanted = base.select(w_source="source", w_ticket="ticket_id", w_at="first_reply_at")
    replies = own.filter(is_reply(own)).select(*TICKET, "occurred_at", "actor_id")
    same = [replies.source == wanted.w_source, replies.ticket_id == wanted.w_ticket]
    first = replies.inner_join(wanted, [*same, replies.occurred_at == wanted.w_at])
    sender = first.group_by(s_source=first.source, s_ticket=first.ticket_id).aggregate(
        first_replier=first.actor_id.min()
    )
    joined = base.left_join(sender, [base.source == sender.s_source, base.ticket_id == sender.s_ticket])
    return joined.drop("s_source", "s_ticket")


def _is_response(own: Table) -> BooleanValue:
    """What an agent wrote for the customer to read: a public message or a public note."""
    noted = (own.kind == "note") & (own.actor_kind == "agent") & (own.value == "public")
    return noted.fill_null(False) | ((own.kind == "message") & is_reply(own))


def _human_clock(own: Table, base: Table, context: Context) -> Table:
    """Since when only a person could answer first: the last thing but a person's reply that passed the ticket on.

    The opening; or, where they come later and before any person's reply, a bot's hand-off, solve or contained
    conversation, or a reopening.
    """
    spells = context.shared["spells"].view()
    again = spells.filter(spells.after.isin(["solved", "closed"]).fill_null(False))
    over = (own.kind == "left") & (own.stage == "bot") & own.value.isin(["handed_off", "contained"])
    passed = own.filter(over.fill_null(False)).select(*TICKET, at=own.occurred_at)
    marks = again.select(*TICKET, at=again.since).union(passed)
    # From the anchors, not from `base`: engines would make all that led to it a second time.
    known = context.shared["anchors"].view()
    known = known.select(k_source="source", k_ticket="ticket_id", replied_at="human_reply_at")
    met = marks.inner_join(known, [marks.source == known.k_source, marks.ticket_id == known.k_ticket])
    early = met.filter(met.replied_at.isnull() | (met["at"] <= met.replied_at))
    last = early.group_by(p_source=early.source, p_ticket=early.ticket_id).aggregate(
        passed_at=early["at"].max()
    )
    joined = base.left_join(last, [base.source == last.p_source, base.ticket_id == last.p_ticket])
    by_bot = joined.human_reply_at.isnull() | (joined.bot_solved_at <= joined.human_reply_at)
    solved = ibis.ifelse(by_bot, joined.bot_solved_at, ibis.null("timestamp"))
    starts = ibis.greatest(
        joined.opened_at, joined.passed_at.fill_null(joined.opened_at), solved.fill_null(joined.opened_at)
    )
    return joined.mutate(human_clock_at=starts).drop("p_source", "p_ticket", "passed_at", "bot_solved_at")


def _assigned_before_reply(own: Table, base: Table, context: Context) -> Table:
    """The last assignment up to the first reply of a person."""
    anchors = context.shared["anchors"].view()
    several = anchors.filter((anchors.assignments > 1) & anchors.human_reply_at.notnull())
    several = several.select(n_source="source", n_ticket="ticket_id", replied_at="human_reply_at")
    assigned = own.filter(own.kind == "assigned").select(*TICKET, "occurred_at")
    met = assigned.inner_join(
        several, [assigned.source == several.n_source, assigned.ticket_id == several.n_ticket]
    )
    before = met.filter(met.occurred_at <= met.replied_at)
    last = before.group_by(b_source=before.source, b_ticket=before.ticket_id).aggregate(
        last_before_at=before.occurred_at.max()
    )
    joined = base.left_join(last, [base.source == last.b_source, base.ticket_id == last.b_ticket])
    only = ibis.ifelse(
        (joined.assignments == 1) & (joined.assigned_at <= joined.human_reply_at),
        joined.assigned_at,
        ibis.null("timestamp"),
    )
    return joined.mutate(assigned_before_reply_at=joined.last_before_at.fill_null(only)).drop(
        "b_source", "b_ticket", "last_before_at"
    )


def _is_any_reply(own: Table) -> BooleanValue:
    by_program = (own.kind == "message") & own.actor_kind.isin(["bot", "system"])
    return by_program & (own.direction.fill_null("") != "internal")


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


def _left_out(base: Table) -> ibis.expr.types.StringValue:
    back = base.restored_at.fill_null(ibis.timestamp("1970-01-01"))
    # Only a recorded opening says so: where none is, the first event may be anything an agent did.
    internal = (
        base.recorded_opening_at.notnull()
        & (base.opened_by == "agent")
        & (
            (base.direction.fill_null("") == "internal")
            | (base.customer_id.notnull() & (base.customer_id == base.opener))
        )
    )
    return ibis.cases(
        (base.merged_at.notnull() & (base.merged_at > back), "merged"),
        (base.removed_at.notnull() & (base.removed_at > back), "removed"),
        (internal.fill_null(False), "internal"),
        else_=ibis.null("string"),
    )


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
