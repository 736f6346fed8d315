from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from polso.calendar import Calendar, covers, day_table, span
from polso.calendar.days import COLUMNS, interval_columns
from polso.errors import CalendarError

HOUR = 3_600_000_000
ROME = Calendar.of("rome", "Europe/Rome", {"sun": ["01:00-13:00", "14:00-24:00"], "mon": ["00:00-01:30"]})
ALWAYS = Calendar.of("always", "Asia/Kathmandu")


def test_columns_are_the_ones_described() -> None:
    table = day_table([ROME, ALWAYS], date(2024, 3, 29), date(2024, 4, 2))
    columns = (*COLUMNS, *interval_columns(2))
    assert [(column.name, column.type) for column in columns] == [(f.name, f.type) for f in table.schema]
    assert all(column.meaning.endswith(".") for column in columns)
    assert 8 == table.num_rows


def test_rows_of_the_day_on_which_clocks_go_forward() -> None:
    rows = day_table([ROME], date(2024, 3, 30), date(2024, 4, 2)).to_pylist()
    # Sunday 31 March starts at 23:00 UTC on Saturday; 01:00-13:00 is 00:00-11:00 UTC
    # and 14:00-01:30 is 12:00-23:30.
    assert [(0, 0), (0, 11 * HOUR), (0, 0)] == [(r["start_1_us"], r["length_1_us"]) for r in rows]
    assert [(0, 0), (12 * HOUR, int(11.5 * HOUR)), (0, 0)] == [
        (r["start_2_us"], r["length_2_us"]) for r in rows
    ]
    assert [0, 0, int(22.5 * HOUR)] == [r["open_before_us"] for r in rows]
    assert [HOUR, HOUR, 2 * HOUR] == [r["offset_us"] for r in rows]
    assert [None, HOUR, None] == [r["offset_change_us"] for r in rows]
    assert [None, 2 * HOUR, None] == [r["offset_after_us"] for r in rows]


def test_rows_of_the_day_on_which_clocks_go_back_by_half_an_hour() -> None:
    howe = Calendar.of("howe", "Australia/Lord_Howe")
    row = day_table([howe], date(2024, 4, 6), date(2024, 4, 7)).to_pylist()[0]
    assert (11 * HOUR, 15 * HOUR, int(10.5 * HOUR)) == (
        row["offset_us"],
        row["offset_change_us"],
        row["offset_after_us"],
    )


def test_a_calendar_that_is_never_closed_is_one_interval_a_day() -> None:
    table = day_table([ALWAYS], date(2024, 3, 1), date(2024, 3, 4))
    assert "start_2_us" not in table.column_names
    assert [24 * HOUR] * 3 == table["length_1_us"].to_pylist()
    assert [0, 24 * HOUR, 48 * HOUR] == table["open_before_us"].to_pylist()
    assert [int(5.75 * HOUR)] * 3 == table["offset_us"].to_pylist()


def test_a_calendar_that_is_never_open_still_has_its_days() -> None:
    table = day_table([Calendar.of("never", "UTC", {})], date(2024, 3, 1), date(2024, 3, 3))
    assert [0, 0] == table["length_1_us"].to_pylist()
    assert [0, 0] == table["open_before_us"].to_pylist()


def test_no_calendars_make_an_empty_table() -> None:
    table = day_table([], date(2024, 3, 1), date(2024, 3, 3))
    assert 0 == table.num_rows
    assert pa.int64() == table.schema.field("length_1_us").type
    assert not covers(table, datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC))


def test_impossible_tables_are_refused() -> None:
    with pytest.raises(CalendarError, match="two calendars are called 'rome'"):
        day_table([ROME, ROME], date(2024, 3, 1), date(2024, 3, 3))
    with pytest.raises(CalendarError, match="need since < until"):
        day_table([ROME], date(2024, 3, 3), date(2024, 3, 3))
    with pytest.raises(CalendarError, match="need since < until"):
        day_table([ROME], date(1899, 3, 3), date(2024, 3, 3))


def test_the_span_of_two_instants_covers_both() -> None:
    first = datetime(2024, 3, 1, 12, tzinfo=UTC)
    last = datetime(2024, 3, 3, 23, 59, 59, 999_999, tzinfo=UTC)
    since, until = span(last, first)
    assert (date(2024, 2, 29), date(2024, 3, 5)) == (since, until)
    assert covers(day_table([ROME], since, until), first, last)
    assert covers(day_table([ROME], date(2024, 3, 1), date(2024, 3, 4)), last, first)
    assert not covers(day_table([ROME], date(2024, 3, 1), date(2024, 3, 3)), first, last)
    assert not covers(day_table([ROME], date(2024, 3, 2), date(2024, 3, 4)), first, last)
