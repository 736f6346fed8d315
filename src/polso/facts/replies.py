"""Customer turns: from the first unanswered customer message to the next public human reply.

Rule kept here: a turn ends at a reply or at the end of the ticket's open spell; a turn that ended
without a reply, or is still open, is a row too, so that nothing is silently left out.
"""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import (
    ANY,
    ORDER,
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
    in_order,
    instant,
    is_customer_contact,
    is_end,
    is_reply,
    of_tickets,
    with_verdict,
    worker,
)
from polso.facts.history import Moment, at_moments, carried
from polso.facts.spells import hang_ups, late_openings, reopens, standing

_HEARD = (*TICKET, *ORDER, "client", "kind", "actor_kind", "actor_id")


def turns(events: Table, context: Context, carry: str = "contact_id") -> Table:
    """One row a customer turn: when it began, through what, and what ended it.

    A message to a ticket that is not open begins no turn ("thanks"), unless it is what reopens it.

    `carry` names what `contact_id` holds, of the event that began the turn.
    Columns: source, ticket_id, nth, started_at, next_turn_at, started_by_kind, contact_id, actor_id,
    ended_at, outcome (answered, ended, open) and answered_by.
    """
    own = _placed(of_tickets(events), context)
    ends, comes = is_end(own) & ~own.is_undone, is_customer_contact(own) & ~own.is_passed_on
    speaks = ibis.cases(
        (is_reply(own), "reply"),
        (ends, "end"),
        (comes, "customer"),
        else_=ibis.null("string"),
    )
    mark = ibis.cases(
        (reopens(own, context.reopen_on), ibis.literal(1, "int8")),
        (ends, ibis.literal(0, "int8")),
        else_=ibis.null("int8"),
    )
    heard = own.select(*_HEARD, contact_id=own[carry], speaks=speaks, mark=mark)
    heard = heard.filter(heard.speaks.notnull() | heard.mark.notnull() | (heard.kind == "opened"))
    heard = heard.union(_made_up(late_openings(context), heard)).union(_made_up(hang_ups(context), heard))
    order = in_order(heard)
    gone, stood = standing(heard, heard.mark)
    by_agent = (heard.actor_kind == "agent").fill_null(False)
    opens = ibis.ifelse((heard.mark == 1) & ~by_agent, heard.kind, ibis.null("string"))
    placed = heard.mutate(gone=gone, stood=stood, opened_next=opens.lead().over(order))
    shut = (placed.gone == 1) | (placed.stood == 0)
    # Who comes back from removal solved is not open again.
    reopened_next = placed.opened_next.notnull() & ((placed.opened_next != "restored") | (placed.stood == 1))
    thanks = (placed.kind == "message") & (placed.speaks == "customer") & shut & ~reopened_next
    said = placed.filter(placed.speaks.notnull() & ~thanks.fill_null(False))
    order = in_order(said)
    runs = said.mutate(before=said.speaks.lag().over(order)).filter(
        lambda t: t.before.isnull() | (t.before != t.speaks)
    )
    followed = runs.mutate(
        ended_at=runs.occurred_at.lead().over(order),
        ended_as=runs.speaks.lead().over(order),
        ended_by=runs.actor_id.lead().over(order),
    ).filter(lambda t: t.speaks == "customer")
    outcome = ibis.cases(
        (followed.ended_as == "reply", "answered"), (followed.ended_as == "end", "ended"), else_="open"
    )
    return followed.select(
        *TICKET,
        "client",
        "contact_id",
        nth=ibis.row_number().over(order).cast("int64") + 1,
        started_at=followed.occurred_at,
        next_turn_at=followed.occurred_at.lead().over(order),
        started_by=followed.kind,
        ended_at=followed.ended_at,
        outcome=outcome,
        replier=ibis.ifelse(followed.ended_as == "reply", followed.ended_by, ibis.null("string")),
    )


def _placed(own: Table, context: Context) -> Table:
    """The events that can tell of turns, with what only the rest of the ticket tells of them: removals and mergers undone
    later, and callers passed on.

    Who comes back from removal has waited all along; a caller passed on to another queue has reached the
    service once.
    """
    tells = is_reply(own) | is_end(own) | is_customer_contact(own) | reopens(own, context.reopen_on)
    enters = ((own.kind == "entered") & own.contact_id.notnull()).fill_null(False)
    told = own.filter((tells | (own.kind == "opened")).fill_null(False) & ~enters)
    # Callers apart: sorting every event by its contact, for these alone, would take longer than all the rest.
    calls = own.filter(enters)
    place = ibis.row_number().over(in_order(calls, *TICKET, "contact_id"))
    placed = told.mutate(is_passed_on=ibis.literal(False)).union(calls.mutate(is_passed_on=place > 0))
    restored = own.filter(own.kind == "restored")
    back = restored.group_by(b_source=restored.source, b_ticket=restored.ticket_id).aggregate(
        back_at=restored.occurred_at.max()
    )
    joined = placed.left_join(back, [placed.source == back.b_source, placed.ticket_id == back.b_ticket])
    undone = joined.kind.isin(["removed", "merged"]) & (joined.occurred_at < joined.back_at)
    return joined.mutate(is_undone=undone.fill_null(False)).drop("b_source", "b_ticket", "back_at")


def _made_up(marks: Table, heard: Table) -> Table:
    """Openings and ends that no event is, as rows of what was heard."""
    speaks = ibis.ifelse(marks.is_open == 0, "end", ibis.null("string"))
    known = marks.mutate(
        speaks=speaks, mark=marks.is_open, client=ibis.null("string"), contact_id=ibis.null("string")
    )
    return known.select(*heard.columns)


def fold(events: Table, context: Context) -> Table:
    """The customer turns with the dimensions in force when they began."""
    rows = context.shared["turns"]
    answered = rows.outcome == "answered"
    made = rows.select(
        *TICKET,
        "client",
        "nth",
        "started_at",
        "outcome",
        "replier",
        answered_at=ibis.ifelse(answered, rows.ended_at, ibis.null("timestamp")),
        ended_at=rows.ended_at,
        is_first=rows.nth == 1,
    )
    moments = {
        "": Moment("started_at", carried(context.attributes)),
        "replying_": Moment("answered_at", ("team", "agent")),
        "last_": Moment(None, ("team", "agent")),
    }
    judged = with_verdict(made, context)
    first = (judged.answered_at == judged.human_reply_at).fill_null(False)
    return at_moments(judged.mutate(is_first_reply=first), moments, context, (*TICKET, "nth"))


REPLIES = Fact(
    name="replies",
    sentence="One row a customer turn: the first unanswered customer message, and the next public human reply.",
    key=TICKET_KEY,
    clock="started_at",
    at="started_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        group("team", "The team when the turn began."),
        worker("agent", "The assignee when the turn began."),
        dimension("priority", "The priority when the turn began."),
        dimension("issue_type", "The issue type when the turn began."),
        worker("replier", "Who gave the reply."),
        group("replying_team", "The team at the reply."),
        worker("replying_agent", "The assignee at the reply."),
        group("last_team", "The ticket's last team."),
        worker("last_agent", "The ticket's last assignee."),
        dimension("outcome", "answered; ended (the ticket ended first); open."),
        flag("is_counted", "Whether the ticket counts: not merged away, not removed, not internal."),
        dimension(
            "left_out", "Why the ticket does not count: merged, removed or internal; null where it counts."
        ),
        flag("is_first", "Whether it is the ticket's first turn."),
        flag("is_first_reply", "Whether its reply was the ticket's first public human message."),
        count("nth", "1 for the ticket's first turn."),
        instant("started_at", "The first unanswered customer message."),
        instant("answered_at", "The reply; null where there is none."),
        instant("ended_at", "The reply or the ticket's end; null while open."),
    ),
    spans=(Span("reply", "started_at", "answered_at", "From the customer's message to the reply."),),
    fold=fold,
    credited={
        (ANY, "sender"): {"agent": "replier", "team": "replying_team"},
        ("answered_at", "assignee"): {"agent": "replying_agent", "team": "replying_team"},
        (ANY, "last_assignee"): {"agent": "last_agent", "team": "last_team"},
        ("answered_at", "team"): {"team": "replying_team"},
    },
)
