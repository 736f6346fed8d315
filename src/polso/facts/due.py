"""Due instants: the moment at which so much time has gone by, elapsed or open.

Rule kept here: the inverse of `calendar.position`: a due instant is the earliest at which the clock
shows the time allowed, so what is due at closing time is due then, not at the next opening.
"""

from __future__ import annotations

from polso.calendar.position import with_position
from polso.engine import IntegerValue, Table, TimestampValue, ibis

DAY_US = 86_400_000_000


def elapsed_due(start: TimestampValue, allowed: IntegerValue) -> TimestampValue:
    """`start` and so many microseconds later."""
    return start + allowed.as_interval("us")


def with_open_due(rows: Table, start: str, allowed: str, calendar: str, days: Table, name: str) -> Table:
    """Add `name`: when `allowed` open microseconds have gone by since `start`, by each row's calendar.

    Null where the row has no start or allowance, or the day table ends before.
    """
    placed = with_position(rows, start, calendar, days, "due_open_us")
    target = placed.due_open_us + placed[allowed]
    # The last microsecond that is still allowed lies within a day; the due instant is its end.
    inside = ibis.greatest(target - 1, 0)
    asked = placed.mutate(due_inside_us=ibis.ifelse(target.isnull(), ibis.null("int64"), inside))
    asked = asked.mutate(due_block_us=asked.due_inside_us - asked.due_inside_us % DAY_US)
    offered = _blocks(days)
    joined = asked.left_join(
        offered,
        [
            asked[calendar] == offered.due_calendar,
            asked.due_block_us == offered.due_offered_us,
            asked.due_inside_us >= offered.due_from_us,
            asked.due_inside_us < offered.due_to_us,
        ],
    )
    moment = elapsed_due(joined.due_midnight, _since_midnight(joined, days))
    due = ibis.ifelse(joined[allowed] > 0, moment, joined[start])
    return joined.select(*rows.columns, **{name: due})


def _lengths(days: Table) -> list[str]:
    return [column for column in days.columns if column.startswith("length_")]


def _blocks(days: Table) -> Table:
    """Days by the block of 24 open hours they lie in; a day that crosses two blocks is in both.

    Blocks make the search one equi-join: no day is open for longer than a block.
    """
    lengths = _lengths(days)
    total = days[lengths[0]]
    for length in lengths[1:]:
        total = total + days[length]
    until = days.open_before_us + total
    ranged = days.select(
        due_calendar="calendar",
        due_midnight=days.day.cast("timestamp"),
        due_from_us="open_before_us",
        due_to_us=until,
        due_first_us=days.open_before_us - days.open_before_us % DAY_US,
        due_last_us=(until - 1) - (until - 1) % DAY_US,
        **{f"due_{c}": days[c] for c in days.columns if c.startswith(("start_", "length_"))},
    )
    opened = ranged.filter(ranged.due_to_us > ranged.due_from_us)
    crossing = opened.filter(opened.due_last_us > opened.due_first_us)
    return opened.mutate(due_offered_us=opened.due_first_us).union(
        crossing.mutate(due_offered_us=crossing.due_last_us)
    )


def _since_midnight(joined: Table, days: Table) -> IntegerValue:
    """Where in its day the due instant lies: the interval in which the rest of the time runs out."""
    rest = joined.due_inside_us - joined.due_from_us + 1
    branches, gone = [], ibis.literal(0, "int64")
    for length in _lengths(days):
        start = length.replace("length_", "start_")
        branches.append((rest <= gone + joined[f"due_{length}"], joined[f"due_{start}"] + rest - gone))
        gone = gone + joined[f"due_{length}"]
    return ibis.cases(*branches)
