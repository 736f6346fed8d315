"""Open spells of a ticket: from an opening to the first of solved, closed, merged, removed.

Rule kept here: an end of a ticket that is not open moves nothing, and neither does a second opening.
"""

from __future__ import annotations

from polso.engine import BooleanValue, Table, ibis
from polso.facts.fact import TICKET, Context, is_end, of_tickets

_KEPT = (*TICKET, "occurred_at", "seq", "rank", "event_id", "kind", "actor_kind", "actor_id")


def reopens(events: Table, reopen_on: tuple[str, ...]) -> BooleanValue:
    """Events that open a solved ticket again.

    Each word of `reopen_on` is a kind of event, `customer_message`, or `kind:detail` where the detail
    is the event's attribute or value.
    """
    condition: BooleanValue = ibis.literal(False)
    for word in reopen_on:
        if word == "customer_message":
            one = (events.kind == "message") & (events.actor_kind == "customer")
        else:
            kind, _, detail = word.partition(":")
            one = events.kind == kind
            if detail:
                one &= (events.attribute == detail) | (events.value == detail)
        condition |= one.fill_null(False)
    return condition


def spells(events: Table, context: Context) -> Table:
    """One row an open spell: source, ticket_id, nth, since, until (null while open), ended_by, ended_by_agent."""
    marks = _marks(of_tickets(events), context)
    order = ibis.window(group_by=list(TICKET), order_by=["occurred_at", "seq", "rank", "event_id"])
    marked = marks.mutate(before=marks.is_open.lag().over(order).fill_null(0))
    turns = marked.filter(marked.is_open != marked.before)
    followed = turns.mutate(
        until=turns.occurred_at.lead().over(order),
        ended_by=turns.kind.lead().over(order),
        ended_by_agent=ibis.ifelse(turns.actor_kind == "agent", turns.actor_id, ibis.null("string")).lead().over(order),
        place=ibis.row_number().over(order),
    )
    opened = followed.filter(followed.is_open == 1)
    return opened.select(
        *TICKET, nth=(opened.place // 2).cast("int64"), since=opened.occurred_at,
        until=opened.until, ended_by=opened.ended_by, ended_by_agent=opened.ended_by_agent,
    )  # fmt: skip


def _marks(events: Table, context: Context) -> Table:
    """Events that say whether the ticket is open after them, with an opening made up where none was recorded."""
    ends = is_end(events)
    said = events.filter(ends | (events.kind == "opened") | reopens(events, context.reopen_on))
    marks = said.select(*_KEPT, is_open=ibis.ifelse(is_end(said), 0, 1))
    first = events.group_by(*TICKET).aggregate(
        occurred_at=events.occurred_at.min(), openings=(events.kind == "opened").sum()
    )
    unopened = first.filter(first.openings == 0)
    inferred = unopened.select(
        *TICKET, "occurred_at", seq=ibis.literal(-(2**31), "int64"), rank=ibis.literal(-1, "int64"), event_id=ibis.literal(""),
        kind=ibis.literal("opened"), actor_kind=ibis.null("string"), actor_id=ibis.null("string"), is_open=ibis.literal(1, "int8"),
    )  # fmt: skip
    return marks.mutate(is_open=marks.is_open.cast("int8")).union(inferred)
