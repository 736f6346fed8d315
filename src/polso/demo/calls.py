"""Phone calls: the menu, the queues, transfers and overflow, and calls made back.

Rule kept here: front teams first, then those they hand on to, so every queue sees all its callers at once.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from polso.demo import legs as leg
from polso.demo import story as s
from polso.demo.hours import MINUTE, NEVER, SECOND, Flags, Ints
from polso.demo.legs import Callers, Legs
from polso.demo.lifecycle import Ending, finish, give_up
from polso.demo.rows import Ids, Words
from polso.demo.stages import CODE, Visits, outcome, visit
from polso.demo.tickets import pick
from polso.demo.world import World
from polso.events.kinds import CHANNELS

FRONT: Final = (s.AMMINISTRAZIONE, s.COMMERCIALE, s.EMERGENZE)
TRANSFER_SHARE: Final = 0.08
DEFECT_SHARE: Final = 0.002


def take_calls(world: World) -> None:
    """Simulate every phone ticket from the greeting to its end."""
    who = np.flatnonzero(world.tickets.channel == s.PHONE)
    if not len(who):
        return
    contact = world.numbers.take("C", len(who)).numbers
    queued, enter = _menu(world, who, contact)
    first = Callers(who[queued], contact[queued], np.zeros(int(queued.sum()), np.int64), enter[queued])
    legs = _through_queues(world, first)
    moved = _moved(legs)
    backwards = _planted(world, legs)
    leg.tell(world, legs, moved, backwards)
    _tell_transfers(world, legs, moved)
    _count(world, who, legs, backwards)
    _after(world, legs)


def _menu(world: World, who: Ints, contact: Ints) -> tuple[Flags, Ints]:
    """Welcome and IVR; returns who goes on to a queue and when."""
    n, opened = len(who), world.tickets.opened[who]
    heard = opened + world.between(4 * SECOND, 14 * SECOND, n)
    welcome = np.where(world.chance(0.008, n), CODE["abandoned"], CODE["passed"])
    visit(world, Visits("welcome", who, contact, opened, heard, welcome, step=1))
    in_ivr = welcome == CODE["passed"]
    chosen = heard + world.spread(26, 0.5, n)
    words = np.array([CODE[w] for w in ("passed", "served", "abandoned", "failed")])
    menu = words[pick(world.rng, (0.90, 0.07, 0.025, 0.005), n)]
    visit(world, Visits("ivr", who, contact, heard, chosen, menu, step=3).only(in_ivr))
    queued = in_ivr & (menu == CODE["passed"])
    over = np.where(in_ivr, chosen, heard)[~queued]
    give_up(world, who[~queued], over + 2 * SECOND)
    world.truth.add("calls", {"offered": n, "ivr_served": in_ivr & (menu == CODE["served"])})
    return queued, chosen


def _through_queues(world: World, first: Callers) -> Legs:
    team = world.tickets.team[first.who]
    own = {code: _only(first, team == code) for code in (*FRONT, s.TECNICO)}
    front = leg.joined([leg.run(world, code, own[code]) for code in FRONT])
    handed_on = _transferred(world, front, front.team != s.EMERGENZE)
    technical = leg.run(world, s.TECNICO, leg.callers([own[s.TECNICO], handed_on]))
    raised = _transferred(world, technical, technical.order == 0)
    overflow = [_overflowed(part) for part in (front, technical)]
    second = leg.run(world, s.SECONDO, leg.callers([raised, *overflow]))
    return leg.joined([front, technical, second])


def _only(asked: Callers, keep: Flags) -> Callers:
    return Callers(asked.who[keep], asked.contact[keep], asked.order[keep], asked.enter[keep])


def _transferred(world: World, legs: Legs, may: Flags) -> Callers:
    """Some answered calls are handed on, at the end of their talk."""
    keep = legs.answered & may & ~legs.hung_up & world.chance(TRANSFER_SHARE, len(legs.who))
    return Callers(legs.who[keep], legs.contact[keep], legs.order[keep] + 1, legs.talk_end[keep] + SECOND)


def _overflowed(legs: Legs) -> Callers:
    keep = np.isin(legs.outcome, (CODE["overflowed"], CODE["transferred"]))
    return Callers(legs.who[keep], legs.contact[keep], legs.order[keep] + 1, legs.leave[keep] + SECOND)


def _moved(legs: Legs) -> Flags:
    """Answered legs that another leg of the same call follows."""
    return legs.answered & np.isin(legs.contact * 4 + legs.order + 1, legs.contact * 4 + legs.order)


def _planted(world: World, legs: Legs) -> Flags:
    """A few wraps whose clock runs backwards, and a few `left` without `entered`."""
    n = max(2, round(len(legs.who) * DEFECT_SHARE))
    able = np.flatnonzero(legs.answered & (legs.wrap > 0) & (legs.end + legs.wrap <= world.as_of))
    backwards = np.zeros(len(legs.who), dtype=bool)
    backwards[able[:: max(1, len(able) // n)][:n]] = True
    orphan = able[1 :: max(1, len(able) // n)][:n]
    world.tell(
        "left", legs.who[orphan], legs.end[orphan], contact_id=Ids("C", legs.contact[orphan]),
        visit_id=world.numbers.take("V", len(orphan)), direction="inbound", stage="hold", value="passed",
        actor_kind="agent", actor_id=world.agents(legs.agent[orphan]),
    )  # fmt: skip
    world.truth.add("defects", {"clock_backwards": backwards, "orphan_left": len(orphan)})
    return backwards


def _tell_transfers(world: World, legs: Legs, moved: Flags) -> None:
    t = world.tickets
    to = legs.only(legs.order > 0)
    order = np.argsort(legs.contact * 4 + legs.order)
    before = order[np.searchsorted((legs.contact * 4 + legs.order)[order], to.contact * 4 + to.order - 1)]
    by_hand = moved[before]
    to, before = to.only(by_hand), before[by_hand]
    reason = Words(s.REASONS, pick(world.rng, (0.4, 0.3, 0.05, 0.05, 0.2), len(before)))
    world.tell(
        "transferred", to.who, to.enter, contact_id=Ids("C", to.contact), value=reason, actor_kind="agent",
        actor_id=world.agents(legs.agent[before]), subject_id=Words(s.TEAMS, legs.team[before]),
        team=Words(s.TEAMS, to.team),
    )  # fmt: skip
    np.add.at(t.transfers, to.who, world.seen(to.enter).astype(np.int64))
    t.team[to.who] = to.team


def _count(world: World, who: Ints, legs: Legs, backwards: Flags) -> None:
    """Handle time and what became of each call, whoever answered it."""
    first = np.full(len(world.tickets), np.iinfo(np.int64).max)
    np.minimum.at(first, legs.who, np.where(legs.answered, legs.leave, first[0]))
    answered = who[first[who] < np.iinfo(np.int64).max]
    spent = np.where(legs.answered, legs.talk + legs.hold + np.where(backwards, 0, legs.wrap), 0)
    total = np.zeros(len(world.tickets), dtype=np.int64)
    np.add.at(total, legs.who, spent)
    world.truth.tally("handle", CHANNELS, np.full(len(answered), s.PHONE), total[answered])
    world.answered(answered, world.tickets.opened[answered], first[answered])
    queued = np.unique(legs.who)
    abandoned = np.setdiff1d(np.unique(legs.who[legs.outcome == CODE["abandoned"]]), answered)
    world.truth.add(
        "calls",
        {"queued": len(queued), "answered": len(answered), "abandoned_before_answer": len(abandoned)},
    )


def _after(world: World, legs: Legs) -> None:
    """Answered calls end as requests do; unanswered ones are called back or given up."""
    t = world.tickets
    talked = legs.only(legs.answered)
    world.tell(
        "assigned", talked.who, talked.leave, contact_id=Ids("C", talked.contact), actor_kind="agent",
        actor_id=world.agents(talked.agent), subject_id=world.agents(talked.agent),
        team=Words(s.TEAMS, talked.team),
    )  # fmt: skip
    key = legs.contact * 4 + legs.order
    last = legs.only(~np.isin(key + 1, key))
    done = last.only(last.answered & ~last.hung_up)
    _end(world, done)
    later = last.only(np.isin(last.outcome, (CODE["callback"], CODE["voicemail"])))
    _call_back(world, later)
    lost = last.only(~np.isin(last.who, np.concatenate([done.who, later.who])))
    give_up(world, lost.who, lost.end + 2 * SECOND)
    t.solver[talked.who] = talked.agent


def _end(world: World, done: Legs) -> None:
    """Most requests are solved during the call, the rest in the back office."""
    t = world.tickets
    trouble = world.story.in_trouble(t.issue[done.who], t.opened[done.who])
    at_once = world.chance(np.where(trouble, 0.66, 0.86), len(done.who))
    now = done.only(at_once)
    finish(world, Ending(now.who, now.end + world.between(SECOND, 5 * SECOND, len(now.who)), now.agent))
    rest = done.only(~at_once)
    n = len(rest.who)
    world.tell(
        "note", rest.who, rest.end + SECOND, value="private", actor_kind="agent",
        actor_id=world.agents(rest.agent),
    )  # fmt: skip
    delay = world.spread(np.where(trouble[~at_once], 5.0, 2.5) * 3600, 0.8, n)
    solved = world.story.openings["office"].advance(rest.end + MINUTE, delay)
    seconds = world.spread(240, 0.6, n) // SECOND
    agent = world.pick_agents(rest.team)
    world.work(rest.who, agent, solved - seconds * SECOND, seconds)
    finish(world, Ending(rest.who, solved, agent))


def _call_back(world: World, legs: Legs) -> None:
    """The service calls back within a few open hours; one in eight does not pick up."""
    n = len(legs.who)
    if not n:
        return
    dialled = world.story.openings["extended"].advance(legs.leave, world.spread(5400, 0.7, n))
    contact, agent = world.numbers.take("C", n).numbers, world.pick_agents(legs.team)
    picked_up = world.chance(0.87, n)
    talking = dialled + world.between(5 * SECOND, 25 * SECOND, n)
    rung = np.where(picked_up, CODE["answered"], CODE["failed"])

    def stage(name: str, enter: Ints, leave: Ints, left: Ints, step: int) -> Visits:
        return Visits(
            name, legs.who, contact, enter, leave, left, legs.team, agent, direction="callback", step=step
        )

    visit(world, stage("ring", dialled, talking, rung, 1))
    ended = talking + world.spread(210, 0.5, n)
    wrapped = ended + world.spread(40, 0.5, n)
    visit(world, stage("talk", talking, ended, outcome("served", n), 3).only(picked_up))
    visit(world, stage("wrap", ended, wrapped, outcome("served", n), 5).only(picked_up))
    reached = legs.who[picked_up]
    world.busy.append((agent[picked_up], talking[picked_up], wrapped[picked_up]))
    seen = picked_up & world.seen(wrapped)
    key = np.zeros(int(seen.sum()), dtype=np.int64)
    world.truth.tally("handle", ("phone/callback",), key, (wrapped - talking)[seen])
    # Somebody transferred before has had an answer already.
    first = picked_up & (world.tickets.reply[legs.who] == NEVER)
    world.answered(legs.who[first], world.tickets.opened[legs.who[first]], talking[first])
    finish(world, Ending(reached, wrapped[picked_up] + 2 * SECOND, agent[picked_up]))
    give_up(world, legs.who[~picked_up], talking[~picked_up] + MINUTE)
