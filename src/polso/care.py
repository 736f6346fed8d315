"""A project opened: load its files, ask its KPIs, see the rows behind them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from polso import config as settings
from polso.calendar import Calendar
from polso.config import Config
from polso.engine import DuckDB, Engine
from polso.errors import PrivacyError, QuestionError, UnknownName
from polso.events import log
from polso.events.check import Finding, check, rejections
from polso.facts import build
from polso.facts.fact import Credit
from polso.facts.plan import calendar_named
from polso.kpis.catalogue import Catalogue, catalogue, find, find_all
from polso.kpis.definition import Definition, Stat
from polso.kpis.register import changed, enter, registered, with_registered
from polso.kpis.wording import stated
from polso.query import rows as row_query
from polso.query.balance import Line, balance
from polso.query.bill import bill
from polso.query.cells import Where, conditions, within
from polso.query.difference import Difference, differing
from polso.query.disagree import OF_ROWS, TOLD_BY_TICKET, Dissent, Parting, dissents, partings
from polso.query.explain import account, distribution
from polso.query.explanation import Explanation
from polso.query.period import Compare, Period
from polso.query.period import parse as parse_period
from polso.query.privacy import Privacy, in_force
from polso.query.question import Question, Scope
from polso.query.result import Cell, Result
from polso.query.run import Time, concrete, run
from polso.query.saved import Answer, Drift, drifts, read, save
from polso.query.store import Store
from polso.query.story import story
from polso.query.suppress import refuse_small
from polso.query.survival import Curve, curve
from polso.sources.leftovers import leftovers
from polso.sources.load import Loaded, load

DATABASE = "polso.duckdb"


class Care:
    """One project: its settings, its store, its catalogue. Use it as a context manager, or close it."""

    def __init__(
        self, folder: Path, config: Config, engine: DuckDB, today: Callable[[], date] | None = None
    ) -> None:
        self.folder, self.config, self.engine = folder, config, engine
        self._today = today or (lambda: datetime.now(config.zone).date())
        self._registered = registered(engine)
        self.catalogue: Catalogue = with_registered(catalogue(folder, config.dimensions), self._registered)
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

    def load(
        self, *sources: str, anew: Sequence[str] = (), progress: build.Progress | None = None
    ) -> list[Loaded]:
        """Load the project's files (or only those of the named sources) and bring the facts up to them.

        What the sources in `anew` ever told is forgotten first, and read again where polso.toml still names them.
        """
        loaded = load(
            self.engine, self.config, self.folder, only=sources, anew=tuple(anew), progress=progress
        )
        self.build(progress=progress)
        return loaded

    def check(self) -> list[Finding]:
        """Everything that is wrong with the log."""
        return check(self.engine, names=self.privacy.state == "open")

    def rejections(self, sources: Sequence[str] = (), limit: int = 20) -> list[dict[str, Any]]:
        """The first rejected rows, by file and line."""
        return rejections(self.engine, sources, limit, names=self.privacy.state == "open")

    def leftovers(self) -> list[str]:
        """Warnings: what the log still holds of files and sources that polso.toml names no longer."""
        return leftovers(self.engine, self.config, self.folder)

    def build(self, *, progress: build.Progress | None = None) -> bool:
        """Bring the facts up to the log and the settings; whether everything was folded anew."""
        anew = build.build(self.engine, self.config, progress=progress)
        enter(self.engine, self.catalogue)
        self._registered = registered(self.engine)
        self._store = None
        return anew

    @property
    def store(self) -> Store:
        """The facts, ready to be asked; QuestionError where nothing is loaded."""
        if self._store is None:
            self._store = open_store(self.engine, self.config)
        return self._store

    @property
    def privacy(self) -> Privacy:
        """What may be seen of the people at work today: `state`, and in `reason` a sentence that says why."""
        return in_force(self.config.privacy, self.folder, self._today())

    def scope(self, clients: Sequence[str] | None = None) -> Scope:
        """Whose rows may be seen, and what of the people at work; every question of a project is asked with one."""
        return Scope(tuple(clients) if clients is not None else None, self.privacy)

    def ask(
        self,
        *kpis: str,
        by: str | Sequence[str] = (),
        period: str = "all",
        where: Where = (),
        variant: str | None = None,
        stat: Stat | None = None,
        time: Time = "calendar",
        params: Mapping[str, float | str] | None = None,
        compare: Compare | None = None,
        clients: Sequence[str] | None = None,
        definition: str | Sequence[str] = (),
        credit: Credit | None = None,
    ) -> Result:
        """Answer one or several KPIs over a period, split by dimensions and grains of time.

        A KPI is a name, `name:variant`, either with `@version`; `definition` asks each under several named
        definitions at once ("polso", "zendesk", ...; "all" for every vendor's). `where` maps a dimension to a value
        or a list of values. `params` changes thresholds (seconds for durations) or makes a choice by word.
        `credit` says under whose name a row is counted. QuestionError says what cannot be asked, and what can.
        """
        question = self.question(
            *kpis, by=by, period=period, where=where, variant=variant, stat=stat, time=time, params=params,
            definition=definition, credit=credit,
        )  # fmt: skip
        scope = self.scope(clients)
        result = run(self.store, question, scope=scope, time=time, compare=compare)
        result = replace(result, beside=self._beside(question, scope))
        said = self.changed(*kpis)
        return replace(result, warnings=(*result.warnings, *said)) if said else result

    def _beside(self, question: Question, scope: Scope) -> tuple[Cell, ...]:
        """What the definitions of a question say must be read with them; nothing where its filters do not fit."""
        names = dict.fromkeys(name for d in question.definitions for name in d.beside)
        asked = {d.name for d in question.definitions}
        found = tuple(concrete(find(self.catalogue, name)) for name in names if name not in asked)
        if not found:
            return ()
        try:
            return run(self.store, replace(question, definitions=found, by=(), params={}), scope=scope).cells
        except (PrivacyError, QuestionError):
            return ()

    def question(
        self,
        *kpis: str,
        by: str | Sequence[str] = (),
        period: str = "all",
        where: Where = (),
        variant: str | None = None,
        stat: Stat | None = None,
        time: Time = "calendar",
        params: Mapping[str, float | str] | None = None,
        definition: str | Sequence[str] = (),
        credit: Credit | None = None,
    ) -> Question:
        """A question as `ask` understands it, not run yet."""
        if not kpis:
            raise QuestionError("ask at least one KPI; `polso kpis` lists them")
        named = (definition,) if isinstance(definition, str) else tuple(definition)
        if variant and named:
            raise QuestionError("say `variant` or `definition`, not both: a variant is a definition too")
        words = {name: word for name, word in (params or {}).items() if isinstance(word, str)}
        found = [one for name in kpis for one in find_all(self.catalogue, name, named, variant, words)]
        definitions = tuple({d.versioned: concrete(d, stat, time, credit) for d in found}.values())
        limits = {name: value for name, value in (params or {}).items() if not isinstance(value, str)}
        known = {name for d in definitions for name in d.params}
        for name in limits:
            if name not in known:
                raise UnknownName("parameter", name, known)
        splits = (by,) if isinstance(by, str) else tuple(by)
        return Question(definitions, self.period(period), splits, conditions(where), limits)

    def explain(
        self,
        kpi: str,
        *,
        cell: Mapping[str, Any] | None = None,
        ticket: str | None = None,
        source: str | None = None,
        period: str = "all",
        where: Where = (),
        clients: Sequence[str] | None = None,
        **asked: Any,
    ) -> Explanation:
        """Where a number comes from: its definition in words, all rows counted or left out and why, how they spread.

        `cell` names one cell of an answer that was split ({"team": "x", "month": "2026-03"}). With `ticket`, that
        ticket's events, the instants chosen and the opening hours between them too. Other arguments are those of `ask`.
        """
        narrowed, filters = within(cell or {}, self.period(period), self.period)
        question = self.question(kpi, where=(*conditions(where), *filters), **asked)
        if len(question.definitions) > 1:
            raise QuestionError(
                "explain takes one definition at a time; `disagree` sets two beside each other"
            )
        question, scope = replace(question, period=narrowed), self.scope(clients)
        (definition,) = question.definitions
        store = self.store
        told = story(store, question, ticket, source, self._calendar_of, scope) if ticket else None
        return Explanation(
            definition, stated(definition), run(store, question, scope=scope, time=asked.get("time", "calendar")),
            account(store, question, scope), distribution(store, question, scope), told,
            bill(store, question, scope),
        )  # fmt: skip

    def _calendar_of(self, row: Mapping[str, Any]) -> Calendar:
        """The calendar of a fact's row, by the project's rules."""
        name = calendar_named(self.config, row)
        return next(one for one in build.calendars(self.config) if one.name == name)

    def disagree(
        self,
        kpi: str,
        left: str,
        right: str,
        *,
        limit: int | None = 1000,
        clients: Sequence[str] | None = None,
        **asked: Any,
    ) -> tuple[Parting, tuple[Dissent, ...]]:
        """Where two definitions of a KPI part: on how many tickets, and on which, with the reason."""
        left, right = (name.removeprefix(f"{kpi}:") for name in (left, right))
        question = self.question(kpi, definition=(left, right), **asked)
        if len(question.definitions) != 2:
            raise QuestionError("name two different definitions to compare, like polso and zendesk")
        scope = self.scope(clients)
        (parting,) = partings(self.store, question, scope)
        return parting, dissents(self.store, question, limit, scope)

    def partings(self, *kpis: str, clients: Sequence[str] | None = None, **asked: Any) -> tuple[Parting, ...]:
        """How each further definition of a question (see `ask`) parts from the first: the share of tickets."""
        return partings(self.store, self.question(*kpis, **asked), self.scope(clients))

    def curve(self, kpi: str, *, clients: Sequence[str] | None = None, **asked: Any) -> Curve:
        """The Kaplan-Meier curve of a survival KPI: the share of rows still without their event, over time."""
        question = self.question(kpi, **asked)
        scope = self.scope(clients)
        refuse_small(self.store, question, scope)
        return curve(self.store, question.definitions[0], question, scope)

    def balance(
        self, *, period: str = "all", where: Where = (), clients: Sequence[str] | None = None
    ) -> tuple[Line, ...]:
        """Whether the counts of a period add up: each whole beside its parts, every one counted on its own."""
        question = Question((), self.period(period), (), conditions(where))
        return balance(self.store, self.catalogue, question, self.scope(clients))

    def changed(self, *kpis: str) -> tuple[str, ...]:
        """Sentences about definitions that say something else under a version which has answered before."""
        names = {name.partition("@")[0].partition(":")[0] for name in kpis}
        mine = [d for name in names if name in self.catalogue for d in self.catalogue[name].definitions]
        return tuple(
            f"{d.versioned} says something else than when it was first used; give the change a version of its own"
            for d in changed(mine, self._registered)
        )

    def recompute(self, path: Path | str) -> tuple[Answer, Result, tuple[Drift, ...]]:
        """A saved answer under its own definitions, on today's data: what it was, what it is, and what differs."""
        answer = read(Path(path), self.config.dimensions)
        result = run(self.store, answer.question, scope=self.scope(answer.clients), time=answer.time)
        return answer, result, drifts(answer, result)

    def save(self, result: Result, path: Path | str, time: Time = "calendar") -> None:
        """Write an answer with its definitions to a file, for `recompute`."""
        save(result, Path(path), version("polso"), time)

    def diff(self, left: str, right: str | None = None, *, period: str = "all") -> Difference:
        """What two definitions say differently, and what that does to the numbers of this project.

        Each is `name`, `name:variant`, either with `@version`. Without `right`: what `left` says now against what it
        said before (its text in the register where that differs, else its last version).
        """
        now = find(self.catalogue, left)
        pair = (now, find(self.catalogue, right)) if right else (self._before(now), now)
        question = Question(tuple(concrete(d) for d in pair), self.period(period))
        both = all(d.kind in OF_ROWS and d.fact in TOLD_BY_TICKET for d in question.definitions)
        scope = self.scope()
        parted = partings(self.store, question, scope)[0] if both else None
        return Difference(*pair, differing(*pair), run(self.store, question, scope=scope), parted)

    def _before(self, now: Definition) -> Definition:
        kept = self._registered.get(now.versioned)
        if kept and kept.fingerprint != now.fingerprint:
            return kept
        earlier = [
            d
            for d in self.catalogue[now.name].earlier
            if d.variant == now.variant and d.version < now.version
        ]
        if not earlier:
            raise QuestionError(
                f"{now.label} has one version only; name another definition to compare it with"
            )
        return max(earlier, key=lambda d: d.version)

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
        params: Mapping[str, float | str] | None = None,
        limit: int | None = 1000,
        offset: int = 0,
        clients: Sequence[str] | None = None,
    ) -> pa.Table:
        """The fact rows behind a KPI (its population), with `counted` where the definition splits them.

        They come in one order, so that `limit` and `offset` make pages that neither repeat nor lose a row.
        """
        question = self.question(kpi, period=period, where=where, variant=variant, params=params)
        return row_query.rows(self.store, question, limit, self.scope(clients), offset)

    def count_rows(self, kpi: str, *, clients: Sequence[str] | None = None, **asked: Any) -> int:
        """How many rows `rows` has without a limit."""
        return row_query.count(self.store, self.question(kpi, **asked), self.scope(clients))


def beside(care: Care, engine: DuckDB) -> Care:
    """The same project through another connection to its store; what was read of it is not read again."""
    twin = copy(care)
    twin.engine = engine
    twin._store = care._store.beside(engine) if care._store else None
    return twin


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


def open_project(folder: str | Path = ".", today: Callable[[], date] | None = None) -> Care:
    """Open the project in a folder; ConfigError where its polso.toml is missing or wrong. `today` is the clock of privacy."""
    root = Path(folder).resolve()
    return Care(root, settings.read(root), DuckDB(root / DATABASE), today)
