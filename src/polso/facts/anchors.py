"""Anchors: what one grouped pass over a ticket's events tells, for every fold that reads tickets.

Rule kept here: nothing here needs another fold; what does is added in facts/tickets.py.
"""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import TICKET, Context, in_order, is_reply
from polso.facts.first_response import is_any_reply, is_response


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
    # Customers have a column of their own; who stands here works here, and privacy counts and hides them.
    named = named.mutate(opener=ibis.ifelse(named.opened_by == "agent", named.opener, ibis.null("string")))
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
        any_reply_at=at.min(where=is_reply(own) | is_any_reply(own)),
        human_reply_at=at.min(where=is_reply(own)),
        last_reply_at=at.max(where=is_reply(own)),
        comment_at=at.min(where=message & is_reply(own)),
        agent_response_at=at.min(where=is_response(own)),
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
        agent_responses=is_response(own).fill_null(False).sum(),
        assignments=(kind == "assigned").sum(),
        takes=((kind == "assigned") & (own.actor_id == own.subject_id)).sum(),
        transfers=((kind == "transferred") & (by.fill_null("agent") != "system")).sum(),
        escalations=(kind == "escalated").sum(),
        solve_events=(kind == "solved").sum(),
        follows=own.subject_id.max(where=(kind == "linked") & (own.value == "follow_up")),
        merged_into=own.subject_id.max(where=kind == "merged"),
    )


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
