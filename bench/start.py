"""Benchmark `start`: how long a person waits for `polso --help`, and a question for its answer. Information, no goal."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Final

from bench.measure import Result, once, row
from bench.scorecard import open_facts

TITLE: Final = "Starting, and one warm question (information)"


def run(size: str, facts: Path, *, times: int) -> Result:
    """Medians; the first question of a process is shown apart."""
    polso = [sys.executable, "-m", "polso.faces.cli", "--help"]
    command = Path(sys.executable).with_name("polso")
    polso = [str(command), "--help"] if command.exists() else polso
    helps = [once(lambda: subprocess.run(polso, check=True, capture_output=True)) for _ in range(times + 2)]
    bare = [
        once(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)) for _ in range(times + 2)
    ]
    care = open_facts(facts)
    asked = [
        once(lambda: care.ask("first_response_time", by="channel", period="last 28 days"))
        for _ in range(times + 4)
    ]
    care.close()
    middle = sorted(asked[1:], key=lambda taken: taken.wall)[len(asked[1:]) // 2]
    rows = [row("`polso --help`", sorted(helps, key=lambda t: t.wall)[len(helps) // 2]), row("Python doing nothing", sorted(bare, key=lambda t: t.wall)[len(bare) // 2]),
            row("the first question", asked[0]), row("the same question, warm", middle)]  # fmt: skip
    notes = [
        f"`polso --help` takes {median(t.wall for t in helps) / median(t.wall for t in bare):.1f} times what Python takes to do nothing."
    ]
    return Result("start", TITLE, size, None, None, rows, notes)
