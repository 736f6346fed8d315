"""People: which aliases are one customer, so that a visitor, a phone number and an account can meet."""

from __future__ import annotations

from polso.engine import Table, ibis

PERSON = "person"


def people(events: Table) -> Table:
    """Aliases that some `identified` event tied to a customer: client, alias, person. The last word wins."""
    said = events.filter((events.kind == "identified") & events.subject_id.notnull())
    newest = ibis.window(
        group_by=["client", "subject_id"],
        order_by=[ibis.desc("occurred_at"), ibis.desc("seq"), ibis.desc("event_id")],
    )
    placed = said.select(
        "client", alias=said.subject_id, person=said.customer_id, place=ibis.row_number().over(newest)
    )
    return placed.filter(placed.place == 0).drop("place")


def with_person(rows: Table, identities: Table) -> Table:
    """Add (or renew) `person`: the customer an alias belongs to, else the customer id itself."""
    bare = rows.drop(PERSON) if PERSON in rows.columns else rows
    known = identities.select(client_="client", alias="alias", person_="person")
    joined = bare.left_join(known, [bare.client == known.client_, bare.customer_id == known["alias"]])
    return joined.select(
        *(joined[c] for c in bare.columns), person=joined.person_.fill_null(joined.customer_id)
    )
