"""The requests of one site: who asks what, when, where, and what became of it.

Rule kept here: instants that never come are NEVER; customers, issues and parents unknown are -1.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import HOUR, MINUTE, NEVER, Flags, Floats, Ints
from polso.demo.story import Story, arrivals

ORDINARY, REPEAT, DUPLICATE, CHILD, INTERNAL, PROACTIVE = range(6)
ROLE_SHARE: Final = {REPEAT: 0.11, DUPLICATE: 0.012, CHILD: 0.008, INTERNAL: 0.006, PROACTIVE: 0.012}
CUSTOMERS_PER_TICKET: Final = 0.55


@dataclass(slots=True)
class Tickets:
    """One array per column, one row per ticket, in the order of opening."""

    role: Ints
    client: Ints
    channel: Ints
    issue: Ints
    customer: Ints
    parent: Ints
    opened: Ints
    team: Ints
    priority: Ints
    language: Ints
    product: Ints
    start: Ints
    reply: Ints
    solved: Ints
    reopened: Ints
    ended: Ints
    closed: Ints
    removed: Ints
    restored: Ints
    merged: Ints
    contacts: Ints
    solver: Ints
    alias: Ints
    transfers: Ints
    escalated: Ints

    def __len__(self) -> int:
        return len(self.opened)

    @property
    def last_solved(self) -> Ints:
        """The last solve; NEVER while the ticket is open again."""
        past = np.where(self.solved < NEVER, self.solved, -1)
        last = past.max(axis=1)
        reopening = np.where(self.reopened < NEVER, self.reopened, -1).max(axis=1)
        return np.where((last >= 0) & (last > reopening), last, NEVER)

    @property
    def excluded(self) -> Flags:
        """Removed and not restored, merged, or opened by an agent for themselves."""
        gone = (self.removed < NEVER) & (self.restored == NEVER)
        excluded: Flags = gone | (self.merged < NEVER) | (self.role == INTERNAL)
        return excluded

    def cut(self, as_of: int) -> None:
        """Forget every instant after the as-of instant."""
        for name in (
            "start", "reply", "solved", "reopened", "ended", "closed", "removed", "restored", "merged",
        ):  # fmt: skip
            at = getattr(self, name)
            at[at > as_of] = NEVER


def role_counts(n: int) -> dict[int, int]:
    """How many tickets play each role."""
    counts = {role: max(1, round(n * share)) for role, share in ROLE_SHARE.items()}
    return {ORDINARY: n - sum(counts.values())} | counts


@dataclass(frozen=True, slots=True)
class Asked:
    """The first guess at a request, before its team and attributes are settled."""

    role: Ints
    client: Ints
    channel: Ints
    issue: Ints
    customer: Ints
    parent: Ints
    opened: Ints


def customer_count(n: int) -> int:
    """How many customers a site of `n` tickets has."""
    return max(20, round(n * CUSTOMERS_PER_TICKET))


def pick_customers(rng: np.random.Generator, client: Ints, customers: int) -> Ints:
    """Some customers ask far more than others; the first 64 % belong to the first client."""
    border = round(customers * s.CLIENT_SHARE[0])
    skewed = rng.random(len(client)) ** 1.5
    return np.where(client == 0, skewed * border, border + skewed * (customers - border)).astype(np.int64)


def pick(rng: np.random.Generator, shares: tuple[float, ...] | Floats, n: int) -> Ints:
    """Draw indices with these shares."""
    weights = np.asarray(shares) / np.sum(shares)
    return np.searchsorted(np.cumsum(weights)[:-1], rng.random(n), side="right").astype(np.int64)


def open_tickets(rng: np.random.Generator, story: Story, n: int) -> Tickets:
    """Draw all requests of a site, in the order of opening."""
    counts = role_counts(n)
    first = _ordinary(rng, story, counts[ORDINARY], customer_count(n))
    later = [
        _repeats(rng, story, first, counts[REPEAT]),
        _duplicates(rng, story, first, counts[DUPLICATE]),
        _children(rng, story, first, counts[CHILD]),
        _agents_own(rng, story, counts[INTERNAL]),
        _proactive(rng, story, counts[PROACTIVE], customer_count(n)),
    ]
    return _settled(rng, story, _joined([first, *later]))


def _ordinary(rng: np.random.Generator, story: Story, n: int, customers: int) -> Asked:
    client = pick(rng, s.CLIENT_SHARE, n)
    channel = pick(rng, tuple(s.CHANNEL_SHARE.values()), n)
    issue = np.where(client == 0, pick(rng, s.ISSUE_SHARES[0], n), pick(rng, s.ISSUE_SHARES[1], n))
    hidden = rng.random(n) < np.where(channel == s.PHONE, 0.08, 0.03)
    hidden &= ~np.isin(channel, (s.CHAT, *s.MESSAGING))
    customer = np.where(hidden, -1, pick_customers(rng, client, customers))
    opened = draw_arrivals(rng, story, channel, issue)
    return Asked(np.full(n, ORDINARY), client, channel, issue, customer, np.full(n, -1), opened)


def _profile(channel: Ints, issue: Ints) -> Ints:
    """0 phone and chat hours, 1 emergency line, 2 shop hours, 3 daytime writing, 4 evening writing."""
    live = np.where((channel == s.PHONE) & (issue == s.OUTAGE), 1, np.where(channel == s.STORE, 2, 0))
    evening = np.isin(channel, (*s.MESSAGING, s.SOCIAL, s.COMMUNITY, s.SMS))
    return np.where(np.isin(channel, (s.PHONE, s.CHAT, s.STORE)), live, np.where(evening, 4, 3))


def draw_arrivals(
    rng: np.random.Generator, story: Story, channel: Ints, issue: Ints, day: Ints | None = None
) -> Ints:
    """Instants at which such requests arrive; on or after `day` where one is given."""
    shapes = (("extended", False), ("always", False), ("extended", False), (None, False), (None, True))
    profile, opened = _profile(channel, issue), np.zeros(len(channel), dtype=np.int64)
    for code, (calendar, evening) in enumerate(shapes):
        here = profile == code
        drawn = arrivals(story, story.weights(calendar, evening=evening))
        opened[here] = drawn.draw(rng, int(here.sum())) if day is None else drawn.draw_on(rng, day[here])
    return opened


def _chosen(rng: np.random.Generator, weight: Floats, n: int) -> Ints:
    """`n` different rows, likelier where the weight is greater."""
    keys = rng.exponential(size=len(weight)) / np.maximum(weight, 1e-12)
    return np.argsort(keys, kind="stable")[:n].astype(np.int64)


def _repeats(rng: np.random.Generator, story: Story, first: Asked, n: int) -> Asked:
    """The same customer, the same issue, some days later, often on another channel."""
    settled = first.opened < story.time.end - 16 * 24 * HOUR
    trouble = story.in_trouble(first.issue, first.opened)
    weight = np.where((first.customer >= 0) & settled, np.where(trouble, 2.4, 1.0), 0.0)
    parent = _chosen(rng, weight, n)
    n = len(parent)
    other = pick(rng, tuple(s.CHANNEL_SHARE.values()), n)
    channel = np.where(rng.random(n) < 0.45, first.channel[parent], other)
    issue = np.where(rng.random(n) < 0.12, -1, first.issue[parent])
    delay = 1 + np.minimum(rng.exponential(2.3, n).astype(np.int64), 12)
    day = story.time.day_at(first.opened[parent]) + delay
    opened = draw_arrivals(rng, story, channel, issue, day)
    same_day = (rng.random(n) < 0.5) & np.isin(channel, (s.EMAIL, s.WHATSAPP, s.WEB))
    soon = first.opened[parent] + rng.integers(HOUR, 9 * HOUR, n)
    return Asked(
        np.full(n, REPEAT), first.client[parent], channel, issue, first.customer[parent], parent,
        np.where(same_day, soon, opened),
    )  # fmt: skip


def _of_writers(
    rng: np.random.Generator, story: Story, first: Asked, n: int, role: int
) -> tuple[Asked, Ints]:
    """Requests born from an e-mail or web request of a known customer and issue."""
    writes = np.isin(first.channel, (s.EMAIL, s.WEB)) & (first.customer >= 0) & (first.issue >= 0)
    writes &= first.opened < story.time.end - 24 * HOUR
    parent = _chosen(rng, writes.astype(np.float64), n)
    asked = Asked(
        np.full(len(parent), role), first.client[parent], np.full(len(parent), s.EMAIL), first.issue[parent],
        first.customer[parent], parent, first.opened[parent],
    )  # fmt: skip
    return asked, parent


def _duplicates(rng: np.random.Generator, story: Story, first: Asked, n: int) -> Asked:
    asked, parent = _of_writers(rng, story, first, n, DUPLICATE)
    asked.opened[:] += rng.integers(5 * MINUTE, HOUR, len(parent))
    return asked


def _children(rng: np.random.Generator, story: Story, first: Asked, n: int) -> Asked:
    """A second matter found in a request: always of another issue."""
    asked, parent = _of_writers(rng, story, first, n, CHILD)
    asked.opened[:] += rng.integers(5 * MINUTE, 20 * MINUTE, len(parent))
    asked.issue[:] = np.where(asked.issue == s.INFORMATION, s.PAYMENTS, s.INFORMATION)
    return asked


def _agents_own(rng: np.random.Generator, story: Story, n: int) -> Asked:
    channel = np.full(n, s.EMAIL)
    opened = arrivals(story, story.weights("office")).draw(rng, n)
    issue = np.full(n, s.TECHNICAL)
    return Asked(
        np.full(n, INTERNAL), np.zeros(n, np.int64), channel, issue, np.full(n, -1), np.full(n, -1), opened
    )


def _proactive(rng: np.random.Generator, story: Story, n: int, customers: int) -> Asked:
    """The agent writes first, to customers who ask nothing else."""
    opened = arrivals(story, story.weights("office")).draw(rng, n)
    customer = customers + np.arange(n)
    issue = np.full(n, s.CONTRACT)
    return Asked(
        np.full(n, PROACTIVE), np.zeros(n, np.int64), np.full(n, s.EMAIL), issue, customer,
        np.full(n, -1), opened,
    )  # fmt: skip


def _joined(parts: list[Asked]) -> Asked:
    """All requests in the order of opening, with parents pointing at their new rows."""
    whole = {f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Asked)}
    order = np.argsort(whole["opened"], kind="stable")
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    whole = {name: column[order] for name, column in whole.items()}
    return Asked(**{**whole, "parent": place[whole["parent"]]})


def _settled(rng: np.random.Generator, story: Story, asked: Asked) -> Tickets:
    n = len(asked.opened)
    issue = np.where((rng.random(n) < 0.06) & (asked.role == ORDINARY), -1, asked.issue)
    product = np.where(asked.client == 0, pick(rng, (0.5, 0.3, 0.2), n), 3 + pick(rng, (0.6, 0.4), n))
    never = [np.full(n, NEVER) for _ in range(6)]
    start = np.where(np.isin(asked.role, (CHILD, INTERNAL, PROACTIVE)), NEVER, asked.opened)
    priority = np.where(asked.issue == s.OUTAGE, 3, pick(rng, (0.15, 0.65, 0.17, 0.03), n))
    return Tickets(
        role=asked.role, client=asked.client, channel=asked.channel, issue=issue, customer=asked.customer,
        parent=asked.parent, opened=asked.opened, team=_team(asked), priority=priority,
        language=pick(rng, (0.88, 0.07, 0.03, 0.02), n), product=product, start=start, reply=never[0],
        solved=np.full((n, 3), NEVER), reopened=np.full((n, 2), NEVER), ended=never[1], closed=never[2],
        removed=never[3], restored=never[4], merged=never[5],
        contacts=np.where(np.isin(asked.role, (CHILD, INTERNAL, PROACTIVE)), 0, 1), solver=np.full(n, -1),
        alias=np.full(n, -1), transfers=np.zeros(n, np.int64), escalated=np.zeros(n, np.int64),
    )  # fmt: skip


def _team(asked: Asked) -> Ints:
    team = np.where(asked.issue >= 0, s.TEAM_OF_ISSUE[asked.issue], s.COMMERCIALE)
    team = np.where((asked.channel == s.PHONE) & (asked.issue == s.OUTAGE), s.EMERGENZE, team)
    team = np.where(np.isin(asked.channel, (s.SOCIAL, s.COMMUNITY)), s.SOCIAL_TEAM, team)
    return np.where(asked.channel == s.STORE, s.NEGOZI, team)
