"""Written requests: e-mail, web form, messaging, SMS, social; turns between customer and agent.

Rule kept here: all tickets advance one turn at a time, together; replies come in opening hours only.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, HOUR, MINUTE, NEVER, SECOND, Ints
from polso.demo.lifecycle import Ending, agent_writes, customer_writes, finish, give_up, spam
from polso.demo.rows import Words
from polso.demo.stages import Visits, outcome, visit
from polso.demo.tickets import CHILD, DUPLICATE, INTERNAL, PROACTIVE, pick
from polso.demo.world import World

TURNS: Final = 4
WRITTEN: Final = (s.EMAIL, s.WHATSAPP, s.MESSENGER, s.TELEGRAM, s.VIBER, s.SMS, s.SOCIAL, s.WEB, s.SELF)
# Median seconds of open time until a reply, and seconds of work, by channel.
_REPLY_MEDIAN: Final = np.array(
    [0, 4800, 60, 330, 420, 420, 540, 1200, 1700, 4500, 4800, 9000, 0], np.float64
)
_WORK_MEDIAN: Final = np.array([0, 270, 0, 130, 130, 130, 130, 100, 140, 240, 240, 240, 0], np.float64)
_CUSTOMER_MEDIAN: Final = np.array(
    [0, 9000, 60, 900, 900, 900, 900, 1800, 3600, 9000, 9000, 9000, 0], np.float64
)
_PRIORITY_FACTOR: Final = np.array([1.4, 1.0, 0.6, 0.35])
_MORE: Final = (0.30, 0.24, 0.2, 0.0)


def wrong_first_team(world: World) -> Ints:
    """The team a ticket lands in; one written request in fourteen is misrouted."""
    t = world.tickets
    wrong = np.isin(t.channel, WRITTEN) & world.chance(0.07, len(t)) & (t.role != DUPLICATE)
    other = np.where(t.team == s.COMMERCIALE, s.AMMINISTRAZIONE, s.COMMERCIALE)
    return np.where(wrong, other, t.team)


def converse(world: World, first_team: Ints, ready: Ints) -> None:
    """Carry every written request to its end; `ready` is when it may first be answered, or NEVER."""
    t = world.tickets
    written = np.isin(t.channel, WRITTEN) & (ready < NEVER)
    _merge(world, np.flatnonzero(t.role == DUPLICATE))
    _agents_own(world, np.flatnonzero(t.role == INTERNAL))
    who = np.flatnonzero(written & ~np.isin(t.role, (DUPLICATE, INTERNAL)))
    who, asked = _openers(world, who)
    who, asked, ready_at = _cleaned(world, who, asked, ready)
    _turns(world, who, asked, ready_at, first_team)


def _merge(world: World, who: Ints) -> None:
    t = world.tickets
    at = t.opened[who] + world.between(20 * MINUTE, 3 * HOUR, len(who))
    t.merged[who] = at
    parent = t.parent[who]
    t.contacts[parent] += world.seen(at)
    world.tell(
        "merged", who, at, subject_id=world.ticket_ids(parent), actor_kind="agent",
        actor_id=world.agents(world.pick_agents(t.team[who])),
    )  # fmt: skip


def _agents_own(world: World, who: Ints) -> None:
    at = world.story.openings["office"].advance(
        world.tickets.opened[who], world.spread(7200.0, 0.8, len(who))
    )
    agent = world.tickets.solver[who]
    noted = np.maximum(at - MINUTE, world.tickets.opened[who])
    world.tell("note", who, noted, value="public", actor_kind="agent", actor_id=world.agents(agent))
    finish(world, Ending(who, at, agent), may_reopen=False)


def _openers(world: World, who: Ints) -> tuple[Ints, Ints]:
    """Where an agent began, the customer's first words come later; some proactive ones never get any."""
    t = world.tickets
    asked = t.opened[who].copy()
    proactive, child = t.role[who] == PROACTIVE, t.role[who] == CHILD
    began = proactive | child
    writer = t.solver[who]
    world.tell(
        "message", who[proactive], t.opened[who[proactive]], seq=1, actor_kind="agent",
        actor_id=world.agents(writer[proactive]),
    )  # fmt: skip
    asked[began] += HOUR + world.spread(3 * 3600.0, 0.6, int(began.sum()))
    silent = proactive & world.chance(0.4, len(who))
    give_up(world, who[silent], t.opened[who[silent]] + 7 * DAY)
    speaks = who[began & ~silent]
    customer_writes(world, speaks, asked[began & ~silent])
    t.start[speaks] = asked[began & ~silent]
    t.contacts[speaks] += world.seen(asked[began & ~silent])
    return who[~silent], asked[~silent]


def _cleaned(world: World, who: Ints, asked: Ints, ready: Ints) -> tuple[Ints, Ints, Ints]:
    """Take out spam; what is restored waits from its return on."""
    t = world.tickets
    asked, ready_at = asked.copy(), np.maximum(asked, ready[who])
    may = np.isin(t.channel[who], (s.EMAIL, s.WEB, s.SOCIAL)) & (t.role[who] == 0)
    bad = may & world.chance(0.03, len(who))
    restored, again = spam(world, who[bad])
    back = np.full(len(t), NEVER)
    back[restored] = again
    ready_at = np.where(back[who] < NEVER, back[who], ready_at)
    keep = ~bad | (back[who] < NEVER)
    return who[keep], asked[keep], ready_at[keep]


def _reply_delay(world: World, who: Ints, at: Ints) -> Ints:
    t = world.tickets
    slow = np.where(world.story.in_trouble(t.issue[who], t.opened[who]), 2.3, 1.0)
    slow = slow * np.where(world.story.in_bad_week(at), 2.6, 1.0) * _PRIORITY_FACTOR[t.priority[who]]
    evening = (t.channel[who] == s.WHATSAPP) & (world.story.time.hour_at(at) >= 18)
    return world.spread(_REPLY_MEDIAN[t.channel[who]] * slow * np.where(evening, 7.0, 1.0), 0.95, len(who))


def _advance(world: World, channel: Ints, at: Ints, open_us: Ints) -> Ints:
    """Forward by open time of each channel's own calendar."""
    replied = np.empty_like(at)
    calendars = np.array([s.calendar_of(code) for code in range(13)])[channel]
    for name in np.unique(calendars).tolist():
        here = calendars == name
        replied[here] = world.story.openings[name].advance(at[here], open_us[here])
    return replied


def _turns(world: World, who: Ints, asked: Ints, ready: Ints, first_team: Ints) -> None:
    t = world.tickets
    agent = world.pick_agents(t.team[who])
    for turn in range(TURNS):
        n, channel = len(who), t.channel[who]
        reply = _advance(world, channel, ready, _reply_delay(world, who, asked))
        if turn == 0:
            _routed(world, who, ready, reply, agent, first_team)
        agent_writes(world, who, reply, agent, world.spread(_WORK_MEDIAN[channel], 0.6, n) // SECOND)
        world.answered(who, asked, reply)
        trouble = world.story.in_trouble(t.issue[who], t.opened[who])
        more = world.chance(_MORE[turn] * np.where(trouble, 1.4, 1.0), n)
        _close(world, who[~more], reply[~more], agent[~more])
        who, agent, reply = who[more], agent[more], reply[more]
        if turn == 0:
            agent = _escalated(world, who, reply, agent)
        asked = ready = _customer_again(world, who, reply)


def _routed(world: World, who: Ints, ready: Ints, reply: Ints, agent: Ints, first_team: Ints) -> None:
    """Moved to the right team, then taken by an agent, some after somebody else gave it up."""
    t = world.tickets
    frac = world.rng.uniform(0.05, 0.4, len(who))
    moved_at = ready + (frac * (reply - ready)).astype(np.int64)
    taken_at = moved_at + (frac * (reply - moved_at)).astype(np.int64)
    moved = first_team[who] != t.team[who]
    mover = world.agents(world.pick_agents(first_team[who[moved]]))
    world.tell(
        "transferred", who[moved], moved_at[moved], subject_id=Words(s.TEAMS, first_team[who[moved]]),
        team=Words(s.TEAMS, t.team[who[moved]]), value=Words(s.REASONS, np.zeros(int(moved.sum()), np.int64)),
        actor_kind="agent", actor_id=mover,
    )  # fmt: skip
    t.transfers[who[moved]] += world.seen(moved_at[moved])
    dropped = world.chance(0.04, len(who)) & ~moved
    other = world.agents(world.pick_agents(t.team[who[dropped]]))
    world.tell(
        "assigned", who[dropped], ready[dropped], subject_id=other, actor_kind="system", actor_id="router"
    )
    world.tell("unassigned", who[dropped], moved_at[dropped], subject_id=other)
    assign(world, who, taken_at, agent)


def assign(world: World, who: Ints, at: Ints, agent: Ints) -> None:
    """Taken by the agent, or given by the router."""
    taken = world.chance(0.6, len(who))
    for by_agent in (True, False):
        here = taken == by_agent
        name = world.agents(agent[here])
        world.tell(
            "assigned", who[here], at[here], subject_id=name, actor_kind="agent" if by_agent else "system",
            actor_id=name if by_agent else "router", team=Words(s.TEAMS, world.tickets.team[who[here]]),
        )  # fmt: skip


def _escalated(world: World, who: Ints, reply: Ints, agent: Ints) -> Ints:
    t = world.tickets
    up = world.chance(0.09, len(who))
    at = reply[up] + 10 * SECOND
    reason = Words(s.REASONS, pick(world.rng, (0.0, 0.3, 0.0, 0.1, 0.6), int(up.sum())))
    t.team[who[up]] = s.SECONDO
    t.escalated[who[up]] += world.seen(at)
    world.tell(
        "escalated", who[up], at, value=reason, subject_id="secondo_livello", team="secondo_livello",
        actor_kind="agent", actor_id=world.agents(agent[up]),
    )  # fmt: skip
    taker = world.pick_agents(t.team[who])
    assign(world, who[up], at + 5 * MINUTE, taker[up])
    return np.where(up, taker, agent)


def _customer_again(world: World, who: Ints, reply: Ints) -> Ints:
    """The ticket waits for the customer, who writes again."""
    t, n = world.tickets, len(who)
    back = reply + 30 * SECOND + world.spread(_CUSTOMER_MEDIAN[t.channel[who]], 0.9, n)
    waits = world.chance(0.75, n)
    _wait(world, who[waits], reply[waits], back[waits], "customer")
    customer_writes(world, who, back)
    t.contacts[who] += world.seen(back)
    return back


def _wait(world: World, who: Ints, since: Ints, until: Ints, why: str) -> None:
    world.tell("waiting", who, since, value=why, actor_kind="agent")
    world.tell("resumed", who, until, actor_kind="system")


def _close(world: World, who: Ints, reply: Ints, agent: Ints) -> None:
    """After the last reply: solved soon, or after waiting for a third party or within the company."""
    n = len(who)
    kind = pick(world.rng, (0.875, 0.05, 0.03, 0.02, 0.025), n)
    quick = kind == 0
    solved = reply + np.where(world.chance(0.5, n), 0, world.between(SECOND, HOUR, n))
    finish(world, Ending(who[quick], solved[quick], agent[quick]))
    for code, why in ((1, "third_party"), (2, "internal"), (3, "scheduled")):
        here = kind == code
        _after_wait(world, who[here], reply[here], agent[here], why)
    here = kind == 4
    _by_phone(world, who[here], reply[here], agent[here])


def _after_wait(world: World, who: Ints, reply: Ints, agent: Ints, why: str) -> None:
    n, t = len(who), world.tickets
    office = world.story.openings["office"]
    resumed = office.advance(reply, world.spread(5 * 3600.0, 0.7, n))
    _wait(world, who, reply + SECOND, resumed, why)
    if why == "third_party":
        world.tell(
            "message", who, resumed, actor_kind="third_party", actor_id="corriere", direction="internal"
        )
    told = office.advance(resumed, world.spread(1800.0, 0.7, n))
    agent_writes(world, who, told, agent, world.spread(_WORK_MEDIAN[t.channel[who]], 0.5, n) // SECOND)
    finish(world, Ending(who, told + MINUTE, agent))


def _by_phone(world: World, who: Ints, reply: Ints, agent: Ints) -> None:
    """The agent also rings the customer, then solves."""
    n, team = len(who), world.tickets.team[who]
    contact = world.numbers.take("C", n).numbers
    begin = reply + MINUTE
    end = begin + world.spread(180.0, 0.5, n)
    talk = Visits(
        "talk", who, contact, begin, end, outcome("served", n), team, agent, direction="outbound",
        channel="phone", step=1,
    )  # fmt: skip
    visit(world, talk)
    world.busy.append((agent, begin, end))
    seen = world.seen(end)
    world.truth.tally("handle", ("phone/outbound",), np.zeros(int(seen.sum()), np.int64), (end - begin)[seen])
    finish(world, Ending(who, end + MINUTE, agent))
