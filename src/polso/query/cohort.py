"""Retention: of the people seen in one window, the share seen again in the next.

Rule kept here: definitions that speak of the same people are read together, whatever they ask of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from polso.engine import Table, ibis, micros_of
from polso.kpis import intervals
from polso.kpis.definition import Definition, flat
from polso.kpis.kinds import Answer
from polso.query.conditions import all_of, parameters
from polso.query.cubes import START, added, cube, filtered, kept
from polso.query.privacy import agents_of, teams_of
from polso.query.question import Question, Scope
from polso.query.scan import Cell, in_scope, shape_key, text_key
from polso.query.store import Store, Stretch, stretches, with_grains

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
    for row in _read(store, some, questions, scope, cuts):
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
) -> Iterable[dict[str, Any]]:
    ends = [min(stretch.end, store.as_of) for cut in cuts for stretch in cut]
    table = pa.table(
        {"place": pa.array(range(len(ends)), pa.int64()), "at": pa.array(ends, pa.timestamp("us"))}
    )
    prints = tuple(d.fingerprint for d in some)
    text, schema = store.text(
        questions[:1],
        lambda stood: ("cohort", prints, *text_key(store, stood, scope)),
        lambda stood, tables: _people(store, some, stood[0], scope, tables["cohort_ends"]),
        scratch={"cohort_ends": table},
    )
    found = _of_days(store, some, questions, scope, ends)
    return store.run(text, schema, {"cohort_ends": table}).to_pylist() if found is None else found


def _of_days(
    store: Store,
    some: Sequence[Definition],
    questions: Sequence[Question],
    scope: Scope,
    ends: Sequence[datetime],
) -> Iterable[dict[str, Any]] | None:
    """The same from what is kept of days. Whoever is filtered in by one value is a cohort of theirs; by several, a new one."""
    one, fact = questions[0], some[0].fact
    known = cube(store, fact, questions)
    if known is None or known.grain != "day" or any(condition.op != "=" for condition in one.where):
        return None
    key = ("cohort", tuple(d.fingerprint for d in some), *shape_key(store, one, scope))
    rows = kept(store, key, known, one, lambda other, base: _stretches_of_rows(other, some, base, scope))
    return None if rows is None else _added_up(filtered(rows.table, one), one, len(some), ends)


def _added_up(
    rows: pa.Table, question: Question, definitions: int, ends: Sequence[datetime]
) -> Iterable[dict[str, Any]]:
    """Who had come before each end less who had gone, in the order of the ends."""
    order = sorted(range(len(ends)), key=lambda place: ends[place])
    instants = np.array([ends[place] for place in order], "datetime64[us]")
    first = np.searchsorted(instants, rows[START].to_numpy(), side="right")
    names = [f"{name}_{i}" for i in range(definitions) for name in ("n", "again")]
    moved = added(
        rows.append_column("first", pa.array(first)),
        {name: name for name in (*question.dimensions, "first")},
        names,
    )
    cells: dict[Cell, dict[int, list[int]]] = {}
    for row in moved.to_pylist():
        cell = tuple(row[name] for name in question.dimensions)
        cells.setdefault(cell, {})[row["first"]] = [row[name] for name in names]
    for cell, moves in cells.items():
        stood = [0] * len(names)
        for nth, place in enumerate(order):
            stood = [a + b for a, b in zip(stood, moves.get(nth, [0] * len(names)), strict=True)]
            yield {
                "place": place, **dict(zip(question.dimensions, cell, strict=True)),
                **dict(zip(names, stood, strict=True)),
            }  # fmt: skip


def _stretches_of_rows(store: Store, some: Sequence[Definition], base: Question, scope: Scope) -> Table:
    """By day: at how many ends more (or fewer) somebody stands in a cohort, and how many of these came again.

    Somebody's row is their last in the earlier window at every end T with row + w < T <= min(next row + w, row + 2w),
    and of these they came again where T is also after their next row.
    """
    d, grouped = some[0], base.dimensions
    rows, span = _rows(store, some, base, scope)
    as_of = ibis.timestamp(store.as_of)
    parts = [f"in_{i}" for i in range(len(some))]
    once = rows.group_by(*grouped, person=rows[str(d.person)], clock=rows[d.clock]).aggregate(
        **{part: rows[part].max() for part in parts}
    )
    following = ibis.window(group_by=[*grouped, "person"], order_by="clock")
    told = once.mutate(next=once.clock.lead().over(following))
    told = told.mutate(
        begins=told.clock + span,
        back=ibis.greatest(told.clock + span, told.next),
        ends=ibis.ifelse(
            told.next.notnull(),
            ibis.least(told.next + span, told.clock + span + span),
            told.clock + span + span,
        ),
    )
    back = told.next.notnull() & (told.back < told.ends)
    moved = []
    for at, n, again in (("begins", 1, 0), ("back", 0, 1), ("ends", -1, -1)):
        counts = {f"n_{i}": told[part] * n for i, part in enumerate(parts)}
        counts |= {f"again_{i}": ibis.ifelse(back, told[part] * again, 0) for i, part in enumerate(parts)}
        one = told.select(*grouped, at=told[at], **{name: n.cast("int64") for name, n in counts.items()})
        moved.append(one.filter(one["at"] < as_of))
    placed = with_grains(ibis.union(*moved), "at", base.grains, store.slots(base.period))
    keys = {f"by_{name}": placed[f"polso_{name}" if name in base.grains else name] for name in base.by}
    sums = {name: placed[name].sum() for i in range(len(some)) for name in (f"n_{i}", f"again_{i}")}
    return placed.group_by(**keys).aggregate(**sums)


def _rows(store: Store, some: Sequence[Definition], question: Question, scope: Scope) -> tuple[Table, Any]:
    """The rows of the people that definitions speak of, with what each says of them: `in_0`, ...; and the window."""
    d = some[0]
    params = parameters(d, question.params)
    rows = in_scope(store, d.fact, None, question, scope, d)
    kept_ = all_of(rows, d.where, params)
    known = rows[str(d.person)].notnull() & rows[d.clock].notnull()
    rows = rows.filter(known if kept_ is None else kept_ & known)
    parts = [all_of(rows, one.part, params) for one in some]
    named = {f"in_{i}": ibis.literal(1) if p is None else p.ifelse(1, 0) for i, p in enumerate(parts)}
    return rows.mutate(**named), ibis.interval(microseconds=params["window"])


def _people(
    store: Store, some: Sequence[Definition], question: Question, scope: Scope, table: Table
) -> Table:
    d = some[0]
    rows, span = _rows(store, some, question, scope)
    clock = rows[d.clock]
    seen = rows.inner_join(table, [clock < table["at"], clock >= table["at"] - span - span])
    again = seen[d.clock] >= seen["at"] - span
    # Of rows of the same instant one that meets the part counts, in whatever order they are read.
    last = {
        f"last_{i}": (micros_of(seen[d.clock]) * 2 + seen[f"in_{i}"]).max(where=~again) % 2
        for i in range(len(some))
    }
    people = seen.group_by(*question.dimensions, "place", person=seen[str(d.person)]).aggregate(
        **last, after=again.any()
    )
    sums = {f"n_{i}": people.count(where=people[f"last_{i}"] == 1) for i in range(len(some))}
    sums |= {
        f"again_{i}": people.count(where=(people[f"last_{i}"] == 1) & people.after) for i in range(len(some))
    }
    return people.group_by(*question.dimensions, "place").aggregate(**sums)
