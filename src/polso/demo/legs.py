"""One call's time with one team: waiting, ringing, talking, holding, wrapping up.

Rule kept here: a leg is decided as a whole before it is logged, so queue and log cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import NEVER, SECOND, Flags, Ints
from polso.demo.queues import CALM, expected_load, serve, staffed, strangers
from polso.demo.stages import CODE, Visits, outcome, visit
from polso.demo.tickets import pick
from polso.demo.world import World

MARGIN: Final = {
    s.AMMINISTRAZIONE: 1.15, s.COMMERCIALE: 1.2, s.TECNICO: 0.45, s.EMERGENZE: 1.6, s.SECONDO: 1.0,
}  # fmt: skip
TALK_MEDIAN: Final = {
    s.AMMINISTRAZIONE: 195, s.COMMERCIALE: 170, s.TECNICO: 250, s.EMERGENZE: 130, s.SECONDO: 230,
}  # fmt: skip
# The technical line shares its people with a busier company than the others do.
SHARED_LOAD: Final = {s.TECNICO: 1.5}
_REFUSAL: Final = 14 * SECOND
# Why somebody leaves a queue unanswered: the share willing to, and after how many seconds.
_EXITS: Final = (
    ("callback", 0.12, 60, 100), ("overflowed", 0.16, 70, 120), ("voicemail", 0.05, 90, 150),
    ("transferred", 0.006, 10, 60), ("refused", 0.003, 1, 2), ("failed", 0.003, 1, 2),
    ("timed_out", 1.0, 240, 241),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Legs:
    """One row per leg; instants in microseconds, lengths too."""

    who: Ints
    contact: Ints
    team: Ints
    order: Ints
    enter: Ints
    leave: Ints
    free: Ints
    outcome: Ints
    agent: Ints
    ring: Ints
    refused: Flags
    talk: Ints
    hold: Ints
    hung_up: Flags
    wrap: Ints

    @property
    def answered(self) -> Flags:
        """Whether an agent talked."""
        answered: Flags = self.outcome == CODE["answered"]
        return answered

    @property
    def talk_end(self) -> Ints:
        """When the talk was over; means nothing for legs unanswered."""
        return self.leave + self.talk + self.hold

    @property
    def end(self) -> Ints:
        """When the leg was over, wrap included."""
        return np.where(self.answered, self.talk_end + self.wrap, self.leave)

    def only(self, keep: Flags | Ints) -> Legs:
        """The kept rows."""
        return Legs(**{f.name: getattr(self, f.name)[keep] for f in fields(Legs)})


def joined(parts: list[Legs]) -> Legs:
    """Legs of several queues as one."""
    return Legs(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Legs)})


@dataclass(frozen=True, slots=True)
class Callers:
    """Who enters a team's queue, and when; strangers have no ticket."""

    who: Ints
    contact: Ints
    order: Ints
    enter: Ints


def callers(parts: list[Callers]) -> Callers:
    """Callers from several places as one."""
    return Callers(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Callers)})


def run(world: World, team: int, asked: Callers) -> Legs:
    """Send these calls, and the strangers who share the agents, through one team's queue."""
    calendar = s.TEAM_HOURS.get(team, "extended")
    hours, service = world.story.openings[calendar], round(TALK_MEDIAN[team] * 1.7 * SECOND)
    floor = SHARED_LOAD.get(team, CALM)
    load = expected_load(world.story, hours, world.story.weights(calendar), len(asked.who), service)
    line = staffed(world.story, hours, load, MARGIN[team], 3 if calendar == "always" else 2, floor)
    pool = f"{s.TEAMS[team]}/callers"
    world.roster.add(pool, team, line.pool)
    others = strangers(world.rng, hours, load, service, world.as_of, floor)
    blank = np.full(len(others), -1)
    everyone = callers([asked, Callers(blank, blank, blank, others)])
    order = np.argsort(everyone.enter, kind="stable")
    legs = _planned(world, team, Callers(*(getattr(everyone, f.name)[order] for f in fields(Callers))))
    give_up, cause = _impatience(world, team, len(order))
    served = serve(line, legs.enter, give_up, legs.ring, legs.talk + legs.hold + legs.wrap)
    agent = world.roster.member(pool, line.agent_index(legs.enter, served.server))
    answered_at = served.begin + legs.ring
    legs.leave[:] = np.where(served.answered, answered_at, legs.enter + give_up)
    legs.free[:] = served.free
    legs.outcome[:] = np.where(served.answered, CODE["answered"], cause)
    legs.agent[:] = agent
    return legs.only(legs.who >= 0)


def _impatience(world: World, team: int, n: int) -> tuple[Ints, Ints]:
    """After how long each caller leaves the queue unanswered, and how."""
    calm = 420 if team == s.EMERGENZE else 250
    give_up = (5 + world.rng.exponential(calm, n)) * SECOND
    hasty = world.chance(0.02, n)
    give_up = np.where(hasty, world.rng.uniform(1, 6, n) * SECOND, give_up)
    cause = outcome("abandoned", n)
    for word, share, low, high in _EXITS:
        willing = world.chance(share if team != s.SECONDO or word == "timed_out" else 0.0, n)
        after = np.where(willing, world.rng.uniform(low, high, n) * SECOND, NEVER)
        cause = np.where(after < give_up, CODE[word], cause)
        give_up = np.minimum(give_up, after)
    return give_up.astype(np.int64), cause


def _planned(world: World, team: int, who: Callers) -> Legs:
    """How long each leg would take, were it answered."""
    n, t = len(who.who), world.tickets
    known = who.who >= 0
    trouble = known & world.story.in_trouble(t.issue[who.who], t.opened[who.who])
    talk = world.spread(TALK_MEDIAN[team] * np.where(trouble, 1.35, 1.0), 0.55, n)
    held = world.chance(0.22, n)
    hung_up = held & world.chance(0.04, n)
    talk = np.where(hung_up, talk * 6 // 10, talk)
    refused = world.chance(0.04, n)
    zero = np.zeros(n, dtype=np.int64)
    return Legs(
        who=who.who, contact=who.contact, team=np.full(n, team), order=who.order, enter=who.enter,
        leave=zero.copy(), free=zero.copy(), outcome=zero.copy(), agent=zero.copy(),
        ring=world.between(3 * SECOND, 9 * SECOND, n) + np.where(refused, _REFUSAL, 0), refused=refused,
        talk=talk, hold=np.where(held, world.spread(45, 0.6, n), 0), hung_up=hung_up,
        wrap=np.where(world.chance(0.9, n), world.spread(38, 0.6, n), 0),
    )  # fmt: skip


def tell(world: World, legs: Legs, moved: Flags, backwards: Flags) -> None:
    """Log the legs' stages; `moved` legs end by a transfer, `backwards` ones have a faulty clock."""
    _tell_waiting(world, legs)
    keep = legs.answered
    moved, backwards, legs = moved[keep], backwards[keep], legs.only(keep)
    n, held = len(legs.who), legs.hold > 0
    first = np.where(held & ~legs.hung_up, legs.talk * 6 // 10, legs.talk)
    hold_at = legs.leave + first
    back_at = hold_at + legs.hold
    last = np.where(moved, CODE["transferred"], CODE["served"])
    talk = _stage(legs, "talk", legs.leave, hold_at, np.where(held, CODE["passed"], last), 20)
    visit(world, talk)
    gone = np.where(legs.hung_up, CODE["abandoned"], CODE["passed"])
    visit(world, _stage(legs, "hold", hold_at, back_at, gone, 22).only(held))
    visit(world, _stage(legs, "talk", back_at, legs.talk_end, last, 24).only(held & ~legs.hung_up))
    wrapping = legs.wrap > 0
    wrap = _stage(legs, "wrap", legs.talk_end, legs.end, outcome("served", n), 26, backwards)
    visit(world, wrap.only(wrapping))
    world.busy.append((legs.agent, legs.leave, legs.end))


def _tell_waiting(world: World, legs: Legs) -> None:
    queue = Visits("queue", legs.who, legs.contact, legs.enter, legs.leave, legs.outcome, legs.team, step=10)
    visit(world, queue)
    other = world.pick_agents(legs.team)
    answering = legs.leave - np.where(legs.refused, legs.ring - _REFUSAL, legs.ring)
    turned = np.where(pick(world.rng, (0.8, 0.2), len(legs.who)) == 0, CODE["refused"], CODE["failed"])
    first = Visits(
        "ring", legs.who, legs.contact, legs.free, legs.free + _REFUSAL, turned, legs.team, other, step=12
    )
    visit(world, first.only(legs.answered & legs.refused))
    rung = Visits(
        "ring", legs.who, legs.contact, answering, legs.leave, legs.outcome, legs.team, legs.agent, step=14
    )
    visit(world, rung.only(legs.answered))
    left_ringing = (legs.outcome == CODE["abandoned"]) & (legs.free < legs.leave)
    lost = Visits(
        "ring", legs.who, legs.contact, legs.free, legs.leave, legs.outcome, legs.team, legs.agent, step=14
    )
    visit(world, lost.only(left_ringing))


def _stage(
    legs: Legs, stage: str, enter: Ints, leave: Ints, left: Ints, step: int, backwards: Flags | None = None
) -> Visits:
    return Visits(
        stage,
        legs.who,
        legs.contact,
        enter,
        leave,
        left,
        legs.team,
        legs.agent,
        step=step,
        backwards=backwards,
    )
