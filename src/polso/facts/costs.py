"""Costs: dated hourly rates, channel fees and fixed costs, in whole minor units of their currency.

Rule kept here: a rate holds until the next rate of the same subject; a fee or a fixed cost stands by itself, for its
own instant or for the stretch it says it covers, and no later one takes its place.
"""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import (
    COST_KEY,
    Column,
    Context,
    Fact,
    dimension,
    flag,
    group,
    identifier,
    instant,
    worker,
)
from polso.facts.work import scaled

RATE = "hourly_rate"


def fold(events: Table, context: Context) -> Table:
    """Every cost; of two rates of one subject at the same instant the last in the order of the log holds."""
    costs = events.filter(events.kind == "cost")
    rows = costs.select(
        "source",
        "event_id",
        *("seq", "client", "cost_of", "team", "channel", "currency"),
        item=costs.attribute,
        subject=costs.actor_id,
        since=costs.occurred_at,
        # Half up (away from zero), in exact decimals on both engines.
        amount_minor=scaled(costs.amount, 100),
        is_rate=costs.attribute == RATE,
        covers=ibis.ifelse(costs.attribute == RATE, ibis.null("string"), costs.value),
    )
    in_turn = ibis.window(group_by=["client", "cost_of"], order_by=["since", "seq", "event_id", "source"])
    followed = rows.mutate(next_at=rows.since.lead().over(in_turn))
    dated = followed.mutate(
        until=ibis.ifelse(followed.is_rate, followed.next_at, ibis.null(rows.since.type()))
    )
    return dated.filter(dated.until.isnull() | (dated.until != dated.since)).drop("next_at", "seq")


COSTS = Fact(
    name="costs",
    sentence="One row a cost: an hourly rate from a date on, a channel's fees, or a fixed cost.",
    key=COST_KEY,
    clock="since",
    columns=(
        identifier("source", "The source that said it."),
        identifier("event_id", "The event."),
        Column("cost_of", "string", "Item, subject, team and channel: what the cost is of.", who="agent"),
        dimension("client", "Whose customers are served."),
        dimension("item", "hourly_rate, channel_fee or fixed."),
        worker("subject", "The agent, or the team, whose rate it is; null where it is everybody's."),
        group("team", "The team it is for, as the event says."),
        dimension("channel", "The channel it is for, as the event says."),
        dimension("currency", "ISO 4217 code."),
        flag(
            "is_rate",
            "Whether it is a rate that holds from `since` until `until`, not an amount of one instant.",
        ),
        dimension(
            "covers",
            "The calendar stretch an amount pays for, the one that holds `since`: day, week, month, quarter or year;"
            " its days bear equal parts. Null where it is of its instant, and for rates.",
        ),
        instant("since", "When the rate began to hold, or when the amount was booked."),
        instant(
            "until",
            "When the next rate of the same subject took over; null for the last one, and for amounts.",
        ),
        Column(
            "amount_minor",
            "int64",
            "The amount in minor units (cents), an hour's worth for a rate.",
            unit="minor",
        ),
    ),
    fold=fold,
)
