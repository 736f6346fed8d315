"""Retention: of the people seen in one window, the share seen again in the next.

Rule kept here: definitions that speak of the same people are read together, whatever they ask of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pyarrow as pa

from polso.engine import Table, ibis
from polso.kpis import intervals
from polso.kpis.definition import Definition, flat
from polso.kpis.kinds import Answer
from polso.query.conditions import all_of, parameters
from polso.query.privacy import agents_of, teams_of
from polso.query.question import Question, Scope
from polso.query.scan import Cell, in_scope, text_key
from polso.query.store import Store, Stretch, stretches

Answers = dict[Cell, Answer]
Cuts = list[list[Stretch]]


def cohorts(
    store: Store, definitions: Mapping[int, Definition], questions: Sequence[Question], scope: Scope
) -> list[dict[int, Answers]]:
    """Per question (they differ by their period alone), the answers of definitions by their place.

    At the end T of each bucket: people in [T - 2w, T - w) who came again in [T - w, T), w = params.window.
    A bucket that is not over is read at as-of. Of the people of the earlier window only those count whose
    last row there meets `part`, if the definition has one. Over weekdays and hours of day the cohorts read
    there are added up.
    """
    if not definitions:
        return [{} for _ in questions]
    cuts = [[s for s in stretches(store, q.period, q.grains) if s.start <= store.as_of] for q in questions]
    found: list[dict[int, Answers]] = [{place: {} for place in definitions} for _ in questions]
    for places in _together(definitions, questions[0]):
        some = [definitions[place] for place in places]
        for (nth, cell), counts in _counted(store, some, questions, scope, cuts).items():
            for place, d, (n, again) in zip(places, some, counts, strict=True):
                if n:
                    found[nth][place][cell] = _answer(d, n, again)
    return found


def _together(definitions: Mapping[int, Definition], question: Question) -> Iterable[list[int]]:
    """The places of definitions that speak of the same people at the same times."""
    groups: dict[str, list[int]] = {}
    for place, d in definitions.items():
        people = {*agents_of(d.fact), *teams_of(d.fact)}
        # What a definition says of people at work decides what its rows may show.
        own = place if any(c.column in people for c in flat(d.part)) else None
        said = repr((d.fact, d.clock, d.person, d.where, d.credit, parameters(d, question.params), own))
        groups.setdefault(said, []).append(place)
    return groups.values()


def _answer(d: Definition, n: int, returned: int) -> Answer:
    part = n - returned if d.complement else returned
    return Answer(part / n, n, *intervals.wilson(part, n), {"part": part})


def _counted(
    store: Store, some: Sequence[Definition], questions: Sequence[Question], scope: Scope, cuts: Cuts
) -> dict[tuple[int, Cell], list[tuple[int, int]]]:
    """People of each cohort and how many came again, for each definition, by question and cell."""
    one = questions[0]
    whose = [(nth, place) for nth, cut in enumerate(cuts) for place in range(len(cut))]
    if not whose:
        return {}
    counts: dict[tuple[int, Cell], list[tuple[int, int]]] = {}
    for row in _read(store, some, questions, scope, cuts).to_pylist():
        nth, place = whose[row["place"]]
        values = dict(zip(one.grains, cuts[nth][place].labels, strict=True))
        cell = tuple(values[name] if name in values else row[name] for name in one.by)
        before = counts.get((nth, cell), [(0, 0)] * len(some))
        counts[nth, cell] = [
            (n + int(row[f"n_{i}"] or 0), again + int(row[f"again_{i}"] or 0))
            for i, (n, again) in enumerate(before)
        ]
    return counts


def _read(
    store: Store, some: Sequence[Definition], questions: Sequence[Question], scope: Scope, cuts: Cuts
) -> pa.Table:
    ends = [min(stretch.end, store.as_of) for cut in cuts for stretch in cut]
    table = pa.table(
        {"place": pa.array(range(len(ends)), pa.int64()), "at": pa.array(ends, pa.timestamp("us"))}
    )
    prints = tuple(d.fingerprint for d in some)
    return store.collect_text(
        questions[:1],
        lambda stood: ("cohort", prints, *text_key(store, stood, scope)),
        lambda stood, tables: _people(store, some, stood[0], scope, tables["cohort_ends"]),
        scratch={"cohort_ends": table},
    )


def _people(
    store: Store, some: Sequence[Definition], question: Question, scope: Scope, table: Table
) -> Table:
    d = some[0]
    params = parameters(d, question.params)
    rows = in_scope(store, d.fact, None, question, scope, d)
    kept = all_of(rows, d.where, params)
    known = rows[str(d.person)].notnull()
    rows = rows.filter(known if kept is None else kept & known)
    parts = [all_of(rows, one.part, params) for one in some]
    rows = rows.mutate(
        **{f"in_{i}": ibis.literal(1) if p is None else p.ifelse(1, 0) for i, p in enumerate(parts)}
    )
    clock, span = rows[d.clock], ibis.interval(microseconds=params["window"])
    seen = rows.inner_join(table, [clock < table["at"], clock >= table["at"] - span - span])
    again = seen[d.clock] >= seen["at"] - span
    last = {f"last_{i}": seen[f"in_{i}"].argmax(seen[d.clock], where=~again) for i in range(len(some))}
    people = seen.group_by(*question.dimensions, "place", person=seen[str(d.person)]).aggregate(
        **last, after=again.any()
    )
    sums = {f"n_{i}": people.count(where=people[f"last_{i}"] == 1) for i in range(len(some))}
    sums |= {
        f"again_{i}": people.count(where=(people[f"last_{i}"] == 1) & people.after) for i in range(len(some))
    }
    return people.group_by(*question.dimensions, "place").aggregate(**sums)
