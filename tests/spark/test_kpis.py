"""Every KPI of the catalogue, and every variant, gives the same numbers on DuckDB and on Spark."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import pytest

from polso.errors import QuestionError
from polso.facts import FACTS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition, Stat
from polso.query.cells import conditions
from polso.query.period import parse
from polso.query.question import Question
from polso.query.run import Time, concrete, run
from polso.query.store import Store

Stores = tuple[Store, Store]
DEFINITIONS = tuple(d for entry in shipped().values() for d in (entry.default, *entry.variants.values()))
BY_FACT = {
    fact: found for fact in FACTS if (found := tuple(d for d in DEFINITIONS if d.fact == fact))
}  # a question's KPIs over one fact share a scan
ONCE = ("stock_by_age", "roll_forward")  # read once a period
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


def asked(store: Store, definitions: Iterable[Definition], way: str) -> Question:
    """All definitions in one question, but those that cannot be asked this way."""
    by, stat, time, where = WAYS[way]
    period = parse("all", store.zone, first=store.local_day(store.first), last=store.local_day(store.last))
    made = []
    for definition in definitions:
        whole_only = definition.kind in ONCE and {"week", "month"} & set(by)
        if not whole_only and (stat is None or definition.kind in ("duration", "mean", "survival")):
            with suppress(QuestionError):  # no reading in business time
                made.append(concrete(definition, stat, time))
    return Question(tuple(made), period, by, conditions(where))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fact", BY_FACT)
def test_kpis_of_a_fact_are_the_same_on_both_engines(stores: Stores, fact: str, way: str) -> None:
    on_duckdb, on_spark = stores
    time = WAYS[way][2]
    question = asked(on_duckdb, BY_FACT[fact], way)
    if question.definitions:
        assert answered(on_duckdb, question, time) == answered(on_spark, question, time)


def test_both_engines_speak_up_to_the_same_instant(stores: Stores) -> None:
    on_duckdb, on_spark = stores
    for name in ("as_of", "first", "last"):
        assert getattr(on_duckdb, name) == getattr(on_spark, name)


@pytest.mark.parametrize("kind", sorted({d.kind for d in DEFINITIONS}))
def test_every_kind_finds_rows_in_the_demo(stores: Stores, kind: str) -> None:
    """Two engines that both answer nothing would prove nothing."""
    store, _ = stores
    question = asked(store, (d for d in DEFINITIONS if d.kind == kind), "whole")
    assert any(cell.n for cell in run(store, question).cells)
