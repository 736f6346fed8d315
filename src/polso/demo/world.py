"""One site of the company while it is simulated: its dice, tickets, agents, log and truth.

Rule kept here: a site knows nothing of other sites, so sites can be made one by one, in any order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import NEVER, SECOND, Flags, Floats, Ints
from polso.demo.rows import Ids, Log, Text, Words, kept
from polso.demo.story import Story
from polso.demo.tickets import Tickets
from polso.demo.truth import Truth
from polso.events.kinds import CHANNELS

SITE_TICKETS: Final = 10_000_000
SITE_EVENTS: Final = 1_000_000_000
SITE_AGENTS: Final = 1_000
MONTHLY_TICKETS_PER_WRITER: Final = 260
IDENTIFIED_AFTER: Final = 120 * SECOND


@dataclass(slots=True)
class Numbers:
    """Running numbers of one site, one sequence per prefix."""

    first: int
    taken: Counter[str] = field(default_factory=Counter)

    def take(self, prefix: str, n: int) -> Ids:
        """The next `n` numbers of a prefix."""
        begin = self.first + 1 + self.taken[prefix]
        self.taken[prefix] += n
        return Ids(prefix, np.arange(begin, begin + n))


@dataclass(slots=True)
class Roster:
    """Which agents exist: a pool per purpose, each with its team, numbered on one another."""

    first: int
    pools: dict[str, tuple[int, int]] = field(default_factory=dict)
    teams: list[int] = field(default_factory=list)

    def add(self, pool: str, team: int, size: int) -> None:
        """Hire a pool of agents for a team."""
        self.pools[pool] = (self.first + len(self.teams), size)
        self.teams += [team] * size

    def member(self, pool: str, index: Ints) -> Ints:
        """The agent at a place of a pool."""
        begin, size = self.pools[pool]
        return begin + index % size

    def team_of(self, agent: Ints) -> Ints:
        """Each agent's home team."""
        return np.array(self.teams)[agent - self.first]


@dataclass(slots=True)
class World:
    """Everything the simulation of one site reads and changes."""

    site: int
    rng: np.random.Generator
    story: Story
    tickets: Tickets
    log: Log
    numbers: Numbers
    roster: Roster
    truth: Truth
    busy: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)

    @property
    def as_of(self) -> int:
        """The last instant that may be logged."""
        return self.log.as_of

    def tell(
        self,
        kind: str,
        who: Ints,
        at: Ints,
        given: Mapping[str, Text] | None = None,
        *,
        seq: int = 0,
        amount: Ints | None = None,
        **texts: Text,
    ) -> None:
        """Log one event of each ticket in `who`, filling what the ticket itself says."""
        t, texts = self.tickets, {**(given or {}), **texts}
        anonymous = (t.alias[who] >= 0) & (at < t.opened[who] + IDENTIFIED_AFTER)
        for hidden in (False, True):
            here = anonymous == hidden
            if not here.any():
                continue
            known = self.about(who[here]) | {name: kept(text, here) for name, text in texts.items()}
            if hidden:
                visitor = Ids("W", t.alias[who[here]])
                known["customer_id"] = visitor
                if texts.get("actor_kind") == "customer":
                    known["actor_id"] = visitor
            self.log.add(kind, at[here], known, seq=seq, amount=None if amount is None else amount[here])

    def about(self, who: Ints) -> dict[str, Text]:
        """The columns every event of these tickets shares."""
        t = self.tickets
        channel = t.channel[who]
        return {
            "source": Words(s.SOURCES, s.SOURCE_OF_CHANNEL[channel]),
            "client": Words(s.CLIENTS, t.client[who]),
            "ticket_id": self.ticket_ids(who),
            "customer_id": self.customer_ids(t.customer[who]),
            "channel": Words(CHANNELS, channel),
        }

    def ticket_ids(self, who: Ints) -> Ids:
        """Names of these tickets; -1 has none."""
        return Ids("T", np.where(who >= 0, who + 1 + self.numbers.first, -1))

    def customer_ids(self, customer: Ints) -> Ids:
        """Names of these customers; -1 has none."""
        return Ids("K", np.where(customer >= 0, customer + 1 + self.numbers.first, -1))

    def agents(self, agent: Ints) -> Ids:
        """Names of these agents."""
        return Ids("A", agent)

    def pick_agents(self, team: Ints) -> Ints:
        """Somebody of the team's writers, at random."""
        chosen = np.empty(len(team), dtype=np.int64)
        for code, name in enumerate(s.TEAMS):
            here = team == code
            dice = self.rng.integers(0, 1 << 30, int(here.sum()))
            chosen[here] = self.roster.member(f"{name}/writers", dice)
        return chosen

    def chance(self, p: float | Floats, n: int) -> Flags:
        """True with probability `p`."""
        return self.rng.random(n) < p

    def spread(self, median: float | Floats, sigma: float, n: int) -> Ints:
        """Log-normal seconds around a median, as microseconds."""
        seconds = median * np.exp(sigma * self.rng.standard_normal(n))
        return np.asarray(seconds * SECOND).astype(np.int64)

    def between(self, low: int, high: int, n: int) -> Ints:
        """Whole numbers in [low, high)."""
        return self.rng.integers(low, high, n)

    def seen(self, at: Ints) -> Flags:
        """Whether the log speaks of these instants."""
        return at <= self.as_of

    def work(self, who: Ints, agent: Ints, begin: Ints, seconds: Ints) -> None:
        """Time an agent spends on tickets outside calls; the event stands where the work began."""
        self.tell(
            "work", who, begin, amount=seconds * SECOND, actor_kind="agent", actor_id=self.agents(agent)
        )
        self.busy.append((agent, begin, begin + seconds * SECOND))
        seen = self.seen(begin)
        self.truth.tally("work", CHANNELS, self.tickets.channel[who][seen], seconds[seen] * SECOND)

    def answered(self, who: Ints, asked: Ints, at: Ints) -> None:
        """A customer's turn was answered by a person; the first such answer is the first reply."""
        t = self.tickets
        t.reply[who] = np.where(t.start[who] < NEVER, np.minimum(t.reply[who], at), NEVER)
        seen = self.seen(at)
        self.truth.tally("replies", CHANNELS, t.channel[who][seen], (at - asked)[seen])


def hire(roster: Roster, tickets: Tickets, months: float) -> None:
    """Writers for each team; callers' agents are added by the queues themselves."""
    load = np.bincount(tickets.team, minlength=len(s.TEAMS)) / months
    for code, name in enumerate(s.TEAMS):
        roster.add(f"{name}/writers", code, 2 + round(load[code] / MONTHLY_TICKETS_PER_WRITER))


def customer_key(world: World, customer: Ints, at: Ints) -> Ints:
    """Customer and instant in one sortable integer."""
    return (customer << 46) + (at - world.story.time.first)


def returned(world: World, customer: Ints, since: Ints, within: int) -> Flags:
    """Whether the customer opened a ticket on any channel in (since, since + within]."""
    t = world.tickets
    keyed = np.sort(customer_key(world, t.customer, t.opened)[t.customer >= 0])
    low = np.searchsorted(keyed, customer_key(world, customer, since), side="right")
    high = np.searchsorted(keyed, customer_key(world, customer, since + within), side="right")
    return (high > low) & (customer >= 0)
