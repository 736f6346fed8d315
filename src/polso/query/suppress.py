"""Suppression: cells of groups too small to be shown, and as many others as keep those from being found by subtraction.

Rule kept here: what is hidden depends on the rows and on the names by which a question cuts them, never on the values
that it asks for; so any two answers over one period hide the same. It works on a finished answer, after every cache.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from polso.errors import PrivacyError
from polso.kpis.definition import Condition, Definition
from polso.query.atoms import NOTHING, Atoms, Mass, Shape, atoms, coarser, line_of, shape, sides
from polso.query.groups import refuse_merged
from polso.query.period import Period
from polso.query.question import Question, Scope
from polso.query.result import HIDDEN, Cell, Result
from polso.query.store import Store

IsGroup = Callable[[Any, Mass], bool]
Block = tuple[frozenset[Any], frozenset[Any]]
WHOLE: Final = "whole"
NO_BLOCK: Final[Block] = (frozenset(), frozenset())


@dataclass(frozen=True)
class Verdict:
    """Which teams are hidden on which lines; all lines are where the answer does not show them one by one."""

    cut: Shape
    teams: frozenset[Any]
    lines: frozenset[Any]

    def hides(self, keys: Mapping[str, Any]) -> bool:
        """Whether a cell holds anything that is hidden."""
        if self.cut.team in keys:
            touched = keys[self.cut.team] in self.teams
        else:
            touched = any(all(_meets(team, c) for c in self.cut.filters) for team in self.teams)
        shown_apart = self.cut.line is not None and self.cut.line in keys
        return touched and (not shown_apart or keys[str(self.cut.line)] in self.lines)


def suppressed(store: Store, result: Result, scope: Scope, earlier: Period | None = None) -> Result:
    """An answer without the cells that may not be shown, now or in the period compared with."""
    if scope.privacy.state != "locked":
        return result
    question, cells = result.question, {}
    for d in question.definitions:
        now = verdicts(store, d, question, scope, question.period)
        before = verdicts(store, d, question, scope, earlier) if earlier else ()
        for place, cell in enumerate(result.cells):
            if (cell.kpi, cell.variant, cell.version) == (d.name, d.variant, d.version):
                cells[place] = _seen(cell, now, before, scope)
    return replace(result, cells=tuple(cells.get(place, cell) for place, cell in enumerate(result.cells)))


def _seen(cell: Cell, now: Iterable[Verdict], before: Iterable[Verdict], scope: Scope) -> Cell:
    if any(verdict.hides(cell.keys) for verdict in now):
        return replace(
            cell, value=None, n=0, low=None, high=None, previous=None, change=None, previous_n=None, parts={},
            warnings=(_too_few(scope),),
        )  # fmt: skip
    if any(verdict.hides(cell.keys) for verdict in before):
        return replace(cell, previous=None, change=None, previous_n=None)
    return cell


def _too_few(scope: Scope) -> str:
    """Why a cell is empty."""
    limits = scope.privacy
    return f"{HIDDEN} fewer than {limits.minimum_agents} people or {limits.minimum_contacts} contacts"


def refuse_small(store: Store, question: Question, scope: Scope) -> None:
    """PrivacyError where the rows of a question, not split, are those of a group that may not be shown."""
    if scope.privacy.state != "locked":
        return
    refuse_merged(store, question, scope.privacy)
    for d in question.definitions:
        if any(verdict.hides({}) for verdict in verdicts(store, d, question, scope, question.period)):
            limits = scope.privacy
            raise PrivacyError(
                f"{d.label}: a group of fewer than {limits.minimum_agents} people or {limits.minimum_contacts} contacts"
                " would be seen here; filter less, or ask a longer period"
            )


def verdicts(
    store: Store, d: Definition, question: Question, scope: Scope, period: Period
) -> tuple[Verdict, ...]:
    """What is hidden of each fact that a definition reads."""
    found = []
    for side in sides(d):
        cut = shape(side, question, scope)
        if cut is not None:
            found.append(_judged(store, side, question, scope, cut, period))
    return tuple(found)


def _judged(
    store: Store, d: Definition, question: Question, scope: Scope, cut: Shape, period: Period
) -> Verdict:
    found = atoms(store, d, question, scope, cut, period)

    def is_group(team: Any, mass: Mass) -> bool:
        # Rows of no team that nobody handled are nobody's: there is no group of people to hide.
        nobodys = team is None and not mass.people
        return nobodys or scope.privacy.is_group(
            mass.people.bit_count(), mass.rows, has_agents=cut.has_agents
        )

    spans = list(coarser(store, period, cut.line))
    blocks = Blocks(found, cut.dims, is_group, spans)
    return Verdict(cut, *blocks.of(cut.dims))


@dataclass
class Blocks:
    """For every set of names by which rows are cut: the block of teams and lines that is hidden.

    A block is a rectangle. What can be worked out of it from totals and shown cells is the sum of one of its rows (a
    team over the hidden lines) or of one of its columns (a line over the hidden teams): both must be groups. A finer
    cut hides whatever a coarser one does, so that adding up its cells finds nothing.
    """

    found: Atoms
    dims: tuple[str, ...]
    is_group: IsGroup
    spans: list[dict[Any, Any]]
    known: dict[tuple[str, ...], Block] = field(default_factory=dict)

    def of(self, dims: tuple[str, ...]) -> Block:
        """The block for some of the names."""
        if dims not in self.known:
            teams: set[Any] = set()
            lines: set[Any] = set()
            for fewer in itertools.combinations(dims, len(dims) - 1) if dims else ():
                block = self.of(fewer)
                teams |= block[0]
                lines |= block[1] if line_of(fewer) == line_of(dims) else set()
            self.known[dims] = self._closed(self._masses(dims), teams, lines)
        return self.known[dims]

    def _masses(self, dims: tuple[str, ...]) -> Table:
        """Atoms by team, line and the rest, the names that are not wanted summed up."""
        line = line_of(dims)
        kept = [place for place, name in enumerate(self.dims, 1) if name in dims and name != line]
        at = self.dims.index(line) + 1 if line else None
        table: Table = {}
        for key, mass in self.found.items():
            cell = (key[0], WHOLE if at is None else key[at])
            rest = tuple(key[place] for place in kept)
            atoms_of = table.setdefault(cell, {})
            atoms_of[rest] = atoms_of.get(rest, NOTHING) + mass
        return table

    def _closed(self, table: Table, teams: set[Any], lines: set[Any]) -> Block:
        """The cells that are too small, and then teams and lines until every row and column of the block is a group."""
        for (team, line), rest in table.items():
            if not all(self.is_group(team, mass) for mass in rest.values()):
                teams.add(team)
                lines.add(line)
        if not teams:
            return NO_BLOCK
        for team in _smallest(table, 0):
            if self._columns_hold(table, teams):
                break
            teams.add(team)
        self._widen(table, teams, lines)
        return frozenset(teams), frozenset(lines)

    def _columns_hold(self, table: Table, teams: set[Any]) -> bool:
        columns: dict[tuple[Any, Any], Mass] = {}
        for (team, line), rest in table.items():
            for name, mass in rest.items() if team in teams else ():
                columns[line, name] = columns.get((line, name), NOTHING) + mass
        only = next(iter(teams)) if len(teams) == 1 else WHOLE
        return all(self.is_group(only, mass) for mass in columns.values())

    def _widen(self, table: Table, teams: set[Any], lines: set[Any]) -> None:
        """Lines until what is hidden of every hidden team is a group, within each longer stretch of time as well."""
        order = _smallest(table, 1)
        every: dict[Any, Any] = dict.fromkeys(order, WHOLE)
        for span in (*self.spans, every):
            for stretch in dict.fromkeys(span.get(line) for line in order):
                inside = [line for line in order if span.get(line) == stretch]
                for line in inside:
                    if not lines.intersection(inside) or self._rows_hold(
                        table, teams, lines.intersection(inside)
                    ):
                        break
                    lines.add(line)

    def _rows_hold(self, table: Table, teams: set[Any], lines: set[Any]) -> bool:
        rows: dict[tuple[Any, Any], Mass] = {}
        for team, line in itertools.product(teams, lines):
            for name, mass in table.get((team, line), {}).items():
                rows[team, name] = rows.get((team, name), NOTHING) + mass
        return all(self.is_group(team, mass) for (team, _), mass in rows.items())


Table = dict[tuple[Any, Any], dict[tuple[Any, ...], Mass]]


def _smallest(table: Table, place: int) -> list[Any]:
    """Teams (place 0) or lines (place 1), those with the fewest people and rows first."""
    sizes: dict[Any, Mass] = {}
    for cell, rest in table.items():
        for mass in rest.values():
            sizes[cell[place]] = sizes.get(cell[place], NOTHING) + mass
    return sorted(sizes, key=lambda name: (sizes[name].people.bit_count(), sizes[name].rows, str(name)))


def _meets(team: Any, condition: Condition) -> bool:
    """Whether a team meets a filter, as the engine would say it (query/conditions.py)."""
    wanted = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    match condition.op:
        case "null":
            return team is None
        case "not null":
            return team is not None
        case "=" | "in":
            return team in wanted
        case "!=" | "not in":
            return team not in wanted
    # An order of names means nothing; whatever it keeps, it keeps some of all.
    return True
