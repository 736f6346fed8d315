"""Every fact is the same on DuckDB and on Spark, row for row and column for column."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polso.engine import DuckDB
from polso.facts import FACTS

if TYPE_CHECKING:
    from polso.engine.spark import Spark

DRIVER = """
import sys
from pathlib import Path

from polso.config import read
from polso.engine.spark import Spark
from polso.facts.parquet import fold_parquet

master, project, events, root = sys.argv[1:]
engine = Spark(
    Path(root),
    master=master,
    settings={
        "spark.driver.host": "127.0.0.1",
        "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": "4",
        "spark.ui.enabled": "false",
        "spark.scheduler.minRegisteredResourcesRatio": "1",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "60s",
    },
)
fold_parquet(engine, Path(events), read(Path(project)))
print(len(engine.session.sparkContext._jsc.sc().statusTracker().getExecutorInfos()) - 1)
engine.close()
"""


def rows(table: pa.Table) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """Column types, and rows in one order."""
    types = {field.name: str(field.type) for field in table.schema}
    found = [tuple(row.values()) for row in table.to_pylist()]
    return types, sorted(found, key=lambda row: [(value is not None, str(value)) for value in row])


def stored(engine: "DuckDB | Spark", fact: str) -> pa.Table:
    return engine.collect(engine.table(fact))


def test_the_demo_leaves_no_fact_empty(demo: Any) -> None:
    assert [] == [name for name in FACTS if not stored(demo.duckdb, name).num_rows]


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_is_the_same_on_both_engines(demo: Any, on_spark: "Spark", fact: str) -> None:
    assert rows(stored(demo.duckdb, fact)) == rows(stored(on_spark, fact))


def test_a_fact_folded_by_a_cluster_is_the_same(demo: Any, spark_master: str, tmp_path: Path) -> None:
    """A master, two workers of one core each, and a driver; read back as the Parquet that others read."""
    ran = subprocess.run(
        [sys.executable, "-c", DRIVER, spark_master, demo.folder, demo.events, tmp_path],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert (0, ["2"]) == (ran.returncode, ran.stdout.split()), ran.stderr[-3000:]
    differing = [n for n in FACTS if rows(stored(demo.duckdb, n)) != rows(pq.read_table(tmp_path / n))]
    assert [] == differing
    assert [] == [folder.name for folder in tmp_path.iterdir() if folder.name.startswith(".")]
