"""What was booked: channel fees and fixed costs, at their instant or over the days of the stretch they pay for.

Rule kept here: a stretch is the calendar one, in the reporting zone, that holds the instant of the booking; each of
its days bears the same part, within a day by the clock, in fractions, so that the days add up to the amount.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from polso.engine import Table, ibis, micros_of
from polso.kpis.definition import Condition
from polso.kpis.kinds import Ask
from polso.query.period import Period
from polso.query.question import Question, Scope
from polso.query.scan import Cell, Wanted, in_scope, scan, text_key
from polso.query.store import SLOT_US, WEEKDAY, Store

MICROSECOND: Final = timedelta(microseconds=1)
SLOT: Final = timedelta(microseconds=SLOT_US)
EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as all instants of a store
ITEMS: Final = ("fixed", "channel_fee")
# A stretch of an answer's time: the time key of its cells, its start and its end.
Piece = tuple[Cell, datetime, datetime]
Spent = dict[Any, Fraction]


@dataclass(frozen=True, slots=True)
class Booking:
    """Amounts booked in the same words in the same quarter of an hour, which begins at `since`.

    covers: the stretch that they pay for; None where they are of their instant.
    """

    item: str
    channel: str | None
    covers: str | None
    since: datetime
    cents: int


def booked(store: Store, whole: Question, scope: Scope, pieces: Sequence[Piece]) -> dict[str, Spent]:
    """Cents of the period: fixed ones per time key, channel fees per time key and channel."""
    spent: dict[str, Spent] = {item: of_instants(store, whole, scope, item) for item in ITEMS}
    found = covering(store, whole, scope)
    if not found:
        return spent
    borne = _by_day(found, whole.period, store.week_start)
    days = sorted({day for one in borne.values() for day in one})
    for (time, day), part in day_parts(days, pieces, whole.period.zone, store.as_of).items():
        for (item, channel), cents in borne.items():
            if day in cents:
                key = (*time, channel) if item == "channel_fee" else time
                spent[item][key] = spent[item].get(key, Fraction(0)) + cents[day] * part
    return spent


def of_instants(store: Store, whole: Question, scope: Scope, item: str) -> Spent:
    """Amounts that say no stretch, where their instant falls."""
    d = whole.definitions[0].model_copy(update={"unit": "count", "known_after": None})
    where = (Condition(column="item", value=item), Condition(column="covers", op="null"))
    by = (*whole.by, "channel") if item == "channel_fee" else whole.by
    wanted = [Wanted("cents", d, Ask("sum", "amount_minor", where=where))]
    found = scan(store, "costs", "since", wanted, replace(whole, by=by), scope)
    return {cell: Fraction(int(row["cents"])) for cell, row in found.items() if row["cents"]}


def covering(store: Store, whole: Question, scope: Scope) -> list[Booking]:
    """Amounts that pay for a stretch, whichever: few, as they come by the month."""
    d = whole.definitions[0]
    found = store.collect_text(
        [whole],
        lambda stood: ("covering", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, _: _summed(in_scope(store, "costs", None, stood[0], scope, d)),
    )
    return [
        Booking(r["item"], r["channel"], r["covers"], EPOCH + r["slot"] * SLOT, int(r["cents"]))
        for r in found.to_pylist()
    ]


def _summed(rows: Table) -> Table:
    """By the quarter of an hour, in which no local day ends: however many amounts were booked, few rows are left."""
    kept = rows.filter(rows["item"].isin(ITEMS), rows.covers.notnull())
    kept = kept.mutate(slot=(micros_of(kept.since) // ibis.literal(SLOT_US, "int64")).cast("int64"))
    keys = ("item", "channel", "covers", "slot")
    return kept.group_by(*keys).aggregate(cents=kept.amount_minor.cast("decimal(38, 0)").sum())


def stretch(booking: Booking, zone: str, week_start: str) -> tuple[date, date]:
    """The local days [first, end) that an amount pays for."""
    day = booking.since.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()
    if booking.covers == "day":
        return day, day + timedelta(days=1)
    if booking.covers == "week":
        first = day - timedelta(days=(day.isoweekday() - WEEKDAY[week_start]) % 7)
        return first, first + timedelta(weeks=1)
    months = {"month": 1, "quarter": 3, "year": 12}[str(booking.covers)]
    number = day.year * 12 + (day.month - 1) // months * months
    first, end = (date(n // 12, n % 12 + 1, 1) for n in (number, number + months))
    return first, end


def _by_day(
    found: Sequence[Booking], period: Period, week_start: str
) -> dict[tuple[str, str | None], dict[date, Fraction]]:
    """What each day of the period bears, per item and channel."""
    borne: dict[tuple[str, str | None], dict[date, Fraction]] = {}
    for one in found:
        first, end = stretch(one, period.zone, week_start)
        part = Fraction(one.cents, (end - first).days)
        days = borne.setdefault((one.item, one.channel), {})
        for n in range((min(end, period.until) - max(first, period.since)).days):
            day = max(first, period.since) + timedelta(days=n)
            days[day] = days.get(day, Fraction(0)) + part
    return borne


def day_parts(
    days: Sequence[date], pieces: Sequence[Piece], zone: str, as_of: datetime
) -> dict[tuple[Cell, date], Fraction]:
    """Which part of each local day a time key holds, up to as-of: of what comes after, nothing else is known either."""
    ends = [Period(day, day + timedelta(days=1), zone).instants for day in days]
    starts = [start for start, _ in ends]
    held: dict[tuple[Cell, date], Fraction] = {}
    for time, since, until in pieces:
        place, until = max(0, bisect_right(starts, since) - 1), min(until, as_of)
        for day, (start, end) in zip(days[place:], ends[place:], strict=True):
            if start >= until:
                break
            lasts = min(until, end) - max(since, start)
            if lasts > timedelta(0):
                part = Fraction(lasts // MICROSECOND, (end - start) // MICROSECOND)
                held[time, day] = held.get((time, day), Fraction(0)) + part
    return held
