"""What the simulator knows for certain, to be compared with what Polso answers.

Rule kept here: figures come from the simulator's state; adding the truths of two sites is adding numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, TypeAlias

import numpy as np

from polso.demo.hours import Flags, Ints

Counts: TypeAlias = dict[str, int]


@dataclass(frozen=True, slots=True)
class Tally:
    """A count and an exact sum of microseconds."""

    n: int = 0
    sum_us: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.n + other.n, self.sum_us + other.sum_us)

    @property
    def mean_us(self) -> float:
        """The mean in microseconds."""
        return self.sum_us / self.n


MEANINGS: Final = {
    "since_us": "First instant of the history, UTC microseconds.",
    "as_of_us": "Last instant of which the log speaks; every source has an event there.",
    "events": "Events logged, by kind.",
    "tickets": "Tickets opened by channel, excluded ones too.",
    "excluded": "Tickets left out of the measures: removed and not restored, merged, agents' own.",
    "measured": "Tickets by channel without the excluded ones; every figure below counts only these.",
    "mature_30d": "Measured tickets at least 30 days old, by channel.",
    "solved_30d": "Of the mature ones, those first solved within 30 days of opening.",
    "first_response": "Opened (or first customer message where an agent opened) to first public human reply.",
    "unanswered": "Measured tickets in which the customer spoke and no person has answered.",
    "replies": "Customer turns answered by a person, opening to talk for calls; excluded tickets have none.",
    "first_solve": "Opened to first solve.",
    "resolution": "Opened to last solve, tickets open again left out.",
    "reopen": "First solves, those 30 days old, the reopened within 30 days of these; reopenings, solves.",
    "fcr": "Tickets last solved over 7 days ago by known customers: yes and no; others by reason.",
    "backlog": "Open tickets at local midnights and at the end, agents' own left out, later removed counted.",
    "moves": "Transfers, escalations, planned repeats, children, proactive, duplicates, restored.",
    "queue": "Queue visits by channel/team: offered, every outcome, in time at 20 s, abandoned under 5 s.",
    "queue_wait": "Queue entered to talk, answered visits only, by channel/team.",
    "stages": "Ended stage visits by channel/stage and outcome; planted orphans are not among them.",
    "calls": "Inbound calls: offered, served by the IVR, queued, answered at all, lost before an answer.",
    "handle": "Talk + hold + wrap by contact; a wrap with a backwards clock counts nothing.",
    "work": "Amounts of `work` events, by ticket channel.",
    "bot": "Bot conversations by ending; contained without any new ticket of the customer within 24 h.",
    "community": "Threads, answered, by whom first, accepted, taken over.",
    "community_first_answer": "Thread opened to first answer of a peer or an agent.",
    "surveys": "By scale: surveys sent, answers (the latest of each survey and question), positive, sums.",
    "self_service": "Sessions, of known customers, with a ticket within 24 h; searches, articles, votes.",
    "shop": "Orders, refunds, visits, in cents where money.",
    "retention": "Buyers in [as of - 180 d, - 90 d), those who bought in the 90 days after; all buyers.",
    "states": "Time in each agent state; handling is the union of an agent's work.",
    "paid": "Scheduled time by home team; n is agent-days.",
    "cost_micros": "Millionths of a euro: paid hours at the rate then in force, channel fees, fixed costs.",
    "defects": "Planted faults: backwards clocks, `left` without `entered`, tickets without `opened`.",
}


@dataclass(slots=True)
class Truth:
    """Counts and tallies by name; MEANINGS says what each one is."""

    since_us: int
    as_of_us: int
    events: Counts = field(default_factory=dict)
    tickets: Counts = field(default_factory=dict)
    excluded: Counts = field(default_factory=dict)
    measured: Counts = field(default_factory=dict)
    mature_30d: Counts = field(default_factory=dict)
    solved_30d: Counts = field(default_factory=dict)
    first_response: dict[str, Tally] = field(default_factory=dict)
    unanswered: Counts = field(default_factory=dict)
    replies: dict[str, Tally] = field(default_factory=dict)
    first_solve: dict[str, Tally] = field(default_factory=dict)
    resolution: dict[str, Tally] = field(default_factory=dict)
    reopen: Counts = field(default_factory=dict)
    fcr: Counts = field(default_factory=dict)
    backlog: Counts = field(default_factory=dict)
    moves: Counts = field(default_factory=dict)
    queue: dict[str, Counts] = field(default_factory=dict)
    queue_wait: dict[str, Tally] = field(default_factory=dict)
    stages: dict[str, Counts] = field(default_factory=dict)
    calls: Counts = field(default_factory=dict)
    handle: dict[str, Tally] = field(default_factory=dict)
    work: dict[str, Tally] = field(default_factory=dict)
    bot: Counts = field(default_factory=dict)
    community: Counts = field(default_factory=dict)
    community_first_answer: dict[str, Tally] = field(default_factory=dict)
    surveys: dict[str, Counts] = field(default_factory=dict)
    self_service: Counts = field(default_factory=dict)
    shop: Counts = field(default_factory=dict)
    retention: Counts = field(default_factory=dict)
    states: dict[str, Tally] = field(default_factory=dict)
    paid: dict[str, Tally] = field(default_factory=dict)
    cost_micros: Counts = field(default_factory=dict)
    defects: Counts = field(default_factory=dict)

    def tally(self, name: str, words: Sequence[str], codes: Ints, us: Ints) -> None:
        """Add durations to the tallies of one figure, one tally per word."""
        into: dict[str, Tally] = getattr(self, name)
        for code in np.unique(codes).tolist():
            here = codes == code
            added = Tally(int(here.sum()), int(us[here].sum()))
            into[words[code]] = into.get(words[code], Tally()) + added

    def count(self, name: str, words: Sequence[str], codes: Ints) -> None:
        """Add rows to the counts of one figure, one count per word."""
        add_counts(getattr(self, name), words, codes)

    def count_in(self, name: str, group: str, counts: dict[str, int | Flags]) -> None:
        """Add named numbers to one group of a figure."""
        add(getattr(self, name).setdefault(group, {}), counts)

    def add(self, name: str, counts: dict[str, int | Flags]) -> None:
        """Add named numbers to a figure."""
        add(getattr(self, name), counts)

    def __add__(self, other: Truth) -> Truth:
        if (self.since_us, self.as_of_us) != (other.since_us, other.as_of_us):
            raise ValueError("two sites can only be added over the same history")
        merged = Truth(self.since_us, self.as_of_us)
        for f in fields(Truth):
            if f.name not in ("since_us", "as_of_us"):
                setattr(merged, f.name, _merged(getattr(self, f.name), getattr(other, f.name)))
        return merged


def add(into: Counts, counts: dict[str, int | Flags]) -> None:
    """Add numbers, or how many flags are set, by name."""
    for key, value in counts.items():
        into[key] = into.get(key, 0) + int(np.sum(value))


def add_counts(into: Counts, words: Sequence[str], codes: Ints) -> None:
    """Add how often each word occurs."""
    for word, n in zip(words, np.bincount(codes, minlength=len(words)).tolist(), strict=False):
        if n:
            into[word] = into.get(word, 0) + n


def _merged(a: object, b: object) -> object:
    """The sum of two nested figures: numbers and tallies add, dictionaries join."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys: Iterable[str] = dict.fromkeys([*a, *b])
        return {k: _merged(a[k], b[k]) if k in a and k in b else a.get(k, b.get(k)) for k in keys}
    if isinstance(a, Tally) and isinstance(b, Tally):
        return a + b
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    raise TypeError(f"cannot add {a!r} and {b!r}")
