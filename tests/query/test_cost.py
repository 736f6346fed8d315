"""Costs dated right: an amount that pays for a stretch is borne by its days alike, and the days add up to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpis.told import Story, care, folded
from polso.care import Care
from polso.faces.wire import packed, unpacked
from polso.query.bill import Bill, _rounded
from polso.query.bill import bill as bill_of
from polso.query.booked import Booking, _by_day, day_parts, stretch
from polso.query.period import Period, parse
from polso.query.privacy import Privacy
from polso.query.store import local_slots

ROME = "Europe/Rome"
# The last instant of March 2024 in Rome, where clocks went forward that morning.
MARCH_ENDS = datetime(2024, 3, 31, 21, 59, 59)


def _call(story: Story, at: datetime, channel: str = "phone", minutes: int = 10) -> None:
    name = f"c{len(story.events)}"
    said = {"contact_id": name, "visit_id": name, "stage": "talk", "channel": channel, "team": "desk"}
    who = {"actor_kind": "agent", "actor_id": "g"}
    story.tell(at, "entered", name, direction="inbound", **said, **who)
    story.tell(at + timedelta(minutes=minutes), "left", name, value="answered", **said, **who)


def _cost(story: Story, at: datetime, item: str, amount: str, covers: str | None, **more: Any) -> None:
    story.tell(at, "cost", attribute=item, amount=Decimal(amount), currency="EUR", value=covers, **more)


def _told(story: Story) -> Care:
    return care(folded(story.events, zone=ROME), zone=ROME)


@pytest.fixture(scope="module")
def march() -> Iterator[Care]:
    """A call a day at noon through March 2024, and from 16 March a chat as long beside it; April for a day.

    March's rent of 310.00 is booked in its last second, its lines of 62.00 on the first, a spare part of 5.00 on the 12th.
    """
    story = Story()
    for day in range(1, 32):
        _call(story, datetime(2024, 3, day, 11))
        if day > 15:
            _call(story, datetime(2024, 3, day, 15), channel="chat")
    _cost(story, MARCH_ENDS, "fixed", "310", "month")
    _cost(story, datetime(2024, 3, 1, 9), "channel_fee", "62", "month", channel="phone")
    _cost(story, datetime(2024, 3, 12, 9), "fixed", "5", None)
    _call(story, datetime(2024, 4, 1, 11))
    _call(story, datetime(2024, 4, 2, 11))
    with _told(story) as made:
        yield made


def _spent(found: Care, period: str, **asked: Any) -> dict[Any, float]:
    cells = found.ask("cost_per_contact", period=period, **asked)
    return {next(iter(cell.keys.values()), None): cell.parts.get("cost", 0.0) for cell in cells}


def test_each_day_of_a_month_bears_its_part_whatever_its_hours(march: Care) -> None:
    cells = march.ask("cost_per_contact", by="day", period="2024-03")
    # 10.00 of rent and 2.00 of lines a day, the part on its own day; two contacts a day from the 16th on.
    said = {str(cell.keys["day"]): cell.value for cell in cells}
    expected = {
        f"2024-03-{day:02}": (17.0 if day == 12 else 12.0) / (1 if day < 16 else 2) for day in range(1, 32)
    }
    assert expected == said


def test_a_range_that_misses_the_booking_has_its_part(march: Care) -> None:
    assert {None: 120.0} == _spent(march, "2024-03-01..2024-03-11")
    assert {None: 12.0} == _spent(march, "2024-03-31..2024-04-01")
    assert {None: 377.0} == _spent(march, "2024-03")
    assert {None: 0.0} == _spent(march, "2024-04-01..2024-04-02")


def test_an_hour_bears_its_part_of_the_day(march: Care) -> None:
    """24 hours of 0.50, but 23 on the day the clocks go forward."""
    assert {0.5} == set(_spent(march, "2024-03-05..2024-03-06", by="hour").values())
    found = march.ask("cost_per_contact", by="hour", period="2024-03-31..2024-04-01")
    assert [12 / 23] * 2 == [cell.parts["cost"] for cell in found if cell.n]


def test_splits_by_weekday_add_up_to_the_month(march: Care) -> None:
    assert pytest.approx(377.0) == sum(_spent(march, "2024-03", by="weekday").values())
    assert {"2024-03-01": 377.0} == {
        str(day)[:10]: spent for day, spent in _spent(march, "2024-03", by="month").items()
    }


def test_channels_share_the_rent_and_keep_their_own_fees(march: Care) -> None:
    """31 calls and 16 chats of ten minutes: 315.00 by 31 and 16 parts of 47, the 62.00 with the phone."""
    expected = {"phone": 315 * 31 / 47 + 62, "chat": 315 * 16 / 47}
    assert pytest.approx(expected) == _spent(march, "2024-03", by="channel")
    # The days without chats are the phone's alone.
    assert pytest.approx({"phone": 15 * 12 + 5.0}) == _spent(march, "2024-03-01..2024-03-16", by="channel")


def test_what_comes_after_the_data_ends_is_left_out() -> None:
    """Data up to noon of the 11th: ten days and a half of a rent booked on the first."""
    story = Story()
    _cost(story, datetime(2024, 6, 1, 6), "fixed", "300", "month")
    _call(story, datetime(2024, 6, 11, 9, 50))
    with _told(story) as found:
        assert {None: 105.0} == _spent(found, "2024-06")
        assert {None: 5.0} == _spent(found, "2024-06-11..2024-06-12")


def test_an_unknown_stretch_is_a_rejection() -> None:
    story = Story()
    _call(story, datetime(2024, 6, 11, 9))
    _cost(story, datetime(2024, 6, 1), "fixed", "300", "fortnight")
    _cost(story, datetime(2024, 6, 1), "hourly_rate", "20", "collective agreement", actor_id="g")
    engine = folded(story.events)
    assert ["unknown stretch of a cost: fortnight"] == [
        reason for (reason,) in engine.run("SELECT reason FROM rejections")
    ]
    rows = engine.collect(engine.table("costs")).to_pylist()
    assert [("hourly_rate", None)] == [(row["item"], row["covers"]) for row in rows]


@pytest.mark.parametrize(
    ("covers", "week_start", "first", "end"),
    [
        ("day", "monday", "2024-03-01", "2024-03-02"),
        ("week", "monday", "2024-02-26", "2024-03-04"),
        ("week", "sunday", "2024-02-25", "2024-03-03"),
        ("week", "saturday", "2024-02-24", "2024-03-02"),
        ("month", "monday", "2024-03-01", "2024-04-01"),
        ("quarter", "monday", "2024-01-01", "2024-04-01"),
        ("year", "monday", "2024-01-01", "2025-01-01"),
    ],
)
def test_the_stretch_is_the_calendars_in_the_reporting_zone(
    covers: str, week_start: str, first: str, end: str
) -> None:
    """Half past eleven at night of 29 February in UTC is 1 March, a Friday, in Rome."""
    booking = Booking("fixed", None, covers, datetime(2024, 2, 29, 23, 30), 100)
    assert (first, end) == tuple(day.isoformat() for day in stretch(booking, ROME, week_start))


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("day", "week", "month", "quarter", "year")),
            st.datetimes(datetime(2024, 1, 1), datetime(2024, 12, 31)),
            st.integers(-10_000, 10**12),
        ),
        max_size=6,
    ),
    st.sampled_from(("day", "hour_of_day", None)),
)
def test_the_parts_add_up_to_the_last_millionth(
    amounts: list[tuple[str, datetime, int]], grain: str | None
) -> None:
    zone, period = (
        ROME,
        parse(
            "2023-12-01..2025-02-01",
            ROME,
            first=datetime(2024, 1, 1).date(),
            last=datetime(2024, 1, 1).date(),
        ),
    )
    found = [Booking("fixed", None, covers, since, cents) for covers, since, cents in amounts]
    borne = _by_day(found, period, "monday").get(("fixed", None), {})
    pieces = [((), *period.instants)] if grain is None else _slots(period, {"day": "date"}.get(grain, grain))
    held = day_parts(sorted(borne), pieces, zone, period.instants[1])
    assert sum(cents for _, _, cents in amounts) == sum(borne[day] * part for (_, day), part in held.items())
    for day in borne:
        assert Fraction(1) == sum(part for (_, other), part in held.items() if other == day)


def _slots(period: Period, label: str) -> list[tuple[tuple[Any, ...], datetime, datetime]]:
    slots = local_slots(period, 1)
    starts = slots["slot"].to_pylist()
    ends = [*starts[1:], period.instants[1]]
    return [((key,), a, b) for key, a, b in zip(slots[label].to_pylist(), starts, ends, strict=True)]


def _bill(found: Care, period: str, **asked: Any) -> Bill:
    told = found.explain("cost_per_contact", period=period, **asked)
    assert told.bill is not None
    # The charges are the number: to the cent with the cost, and over the rows with the value.
    cell = told.result.cells[0]
    assert (
        round(sum(one.counted for one in told.bill.charges), 2)
        == told.bill.total
        == round(cell.parts["cost"], 2)
    )
    assert cell.n == told.bill.base == told.accounts[0].counted
    assert cell.value == pytest.approx(told.bill.total / told.bill.base, abs=0.01 / told.bill.base)
    return told.bill


def test_a_bill_can_be_reckoned_by_hand(march: Care) -> None:
    """Ten days of 31 of 310.00 and 62.00."""
    rent, lines = _bill(march, "2024-03-01..2024-03-11").charges
    assert ("fixed", 310.0, 10.0, 31, 100.0, 1.0, 100.0) == (
        rent.item, rent.booked, rent.days, rent.of, rent.spent, rent.share, rent.counted,
    )  # fmt: skip
    assert (date(2024, 3, 1), date(2024, 4, 1), "month") == (rent.since, rent.until, rent.covers)
    assert ("channel_fee", "phone", 62.0, 20.0) == (lines.item, lines.channel, lines.booked, lines.counted)


def test_a_bill_of_a_channel_says_its_share(march: Care) -> None:
    """Chats: 16 x 10 minutes of 47 x 10; the phone's lines are not theirs, and the spare part stands at its instant."""
    found = _bill(march, "2024-03", where={"channel": "chat"})
    assert (160 / 60, 470 / 60) == (found.handled, found.handled_of)
    assert [("fixed", "month", 310.0), ("fixed", None, 5.0)] == [
        (o.item, o.covers, o.spent) for o in found.charges
    ]
    assert {16 / 47} == {one.share for one in found.charges}
    assert round(315 * 16 / 47, 2) == found.total
    both = [_bill(march, "2024-03", where={"channel": name}).total for name in ("chat", "phone")]
    assert pytest.approx(377.0) == sum(both)


def test_paid_time_is_told_by_its_rate() -> None:
    """Two hours at 20.00, then one at 21.00 after a raise; half an hour of somebody without a rate."""
    story = Story()
    _cost(story, datetime(2024, 6, 1), "hourly_rate", "20", None, actor_id="g")
    _cost(story, datetime(2024, 6, 11, 10), "hourly_rate", "21", None, actor_id="g")
    story.tell(
        datetime(2024, 6, 11, 8), "scheduled", actor_kind="agent", actor_id="g", amount=Decimal(3 * 3600)
    )
    story.tell(datetime(2024, 6, 11, 8), "scheduled", actor_kind="agent", actor_id="h", amount=Decimal(1800))
    for hour in (8, 9, 10):
        _call(story, datetime(2024, 6, 11, hour))
    _call(story, datetime(2024, 6, 12, 8))
    with _told(story) as found:
        bill = _bill(found, "2024-06-11..2024-06-12")
        assert [("paid", 2.0, 20.0, 40.0), ("paid", 1.0, 21.0, 21.0), ("paid", 0.5, None, 0.0)] == [
            (one.item, one.hours, one.rate, one.counted) for one in bill.charges
        ]
        assert 61.0 == bill.total
        locked = replace(found.scope(), privacy=Privacy("locked", minimum_agents=1, minimum_contacts=1))
        question = found.question("cost_per_contact", period="2024-06-11..2024-06-12")
        told = bill_of(found.store, question, locked)
        assert told is not None
        assert [(3.0, 61 / 3), (0.5, None)] == [(one.hours, one.rate) for one in told.charges]


@given(st.lists(st.fractions(min_value=-100, max_value=10**6, max_denominator=999), max_size=30))
def test_whole_cents_add_up(exact: list[Fraction]) -> None:
    made = _rounded(exact)
    assert round(sum(exact, Fraction(0))) == sum(made)
    assert all(abs(cents - one) < 1 for cents, one in zip(made, exact, strict=True))


def test_only_costs_have_a_bill(march: Care) -> None:
    assert march.explain("contact_volume").bill is None
    told = march.explain("cost_per_contact", period="2024-03", cell={"day": "2024-03-12"})
    assert told.as_dict("it")["costs"]["total"] == 17.0
    json.dumps(told.as_dict())
    assert told == unpacked(packed(told))
