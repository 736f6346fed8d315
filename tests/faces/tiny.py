"""A tiny care team for the tests of the faces, and ways to run the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

SETTINGS = """
[project]
name = "Tiny Care"
zone = "Europe/Rome"
minimum_n = 5

[privacy]
profile = "open"

[[source]]
name = "desk"
kind = "events"
files = "data/*.jsonl"

[[target]]
kpi = "first_response_time"
within = "2h"
share = 0.8
"""
START = datetime(2026, 3, 2, 8)
DAYS = 56


def events(days: int = DAYS) -> list[dict[str, Any]]:
    """Two tickets a day, by e-mail and chat; answered after 30 or 5 minutes, solved after an hour."""
    made = []
    for day in range(days):
        for place, (channel, wait) in enumerate((("email", 30), ("chat", 5))):
            ticket, opened = f"T{2 * day + place}", START + timedelta(days=day, hours=place)
            common = {"ticket_id": ticket, "customer_id": f"C{day % 9}", "channel": channel, "team": "first"}
            for kind, minutes, actor in (
                ("opened", 0, "customer"),
                ("assigned", 2, "system"),
                ("message", wait, "agent"),
                ("solved", 60, "agent"),
            ):
                made.append(
                    {
                        **common,
                        "event_id": f"{ticket}-{kind}",
                        "kind": kind,
                        "actor_kind": actor,
                        "actor_id": "A1" if actor == "agent" else None,
                        "subject_id": "A1" if kind == "assigned" else None,
                        "occurred_at": (opened + timedelta(minutes=minutes)).isoformat(),
                    }
                )
    return made


def write(folder: Path, rows: list[dict[str, Any]]) -> None:
    """Make the project's folder, not loaded."""
    (folder / "data").mkdir(parents=True)
    (folder / "polso.toml").write_text(SETTINGS, encoding="utf-8")
    (folder / "data" / "desk.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


@dataclass
class Ran:
    """What one run of the command line did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its output as strict JSON."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


Run = Callable[..., Ran]


def process(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as people do: in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "polso.faces.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )
