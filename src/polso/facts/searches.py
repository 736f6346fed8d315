"""Searches: one row a search in self-service, so that searches without a result can be told."""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import Context, Fact, count, dimension, event_key, flag, group, identifier, instant


def fold(events: Table, context: Context) -> Table:
    """Every `searched` event; one whose results nobody counted has neither number nor verdict."""
    return events.select(
        "source",
        "event_id",
        "client",
        "channel",
        "team",
        searched_at=events.occurred_at,
        session=events.subject_id,
        customer_id=ibis.coalesce(events.customer_id, events.actor_id),
        results=events.amount.round().cast("int64"),
        has_results=events.amount > 0,
    )


SEARCHES = Fact(
    name="searches",
    sentence="One row a search in self-service.",
    key=event_key("searched"),
    clock="searched_at",
    columns=(
        identifier("source", "The source of the event."),
        identifier("event_id", "The event."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "Where the search was made."),
        group("team", "Whose pages were searched, where the source says so."),
        identifier("session", "The web session: finds its visit."),
        identifier("customer_id", "Who searched: the customer or the visitor; null where unknown."),
        flag("has_results", "Whether anything was found; null where the source does not count results."),
        count("results", "Results found; null where the source does not count them."),
        instant("searched_at", "When."),
    ),
    fold=fold,
)
