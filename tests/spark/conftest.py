"""The demo company folded by DuckDB and, from its exported events, by Spark."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from polso.care import Care, open_project, open_store
from polso.config import Config
from polso.demo import write_project
from polso.engine import DuckDB
from polso.engine.spark import Spark
from polso.facts.parquet import export_events, fold_parquet
from polso.query.store import Store

TICKETS = 400
# Compiling Java for some hundred plans takes longer than running them on so few rows; the cluster does.
QUICK = {"spark.sql.codegen.factoryMode": "NO_CODEGEN", "spark.sql.shuffle.partitions": "2"}


@dataclass(frozen=True)
class Demo:
    """The company as DuckDB holds it, and its events as a file."""

    folder: Path
    events: Path
    care: Care

    @property
    def config(self) -> Config:
        return self.care.config

    @property
    def duckdb(self) -> DuckDB:
        return self.care.engine


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    write_project(folder, TICKETS, seed=3, until=date(2026, 5, 31), months=7)
    with open_project(folder) as care:
        care.load()
        export_events(care.engine, folder / "events.parquet")
        yield Demo(folder, folder / "events.parquet", care)


@pytest.fixture(scope="session")
def on_spark(demo: Demo, spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    engine = Spark(tmp_path_factory.mktemp("facts"), session=spark, settings=QUICK)
    fold_parquet(engine, demo.events, demo.config)
    yield engine
    engine.close()


@pytest.fixture(scope="session")
def stores(demo: Demo, on_spark: Spark) -> tuple[Store, Store]:
    """The same facts to be asked on DuckDB and on Spark."""
    return demo.care.store, open_store(on_spark, demo.config)
