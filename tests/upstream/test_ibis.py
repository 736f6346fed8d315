"""What ibis does wrong at the pinned version, each with the way round that Polso takes."""

import datetime as dt
import subprocess
import sys

import ibis
import pyarrow as pa
import pytest

NOON = dt.datetime(2026, 3, 29, 12, 0, 0, 250_000)


@pytest.fixture(scope="module")
def instants() -> ibis.Table:
    return ibis.memtable(pa.table({"at": pa.array([NOON], pa.timestamp("us"))}))


def test_cast_to_a_zone_drops_the_zone_on_duckdb(instants: ibis.Table) -> None:
    """Way round: no zones in any engine; the calendar and the slot table come from Python."""
    rome, utc = (
        ibis.to_sql(instants.at.cast(f"timestamp('{zone}')").name("at"), dialect="duckdb")
        for zone in ("Europe/Rome", "UTC")
    )
    assert rome == utc


def test_epoch_seconds_raises_on_fractions(instants: ibis.Table) -> None:
    """Way round: `delta` in microseconds from 1970."""
    with pytest.raises(pa.ArrowInvalid, match="truncated"):
        instants.at.epoch_seconds().to_pyarrow()


def test_delta_in_seconds_counts_boundaries_on_duckdb(instants: ibis.Table) -> None:
    """Way round: `delta` in microseconds, the only unit in which both engines agree."""
    second_before = instants.at - ibis.interval(microseconds=250_001)
    assert instants.at.delta(second_before, unit="second").to_pyarrow().to_pylist() == [1]


def test_array_literal_needs_the_pyspark_backend_loaded() -> None:
    """Way round: the SQL of an engine is asked of its own connection."""
    code = (
        "import ibis; ibis.to_sql(ibis.table({'a': 'int'}).select(x=ibis.literal([1.5])), dialect='pyspark')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "has no attribute 'treat_nan_as_null'" in ran.stderr


def test_integer_division_goes_through_floats() -> None:
    """Way round: whole parts as `n - n % d`, which stays an integer."""
    big = ibis.memtable(pa.table({"n": pa.array([2**53 + 1], pa.int64())}))
    assert (big.n // 1).to_pyarrow().to_pylist() == [2**53]


def test_cast_of_a_narrow_product_comes_too_late() -> None:
    """Ibis believes int32 + int16 is int64 and leaves the cast out. Way round: cast the column itself."""
    narrow = ibis.memtable(pa.table({"n": pa.array([3_000], pa.int32())}))
    assert "BIGINT" not in ibis.to_sql(((narrow.n + 1).cast("int64") * 1_000_000), dialect="duckdb")
