"""The facts beside tickets fold to the same rows on Spark."""

from pathlib import Path
from typing import Any

import pytest

from facts import (
    test_articles,
    test_bots,
    test_orders,
    test_ratings,
    test_searches,
    test_sla,
    test_surveys,
    test_threads,
    test_visits,
)
from facts.told import Row, folded, folded_on_spark

MODULES = (
    test_articles, test_bots, test_orders, test_ratings, test_searches,
    test_sla, test_surveys, test_threads, test_visits,
)  # fmt: skip
NAMES = ("ratings", "surveys", "orders", "visits", "searches", "articles", "threads", "bots", "sla")


def everything() -> list[Row]:
    """All stories, each event named after its story."""
    return [
        row | {"event_id": f"{module.__name__}-{n:03}-{row.get('event_id', '')}"}
        for module in MODULES
        for n, row in enumerate(module.STORY)
    ]


@pytest.mark.slow  # a whole fold on Spark for one story; tests/spark folds the demo, with all of them
def test_spark_agrees(tmp_path: Path, spark: Any) -> None:
    told = everything()
    there = folded_on_spark(told, tmp_path, spark, NAMES, test_sla.TOML)
    here = folded(told, tmp_path, test_sla.TOML)
    assert all(here[name] for name in NAMES)
    for name in NAMES:
        assert here[name] == there[name], name
