"""Measuring two ways of doing one thing on a machine that others use too: turn by turn, medians, ratios.

Rule kept here: no figure stands alone; each is set against another that was taken in the same minutes.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Taken:
    """What one run took: seconds by the clock, seconds of all cores, peak memory in bytes."""

    wall: float
    cpu: float
    memory: int = 0


@dataclass(frozen=True)
class Result:
    """One benchmark: what was compared, the ratio, the goal it should keep below, and what to know about it."""

    name: str
    title: str
    size: str
    ratio: float | None
    goal: float | None
    rows: list[list[str]]
    notes: list[str] = field(default_factory=list)
    cpu_ratio: float | None = None
    goal_text: str = ""

    def as_data(self) -> dict[str, Any]:
        """The same for a JSON file."""
        return asdict(self)


def once(job: Callable[[], Any]) -> Taken:
    """One run of something in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    job()
    return Taken(time.perf_counter() - wall, time.process_time() - cpu)


def apart(*arguments: str) -> Taken:
    """One run of `python -m bench.<module> ...` in a process of its own, whose last line says what it took."""
    return Taken(**json.loads(apart_line(*arguments)))


def apart_line(*arguments: str) -> str:
    """The last line that `python -m bench.<module> ...` writes in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([".", os.environ.get("PYTHONPATH", "")])},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout.splitlines()[-1]


def told(taken: Taken) -> str:
    """The line by which a process of its own says what it took."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return json.dumps({"wall": taken.wall, "cpu": taken.cpu, "memory": peak})


def alternate(sides: Mapping[str, Callable[[], Taken]], times: int) -> dict[str, Taken]:
    """Every side `times` times, in turns; per side the medians, and the greatest memory."""
    taken: dict[str, list[Taken]] = {name: [] for name in sides}
    for turn in range(times):
        # The other way round in every second turn: whoever goes second finds warmer caches.
        for name, side in sides.items() if turn % 2 == 0 else reversed(sides.items()):
            taken[name].append(side())
            print(
                f"  {name}: {taken[name][-1].wall:.2f} s, {taken[name][-1].cpu:.2f} s of all cores",
                flush=True,
            )
    return {
        name: Taken(median(t.wall for t in all_), median(t.cpu for t in all_), max(t.memory for t in all_))
        for name, all_ in taken.items()
    }


def row(name: str, taken: Taken) -> list[str]:
    """A line of a benchmark's table."""
    memory = f"{taken.memory / 1e9:.1f} GB" if taken.memory else ""
    return [name, seconds(taken.wall), seconds(taken.cpu), memory]


def seconds(number: float) -> str:
    """Seconds as people read them."""
    return (
        f"{number * 1000:.0f} ms" if number < 1 else f"{number:.1f} s" if number < 100 else f"{number:.0f} s"
    )


def machine() -> str:
    """What it ran on, without names."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("duckdb", "ibis-framework", "pandas", "pyarrow")
    )
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB of memory, {platform.system()} on {platform.machine()},"
        f" Python {platform.python_version()}, {packages}; other programs ran beside it (load {load:.0f})"
    )
