"""Neighbours: the nearest instant of something else that the same person did, before or after a row.

Rule kept here: the instant is kept, never a window's verdict: how many hours count is the question's.
"""

from __future__ import annotations

from collections.abc import Sequence

from polso.engine import Table, ibis
from polso.facts.people import PERSON

_WHO = ("client", PERSON)


def with_next(
    rows: Table, key: Sequence[str], at: str, marks: Table, name: str, *, strictly: bool = True
) -> Table:
    """Add `name`: the earliest `marks.at` after each row's instant, of the same client and person.

    `key` finds a row. `strictly` leaves out a mark at the very same instant. Null where the person or the
    instant is unknown, or nothing follows.
    """
    moments = _moments(rows, key, at, marks)
    first = moments.is_mark if strictly else moments.is_mark.desc()
    backwards = ibis.cumulative_window(group_by=list(_WHO), order_by=[moments.at.desc(), first])
    return _joined(rows, key, moments.mutate(found=moments.mark.min().over(backwards)), name)


def with_last(
    rows: Table, key: Sequence[str], at: str, marks: Table, name: str, *, strictly: bool = False
) -> Table:
    """Add `name`: the latest `marks.at` up to each row's instant; see `with_next`."""
    moments = _moments(rows, key, at, marks)
    first = moments.is_mark if strictly else moments.is_mark.desc()
    forwards = ibis.cumulative_window(group_by=list(_WHO), order_by=[moments["at"], first])
    return _joined(rows, key, moments.mutate(found=moments.mark.max().over(forwards)), name)


def _moments(rows: Table, key: Sequence[str], at: str, marks: Table) -> Table:
    """The rows' instants and the marks' in one table, told apart by `is_mark`; unknown people stay out."""
    asked = rows.view()
    asked = asked.filter(asked[PERSON].notnull() & asked[at].notnull())
    known = marks.view()
    known = known.filter(known[PERSON].notnull() & known["at"].notnull())
    return asked.select(
        *_WHO, at=asked[at], mark=ibis.null(known["at"].type()), is_mark=ibis.literal(0, "int8"),
        **{f"n_{column}": asked[column] for column in key},
    ).union(
        known.select(
            *_WHO, at=known["at"], mark=known["at"], is_mark=ibis.literal(1, "int8"),
            **{f"n_{column}": ibis.null(asked[column].type()) for column in key},
        )
    )  # fmt: skip


def _joined(rows: Table, key: Sequence[str], moments: Table, name: str) -> Table:
    """The rows with what was found for them, replacing a column of that name."""
    keys = [f"n_{column}" for column in key]
    found = moments.filter(moments.is_mark == 0).select(*keys, n_found="found")
    bare = rows.drop(name) if name in rows.columns else rows
    joined = bare.left_join(found, [bare[column] == found[k] for column, k in zip(key, keys, strict=True)])
    return joined.select(*bare.columns, **{name: joined.n_found})
