"""The values at some places of the order of a period's rows: how many lie between a few fixed values is kept by day, so
only the rows beside those places are read.

Rule kept here: what is found is a value of a row, at exactly the place asked for; where counts and rows do not agree,
nothing is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from polso.engine import IntegerValue, Table, ibis
from polso.kpis.kinds import FRACTION
from polso.query.cubes import Rows, added, cube, kept
from polso.query.question import GRAINS, Question, Scope
from polso.query.scan import Cell, Wanted, condition_of, in_scope, pass_key, pass_shape, value_of
from polso.query.standing import WHOLE
from polso.query.store import Store, with_grains

Places = Mapping[Cell, Set[int]]
# As many parts of about as many rows are counted.
PARTS: Final = 16
# More cells are looked for otherwise.
CELLS: Final = 60
EDGE, COUNT, CELL = "polso_edge", "polso_n", "polso_cell"
BRACKETS: Final = "brackets"
# Stand-ins for the least value that is looked at and the one before which that ends; and beyond all values.
LEAST, GREATEST, BEYOND = WHOLE + 1, WHOLE + 2, 1 << 62


@dataclass(frozen=True)
class _Bracket:
    """Where the places of a cell lie: values from `low` on and before `high`, `below` rows before them, `inside` of them."""

    low: int
    high: int
    below: int
    inside: int


def values_at(
    store: Store, wanted: Wanted, places: Places, question: Question, scope: Scope
) -> dict[Cell, dict[int, int]] | None:
    """Per cell the values at places of its order (the first is 0); None where nothing is kept that tells where they lie."""
    if question.grains or len(places) > CELLS or store.rollups is None:
        return None
    d = wanted.definition
    # Whatever percentile is asked for.
    alike = Wanted("", d.model_copy(update={"stat": next(iter(FRACTION))}), wanted.ask)
    key = ("brackets", pass_shape(store, d.fact, d.clock, [alike], question, scope))
    known = cube(store, d.fact, [question])
    rows = kept(
        store, key, known, question, lambda other, base: _counted(other, wanted, base, scope), labels=False
    )
    brackets = _brackets(rows, places, question) if rows else None
    if rows is None or brackets is None:
        return None
    told = _told(brackets, question, rows.table.schema)
    return _read(store, wanted, brackets, told, places, question, scope)


def valued(store: Store, wanted: Wanted, question: Question, scope: Scope) -> tuple[Table, list[str]]:
    """The rows that have a value, with their cells, and what tells these apart; an engine reads no more than these rows."""
    definition, ask = wanted.definition, wanted.ask
    rows = in_scope(store, definition.fact, definition.clock, question, scope, definition)
    if question.grains:
        rows = with_grains(rows, definition.clock, question.grains, store.slots(question.period))
    value = value_of(rows, ask, definition)
    met = condition_of(store, rows, wanted, question)
    sound = value.notnull() if definition.unit != "duration" else (value >= 0).fill_null(False)
    chosen = rows.filter(sound if met is None else met & sound)
    keys = {f"by_{name}": chosen[f"polso_{name}" if name in GRAINS else name] for name in question.by}
    return chosen.select(**keys, value=value_of(chosen, ask, definition)), list(keys)


def _counted(store: Store, wanted: Wanted, base: Question, scope: Scope) -> Table:
    """How many rows of each day have a value from an edge on and before the next; the edges are the same on all days."""
    values, keys = valued(store, wanted, base, scope)
    fractions = [part / PARTS for part in range(PARTS)]
    (told,) = store.engine.collect(values.aggregate(edges=values.value.quantile(fractions))).to_pylist()
    first, *more = sorted({int(edge) for edge in told["edges"] or (0,)})
    edge: IntegerValue = ibis.literal(first, "int64")
    if more:
        edge = ibis.cases(*((values.value >= at, at) for at in reversed(more)), else_=first).cast("int64")
    return values.mutate(**{EDGE: edge}).group_by(*keys, EDGE).aggregate(**{COUNT: ibis._.count()})


def _brackets(rows: Rows, places: Places, question: Question) -> dict[Cell, _Bracket] | None:
    edges = np.unique(rows.table[EDGE].to_numpy())
    ends = dict(zip(edges.tolist(), [*edges[1:].tolist(), BEYOND], strict=True))
    names = question.dimensions
    table = added(rows.within(question), {name: name for name in (*names, EDGE)}, (COUNT,)).sort_by(EDGE)
    cells: dict[Cell, list[tuple[int, int]]] = {}
    columns = [table[name].to_pylist() for name in (*names, EDGE, COUNT)]
    for *keys, edge, n in zip(*columns, strict=True):
        cells.setdefault(tuple(keys), []).append((edge, n))
    found = {}
    for cell, wanted in places.items():
        one = _bracket(cells.get(cell, []), ends, min(wanted), max(wanted))
        if one is None:
            return None
        found[cell] = one
    return found


def _bracket(parts: list[tuple[int, int]], ends: Mapping[int, int], first: int, last: int) -> _Bracket | None:
    """The parts that the places from the first to the last lie in; None where there are not so many rows."""
    before = 0
    low, below = None, 0
    for edge, n in parts:
        if low is None and before + n > first:
            low, below = edge, before
        before += n
        if low is not None and before > last:
            return _Bracket(low, ends[edge], below, before - below)
    return None


def _read(
    store: Store,
    wanted: Wanted,
    brackets: Mapping[Cell, _Bracket],
    told: pa.Table,
    places: Places,
    question: Question,
    scope: Scope,
) -> dict[Cell, dict[int, int]] | None:
    """The values of the rows in the brackets, and of these those at the places."""
    d, cells = wanted.definition, list(brackets)
    least, greatest = min(b.low for b in brackets.values()), max(b.high for b in brackets.values())
    found = store.collect_text(
        [question],
        lambda stood: ("brackets", *pass_key(store, d.fact, d.clock, [wanted], stood, scope)),
        lambda stood, tables: _inside(store, wanted, tables.get(BRACKETS), stood[0], scope),
        {LEAST: least, GREATEST: greatest},
        scratch={BRACKETS: told} if question.by else None,
    )
    values = found["value"].to_numpy()
    if question.by:
        of = found[CELL].to_numpy()
        order = np.argsort(of, kind="stable")
        cuts = np.searchsorted(of[order], range(1, len(cells)))
        groups = np.split(values[order], cuts)
    else:
        groups = [values]
    answers = {}
    for cell, group in zip(cells, groups, strict=True):
        one = brackets[cell]
        if len(group) != one.inside:
            return None
        answers[cell] = _at(group, {place: place - one.below for place in places[cell]})
    return answers


def _at(values: NDArray[Any], places: Mapping[int, int]) -> dict[int, int]:
    ordered = np.partition(values, sorted(set(places.values())))
    return {place: int(ordered[within]) for place, within in places.items()}


def _told(brackets: Mapping[Cell, _Bracket], question: Question, schema: pa.Schema) -> pa.Table:
    """The brackets as rows: the number of each cell, its values, and the values between which it is looked at."""
    columns: dict[str, Any] = {
        f"cell_{name}": pa.array([cell[place] for cell in brackets], schema.field(name).type)
        for place, name in enumerate(question.by)
    }
    columns[CELL] = pa.array(range(len(brackets)), pa.int64())
    for name in ("low", "high"):
        columns[f"cell_{name}"] = pa.array([getattr(one, name) for one in brackets.values()], pa.int64())
    return pa.table(columns)


def _inside(store: Store, wanted: Wanted, told: Table | None, question: Question, scope: Scope) -> Table:
    values, _ = valued(store, wanted, question, scope)
    near = values.filter(values.value >= LEAST, values.value < GREATEST)
    if told is None:
        return near.select("value")
    same = [near[f"by_{name}"].identical_to(told[f"cell_{name}"]) for name in question.by]
    met = near.inner_join(told, [*same, near.value >= told.cell_low, near.value < told.cell_high])
    return met.select(CELL, "value")
