"""Open spells of a ticket: from an opening to the first of solved, closed, merged, removed.

Rule kept here: an end of a ticket that is not open moves nothing, and neither does a second opening.
"""

from __future__ import annotations

from polso.engine import BooleanValue, IntegerValue, Table, ibis
from polso.facts.fact import ORDER, TICKET, Context, is_end, of_tickets

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
    """One row an open spell: source, ticket_id, nth, since, after (what ended the spell before), until (null while
    open), ended_by, ended_by_agent.
    """
    marks = _marks(of_tickets(events), context)
    order = ibis.window(group_by=list(TICKET), order_by=list(ORDER))
    gone, stood = standing(marks, marks.is_open)
    settled = marks.mutate(is_open=ibis.ifelse(gone == 1, ibis.literal(0, "int8"), stood))
    marked = settled.mutate(before=settled.is_open.lag().over(order).fill_null(0))
    turns = marked.filter(marked.is_open != marked.before)
    followed = turns.mutate(
        until=turns.occurred_at.lead().over(order),
        after=turns.kind.lag().over(order),
        ended_by=turns.kind.lead().over(order),
        ended_by_agent=ibis.ifelse(turns.actor_kind == "agent", turns.actor_id, ibis.null("string"))
        .lead()
        .over(order),
        place=ibis.row_number().over(order),
    )
    opened = followed.filter(followed.is_open == 1)
    return opened.select(
        *TICKET, nth=(opened.place // 2).cast("int64"), since=opened.occurred_at, after=opened.after,
        until=opened.until, ended_by=opened.ended_by, ended_by_agent=opened.ended_by_agent,
    )  # fmt: skip


def standing(rows: Table, mark: IntegerValue) -> tuple[IntegerValue, IntegerValue]:
    """Of a ticket after each row: whether it is removed or merged away (1), and whether it is open (1) but for that.

    mark: 1 where a row opens the ticket, 0 where it ends it, else null. What comes back from removal or merging is
    as open as it was before; what nothing has opened or ended yet stands as open.
    """
    so_far = ibis.cumulative_window(group_by=list(TICKET), order_by=list(ORDER))
    leaves = rows.kind.isin(["merged", "removed"])
    aside = leaves | (rows.kind == "restored")
    goes = ibis.cases(
        (leaves, ibis.literal(1, "int8")), (mark == 1, ibis.literal(0, "int8")), else_=ibis.null("int8")
    )
    stands = ibis.ifelse(aside, ibis.null("int8"), mark)
    return goes.last().over(so_far).fill_null(0), stands.last().over(so_far).fill_null(1)


def _marks(events: Table, context: Context) -> Table:
    """Events that say whether the ticket is open after them, with one opening a ticket, recorded or not."""
    said = events.filter(is_end(events) | reopens(events, context.reopen_on))
    marks = said.select(*_KEPT, is_open=ibis.ifelse(is_end(said), 0, 1).cast("int8"))
    anchors = context.shared["anchors"]
    opening = anchors.recorded_opening_at.fill_null(anchors.first_event_at)
    return ibis.union(
        marks, _made(anchors.mutate(occurred_at=opening), "opened", -(2**31), 1), hang_ups(context)
    )


def hang_ups(context: Context) -> Table:
    """The end of each call that is a ticket of its own: when it has left its last stage."""
    anchors = context.shared["anchors"]
    over = anchors.is_call & anchors.last_left_at.notnull() & (anchors.stages_entered <= anchors.stages_left)
    calls = anchors.filter(over)
    return _made(calls.mutate(occurred_at=calls.last_left_at), "closed", 2**31, 0)


def late_openings(context: Context) -> Table:
    """The openings recorded after something else had happened to the ticket."""
    anchors = context.shared["anchors"]
    late = anchors.filter(anchors.recorded_opening_at > anchors.first_event_at)
    return _made(late.mutate(occurred_at=late.recorded_opening_at), "opened", -(2**31), 1)


def _made(tickets: Table, kind: str, seq: int, is_open: int) -> Table:
    """A mark that no event is, before (or after) all others of its instant."""
    return tickets.select(
        *TICKET, "occurred_at", seq=ibis.literal(seq, "int64"), rank=ibis.literal(-1, "int64"), event_id=ibis.literal(""),
        kind=ibis.literal(kind), actor_kind=tickets.opened_by if is_open else ibis.null("string"), actor_id=ibis.null("string"),
        is_open=ibis.literal(is_open, "int8"),
    )  # fmt: skip
