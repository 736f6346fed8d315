"""SLA: which target is in force, when it is due, and whether it held."""

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps, hours
from polso.calendar import day_table
from polso.calendar.position import with_business
from polso.config import parse
from polso.engine import DuckDB, ibis
from polso.errors import UnknownName
from polso.facts import build
from polso.facts.due import with_open_due

TOML = """
[[calendar]]
name = "office"
[[calendar.hours]]
mon = ["10:00-18:00"]
tue = ["10:00-18:00"]
wed = ["10:00-13:00", "14:00-18:00"]
fri = ["10:00-18:00"]

[[target]]
kpi = "first_response_time"
within = "30m"
calendar = true
when = {priority = ["urgent", "high"]}

[[target]]
kpi = "first_response_time"
within = "4h"

[[target]]
kpi = "first_response_time"
within = "24h"

[[target]]
kpi = "resolution_time"
within = "2h"

[[target]]
kpi = "reply_time"
within = "1h"

[[target]]
kpi = "csat"
value = 0.9
"""

MINUTE = 60 * 1_000_000


def opened(when: str, ticket: str, priority: str | None = None) -> list[Row]:
    first = event(
        when, "opened", ticket, customer_id="c1", actor_kind="customer", channel="email", team="help"
    )
    asked = event(when, "message", ticket, actor_kind="customer")
    chosen = event(when, "set", ticket, attribute="priority", value=priority)
    return [first, asked, chosen] if priority else [first, asked]


def replied(when: str, ticket: str) -> Row:
    return event(when, "message", ticket, actor_kind="agent", actor_id="anna")


STORY = [
    # frappe-011: 9 open minutes late
    *opened("10:00", "late", "high"),
    replied("10:39", "late"),
    # frappe-012: the day ended first, so 5 open minutes are in time
    *opened("17:55", "night", "urgent"),
    replied("2024-01-09 10:00", "night"),
    event("2024-01-09 10:00", "set", "night", attribute="priority", value="low"),
    # frappe-005: paused, not resolved
    *opened("10:00", "paused"),
    event("10:10", "waiting", "paused", value="customer"),
    event("10:40", "resumed", "paused"),
    event("12:20", "solved", "paused", actor_kind="agent", actor_id="anna"),
    event("13:00", "closed", "paused"),
    # closed soon, never answered: nobody can say
    *opened("10:00", "withdrawn"),
    event("11:00", "closed", "withdrawn"),
    # two turns, the second still open; the reply came too late
    *opened("10:00", "turns"),
    replied("12:00", "turns"),
    event("13:00", "message", "turns", actor_kind="customer"),
]


@pytest.fixture(scope="module")
def sla(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, int, int], Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"), TOML)["sla"]
    return {(row["ticket_id"], row["target_nth"], row["nth"]): row for row in rows}


def test_the_first_condition_that_matches_chooses_all_its_targets(
    sla: dict[tuple[str, int, int], Row],
) -> None:
    first = sorted((ticket, nth) for ticket, nth, _ in sla if nth <= 3)
    assert first == [
        ("late", 1), ("night", 1), ("paused", 2), ("paused", 3), ("turns", 2), ("turns", 3),
        ("withdrawn", 2), ("withdrawn", 3),
    ]  # fmt: skip
    assert sla["late", 1, 1]["target"] == "first_response_time 1800s open priority=urgent|high"


def test_lateness_and_due_in_open_time(sla: dict[tuple[str, int, int], Row]) -> None:
    late, night = sla["late", 1, 1], sla["night", 1, 1]
    assert (late["due_at"], late["late_us"], late["is_met"]) == (at("10:30"), 9 * MINUTE, False)
    assert night["due_at"] == at("2024-01-09 10:25")
    assert (night["late_us"], night["taken_us"], night["is_met"]) == (-25 * MINUTE, hours(16 + 1 / 12), True)


def test_pauses_are_taken_off_only_where_asked(sla: dict[tuple[str, int, int], Row]) -> None:
    row = sla["paused", 4, 1]
    assert (row["outcome"], row["late_us"], row["due_at"]) == ("missed", 20 * MINUTE, at("12:00"))
    assert (row["outcome_pausing"], row["late_pausing_us"], row["paused_us"]) == (
        "met",
        -10 * MINUTE,
        30 * MINUTE,
    )


def test_ended_unmet_is_missed_only_when_the_time_was_up(sla: dict[tuple[str, int, int], Row]) -> None:
    assert sla["withdrawn", 2, 1]["outcome"] == "withdrawn"
    assert sla["withdrawn", 2, 1]["is_met"] is None
    assert sla["withdrawn", 4, 1]["outcome"] == "withdrawn"
    row = sla["paused", 2, 1]
    assert (row["outcome"], row["met_at"], row["stopped_at"]) == ("withdrawn", None, at("12:20"))


def test_every_turn_starts_its_own_clock(sla: dict[tuple[str, int, int], Row]) -> None:
    first, second = sla["turns", 5, 1], sla["turns", 5, 2]
    assert (first["outcome"], first["late_us"]) == ("missed", hours(1))
    assert (second["outcome"], second["is_met"], second["due_at"]) == ("pending", None, at("14:00"))


def test_a_target_for_an_unknown_dimension_is_refused(tmp_path: Path) -> None:
    wrong = '[[target]]\nkpi = "assign_time"\nwithin = "1h"\nwhen = {prioritty = "high"}\n'
    with pytest.raises(UnknownName, match="priority"):
        folded(STORY, tmp_path, wrong)


def test_no_target_no_case(tmp_path: Path) -> None:
    assert folded(STORY, tmp_path)["sla"] == []


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path, TOML)["sla"]
    assert folded(STORY, tmp_path, TOML, seed=1)["sla"] == expected
    assert folded_in_steps(STORY, tmp_path, TOML, seed=2)["sla"] == expected


def test_a_due_instant_is_the_first_at_which_the_time_is_up() -> None:
    """Open time from the start to the due instant is what was allowed; a microsecond before, less."""
    draw = random.Random(7)
    start = datetime(2024, 1, 8, tzinfo=UTC).replace(tzinfo=None)
    asked = [
        {
            "start": start + timedelta(seconds=draw.randrange(40 * 86_400)),
            "allowed": draw.randrange(1, hours(120)),
        }
        for _ in range(400)
    ]
    engine = DuckDB()
    (office,) = build.calendars(parse(TOML))
    days = engine.scratch("days", day_table([office], date(2024, 1, 1), date(2025, 1, 1)))
    rows = engine.scratch("rows", ibis.memtable(asked).to_pyarrow()).mutate(calendar=ibis.literal("office"))
    rows = with_open_due(rows, "start", "allowed", "calendar", days, "due")
    rows = rows.mutate(before=rows.due - ibis.interval(microseconds=1))
    pairs = {"spent": ("start", "due"), "short": ("start", "before")}
    found = engine.collect(with_business(rows, pairs, "calendar", days)).to_pylist()
    assert len(found) == 400
    assert [row["spent"] for row in found] == [row["allowed"] for row in found]
    assert [row["short"] for row in found] == [row["allowed"] - 1 for row in found]
