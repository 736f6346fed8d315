"""Shares of time: intervals cut at bucket edges, so that forty minutes are not all of one quarter of an hour."""

from __future__ import annotations

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from polso.engine import Table, ibis, micros_between
from polso.kpis.definition import Definition
from polso.kpis.kinds import NOTHING, Answer
from polso.query.conditions import all_of, parameters
from polso.query.cubes import START, Rows, added, cube, kept
from polso.query.question import Question, Scope
from polso.query.scan import Cell, in_scope, shape_key, text_key
from polso.query.stock import touching
from polso.query.store import Store, stretches, with_grains

# The scratch table of stretches of time.
BUCKETS: Final = "spread_buckets"
# The grains that whole days add up to, each labelled by its first day, and the one that days are put under.
KEPT: Final = ("day", "week", "month", "quarter", "weekday")


def spread(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """Time that meets `part` over time that meets `where`, per cell; n is how many intervals had a piece there.

    `part` need not lie within `where`: time handling is held against time paid. One minus it for a complement.
    Time after as-of is left out: a shift goes on where the states do not yet.
    """
    buckets = {BUCKETS: _bucket_table(store, question)}
    text, schema = store.text(
        [question],
        lambda stood: ("spread", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, tables: _pieces(store, d, stood[0], scope, tables[BUCKETS]),
        scratch=buckets,
    )
    found = _of_days(store, d, question, scope)
    if found is None:
        found = store.run(text, schema, buckets)
    answers = {}
    for row in found.to_pylist():
        cell = tuple(row[f"polso_{name}" if name in question.grains else name] for name in question.by)
        total, n = int(row["total"] or 0), int(row["n"] or 0)
        parts = {"part_us": int(row["part"] or 0), "total_us": total}
        share = parts["part_us"] / total if total else 0.0
        answers[cell] = Answer(1 - share if d.complement else share, n, parts=parts) if total else NOTHING
    return answers


def _of_days(store: Store, d: Definition, question: Question, scope: Scope) -> pa.Table | None:
    """The same from what is kept of days: an interval is one, however many of them it has a piece of."""
    if not set(question.grains) <= set(KEPT) or len(question.grains) > 1:
        return None
    key = ("spread", d.fingerprint, *shape_key(store, question, scope))
    known = cube(store, d.fact, [question])
    rows = kept(store, key, known, question, lambda other, base: _daily(other, d, base, scope))
    return None if rows is None else _added(rows, question)


def _daily(store: Store, d: Definition, base: Question, scope: Scope) -> Table:
    """Time by day, how many intervals have a piece of it, and how many of these began on it."""
    buckets = store.engine.scratch(BUCKETS, _bucket_table(store, base))
    rows = _intervals(store, d, base, scope)
    # Nearly all lie within one day, which is found by its name; looking for all days of each takes ten times as long.
    first = with_grains(rows, str(d.since), ("day",), store.slots(base.period))
    days = buckets.select("bucket_start", "bucket_end", polso_own="polso_day")
    placed = first.inner_join(days, first.polso_day == days.polso_own)
    inside = placed.filter(placed.polso_until <= placed.bucket_end, placed.polso_until > placed.bucket_start)
    beyond = placed.filter(placed.polso_until > placed.bucket_end).select(rows.columns)
    across = _met(beyond, d, buckets)
    pieces = ibis.union(inside.select(across.columns), across)
    names = {f"by_{name}": name for name in base.dimensions} | {"by_day": "polso_day"}
    return _summed(pieces, d, base).rename(names)


def _added(every: Rows, question: Question) -> pa.Table:
    """Of the first day of a stretch all intervals count, of its further days those that began there."""
    rows, grain = every.within(question), question.grain
    first = pc.equal(rows[START], question.period.instants[0])
    if grain:
        weekday = pa.scalar(grain == "weekday")
        first = pc.or_(pc.or_(first, weekday), pc.equal(rows["polso_day"], rows[f"polso_{grain}"]))
    counted = rows.set_column(rows.column_names.index("n"), "n", pc.if_else(first, rows["n"], rows["began"]))
    names = [*question.dimensions, *(f"polso_{grain}" for grain in question.grains)]
    return added(counted, {name: name for name in names}, ("total", "part", "n"))


def _pieces(store: Store, d: Definition, question: Question, scope: Scope, table: Table) -> Table:
    """The time of the intervals within each bucket, summed up."""
    return _summed(_met(_intervals(store, d, question, scope), d, table), d, question)


def _intervals(store: Store, d: Definition, question: Question, scope: Scope) -> Table:
    """The intervals of a period, up to as-of."""
    known = in_scope(store, d.fact, None, question, scope, d)
    rows = touching(known, str(d.since), str(d.until), question.period)
    as_of = ibis.timestamp(store.as_of)
    return rows.mutate(polso_until=ibis.least(rows[str(d.until)].fill_null(as_of), as_of))


def _met(rows: Table, d: Definition, table: Table) -> Table:
    """Intervals beside every bucket that they have a piece of."""
    return rows.inner_join(
        table, [rows[str(d.since)] < table.bucket_end, rows.polso_until > table.bucket_start]
    )


def _summed(pieces: Table, d: Definition, question: Question) -> Table:
    params = parameters(d, question.params)
    start = ibis.greatest(pieces[str(d.since)], pieces.bucket_start)
    end = ibis.least(pieces.polso_until, pieces.bucket_end)
    cut = pieces.mutate(polso_piece=micros_between(start, end))
    part, whole = all_of(cut, d.part, params), all_of(cut, d.where, params)
    sums = {
        "total": cut.polso_piece.sum(where=whole),
        "part": cut.polso_piece.sum(where=part),
        "n": cut.polso_piece.count(where=whole),
    }
    if question.grains == ("day",):
        began = cut[str(d.since)] >= cut.bucket_start
        sums["began"] = cut.polso_piece.count(where=began if whole is None else whole & began)
    names = [*question.dimensions, *(f"polso_{grain}" for grain in question.grains)]
    return cut.group_by(*names).aggregate(**sums) if names else cut.aggregate(**sums)


def _bucket_table(store: Store, question: Question) -> pa.Table:
    cut = stretches(store, question.period, question.grains)
    columns = {"bucket_start": [s.start for s in cut], "bucket_end": [s.end for s in cut]}
    made = pa.table({name: pa.array(values, pa.timestamp("us")) for name, values in columns.items()})
    for place, grain in enumerate(question.grains):
        made = made.append_column(f"polso_{grain}", pa.array([s.labels[place] for s in cut]))
    return made
