"""Rows that are kept are filtered as an engine filters a fact, and what an engine would convert is left to it."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polso.engine import DuckDB
from polso.kpis.definition import Condition
from polso.query.conditions import all_of
from polso.query.cubes import Rows, filtered
from polso.query.period import Period
from polso.query.question import Question

PERIOD = Period(date(2026, 1, 1), date(2026, 2, 1), "UTC")
COLUMNS = {
    "team": (pa.string(), ("retail", "resi", "Zürich", "")),
    "vip": (pa.bool_(), (True, False)),
    "level": (pa.int64(), (-1, 0, 2)),
}
ENGINE = DuckDB()
COMPARED = ("=", "!=", "<", "<=", ">", ">=")


def asked(*where: Condition) -> Question:
    return Question((), PERIOD, where=where)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    name = draw(st.sampled_from(sorted(COLUMNS)))
    op = draw(st.sampled_from((*COMPARED, "null", "not null", "in", "not in")))
    value: Any = draw(st.sampled_from(COLUMNS[name][1]))
    if op in ("in", "not in") and name == "team":
        value = tuple(draw(st.lists(st.sampled_from(COLUMNS[name][1]), min_size=1)))
    return Condition(column=name, op=op, value=None if "null" in op else value)


@given(
    rows=st.lists(st.tuples(*(st.none() | st.sampled_from(values) for _, values in COLUMNS.values()))),
    where=st.lists(conditions(), max_size=3),
)
def test_a_filter_keeps_the_rows_that_an_engine_keeps(
    rows: list[tuple[Any, ...]], where: list[Condition]
) -> None:
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    kinds = {name: kind for name, (kind, _) in COLUMNS.items()}
    table = pa.table(
        {
            "n": pa.array(range(len(rows)), pa.int64()),
            **{
                name: pa.array(values, kind)
                for (name, kind), values in zip(kinds.items(), columns, strict=True)
            },
        }
    )
    fact = ENGINE.scratch("fact", table)
    met = all_of(fact, where, {})
    wanted = ENGINE.collect(fact if met is None else fact.filter(met))["n"].to_pylist()
    assert filtered(table, asked(*where))["n"].to_pylist() == sorted(wanted)


@pytest.mark.parametrize(
    ("column", "value", "can"),
    [("team", "retail", True), ("team", 5, False), ("vip", True, True), ("vip", 1, False), ("level", 2, True),
     ("level", "2", False), ("level", True, False)],
)  # fmt: skip
def test_a_value_of_another_type_is_left_to_the_engine(column: str, value: Any, can: bool) -> None:
    table = pa.table({name: pa.array([], kind) for name, (kind, _) in COLUMNS.items()})
    rows = Rows(table, np.array([], "datetime64[us]"))
    assert rows.can_filter(asked(Condition(column=column, value=value))) is can
    assert rows.can_filter(asked(Condition(column=column, op="null")))
