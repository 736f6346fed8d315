"""What the simulator knows for certain, to be compared with what Polso answers.

Rule kept here: figures come from the simulator's state; adding the truths of two sites is adding numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import TypeAlias

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
        return self.sum_us / self.n


@dataclass(slots=True)
class Truth:
    """Counts and tallies by name; docs/demo/truth.md says what each one means."""

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
    for key, value in counts.items():
        into[key] = into.get(key, 0) + int(np.sum(value))


def add_counts(into: Counts, words: Sequence[str], codes: Ints) -> None:
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
