"""The slot table: what a local clock and calendar say during each 15-minute UTC slot, for reports in a zone.

Rule kept here: every zone's offset is a multiple of 15 minutes, so a slot belongs to one local hour, date,
week and so on, and no query ever converts a time zone. A slot is 15 minutes of elapsed time: the hour
that happens twice in autumn has eight of them on the axis `hour_of_day` and is two hours on the axis `hour`.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from polso.calendar.columns import Column, schema_of
from polso.calendar.instants import DAY_US, FIRST, LAST, instant, number
from polso.calendar.zone import stretches, zone_named
from polso.errors import CalendarError

SLOT_US = 15 * 60 * 1_000_000
HOUR_US = 4 * SLOT_US
ISO_MONDAY = 1

COLUMNS = (
    Column("slot", pa.timestamp("us"), "", "Start of the slot, UTC without zone; unique."),
    Column("offset_us", pa.int64(), "us", "Local time minus UTC during the slot."),
    Column("date", pa.date32(), "", "Local date."),
    Column("hour_of_day", pa.int8(), "h", "Local hour, 0 to 23; the hour that clocks repeat is one."),
    Column("hour_of_day_us", pa.int64(), "us", "Elapsed length of that hour of that date; 2 h if repeated."),
    Column("weekday", pa.int8(), "", "Local weekday by ISO: 1 Monday to 7 Sunday."),
    Column("quarter_hour", pa.string(), "", "Local start with its offset: 2024-10-27T02:15+02:00."),
    Column("hour", pa.string(), "", "Local hour with its offset; a repeated hour is two."),
    Column("hour_start", pa.timestamp("us"), "", "Start of that `hour`, UTC; sort labels by it."),
    Column("hour_us", pa.int64(), "us", "Elapsed length of that `hour`."),
    Column("week_start", pa.date32(), "", "Local date on which the week starts."),
    Column("month_start", pa.date32(), "", "First local date of the month."),
    Column("quarter_start", pa.date32(), "", "First local date of the quarter."),
    Column("year", pa.int16(), "", "Local year."),
)

Ints = npt.NDArray[np.int64]


def slot_table(zone: str, since: date, until: date, week_start: int = ISO_MONDAY) -> pa.Table:
    """One row per 15-minute UTC slot of the UTC days [since, until), in order; see COLUMNS.

    `week_start` is an ISO weekday, 1 Monday to 7 Sunday. CalendarError for an unknown zone, a range that is
    empty or beyond the years 1900-2099, or a zone whose offset then was no multiple of 15 minutes.
    """
    zone_named(zone)
    if not FIRST < since < until < LAST:
        raise CalendarError(f"slots from {since} to {until}: need since < until, both in {FIRST} to {LAST}")
    if week_start not in range(1, 8):
        raise CalendarError(f"week_start {week_start}: write an ISO weekday, 1 Monday to 7 Sunday")
    # A day more on each side, so that hours cut by the edges of the table still get their true length.
    slots = np.arange((number(since) - 1) * DAY_US, (number(until) + 1) * DAY_US, SLOT_US, dtype=np.int64)
    offsets = _offsets(zone, slots)
    local = slots + offsets
    values = {**_hours(slots, local, offsets), **_dates(local, week_start)}
    values |= {"slot": slots.view("M8[us]"), "offset_us": offsets}
    margin = DAY_US // SLOT_US
    arrays = [_array(values[column.name], column.type)[margin:-margin] for column in COLUMNS]
    return pa.table(arrays, schema=schema_of(COLUMNS))


def _array(values: object, kind: pa.DataType) -> pa.Array:
    array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values)
    return array.cast(kind)


def _offsets(zone: str, slots: Ints) -> Ints:
    offsets = np.empty(len(slots), dtype=np.int64)
    first = int(slots[0])
    for start, end, offset in stretches(zone, first, int(slots[-1]) + SLOT_US):
        if offset % SLOT_US or start % SLOT_US:
            raise CalendarError(
                f"{zone} left the 15-minute grid of UTC at {instant(start)}; ask for a range without that"
            )
        offsets[(start - first) // SLOT_US : (end - first) // SLOT_US] = offset
    return offsets


def _hours(slots: Ints, local: Ints, offsets: Ints) -> dict[str, object]:
    hours = local // HOUR_US
    _, row, slots_in_hour = np.unique(hours, return_inverse=True, return_counts=True)
    # Slots of one hour and offset are neighbours; each run of them is one entry of the axis `hour`.
    begins = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1) | np.diff(offsets, prepend=offsets[0]))
    run = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(hours)))
    labels = _labels(hours[begins] * HOUR_US, offsets[begins])
    return {
        "hour_of_day": hours % 24,
        "hour_of_day_us": slots_in_hour[row] * SLOT_US,
        "quarter_hour": _labels(local, offsets),
        "hour": labels.take(pa.array(run)),
        "hour_start": slots[begins].view("M8[us]")[run],
        "hour_us": np.diff(begins, append=len(hours))[run] * SLOT_US,
    }


def _labels(local: Ints, offsets: Ints) -> pa.Array:
    distinct, row = np.unique(offsets, return_inverse=True)
    suffixes = pa.array([_suffix(int(offset)) for offset in distinct], pa.string()).take(pa.array(row))
    stamps = pa.array(np.datetime_as_string(local.view("M8[us]"), unit="m"))
    return pc.binary_join_element_wise(stamps, suffixes, "")


def _suffix(offset_us: int) -> str:
    hours, minutes = divmod(abs(offset_us) // 60_000_000, 60)
    return f"{'-' if offset_us < 0 else '+'}{hours:02}:{minutes:02}"


def _dates(local: Ints, week_start: int) -> dict[str, object]:
    # Worked out once a local date, then spread over its slots.
    numbers, row = np.unique(local // DAY_US, return_inverse=True)
    dates = numbers.astype("M8[D]")
    months = dates.astype("M8[M]")
    # 1970-01-01 was a Thursday, ISO 4.
    weekdays = (numbers + 3) % 7 + 1
    values = {
        "date": dates,
        "weekday": weekdays,
        "week_start": dates - (weekdays - week_start) % 7,
        "month_start": months.astype("M8[D]"),
        "quarter_start": (months - months.astype(np.int64) % 3).astype("M8[D]"),
        "year": dates.astype("M8[Y]").astype(np.int64) + 1970,
    }
    return {name: value[row] for name, value in values.items()}
