"""A year of calls told by hand, loaded once: each month says what its verdicts must be."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from polso.care import open_project

SETTINGS = """
[project]
zone = "Europe/Rome"

[[source]]
name = "switch"
kind = "events"
files = "data/*.jsonl"
"""
# Seconds in the queue of the calls of each month, and whether the menu was recorded.
QUICK, SLOW = 10, 300
OCTOBER, NOVEMBER, DECEMBER = 10, 11, 12


def call(
    name: str, start: datetime, queue: int, *, ivr: bool = True, answered: bool = True
) -> list[dict[str, Any]]:
    """5 s of welcome and 10 of menu, if recorded, the queue, and a minute of talk if answered."""
    steps = [("welcome", 5, "passed"), ("ivr", 10, "passed")] if ivr else []
    steps.append(("queue", queue, "answered" if answered else "abandoned"))
    steps += [("talk", 60, "served")] if answered else []
    told, at = [], start
    for stage, seconds, outcome in steps:
        common = {
            "contact_id": name, "ticket_id": name, "visit_id": f"{name}-{stage}", "stage": stage,
            "channel": "phone", "direction": "inbound", "customer_id": f"of {name}",
            "actor_kind": "agent" if stage == "talk" else "customer", "actor_id": "ada" if stage == "talk" else None,
        }  # fmt: skip
        left = at + timedelta(seconds=seconds)
        told.append(
            {**common, "event_id": f"{name}-{stage}-in", "kind": "entered", "occurred_at": at.isoformat()}
        )
        told.append(
            {
                **common,
                "event_id": f"{name}-{stage}-out",
                "kind": "left",
                "value": outcome,
                "occurred_at": left.isoformat(),
            }
        )
        at = left
    return told


def complaint(name: str, start: datetime, again: datetime | None) -> list[dict[str, Any]]:
    """A complaint by e-mail, solved in an hour; `again`: the customer writes once more before that."""
    common = {"ticket_id": name, "channel": "email", "customer_id": f"of {name}", "actor_kind": "customer"}
    steps = [("opened", start), ("set", start), *([("message", again)] if again else [])]
    told = [
        {**common, "event_id": f"{name}-{kind}", "kind": kind, "occurred_at": at.isoformat()}
        for kind, at in steps
    ]
    told[1] |= {"attribute": "issue_type", "value": "complaint"}
    reply = {**common, "actor_kind": "agent", "actor_id": "ada"}
    for kind, minutes in (("message", 10), ("solved", 60)):
        at = start + timedelta(minutes=minutes)
        told.append(
            {**reply, "event_id": f"{name}-agent-{kind}", "kind": kind, "occurred_at": at.isoformat()}
        )
    return told


def year() -> list[dict[str, Any]]:
    """Four calls a month; October is slow, November has no menu, December half of one and a caller who gave up."""
    told = []
    for month in range(1, 13):
        for place in range(4):
            start = datetime(2025, month, 28 if month < DECEMBER else 31, 12 + place)
            queue = SLOW if month == OCTOBER else QUICK
            ivr = month < NOVEMBER or (month == DECEMBER and place < 2)
            told += call(f"C{month}-{place}", start, queue, ivr=ivr)
    told += call("gave up", datetime(2025, 12, 31, 20), 100, ivr=False, answered=False)
    told += complaint("R1", datetime(2025, 3, 3, 9), None)
    told += complaint("R2", datetime(2025, 3, 4, 9), datetime(2025, 3, 4, 9, 30))
    return told


@pytest.fixture(scope="session")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's folder; nobody holds its store."""
    folder = tmp_path_factory.mktemp("calls")
    (folder / "data").mkdir()
    (folder / "polso.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "data" / "calls.jsonl").write_text(
        "\n".join(json.dumps(row) for row in year()), encoding="utf-8"
    )
    with open_project(folder) as care:
        care.load()
    return folder


@pytest.fixture
def settings(calls: Path) -> Iterator[Path]:
    """polso.toml, for a test to add to; it is put back."""
    path = calls / "polso.toml"
    yield path
    path.write_text(SETTINGS, encoding="utf-8")
