"""Every reference case of business time, through the calendar and through the engine expression.

Where vendors disagree (tagged cases) OURS holds what Polso answers, docs/decisions.md says why.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from polso.calendar import Calendar, Holidays, day_table
from polso.calendar.hours import DAYS

CHECKOUT = Path(__file__).resolve().parents[2]
DECISIONS = CHECKOUT / "docs/decisions.md"
MICROSECOND = timedelta(microseconds=1)
SECOND_US = 1_000_000

# What Polso answers where it differs from what the case's vendor asserts.
OURS: dict[str, Any] = {
    "biz-add-002": {"expected_at": "2006-01-08T12:00:00Z"},
    "biz-add-006": {"expected_at": "2006-01-03T00:00:00Z"},
    "biz-subtract-004": {"expected_at": "2006-01-03T00:00:00Z"},
    "biz-periods_after-015": {
        "expected_periods": [
            ["2006-04-02T10:00:00Z", "2006-04-02T10:15:00Z"],
            ["2006-04-03T16:00:00Z", "2006-04-04T00:00:00Z"],
        ]
    },
    "biz-within-019": {"expected_seconds": 8 * 3600 + 15 * 60},
    "zammad-add-028": {"expected_at": "2016-11-09T09:26:36Z"},
    "zammad-add-029": {"expected_at": "2016-11-09T09:26:36Z"},
    "zammad-within-009": {"expected_seconds": 3},
}

Case = dict[str, Any]
Check = tuple[datetime, datetime, int, int]


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[Case]:
    stored = json.loads((shared / "reference/business_time_cases.json").read_text())["cases"]
    return [{**case, **OURS.get(case["id"], {})} for case in stored]


def calendar_of(case: Case) -> Calendar:
    schedule = case["schedule"]
    assert set(schedule) <= {"time_zone", "hours", "shifts", "breaks", "holidays", "annual_holidays"}
    return Calendar.of(
        case["id"],
        schedule["time_zone"],
        {day: texts(ranges) for day, ranges in schedule["hours"].items()},
        overrides={date.fromisoformat(day): texts(r) for day, r in schedule.get("shifts", {}).items()},
        breaks={date.fromisoformat(day): texts(r) for day, r in schedule.get("breaks", {}).items()},
        holidays=Holidays.of(
            dates=map(date.fromisoformat, schedule.get("holidays", [])),
            annual=schedule.get("annual_holidays", []),
        ),
    )


def texts(ranges: list[list[str]]) -> list[str]:
    return [f"{opens}-{closes}" for opens, closes in ranges]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def by_calendar(case: Case) -> Any:
    calendar = calendar_of(case)
    match case["kind"]:
        case "within":
            return calendar.business_us(at(case["start"]), at(case["end"]))
        case "add":
            return calendar.add(at(case["start"]), case["duration_seconds"] * SECOND_US)
        case "subtract":
            return calendar.subtract(at(case["start"]), case["duration_seconds"] * SECOND_US)
        case "add_business_days":
            return calendar.add_business_days(at(case["start"]), case["days"])
        case "in_hours":
            return calendar.is_open(at(case["at"]))
        case "periods_after" | "periods_before":
            periods = calendar.periods(at(case["start"]), backwards=case["kind"] == "periods_before")
            return [period for period, _ in zip(periods, case["expected_periods"], strict=False)]
    raise AssertionError(case["kind"])


def expected(case: Case) -> Any:
    if "expected_seconds" in case:
        return case["expected_seconds"] * SECOND_US
    if "expected_at" in case:
        return at(case["expected_at"])
    if "expected_periods" in case:
        return [(at(start), at(end)) for start, end in case["expected_periods"]]
    return case["expected_open"]


def test_calendar_agrees_with_every_case(cases: list[Case]) -> None:
    wrong = {case["id"]: by_calendar(case) for case in cases if by_calendar(case) != expected(case)}
    assert wrong == {}
    assert len(cases) == 172


def checks(case: Case) -> Iterator[Check]:
    """The case as (start, end, least, most) microseconds of business time; most kinds say it exactly."""
    match case["kind"]:
        case "within":
            yield exactly(at(case["start"]), at(case["end"]), case["expected_seconds"] * SECOND_US)
        case "add":
            yield from reached(at(case["start"]), at(case["expected_at"]), case["duration_seconds"], 1)
        case "subtract":
            yield from reached(at(case["start"]), at(case["expected_at"]), case["duration_seconds"], -1)
        case "in_hours":
            yield exactly(at(case["at"]), at(case["at"]) + MICROSECOND, int(case["expected_open"]))
        case "add_business_days":
            # Where the engine has no such function: the answer is inside or at the edge of open time.
            answer = at(case["expected_at"])
            yield answer - MICROSECOND, answer + MICROSECOND, 1, 2
        case _:
            yield from consecutive(at(case["start"]), expected(case), case["kind"] == "periods_before")


def exactly(start: datetime, end: datetime, us: int) -> Check:
    return start, end, us, us


def reached(start: datetime, answer: datetime, seconds: int, step: int) -> Iterator[Check]:
    """The duration is used up at the answer, and was not one microsecond nearer to the start."""
    pair = (start, answer) if step > 0 else (answer, start)
    yield exactly(*pair, seconds * SECOND_US)
    if seconds:
        nearer = (start, answer - MICROSECOND) if step > 0 else (answer + MICROSECOND, start)
        yield exactly(*nearer, seconds * SECOND_US - 1)


def consecutive(
    start: datetime, periods: list[tuple[datetime, datetime]], backwards: bool
) -> Iterator[Check]:
    """Every period is open throughout, and between `start`, one period and the next all is closed."""
    edge = start
    for begin, end in periods:
        yield exactly(begin, end, (end - begin) // MICROSECOND)
        yield exactly(end, edge, 0) if backwards else exactly(edge, begin, 0)
        edge = begin if backwards else end


def test_engine_agrees_with_every_case(cases: list[Case], run: Any) -> None:
    from polso.calendar.position import with_business

    rows = [(case["id"], *check) for case in cases for check in checks(case)]
    table = pa.table(
        {
            "name": [row[0] for row in rows],
            "start": pa.array([row[1].replace(tzinfo=None) for row in rows], pa.timestamp("us")),
            "end": pa.array([row[2].replace(tzinfo=None) for row in rows], pa.timestamp("us")),
            "least": pa.array([row[3] for row in rows], pa.int64()),
            "most": pa.array([row[4] for row in rows], pa.int64()),
        }
    )
    days = concat(cases)
    result = run(
        {"rows": table, "days": days},
        lambda known: with_business(known["rows"], {"us": ("start", "end")}, "name", known["days"]),
    ).to_pylist()
    wrong = [row for row in result if row["us"] is None or not row["least"] <= row["us"] <= row["most"]]
    assert wrong == []
    assert {case["id"] for case in cases} == {row["name"] for row in result}
    assert len(rows) == len(result)


def concat(cases: list[Case]) -> pa.Table:
    """One day table for all cases, each with only the years that it needs."""
    tables = []
    for case in cases:
        instants = [instant for check in checks(case) for instant in check[:2]]
        since, until = min(instants).date() - timedelta(1), max(instants).date() + timedelta(2)
        tables.append(day_table([calendar_of(case)], since, until))
    joined = pa.concat_tables(tables, promote_options="default")
    spare = [i for i, name in enumerate(joined.column_names) if name.startswith(("start_", "length_"))]
    for i in spare:
        joined = joined.set_column(i, joined.column_names[i], joined.column(i).fill_null(0))
    return joined


def test_every_tagged_case_has_its_decision(cases: list[Case]) -> None:
    text = DECISIONS.read_text(encoding="utf-8")
    tagged = {case["id"] for case in cases if case["conventions"]}
    assert {case_id for case_id in tagged if f"`{case_id}`" not in text} == set()
    assert len(tagged) == 14
    assert set(OURS) <= tagged


def test_answers_of_ours_differ_from_the_vendor(shared: Path) -> None:
    stored = json.loads((shared / "reference/business_time_cases.json").read_text())["cases"]
    vendor = {case["id"]: case for case in stored}
    for case_id, ours in OURS.items():
        for key, value in ours.items():
            assert value != vendor[case_id][key], case_id


def test_weekdays_are_named_as_in_the_cases(cases: list[Case]) -> None:
    assert set(DAYS) == {day for case in cases for day in case["schedule"]["hours"]}
