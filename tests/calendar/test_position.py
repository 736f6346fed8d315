from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pytest

from polso.calendar import Calendar, change_marks, day_table
from polso.calendar.position import touched, uncovered, with_business, with_position

HOUR = 3_600_000_000
WEEK = {"mon": ["09:00-18:00"], "tue": ["09:00-18:00"]}
DAYS = day_table(
    [Calendar.of("shop", "Europe/Rome", WEEK), Calendar.of("always", "Europe/Rome")],
    date(2024, 5, 5),
    date(2024, 5, 9),
)
MONDAY_NOON, TUESDAY_NOON = datetime(2024, 5, 6, 10), datetime(2024, 5, 7, 10)
BEFORE, AFTER = datetime(2024, 5, 4, 23, 59, 59, 999_999), datetime(2024, 5, 9)

# Columns of a fact may well be called like those of the day table.
TICKETS = pa.table(
    {
        "row": list(range(8)),
        "day": ["a fact's own"] * 8,
        "calendar": ["shop", "always", "shop", "shop", "shop", "nowhere", None, "shop"],
        "start": pa.array(
            [MONDAY_NOON] * 2 + [TUESDAY_NOON] + [MONDAY_NOON] * 4 + [BEFORE], pa.timestamp("us")
        ),
        "end": pa.array(
            [TUESDAY_NOON, TUESDAY_NOON, MONDAY_NOON, None, AFTER, TUESDAY_NOON, TUESDAY_NOON, MONDAY_NOON],
            pa.timestamp("us"),
        ),
    }
)


def test_business_time_of_several_pairs_from_shared_instants(run: Any) -> None:
    pairs = {"wait_us": ("start", "end"), "back_us": ("end", "start"), "none_us": ("start", "start")}
    result = run(
        {"tickets": TICKETS, "days": DAYS},
        lambda known: with_business(known["tickets"], pairs, "calendar", known["days"]),
    ).sort_by("row")
    # Reversed is 0; null end, end and start outside the days, unknown and null calendar are null.
    assert [9 * HOUR, 24 * HOUR, 0, None, None, None, None, None] == result["wait_us"].to_pylist()
    assert [0, 0, 9 * HOUR, None, None, None, None, None] == result["back_us"].to_pylist()
    assert [0, 0, 0, 0, 0, None, None, None] == result["none_us"].to_pylist()
    assert [*TICKETS.column_names, *pairs] == result.column_names
    assert TICKETS["day"].to_pylist() == result["day"].to_pylist()


def test_position_is_open_time_since_the_first_day_of_the_table(run: Any) -> None:
    result = run(
        {"tickets": TICKETS, "days": DAYS},
        lambda known: with_position(known["tickets"], "start", "calendar", known["days"], "open_us"),
    ).sort_by("row")
    expected = [3 * HOUR, 34 * HOUR, 12 * HOUR, 3 * HOUR, 3 * HOUR, None, None, None]
    assert expected == result["open_us"].to_pylist()


def test_days_that_the_table_lacks_are_named(run: Any) -> None:
    result = run(
        {"tickets": TICKETS, "days": DAYS},
        lambda known: uncovered(known["tickets"], ["start", "end"], "calendar", known["days"]),
    )
    expected = {
        ("shop", date(2024, 5, 4)),
        ("shop", date(2024, 5, 9)),
        ("nowhere", date(2024, 5, 6)),
        ("nowhere", date(2024, 5, 7)),
    }
    assert expected == {(row["calendar"], row["day"]) for row in result.to_pylist()}
    assert len(expected) == result.num_rows


def test_only_rows_that_meet_a_changed_day_are_touched(run: Any) -> None:
    closed = Calendar.of("shop", "Europe/Rome", WEEK, overrides={date(2024, 5, 7): []})
    edited = day_table([closed, Calendar.of("always", "Europe/Rome")], date(2024, 5, 5), date(2024, 5, 9))
    same = [MONDAY_NOON.replace(hour=7), MONDAY_NOON.replace(hour=23, minute=59)]
    rows = [
        ("met", "shop", MONDAY_NOON, TUESDAY_NOON),
        ("met inside", "shop", TUESDAY_NOON, TUESDAY_NOON.replace(hour=11)),
        ("the day before", "shop", *same),
        ("other calendar", "always", MONDAY_NOON, TUESDAY_NOON),
        ("to be on the safe side", "shop", MONDAY_NOON, AFTER),
        ("still open", "shop", MONDAY_NOON, None),
        ("no calendar", None, MONDAY_NOON, TUESDAY_NOON),
    ]
    names = ("what", "calendar", "start", "end")
    table = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    result = run(
        {"tickets": table, "marks": change_marks(DAYS, edited)},
        lambda known: touched(known["tickets"], "start", "end", "calendar", known["marks"]),
    )
    assert {"met", "met inside", "to be on the safe side"} == set(result["what"].to_pylist())
    assert list(names) == result.column_names


@pytest.mark.parametrize("dialect", ["duckdb", "pyspark"])
def test_the_engine_converts_no_zone_divides_nothing_and_joins_once_an_instant(dialect: str) -> None:
    from polso.engine import ibis

    tickets = ibis.table(
        {"calendar": "string", "a": "timestamp(6)", "b": "timestamp(6)", "c": "timestamp(6)"}, "t"
    )
    days = ibis.table(ibis.schema(DAYS.schema), "d")
    pairs = {"x": ("a", "b"), "y": ("b", "c"), "z": ("a", "c")}
    sql = ibis.to_sql(with_business(tickets, pairs, "calendar", days), dialect=dialect).upper()
    assert 3 == sql.count(" JOIN ")
    assert 0 == sum(sql.count(word) for word in ("EPOCH", "ZONE", "DOUBLE", "FLOAT", "/"))
