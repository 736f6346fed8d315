"""What the calendar's tests share: the reference folder, and an engine to run expressions on."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
SHARED = CHECKOUT.parent / "shared"

Build = Callable[[Mapping[str, Any]], Any]
Run = Callable[[Mapping[str, pa.Table], Build], pa.Table]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "spark: needs Java and pyspark")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference cases, which lies beside the checkout."""
    if not (SHARED / "reference").is_dir():
        pytest.skip(f"the reference cases are not at {SHARED}")
    return SHARED


SPARK = [
    pytest.mark.spark,
    # pyspark leaves its sockets to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="session", params=["duckdb", pytest.param("spark", marks=SPARK)])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run an expression over given Arrow tables on each engine."""
    if request.param == "duckdb":
        return in_duckdb
    backend = request.getfixturevalue("spark")

    def on_spark(tables: Mapping[str, pa.Table], build: Build) -> pa.Table:
        folder = tmp_path_factory.mktemp("parquet")
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
        known = {name: backend.read_parquet(str(folder / f"{name}.parquet")) for name in tables}
        return backend.to_pyarrow(build(known))

    return on_spark


@pytest.fixture(scope="session")
def on_duckdb() -> Run:
    """Run an expression over given Arrow tables on DuckDB alone, for tests with very many runs."""
    return in_duckdb


def in_duckdb(tables: Mapping[str, pa.Table], build: Build) -> pa.Table:
    from polso.engine import DuckDB

    engine = DuckDB()
    try:
        return engine.collect(build({name: engine.scratch(name, table) for name, table in tables.items()}))
    finally:
        engine.close()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A small Spark session behind ibis."""
    pytest.importorskip("pyspark")
    import ibis
    from pyspark.sql import SparkSession

    spec = importlib.util.spec_from_file_location("spark_java", CHECKOUT / "tests" / "spark_java.py")
    assert spec is not None and spec.loader is not None
    spark_java = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(spark_java)
    os.environ["JAVA_HOME"] = str(spark_java.java_home(tmp_path_factory.mktemp("java")))
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
    }
    session = SparkSession.builder.master("local[2]").config(map=settings).getOrCreate()
    yield ibis.pyspark.connect(session)
    session.stop()
