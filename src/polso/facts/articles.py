"""Articles: one row a view of a help article or a vote on it."""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import Context, Fact, count, dimension, event_key, flag, group, identifier, instant


def fold(events: Table, context: Context) -> Table:
    """Every view and every vote; a vote's sign is its verdict, and a vote of 0 takes no side."""
    is_vote = events.kind == "article_voted"
    vote = ibis.cases(
        (~is_vote, ibis.null("int64")), (events.amount > 0, 1), (events.amount < 0, -1), else_=0
    )
    return events.select(
        "source",
        "event_id",
        "client",
        "channel",
        "team",
        seen_at=events.occurred_at,
        article=events.subject_id,
        session=events.value,
        customer_id=ibis.coalesce(events.customer_id, events.actor_id),
        is_view=~is_vote,
        is_vote=is_vote,
        vote=vote.cast("int64"),
        is_helpful=ibis.ifelse(is_vote & (events.amount != 0), events.amount > 0, ibis.null("boolean")),
    )


ARTICLES = Fact(
    name="articles",
    sentence="One row a view of a help article or a vote on it.",
    key=event_key("article_viewed", "article_voted"),
    clock="seen_at",
    columns=(
        identifier("source", "The source of the event."),
        identifier("event_id", "The event."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "Where the article was read."),
        group("team", "Whose article it is, where the source says so."),
        dimension("article", "The article."),
        identifier("session", "The web session: finds its visit."),
        identifier("customer_id", "Who read or voted: the customer or the visitor; null where unknown."),
        flag("is_view", "Whether it was a view."),
        flag("is_vote", "Whether it was a vote."),
        flag(
            "is_helpful", "Whether the vote found it helpful; null for views and for votes that take no side."
        ),
        count("vote", "+1, -1, or 0 for a vote that takes no side; null for views."),
        instant("seen_at", "When it was read or judged."),
    ),
    fold=fold,
)
