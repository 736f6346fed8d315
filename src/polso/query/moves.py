"""Moves of a stock: what stood just before a period, and what came and went in it.

Rule kept here: what happened after as-of, of which other sources tell, is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from polso.engine import IntegerValue, Table, TimestampValue, ibis
from polso.kpis.definition import Definition
from polso.query.conditions import all_of, parameters
from polso.query.cubes import Rows, added, cube, filtered, kept
from polso.query.question import FINE, Question, Scope
from polso.query.scan import Cell, in_scope, shape_key, text_key
from polso.query.store import Store, with_grains

Levels = dict[tuple[Cell, tuple[Any, ...]], int]
# Columns of the counts that moves are made of.
PLACE, PART, SAID, COUNT, ODD = "polso_place", "polso_part", "polso_said", "polso_n", "polso_odd"


@dataclass(frozen=True)
class Moves:
    """What a stock is read from: what stood just before a period, and what came and went in it, by dimensions and labels."""

    opening: dict[Cell, int] = field(default_factory=dict)
    came: Levels = field(default_factory=dict)
    went: Levels = field(default_factory=dict)


def spells(store: Store, d: Definition, question: Question, scope: Scope) -> Table:
    """What a stock is made of: rows that meet the definition, with `began` and `ended`, null for what lasts.

    A row without `until` ends at the instant named by `value`, if a stock's definition has one.
    """
    rows = in_scope(store, d.fact, None, question, scope, d)
    kept = all_of(rows, d.where, parameters(d, question.params))
    until: TimestampValue = rows[str(d.until)]
    if d.kind == "stock" and d.value:
        until = until.fill_null(rows[d.value])
    named = rows.mutate(began=rows[str(d.since)], ended=until)
    return named if kept is None else named.filter(kept)


def moves(
    store: Store,
    d: Definition,
    questions: Sequence[Question],
    scope: Scope,
    said: tuple[str, str] | None = None,
) -> list[Moves]:
    """The moves of each question (they differ by their period alone), read in one statement, or off what is kept.

    said: the columns that tell how a row began and how it ended; with them, that word is the last label of a move.
    """
    text, schema = store.text(
        questions,
        lambda stood: ("moves", d.fingerprint, said, *text_key(store, stood, scope)),
        lambda stood, _: _together(_counts(store, d, stood, scope, said)),
    )
    known = _kept(store, d, questions, scope, said)
    if known:
        return known
    labels = _labels(questions[0], said)
    ends, starts = _starts(store, questions)
    found = [Moves() for _ in questions]
    for row in store.run(text, schema).to_pylist():
        cell, place, n = tuple(row[name] for name in questions[0].dimensions), row[PLACE], row[COUNT]
        if not n:
            continue
        if row[PART] in ("came", "went"):
            getattr(found[place], row[PART])[cell, tuple(row[name] for name in labels)] = n
            continue
        for one, start in zip(found, starts, strict=True):
            # What lasts to the end of the data stood at every start after it began.
            if start == ends[place] or (row[PART] == "lasting" and start > ends[place]):
                one.opening[cell] = one.opening.get(cell, 0) + n
    return found


def _labels(question: Question, said: tuple[str, str] | None) -> list[str]:
    return [*(f"polso_{grain}" for grain in _fine(question)), *([SAID] if said else [])]


def _kept(
    store: Store,
    d: Definition,
    questions: Sequence[Question],
    scope: Scope,
    said: tuple[str, str] | None,
) -> list[Moves] | None:
    """The same from what is kept of all moves by day (or hour): what stood is what had come before, less what had gone."""
    fine = [replace(q, by=(*q.dimensions, *dict.fromkeys(_fine(q)))) for q in questions]
    whole = cube(store, d.fact, fine) if store.rollups else None
    if any(question.period.instants[0] > store.as_of for question in questions):
        return None
    key = ("moves", d.fingerprint, said, *shape_key(store, questions[0], scope))
    rows = kept(store, key, whole, questions[0], lambda other, base: _all(other, d, base, scope, said))
    labels = _labels(questions[0], said)
    return None if rows is None else [_read(rows, question, labels) for question in fine]


def _all(store: Store, d: Definition, base: Question, scope: Scope, said: tuple[str, str] | None) -> Table:
    """Whatever came and went, by the names of a question and the word that tells how."""
    rows = spells(store, d, base, scope)
    # A row that ends before it begins, or never began, comes or goes and yet never stands.
    rows = rows.mutate(**{ODD: (rows.began.isnull() | (rows.ended < rows.began)).fill_null(False)})
    counts = []
    for part, end, word in zip(("came", "went"), ("began", "ended"), said or (None, None), strict=True):
        moved, names = _moved(store, rows, base, end, word)
        counts.append(_count(moved, part, ibis.literal(0, "int64"), (*base.dimensions, *names, ODD)))
    made = _together(counts).drop(PLACE)
    return made.rename(
        {f"by_{name}": name for name in base.dimensions} | {f"by_{g}": f"polso_{g}" for g in base.grains}
    )


def _read(rows: Rows, question: Question, labels: list[str]) -> Moves:
    names, found = question.dimensions, Moves()
    for row in _before(rows, question).to_pylist():
        if row[COUNT]:
            found.opening[tuple(row[name] for name in names)] = row[COUNT]
    moved = {name: name for name in (PART, *names, *labels)}
    for row in added(rows.within(question), moved, (COUNT,)).to_pylist():
        cell, told = (tuple(row[name] for name in part) for part in (names, labels))
        getattr(found, row[PART])[cell, told] = row[COUNT]
    return found


def _before(rows: Rows, question: Question) -> pa.Table:
    """What had come before a period less what had gone."""
    earlier = rows.table.slice(0, rows.place(question.period.instants[0]))
    met = filtered(earlier.filter(pc.invert(earlier[ODD])), question)
    signed = pc.if_else(pc.equal(met[PART], "came"), met[COUNT], pc.negate(met[COUNT]))
    return added(
        met.set_column(met.column_names.index(COUNT), COUNT, signed),
        {name: name for name in question.dimensions},
        (COUNT,),
    )


def _starts(store: Store, questions: Sequence[Question]) -> tuple[list[datetime], list[datetime]]:
    """The instants at which opening stocks are read, in order and each once; and that of each question."""
    starts = [min(question.period.instants[0], store.as_of) for question in questions]
    return sorted(set(starts)), starts


def _counts(
    store: Store,
    d: Definition,
    questions: Sequence[Question],
    scope: Scope,
    said: tuple[str, str] | None,
) -> list[Table]:
    """The counts that moves are made of; each reads the rows of a range alone, which an engine finds without reading all.

    What stood at an instant either lasts or ended since: asked with an `or`, all rows would be read to find the few.
    """
    rows = spells(store, d, questions[0], scope)
    dims = questions[0].dimensions
    instants, _ = _starts(store, questions)
    moments = [ibis.timestamp(instant) for instant in instants]
    lasting = rows.filter(rows.ended.isnull(), rows.began < moments[-1])
    nth = [(lasting.began < moment, ibis.literal(i, "int64")) for i, moment in enumerate(moments)]
    made = [_count(lasting, "lasting", ibis.cases(*nth) if len(nth) > 1 else ibis.literal(0, "int64"), dims)]
    for i, moment in enumerate(moments):
        stood = rows.filter(rows.ended >= moment, rows.began < moment)
        made.append(_count(stood, "standing", ibis.literal(i, "int64"), dims))
    for i, question in enumerate(questions):
        for part, end, word in zip(("came", "went"), ("began", "ended"), said or (None, None), strict=True):
            moved, names = _moved(store, rows, question, end, word)
            made.append(_count(moved, part, ibis.literal(i, "int64"), (*dims, *names)))
    return made


def _moved(
    store: Store, rows: Table, question: Question, end: str, word: str | None
) -> tuple[Table, tuple[str, ...]]:
    """The rows that began (or ended) in the period up to as-of, with their labels, and the names of these."""
    since, until = question.period.instants
    moved = rows.filter(rows[end] >= since, rows[end] < until, rows[end] <= ibis.timestamp(store.as_of))
    fine = tuple(dict.fromkeys(_fine(question)))
    if word:
        moved = moved.mutate(**{SAID: moved[word]})
    if fine:
        moved = with_grains(moved, end, fine, store.slots(question.period))
    return moved, (*(f"polso_{grain}" for grain in fine), *([SAID] if word else []))


def _fine(question: Question) -> tuple[str, ...]:
    return tuple(FINE.get(grain, grain) for grain in question.grains)


def _count(rows: Table, part: str, place: IntegerValue, names: tuple[str, ...]) -> Table:
    """How many rows, by place and the values of columns."""
    tagged = rows.mutate(**{PLACE: place}).group_by(PLACE, *names).aggregate(**{COUNT: ibis._.count()})
    return tagged.mutate(**{PART: ibis.literal(part)})


def _together(counts: Sequence[Table]) -> Table:
    """Counts one after the other; a column that one lacks is null in it."""
    types = {name: kind for one in counts for name, kind in one.schema().items()}
    filled = (
        one.select(**{n: one[n] if n in one.columns else ibis.null(kind) for n, kind in types.items()})
        for one in counts
    )
    return ibis.union(*filled)
