"""Percentiles of cells whose rows are counted: the two order statistics around each, and its value where it is not known.

Rule kept here: every number is an observed value, or lies between two neighbours (type 7); none is estimated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

import pyarrow as pa

from polso.engine import Table, ibis
from polso.kpis import intervals
from polso.kpis.definition import Definition
from polso.kpis.kinds import FRACTION, Ask
from polso.query.question import GRAINS, Question, Scope
from polso.query.scan import Cell, Wanted, cell_of, condition_of, in_scope, pass_key, value_of, without_ranks
from polso.query.store import Store, with_grains

Ranks = Mapping[Cell, tuple[float, float] | None]
# Beyond so many cells it is quicker to number their rows than to look for the percentiles of each in all.
FEW: Final = 16
# Texts are made for a number of fractions: few numbers, few texts; none is looked for in vain where one cell is asked.
ALONE: Final = (1, 3)
STEP: Final = 8
PLACES: Final = "percentile_places"


def asked_percentiles(
    store: Store,
    definition: Definition,
    counts: Mapping[Cell, int],
    question: Question,
    scope: Scope,
    *,
    told: bool,
    ends: bool = True,
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """Per cell with rows: `low` and `high` where they are enough, and `at`, the percentile itself, unless it was told.

    ends: whether `low` and `high` are wanted.
    """
    fraction = FRACTION[definition.stat]
    ranks = {cell: intervals.quantile_ranks(n, fraction) if ends else None for cell, n in counts.items() if n}
    if told:
        ranks = {cell: around for cell, around in ranks.items() if around}
    if not ranks:
        return
    if len(ranks) <= FEW or not ends:
        yield from _of_few(store, definition, ranks, question, scope)
    else:
        yield from _of_many(store, definition, counts, ranks, question, scope, told=told)


def _of_few(
    store: Store, definition: Definition, ranks: Ranks, question: Question, scope: Scope
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """One pass looks for everybody's fractions in every cell, and each cell takes its own."""
    fractions = [FRACTION[definition.stat], *(end for around in ranks.values() for end in around or ())]
    places = {end: place for place, end in enumerate(fractions)}
    if len(fractions) not in ALONE:
        fractions += [fractions[0]] * (-len(fractions) % STEP)
    ask = Ask("quantile", definition.value, definition.minus, definition.where, fractions=tuple(fractions))
    (one,), real = without_ranks([Wanted("ends", definition, ask)])
    rows = store.collect_text(
        [question],
        lambda stood: ("few", *pass_key(store, definition.fact, definition.clock, [one], stood, scope)),
        lambda stood, _: _quantiles(store, one, stood[0], scope),
        real,
    )
    found = {cell_of(row, question): row["ends"] for row in rows.to_pylist()}
    for cell, around in ranks.items():
        values = found[cell]
        ends = zip(("low", "high"), around or (), strict=False)
        yield cell, {"at": values[:1], **{name: values[places[end]] for name, end in ends}}


def _of_many(
    store: Store,
    definition: Definition,
    counts: Mapping[Cell, int],
    ranks: Ranks,
    question: Question,
    scope: Scope,
    *,
    told: bool,
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    """Rows numbered in order within each cell, and a few of them taken."""
    fraction = Fraction(str(FRACTION[definition.stat]))
    ends = {
        cell: tuple(round(end * (counts[cell] - 1)) for end in around or ()) for cell, around in ranks.items()
    }
    at = {cell: fraction * (counts[cell] - 1) for cell in ranks}
    wanted: dict[int, set[int]] = {}
    for cell in ranks:
        own = () if told else (floor(at[cell]), ceil(at[cell]))
        wanted.setdefault(counts[cell], set()).update(ends[cell], own)
    values = _values(store, definition, wanted, question, scope)
    for cell, places in ends.items():
        found = values[cell]
        answer: dict[str, Any] = dict(zip(("low", "high"), (found[place] for place in places), strict=False))
        if not told:
            below, above = found[floor(at[cell])], found[ceil(at[cell])]
            answer["at"] = [below + (above - below) * (at[cell] - floor(at[cell]))]
        yield cell, answer


def _values(
    store: Store, definition: Definition, wanted: Mapping[int, set[int]], question: Question, scope: Scope
) -> dict[Cell, dict[int, int]]:
    """Per cell the values at places of its order, by how many rows it has."""
    pairs = [(n, place) for n, places in sorted(wanted.items()) for place in sorted(places)]
    schema = pa.schema([("n_", pa.int64()), ("place_", pa.int64())])
    table = pa.table({"n_": [n for n, _ in pairs], "place_": [place for _, place in pairs]}, schema=schema)
    one = Wanted(PLACES, definition, Ask("quantile", definition.value, definition.minus, definition.where))
    found = store.collect_text(
        [question],
        lambda stood: pass_key(store, definition.fact, definition.clock, [one], stood, scope),
        lambda stood, tables: _taken(store, one, tables[PLACES], stood[0], scope),
        scratch={PLACES: table},
    )
    values: dict[Cell, dict[int, int]] = {}
    for row in found.to_pylist():
        values.setdefault(cell_of(row, question), {})[row["place"]] = row["value"]
    return values


def _quantiles(store: Store, wanted: Wanted, question: Question, scope: Scope) -> Table:
    values, keys = _valued(store, wanted, question, scope)
    ends = values.value.quantile(list(wanted.ask.fractions))
    return values.group_by(keys).aggregate(ends=ends) if keys else values.aggregate(ends=ends)


def _taken(store: Store, wanted: Wanted, pairs: Table, question: Question, scope: Scope) -> Table:
    """The values at the wanted places of each cell."""
    values, keys = _valued(store, wanted, question, scope)
    order = ibis.window(group_by=keys, order_by="value")
    n = values.value.count().over(ibis.window(group_by=keys))
    placed = values.mutate(place=ibis.row_number().over(order), n=n)
    met = placed.inner_join(pairs, [placed.n == pairs.n_, placed.place == pairs.place_])
    return met.select(*keys, "place", "value")


def _valued(store: Store, wanted: Wanted, question: Question, scope: Scope) -> tuple[Table, list[str]]:
    """The rows that have a value, with their cells, and what tells these apart; an engine reads no more than these rows."""
    definition, ask = wanted.definition, wanted.ask
    rows = in_scope(store, definition.fact, definition.clock, question, scope, definition)
    if question.grains:
        rows = with_grains(rows, definition.clock, question.grains, store.slots(question.period))
    value = value_of(rows, ask, definition)
    kept = condition_of(store, rows, wanted, question)
    sound = value.notnull() if definition.unit != "duration" else (value >= 0).fill_null(False)
    chosen = rows.filter(sound if kept is None else kept & sound)
    keys = {f"by_{name}": chosen[f"polso_{name}" if name in GRAINS else name] for name in question.by}
    return chosen.select(**keys, value=value_of(chosen, ask, definition)), list(keys)
