"""First responses: where the clock of a ticket's first answer starts and stops, who answered, and who was assigned by then.

Rule kept here: only an answer after the customer asked counts, whoever opened the ticket.
"""

from __future__ import annotations

from polso.engine import BooleanValue, Table, ibis
from polso.facts.fact import TICKET, Context, is_reply


def first_response(own: Table, base: Table) -> Table:
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
    answers = own.filter(is_reply(own) | is_any_reply(own) | is_response(own))
    later = answers.inner_join(
        others, [answers.source == others.a_source, answers.ticket_id == others.a_ticket]
    )
    at, next_to = later.occurred_at, later.occurred_at > later.begun_at
    asked = (at >= later.asked_at).fill_null(False)
    found = later.group_by(l_source=later.source, l_ticket=later.ticket_id).aggregate(
        later_reply_at=at.min(where=is_reply(later) & asked),
        later_any_at=at.min(where=(is_reply(later) | is_any_reply(later)) & asked),
        next_comment_at=at.min(where=is_reply(later) & (later.kind == "message") & next_to),
        next_response_at=at.min(where=is_response(later) & next_to),
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


def first_replier(own: Table, base: Table) -> Table:
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


def human_clock(own: Table, base: Table, context: Context) -> Table:
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


def assigned_before_reply(own: Table, base: Table, context: Context) -> Table:
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


def is_response(own: Table) -> BooleanValue:
    """What an agent wrote for the customer to read: a public message or a public note."""
    noted = (own.kind == "note") & (own.actor_kind == "agent") & (own.value == "public")
    return noted.fill_null(False) | ((own.kind == "message") & is_reply(own))


def is_any_reply(own: Table) -> BooleanValue:
    """What a bot or a program wrote to the customer."""
    by_program = (own.kind == "message") & own.actor_kind.isin(["bot", "system"])
    return by_program & (own.direction.fill_null("") != "internal")
