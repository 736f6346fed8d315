"""Community threads: members answer each other, authors accept answers, agents take over.

Rule kept here: an author's own words are no answer; a peer's answer stops no human clock of the service.
"""

from __future__ import annotations

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, HOUR, MINUTE, NEVER, SECOND, Flags, Ints
from polso.demo.lifecycle import Ending, agent_writes, finish, give_up
from polso.demo.rows import Ids
from polso.demo.world import World

PEERS = 40


def discuss(world: World) -> None:
    """Simulate every community thread."""
    t = world.tickets
    who = np.flatnonzero(t.channel == s.COMMUNITY)
    n = len(who)
    _author_writes(world, who, t.opened[who])
    peer_at, peer_message = _peers(world, who)
    answered = peer_at < NEVER
    taken = world.chance(np.where(answered, 0.12, 0.62), n)
    agent_at, agent = _taken_over(world, who, taken, np.where(answered, peer_at, t.opened[who]))
    _author_adds(world, who, np.minimum(peer_at, agent_at))
    first = np.minimum(peer_at, agent_at)
    accepted_at = _accepted(world, who, peer_at, agent_at, peer_message)
    _settle(world, who, accepted_at, agent_at, agent)
    _count(world, who, first, peer_at, agent_at, accepted_at)


def _author_writes(world: World, who: Ints, at: Ints) -> None:
    author = world.customer_ids(world.tickets.customer[who])
    text = world.numbers.take("M", len(who))
    world.tell("message", who, at, actor_kind="customer", actor_id=author, subject_id=text)


def _author_adds(world: World, who: Ints, answered: Ints) -> None:
    """Some authors add a word before anybody answers."""
    at = world.tickets.opened[who] + HOUR
    adds = (at < answered - MINUTE) & world.chance(0.25, len(who))
    _author_writes(world, who[adds], at[adds])


def _peers(world: World, who: Ints) -> tuple[Ints, Ints]:
    """Up to three members answer; returns when the first did and which message it was."""
    n = len(who)
    how_many = world.rng.poisson(1.15, n)
    at, first, message = world.tickets.opened[who], np.full(n, NEVER), np.full(n, -1)
    for turn in range(3):
        at = at + 2 * MINUTE + world.spread(3.2 * 3600, 1.0, n)
        here = (how_many > turn) & world.seen(at)
        text = world.numbers.take("M", int(here.sum()))
        peer = Ids("P", world.between(1, PEERS, int(here.sum())))
        world.tell("message", who[here], at[here], actor_kind="peer", actor_id=peer, subject_id=text)
        if turn == 0:
            first[here], message[here] = at[here], text.numbers
    return first, message


def _taken_over(world: World, who: Ints, taken: Flags, since: Ints) -> tuple[Ints, Ints]:
    """An agent answers where members did not, or corrects them."""
    t, n = world.tickets, int(taken.sum())
    some, agent = who[taken], np.full(len(who), -1)
    agent[taken] = world.pick_agents(t.team[some])
    assigned = world.story.openings["office"].advance(since[taken], world.spread(4 * 3600.0, 0.7, n))
    replied = assigned + world.spread(900.0, 0.6, n)
    name = world.agents(agent[taken])
    world.tell("assigned", some, assigned, actor_kind="agent", actor_id=name, subject_id=name)
    agent_writes(world, some, replied, agent[taken], world.spread(220.0, 0.5, n) // SECOND)
    world.answered(some, t.opened[some], replied)
    at = np.full(len(who), NEVER)
    at[taken] = replied
    return at, agent


def _accepted(world: World, who: Ints, peer_at: Ints, agent_at: Ints, message: Ints) -> Ints:
    """The author accepts the first member's answer; the thread is solved by its author."""
    t, n = world.tickets, len(who)
    likes = (peer_at < NEVER) & (agent_at == NEVER) & world.chance(0.62, n)
    at = np.where(likes, np.minimum(peer_at, NEVER // 2) + world.spread(5 * 3600.0, 0.9, n), NEVER)
    some = who[likes]
    author = world.customer_ids(t.customer[some])
    world.tell(
        "accepted",
        some,
        at[likes],
        actor_kind="customer",
        actor_id=author,
        subject_id=Ids("M", message[likes]),
    )
    t.solved[some, 0] = at[likes] + SECOND
    world.tell("solved", some, at[likes] + SECOND, actor_kind="customer", actor_id=author)
    return at


def _settle(world: World, who: Ints, accepted_at: Ints, agent_at: Ints, agent: Ints) -> None:
    by_agent = (agent_at < NEVER) & world.chance(0.8, len(who))
    solved = agent_at + world.between(MINUTE, DAY, len(who))
    finish(world, Ending(who[by_agent], solved[by_agent], agent[by_agent]), may_reopen=False)
    idle = ~by_agent & (accepted_at == NEVER)
    give_up(world, who[idle], world.tickets.opened[who[idle]] + 30 * DAY)


def _count(world: World, who: Ints, first: Ints, peer_at: Ints, agent_at: Ints, accepted_at: Ints) -> None:
    answered = world.seen(first)
    world.truth.add(
        "community",
        {
            "threads": len(who),
            "answered": answered,
            "first_answer_by_peer": answered & (peer_at < agent_at),
            "with_peer_answer": world.seen(peer_at),
            "accepted": world.seen(accepted_at),
            "taken_by_agent": world.seen(agent_at),
        },
    )
    wait = (first - world.tickets.opened[who])[answered]
    world.truth.tally("community_first_answer", ("community",), np.zeros(len(wait), np.int64), wait)
