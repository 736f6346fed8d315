"""Ties between tickets: splits, children, follow-ups across channels.

Rule kept here: a follow-up is linked only where it truly followed the solve within a week.
"""

from __future__ import annotations

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, MINUTE, NEVER
from polso.demo.rows import Words
from polso.demo.tickets import CHILD, REPEAT
from polso.demo.world import World
from polso.events.kinds import LINKS


def link(world: World) -> None:
    """Log every tie, once all solves are known."""
    t = world.tickets
    child = np.flatnonzero(t.role == CHILD)
    kinds = np.where(world.chance(0.5, len(child)), LINKS.index("split"), LINKS.index("child"))
    world.tell(
        "linked", child, t.opened[child], subject_id=world.ticket_ids(t.parent[child]),
        value=Words(LINKS, kinds), actor_kind="agent", actor_id=world.agents(t.solver[child]),
    )  # fmt: skip
    again = np.flatnonzero((t.role == REPEAT) & (t.parent >= 0))
    solved = t.last_solved[t.parent[again]]
    followed = (solved < NEVER) & (t.opened[again] > solved) & (t.opened[again] <= solved + 7 * DAY)
    again = again[followed & world.chance(0.6, len(again))]
    channel, before = t.channel[again], t.channel[t.parent[again]]
    kinds = np.where(channel == s.PHONE, LINKS.index("call"), LINKS.index("follow_up"))
    kinds = np.where((channel == s.PHONE) & (before == s.PHONE), LINKS.index("callback"), kinds)
    kinds = np.where((channel == s.COMMUNITY) | (before == s.COMMUNITY), LINKS.index("thread"), kinds)
    world.tell(
        "linked", again, t.opened[again] + MINUTE, subject_id=world.ticket_ids(t.parent[again]),
        value=Words(LINKS, kinds), actor_kind="system", actor_id="router",
    )  # fmt: skip
