"""Shares of time: intervals cut at bucket edges, so that forty minutes are not all of one quarter of an hour."""

from __future__ import annotations

import pyarrow as pa

from polso.engine import ibis, micros_between
from polso.kpis.definition import Definition
from polso.kpis.kinds import NOTHING, Answer
from polso.query.conditions import all_of, parameters
from polso.query.question import CYCLES, Question, Scope
from polso.query.scan import Cell, in_scope
from polso.query.stock import FINE
from polso.query.store import Store, buckets

LONGEST = 10_000


def spread(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """Time that meets `part` over time that meets `where`, per cell; n is how many intervals had a piece there.

    `part` need not lie within `where`: time handling is held against time paid. One minus it for a complement.
    """
    rows = in_scope(store, d.fact, None, question, scope)
    params = parameters(d, question.params)
    table = store.engine.scratch("spread_buckets", _bucket_table(store, question))
    until = rows[str(d.until)].fill_null(ibis.timestamp(store.as_of))
    pieces = rows.mutate(polso_until=until).inner_join(
        table, [rows[str(d.since)] < table.bucket_end, ibis._.polso_until > table.bucket_start]
    )
    start = ibis.greatest(pieces[str(d.since)], pieces.bucket_start)
    end = ibis.least(pieces.polso_until, pieces.bucket_end)
    cut = pieces.mutate(polso_piece=micros_between(start, end))
    part, whole = all_of(cut, d.part, params), all_of(cut, d.where, params)
    sums = {
        "total": cut.polso_piece.sum(where=whole),
        "part": cut.polso_piece.sum(where=part),
        "n": cut.polso_piece.count(where=whole),
    }
    names = [*question.dimensions, *(["label"] if question.grain else [])]
    grouped = cut.group_by(*names).aggregate(**sums) if names else cut.aggregate(**sums)
    answers = {}
    for row in store.collect(grouped).to_pylist():
        cell = tuple(row["label" if name == question.grain else name] for name in question.by)
        total, n = int(row["total"] or 0), int(row["n"] or 0)
        parts = {"part_us": int(row["part"] or 0), "total_us": total}
        share = parts["part_us"] / total if total else 0.0
        answers[cell] = Answer(1 - share if d.complement else share, n, parts=parts) if total else NOTHING
    store.engine.drop("spread_buckets")
    return answers


def _bucket_table(store: Store, question: Question) -> pa.Table:
    grain = question.grain
    cut = buckets(store, question.period, FINE.get(grain, grain) if grain else None)
    labels = [label for label, _, _ in cut]
    if grain in CYCLES:
        slots, _ = store.slots(question.period)
        of = dict(zip(slots["slot"].to_pylist(), slots[grain].to_pylist(), strict=True))
        labels = [of[start] for _, start, _ in cut]
    columns = {"bucket_start": [s for _, s, _ in cut], "bucket_end": [e for _, _, e in cut]}
    made = pa.table({name: pa.array(values, pa.timestamp("us")) for name, values in columns.items()})
    return made.append_column("label", pa.array(labels)) if grain else made
