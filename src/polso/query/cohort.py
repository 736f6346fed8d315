"""Retention: of the people seen in one window, the share seen again in the next."""

from __future__ import annotations

import pyarrow as pa

from polso.engine import ibis
from polso.kpis import intervals
from polso.kpis.definition import Definition
from polso.kpis.kinds import NOTHING, Answer
from polso.query.conditions import all_of, parameters
from polso.query.question import Question, Scope
from polso.query.scan import Cell, in_scope
from polso.query.store import Store, buckets


def cohort_pair(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """At the end T of each bucket: people in [T - 2w, T - w) who came again in [T - w, T), w = params.window.

    A bucket that is not over is read at as-of.
    """
    params = parameters(d, question.params)
    ends = [(label, min(end, store.as_of)) for label, start, end in buckets(store, question.period, question.grain) if start <= store.as_of]
    if not ends:
        return {}
    table = store.engine.scratch("cohort_ends", pa.table({"label": [str(label) for label, _ in ends], "at": pa.array([e for _, e in ends], pa.timestamp("us"))}))
    rows = in_scope(store, d.fact, None, question, scope)
    kept = all_of(rows, d.where, params)
    rows = rows.filter(rows[str(d.person)].notnull()) if kept is None else rows.filter(kept, rows[str(d.person)].notnull())
    clock, span = rows[d.clock], ibis.interval(microseconds=params["window"])
    seen = rows.inner_join(table, [clock < table["at"], clock >= table["at"] - span - span])
    again = seen[d.clock] >= seen["at"] - span
    dims = list(question.dimensions)
    people = seen.group_by(*dims, "label", person=seen[str(d.person)]).aggregate(before=(~again).any(), after=again.any())
    cells = people.filter(people.before).group_by(*dims, "label")
    found = store.collect(cells.aggregate(n=ibis._.count(), part=ibis._.after.sum())).to_pylist()
    labels = {str(label): label for label, _ in ends}
    answers: dict[Cell, Answer] = {}
    for row in found:
        cell = tuple(labels[row["label"]] if name == question.grain else row[name] for name in question.by)
        n = int(row["n"])
        part = n - int(row["part"] or 0) if d.complement else int(row["part"] or 0)
        answers[cell] = Answer(part / n, n, *intervals.wilson(part, n), {"part": part}) if n else NOTHING
    store.engine.drop("cohort_ends")
    return answers
