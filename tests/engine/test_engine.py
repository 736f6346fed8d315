"""What every engine must do alike."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from polso.engine import Engine, ibis, micros_of

INSTANT = dt.datetime(2026, 3, 29, 1, 30, 0, 123_456)
ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3], pa.int64()),
        "big": pa.array([2**53 + 1, None, -(2**62)], pa.int64()),
        "amount": pa.array([Decimal("1.500001"), None, Decimal("-2")], pa.decimal128(18, 6)),
        "at": pa.array([INSTANT, None, dt.datetime(1970, 1, 1)], pa.timestamp("us")),
        "day": pa.array([INSTANT.date(), None, dt.date(1969, 12, 31)], pa.date32()),
        "name": pa.array(["è", None, ""], pa.string()),
        "is_so": pa.array([True, None, False], pa.bool_()),
    }
)


def ids(engine: Engine, name: str) -> list[int]:
    return sorted(engine.collect(engine.table(name))["id"].to_pylist())


def test_rows_come_back_as_they_were_sent(engine: Engine) -> None:
    engine.create("t", ROWS)
    table = engine.table("t")
    assert ROWS == engine.collect(table.order_by("id")).cast(ROWS.schema)


def test_rows_in_memory_join_stored_ones(engine: Engine) -> None:
    engine.create("t", ROWS)
    wanted = ibis.memtable(pa.table({"key": pa.array([3, 9], pa.int64())}))
    found = engine.table("t").inner_join(wanted, [("id", "key")]).select("id", "big")
    assert [{"id": 3, "big": -(2**62)}] == engine.collect(found).to_pylist()


def test_instants_are_utc_and_exact(engine: Engine) -> None:
    engine.create("t", ROWS)
    table = engine.table("t")
    asked = table.filter(table["at"] == ibis.timestamp(INSTANT)).select(us=micros_of(table["at"]))
    micros = (INSTANT - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)
    assert [{"us": micros}] == engine.collect(asked).to_pylist()


def test_a_table_is_replaced_by_rows_of_itself(engine: Engine) -> None:
    engine.create("t", ROWS)
    table = engine.table("t")
    engine.create("t", table.filter(table.id > 1))
    assert [2, 3] == ids(engine, "t")
    assert {"t"} == engine.tables()


def test_rows_are_appended_by_name(engine: Engine) -> None:
    engine.create("t", ROWS)
    assert 3 == engine.append("t", ROWS.select(list(reversed(ROWS.column_names))))
    assert [1, 1, 2, 2, 3, 3] == ids(engine, "t")
    assert 1 == engine.append("t", engine.table("t").filter(ibis._.id == 1).limit(1))
    assert 7 == len(ids(engine, "t"))


def test_a_text_is_stored_in_the_order_of_a_column(engine: Engine) -> None:
    engine.create("t", ROWS)
    engine.create_sql("sorted", engine.sql(engine.table("t").select("id", "big")), order_by="big")
    assert [3, 1, 2] == engine.collect(engine.table("sorted"))["id"].to_pylist()
    assert {"t", "sorted"} == engine.tables()


def test_scratch_is_found_by_name_and_is_no_stored_table(engine: Engine) -> None:
    kept = engine.scratch("s", ROWS)
    assert 3 == engine.collect(kept).num_rows
    again = engine.scratch("s", kept.filter(kept.id == 2))
    assert [2] == engine.collect(again)["id"].to_pylist()
    engine.scratch_sql("made", engine.sql(again.select("id")))
    assert [{"id": 2}] == engine.collect(engine.table("made")).to_pylist()
    assert set() == engine.tables()


def test_scratch_is_made_once(engine: Engine) -> None:
    engine.create("t", ROWS)
    kept = engine.scratch("s", engine.table("t"))
    engine.create("t", ROWS.slice(0, 1))
    assert 3 == engine.collect(kept).num_rows


def test_a_view_is_read_by_name(engine: Engine) -> None:
    engine.create("t", ROWS)
    engine.scratch_view("v", engine.table("t").select("id"))
    named = ibis.table({"id": "int64"}, name="v")
    engine.scratch_sql("s", engine.sql(named))
    assert 3 == engine.collect(engine.table("s")).num_rows
    engine.drop("v")


@pytest.mark.parametrize("name", ["stored", "kept", "never"])
def test_dropping_leaves_nothing(engine: Engine, name: str) -> None:
    engine.create("stored", ROWS)
    engine.scratch("kept", ROWS)
    engine.drop(name)
    engine.drop(name)
    assert engine.tables() == ({"stored"} - {name})
    engine.create(name, ROWS.slice(1))
    assert [2, 3] == ids(engine, name)


def test_a_transaction_keeps_all(engine: Engine) -> None:
    engine.create("a", ROWS)
    with engine.transaction():
        engine.create("a", ROWS.slice(2))
        engine.create("b", engine.table("a"))
        assert [3] == ids(engine, "b")
    assert ([3], [3]) == (ids(engine, "a"), ids(engine, "b"))


def test_a_transaction_that_fails_keeps_nothing(engine: Engine) -> None:
    engine.create("a", ROWS)

    def fail() -> None:
        with engine.transaction():
            engine.create("a", ROWS.slice(2))
            engine.append("a", ROWS)
            engine.create("b", ROWS)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert [1, 2, 3] == ids(engine, "a")
    assert {"a"} == engine.tables()


def test_no_rows_are_rows_too(engine: Engine) -> None:
    engine.create("t", ROWS.slice(0, 0))
    assert ROWS.schema.names == engine.collect(engine.table("t")).schema.names
    assert 0 == engine.append("t", ROWS.slice(0, 0))


def test_wide_sums_stay_exact(engine: Engine) -> None:
    engine.create("t", ROWS)
    table = engine.table("t")
    [found] = engine.collect(table.aggregate(total=table.big.cast("decimal(38, 0)").sum())).to_pylist()
    assert 2**53 + 1 - 2**62 == found["total"]


def test_unsigned_keys_are_kept(engine: Engine) -> None:
    keys: Any = pa.table({"key": pa.array([2**64 - 1], pa.uint64())})
    engine.create("t", keys)
    assert [2**64 - 1] == [int(row["key"]) for row in engine.collect(engine.table("t")).to_pylist()]
