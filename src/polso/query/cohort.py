"""Retention: of the people seen in one window, the share seen again in the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from polso.engine import Table, ibis
from polso.kpis import intervals
from polso.kpis.definition import Definition
from polso.kpis.kinds import Answer
from polso.query.conditions import all_of, parameters
from polso.query.question import Question, Scope
from polso.query.scan import Cell, in_scope, text_key
from polso.query.store import Store, Stretch, stretches


def cohort_pair(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """At the end T of each bucket: people in [T - 2w, T - w) who came again in [T - w, T), w = params.window.

    A bucket that is not over is read at as-of. Of the people of the earlier window only those count whose
    last row there meets `part`, if the definition has one. Over weekdays and hours of day the cohorts read
    there are added up.
    """
    cut = [s for s in stretches(store, question.period, question.grains) if s.start <= store.as_of]
    found: dict[Cell, tuple[int, int]] = {}
    for row in _read(store, d, question, scope, cut) if cut else ():
        values = dict(zip(question.grains, cut[row["place"]].labels, strict=True))
        cell = tuple(values[name] if name in values else row[name] for name in question.by)
        n, part = found.get(cell, (0, 0))
        found[cell] = (n + int(row["n"]), part + int(row["part"] or 0))
    return {cell: _answer(d, n, part) for cell, (n, part) in found.items() if n}


def _answer(d: Definition, n: int, returned: int) -> Answer:
    part = n - returned if d.complement else returned
    return Answer(part / n, n, *intervals.wilson(part, n), {"part": part})


def _read(
    store: Store, d: Definition, question: Question, scope: Scope, cut: Sequence[Stretch]
) -> list[dict[str, Any]]:
    """People of each cohort and how many came again, by place in time and dimensions."""
    ends = {
        "place": pa.array(range(len(cut)), pa.int64()),
        "at": pa.array([min(s.end, store.as_of) for s in cut], pa.timestamp("us")),
    }
    found: list[dict[str, Any]] = store.collect_text(
        [question],
        lambda stood: ("cohort", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, tables: _people(store, d, stood[0], scope, tables["cohort_ends"]),
        scratch={"cohort_ends": pa.table(ends)},
    ).to_pylist()
    return found


def _people(store: Store, d: Definition, question: Question, scope: Scope, table: Table) -> Table:
    params = parameters(d, question.params)
    rows = in_scope(store, d.fact, None, question, scope, d)
    kept = all_of(rows, d.where, params)
    known = rows[str(d.person)].notnull()
    rows = rows.filter(known if kept is None else kept & known)
    chosen = all_of(rows, d.part, params)
    rows = rows.mutate(polso_in=ibis.literal(1) if chosen is None else chosen.ifelse(1, 0))
    clock, span = rows[d.clock], ibis.interval(microseconds=params["window"])
    seen = rows.inner_join(table, [clock < table["at"], clock >= table["at"] - span - span])
    again = seen[d.clock] >= seen["at"] - span
    people = seen.group_by(*question.dimensions, "place", person=seen[str(d.person)]).aggregate(
        before=seen.polso_in.argmax(seen[d.clock], where=~again), after=again.any()
    )
    cells = people.filter(people.before == 1).group_by(*question.dimensions, "place")
    return cells.aggregate(n=ibis._.count(), part=ibis._.after.sum())
