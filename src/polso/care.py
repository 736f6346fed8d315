"""A project opened: load its files, ask its KPIs, see the rows behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from polso import config as settings
from polso.config import Config
from polso.engine import DuckDB, Engine
from polso.errors import QuestionError, UnknownName
from polso.events import log
from polso.facts import build
from polso.kpis.catalogue import Catalogue, catalogue, find
from polso.kpis.definition import Condition, Stat
from polso.query import rows as row_query
from polso.query.period import Compare, Period
from polso.query.period import parse as parse_period
from polso.query.question import Question, Scope
from polso.query.result import Result
from polso.query.run import Time, concrete, run
from polso.query.store import Store
from polso.sources.load import Loaded, load

DATABASE = "polso.duckdb"
Where = Mapping[str, Any] | Sequence[Condition]


class Care:
    """One project: its settings, its store, its catalogue. Use it as a context manager, or close it."""

    def __init__(self, folder: Path, config: Config, engine: DuckDB) -> None:
        self.folder, self.config, self.engine = folder, config, engine
        self.catalogue: Catalogue = catalogue(folder, config.dimensions)
        self._store: Store | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database file."""
        self.engine.close()

    def load(self, *sources: str, progress: build.Progress | None = None) -> list[Loaded]:
        """Load the project's files (or only those of the named sources) and bring the facts up to them."""
        loaded = load(self.engine, self.config, self.folder, only=sources, progress=progress)
        self.build(progress=progress)
        return loaded

    def build(self, *, progress: build.Progress | None = None) -> bool:
        """Bring the facts up to the log and the settings; whether everything was folded anew."""
        anew = build.build(self.engine, self.config, progress=progress)
        self._store = None
        return anew

    @property
    def store(self) -> Store:
        """The facts, ready to be asked; QuestionError where nothing is loaded."""
        if self._store is None:
            self._store = open_store(self.engine, self.config)
        return self._store

    def ask(
        self,
        *kpis: str,
        by: str | Sequence[str] = (),
        period: str = "all",
        where: Where = (),
        variant: str | None = None,
        stat: Stat | None = None,
        time: Time = "calendar",
        params: Mapping[str, float] | None = None,
        compare: Compare | None = None,
        clients: Sequence[str] | None = None,
    ) -> Result:
        """Answer one or several KPIs over a period, split by dimensions and grains of time.

        A KPI is a name or `name:variant`. `where` maps a dimension to a value or a list of values. `params`
        changes thresholds (seconds for durations). QuestionError says what cannot be asked, and what can.
        """
        if not kpis:
            raise QuestionError("ask at least one KPI; `polso kpis` lists them")
        definitions = tuple(concrete(find(self.catalogue, name, variant), stat, time) for name in kpis)
        known = {name for d in definitions for name in d.params}
        for name in params or {}:
            if name not in known:
                raise UnknownName("parameter", name, known)
        question = Question(
            definitions,
            self.period(period),
            (by,) if isinstance(by, str) else tuple(by),
            conditions(where),
            dict(params or {}),
        )
        return run(
            self.store,
            question,
            scope=Scope(tuple(clients) if clients is not None else None),
            time=time,
            compare=compare,
        )

    def period(self, text: str) -> Period:
        """A period as written, in the project's zone."""
        store = self.store
        first, last = store.local_day(store.first), store.local_day(store.last)
        return parse_period(text, self.config.project.zone, first=first, last=last)

    def rows(
        self,
        kpi: str,
        *,
        period: str = "all",
        where: Where = (),
        variant: str | None = None,
        limit: int | None = 1000,
    ) -> pa.Table:
        """The fact rows behind a KPI (its population), with `counted_as` where the definition splits them."""
        definition = concrete(find(self.catalogue, kpi, variant))
        question = Question((definition,), self.period(period), (), conditions(where))
        return row_query.rows(self.store, question, limit)


def conditions(where: Where) -> tuple[Condition, ...]:
    """{'channel': 'email', 'team': ['a', 'b']} as conditions; lists of conditions stay as they are."""
    if not isinstance(where, Mapping):
        return tuple(where)
    return tuple(_condition(name, value) for name, value in where.items())


def _condition(name: str, value: Any) -> Condition:
    if value is None:
        return Condition(column=name, op="null")
    if isinstance(value, (list, tuple, set)):
        return Condition(column=name, op="in", value=tuple(str(v) for v in value))
    return Condition(column=name, op="=", value=value)


def open_store(engine: Engine, config: Config) -> Store:
    """The facts of any engine as something to ask; as-of is the oldest of the sources' latest events."""
    if log.EVENTS not in engine.tables() or "tickets" not in engine.tables():
        raise QuestionError("nothing is loaded yet; run `polso load` in the project's folder")
    events = engine.table(log.EVENTS)
    spans = engine.collect(
        events.group_by("source").aggregate(first=events.occurred_at.min(), last=events.occurred_at.max())
    ).to_pylist()
    if not spans:
        raise QuestionError(
            "the log is empty: no event was loaded; `polso doctor` says what became of the files"
        )
    lasts: list[datetime] = [_naive(s["last"]) for s in spans]
    project = config.project
    return Store(
        engine,
        project.zone,
        project.week_start,
        min(lasts),
        min(_naive(s["first"]) for s in spans),
        max(lasts),
        project.minimum_n,
    )


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)


def open_project(folder: str | Path = ".") -> Care:
    """Open the project in a folder; ConfigError where its polso.toml is missing or wrong."""
    root = Path(folder).resolve()
    return Care(root, settings.read(root), DuckDB(root / DATABASE))
