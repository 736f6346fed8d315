"""Every KPI of the catalogue, and every variant, gives the same numbers on DuckDB and on Spark."""

from collections.abc import Iterable
from typing import Any

import pytest

from polso.care import conditions
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition, Stat
from polso.query.period import parse
from polso.query.question import Question
from polso.query.run import Time, concrete, run
from polso.query.store import Store

Stores = tuple[Store, Store]
DEFINITIONS = tuple(d for entry in shipped().values() for d in (entry.default, *entry.variants.values()))
BY_FACT = {
    fact: found for fact in FACTS if (found := tuple(d for d in DEFINITIONS if d.fact == fact))
}  # a question's KPIs over one fact share a scan
# How the question is split, which statistic, which time, what it is filtered by.
WAYS: dict[str, tuple[tuple[str, ...], Stat | None, Time, dict[str, str]]] = {
    "whole": ((), None, "calendar", {}),
    "by client and week": (("client", "week"), None, "calendar", {}),
    "median by month": (("month",), "median", "calendar", {}),
    "p90 of open time": (("client",), "p90", "business", {"client": "acme-energia"}),
}


def answered(store: Store, question: Question, time: Time) -> list[Any]:
    """Each cell as the KPI, its keys and its numbers."""
    found = run(store, question, time=time).cells
    return [(c.kpi, c.variant, c.keys, c.value, c.n, c.low, c.high, c.parts) for c in found]


def askable(store: Store, definitions: Iterable[Definition], way: str) -> list[Question]:
    """One question for all that share scans, and one for each that runs by itself; what cannot be asked so is left out."""
    by, stat, time, where = WAYS[way]
    period = parse("all", store.zone, first=store.local_day(store.first), last=store.local_day(store.last))
    made = []
    for definition in definitions:
        if stat is not None and definition.kind not in ("duration", "mean", "survival"):
            continue
        try:
            made.append(concrete(definition, stat, time))
        except QuestionError:
            assert time == "business"
    grained = [d for d in made if not (d.kind in NO_GRAIN and "week" in by)]
    return [Question(tuple(grained), period, by, conditions(where))] if grained else []


# They are read once a period, and say so.
NO_GRAIN = ("stock_by_age", "roll_forward")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fact", BY_FACT)
def test_kpis_of_a_fact_are_the_same_on_both_engines(stores: Stores, fact: str, way: str) -> None:
    on_duckdb, on_spark = stores
    time = WAYS[way][2]
    for question in askable(on_duckdb, BY_FACT[fact], way):
        assert answered(on_duckdb, question, time) == answered(on_spark, question, time)


def test_both_engines_speak_up_to_the_same_instant(stores: Stores) -> None:
    on_duckdb, on_spark = stores
    assert (on_duckdb.as_of, on_duckdb.first, on_duckdb.last) == (on_spark.as_of, on_spark.first, on_spark.last)


@pytest.mark.parametrize("kind", sorted({d.kind for d in DEFINITIONS}))
def test_every_kind_finds_rows_in_the_demo(stores: Stores, kind: str) -> None:
    """Two engines that both answer nothing would prove nothing."""
    store, _ = stores
    period = parse("all", store.zone, first=store.local_day(store.first), last=store.local_day(store.last))
    asked = tuple(concrete(d) for d in DEFINITIONS if d.kind == kind)
    assert any(cell.n for cell in run(store, Question(asked, period)).cells)
