"""Orders, refunds and the web sessions they come from.

Rule kept here: a session has at most one order; bots visit and never buy.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from polso.demo.hours import DAY, HOUR, MINUTE, Ints
from polso.demo.rows import MICRO, Ids, Words
from polso.demo.story import arrivals
from polso.demo.tickets import customer_count, pick, pick_customers
from polso.demo.world import World

ORDERS_PER_TICKET: Final = 0.55
WEB_SHARE: Final = 0.4
VISITS_PER_TICKET: Final = 3.0
BOT_VISITS_PER_TICKET: Final = 0.6
CENT: Final = MICRO // 100
_CHANNELS: Final = ("web", "store", "phone")


def sell(world: World) -> None:
    """Simulate the shop's orders, refunds and visits."""
    n = max(40, round(len(world.tickets) * ORDERS_PER_TICKET))
    customer = pick_customers(world.rng, np.ones(n, np.int64), customer_count(len(world.tickets)))
    at = arrivals(world.story, world.story.weights(None, evening=True)).draw(world.rng, n)
    channel = pick(world.rng, (WEB_SHARE, 0.48, 0.12), n)
    session = np.full(n, -1)
    on_web = channel == 0
    session[on_web] = world.numbers.take("WS", int(on_web.sum())).numbers
    order = world.numbers.take("O", n)
    cents = np.maximum(500, np.asarray(5200 * np.exp(0.7 * world.rng.standard_normal(n))).astype(np.int64))
    world.log.add(
        "ordered", at, amount=cents * CENT, currency="EUR", source="shop", client="acme-shop",
        customer_id=world.customer_ids(customer), subject_id=order, value=Ids("WS", session),
        channel=Words(_CHANNELS, channel), actor_kind="customer", actor_id=world.customer_ids(customer),
    )  # fmt: skip
    _refund(world, customer, at, order.numbers, cents)
    begun = at[on_web] - world.between(2 * MINUTE, 40 * MINUTE, int(on_web.sum()))
    _visits(world, customer[on_web], np.maximum(begun, world.story.time.first), session[on_web])
    world.truth.add("shop", {"orders": n, "web_orders": on_web, "order_cents": int(cents.sum())})
    _count_retention(world, customer, at)


def _refund(world: World, customer: Ints, at: Ints, order: Ints, cents: Ints) -> None:
    back = world.chance(0.06, len(at))
    when = at[back] + 2 * DAY + world.spread(4 * 86400.0, 0.6, int(back.sum()))
    given = np.where(world.chance(0.7, len(when)), cents[back], cents[back] // 2)
    world.log.add(
        "refunded", when, amount=given * CENT, currency="EUR", source="shop", client="acme-shop",
        customer_id=world.customer_ids(customer[back]), subject_id=Ids("O", order[back]), actor_kind="system",
        channel="web",
    )  # fmt: skip
    seen = world.seen(when)
    world.truth.add("shop", {"refunds": seen, "refund_cents": int(given[seen].sum())})


def _visits(world: World, buyer: Ints, begun: Ints, session: Ints) -> None:
    """Sessions that ended in an order, sessions that did not, and bots."""
    n = round(len(world.tickets) * VISITS_PER_TICKET)
    draw = arrivals(world.story, world.story.weights(None, evening=True)).draw
    at, idle = draw(world.rng, n), world.numbers.take("WS", n).numbers
    customer = pick_customers(world.rng, np.ones(n, np.int64), customer_count(len(world.tickets)))
    logged_in = world.chance(0.35, n)
    visitor = world.numbers.take("W", n).numbers
    _visited(world, at, idle, np.where(logged_in, customer, -1), visitor)
    _visited(world, begun, session, buyer, world.numbers.take("W", len(buyer)).numbers)
    known_later = ~logged_in & world.chance(0.08, n)
    later = at[known_later] + world.between(MINUTE, HOUR, int(known_later.sum()))
    world.log.add(
        "identified", later, source="web", client="acme-shop", channel="web", actor_kind="system",
        customer_id=world.customer_ids(customer[known_later]), subject_id=Ids("W", visitor[known_later]),
    )  # fmt: skip
    bots = round(len(world.tickets) * BOT_VISITS_PER_TICKET)
    crawled = world.numbers.take("WS", bots)
    world.log.add(
        "visited", draw(world.rng, bots), source="web", client="acme-shop", channel="web", value="bot",
        subject_id=crawled, actor_kind="bot", actor_id="crawler",
    )  # fmt: skip
    feet = max(10, n // 6)
    world.log.add(
        "visited", arrivals(world.story, world.story.weights("extended")).draw(world.rng, feet), source="web",
        client="acme-shop", channel="store", subject_id=world.numbers.take("WS", feet), actor_kind="customer",
    )  # fmt: skip
    counts = {"web_visits": n + len(buyer), "web_visits_with_order": len(buyer), "bot_visits": bots}
    world.truth.add("shop", {**counts, "store_visits": feet})


def _visited(world: World, at: Ints, session: Ints, customer: Ints, visitor: Ints) -> None:
    world.log.add(
        "visited", at, source="web", client="acme-shop", channel="web", subject_id=Ids("WS", session),
        customer_id=world.customer_ids(customer), actor_kind="customer", actor_id=Ids("W", visitor),
    )  # fmt: skip


def _count_retention(world: World, customer: Ints, at: Ints) -> None:
    """Who bought in the 90 days before the last 90, and who of them bought again; refunds stay in."""
    end = world.as_of
    before = np.unique(customer[(at >= end - 180 * DAY) & (at < end - 90 * DAY)])
    after = np.unique(customer[(at >= end - 90 * DAY) & (at < end)])
    once, times = np.unique(customer, return_counts=True)
    world.truth.add("retention", {"cohort": len(before), "returned": np.isin(before, after)})
    world.truth.add("retention", {"buyers": len(once), "repeat_buyers": times > 1})
