"""Atoms of an answer: who and how many rows stand in each team, line and filtered value, counted in one scan.

Rule kept here: the filters of a question are not applied, only named: what they leave out is what subtraction finds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polso.engine import Table, ibis
from polso.errors import PrivacyError
from polso.facts import FACTS
from polso.kpis.definition import Condition, Conditions, Definition
from polso.query.conditions import all_of, parameters
from polso.query.cubes import added, cube, kept, read_off
from polso.query.groups import agent_beside
from polso.query.period import Period
from polso.query.privacy import is_about_agents, teams_of, without_teams
from polso.query.question import CYCLES, GRAINS, Question, Scope
from polso.query.scan import counting, in_scope, shape_key, text_key
from polso.query.stock import touching
from polso.query.store import WEEKDAY, Store, local_slots, stretches, with_grains

STANDING: Final = ("stock", "stock_by_age")
LASTING: Final = ("spread", "roll_forward")
MOST: Final = 4
# Who is behind a row, as a name to split by.
AGENT: Final = "polso_agent"
# The one team of everybody, where rows tell what people did one by one and no team is asked for.
EVERYBODY: Final = "polso_everybody"
# The scratch table of stretches of time.
ENDS: Final = "atoms_stretches"


@dataclass(frozen=True, slots=True)
class Mass:
    """What an atom is made of: the people, one bit each, and how many rows."""

    people: int = 0
    rows: int = 0

    def __add__(self, other: Mass) -> Mass:
        return Mass(self.people | other.people, self.rows + other.rows)


NOTHING: Final = Mass()
Atoms = dict[tuple[Any, ...], Mass]


@dataclass(frozen=True)
class Shape:
    """How a question cuts the rows of a definition: by which team, and by what else.

    team: the column; dims: everything else that splits or filters; line: the one of them whose values may be hidden
    one by one (none where a team is shown whole or not at all); filters: the conditions on the team.
    """

    fact: str
    team: str
    dims: tuple[str, ...]
    line: str | None
    filters: tuple[Condition, ...]
    has_agents: bool


def sides(d: Definition) -> Iterator[Definition]:
    """A definition as its rows are counted: a ratio as a count for each side, which may be of two facts."""
    if d.kind != "ratio":
        yield d
    for side in (d.top, d.bottom):
        if d.kind == "ratio" and side:
            own = {
                "kind": "count",
                "fact": side.fact,
                "clock": side.clock,
                "where": side.where,
                "known_after": None,
            }
            yield d.model_copy(update=own | {"value": None, "part": (), "against": ()})


def shape(d: Definition, question: Question, scope: Scope) -> Shape | None:
    """The shape of a question about one side of a definition; None where no group of people is asked for.

    Whatever tells what people did one by one is cut into groups of them by any name: an hour may be one person's.
    """
    teams = teams_of(d.fact)
    _, own = without_teams(d.fact, d.where)
    filters = (*question.where, *own)
    names = tuple(dict.fromkeys((*question.by, *(c.column for c in filters))))
    asked = sorted((name for name in names if name in teams), key=lambda name: (name != "team", name))
    if not asked and names and is_about_agents(d.fact):
        asked = [EVERYBODY]
    if not asked:
        return None
    dims = [name for name in names if name != asked[0]]
    if d.kind == "peak" and d.grain:
        dims.append(d.grain)
    if scope.clients is not None and "client" not in dims:
        dims.append("client")
    if d.kind == "cohort_pair":
        # Its windows reach back over several stretches: no stretch has people of its own.
        dims = [name for name in dims if name not in GRAINS]
    _check(d.fact, dims)
    kept = tuple(c for c in filters if c.column == asked[0])
    has_agents = agent_beside(asked[0], FACTS[d.fact].named("agent")) is not None
    return Shape(d.fact, asked[0], tuple(dims), line_of(tuple(dims)), kept, has_agents)


def _check(fact: str, dims: list[str]) -> None:
    fine = {c.name for c in FACTS[fact].all_columns({}) if not c.dimension}
    for name in dims:
        if name in fine:
            raise PrivacyError(
                f"{name} is too fine beside a team: it would tell people apart; leave one of them out"
            )
    if len(dims) > MOST or sum(name in GRAINS for name in dims) > 1:
        raise PrivacyError("so many splits and filters beside a team would tell people apart; leave some out")


def line_of(dims: tuple[str, ...]) -> str | None:
    """The grain of time, else the only other split: always the same for the same names, however they are asked."""
    grains = [name for name in dims if name in GRAINS]
    return grains[0] if grains else dims[0] if len(dims) == 1 else None


def atoms(store: Store, d: Definition, question: Question, scope: Scope, cut: Shape, period: Period) -> Atoms:
    """Every nonempty atom: (team, then the values of `dims`) -> its mass."""
    table = _added_up(store, d, question, scope, cut, period)
    if table is None:
        table = _asked(store, d, question, scope, cut, period)
    keys = [table[f"by_{name}"].to_pylist() for name in (cut.team, *cut.dims, AGENT)]
    known: dict[str, int] = {}
    found: Atoms = {}
    for *cell, agent, n in zip(*keys, table["n"].to_pylist(), strict=True):
        bit = 0 if agent is None else 1 << known.setdefault(agent, len(known))
        found[tuple(cell)] = found.get(tuple(cell), NOTHING) + Mass(bit, n)
    return found


def _asked(
    store: Store, d: Definition, question: Question, scope: Scope, cut: Shape, period: Period
) -> pa.Table:
    """Rows by atom and agent, counted for a period."""
    grains = _grains(cut.dims)
    return store.collect_text(
        [replace(question, period=period, by=grains, where=())],
        lambda stood: ("atoms", d.fingerprint, cut.fact, cut.team, cut.dims, *text_key(store, stood, scope)),
        lambda stood, tables: _counted(store, d, stood[0], scope, cut, cut.dims, tables.get(ENDS)),
        scratch={ENDS: _ends(store, period, grains)} if d.kind in (*STANDING, *LASTING) else None,
    )


def _added_up(
    store: Store, d: Definition, question: Question, scope: Scope, cut: Shape, period: Period
) -> pa.Table | None:
    """The same from what is kept of all days."""
    asked = replace(question, period=period, by=(cut.team, *cut.dims, AGENT), where=())
    key = ("atoms", d.fingerprint, cut.fact, cut.team, *shape_key(store, question, scope))
    if d.kind in (*STANDING, *LASTING):
        return _stood(store, d, asked, scope, cut, key)
    if d.kind == "cohort_pair":
        return None
    found = read_off(
        store, key, cut.fact, {"n": "count"}, [asked],
        lambda other, base: _counted(other, d, base, scope, cut, _beside(base, cut), None), own=AGENT,
    )  # fmt: skip
    return found[0] if found else None


def _beside(base: Question, cut: Shape) -> tuple[str, ...]:
    return tuple(name for name in base.by if name not in (cut.team, AGENT))


def _stood(
    store: Store, d: Definition, asked: Question, scope: Scope, cut: Shape, key: tuple[Any, ...]
) -> pa.Table | None:
    """Rows that last, counted in a period that is not split: those that had come by its end less those that had gone.

    Gone before its end, where they are counted as they stand there; else before it began.
    """
    if asked.grains or asked.period.instants[0] > store.as_of:
        return None
    known = cube(store, cut.fact, [asked], own=AGENT)
    rows = kept(store, key, known, asked, lambda other, base: _came_and_went(other, d, base, scope, cut))
    if rows is None:
        return None
    since, until = asked.period.instants
    gone, came = (rows.place(at) for at in (until if d.kind in STANDING else since, until))
    moved = rows.table.slice(0, came)
    stood = pc.subtract(moved["came"], pc.if_else(pa.array(np.arange(came) < gone), moved["went"], 0))
    names = {f"by_{name}": name for name in (cut.team, *cut.dims, AGENT)}
    summed = added(moved.append_column("n", stood), names, ("n",))
    return summed.filter(pc.greater(summed["n"], 0))


def _came_and_went(store: Store, d: Definition, base: Question, scope: Scope, cut: Shape) -> Table:
    """Rows by atom and the day on which they began, or ended."""
    where, _ = without_teams(d.fact, d.where)
    bare = replace(base, by=(*_named(cut), *_beside(base, cut)[:-1]))
    rows = _population(store, d, bare, replace(scope, clients=None), None, where)
    rows = rows.mutate(**{AGENT: _people(rows, cut), "polso_until": _end(rows, d)})
    as_of, (grain,) = ibis.timestamp(store.as_of), base.grains
    # At the very instant at which a period ends, what begins still counts; of a share of time it has no part.
    moment = ibis.interval(microseconds=1)
    began = rows.filter(rows[str(d.since)] <= as_of)
    ended = rows.filter(rows.polso_until < as_of)
    if d.kind == "spread":
        began, ended = (
            began.mutate(polso_at=began[str(d.since)]),
            ended.mutate(polso_at=ended.polso_until - moment),
        )
    else:
        began, ended = (
            began.mutate(polso_at=began[str(d.since)] - moment),
            ended.mutate(polso_at=ended.polso_until),
        )
    counts = []
    for moved, came in ((began, 1), (ended, 0)):
        placed = with_grains(moved, "polso_at", (grain,), store.slots(base.period))
        keys = {f"by_{name}": placed[name] for name in base.dimensions} | {
            f"by_{grain}": placed[f"polso_{grain}"]
        }
        counts.append(
            placed.group_by(**keys).aggregate(n=ibis._.count()).mutate(polso_came=ibis.literal(came))
        )
    both = ibis.union(*counts)
    return both.group_by([f"by_{name}" for name in base.by]).aggregate(
        came=both.n.sum(where=both.polso_came == 1).fill_null(0),
        went=both.n.sum(where=both.polso_came == 0).fill_null(0),
    )


def _end(rows: Table, d: Definition) -> Any:
    """When a row that lasts ends; unknown where it has not."""
    end = rows[str(d.until)]
    return end.fill_null(rows[d.value]) if d.kind == "stock" and d.value else end


def _grains(dims: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in dims if name in GRAINS)


def _counted(
    store: Store,
    d: Definition,
    question: Question,
    scope: Scope,
    cut: Shape,
    dims: tuple[str, ...],
    ends: Table | None,
) -> Table:
    """Rows by team, `dims` and who is behind them; `ends`: the stretches of time, for rows that last."""
    bare = replace(question, by=(*_named(cut), *(name for name in dims if name not in GRAINS)))
    where, _ = without_teams(d.fact, d.where)
    counted = _placed(
        store, d.model_copy(update={"where": where}), bare, replace(scope, clients=None), _grains(dims), ends
    )
    if cut.team == EVERYBODY:
        counted = counted.mutate(**{EVERYBODY: ibis.literal(EVERYBODY)})
    columns = {name: f"polso_{name}" if name in GRAINS else name for name in (cut.team, *dims)}
    keys = {f"by_{name}": counted[column] for name, column in columns.items()}
    judged = counted.select(**keys, **{f"by_{AGENT}": _people(counted, cut)})
    return judged.group_by(*keys, f"by_{AGENT}").aggregate(n=ibis._.count())


def _named(cut: Shape) -> tuple[str, ...]:
    """The column of the team; none where it is everybody's."""
    return () if cut.team == EVERYBODY else (cut.team,)


def _people(rows: Table, cut: Shape) -> Any:
    """Who is behind a row: whoever worked in that team, else anybody the row names; nobody where it names none."""
    named = FACTS[cut.fact].named("agent")
    first = agent_beside(cut.team, named)
    order = [first, *(name for name in named if name != first)] if first else []
    return ibis.coalesce(*(rows[name] for name in order)) if order else ibis.null("string")


def _placed(
    store: Store, d: Definition, bare: Question, scope: Scope, grains: tuple[str, ...], ends: Table | None
) -> Table:
    """The rows a definition is about within the period, with the grain in which each stands."""
    since, until = bare.period.instants
    by_clock = d.kind not in (*STANDING, *LASTING, "cohort_pair")
    rows = _population(store, d, bare, scope, d.clock if by_clock else None, d.where)
    if by_clock:
        return with_grains(rows, d.clock, grains, store.slots(bare.period)) if grains else rows
    if d.kind == "cohort_pair":
        window = ibis.interval(microseconds=parameters(d, bare.params)["window"])
        return rows.filter(rows[d.clock] < until, rows[d.clock] >= ibis.timestamp(since) - window - window)
    touched = touching(rows, str(d.since), str(d.until), bare.period)
    return touched if ends is None else _overlapping(store, d, touched, ends)


def _population(
    store: Store, d: Definition, bare: Question, scope: Scope, clock: str | None, where: Conditions
) -> Table:
    rows = in_scope(store, d.fact, clock, bare, scope, d)
    if clock is not None:
        # A group is as large as what its number is made of, and not as what might have had a value.
        return counting(store, rows, d.model_copy(update={"where": where}), bare)
    kept = all_of(rows, where, parameters(d, bare.params))
    return rows if kept is None else rows.filter(kept)


def _ends(store: Store, period: Period, grains: tuple[str, ...]) -> pa.Table:
    """The stretches of a period that the data speaks of, with their labels."""
    cut = [s for s in stretches(store, period, grains) if s.start <= store.as_of]
    columns: dict[str, Any] = {
        "polso_start": pa.array([s.start for s in cut], pa.timestamp("us")),
        "polso_end": pa.array([min(s.end, store.as_of) for s in cut], pa.timestamp("us")),
    }
    for place, grain in enumerate(grains):
        columns[f"polso_{grain}"] = pa.array([s.labels[place] for s in cut])
    return pa.table(columns)


def _overlapping(store: Store, d: Definition, rows: Table, table: Table) -> Table:
    """Rows that last: in each stretch at whose end they stand (stocks), or of which they have a part."""
    as_of = ibis.timestamp(store.as_of)
    lasting = rows.mutate(polso_until=_end(rows, d).fill_null(as_of + ibis.interval(days=1)))
    if d.kind == "spread":
        # Who ends where a stretch begins has no part of it.
        return lasting.inner_join(
            table, [lasting[str(d.since)] < table.polso_end, lasting.polso_until > table.polso_start]
        )
    first = table.polso_end if d.kind in STANDING else table.polso_start
    return lasting.inner_join(table, [lasting[str(d.since)] <= table.polso_end, lasting.polso_until >= first])


def coarser(store: Store, period: Period, line: str | None) -> Iterator[dict[Any, Any]]:
    """The stretches of time that hold whole lines: line -> month, weekday ...; and all of the period as one."""
    if line not in GRAINS:
        return
    table = local_slots(period, WEEKDAY[store.week_start])
    lines = table[GRAINS[line]].to_pylist()
    for grain, column in GRAINS.items():
        if grain == line or (line in CYCLES and grain not in CYCLES):
            continue
        pairs = set(zip(lines, table[column].to_pylist(), strict=True))
        found = dict(pairs)
        if len(found) == len(pairs):
            yield found
