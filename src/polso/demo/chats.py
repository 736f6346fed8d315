"""Chat sessions: a queue of slots, where one agent holds three conversations at once.

Rule kept here: the agent's first words stand at the instant the talk begins, so both tell the same wait.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.conversations import assign
from polso.demo.hours import HOUR, NEVER, SECOND, Flags, Ints
from polso.demo.lifecycle import Ending, agent_writes, customer_writes, finish, give_up
from polso.demo.queues import expected_load, serve, staffed, strangers
from polso.demo.rows import Ids, Words
from polso.demo.stages import CODE, Visits, outcome, visit
from polso.demo.world import IDENTIFIED_AFTER, World
from polso.events.kinds import CHANNELS

AT_ONCE: Final = 3
_SESSION: Final = 430.0


def identify(world: World) -> None:
    """One chat in six begins as an anonymous visitor and is identified two minutes later."""
    t = world.tickets
    who = np.flatnonzero((t.channel == s.CHAT) & world.chance(0.16, len(t)))
    t.alias[who] = world.numbers.take("W", len(who)).numbers
    at = t.opened[who] + IDENTIFIED_AFTER
    world.log.add(
        "identified", at, source="chat", client=Words(s.CLIENTS, t.client[who]), channel="chat",
        customer_id=world.customer_ids(t.customer[who]), subject_id=Ids("W", t.alias[who]),
        actor_kind="system",
    )  # fmt: skip
    world.truth.add("self_service", {"chat_visitors_identified": world.seen(at)})


def chat(world: World, ready: Ints, contact: Ints) -> None:
    """Let every chat that wants a person wait for one and talk."""
    t = world.tickets
    who = np.flatnonzero((t.channel == s.CHAT) & (ready < NEVER))
    who = who[np.argsort(ready[who], kind="stable")]
    n, enter = len(who), ready[who]
    talk, wrap = world.spread(_SESSION, 0.45, n), world.spread(25.0, 0.5, n)
    patience = (8 + world.rng.exponential(420, n)).astype(np.int64) * SECOND
    begin, agent = _served(world, who, enter, patience, talk + wrap)
    answered = begin >= 0
    leave = np.where(answered, begin, enter + patience)
    left = np.where(answered, CODE["answered"], CODE["abandoned"])
    visit(world, Visits("queue", who, contact[who], enter, leave, left, t.team[who], step=10))
    give_up(world, who[~answered], leave[~answered] + SECOND)
    held = (column[answered] for column in (who, contact[who], begin, agent, talk, wrap))
    _session(world, *held)


def _served(world: World, who: Ints, enter: Ints, patience: Ints, busy: Ints) -> tuple[Ints, Ints]:
    """One queue for all chats, shared with strangers where it is small."""
    story, hours = world.story, world.story.openings["extended"]
    load = expected_load(story, hours, story.weights("extended"), len(who), _SESSION * SECOND)
    line = staffed(story, hours, load, 1.9, 2)
    world.roster.add("chat", s.COMMERCIALE, -(-line.pool // AT_ONCE))
    others = strangers(world.rng, hours, load, _SESSION * SECOND, world.as_of)
    m = len(others)
    order = np.argsort(np.concatenate([enter, others]), kind="stable")

    def mixed(own: Ints, foreign: Ints) -> Ints:
        return np.concatenate([own, foreign])[order]

    noticed = world.spread(32.0, 0.6, len(order))
    served = serve(
        line, mixed(enter, others), mixed(patience, np.full(m, 600 * SECOND)), noticed,
        mixed(busy, world.spread(_SESSION, 0.45, m)),
    )  # fmt: skip
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    mine = place[: len(who)]
    agent = world.roster.member("chat", line.agent_index(enter, served.server[mine]) // AT_ONCE)
    begin = np.where(served.answered, served.begin + noticed, -1)
    return begin[mine], agent


def _session(
    world: World, who: Ints, contact: Ints, begin: Ints, agent: Ints, talk: Ints, wrap: Ints
) -> None:
    t, n, end = world.tickets, len(who), begin + talk
    session, team = Ids("C", contact), t.team[who]
    assign(world, who, begin, agent)
    visit(world, Visits("talk", who, contact, begin, end, outcome("served", n), team, agent, step=12))
    visit(world, Visits("wrap", who, contact, end, end + wrap, outcome("served", n), team, agent, step=14))
    world.busy.append((agent, begin, end + wrap))
    seen = world.seen(end + wrap)
    world.truth.tally("handle", CHANNELS, np.full(int(seen.sum()), s.CHAT), (talk + wrap)[seen])
    asked = begin + talk * 4 // 10
    said = asked + np.minimum(world.spread(28.0, 0.6, n), talk // 2)
    customer_writes(world, who, asked, {"contact_id": session})
    for at, since in ((begin, t.opened[who]), (said, asked)):
        world.tell(
            "message", who, at, actor_kind="agent", actor_id=world.agents(agent), contact_id=session,
            team=Words(s.TEAMS, team),
        )  # fmt: skip
        world.answered(who, since, at)
    _after(world, who, end + wrap, agent)


def _after(world: World, who: Ints, ended: Ints, agent: Ints) -> None:
    """Nine in ten are solved in the chat, the others by a message afterwards."""
    now: Flags = world.chance(0.91, len(who))
    finish(world, Ending(who[now], ended[now] + 2 * SECOND, agent[now]))
    rest, n = who[~now], int((~now).sum())
    at = world.story.openings["office"].advance(ended[~now], world.spread(3 * 3600.0, 0.7, n))
    agent_writes(world, rest, at, agent[~now], world.spread(200.0, 0.5, n) // SECOND)
    finish(world, Ending(rest, at + world.between(SECOND, HOUR // 4, n), agent[~now]))
