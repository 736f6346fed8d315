from __future__ import annotations

from datetime import date

from polso.calendar import Calendar, Holidays, change_marks, changed_days, day_table

SINCE, UNTIL = date(2024, 4, 29), date(2024, 5, 13)
DAY_US = 86_400_000_000
HOURS = {"mon": ["09:00-13:00", "14:00-18:00"], "fri": ["09:00-13:00"]}
SHOP = Calendar.of("shop", "Europe/Rome", HOURS)
DESK = Calendar.of("desk", "Asia/Kathmandu")


def changed(old: list[Calendar], new: list[Calendar]) -> list[tuple[str, date]]:
    return [(row["calendar"], row["day"]) for row in changed_days(old, new, SINCE, UNTIL).to_pylist()]


def test_an_edit_changes_only_the_days_whose_hours_it_changes() -> None:
    later = Calendar.of("shop", "Europe/Rome", {**HOURS, "mon": ["09:00-13:00", "14:00-19:00"]})
    assert [("shop", date(2024, 4, 29)), ("shop", date(2024, 5, 6))] == changed([SHOP, DESK], [later, DESK])
    holiday = Calendar.of(
        "shop", "Europe/Rome", HOURS, holidays=Holidays.of(dates=[date(2024, 5, 6), date(2024, 5, 8)])
    )
    assert [("shop", date(2024, 5, 6))] == changed([DESK, SHOP], [holiday, DESK])


def test_an_edit_that_says_the_same_changes_nothing() -> None:
    same = Calendar.of(
        "shop", "Europe/Rome", {"mon": ["14:00-18:00", "09:00-11:00", "11:00-13:00"], "fri": ["09:00-13:00"]}
    )
    assert [] == changed([SHOP, DESK], [DESK, same])
    # Other calendars may bring more interval columns without changing this one.
    before = day_table([DESK], SINCE, UNTIL)
    after = day_table([DESK, SHOP], SINCE, UNTIL)
    marks = change_marks(before, after).to_pylist()
    assert {"shop"} == {row["calendar"] for row in marks if row["length_1_us"]}


def test_a_local_date_may_change_two_utc_days() -> None:
    shut = Calendar.of("desk", "Asia/Kathmandu", overrides={date(2024, 5, 6): []})
    assert [("desk", date(2024, 5, 5)), ("desk", date(2024, 5, 6))] == changed([DESK], [shut])


def test_a_calendar_or_a_day_that_only_one_side_has_counts_as_changed() -> None:
    assert 14 == len(changed([SHOP], [SHOP, DESK])) == len(changed([SHOP, DESK], [SHOP]))
    short, wide = day_table([SHOP], SINCE, date(2024, 5, 11)), day_table([SHOP], SINCE, UNTIL)
    marks = change_marks(short, wide).to_pylist()
    assert [date(2024, 5, 11), date(2024, 5, 12)] == [row["day"] for row in marks if row["length_1_us"]]


def test_marks_are_a_day_table_open_where_something_changed() -> None:
    shut = Calendar.of("shop", "Europe/Rome", HOURS, overrides={date(2024, 4, 29): [], date(2024, 5, 3): []})
    marks = change_marks(day_table([SHOP], SINCE, UNTIL), day_table([shut], SINCE, UNTIL))
    assert [DAY_US, 0, 0, 0, DAY_US, 0] == marks["length_1_us"].to_pylist()[:6]
    assert [0, DAY_US, DAY_US, DAY_US, DAY_US, 2 * DAY_US] == marks["open_before_us"].to_pylist()[:6]
    empty = day_table([], SINCE, UNTIL)
    assert marks.schema == change_marks(empty, empty).schema
