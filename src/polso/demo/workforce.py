"""Agents' states and paid time, laid around the work they really did; rates and costs.

Rule kept here: `handling` is the exact union of an agent's calls, chats and replies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import HOUR, MINUTE, NEVER, SECOND, Ints
from polso.demo.rows import MICRO, Text, Words
from polso.demo.tickets import pick
from polso.demo.world import World
from polso.events.kinds import CHANNELS, STATES

DETOURS: Final = ("break", "training", "meeting", "other_work")
HOURLY_EUR: Final = np.array([21, 21, 24, 26, 28, 22, 20])
SENIOR_EUR: Final = 3
RAISE: Final = 1
CENTS_PER_TICKET: Final = np.array([22, 5, 10, 14, 8, 6, 6, 12, 9, 4, 3, 6, 10])
FIXED_CENTS_PER_TICKET: Final = {"workforce": 18, "web": 8, "surveys": 3, "shop": 4}


@dataclass(frozen=True, slots=True)
class Spans:
    """An agent's stretches of handling, none touching another, in the order of agent and time."""

    agent: Ints
    begin: Ints
    end: Ints

    @property
    def gap(self) -> Ints:
        """Time until the same agent's next stretch, NEVER after the last."""
        gap = np.full(len(self.agent), NEVER)
        same = self.agent[1:] == self.agent[:-1]
        gap[:-1][same] = (self.begin[1:] - self.end[:-1])[same]
        return gap


def union(agent: Ints, begin: Ints, end: Ints, origin: int) -> Spans:
    """Merge overlapping stretches of each agent: a running maximum over sorted starts."""
    order = np.lexsort((begin, agent))
    agent, begin, end = agent[order], begin[order], end[order]
    lane = agent << 46
    reach = np.maximum.accumulate(lane + end - origin)
    fresh = np.ones(len(agent), dtype=bool)
    fresh[1:] = lane[1:] + begin[1:] - origin > reach[:-1]
    first = np.flatnonzero(fresh)
    last = np.append(first[1:], len(agent)) - 1
    return Spans(agent[first], begin[first], reach[last] - lane[first] + origin)


def employ(world: World) -> None:
    """Lay states, shifts and rates around the work of the site."""
    agent, begin, end = (np.concatenate(column) for column in zip(*world.busy, strict=True))
    # States end three hours before the history does, so none is cut.
    keep = (end + 3 * HOUR <= world.as_of) & (begin >= world.story.time.first + HOUR) & (end > begin)
    spans = union(agent[keep] - world.roster.first, begin[keep], end[keep], world.story.time.first)
    _states(world, Spans(spans.agent + world.roster.first, spans.begin, spans.end))


def _states(world: World, spans: Spans) -> None:
    n, gap = len(spans.agent), spans.gap
    after = (world.rng.exponential(75, n) + 5).astype(np.int64) * SECOND
    before = world.between(5 * SECOND, 60 * SECOND, n)
    leaves = gap > after + before + MINUTE
    last = gap == NEVER
    detour = pick(world.rng, (0.88, 0.06, 0.015, 0.02, 0.025), n)
    length = world.between(5 * MINUTE, 25 * MINUTE, n)
    detour = np.where(leaves & (gap > after + length + before + MINUTE), detour, 0)
    length = np.where(detour > 0, length, 0)
    off = spans.end + after + length
    back = np.where(leaves & ~last, spans.end + gap - before, NEVER)
    _tell(world, "handling", spans.agent, spans.begin)
    _tell(world, "available", spans.agent, spans.end)
    for code, word in enumerate(DETOURS, start=1):
        here = detour == code
        _tell(world, word, spans.agent[here], (spans.end + after)[here])
    _tell(world, "offline", spans.agent[leaves], off[leaves])
    returns = back < NEVER
    _tell(world, "available", spans.agent[returns], back[returns])
    available = np.where(leaves, after, gap) + np.where(returns, before, 0)
    _count(world, spans.end - spans.begin, available, detour, length)
    first = np.append(True, spans.agent[1:] != spans.agent[:-1])
    fresh = first | np.append(True, leaves[:-1])
    came = np.where(first, spans.begin, spans.begin - np.append(0, before[:-1]))
    _paid(world, spans.agent[fresh], came[fresh], off[leaves])


def _tell(world: World, state: str, agent: Ints, at: Ints) -> None:
    team = world.roster.team_of(agent) if len(agent) else agent
    world.log.add(
        "state", at, source="workforce", client=_client(agent), actor_kind="agent",
        actor_id=world.agents(agent), team=Words(s.TEAMS, team), value=state,
    )  # fmt: skip


def _client(agent: Ints) -> Words:
    """An agent's home client; everybody may work for both."""
    return Words(s.CLIENTS, (agent % 3 == 2).astype(np.int64))


def _count(world: World, handling: Ints, available: Ints, detour: Ints, length: Ints) -> None:
    zero = np.zeros(len(handling), dtype=np.int64)
    world.truth.tally("states", STATES, zero + STATES.index("handling"), handling)
    world.truth.tally("states", STATES, zero + STATES.index("available"), available)
    here = detour > 0
    world.truth.tally("states", DETOURS, detour[here] - 1, length[here])


def _paid(world: World, agent: Ints, came: Ints, left: Ints) -> None:
    """Every stretch logged in is paid, to the full minute above: where states are, and not one lump a day."""
    minutes = -(-(left - came) // MINUTE)
    team = world.roster.team_of(agent)
    world.log.add(
        "scheduled", came, amount=minutes * 60 * MICRO, source="workforce", client=_client(agent),
        actor_kind="agent", actor_id=world.agents(agent), team=Words(s.TEAMS, team),
    )  # fmt: skip
    world.truth.tally("paid", s.TEAMS, team, minutes * MINUTE)
    euros = _rates(world, agent, team)
    raised = np.clip(came + minutes * MINUTE - np.maximum(came, raise_at(world)), 0, None)
    spent = minutes * MINUTE * euros + raised * RAISE
    world.truth.add("cost_micros", {"hours": int((spent // (60 * 60)).sum())})


def _rates(world: World, agent: Ints, team: Ints) -> Ints:
    """Log the dated rates, and say which one each agent began with."""
    raised_at = raise_at(world)
    for since, extra in ((world.story.time.first, 0), (raised_at, RAISE)):
        if world.site == 0:
            codes = np.arange(len(s.TEAMS))
            _rate(world, np.full(len(codes), since), HOURLY_EUR + extra, actor_id=Words(s.TEAMS, codes))
        seniors = senior_agents(world)
        senior_team = world.roster.team_of(seniors)
        _rate(
            world, np.full(len(seniors), since), HOURLY_EUR[senior_team] + SENIOR_EUR + extra,
            actor_id=world.agents(seniors),
        )  # fmt: skip
    euros: Ints = HOURLY_EUR[team] + SENIOR_EUR * np.isin(agent, senior_agents(world))
    return euros


def senior_agents(world: World) -> Ints:
    """One better paid writer in each team."""
    return np.array([world.roster.pools[f"{name}/writers"][0] for name in s.TEAMS])


def raise_at(world: World) -> int:
    """Rates rise at the midnight of the month in the middle of the history."""
    midnights = world.story.time.midnights()
    return midnights[len(midnights) // 2][1]


def _rate(world: World, at: Ints, euros: Ints, actor_id: Text) -> None:
    world.log.add(
        "cost", at, amount=euros * MICRO, currency="EUR", source="workforce", client=s.CLIENTS[0],
        attribute="hourly_rate", actor_kind="agent", actor_id=actor_id,
    )  # fmt: skip


def bill(world: World) -> None:
    """Monthly fees of each channel and fixed costs, booked by every source in the last second of the month they pay for."""
    t, since = world.tickets, world.story.time.first
    for name, midnight in world.story.time.midnights():
        at = midnight - (0 if name == "as_of" else SECOND)
        opened = (t.opened >= since) & (t.opened <= at)
        count = np.bincount(t.channel[opened], minlength=len(CHANNELS))
        for channel, n in enumerate(count.tolist()):
            source = s.SOURCES[s.SOURCE_OF_CHANNEL[channel]]
            _book(world, at, source, "channel_fee", n * int(CENTS_PER_TICKET[channel]), CHANNELS[channel])
        for source, cents in FIXED_CENTS_PER_TICKET.items():
            _book(world, at, source, "fixed", int(opened.sum()) * cents, None)
        since = at + 1


def _book(world: World, at: int, source: str, attribute: str, cents: int, channel: str | None) -> None:
    world.log.add(
        "cost", np.array([at]), amount=np.array([cents * (MICRO // 100)]), currency="EUR", source=source,
        client=s.CLIENTS[0], attribute=attribute, value="month", channel=channel, actor_kind="system",
    )  # fmt: skip
    world.truth.add("cost_micros", {attribute: cents * (MICRO // 100)})
