"""Benchmark `web`: the pages of the server, in a browser, by themselves, and with many readers at once.

Rule kept here: nothing that is measured as new was asked before: every question has a range of days or a filter of its
own; `again` is the same page once more.
"""

from __future__ import annotations

import asyncio
import gc
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import urlencode

from bench import multiplied
from bench.measure import Result, apart_line, seconds

TITLE: Final = "Pages in a browser, the server's time for every screen, and many readers at once"
NOTES: Final = [
    "The store is the demo company many times over (bench/multiplied.py): all facts are there at full size; the log holds one"
    " company's events, so Sources and data quality counts those alone.",
    "New: a range of 90 days, or all time under a filter, that nobody asked before; the server has been asked every"
    " screen under every filtered name twice before, as in its first minutes, so that its texts are made and counts kept by day."
    " Again: the same page once more, as everybody else gets it.",
    "Readers ask over HTTP from another process, each every two seconds, any screen, 90 days; half of their questions are"
    " those of others.",
]
FILTERS: Final = (
    "", "channel=phone", "channel=email", "channel=chat", "channel=whatsapp", "priority=high", "priority=normal", "priority=low",
    "language=it", "channel=social",
)  # fmt: skip
# One filter of each dimension: others differ by their value.
SHAPES: Final = (0, 1, 5, 8)
GOALS: Final = {"90 days": 0.3, "all time": 1.0, "again": 0.03, "readers": 1.5, "paint": 0.3}
KIB: Final = 150
CHROMIUM: Final = Path("/usr/bin/chromium")
FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PAUSE: Final = 2.0
# The last day of the simulated company.
LAST: Final = date(2026, 6, 30)
# What is asked for twice is kept (query/rollups.py).
ASKED: Final = 2
# Per screen: seconds of new pages, and of the same again.
Taken = dict[str, tuple[list[float], list[float]]]


def run(size: str, large: Path, demo: Path, *, asks: int, people: int, lasting: float) -> Result:
    """Everything, on a large store and on the demo."""
    rows = []
    for kind, crowd in (("90 days", people), ("all time", 0)):
        told = apart_line("bench.web", "screens", str(large), kind, str(asks), str(crowd), str(lasting))
        taken, (pages, errors) = json.loads(told)
        rows += _told(kind, taken)
        if crowd:
            rows.append(
                _row(f"{crowd} readers for {lasting:.0f} s, {len(pages)} pages, {errors} errors", pages)
            )
    rows += _browser(demo)
    return Result("web", TITLE, size, None, None, rows, [*NOTES, _goals()], goal_text="see the goals below")


def _told(kind: str, taken: Taken) -> list[list[str]]:
    everything = [one for new, _ in taken.values() for one in new]
    again = [one for _, found in taken.values() for one in found]
    rows = [_row(f"{kind}, all screens", everything), _row(f"{kind}, all screens, again", again)]
    return rows + [_row(f"{kind}, {name}", new) for name, (new, _) in taken.items()]


def _goals() -> str:
    told = ", ".join(f"{name} {seconds(limit)}" for name, limit in GOALS.items())
    return f"Goals (p95, for paint the median): {told}; {KIB} KiB for the first page."


def url(path: str, kind: str, last: date, nth: int) -> str:
    """A page's URL that differs from all others: by its range, or by its filter."""
    if kind == "all time":
        return f"{path}?{urlencode([('period', 'all'), ('compare', 'none'), ('where', f'client!=nobody {nth}')])}"
    where = [("where", text) for text in (FILTERS[nth % len(FILTERS)],) if text]
    until = last - timedelta(days=1 + nth)
    return f"{path}?{urlencode([('since', f'{until - timedelta(days=89)}'), ('until', f'{until}'), *where])}"


def _row(name: str, taken: list[float]) -> list[str]:
    return [name, f"median {seconds(median(taken))}, p95 {seconds(p95(taken))}", "", ""]


def p95(taken: list[float]) -> float:
    """The value below which 95 of 100 lie."""
    ordered = sorted(taken)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def screens(
    folder: Path,
    kind: str,
    asks: int,
    people: int = 0,
    lasting: float = 0.0,
    shapes: tuple[int, ...] = SHAPES,
) -> tuple[Taken, tuple[list[float], int]]:
    """Per screen the seconds of every new page, and of the same again; and those of many readers, with their errors."""
    from starlette.testclient import TestClient

    from polso.faces.web import drawing
    from polso.faces.web.app import make_app
    from polso.faces.web.screen import screens as all_screens
    from polso.serving import running
    from polso.serving.readers import Readers

    found: Taken = {}
    sock, address = running.listen("127.0.0.1", 0)
    with sock, drawing.beside(), Readers(folder) as readers:
        app = make_app(readers)
        client = TestClient(app, base_url="http://127.0.0.1")
        gc.freeze()  # as `polso serve` does when it begins
        warm(client, readers, kind, shapes if kind == "90 days" else shapes[:1])
        for screen in all_screens():
            urls = [url(screen.at, kind, LAST, nth) for nth in range(asks)]
            new = [_seconds(client, one) for one in urls]
            found[screen.name] = new, [_seconds(client, one) for one in urls]
        crowd: tuple[list[float], int] = ([], 0)
        if people:
            with _listening(app, sock):
                told = apart_line("bench.web", "crowd", address, str(people), str(lasting))
            crowd = json.loads(told)
    return found, crowd


@contextmanager
def _listening(app: Any, sock: Any) -> Iterator[None]:
    """The application on a socket, in a thread."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]))
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def warm(client: Any, readers: Any, kind: str, shapes: tuple[int, ...]) -> None:
    """Ask every screen under every shape of filters, as readers do in the first minutes, and wait for what is made of it."""
    from polso.faces.web.screen import screens as all_screens

    for round_ in range(ASKED):
        for place, screen in enumerate(all_screens()):
            for shape in shapes:
                nth = 200 + shape + len(FILTERS) * (place + 20 * round_)
                _seconds(client, url(screen.at, kind, LAST, nth))
        readers.settle()


def _seconds(client: Any, address: str) -> float:
    start = time.perf_counter()
    answer = client.get(address)
    taken = time.perf_counter() - start
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")
    return taken


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The application of a project in a process of its own, on the loopback; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.web", "serve", str(folder)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait(timeout=30)


def serve(folder: Path) -> None:
    """Serve until terminated; the first line says where."""
    import uvicorn

    from polso.faces.web import drawing
    from polso.faces.web.app import make_app
    from polso.serving import running
    from polso.serving.readers import Readers

    sock, address = running.listen("127.0.0.1", 0)
    with sock, drawing.beside(), Readers(folder) as readers:
        print(address, flush=True)
        uvicorn.Server(uvicorn.Config(make_app(readers), log_level="warning")).run(sockets=[sock])


async def _crowd(address: str, people: int, lasting: float) -> tuple[list[float], int]:
    """Readers beside each other; how long each page took, and how many came to nothing."""
    import httpx2

    from polso.faces.web.screen import screens as all_screens

    paths = [screen.at for screen in all_screens()]
    drawn = random.Random(7)
    pool = [url(drawn.choice(paths), "90 days", LAST, 400 + nth) for nth in range(100)]
    taken: list[float] = []
    errors, end = 0, 0.0

    async def reader(number: int, client: httpx2.AsyncClient) -> None:
        nonlocal errors
        mine = random.Random(number)
        await asyncio.sleep(PAUSE * mine.random())
        while time.perf_counter() < end:
            own = url(mine.choice(paths), "90 days", LAST, mine.randrange(300))
            start = time.perf_counter()
            try:
                answer = await client.get(address + (mine.choice(pool) if mine.random() < 0.5 else own))
                errors += answer.status_code != 200
            except httpx2.HTTPError:
                errors += 1
            taken.append(time.perf_counter() - start)
            await asyncio.sleep(max(0.0, PAUSE - taken[-1]))

    limits = httpx2.Limits(max_connections=people)
    async with httpx2.AsyncClient(timeout=120, limits=limits) as client:
        end = time.perf_counter() + lasting
        await asyncio.gather(*(reader(number, client) for number in range(people)))
    return taken, errors


def _browser(demo: Path, loads: int = 9) -> list[list[str]]:
    """The first page of the demo in a browser that never saw it; nothing where there is no browser."""
    if not CHROMIUM.exists():
        return []
    with served(demo) as address:
        paints, sizes = painted(address, loads)
    return [
        ["demo, Overview, first paint in a cold browser", f"median {seconds(median(paints))}", "", ""],
        ["demo, Overview, bytes over the wire", f"{max(sizes) / 1024:.0f} KiB", "", ""],
    ]


_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
_BYTES: Final = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
    .reduce((sum, one) => sum + one.transferSize, 0)"""


def painted(address: str, loads: int) -> tuple[list[float], list[int]]:
    """Seconds to the first contentful paint and bytes transferred, of several loads without anything cached."""
    from playwright.sync_api import sync_playwright

    paints, sizes = [], []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=list(FLAGS))
        for _ in range(loads):
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="it-IT")
            page = context.new_page()
            page.goto(f"{address}/", wait_until="networkidle")
            page.wait_for_function(f"{_PAINT} !== undefined")
            paints.append(page.evaluate(_PAINT) / 1000)
            sizes.append(int(page.evaluate(_BYTES)))
            context.close()
        browser.close()
    return paints, sizes


def projects(folder: Path, tickets: int, base: int, memory: str) -> tuple[Path, Path]:
    """The large store, and the demo of 5,000 tickets (or fewer where the large one is small)."""
    large, demo = folder / f"web-{tickets}", folder / f"web-demo-{min(5_000, base)}"
    multiplied.make(large, tickets, base, memory)
    multiplied.make(demo, 0, min(5_000, base), memory)
    return large, demo


def main() -> None:
    """What other processes run."""
    what, where, *more = sys.argv[1:]
    if what == "serve":
        serve(Path(where))
    elif what == "crowd":
        people, lasting = more
        print(json.dumps(asyncio.run(_crowd(where, int(people), float(lasting)))))
    else:
        kind, asks, people, lasting = more
        print(json.dumps(screens(Path(where), kind, int(asks), int(people), float(lasting))))


if __name__ == "__main__":
    main()
