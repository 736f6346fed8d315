"""How requests begin and end, on any channel: opening, attributes, solving, reopening, closing.

Rule kept here: every ticket is begun once and either finished, given up, or left open for good.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, HOUR, MINUTE, NEVER, SECOND, Flags, Ints
from polso.demo.rows import Ids, Text, Words
from polso.demo.tickets import CHILD, INTERNAL, PROACTIVE, pick
from polso.demo.world import World
from polso.events.kinds import CHANNELS

NEVER_SOLVED: Final = 0.014
MISSING_OPENING_SHARE: Final = 0.001
_SPOKEN: Final = (s.PHONE, s.STORE)


@dataclass(frozen=True, slots=True)
class Ending:
    """Requests whose work is done at `at` by `agent`."""

    who: Ints
    at: Ints
    agent: Ints


def begin(world: World, first_team: Ints) -> None:
    """Log the opening of every ticket, its attributes and its first message."""
    t = world.tickets
    everyone = np.arange(len(t))
    agents_own = np.isin(t.role, (CHILD, INTERNAL, PROACTIVE))
    missing = _missing_openings(world, agents_own)
    opener = world.pick_agents(t.team)
    for by_agent in (False, True):
        who = everyone[(agents_own == by_agent) & ~missing]
        actor = world.agents(opener[who]) if by_agent else _customers(world, who)
        world.tell(
            "opened", who, t.opened[who], actor_kind="agent" if by_agent else "customer", actor_id=actor,
            direction=Words(("inbound", "outbound", "internal"), _direction(t.role[who])),
            team=Words(s.TEAMS, first_team[who]),
        )  # fmt: skip
    t.solver[agents_own] = opener[agents_own]
    writers = everyone[~agents_own & ~np.isin(t.channel, _SPOKEN)]
    live = np.isin(t.channel[writers], (s.CHAT, *s.MESSAGING, s.COMMUNITY))
    customer_writes(world, writers[~live], t.opened[writers[~live]])
    _set_attributes(world)
    _auto_reply(world, writers)


def _direction(role: Ints) -> Ints:
    return np.where(role == INTERNAL, 2, np.where(np.isin(role, (CHILD, PROACTIVE)), 1, 0))


def _missing_openings(world: World, agents_own: Flags) -> Flags:
    """A few e-mails whose opening the export lost: their first message is all there is."""
    t = world.tickets
    able = np.flatnonzero(~agents_own & np.isin(t.channel, (s.EMAIL, s.WEB)))
    n = max(2, round(len(t) * MISSING_OPENING_SHARE))
    missing = np.zeros(len(t), dtype=bool)
    missing[able[:: max(1, len(able) // n)][:n]] = True
    world.truth.add("defects", {"missing_opening": missing})
    return missing


def _customers(world: World, who: Ints) -> Ids:
    return world.customer_ids(world.tickets.customer[who])


def customer_writes(world: World, who: Ints, at: Ints, given: Mapping[str, Text] | None = None) -> None:
    """A public message of the ticket's customer."""
    world.tell("message", who, at, given, actor_kind="customer", actor_id=_customers(world, who))


def _set_attributes(world: World) -> None:
    """Attributes are set at the opening; one issue in twenty is corrected half a minute later."""
    t, everyone = world.tickets, np.arange(len(world.tickets))
    known = everyone[t.issue >= 0]
    wrong = world.chance(0.05, len(known))
    first = np.where(wrong, (t.issue[known] + 1) % len(s.ISSUES), t.issue[known])
    _set(world, "issue_type", known, t.opened[known], Words(s.ISSUES, first))
    again = known[wrong]
    _set(world, "issue_type", again, t.opened[again] + 30 * SECOND, Words(s.ISSUES, t.issue[again]))
    _set(world, "priority", everyone, t.opened, Words(s.PRIORITIES, t.priority))
    _set(world, "product", everyone, t.opened, Words(s.PRODUCTS, t.product))
    spoken = everyone[world.chance(0.9, len(t))]
    _set(world, "language", spoken, t.opened[spoken], Words(s.LANGUAGES, t.language[spoken]))


def _set(world: World, attribute: str, who: Ints, at: Ints, value: Words) -> None:
    world.tell("set", who, at, attribute=attribute, value=value, actor_kind="system", actor_id="router")


def _auto_reply(world: World, writers: Ints) -> None:
    """Automatic confirmations, which must never stop a human clock."""
    t = world.tickets
    told = writers[np.isin(t.channel[writers], (s.EMAIL, s.WEB)) & world.chance(0.6, len(writers))]
    world.tell("message", told, t.opened[told] + 4 * SECOND, actor_kind="system", actor_id="autoreply")


def give_up(world: World, who: Ints, at: Ints) -> None:
    """Closed at once by the system, unsolved."""
    world.tickets.ended[who] = at
    world.tickets.closed[who] = at
    world.tell("closed", who, at, actor_kind="system", actor_id="timer")


def finish(world: World, done: Ending, *, may_reopen: bool = True) -> None:
    """Solve, perhaps reopen up to twice, and close by timer a week later."""
    t = world.tickets
    solves = ~world.chance(NEVER_SOLVED, len(done.who))
    done = _only(done, solves)
    t.solver[done.who] = done.agent
    _solve(world, done, 0)
    last = np.full(len(t), NEVER)
    last[done.who] = done.at
    again = done
    for turn in range(2 if may_reopen else 0):
        again = _reopened(world, again, turn)
        _solve(world, again, turn + 1)
        last[again.who] = again.at
    closing = done.who[world.chance(0.92, len(done.who))]
    t.closed[closing] = last[closing] + 7 * DAY
    world.tell("closed", closing, t.closed[closing], actor_kind="system", actor_id="timer")


def _only(done: Ending, keep: Flags) -> Ending:
    return Ending(done.who[keep], done.at[keep], done.agent[keep])


def _solve(world: World, done: Ending, turn: int) -> None:
    world.tickets.solved[done.who, turn] = done.at
    world.tell(
        "solved", done.who, done.at, actor_kind="agent", actor_id=world.agents(done.agent),
        team=Words(s.TEAMS, world.tickets.team[done.who]),
    )  # fmt: skip


def _reopened(world: World, done: Ending, turn: int) -> Ending:
    """The customer comes back on the same ticket; it is answered and solved once more."""
    t = world.tickets
    trouble = world.story.in_trouble(t.issue[done.who], t.opened[done.who])
    share = np.where(trouble, 0.13, 0.045) * (4 if turn else 1)
    done = _only(done, world.chance(share, len(done.who)))
    n = len(done.who)
    back = done.at + np.minimum(MINUTE + world.spread(20 * 3600.0, 0.9, n), 6 * DAY)
    t.reopened[done.who, turn] = back
    who = _customers(world, done.who)
    world.tell("reopened", done.who, back, actor_kind="customer", actor_id=who)
    writing = np.isin(t.channel[done.who], _SPOKEN)
    for spoken in (False, True):
        here = writing == spoken
        channel: dict[str, Text] = {"channel": "email"} if spoken else {}
        customer_writes(world, done.who[here], back[here], channel)
    t.contacts[done.who] += world.seen(back)
    replied = world.story.openings["office"].advance(back, world.spread(1.5 * 3600, 0.8, n))
    agent_writes(world, done.who, replied, done.agent, world.spread(200, 0.5, n) // SECOND)
    world.answered(done.who, back, replied)
    return Ending(done.who, replied + world.between(SECOND, HOUR // 2, n), done.agent)


def agent_writes(world: World, who: Ints, at: Ints, agent: Ints, seconds: Ints) -> None:
    """A public reply and the work it took."""
    t = world.tickets
    seconds = np.minimum(seconds, np.maximum((at - t.opened[who]) // SECOND, 1))
    world.work(who, agent, at - seconds * SECOND, seconds)
    world.tell(
        "message", who, at, actor_kind="agent", actor_id=world.agents(agent),
        team=Words(s.TEAMS, t.team[who]),
        channel=Words(CHANNELS, np.where(np.isin(t.channel[who], _SPOKEN), s.EMAIL, t.channel[who])),
    )  # fmt: skip


def spam(world: World, who: Ints) -> tuple[Ints, Ints]:
    """Remove these; one in five comes back. Returns who came back and when."""
    t, n = world.tickets, len(who)
    at = t.opened[who] + world.spread(1800.0, 0.8, n)
    t.removed[who] = at
    reason = Words(("spam", "test", "duplicate"), pick(world.rng, (0.65, 0.15, 0.2), n))
    world.tell("removed", who, at, value=reason, actor_kind="agent", actor_id=_writers(world, who))
    back = world.chance(0.2, n)
    restored, again = who[back], at[back] + world.spread(2 * 3600.0, 0.6, int(back.sum()))
    t.restored[restored] = again
    world.tell("restored", restored, again, actor_kind="agent", actor_id=_writers(world, restored))
    return restored, again


def _writers(world: World, who: Ints) -> Ids:
    return world.agents(world.pick_agents(world.tickets.team[who]))
