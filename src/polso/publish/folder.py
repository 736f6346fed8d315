"""A published set: facts as Parquet, views over them and the catalogue, all of one instant of the store.

Rule kept here: a set is written whole beside the others, settled on the disk, and only then named `current` by one
rename; a reader sees the old set or the new one, and a crash leaves the old one.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from polso.care import Care
from polso.errors import StoreError
from polso.facts.build import Progress
from polso.publish.guide import guide
from polso.publish.metricflow import metricflow
from polso.publish.parquet import write
from polso.publish.views import View, views
from polso.query.period import Period
from polso.query.store import WEEKDAY, local_slots

CURRENT: Final = "current"
SLOTS: Final = "slots"
DRAFT: Final = ".draft-"
# A connection keeps the views of the set it began with: the sets before the newest stay for a while.
KEPT: Final = 3
HEAD: Final = """\
-- Views over one published set, for DuckDB. Paths are relative to the folder that holds the numbered sets: start DuckDB
-- there, or say so first:  SET file_search_path = '/path/to/published';
-- They name the set by its number, so that what reads them never mixes two sets; run `current/views.sql` again for the next.
"""


@dataclass(frozen=True)
class Published:
    """What was published: the root, the set's number and folder, rows of each fact, and the views."""

    root: Path
    number: int
    facts: dict[str, int]
    views: tuple[View, ...]

    @property
    def path(self) -> Path:
        """The folder of the set."""
        return self.root / str(self.number)


def publish(care: Care, root: Path, progress: Progress) -> Published:
    """Write a new set and make it the current one.

    A set is a numbered folder and `current` a symlink to it: a folder that is in use cannot be replaced by a rename,
    a link can. All of it stays within the root, and so on one filesystem.
    """
    link = root / CURRENT
    if link.exists() and not link.is_symlink():
        raise StoreError(f"{link} is no link to a published set; move it away")
    care.build(progress=progress)
    root.mkdir(parents=True, exist_ok=True)
    _sweep(root)
    draft = root / f"{DRAFT}{os.getpid()}-{uuid4().hex}"
    draft.mkdir()
    try:
        number = max(_numbers(root), default=0) + 1
        made = _written(care, draft, number, root, progress)
        _settle(draft)
        draft.rename(made.path)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    _point(link, made.path)
    for old in sorted(_numbers(root))[:-KEPT]:
        shutil.rmtree(root / str(old), ignore_errors=True)
    return made


def _written(care: Care, draft: Path, number: int, root: Path, progress: Progress) -> Published:
    """The files of a set, of one instant: within a transaction the facts stand still."""
    with care.engine.transaction():
        rows = {one["fact"]: int(one["rows"]) for one in write(care, draft, progress)}
        made = views(care.store, care.catalogue, care.config.dimensions, care.scope())
        pq.write_table(_slots(care, made), draft / f"{SLOTS}.parquet")
    texts = {
        "views.sql": _sql(number, [*rows, SLOTS], made),
        "catalogue.yml": metricflow(made),
        "README.md": guide(care, number, made),
    }
    for name, text in texts.items():
        (draft / name).write_text(text, encoding="utf-8")
    return Published(root, number, rows, tuple(made))


def _slots(care: Care, made: list[View]) -> pa.Table:
    """The project's local days, weeks and hours, by quarters of an hour in UTC, as far as clocks of the views reach."""
    store, day = care.store, timedelta(days=1)
    first, last = _reach(care, made)
    period = Period(store.local_day(first) - day, store.local_day(last) + 2 * day, store.zone)
    return local_slots(period, WEEKDAY[store.week_start])


def _reach(care: Care, made: list[View]) -> tuple[datetime, datetime]:
    """The first and the last instant that places a row."""
    instants = [care.store.first, care.store.last]
    for fact in {view.fact for view in made}:
        rows = care.store.fact(fact)
        clocks = sorted({view.clock for view in made if view.fact == fact})
        ends = {f"{end}_{clock}": getattr(rows[clock], end)() for clock in clocks for end in ("min", "max")}
        (found,) = care.engine.collect(rows.aggregate(**ends)).to_pylist()
        instants += [instant for instant in found.values() if instant is not None]
    return min(instants), max(instants)


def _sql(number: int, facts: list[str], made: list[View]) -> str:
    whole = [
        f"CREATE OR REPLACE VIEW \"{name}\" AS SELECT * FROM read_parquet('{number}/{name}.parquet');"
        for name in facts
    ]
    kpis = [
        f"-- {view.definition.title.en}{f', {view.side}' if view.side else ''}: {view.reading or 'see README.md'}\n"
        f'CREATE OR REPLACE VIEW "{view.name}" AS\n{view.sql};'
        for view in made
    ]
    return "\n".join((HEAD, *whole, "", "\n\n".join(kpis), ""))


def _numbers(root: Path) -> list[int]:
    return [int(path.name) for path in root.iterdir() if path.is_dir() and path.name.isdecimal()]


def _sweep(root: Path) -> None:
    """Remove what a crash left: the store has one process, so drafts of any other are nobody's."""
    for path in root.glob(f"{DRAFT}*"):
        if not path.name.startswith(f"{DRAFT}{os.getpid()}-"):
            path.unlink() if path.is_symlink() else shutil.rmtree(path, ignore_errors=True)


def _settle(folder: Path) -> None:
    """Wait until files and folder are on the disk: the link must never outlive what it names."""
    for path in (*folder.iterdir(), folder):
        held = os.open(path, os.O_RDONLY)
        try:
            os.fsync(held)
        finally:
            os.close(held)


def _point(link: Path, target: Path) -> None:
    draft = link.with_name(f"{DRAFT}{os.getpid()}-{uuid4().hex}")
    draft.symlink_to(target.name, target_is_directory=True)
    os.replace(draft, link)
