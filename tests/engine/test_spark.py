"""What only the Spark engine has: its folders, its session, what it says when it cannot start."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from polso.engine import DuckDB, ibis
from polso.engine.spark import SETTINGS, Spark

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})
HIDE = "import sys; sys.modules['{0}'] = None; "


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_nobody_imports_spark_unasked() -> None:
    code = "import sys, polso.engine, polso.care, polso.facts.parquet; print('pyspark' in sys.modules)"
    assert "False\n" == python(code).stdout


def test_without_pyspark_it_says_what_to_install(tmp_path: Path) -> None:
    code = HIDE.format("pyspark") + (
        f"from polso.engine.spark import Spark; from pathlib import Path; Spark(Path({str(tmp_path)!r}))"
    )
    assert "StoreError: Spark is not installed; run `pip install 'polso[spark]'`" in python(code).stderr


@pytest.fixture
def engine(spark: Any, tmp_path: Path) -> Spark:
    return Spark(tmp_path / "tables", session=spark)


def test_its_settings_do_not_leak_into_the_session_given(engine: Spark, spark: Any) -> None:
    engine.session.conf.set("spark.sql.shuffle.partitions", "3")
    assert "2" == spark.conf.get("spark.sql.shuffle.partitions")
    assert SETTINGS == {key: engine.session.conf.get(key) for key in SETTINGS}


def test_a_given_session_outlives_it(engine: Spark, spark: Any) -> None:
    engine.scratch("s", ROWS)
    engine.close()
    assert 1 == spark.range(1).count()
    assert [] == list(engine.root.iterdir())


def test_another_session_finds_the_tables(engine: Spark, spark: Any) -> None:
    engine.create("t", ROWS)
    other = Spark(engine.root, session=spark)
    assert {"t"} == other.tables()
    assert 3 == other.collect(other.table("t")).num_rows


def test_tables_are_parquet_that_others_read(engine: Spark) -> None:
    engine.create("t", ROWS)
    duckdb = DuckDB()
    assert [(1,), (2,), (3,)] == sorted(duckdb.run(f"FROM '{engine.root}/t/*.parquet'"))
    duckdb.close()
    assert ROWS.schema == pq.read_schema(next((engine.root / "t").glob("*.parquet"))).remove_metadata()


def test_parquet_kept_elsewhere_is_a_table_and_is_never_removed(engine: Spark, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(ROWS, path)
    engine.attach("events", path)
    assert {"events"} == engine.tables()
    assert 3 == engine.collect(engine.table("events")).num_rows
    engine.drop("events")
    assert set() == engine.tables()
    assert path.exists()


def test_a_file_is_read_without_a_name(engine: Spark, tmp_path: Path) -> None:
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    assert 3 == engine.collect(engine.file(tmp_path / "rows.parquet")).num_rows


def test_a_failed_write_leaves_the_table_as_it_was(engine: Spark) -> None:
    engine.create("t", ROWS)
    table = engine.table("t")
    with pytest.raises(Exception, match="DIVIDE_BY_ZERO"):
        engine.create("t", table.mutate(id=(ibis.literal(1) / (table.id - table.id)).cast("int64")))
    assert 3 == engine.collect(engine.table("t")).num_rows
    assert ["t"] == [folder.name for folder in engine.root.iterdir()]


def test_a_master_that_is_not_there_is_an_error_of_ours(spark_environment: None, tmp_path: Path) -> None:
    code = (
        "from polso.engine.spark import Spark; from pathlib import Path;"
        f"Spark(Path({str(tmp_path)!r}), master='nowhere')"
    )
    assert "StoreError: Spark does not start at nowhere" in python(code).stderr
