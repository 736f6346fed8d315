"""Runs an expression over Arrow tables, on DuckDB and on Spark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

Build = Callable[[Mapping[str, Any]], Any]
Run = Callable[[Mapping[str, pa.Table], Build], pa.Table]


@pytest.fixture(scope="session", params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def run(request: pytest.FixtureRequest) -> Run:
    """Run an expression over given Arrow tables on each engine."""
    return request.getfixturevalue(f"on_{request.param}")


@pytest.fixture(scope="session")
def on_duckdb() -> Run:
    from polso.engine import DuckDB

    def run(tables: Mapping[str, pa.Table], build: Build) -> pa.Table:
        engine = DuckDB()
        try:
            return engine.collect(
                build({name: engine.scratch(name, table) for name, table in tables.items()})
            )
        finally:
            engine.close()

    return run


@pytest.fixture(scope="session")
def on_spark(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Run:
    import ibis

    backend = ibis.pyspark.connect(spark)

    def run(tables: Mapping[str, pa.Table], build: Build) -> pa.Table:
        folder = tmp_path_factory.mktemp("parquet")
        known = {}
        for name, table in tables.items():
            pq.write_table(table, folder / f"{name}.parquet")
            known[name] = backend.read_parquet(str(folder / f"{name}.parquet"))
        return backend.to_pyarrow(build(known))

    return run
