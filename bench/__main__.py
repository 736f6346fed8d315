"""`python -m bench [--size small|full] [names]`: run the benchmarks and write docs/benchmarks.md.

Rule kept here: the page is written from bench/results.json, in which a run replaces only what it measured.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench import day, explain, fold, load, made, pandas_side, scorecard, start, web
from bench.measure import Result, apart, machine
from polso.engine import DuckDB

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results.json"
PAGE: Final = HERE.parent / "docs" / "benchmarks.md"
# Tickets of the two logs a size uses: one for all benchmarks, one for those that should be large.
SIZES: Final = {"small": (100_000, 100_000), "full": (1_000_000, 10_000_000)}
EVENTS_PER_BUCKET: Final = 7_000_000
ORDER: Final = (
    "load",
    "fold",
    "fold large",
    "scorecard",
    "definitions",
    "explain",
    "day",
    "pandas",
    "start",
    "web",
)


class Bench:
    """One invocation: its folder, its logs made when they are first wanted, and the figures it took."""

    def __init__(self, folder: Path, size: str, *, memory: str, times: int) -> None:
        self.folder, self.size, self.memory, self.times = folder, size, memory, times
        self.tickets, self.large = SIZES[size]

    def log(self, tickets: int) -> Path:
        """The file of a made log."""
        path = self.folder / f"log-{tickets}.duckdb"
        if not path.exists():
            print(f"making a log of {tickets:,} tickets", flush=True)
            engine = DuckDB(path, memory=self.memory)
            made.fill(engine, tickets)
            engine.close()
        return path

    def facts_of(self, tickets: int) -> Path:
        """Where the facts of a made log stand."""
        return self.folder / f"facts-{tickets}.duckdb"

    def facts(self, tickets: int) -> Path:
        """A store with the facts of a made log."""
        path = self.facts_of(tickets)
        if not path.exists():
            apart(
                "bench.fold", "product", str(self.log(tickets)), self.memory, str(buckets(tickets)), str(path)
            )
        return path

    def run(self, name: str) -> Result:
        """One benchmark."""
        return JOBS[name](self)


def buckets(tickets: int) -> int:
    """Parts in which a log of so many tickets is folded."""
    return max(1, round(tickets * 11 / EVENTS_PER_BUCKET)) if tickets > 1_000_000 else 1


def _label(tickets: int) -> str:
    return f"{tickets:,} tickets, about {tickets * 11 / 1_000_000:,.0f} million events"


def _fold(b: Bench, tickets: int, times: int, *, keep_facts: bool = False) -> Result:
    kept = b.facts_of(tickets) if keep_facts else None
    return fold.run(
        _label(tickets), b.log(tickets), memory=b.memory, buckets=buckets(tickets), times=times, kept=kept
    )


def _web(b: Bench) -> Result:
    """The demo's base company is multiplied in SQL, so the large store costs minutes, not hours."""
    large, demo = web.projects(b.folder, b.large, min(20_000, b.large), b.memory)
    full = b.size == "full"
    asks, people, lasting = (9, 50, 60.0) if full else (5, 10, 10.0)
    return web.run(f"{b.large:,} tickets", large, demo, asks=asks, people=people, lasting=lasting)


JOBS: Final[dict[str, Callable[[Bench], Result]]] = {
    "load": lambda b: load.run("1,000,000 lines", b.log(b.tickets), b.folder, lines=1_000_000, times=b.times + 2),
    "fold": lambda b: _fold(b, b.tickets, b.times),
    "fold large": lambda b: _fold(b, b.large, 1, keep_facts=b.large > b.tickets),
    "scorecard": lambda b: scorecard.run(_label(b.large), b.facts(b.large), times=b.times + 4),
    "definitions": lambda b: explain.together(_label(b.large), b.facts(b.large), times=b.times + 4),
    "explain": lambda b: explain.alone(_label(b.large), b.facts(b.large), b.log(b.large), times=b.times + 4),
    "day": lambda b: day.run(_label(b.tickets), b.log(b.tickets), b.folder, memory=b.memory, times=1),
    "pandas": lambda b: pandas_side.run(_label(b.tickets), b.log(b.tickets), b.folder, memory=b.memory, times=b.times + 2),
    "web": lambda b: _web(b),
    "start": lambda b: start.run("", b.facts(b.tickets), times=b.times + 2),
}  # fmt: skip


def write(found: dict[str, dict[str, Any]]) -> str:
    """The page."""
    parts = [
        "# Benchmarks",
        "Written by `make bench` (`python -m bench --size full`). The machine was shared while these were taken, so seconds say little and"
        " ratios much: both sides ran in turns, and the figures are medians. Seconds of all cores bear a busy machine better than"
        " seconds by the clock. Ratios are Polso's time over the other side's.",
        "## In short",
        "| benchmark | size | ratio by the clock | ratio of all cores | goal | |\n|---|---|---|---|---|---|\n"
        + "\n".join(
            _short(name, found[name]) for name in ORDER if name in found and found[name]["ratio"] is not None
        ),
    ]
    parts += [_section(name, found[name]) for name in ORDER if name in found]
    return "\n\n".join(parts) + "\n"


def _short(name: str, result: dict[str, Any]) -> str:
    goal, ratio = result["goal"], result["ratio"]
    # By the clock or of all cores: on a shared machine either may be the one disturbed, so both must keep the goal.
    worst = max(ratio, result["cpu_ratio"] or 0)
    if goal is None:
        return f"| {name} | {result['size']} | {ratio:.3g} | {result['cpu_ratio'] or 0:.3g} | {result['goal_text']} | |"
    met = "met" if worst <= goal else f"missed by a factor of {worst / goal:.2g}"
    return f"| {name} | {result['size']} | {ratio:.3g} | {result['cpu_ratio'] or 0:.3g} | at most {goal:g} | {met} |"


def _section(name: str, result: dict[str, Any]) -> str:
    lines = "\n".join(f"| {' | '.join(cells)} |" for cells in result["rows"])
    notes = "\n".join(f"- {note}" for note in result["notes"])
    table = f"| | by the clock | all cores | peak memory |\n|---|---|---|---|\n{lines}"
    return f"## {name}: {result['title']}\n\n{result['size']}\n\n{table}\n\n{notes}\n\n{result['date']}, {result['machine']}."


def main() -> None:
    """Read the command line, measure, write."""
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"benchmarks to run: {', '.join(JOBS)}; all if none"
    )
    parser.add_argument("--size", choices=list(SIZES), default="small")
    parser.add_argument(
        "--folder", type=Path, help="where logs and stores go, and stay; a temporary folder if not said"
    )
    parser.add_argument("--memory", default="9GB", help="DuckDB's memory limit; the process takes some more")
    parser.add_argument(
        "--times", type=int, default=3, help="turns of the long benchmarks; short ones get more"
    )
    asked = parser.parse_args()
    for name in asked.names:
        if name not in JOBS:
            parser.error(f"no benchmark '{name}'; there are {', '.join(JOBS)}")
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(asked.folder or Path(folder), asked.size, memory=asked.memory, times=asked.times)
        bench.folder.mkdir(parents=True, exist_ok=True)
        for name in asked.names or JOBS:
            print(name, flush=True)
            result = bench.run(name)
            for row in result.rows if result.ratio is None else ():
                print("  " + ": ".join(cell for cell in row if cell), flush=True)
            print(f"  ratio {result.ratio}, of all cores {result.cpu_ratio}, goal {result.goal}", flush=True)
            if asked.size == "full":
                keep(name, result)


def keep(name: str, result: Result) -> None:
    """Note a full run's figures, and write the page anew."""
    found = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    found[name] = {**result.as_data(), "machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}"}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(write(found), encoding="utf-8")


if __name__ == "__main__":
    main()
