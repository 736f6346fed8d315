"""Where ibis on Spark differs from ibis on DuckDB at the pinned versions, and the way round Polso takes."""

import decimal
from collections.abc import Callable
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

pytestmark = pytest.mark.spark

ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "big": pa.array([2**53 + 1, None, 5], pa.int64()),
        "never": pa.array([None, None, None], pa.bool_()),
        "amount": pa.array([decimal.Decimal("1.5"), None, decimal.Decimal("2.5")], pa.decimal128(18, 6)),
        "at": pa.array([1_000_000, 2_000_000, None], pa.timestamp("us")),
    }
)
Ask = Callable[[ibis.Table], ibis.Table]


@pytest.fixture(scope="module")
def tables(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[ibis.Table, ibis.Table]:
    """The same rows on DuckDB and on Spark."""
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pq.write_table(ROWS, path)
    return ibis.duckdb.connect().read_parquet(path), ibis.pyspark.connect(spark).read_parquet(path)


def answers(tables: tuple[ibis.Table, ibis.Table], ask: Ask) -> list[Any]:
    return [next(iter(ask(table).to_pyarrow().to_pylist()[0].values())) for table in tables]


def test_count_where_of_nothing_is_null_on_spark(tables: Any) -> None:
    """Way round: count a column that is never null, `id.count(where=...)`."""
    assert answers(tables, lambda t: t.agg(n=t.count(where=t.never))) == [0, None]
    assert answers(tables, lambda t: t.agg(n=t.id.count(where=t.never))) == [0, 0]


def test_nullable_integers_lose_digits_on_their_way_from_spark(tables: Any) -> None:
    """Way round: `DataFrame.toArrow`, which does not pass through pandas."""
    assert answers(tables, lambda t: t.order_by("id").select("big")) == [2**53 + 1, 2**53]


def test_decimals_with_nulls_cannot_be_sent_to_spark(spark: Any) -> None:
    """Way round: `createDataFrame(arrow table)`."""
    with pytest.raises(TypeError, match="NoneType to Decimal"):
        ibis.pyspark.connect(spark).to_pyarrow(ibis.memtable(ROWS.select(["amount"])))


def test_null_inside_a_struct_sorts_differently(tables: Any) -> None:
    """Way round: no nullable part in an order key."""
    key = lambda t: ibis.struct({"at": t["at"], "id": t.id})  # noqa: E731
    assert answers(tables, lambda t: t.agg(id=t.id.argmin(key(t)))) == [1, 3]


def test_division_by_zero(tables: Any) -> None:
    """Way round: engines return sums and counts, Python divides."""
    on_duckdb, on_spark = tables
    assert answers((on_duckdb,), lambda t: t.select(x=t.id / (t.id - t.id))) == [float("inf")]
    with pytest.raises(Exception, match="DIVIDE_BY_ZERO"):
        answers((on_spark,), lambda t: t.select(x=t.id / (t.id - t.id)))


def test_decimal_to_integer_rounds_on_duckdb_and_truncates_on_spark(tables: Any) -> None:
    """Way round: `round()` before the cast, or a product that is whole already."""
    assert answers(tables, lambda t: t.order_by("id").select(x=t.amount.cast("int64"))) == [2, 1]
    assert answers(tables, lambda t: t.order_by("id").select(x=t.amount.round().cast("int64"))) == [2, 2]


def test_row_number_is_32_bits_wide_on_spark(tables: Any) -> None:
    """Ibis takes it for int64 and leaves the cast out. Way round: through int32 to int64."""
    _, on_spark = tables
    ranked = on_spark.mutate(rank=ibis.row_number().over(order_by="id"))
    with pytest.raises(Exception, match="ARITHMETIC_OVERFLOW"):
        ranked.select(x=ranked["rank"].cast("int64") * 1_000_000 * 1_000_000).to_pyarrow()
    wide = ranked["rank"].cast("int32").cast("int64")
    assert ranked.agg(x=(wide * 1_000_000 * 1_000_000).max()).to_pyarrow().to_pylist() == [{"x": 2 * 10**12}]


def test_truncate_gives_a_zoned_instant_on_spark(tables: Any, spark: Any) -> None:
    """Way round: floor the microseconds, or go through `date()`."""
    _, on_spark = tables
    day = spark.sql(ibis.to_sql(on_spark.select(day=on_spark["at"].truncate("D"))))
    assert day.dtypes == [("day", "timestamp")]
    assert on_spark.schema()["at"].timezone is None


def test_unsigned_integers_do_not_exist_on_spark(tables: Any) -> None:
    """Way round: keys are int64, 60 bits of an md5."""
    _, on_spark = tables
    with pytest.raises(Exception, match="UBIGINT"):
        on_spark.select(x=on_spark.id.cast("uint64")).to_pyarrow()
