"""Store counters: a numbered ticket, a short wait, a talk face to face.

Rule kept here: a visit to the store is a contact with stages, as a call is.
"""

from __future__ import annotations

import numpy as np

from polso.demo import story as s
from polso.demo.conversations import assign
from polso.demo.hours import MINUTE, SECOND, Ints
from polso.demo.lifecycle import Ending, finish, give_up
from polso.demo.stages import CODE, Visits, outcome, visit
from polso.demo.world import World
from polso.events.kinds import CHANNELS


def receive(world: World) -> None:
    """Serve everybody who came to a store with a request."""
    t = world.tickets
    who = np.flatnonzero(t.channel == s.STORE)
    n, opened = len(who), t.opened[who]
    contact = world.numbers.take("C", n).numbers
    wait = world.spread(210.0, 0.8, n)
    patience = (MINUTE + world.rng.exponential(60 * MINUTE, n)).astype(np.int64)
    stays = wait < patience
    called = opened + np.minimum(wait, patience)
    left = np.where(stays, CODE["answered"], CODE["abandoned"])
    visit(world, Visits("queue", who, contact, opened, called, left, t.team[who], step=1))
    give_up(world, who[~stays], called[~stays] + SECOND)
    _serve(world, who[stays], contact[stays], called[stays])


def _serve(world: World, who: Ints, contact: Ints, begin: Ints) -> None:
    t, n = world.tickets, len(who)
    agent = world.pick_agents(t.team[who])
    end = begin + world.spread(330.0, 0.5, n)
    visit(world, Visits("talk", who, contact, begin, end, outcome("served", n), t.team[who], agent, step=3))
    assign(world, who, begin, agent)
    world.busy.append((agent, begin, end))
    world.truth.tally("handle", CHANNELS, np.full(n, s.STORE), end - begin)
    world.answered(who, t.opened[who], begin)
    finish(world, Ending(who, end + 10 * SECOND, agent))
