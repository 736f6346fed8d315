"""Visits to the stages of a contact, written to the log as `entered` and `left`.

Rule kept here: every visit has its own id and both its ends, except the few defects planted on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import SECOND, Flags, Ints
from polso.demo.rows import Ids, Text, Words
from polso.demo.world import World
from polso.events.kinds import CHANNELS, OUTCOMES

CODE: Final = {word: n for n, word in enumerate(OUTCOMES)}
SHORT: Final = 5 * SECOND
IN_TIME: Final = 20 * SECOND


@dataclass(frozen=True, slots=True)
class Visits:
    """Visits to one stage, one row each; `who` are tickets, `agent` is -1 where nobody is in charge."""

    stage: str
    who: Ints
    contact: Ints
    enter: Ints
    leave: Ints
    outcome: Ints
    team: Ints | None = None
    agent: Ints | None = None
    direction: str = "inbound"
    channel: str | None = None
    step: int = 0
    backwards: Flags | None = None

    def only(self, keep: Flags) -> Visits:
        """The kept rows."""
        return replace(
            self, who=self.who[keep], contact=self.contact[keep], enter=self.enter[keep],
            leave=self.leave[keep], outcome=self.outcome[keep],
            team=None if self.team is None else self.team[keep],
            agent=None if self.agent is None else self.agent[keep],
            backwards=None if self.backwards is None else self.backwards[keep],
        )  # fmt: skip


def outcome(word: str, n: int) -> Ints:
    """The same outcome for all rows."""
    return np.full(n, CODE[word])


def visit(world: World, v: Visits) -> None:
    """Log the visits and count them."""
    if not len(v.who):
        return
    texts: dict[str, Text] = {
        "contact_id": Ids("C", v.contact),
        "visit_id": world.numbers.take("V", len(v.who)),
        "direction": v.direction,
        "stage": v.stage,
        "team": None if v.team is None else Words(s.TEAMS, v.team),
    }
    if v.channel is not None:
        texts["channel"] = v.channel
    if v.agent is not None:
        texts |= {"actor_kind": "agent", "actor_id": world.agents(v.agent)}
    _tell(world, "entered", v, v.enter, v.step, texts)
    leave = v.leave
    if v.backwards is not None:
        leave = np.where(v.backwards, 2 * v.enter - v.leave, leave)
    left: dict[str, Text] = {"value": Words(OUTCOMES, v.outcome)}
    _tell(world, "left", v, leave, v.step + 1, texts | left)
    _count(world, v)


def _tell(world: World, kind: str, v: Visits, at: Ints, seq: int, texts: dict[str, Text]) -> None:
    world.tell(kind, v.who, at, texts, seq=seq)


def _count(world: World, v: Visits) -> None:
    """Count the stage, and the queue as its team and channel see it."""
    seen = world.seen(v.leave)
    channel = (
        world.tickets.channel[v.who] if v.channel is None else np.full(len(v.who), CHANNELS.index(v.channel))
    )
    for code in np.unique(channel).tolist():
        here = v.only(seen & (channel == code))
        into = world.truth.stages.setdefault(f"{CHANNELS[code]}/{v.stage}", {})
        _add_words(into, here.outcome)
        if v.stage == "queue" and here.team is not None:
            for team in np.unique(here.team).tolist():
                _count_queue(world, f"{CHANNELS[code]}/{s.TEAMS[team]}", here.only(here.team == team))


def _count_queue(world: World, name: str, v: Visits) -> None:
    answered, abandoned = v.outcome == CODE["answered"], v.outcome == CODE["abandoned"]
    wait = v.leave - v.enter
    _add_words(world.truth.queue.setdefault(name, {}), v.outcome)
    world.truth.count_in(
        "queue",
        name,
        {
            "offered": len(wait),
            "answered_in_20s": answered & (wait <= IN_TIME),
            "abandoned_in_20s": abandoned & (wait <= IN_TIME),
            "abandoned_under_5s": abandoned & (wait < SHORT),
        },
    )
    code = np.zeros(int(answered.sum()), dtype=np.int64)
    world.truth.tally("queue_wait", (name,), code, wait[answered])


def _add_words(into: dict[str, int], codes: Ints) -> None:
    for code, n in enumerate(np.bincount(codes, minlength=len(OUTCOMES)).tolist()):
        if n:
            into[OUTCOMES[code]] = into.get(OUTCOMES[code], 0) + n
