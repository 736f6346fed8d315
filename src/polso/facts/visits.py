"""Visits: one row a web or self-service session, with its order and what its visitor did next."""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import Table, ibis, micros_between
from polso.facts.fact import (
    VISIT_KEY,
    Column,
    Context,
    Fact,
    count,
    dimension,
    flag,
    identifier,
    instant,
    linked_instant,
)
from polso.facts.neighbours import with_next
from polso.facts.people import PERSON

_KEY = ("client", "visit_id")


def fold(events: Table, context: Context) -> Table:
    """One row a session of a client: a shop and a web log that name one session speak of one visit.

    The visitor is who the session says, else who ordered in it, else the actor (often a cookie).
    """
    own = events.filter(events.session.notnull())
    seen, bought = own.kind == "visited", own.kind == "ordered"
    rows = own.group_by(client=own.client, visit_id=own.session).aggregate(
        source=own.source.min(where=seen),
        visited_at=own.occurred_at.min(where=seen),
        last_seen_at=own.occurred_at.max(where=seen),
        channel=own.channel.min(where=seen),
        named=own.customer_id.max(where=seen),
        buyer=own.customer_id.max(where=bought),
        actor=own.actor_id.max(where=seen),
        is_bot=(seen & (own.value == "bot")).fill_null(False).any(),
        ordered_at=own.occurred_at.min(where=bought),
        orders=own.subject_id.nunique(where=bought),
        views=own.event_id.count(where=seen),
    )
    rows = rows.filter(rows.visited_at.notnull())
    return rows.mutate(
        customer_id=ibis.coalesce(rows.named, rows.buyer, rows.actor),
        is_named=rows.named.notnull() | rows.buyer.notnull(),
        has_order=rows.ordered_at.notnull(),
    )


def link(visits: Table, others: Mapping[str, Table]) -> Table:
    """Add the visitor's next ticket, order and visit, and whether the visitor is a known customer."""
    tickets, orders = others["tickets"], others["orders"]
    opened = tickets.filter(tickets.is_counted).select("client", PERSON, at="opened_at")
    bought = orders.select("client", PERSON, at="ordered_at")
    people = visits.filter(~visits.is_bot)
    rows = with_next(visits, _KEY, "visited_at", opened, "next_ticket_at", strictly=False)
    rows = rows.mutate(ticket_us=micros_between(rows.visited_at, rows.next_ticket_at))
    rows = with_next(rows, _KEY, "visited_at", bought, "next_order_at", strictly=False)
    rows = with_next(
        rows, _KEY, "visited_at", people.select("client", PERSON, at="visited_at"), "next_visit_at"
    )
    return _with_known(
        rows, [table.select("client", PERSON) for table in (tickets, orders, others["ratings"])]
    )


def _with_known(visits: Table, customers: list[Table]) -> Table:
    """Linked: the session or an `identified` event names a customer, or the visitor has a ticket, order or rating."""
    known = ibis.union(*customers, distinct=True)
    known = known.select(k_client="client", k_person=PERSON)
    visits = visits.view()  # `person` is made by a join: a further join on it needs a table of its own
    joined = visits.left_join(known, [visits.client == known.k_client, visits[PERSON] == known.k_person])
    named = (visits.customer_id != visits[PERSON]).fill_null(False)
    others = [name for name in visits.columns if name != "is_linked"]
    return joined.select(*others, is_linked=visits.is_named | named | joined.k_person.notnull())


VISITS = Fact(
    name="visits",
    sentence="One row a visit: a web or self-service session.",
    key=VISIT_KEY,
    clock="visited_at",
    columns=(
        dimension("client", "Whose customers are served."),
        identifier("visit_id", "The session."),
        identifier("source", "The source that saw it."),
        identifier("customer_id", "The visitor: a customer or an alias (a cookie); null where unknown."),
        Column(
            "person", "string", "The customer the visitor turned out to be, else the visitor.", linked=True
        ),
        dimension("channel", "web, store or self_service."),
        flag("is_bot", "Whether a program made the visit."),
        flag("is_named", "Whether the session itself names a customer, by an account or an order."),
        flag("has_order", "Whether an order was placed in it."),
        Column(
            "is_linked", "boolean", "Whether the visitor is known as a customer.", dimension=True, linked=True
        ),
        count("views", "Times it was seen."),
        count("orders", "Orders placed in it."),
        instant("visited_at", "When it began."),
        instant("last_seen_at", "When it was last seen."),
        instant("ordered_at", "The first order placed in it."),
        linked_instant(
            "next_ticket_at", "The visitor's next ticket, opened at or after the start of the visit."
        ),
        linked_instant(
            "next_order_at", "The visitor's next order, placed at or after the start of the visit."
        ),
        linked_instant("next_visit_at", "The visitor's next visit."),
        Column(
            "ticket_us",
            "int64",
            "From the start of the visit to the visitor's next ticket.",
            "us",
            linked=True,
        ),
    ),
    fold=fold,
    link=link,
    link_reads=(*_KEY, "customer_id", "visited_at", "is_bot", "is_named"),
)
