"""What a calendar edit changes, so that only facts whose interval meets a changed day are worked out again.

Rule kept here: days are compared by the open time they hold, so an edit that changes no hours changes
nothing, and a new release of the holidays or time-zone data is found like an edit: compare stored tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from polso.calendar.calendar import Calendar
from polso.calendar.columns import Column, schema_of
from polso.calendar.days import COLUMNS, day_table, interval_columns
from polso.calendar.hours import Span
from polso.calendar.instants import DAY_US

MARKS: tuple[Column, ...] = (*COLUMNS[:3], *interval_columns(1))

Key = tuple[str, date]


def changed_days(old: Iterable[Calendar], new: Iterable[Calendar], since: date, until: date) -> pa.Table:
    """The (calendar, UTC day) of [since, until) whose open time differs, in order.

    A calendar that only one of the two versions has counts as changed on every day.
    """
    marks = change_marks(day_table(old, since, until), day_table(new, since, until))
    return marks.filter(pc.greater(marks["length_1_us"], 0)).select(["calendar", "day"])


def change_marks(old: pa.Table, new: pa.Table) -> pa.Table:
    """Two day tables compared, as a day table that is open all day where they differ and else closed.

    So the business time of an interval by this table is above 0 exactly when it meets a changed day:
    `position.touched`. Every (calendar, day) of either is in it; one that the other lacks has changed.
    """
    before, after = _intervals(old), _intervals(new)
    rows = []
    for calendar, keys in groupby(sorted({*before, *after}), key=lambda key: key[0]):
        marked_us = 0
        for key in keys:
            length = 0 if before.get(key) == after.get(key) else DAY_US
            rows.append((calendar, key[1], marked_us, 0, length))
            marked_us += length
    columns = zip(*rows, strict=True) if rows else [[] for _ in MARKS]
    return pa.table([list(column) for column in columns], schema=schema_of(MARKS))


def _intervals(days: pa.Table) -> dict[Key, list[Span]]:
    keys = zip(days["calendar"].to_pylist(), days["day"].to_pylist(), strict=True)
    names = [name for name in days.column_names if name.startswith(("start_", "length_"))]
    values = zip(*(days[name].to_pylist() for name in names), strict=True)
    pairs = (zip(row[::2], row[1::2], strict=True) for row in values)
    return {key: [pair for pair in row if pair[1]] for key, row in zip(keys, pairs, strict=True)}
