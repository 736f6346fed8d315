"""What DuckDB does at the pinned version that Polso has to build around."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest


def test_no_other_process_reads_a_file_while_it_is_written(tmp_path: Path) -> None:
    """Way round: the facts are published as Parquet."""
    path = tmp_path / "polso.duckdb"
    with duckdb.connect(path) as writer:
        writer.execute("CREATE TABLE t AS SELECT 1 AS n")
        code = "import duckdb, sys; duckdb.connect(sys.argv[1], read_only=True)"
        ran = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=False)
    assert "Conflicting lock" in ran.stderr


def test_the_offset_of_a_text_is_dropped() -> None:
    """Way round: sources parse texts with an offset as TIMESTAMPTZ in a UTC session, then drop the zone."""
    [row] = duckdb.sql("SELECT hour('2026-01-02T03:04:05+02:00'::TIMESTAMP)").fetchall()
    assert row == (3,)


def test_a_bare_at_is_a_keyword() -> None:
    """Way round: no fact column is called `at`, and generated SQL quotes every name."""
    with pytest.raises(duckdb.ParserException):
        duckdb.sql('SELECT at, 1 FROM (SELECT 1 AS "at")')
