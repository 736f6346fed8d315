"""Bot conversations that come before a person, on chat and messaging channels.

Rule kept here: a bot stops no human clock; what it contains is solved by the bot itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from polso.demo import story as s
from polso.demo.hours import DAY, MINUTE, NEVER, SECOND, Ints
from polso.demo.lifecycle import customer_writes, give_up
from polso.demo.rows import Ids
from polso.demo.stages import CODE, Visits, visit
from polso.demo.tickets import pick
from polso.demo.world import World, returned

TALKS_TO_BOT: Final = 0.38
ENDINGS: Final = ("contained", "handed_off", "silent", "abandoned")
_SHARES: Final = (0.36, 0.46, 0.10, 0.08)


def greet(world: World, contact: Ints) -> Ints:
    """Let the bot answer some conversations first; returns when each ticket is ready for a person."""
    t = world.tickets
    ready = t.opened.copy()
    who = np.flatnonzero(np.isin(t.channel, (s.CHAT, *s.MESSAGING)))
    with_bot = world.chance(TALKS_TO_BOT, len(who))
    alone = who[~with_bot]
    # Chats are sessions from their first message on; messaging without a bot has none.
    customer_writes(world, alone, t.opened[alone], {"contact_id": Ids("C", contact[alone])})
    who = who[with_bot]
    contact[who] = np.where(contact[who] < 0, world.numbers.take("C", len(who)).numbers, contact[who])
    ended = _talk(world, who, contact[who])
    ending = pick(world.rng, _SHARES, len(who))
    codes = np.array([CODE[word] for word in ENDINGS])[ending]
    visit(world, Visits("bot", who, contact[who], t.opened[who] + SECOND, ended, codes, step=1))
    ready[who] = np.where(ending == 1, ended, NEVER)
    _contained(world, who[ending == 0], ended[ending == 0])
    give_up(world, who[ending == 2], ended[ending == 2] + DAY)
    give_up(world, who[ending == 3], ended[ending == 3] + MINUTE)
    _count(world, who, ending, ended)
    return ready


def _talk(world: World, who: Ints, contact: Ints) -> Ints:
    """Question, answer, question, answer; returns when it ended."""
    t, n = world.tickets, len(who)
    session = Ids("C", contact)
    customer_writes(world, who, t.opened[who], {"contact_id": session})
    said = t.opened[who] + 2 * SECOND
    world.tell("message", who, said, actor_kind="bot", actor_id="bot-polso", contact_id=session)
    asked = said + world.spread(35.0, 0.6, n)
    customer_writes(world, who, asked, {"contact_id": session})
    answered = asked + 2 * SECOND
    world.tell("message", who, answered, actor_kind="bot", actor_id="bot-polso", contact_id=session)
    return answered + world.spread(25.0, 0.6, n)


def _contained(world: World, who: Ints, ended: Ints) -> None:
    t = world.tickets
    solved = ended + SECOND
    t.solved[who, 0] = solved
    t.closed[who] = solved + DAY
    world.tell("solved", who, solved, actor_kind="bot", actor_id="bot-polso")
    world.tell("closed", who, t.closed[who], actor_kind="system", actor_id="timer")


def _count(world: World, who: Ints, ending: Ints, ended: Ints) -> None:
    """Count endings, and contained ones whose customer came back on any channel within a day."""
    counts = {word: ending == code for code, word in enumerate(ENDINGS)}
    contained = ending == 0
    back = returned(world, world.tickets.customer[who[contained]], ended[contained], DAY)
    mature = ended[contained] + DAY <= world.as_of
    world.truth.add("bot", {"conversations": len(who)} | counts)
    world.truth.add("bot", {"contained_no_return": mature & ~back, "contained_immature": ~mature})
    handed = (ended - world.tickets.opened[who])[ending == 1]
    world.truth.add("bot", {"time_to_handoff_us": handed})
