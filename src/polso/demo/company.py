"""Acme Care as a whole: as many sites as its size asks for, each made when it is wanted.

Rule kept here: memory holds one site at a time; the same seed and size give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import add
from typing import Any, Final

import numpy as np
import pyarrow as pa

from polso.demo import (
    bots,
    calls,
    chats,
    community,
    conversations,
    counters,
    lifecycle,
    links,
    outcome,
    selfservice,
    shop,
    surveys,
    workforce,
)  # fmt: skip
from polso.demo import story as s
from polso.demo.hours import timeline
from polso.demo.rows import Log
from polso.demo.story import Story
from polso.demo.tickets import open_tickets
from polso.demo.truth import Truth
from polso.demo.world import SITE_AGENTS, SITE_EVENTS, SITE_TICKETS, Numbers, Roster, World, hire

TICKETS_PER_SITE: Final = 100_000
UNTIL: Final = date(2026, 7, 1)
MONTHS: Final = 13
SMALLEST: Final = 300
ROWS_PER_TABLE: Final = 500_000


@dataclass(frozen=True, slots=True)
class Site:
    """One finished site: its events, its truth, and its truth ticket by ticket."""

    tables: list[Any]
    truth: Truth
    tickets: Any


@dataclass(slots=True)
class Company:
    """A company of a given size, seed and history."""

    tickets: int = 5_000
    seed: int = 7
    until: date = UNTIL
    months: int = MONTHS
    _truth: Truth | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.tickets < SMALLEST:
            raise ValueError(f"a company has at least {SMALLEST} tickets, not {self.tickets}")
        if not 7 <= self.months <= 24:
            raise ValueError(
                f"a history has 7 months at least, for retention, and 24 at most, not {self.months}"
            )

    @property
    def since(self) -> date:
        """First day of the history."""
        months = self.until.year * 12 + self.until.month - 1 - self.months
        return date(months // 12, months % 12 + 1, 1)

    @property
    def site_sizes(self) -> list[int]:
        """Equal sites, as few as their greatest size allows."""
        count = -(-self.tickets // TICKETS_PER_SITE)
        return [self.tickets // count + (n < self.tickets % count) for n in range(count)]

    def sites(self) -> Iterator[Site]:
        """The company's sites, one after the other."""
        story = s.story(timeline(self.since, self.until))
        for number, size in enumerate(self.site_sizes):
            yield run_site(story, self.seed, number, size)

    def events(self) -> Iterator[Any]:
        """Tables of canonical events, site by site; the truth is known once they are all taken."""
        truths = []
        for site in self.sites():
            truths.append(site.truth)
            yield from _batched(site.tables)
        self._truth = reduce(add, truths)

    def truth(self) -> Truth:
        """The truth of the whole company; simulates it if its events were not taken yet."""
        if self._truth is None:
            self._truth = reduce(add, (site.truth for site in self.sites()))
        return self._truth

    def ticket_truth(self) -> Any:
        """The truth ticket by ticket, as one table."""
        return pa.concat_tables(site.tickets for site in self.sites())


def simulate(tickets: int = 5_000, seed: int = 7, until: date = UNTIL, months: int = MONTHS) -> Iterator[Any]:
    """The company's events as Arrow tables with the source columns of the event log."""
    return Company(tickets, seed, until, months).events()


def _batched(tables: list[Any]) -> Iterator[Any]:
    """Join small tables without copying, and let go of each as it leaves."""
    tables.reverse()
    batch: list[Any] = []
    while tables:
        batch.append(tables.pop())
        if sum(len(table) for table in batch) >= ROWS_PER_TABLE or not tables:
            yield pa.concat_tables(batch)
            batch = []


def run_site(story: Story, seed: int, number: int, size: int) -> Site:
    """Simulate one site from its first ticket to its last cost."""
    world = _world(story, seed, number, size)
    _live(world)
    world.tickets.cut(world.as_of)
    links.link(world)
    surveys.ask(world)
    shop.sell(world)
    selfservice.browse(world)
    workforce.employ(world)
    workforce.bill(world)
    back = outcome.repeated(world)
    outcome.count_tickets(world, back)
    world.truth.events.update(world.log.kinds)
    return Site(world.log.tables, world.truth, outcome.ticket_table(world, back))


def _world(story: Story, seed: int, number: int, size: int) -> World:
    dice, lags = (np.random.default_rng([seed, number, part]) for part in (0, 1))
    tickets = open_tickets(dice, story, size)
    roster = Roster(first=1 + number * SITE_AGENTS)
    hire(roster, tickets, story.time.days / 30.4)
    return World(
        site=number,
        rng=dice,
        story=story,
        tickets=tickets,
        log=Log(story.time.as_of, 1 + number * SITE_EVENTS, lags),
        numbers=Numbers(number * SITE_TICKETS),
        roster=roster,
        truth=Truth(story.time.first, story.time.as_of),
    )


def _live(world: World) -> None:
    """Everything that happens to tickets, from the opening to the last answer."""
    t = world.tickets
    first_team = conversations.wrong_first_team(world)
    chats.identify(world)
    lifecycle.begin(world, first_team)
    calls.take_calls(world)
    contact = np.full(len(t), -1)
    chatting = np.flatnonzero(t.channel == s.CHAT)
    contact[chatting] = world.numbers.take("C", len(chatting)).numbers
    ready = bots.greet(world, contact)
    chats.chat(world, ready, contact)
    counters.receive(world)
    community.discuss(world)
    conversations.converse(world, first_team, ready)
