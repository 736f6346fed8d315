"""Self-service: sessions, searches, articles read and judged, and the tickets they did not prevent.

Rule kept here: a session deflects only if its known customer opens no ticket within a day.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, HOUR, MINUTE, SECOND, Ints
from polso.demo.rows import MICRO, Ids, Words
from polso.demo.story import arrivals
from polso.demo.tickets import ORDINARY, customer_count, pick, pick_customers
from polso.demo.world import World, returned

SESSIONS_PER_TICKET: Final = 0.6
ARTICLES: Final = 60


def browse(world: World) -> None:
    """Simulate the help centre."""
    at, customer, client = _sessions(world)
    n = len(at)
    session, visitor = world.numbers.take("WS", n), world.numbers.take("W", n)
    world.log.add(
        "visited", at, source="web", client=Words(s.CLIENTS, client), channel="self_service",
        subject_id=session, customer_id=world.customer_ids(customer), actor_kind="customer", actor_id=visitor,
    )  # fmt: skip
    known = customer >= 0
    back = returned(world, customer, at, DAY)
    mature = at + DAY <= world.as_of
    world.truth.add(
        "self_service",
        {
            "sessions": n,
            "linked_sessions": known,
            "linked_mature": known & mature,
            "linked_with_ticket_24h": known & mature & back,
        },
    )
    _search(world, at, session.numbers, client)
    _read(world, at, session.numbers, client)


def _sessions(world: World) -> tuple[Ints, Ints, Ints]:
    """Sessions of their own, and sessions that a ticket of the same customer followed."""
    t, n = world.tickets, round(len(world.tickets) * SESSIONS_PER_TICKET)
    client = pick(world.rng, s.CLIENT_SHARE, n)
    customer = pick_customers(world.rng, client, customer_count(len(t)))
    customer = np.where(world.chance(0.55, n), customer, -1)
    at = arrivals(world.story, world.story.weights(None, evening=True)).draw(world.rng, n)
    lead = np.flatnonzero((t.role == ORDINARY) & (t.customer >= 0) & world.chance(0.12, len(t)))
    before = t.opened[lead] - world.between(5 * MINUTE, 20 * HOUR, len(lead))
    fits = before >= world.story.time.first
    lead, before = lead[fits], before[fits]
    return (
        np.concatenate([at, before]),
        np.concatenate([customer, t.customer[lead]]),
        np.concatenate([client, t.client[lead]]),
    )


def _search(world: World, at: Ints, session: Ints, client: Ints) -> None:
    row = np.repeat(np.arange(len(at)), world.rng.poisson(0.8, len(at)))
    n = len(row)
    found = np.where(world.chance(0.13, n), 0, 1 + world.rng.poisson(6, n))
    when = at[row] + world.between(5 * SECOND, 5 * MINUTE, n)
    world.log.add(
        "searched", when, amount=found * MICRO, source="web", client=Words(s.CLIENTS, client[row]),
        channel="self_service", subject_id=Ids("WS", session[row]), actor_kind="customer",
    )  # fmt: skip
    world.truth.add("self_service", {"searches": n, "searches_without_result": found == 0})


def _read(world: World, at: Ints, session: Ints, client: Ints) -> None:
    row = np.repeat(np.arange(len(at)), world.rng.poisson(1.2, len(at)))
    n = len(row)
    article = (ARTICLES * world.rng.random(n) ** 2).astype(np.int64) + 1
    when = at[row] + world.between(10 * SECOND, 8 * MINUTE, n)
    world.log.add(
        "article_viewed", when, source="web", client=Words(s.CLIENTS, client[row]), channel="self_service",
        subject_id=Ids("ART", article), value=Ids("WS", session[row]), actor_kind="customer",
    )  # fmt: skip
    votes = world.chance(0.09, n)
    helpful = world.chance(0.74, int(votes.sum()))
    world.log.add(
        "article_voted", when[votes] + MINUTE, amount=np.where(helpful, MICRO, -MICRO), source="web",
        client=Words(s.CLIENTS, client[row[votes]]), channel="self_service",
        subject_id=Ids("ART", article[votes]), value=Ids("WS", session[row[votes]]), actor_kind="customer",
    )  # fmt: skip
    world.truth.add("self_service", {"article_views": n, "article_votes": votes, "helpful_votes": helpful})
