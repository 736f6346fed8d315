"""What became of every ticket, once a site is simulated: the figures of the truth and its table.

Rule kept here: reads the tickets' own instants, cut at the as-of instant; never the log.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from polso.demo import story as s
from polso.demo.hours import DAY, NEVER, Flags, Ints
from polso.demo.tickets import CHILD, DUPLICATE, INTERNAL, PROACTIVE, REPEAT, Tickets
from polso.demo.world import World, customer_key
from polso.events.kinds import CHANNELS

REPEAT_WITHIN: Final = 7 * DAY
COHORT: Final = 30 * DAY


def repeated(world: World) -> Flags:
    """Tickets whose customer came back on the same or an unknown issue within a week of the solve."""
    t = world.tickets
    able = (t.customer >= 0) & ~t.excluded
    rows = np.flatnonzero(able)
    rows = rows[np.argsort(customer_key(world, t.customer[rows], t.opened[rows]), kind="stable")]
    key = customer_key(world, t.customer[rows], t.opened[rows])
    solved = np.where(t.last_solved < NEVER, t.last_solved, 0)
    low = np.searchsorted(key, customer_key(world, t.customer, solved), side="right")
    high = np.searchsorted(key, customer_key(world, t.customer, solved + REPEAT_WITHIN), side="right")
    asks = able & (t.last_solved < NEVER)
    back = np.zeros(len(t), dtype=bool)
    step = 0
    while (open_rows := np.flatnonzero(asks & ~back & (low + step < high))).size:
        other = rows[low[open_rows] + step]
        same = (t.issue[other] == t.issue[open_rows]) | (t.issue[other] < 0) | (t.issue[open_rows] < 0)
        back[open_rows] = same & (other != open_rows)
        step += 1
    return back


def count_tickets(world: World, back: Flags) -> None:
    """Fill every figure of the truth that is about tickets."""
    t, truth = world.tickets, world.truth
    truth.count("tickets", CHANNELS, t.channel)
    gone = (t.removed < NEVER) & (t.restored == NEVER)
    truth.add(
        "excluded", {"removed": gone, "merged": (t.merged < NEVER) & ~gone, "internal": t.role == INTERNAL}
    )
    keep = ~t.excluded
    truth.count("measured", CHANNELS, t.channel[keep])
    _count_times(world, keep)
    _count_reopenings(world, keep)
    _count_fcr(world, keep, back)
    _count_backlog(world)
    truth.add(
        "moves",
        {
            "transferred_tickets": keep & (t.transfers > 0),
            "transfers": int(t.transfers[keep].sum()),
            "escalated_tickets": keep & (t.escalated > 0),
            "planned_repeats": t.role == REPEAT,
            "children": t.role == CHILD,
            "proactive": t.role == PROACTIVE,
            "duplicates": t.role == DUPLICATE,
            "restored": t.restored < NEVER,
        },
    )


def _count_times(world: World, keep: Flags) -> None:
    t, truth = world.tickets, world.truth
    replied = keep & (t.reply < NEVER)
    truth.tally("first_response", CHANNELS, t.channel[replied], (t.reply - t.start)[replied])
    truth.count("unanswered", CHANNELS, t.channel[keep & (t.start < NEVER) & (t.reply == NEVER)])
    first, last = t.solved[:, 0], t.last_solved
    truth.tally(
        "first_solve", CHANNELS, t.channel[keep & (first < NEVER)], (first - t.opened)[keep & (first < NEVER)]
    )
    truth.tally(
        "resolution", CHANNELS, t.channel[keep & (last < NEVER)], (last - t.opened)[keep & (last < NEVER)]
    )
    mature = keep & (t.opened + COHORT <= world.as_of)
    truth.count("mature_30d", CHANNELS, t.channel[mature])
    truth.count("solved_30d", CHANNELS, t.channel[mature & (first <= t.opened + COHORT)])


def _count_reopenings(world: World, keep: Flags) -> None:
    t = world.tickets
    solved = keep & (t.solved[:, 0] < NEVER)
    mature = solved & (t.solved[:, 0] + COHORT <= world.as_of)
    within = t.reopened[:, 0] <= t.solved[:, 0] + COHORT
    world.truth.add(
        "reopen",
        {
            "first_solved": solved,
            "first_solved_mature": mature,
            "reopened_within_30d": mature & within,
            "reopenings": (t.reopened < NEVER)[keep],
            "solves": (t.solved < NEVER)[keep],
        },
    )


def _count_fcr(world: World, keep: Flags, back: Flags) -> None:
    t = world.tickets
    solved = keep & (t.last_solved < NEVER)
    known = solved & (t.customer >= 0)
    mature = known & (t.last_solved + REPEAT_WITHIN <= world.as_of)
    good = (t.contacts == 1) & (t.reopened[:, 0] == NEVER) & ~back
    world.truth.add(
        "fcr",
        {
            "yes": mature & good,
            "no": mature & ~good,
            "no_because_repeated": mature & back,
            "immature": known & ~mature,
            "unknown_customer": solved & ~known,
        },
    )


def open_at(t: Tickets, at: int) -> Flags:
    """Which tickets are open at an instant; an end at that very instant counts as ended."""
    end = np.minimum.reduce([t.solved[:, 0], t.ended, t.merged])
    first_end = np.minimum(end, t.removed)
    inside = (t.opened < at) & (at <= first_end)
    inside |= (t.restored < at) & (at <= end)
    for turn in (0, 1):
        inside |= (t.reopened[:, turn] < at) & (at <= t.solved[:, turn + 1])
    return inside


def _count_backlog(world: World) -> None:
    """Open tickets at each first of the month and at the end, internal ones left out."""
    t = world.tickets
    for name, at in world.story.time.midnights():
        later = np.isin(t.role, (INTERNAL,))
        world.truth.add("backlog", {name: open_at(t, at) & ~later})


def ticket_table(world: World, back: Flags) -> Any:
    """The truth ticket by ticket, to compare any slice."""
    t = world.tickets

    def instant(at: Ints) -> Any:
        return pa.array(at, mask=at == NEVER).view(pa.timestamp("us"))

    def word(words: tuple[str, ...], codes: Ints) -> Any:
        return pa.array(words).take(pa.array(codes, mask=codes < 0))

    number = np.arange(len(t)) + 1 + world.numbers.first
    customer = np.where(t.customer >= 0, t.customer + 1 + world.numbers.first, -1)
    return pa.table(
        {
            "source": word(s.SOURCES, s.SOURCE_OF_CHANNEL[t.channel]),
            "ticket_id": pa.array([f"T{n}" for n in number.tolist()]),
            "client": word(s.CLIENTS, t.client),
            "channel": word(CHANNELS, t.channel),
            "team": word(s.TEAMS, t.team),
            "issue_type": word(s.ISSUES, t.issue),
            "priority": word(s.PRIORITIES, t.priority),
            "product": word(s.PRODUCTS, t.product),
            "customer_id": pa.array([f"K{n}" if n >= 0 else None for n in customer.tolist()], pa.string()),
            "excluded": pa.array(t.excluded),
            "opened_at": instant(t.opened),
            "first_response_from": instant(t.start),
            "first_reply_at": instant(t.reply),
            "first_solved_at": instant(t.solved[:, 0]),
            "last_solved_at": instant(t.last_solved),
            "closed_at": instant(t.closed),
            "reopenings": pa.array((t.reopened < NEVER).sum(axis=1)),
            "transfers": pa.array(t.transfers),
            "contacts": pa.array(t.contacts),
            "repeated_within_7d": pa.array(back),
            "open_at_end": pa.array(open_at(t, world.as_of)),
        }
    )
