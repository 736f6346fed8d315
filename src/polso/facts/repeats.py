"""Repeats: when the person of a contact reached the service again, and when they next bought.

Rule kept here: the next instants are kept, never a window's verdict; how many hours count is the question's.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import BooleanValue, Table, TimestampValue, ibis, micros_between
from polso.facts.fact import TICKET, Column, linked_instant

ORDER, START, END = 0, 1, 2


def where(condition: BooleanValue, value: TimestampValue) -> TimestampValue:
    """The instant where the condition holds, else null."""
    return ibis.ifelse(condition, value, ibis.null(value.type()))


def link(contacts: Table, others: Mapping[str, Table]) -> Table:
    """Add when the same person came back on any channel, and their next order.

    The next contact is strictly after this one's end, the next order strictly after its start. Contacts of
    tickets that do not count, and those the service made, are nobody's return.
    """
    placed = _moments(contacts, others.get("orders"))
    who = ["client", "person"]
    later = ibis.cumulative_window(group_by=who, order_by=[placed["at"].desc(), placed.what.desc()])
    onwards = ibis.cumulative_window(group_by=who, order_by=["at", "what", *TICKET, "nth"])
    in_order = ibis.window(group_by=who, order_by=["at", "what", *TICKET, "nth"])
    start, order = where(placed.is_contact, placed["at"]), where(placed.what == ORDER, placed["at"])
    seen = placed.mutate(
        next_contact_at=start.min().over(later),
        next_order_at=order.min().over(later),
        last_start_at=start.max().over(onwards),
        last_order_at=order.max().over(onwards),
    )
    seen = seen.mutate(before_at=seen.last_start_at.lag().over(in_order))
    # Of contacts with no order between them, the first takes the next order.
    unsold = seen.before_at.notnull() & (seen.last_order_at.isnull() | (seen.before_at >= seen.last_order_at))
    seen = seen.mutate(
        earlier_contact_at=where(unsold & seen.next_order_at.notnull(), seen.before_at)
    ).filter(seen.what != ORDER)
    found = seen.group_by(l_source="source", l_ticket="ticket_id", l_nth="nth").aggregate(
        next_contact_at=seen.next_contact_at.max(where=seen.what == END),
        next_order_at=seen.next_order_at.max(where=seen.what == START),
        earlier_contact_at=seen.earlier_contact_at.max(where=seen.what == START),
    )
    bare = contacts.drop(*(c.name for c in LINKED if c.name in contacts.columns and c.name != "person"))
    met = bare.left_join(
        found, [bare.source == found.l_source, bare.ticket_id == found.l_ticket, bare.nth == found.l_nth]
    ).drop("l_source", "l_ticket", "l_nth")
    return met.mutate(
        return_us=micros_between(ibis.coalesce(met.ended_at, met.started_at), met.next_contact_at),
        order_us=micros_between(met.started_at, met.next_order_at),
        earlier_order_us=micros_between(met.earlier_contact_at, met.next_order_at),
    )


def _moments(contacts: Table, orders: Table | None) -> Table:
    """Starts and ends of a person's contacts and their orders in one table.

    At equal instants orders come first, then starts, then ends: nothing is later than what it coincides with.
    """
    known = contacts.filter(contacts.person.notnull())
    counts = known.is_counted & (known.direction == "inbound")
    key = ("client", "person", *TICKET, "nth")
    begun = known.select(*key, at=known.started_at, what=ibis.literal(START), is_contact=counts)
    over = known.select(
        *key,
        at=ibis.coalesce(known.ended_at, known.started_at),
        what=ibis.literal(END),
        is_contact=ibis.literal(False),
    )
    both = begun.union(over)
    if orders is None:
        return both
    bought = orders.filter(orders.person.notnull() & orders.ordered_at.notnull())
    return both.union(
        bought.select(
            "client",
            "person",
            source=ibis.literal(""),
            ticket_id=ibis.literal(""),
            nth=ibis.literal(0, "int64"),
            at=bought.ordered_at,
            what=ibis.literal(ORDER),
            is_contact=ibis.literal(False),
        )
    )


LINKED = (
    Column("person", "string", "The customer after aliases are resolved; null where unknown.", linked=True),
    linked_instant(
        "next_contact_at", "The same person's next contact, on any channel, after this one's end."
    ),
    linked_instant("next_order_at", "The same person's first order after the contact began."),
    linked_instant(
        "earlier_contact_at",
        "The same person's previous contact with no order in between: it has the same next order.",
    ),
    Column("return_us", "int64", "From the end of the contact to the next contact.", unit="us", linked=True),
    Column("order_us", "int64", "From the start of the contact to the next order.", unit="us", linked=True),
    Column(
        "earlier_order_us",
        "int64",
        "From the start of the earlier contact to that order.",
        unit="us",
        linked=True,
    ),
)
