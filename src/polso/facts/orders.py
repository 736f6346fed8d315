"""Orders: one row an order, with what was given back and what the same person did around it.

Rule kept here: money is whole minor units (cents; yen; thousandths of a dinar), never a fraction.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import Table, ibis
from polso.facts.fact import (
    ORDER,
    ORDER_KEY,
    Column,
    Context,
    Fact,
    dimension,
    flag,
    identifier,
    instant,
    linked_instant,
)
from polso.facts.neighbours import with_last, with_next
from polso.facts.people import PERSON

_KEY = ("source", "order_id")
# ISO 4217 currencies whose minor unit is not a hundredth.
_WHOLE = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW",
    "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF",
)  # fmt: skip
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_RATED = ("csat5", "csat7", "thumbs")


def minor(events: Table) -> ibis.expr.types.DecimalValue:
    """An event's amount in whole minor units of its currency, as a decimal: its sum is exact everywhere."""
    scale = ibis.cases(
        (events.currency.isin(list(_WHOLE)), 1), (events.currency.isin(list(_THOUSANDTHS)), 1000), else_=100
    )
    return (events.amount * scale.cast("int64")).round(0)


def fold(events: Table, context: Context) -> Table:
    """Orders as last told, at the instant first told; refunds in another currency are left out."""
    by_order = ibis.window(group_by=["source", "subject_id"], order_by=[ibis.desc(name) for name in ORDER])
    told = events.filter((events.kind == "ordered") & events.subject_id.notnull())
    told = told.mutate(
        place=ibis.row_number().over(by_order),
        ordered_at=told.occurred_at.min().over(ibis.window(group_by=["source", "subject_id"])),
    )
    last = told.filter(told.place == 0)
    orders = last.select(
        "source", "client", "customer_id", "channel", "currency", "ordered_at",
        order_id=last.subject_id, session=last.value, amount_minor=minor(last).cast("int64"),
    )  # fmt: skip
    joined = orders.left_join(_given_back(events, orders), list(_KEY))
    joined = joined.select(*orders.columns, "refunded_at", refunded_minor=joined.refunded_minor.fill_null(0))
    full = (joined.refunded_minor > 0) & (joined.refunded_minor >= joined.amount_minor)
    return joined.mutate(is_refunded=full.fill_null(False), is_kept=~full.fill_null(False))


def _given_back(events: Table, orders: Table) -> Table:
    """What came back per order, in the order's own currency."""
    refunds = events.filter(events.kind == "refunded")
    back = refunds.select(
        "source",
        order_id=refunds.subject_id,
        at=refunds.occurred_at,
        minor=minor(refunds),
        money=refunds.currency,
    )
    bought = orders.select("source", "order_id", "currency")
    joined = back.inner_join(bought, list(_KEY))
    same = joined.filter(joined.money.isnull() | joined.currency.isnull() | (joined.money == joined.currency))
    summed = same.group_by(*_KEY).aggregate(refunded_minor=same.minor.sum(), refunded_at=same["at"].max())
    return summed.mutate(refunded_minor=summed.refunded_minor.cast("int64"))


def link(orders: Table, others: Mapping[str, Table]) -> Table:
    """Add the same person's orders and tickets around it, and the last satisfaction rating before it."""
    rows = _with_orders_around(orders)
    tickets = others["tickets"]
    tickets = tickets.filter(tickets.is_counted)
    opened = tickets.select("client", PERSON, at=tickets.opened_at)
    rows = with_last(rows, _KEY, "ordered_at", opened, "last_ticket_at")
    rows = with_next(rows, _KEY, "ordered_at", opened, "next_ticket_at")
    return _with_last_rating(rows, others["ratings"])


def _with_orders_around(orders: Table) -> Table:
    """Previous and next orders in the order of instant, source and id; kept ones are not wholly refunded."""
    keys = {"group_by": ["client", PERSON], "order_by": ["ordered_at", *_KEY]}
    kept_at = ibis.ifelse(orders.is_kept, orders.ordered_at, ibis.null("timestamp"))
    after, before = ibis.window(**keys, rows=(1, None)), ibis.window(**keys, rows=(None, -1))
    known = orders[PERSON].notnull()

    def of_known(value: ibis.expr.types.TimestampValue) -> ibis.expr.types.TimestampValue:
        return ibis.ifelse(known, value, ibis.null("timestamp"))

    return orders.mutate(
        previous_order_at=of_known(orders.ordered_at.max().over(before)),
        next_order_at=of_known(orders.ordered_at.min().over(after)),
        previous_kept_order_at=of_known(kept_at.max().over(before)),
        next_kept_order_at=of_known(kept_at.min().over(after)),
    )


def _with_last_rating(orders: Table, ratings: Table) -> Table:
    """The person's last valid rating up to the order; of several at one instant, all must be positive."""
    given = ratings.filter(ratings.scale.isin(list(_RATED)) & ratings.is_valid & ratings.is_latest)
    rated = given.select("client", PERSON, at=given.rated_at)
    rows = with_last(orders, _KEY, "ordered_at", rated, "last_rated_at").view()
    verdicts = given.group_by("client", PERSON, "rated_at").aggregate(
        good=given.is_positive.cast("int64").min()
    )
    verdicts = verdicts.select(v_client="client", v_person=PERSON, v_at="rated_at", good="good")
    joined = rows.left_join(
        verdicts,
        [
            rows.client == verdicts.v_client,
            rows[PERSON] == verdicts.v_person,
            rows.last_rated_at == verdicts.v_at,
        ],
    )
    kept = [name for name in rows.columns if name != "last_rating_positive"]
    return joined.select(*kept, last_rating_positive=joined.good == 1)


ORDERS = Fact(
    name="orders",
    sentence="One row an order.",
    key=ORDER_KEY,
    clock="ordered_at",
    columns=(
        identifier("source", "The source of the order."),
        identifier("order_id", "The order."),
        identifier("customer_id", "Who bought."),
        Column("person", "string", "Who bought, all their aliases being one.", linked=True),
        identifier("session", "The web session it was placed in; null where unknown."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "Where it was placed."),
        dimension("currency", "ISO 4217 code of the amounts."),
        flag("is_refunded", "Whether all of it was given back."),
        flag("is_kept", "Whether at least a part of it was not given back."),
        Column(
            "last_rating_positive",
            "boolean",
            "Whether that rating was positive.",
            dimension=True,
            linked=True,
        ),
        Column(
            "amount_minor",
            "int64",
            "What it cost, in minor units of its currency; null where unknown.",
            unit="minor",
        ),
        Column("refunded_minor", "int64", "What was given back.", unit="minor"),
        instant("ordered_at", "When it was first told."),
        instant("refunded_at", "The last refund."),
        linked_instant("previous_order_at", "The same person's order before it."),
        linked_instant("next_order_at", "The same person's next order."),
        linked_instant(
            "previous_kept_order_at", "The same person's last order before it that was not wholly refunded."
        ),
        linked_instant("next_kept_order_at", "The same person's next order that was not wholly refunded."),
        linked_instant("last_ticket_at", "The same person's latest ticket opened up to the order."),
        linked_instant("next_ticket_at", "The same person's next ticket opened after the order."),
        linked_instant("last_rated_at", "The same person's last satisfaction rating up to the order."),
    ),
    fold=fold,
    link=link,
    link_reads=(*_KEY, "client", "customer_id", "ordered_at", "is_kept"),
)
