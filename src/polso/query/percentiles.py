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
from polso.query.brackets import valued, values_at
from polso.query.question import Question, Scope
from polso.query.scan import Cell, Wanted, cell_of, pass_key, without_ranks
from polso.query.store import Store

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
    places = _places(counts, ranks, Fraction(str(fraction)), told=told)
    one = Wanted(PLACES, definition, Ask("quantile", definition.value, definition.minus, definition.where))
    values = values_at(store, one, places, question, scope)
    if values is None and (len(ranks) <= FEW or not ends):
        yield from _of_few(store, definition, ranks, question, scope)
        return
    if values is None:
        values = _values(store, one, counts, places, question, scope)
    yield from _told(values, counts, ranks, Fraction(str(fraction)), told=told)


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


def _places(
    counts: Mapping[Cell, int], ranks: Ranks, fraction: Fraction, *, told: bool
) -> dict[Cell, set[int]]:
    """Per cell the places in the order of its rows whose values are wanted."""
    return {
        cell: {
            *_ends(counts[cell], around),
            *(() if told else (floor(fraction * (counts[cell] - 1)), ceil(fraction * (counts[cell] - 1)))),
        }
        for cell, around in ranks.items()
    }


def _ends(n: int, around: tuple[float, float] | None) -> tuple[int, ...]:
    return tuple(round(end * (n - 1)) for end in around or ())


def _told(
    values: Mapping[Cell, Mapping[int, int]],
    counts: Mapping[Cell, int],
    ranks: Ranks,
    fraction: Fraction,
    *,
    told: bool,
) -> Iterator[tuple[Cell, dict[str, Any]]]:
    for cell, around in ranks.items():
        found, at = values[cell], fraction * (counts[cell] - 1)
        ends = (found[place] for place in _ends(counts[cell], around))
        answer: dict[str, Any] = dict(zip(("low", "high"), ends, strict=False))
        if not told:
            below, above = found[floor(at)], found[ceil(at)]
            answer["at"] = [below + (above - below) * (at - floor(at))]
        yield cell, answer


def _values(
    store: Store,
    one: Wanted,
    counts: Mapping[Cell, int],
    places: Mapping[Cell, set[int]],
    question: Question,
    scope: Scope,
) -> dict[Cell, dict[int, int]]:
    """The same of rows numbered in order within each cell, of which a few are taken: by how many rows a cell has."""
    wanted: dict[int, set[int]] = {}
    for cell, some in places.items():
        wanted.setdefault(counts[cell], set()).update(some)
    pairs = [(n, place) for n, some in sorted(wanted.items()) for place in sorted(some)]
    schema = pa.schema([("n_", pa.int64()), ("place_", pa.int64())])
    table = pa.table({"n_": [n for n, _ in pairs], "place_": [place for _, place in pairs]}, schema=schema)
    definition = one.definition
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
    values, keys = valued(store, wanted, question, scope)
    ends = values.value.quantile(list(wanted.ask.fractions))
    return values.group_by(keys).aggregate(ends=ends) if keys else values.aggregate(ends=ends)


def _taken(store: Store, wanted: Wanted, pairs: Table, question: Question, scope: Scope) -> Table:
    """The values at the wanted places of each cell."""
    values, keys = valued(store, wanted, question, scope)
    order = ibis.window(group_by=keys, order_by="value")
    n = values.value.count().over(ibis.window(group_by=keys))
    placed = values.mutate(place=ibis.row_number().over(order), n=n)
    met = placed.inner_join(pairs, [placed.n == pairs.n_, placed.place == pairs.place_])
    return met.select(*keys, "place", "value")
