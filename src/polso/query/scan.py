"""Scans: one pass over a fact serves every KPI that reads it by the same clock.

Rule kept here: the scope and the period go into every scan; a cell is named by the values of `by`, in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from polso.engine import BooleanValue, IntegerValue, Table, Value, ibis
from polso.errors import QuestionError, UnknownName
from polso.facts import FACTS
from polso.facts.fact import CREDITS
from polso.kpis.definition import Definition, flat
from polso.kpis.kinds import Ask, kind_of, sound
from polso.query.conditions import all_of, parameters
from polso.query.cubes import ADDITIVE, read_off
from polso.query.groups import refuse_teams, with_groups, with_pseudonyms
from polso.query.privacy import OWN, RAW, agents_of, conditions_of, refuse, teams_of
from polso.query.question import GRAINS, Question, Scope
from polso.query.standing import Literal, rank_stand_ins
from polso.query.store import Store, with_grains

Cell = tuple[Any, ...]
Found = dict[Cell, dict[str, Any]]
Credits = tuple[tuple[str, str], ...]
# What a pass reads: a fact, by which clock, under whose names.
Pass = tuple[str, str, Credits]
# Which of several periods a row of a statement speaks of.
PERIOD: Final = "polso_period"
LISTED = "`polso kpis NAME` lists what a KPI can be split by"


@dataclass(frozen=True)
class Wanted:
    """One aggregate of one definition, under a column name that is its own within the scan."""

    column: str
    definition: Definition
    ask: Ask


def in_scope(
    store: Store, fact: str, clock: str | None, question: Question, scope: Scope, definition: Definition
) -> Table:
    """A fact's rows of the asked clients, filters and period (placed by `clock`; all instants where it is None).

    Where the definition says who gets the credit, `agent` and `team` are theirs.
    """
    rows = seen(store, fact, question, scope, definition)
    _check_dimensions(fact, rows, question)
    conditions: list[BooleanValue] = []
    if scope.clients is not None:
        conditions.append(rows.client.isin(list(scope.clients)))
    if clock is not None:
        since, until = question.period.instants
        conditions += [rows[clock] >= since, rows[clock] < until]
    filtered = all_of(rows, question.where, {})
    if filtered is not None:
        conditions.append(filtered)
    return rows.filter(conditions) if conditions else rows


def seen(store: Store, fact: str, question: Question, scope: Scope, definition: Definition) -> Table:
    """A fact as a scope may see it for a question: small teams merged, and people who are asked for under pseudonyms.

    PrivacyError where it may not be asked for them at all.
    """
    names = dict.fromkeys((*question.by, *(c.column for c in question.where)))
    refuse(scope.privacy, fact, question.by, question.where, definition)
    refuse_teams(store, fact, names, scope.privacy)
    rows = store.fact(fact)
    own = {
        c.column for of, conditions, _ in conditions_of(definition) if of == fact for c in flat(conditions)
    }
    if not own.union(names).isdisjoint(teams_of(fact)):
        rows = with_groups(store, rows, fact, scope.privacy)
    credit, rows = credit_columns(definition, fact), credited(rows, fact, definition)
    people = {name: credit.get(name, name.removeprefix(OWN)) for name in names if name in agents_of(fact)}
    there = {name: own for name, own in people.items() if name in rows.columns}
    return with_pseudonyms(store, rows, fact, there, scope.privacy)


def credited(rows: Table, fact: str, definition: Definition) -> Table:
    """Rows whose `agent` and `team` are those of the definition's credit rule; the row's own stay as `own_agent`, `own_team`."""
    columns = credit_columns(definition, fact)
    if not columns:
        return rows
    own = {f"own_{name}": rows[name] for name in columns if name in rows.columns}
    return rows.mutate(**own, **{name: rows[column] for name, column in columns.items()})


def credit_columns(definition: Definition, fact: str) -> Mapping[str, str]:
    """Which columns of a fact stand for `agent` and `team`; empty where they stand for themselves.

    What is credited happened at the end of the duration that is measured, else at the row's clock.
    """
    if definition.credit is None:
        return {}
    declared = FACTS[fact]
    ends = {f"{s.name}{end}": s.end for s in declared.spans for end in ("_us", "_business_us")}
    at = ends.get(str(definition.value), definition.clock)
    found = declared.credit(at, definition.credit)
    if found is None:
        known = ", ".join(rule for rule in CREDITS if declared.credit(at, rule))
        raise QuestionError(
            f"{definition.label} cannot be credited to '{definition.credit}': {fact} keeps "
            + (f"{known}; choose one of them" if known else "no person")
        )
    return found


def _check_dimensions(fact: str, rows: Table, question: Question) -> None:
    declared = FACTS[fact]
    fine = {c.name for c in declared.columns if not c.dimension}
    known = set(rows.columns) - fine - {n for n in rows.columns if n.endswith("_us")} | set(GRAINS)
    # What privacy put aside is nobody's to ask for, by whatever name it stands there.
    aside = {name for name in rows.columns if name.startswith(RAW)}
    known -= aside
    for condition in question.where:
        if condition.column in GRAINS and condition.column not in rows.columns:
            raise QuestionError(
                f"'{condition.column}' splits an answer and cannot filter it; ask a shorter period, or split `by` it"
            )
    for name in (*question.by, *(c.column for c in question.where)):
        if name not in known and (name not in rows.columns or name in aside):
            raise QuestionError(
                f"{fact} cannot be split or filtered: {UnknownName('dimension', name, known)} {LISTED}"
            )
    for name in question.by:
        if name not in known:
            raise QuestionError(
                f"{name} is too fine to split {fact} by; {UnknownName('dimension', name, known)} {LISTED}"
            )


def scan(
    store: Store, fact: str, clock: str, wanted: list[Wanted], question: Question, scope: Scope
) -> Found:
    """Run one pass and give, per cell, every wanted aggregate."""
    (found,) = scans(store, fact, clock, wanted, [question], scope)
    return found


def scans(
    store: Store, fact: str, clock: str, wanted: list[Wanted], questions: Sequence[Question], scope: Scope
) -> list[Found]:
    """The same for questions that differ by their period alone: one statement, an answer for each.

    Where a rollup gives the counts, percentiles are left out: whoever wants them finds them by these (percentiles.py).
    """
    wanted, ranks = without_ranks(wanted)
    added = [w for w in wanted if w.ask.what in ADDITIVE]
    text, schema = store.text(
        questions,
        lambda stood: pass_key(store, fact, clock, wanted, stood, scope),
        lambda stood, _: _passes(store, fact, clock, wanted, stood, scope),
        ranks,
    )
    every = read_off(
        store,
        pass_shape(store, fact, clock, added, questions[0], scope),
        fact,
        {w.column: w.ask.what for w in added},
        questions,
        lambda other, question: _pass(other, fact, clock, added, question, scope),
    )
    if every:
        found = [{cell_of(row, questions[0]): row for row in rows.to_pylist()} for rows in every]
        distinct = [w for w in wanted if w.ask.what == "distinct"]
        more = scans(store, fact, clock, distinct, questions, scope) if distinct else []
        for rows, others in zip(found, more, strict=False):
            for cell, row in others.items():
                rows[cell] |= row
        return found
    found = [{} for _ in questions]
    for row in store.run(text, schema).to_pylist():
        found[row[PERIOD] if len(questions) > 1 else 0][cell_of(row, questions[0])] = row
    return found


def cell_of(row: Mapping[str, Any], question: Question) -> Cell:
    """The values of a row's splits."""
    return tuple(row[f"by_{name}"] for name in question.by)


def without_ranks(wanted: list[Wanted]) -> tuple[list[Wanted], dict[Literal, Literal]]:
    """The ranks of percentiles, which every number of rows changes, give way to stand-ins."""
    count = sum(len(w.ask.fractions) for w in wanted)
    stand_ins = iter(rank_stand_ins(count))
    ranks: dict[Literal, Literal] = {}
    made = []
    for one in wanted:
        standing = tuple(next(stand_ins) for _ in one.ask.fractions)
        ranks |= dict(zip(standing, one.ask.fractions, strict=True))
        made.append(replace(one, ask=replace(one.ask, fractions=standing)) if standing else one)
    return made, ranks


def pass_key(
    store: Store, fact: str, clock: str, wanted: list[Wanted], questions: Sequence[Question], scope: Scope
) -> tuple[Any, ...]:
    """Everything that the text of a pass depends on."""
    return (*pass_shape(store, fact, clock, wanted, questions[0], scope), *text_key(store, questions, scope))


def pass_shape(
    store: Store, fact: str, clock: str, wanted: list[Wanted], question: Question, scope: Scope
) -> tuple[Any, ...]:
    """The same, whatever its periods, splits and filters."""
    # Each definition once: its fingerprint is worked out from the whole of it.
    said = {id(w.definition): w.definition for w in wanted}
    prints = {name: definition.fingerprint for name, definition in said.items()}
    asks = tuple((w.column, prints[id(w.definition)], repr(w.ask)) for w in wanted)
    return (fact, clock, asks, *shape_key(store, question, scope))


def text_key(store: Store, questions: Sequence[Question], scope: Scope) -> tuple[Any, ...]:
    """What a text depends on besides definitions, for questions that differ by their period alone."""
    periods, one = tuple(question.period for question in questions), questions[0]
    return (periods, one.by, repr(one.where), *shape_key(store, one, scope))


def shape_key(store: Store, question: Question, scope: Scope) -> tuple[Any, ...]:
    """The same, whatever its periods, splits and filters."""
    return (tuple(sorted(question.params.items())), scope, store.as_of)


def _passes(
    store: Store, fact: str, clock: str, wanted: list[Wanted], questions: Sequence[Question], scope: Scope
) -> Table:
    """One pass a period, side by side: each reads its own range of the clock, periods may overlap, and the engine
    runs them together. Grouping one pass over all of them by period costs as much and reads what lies between.
    """
    made = [_pass(store, fact, clock, wanted, question, scope) for question in questions]
    if len(made) == 1:
        return made[0]
    return ibis.union(*(one.mutate(**{PERIOD: ibis.literal(i, "int64")}) for i, one in enumerate(made)))


def _pass(
    store: Store, fact: str, clock: str, wanted: list[Wanted], question: Question, scope: Scope
) -> Table:
    """The expression of one pass: what is counted is worked out once a row and named, then summed up by cell."""
    rows = in_scope(store, fact, clock, question, scope, wanted[0].definition)
    if question.grains:
        rows = with_grains(rows, clock, question.grains, store.slots(question.period))
    keys = {f"by_{name}": rows[f"polso_{name}" if name in GRAINS else name] for name in question.by}
    # Engines would judge each sum's rows anew.
    parts: dict[str, Value] = {}
    made = {w.column: _part(store, rows, w, question, parts) for w in wanted}
    judged = rows.select(**keys, **parts) if keys or parts else rows
    sums = {column: _summed(judged, part) for column, part in made.items()}
    return judged.group_by(*keys).aggregate(**sums) if keys else judged.aggregate(**sums)


def _part(
    store: Store, rows: Table, wanted: Wanted, question: Question, parts: dict[str, Value]
) -> tuple[Ask, str | None]:
    """What an aggregate sums up of each row, put under a name into `parts`: the ask, and that name (none: the row itself)."""
    ask, definition = wanted.ask, wanted.definition
    kept = condition_of(store, rows, wanted, question)
    part: Value | None = kept
    if ask.what == "distinct":
        part = _where(kept, rows[_named(ask.column)])
    elif ask.what != "count" or ask.column is not None:
        value = value_of(rows, ask, definition)
        if ask.what == "negative":
            backwards = (value < 0).fill_null(False)
            part = backwards if kept is None else kept & backwards
        else:
            if definition.unit == "duration":
                sound = value >= 0
                kept = sound if kept is None else kept & sound
            part = _where(kept, value)
    if part is None:
        return ask, None
    same = next((name for name, known in parts.items() if known.equals(part)), None)
    name = same or f"part_{len(parts)}"
    parts[name] = part
    return ask, name


def _where(kept: BooleanValue | None, value: Value) -> Value:
    return value if kept is None else ibis.ifelse(kept, value, ibis.null(value.type()))


def _summed(judged: Table, part: tuple[Ask, str | None]) -> Value:
    ask, name = part
    if name is None:
        return judged.count()
    column = judged[name]
    if ask.what == "negative" or (ask.what == "count" and ask.column is None):
        return judged.count(where=column)
    if ask.what == "count":
        return column.count()
    if ask.what == "distinct":
        return column.nunique()
    if ask.what == "quantile":
        return column.quantile(list(ask.fractions))
    exact = column.cast("decimal(38, 0)")
    return exact.sum() if ask.what == "sum" else (exact * exact).sum()


def _named(column: str | None) -> str:
    if column is None:
        raise QuestionError("this definition counts a column but names none")
    return column


def value_of(rows: Table, ask: Ask, definition: Definition) -> IntegerValue:
    """The number an ask adds up: a column, or a column less another."""
    value = rows[_named(ask.column)]
    return value - rows[ask.minus] if ask.minus else value


def condition_of(store: Store, rows: Table, wanted: Wanted, question: Question) -> BooleanValue | None:
    """The conditions of an ask, with rows too young to be judged left out (or, for `immature`, kept alone)."""
    definition, params = wanted.definition, parameters(wanted.definition, question.params)
    kept = all_of(rows, wanted.ask.where, params)
    horizon = definition.known_after if definition.kind != "ratio" else None
    if horizon is None:
        return kept
    limit = ibis.timestamp(store.as_of) - ibis.interval(microseconds=params[horizon.param])
    old = (rows[horizon.since] <= limit).fill_null(True)
    old = ~old if wanted.ask.immature else old
    return old if kept is None else kept & old


def counting(store: Store, rows: Table, d: Definition, question: Question) -> Table:
    """The rows that the number of a definition is made of: they meet it, are old enough to be judged, and have its value."""
    where = sound(d) if d.kind == "share" else d.where
    met = condition_of(store, rows, Wanted("", d, Ask("count", where=where)), question)
    kept = rows if met is None else rows.filter(met)
    if d.kind not in ("duration", "mean", "sum"):
        return kept
    value = value_of(kept, Ask("sum", d.value, d.minus), d)
    return kept.filter((value >= 0).fill_null(False) if d.unit == "duration" else value.notnull())


def asked(definitions: tuple[Definition, ...]) -> dict[Pass, list[Wanted]]:
    """All aggregates that definitions want, grouped by the scan (fact, clock, credit) that can give them."""
    plan: dict[Pass, list[Wanted]] = {}
    for place, definition in enumerate(definitions):
        for name, ask in kind_of(definition).ask(definition).items():
            fact, clock = ask.fact or definition.fact, ask.clock or definition.clock
            key = (fact, clock, tuple(credit_columns(definition, fact).items()))
            plan.setdefault(key, []).append(Wanted(f"k{place}_{name}", definition, ask))
    return plan
