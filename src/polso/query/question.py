"""A question as asked and as understood: which KPIs, split by what, over which period, for whom.

Rule kept here: nothing is guessed silently; whatever was filled in is in the question that the Result repeats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from polso.kpis.definition import Condition, Definition
from polso.query.period import Period
from polso.query.privacy import OPEN, Privacy

# Grains of time: name in a question -> column of the slot table.
GRAINS: Final = {
    "quarter_hour": "quarter_hour",
    "hour": "hour",
    "day": "date",
    "week": "week_start",
    "month": "month_start",
    "quarter": "quarter_start",
    "year": "year",
    "weekday": "weekday",
    "hour_of_day": "hour_of_day",
}
CYCLES: Final = ("weekday", "hour_of_day")
# What is read, or cut, where an answer is split by a cycle: each day, each hour.
FINE: Final = {"weekday": "day", "hour_of_day": "hour"}


@dataclass(frozen=True)
class Scope:
    """Who asks, whose rows they may see (None means all clients), and what of the people at work. Injected into every scan."""

    clients: tuple[str, ...] | None = None
    privacy: Privacy = OPEN


EVERYONE: Final = Scope()


@dataclass(frozen=True)
class Question:
    """KPI definitions over one period, split by dimensions and grains, filtered."""

    definitions: tuple[Definition, ...]
    period: Period
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    params: dict[str, float] = field(default_factory=dict)

    @property
    def grain(self) -> str | None:
        """The grain of time it is split by, if any (one at most besides the cycles)."""
        return next((name for name in self.by if name in GRAINS), None)

    @property
    def grains(self) -> tuple[str, ...]:
        """All time splits: a grain, weekday, hour of day."""
        return tuple(name for name in self.by if name in GRAINS)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The splits that are fact columns."""
        return tuple(name for name in self.by if name not in GRAINS)
