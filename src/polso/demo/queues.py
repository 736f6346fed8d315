"""Queues with impatient customers, served first come first served by the agents of a shift.

Rule kept here: the only loop over single contacts in the demo; whole microseconds, so runs repeat exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapreplace
from typing import Final

import numpy as np

from polso.demo.hours import HOUR, Flags, Floats, Ints, Opening
from polso.demo.story import Story

_SERVER_BITS: Final = 12
CALM: Final = 0.85


@dataclass(frozen=True, slots=True)
class Line:
    """A queue's people: its opening hours, how many serve in each shift, how generous the staffing is."""

    hours: Opening
    servers: Ints
    shifts_a_day: int

    @property
    def pool(self) -> int:
        """How many agents it takes to fill every shift."""
        return int(self.servers.max()) * self.shifts_a_day

    def agent_index(self, at: Ints, server: Ints) -> Ints:
        """Which member of the pool a server is, in the shift that holds `at`."""
        return (self.hours.block(at) % self.shifts_a_day) * int(self.servers.max()) + server


@dataclass(frozen=True, slots=True)
class Served:
    """For each contact: when an agent was free for it (or -1 if it left first), and which server."""

    begin: Ints
    free: Ints
    server: Ints

    @property
    def answered(self) -> Flags:
        """Whether an agent was free in time."""
        return self.begin >= 0


def expected_load(story: Story, hours: Opening, weights: Floats, contacts: int, service_us: float) -> Floats:
    """Erlangs offered in each shift, were every week as the story expects."""
    slots = story.time.first + np.arange(len(weights)) * HOUR
    share = np.bincount(hours.block(slots), weights, minlength=len(hours.starts)) / weights.sum()
    arrivals: Floats = share * contacts * service_us / (hours.ends - hours.starts)
    return arrivals


def staffed(
    story: Story, hours: Opening, load: Floats, margin: float, shifts_a_day: int, floor: float = CALM
) -> Line:
    """Square-root staffing for the expected load, cut short in the bad week."""
    shared = np.maximum(load, floor)
    wanted = np.maximum(2, np.floor(shared + margin * np.sqrt(shared) + 0.5))
    short = np.where(story.in_bad_week(hours.starts), 0.7, 1.0)
    return Line(hours, np.maximum(1, np.floor(wanted * short)).astype(np.int64), shifts_a_day)


def strangers(
    rng: np.random.Generator, hours: Opening, load: Floats, service_us: float, until: int, floor: float = CALM
) -> Ints:
    """Arrivals of another company that shares the agents of a small queue; they are never logged."""
    spare = np.where(hours.starts < until, np.maximum(floor - load, 0), 0)
    lengths = hours.ends - hours.starts
    block = np.repeat(np.arange(len(lengths)), rng.poisson(spare * lengths / service_us))
    return hours.starts[block] + (rng.random(len(block)) * lengths[block]).astype(np.int64)


def serve(line: Line, arrive: Ints, give_up: Ints, ring: Ints, busy: Ints) -> Served:
    """Who is answered, when and by whom; the rows must be in the order of arrival."""
    block = line.hours.block(arrive)
    shift_start = line.hours.starts[block]
    rows = zip(
        block.tolist(), shift_start.tolist(), line.servers[block].tolist(), arrive.tolist(),
        (arrive + give_up - ring).tolist(), (ring + busy).tolist(), strict=True,
    )  # fmt: skip
    taken: list[int] = []
    heap: list[int] = []
    current, mask = -1, (1 << _SERVER_BITS) - 1
    for shift, opens, servers, at, latest, length in rows:
        if shift != current:
            current, heap = shift, [(opens << _SERVER_BITS) | n for n in range(servers)]
        top = heap[0]
        begin = top >> _SERVER_BITS
        if begin < at:
            begin = at
        taken.append((begin << _SERVER_BITS) | (top & mask))
        if begin <= latest:
            heapreplace(heap, ((begin + length) << _SERVER_BITS) | (top & mask))
    packed = np.array(taken, dtype=np.int64)
    free = packed >> _SERVER_BITS
    return Served(np.where(free <= arrive + give_up - ring, free, -1), free, packed & mask)
