"""Returns: when the same person came back, the second pass over tickets that repeat-contact KPIs need.

Rule kept here: the next instants are kept, never a window's verdict: how many days count is the question's.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import BooleanValue, Table, ibis, micros_between
from polso.facts.fact import TICKET

NEXT = ("next_same_type_at", "next_unknown_type_at", "next_ticket_at")
GAPS = ("return_same_type_us", "return_us", "follow_up_us")


def link(tickets: Table, others: Mapping[str, Table]) -> Table:
    """Add the next opening by the same person after the last solve: of the same type, of unknown type, of any.

    Tickets that do not count (merged, removed, internal) are nobody's return. A ticket without a known
    person, or never solved, has none.
    """
    opens = tickets.filter(tickets.is_counted & tickets.person.notnull())
    solves = tickets.filter(tickets.last_solved_at.notnull() & tickets.person.notnull())
    moments = opens.select(
        "client", "person", "issue_type", at=opens.opened_at, opening=opens.opened_at,
        is_solve=ibis.literal(False), source=ibis.null("string"), ticket_id=ibis.null("string"),
    ).union(
        solves.select(
            "client", "person", "issue_type", at=solves.last_solved_at, opening=ibis.null(tickets.opened_at.type()),
            is_solve=ibis.literal(True), source=solves.source, ticket_id=solves.ticket_id,
        )
    )  # fmt: skip
    found = moments.mutate(
        next_same_type_at=_next(moments, moments.issue_type.notnull(), "issue_type"),
        next_unknown_type_at=_next(moments, moments.issue_type.isnull()),
        next_ticket_at=_next(moments, ibis.literal(True)),
    )
    found = found.filter(found.is_solve).select(*TICKET, *NEXT)
    found = found.rename(source_="source", ticket_id_="ticket_id")
    bare = tickets.drop(*(name for name in (*NEXT, *GAPS, "all_contacts") if name in tickets.columns))
    joined = bare.left_join(found, [bare.source == found.source_, bare.ticket_id == found.ticket_id_])
    children = _follow_ups(tickets)
    joined = joined.left_join(
        children, [joined.source == children.f_source, joined.ticket_id == children.f_ticket]
    )
    joined = joined.drop("source_", "ticket_id_", "f_source", "f_ticket")
    joined = _with_merged(joined, tickets)
    # A return of unknown type may be about anything, and a ticket of unknown type may have been about anything.
    untyped = joined.issue_type.isnull()
    same = ibis.ifelse(
        untyped, joined.next_ticket_at, ibis.least(joined.next_same_type_at, joined.next_unknown_type_at)
    )
    return joined.mutate(
        return_same_type_us=micros_between(joined.last_solved_at, same),
        return_us=micros_between(joined.last_solved_at, joined.next_ticket_at),
        follow_up_us=micros_between(joined.last_solved_at, joined.followed_at),
    ).drop("followed_at")


def _follow_ups(tickets: Table) -> Table:
    """When a ticket's first follow-up after its last solve was opened: f_source, f_ticket, followed_at.

    Of the same person, like every return: a person's rows are seen together, and linked again without other people's.
    """
    children = tickets.filter(
        tickets.follows.notnull() & tickets.is_counted & tickets.person.notnull()
    ).select(f_client="client", f_person="person", f_source="source", f_ticket="follows", f_at="opened_at")
    met = children.inner_join(
        tickets.select("source", "ticket_id", "client", "person", "last_solved_at"),
        [
            children.f_source == tickets.source, children.f_ticket == tickets.ticket_id, children.f_client == tickets.client,
            children.f_person == tickets.person, children.f_at > tickets.last_solved_at,
        ],
    )  # fmt: skip
    return met.group_by("f_source", "f_ticket").aggregate(followed_at=met.f_at.min())


def _with_merged(rows: Table, tickets: Table) -> Table:
    """Add `all_contacts`: what was merged into a ticket reached the service about the same thing."""
    gone = tickets.filter(
        (tickets.left_out == "merged") & tickets.merged_into.notnull() & tickets.person.notnull()
    )
    keys = {
        "m_source": gone.source,
        "m_ticket": gone.merged_into,
        "m_client": gone.client,
        "m_person": gone.person,
    }
    merged = gone.group_by(**keys).aggregate(merged_contacts=gone.contacts.sum().cast("int64"))
    joined = rows.left_join(
        merged,
        [
            rows.source == merged.m_source, rows.ticket_id == merged.m_ticket, rows.client == merged.m_client,
            rows.person == merged.m_person,
        ],
    )  # fmt: skip
    counted = joined.mutate(all_contacts=joined.contacts + joined.merged_contacts.fill_null(0))
    return counted.drop("m_source", "m_ticket", "m_client", "m_person", "merged_contacts")


def _next(moments: Table, which: BooleanValue, *same: str) -> ibis.expr.types.TimestampValue:
    """The earliest opening strictly later than each moment, among a person's openings of a kind.

    Reckoned backwards in time, where a running minimum needs no look-ahead; at equal instants the solve
    comes first, so an opening at the very instant of the solve is no return.
    """
    backwards = ibis.cumulative_window(
        group_by=["client", "person", *same], order_by=[moments.at.desc(), moments.is_solve.desc()]
    )
    return ibis.ifelse(which, moments.opening, ibis.null(moments.opening.type())).min().over(backwards)
