"""Soundness: parts sum to the whole, and the company a KPI keeps changes none of its numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, settings

from polso.care import Care
from polso.facts import FACTS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition
from polso.query.result import Cell
from soundness.logs import START, logs
from soundness.profiles import many, rare
from soundness.store import ALWAYS_OPEN, store

# A log that fails is long: hypothesis warns of it, and pytest would show the warning for the failure.
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
Log = list[dict[str, Any]]
ADDITIVE: Final = ("count", "sum", "share", "mean", "net_share", "stock")
GRAINS: Final = ("quarter_hour", "hour", "day", "week", "month", "quarter", "year", "weekday", "hour_of_day")
PERIOD: Final = "2024-03-25..2024-06-20"


def additive(fact: str) -> list[Definition]:
    """All definitions of a fact whose parts can be summed, variants too."""
    entries = [d for entry in shipped().values() for d in (entry.default, *entry.variants.values())]
    return [
        d
        for d in entries
        if d.fact == fact and (d.kind in ADDITIVE or (d.kind == "duration" and d.stat == "mean"))
    ]


def dimensions(fact: str) -> list[str]:
    """The columns that may split a fact."""
    return [c.name for c in FACTS[fact].columns if c.dimension]


def summed(cells: list[Cell]) -> dict[str, Counter[str]]:
    """Per KPI: rows counted, and the integers that its values were made of, over all its cells."""
    found: dict[str, Counter[str]] = {}
    for cell in cells:
        total = found.setdefault(f"{cell.kpi}:{cell.variant}", Counter())
        total["n"] += cell.n
        total.update({name: part for name, part in cell.parts.items() if part})
    return {name: +total for name, total in found.items() if +total}


def splits_sum_to_the_whole(care: Care, fact: str, splits: list[tuple[str, ...]]) -> None:
    names = [d.label for d in additive(fact)]
    stocks = [d.label for d in additive(fact) if d.kind == "stock"]
    whole = summed(list(care.ask(*names, period=PERIOD)))
    for split in splits:
        # A stock is read at the end of every bucket of time, so only its dimensions add up.
        timed = any(name in GRAINS for name in split)
        kept = {
            name: parts
            for name, parts in whole.items()
            if not (timed and name.removesuffix(":default") in stocks)
        }
        asked = [name for name in names if not (timed and name in stocks)]
        if asked:
            assert kept == summed(list(care.ask(*asked, by=split, period=PERIOD))), (
                f"{fact} by {', '.join(split)}"
            )


MEASURED: Final = sorted({fact for fact in FACTS if additive(fact)})


def test_every_fact_with_sums_is_measured() -> None:
    assert {"tickets", "replies", "stages", "contacts", "ratings", "backlog", "solves"} <= set(MEASURED)


@rare
@given(logs(40))
def test_parts_sum_to_the_whole_by_dimension(log: Log) -> None:
    with store(log) as engine:
        care = Care(Path("nowhere"), ALWAYS_OPEN, engine)
        for fact in ("tickets", "replies", "backlog", "stages", "contacts", "ratings"):
            splits = [
                (name,)
                for name in ("client", "channel", "team", "agent", "priority", "issue_type")
                if name in dimensions(fact)
            ]
            splits_sum_to_the_whole(care, fact, [*splits, ("channel", "team")])


@rare
@given(logs(40))
def test_parts_sum_to_the_whole_by_time(log: Log) -> None:
    with store(log) as engine:
        care = Care(Path("nowhere"), ALWAYS_OPEN, engine)
        for fact in ("tickets", "stages"):
            splits_sum_to_the_whole(
                care,
                fact,
                [*((grain,) for grain in ("hour", "day", "week", "month", "weekday")), ("day", "team")],
            )


@pytest.mark.slow
@pytest.mark.parametrize("fact", MEASURED)
@settings(many, max_examples=5)
@given(logs(40))
def test_parts_sum_to_the_whole_by_everything(fact: str, log: Log) -> None:
    with store(log) as engine:
        care = Care(Path("nowhere"), ALWAYS_OPEN, engine)
        splits_sum_to_the_whole(
            care, fact, [*((grain,) for grain in GRAINS), *((name,) for name in dimensions(fact))]
        )


def together_backwards_alone(log: Log) -> tuple[list[Cell], list[Cell], list[Cell]]:
    """The cells of many KPIs asked at once, at once in the other order, and one by one."""
    with store(log) as engine:
        care = Care(Path("nowhere"), ALWAYS_OPEN, engine)
        names = [d.label for fact in ("tickets", "replies", "stages", "backlog") for d in additive(fact)]
        together = list(care.ask(*names, by="team", period=PERIOD))
        backwards = list(care.ask(*reversed(names), by="team", period=PERIOD))
        return (
            together,
            backwards,
            [cell for name in names for cell in care.ask(name, by="team", period=PERIOD)],
        )


@rare
@given(logs(40))
def test_company_changes_no_number(log: Log) -> None:
    together, backwards, alone = ([c for c in cells if c.n] for cells in together_backwards_alone(log))
    assert alone == together
    assert sorted(map(str, together)) == sorted(map(str, backwards))


def test_company_adds_no_cell() -> None:
    """A team without a row of a KPI has the same cells, or none, whoever is asked beside it."""
    who = {"source": "desk", "client": "a", "customer_id": "k", "ticket_id": "t1"}
    opened = {
        **who,
        "event_id": "1",
        "kind": "opened",
        "actor_kind": "customer",
        "team": "x",
        "occurred_at": START,
    }
    together, _, alone = together_backwards_alone([opened])
    assert [(c.kpi, c.variant, c.keys, c.value) for c in alone] == [
        (c.kpi, c.variant, c.keys, c.value) for c in together
    ]
