"""KPI definitions as SQL views: the rows a number counts, each with its clock, its day, its splits and its value.

Rule kept here: conditions and values come from the expressions that answers are made of (query/scan.py), with every
parameter at its default; nothing about a definition is written a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from polso.engine import BooleanValue, IntegerValue, Table, TimestampValue, Value, ibis, micros_between
from polso.errors import ConfigError
from polso.facts import FACTS
from polso.kpis.catalogue import Catalogue, named_columns
from polso.kpis.definition import AnyOf, Condition, Conditions, Definition
from polso.kpis.kinds import FRACTION, Ask, kind_of
from polso.query.conditions import all_of, parameters
from polso.query.masks import may_leave, narrowed
from polso.query.moves import spells
from polso.query.period import Period
from polso.query.privacy import names_people
from polso.query.question import EVERYONE, Question, Scope
from polso.query.run import concrete
from polso.query.scan import Wanted, condition_of, credited, value_of
from polso.query.store import Store

CLOCK, DAY, VALUE = "clock", "day", "value"
# Integers of the store times this are what people read; decimals, so that sums stay exact.
SCALES: Final = {"duration": "0.000001", "money": "0.01"}
READ_AS: Final = {"duration": "DECIMAL(18, 8)", "money": "DECIMAL(18, 2)"}
# Kinds whose value is in the unit of the KPI, or is a duration whatever the KPI is; in the others it only counts.
IN_UNIT: Final = ("sum", "mean", "duration")
TIMED: Final = ("bands", "survival")
# Days are found as answers find them: by the quarter of an hour an instant falls in.
TEXT: Final = """\
SELECT r.* REPLACE ({value} AS value), slots.date AS day
FROM (
{rows}
) AS r JOIN slots ON slots.slot = time_bucket(INTERVAL 15 MINUTE, r.clock)"""
# Views have no period, whoever reads them gives one; a question only lends its parameters, all at their defaults.
SOME_DAY: Final = Period(date(2000, 1, 1), date(2000, 1, 2), "UTC")


@dataclass(frozen=True)
class View:
    """A view of one definition, or of one side of a ratio.

    clock: the fact's column that places its rows; names: what its rows are known by; reading: the SQL over its rows
    that gives Polso's number, None where no aggregate of its rows does.
    """

    name: str
    definition: Definition
    fact: str
    clock: str
    sql: str
    names: tuple[str, ...]
    splits: tuple[str, ...]
    reading: str | None
    side: str | None = None


@dataclass(frozen=True)
class Rows:
    """What a view selects: a fact's rows that meet conditions, their clock and value, and columns of its kind besides."""

    table: Table
    clock: TimestampValue
    value: Value
    where: Sequence[BooleanValue] = ()
    more: Mapping[str, Value] = field(default_factory=dict)


def views(
    store: Store, catalogue: Catalogue, attributes: Mapping[str, str], scope: Scope = EVERYONE
) -> list[View]:
    """Every definition in force as a view, a ratio as two; ConfigError where two would bear one name.

    What reads rows that may not leave, or names of people, has no view.
    """
    made = {}
    shorter = narrowed(store, scope)
    for definition in definitions(catalogue):
        if not _may_be_read(definition, scope):
            continue
        for view in _of(shorter, concrete(definition), attributes):
            if view.name in made:
                raise ConfigError(f"{definition.label}: another KPI makes a view {view.name}; rename it")
            made[view.name] = view
    return list(made.values())


def _may_be_read(d: Definition, scope: Scope) -> bool:
    """Whether all that a definition reads is published: a view reads the files, which privacy may have made shorter."""
    if scope.privacy.state == "open":
        return True
    if names_people(d, scope.privacy):
        return False
    if scope.privacy.state == "unlocked":
        return True
    return not d.credit and all(
        may_leave(fact, scope) and name not in (*FACTS[fact].named("agent"), *FACTS[fact].named("team"))
        for fact, name in named_columns(d)
    )


def definitions(catalogue: Catalogue) -> Iterator[Definition]:
    """All definitions in force."""
    for entry in catalogue.values():
        yield from entry.definitions


def name_of(definition: Definition) -> str:
    """The name of a definition's view."""
    own = "" if definition.variant == "default" else f"__{definition.variant}"
    return f"kpi_{definition.name}{own}"


def _of(store: Store, d: Definition, attributes: Mapping[str, str]) -> Iterable[View]:
    if d.kind == "ratio":
        asks = kind_of(d).ask(d)
        return [_side(store, d, side, asks[side], attributes) for side in ("top", "bottom")]
    make = _OTHERS.get(d.kind, _counted)
    unit = "duration" if d.kind in TIMED else d.unit if d.kind in IN_UNIT else "count"
    text, names, splits = _text(store, make(store, d), d.fact, attributes, unit)
    clock = str(d.since) if make is _standing else d.clock
    return [View(name_of(d), d, d.fact, clock, text, names, splits, _reading(d))]


def _text(
    store: Store, rows: Rows, fact: str, attributes: Mapping[str, str], unit: str, scale: int = 1
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The SQL over rows, the columns that name them and those that split them.

    Names and splits of the fact stand beside clock and value, and the local day, by which periods are cut.
    """
    own = {CLOCK, DAY, VALUE, *rows.more}
    told = [c for c in FACTS[fact].all_columns(attributes) if c.unit is None and c.name not in own]
    told = [column for column in told if column.name in rows.table.columns]
    kept = rows.table.filter([rows.clock.notnull(), *rows.where])
    columns = {**rows.more, **{column.name: kept[column.name] for column in told}}
    chosen = kept.select(**{CLOCK: rows.clock, **columns, VALUE: rows.value})
    text = TEXT.format(value=_read(unit, scale), rows=store.engine.sql(chosen))
    names, splits = (tuple(c.name for c in told if c.dimension is kind) for kind in (False, True))
    return text, names, splits


def _read(unit: str, scale: int) -> str:
    times = f" * {scale}" if scale != 1 else ""
    if unit not in SCALES:
        return f"r.{VALUE}{times}"
    return f"CAST(CAST(r.{VALUE} AS DECIMAL(18, 0)) * {SCALES[unit]}{times} AS {READ_AS[unit]})"


def _reading(d: Definition) -> str | None:
    if d.kind in ("count", "sum"):
        return f"sum({VALUE})"
    if d.kind in ("share", "net_share") or (d.kind in ("mean", "duration") and d.stat == "mean"):
        return f"avg({VALUE})"
    if d.kind in ("mean", "duration"):
        return f"quantile_cont({VALUE}, {FRACTION[d.stat]})"
    return None


def _rows(store: Store, d: Definition, fact: str | None = None) -> Table:
    return credited(store.fact(fact or d.fact), fact or d.fact, d)


def _where(store: Store, table: Table, d: Definition, where: Conditions) -> list[BooleanValue]:
    """The conditions of a definition, rows too young to be judged left out."""
    kept = condition_of(store, table, Wanted("", d, Ask("count", where=where)), Question((d,), SOME_DAY))
    return [] if kept is None else [kept]


def _one() -> IntegerValue:
    return ibis.literal(1, "int64")


def _counted(store: Store, d: Definition) -> Rows:
    """Rows that a count, a sum, a share or a mean is made of."""
    asks, table = kind_of(d).ask(d), _rows(store, d)
    where, clock = _where(store, table, d, asks["n"].where), table[d.clock]
    if asks["n"].column:
        return _valued(table, clock, where, value_of(table, asks["n"], d), d)
    value = _one()
    if "part" in asks:
        value = _holds(store, table, d, asks["part"])
    if "against" in asks:
        value = (value - _holds(store, table, d, asks["against"])) * 100
    return Rows(table, clock, value, where)


def _holds(store: Store, table: Table, d: Definition, ask: Ask) -> IntegerValue:
    held = _where(store, table, d, ask.where)
    return ibis.ifelse(held[0], 1, 0) if held else _one()


def _valued(
    table: Table, clock: TimestampValue, where: list[BooleanValue], value: IntegerValue, d: Definition
) -> Rows:
    return Rows(table, clock, value, [*where, value >= 0 if d.unit == "duration" else value.notnull()])


def _side(store: Store, d: Definition, side: str, ask: Ask, attributes: Mapping[str, str]) -> View:
    """One side of a ratio: rows counted, a column summed, or a column whose values count once each."""
    fact, clock = ask.fact or d.fact, ask.clock or d.clock
    table = _rows(store, d, fact)
    where, at = _where(store, table, d, ask.where), table[clock]
    unit, scale, reading = (
        (d.unit, d.scale, f"sum({VALUE})") if side == "top" else ("count", 1, f"sum({VALUE})")
    )
    if ask.what == "distinct":
        rows, reading = Rows(table, at, table[str(ask.column)], where), f"count(DISTINCT {VALUE})"
    elif ask.column:
        rows = _valued(table, at, where, value_of(table, ask, d), d)
    else:
        rows = Rows(table, at, _one(), where)
    text, names, splits = _text(store, rows, fact, attributes, unit, scale)
    return View(f"{name_of(d)}__{side}", d, fact, clock, text, names, splits, reading, side)


def _banded(store: Store, d: Definition) -> Rows:
    """Rows that spread over bands; a row without a value is in the band of its own."""
    column, table = f"{d.value}_us", _rows(store, d)
    sound = AnyOf(any_of=(Condition(column=column, op="null"), Condition(column=column, op=">=", value=0)))
    return Rows(table, table[d.clock], table[column], _where(store, table, d, (*d.where, sound)))


def _plain(store: Store, d: Definition) -> Rows:
    table = _rows(store, d)
    return Rows(table, table[d.clock], _one(), _where(store, table, d, d.where))


def _surviving(store: Store, d: Definition) -> Rows:
    """Rows from `since` to `until`; without an end they are open, and have no value."""
    table = _rows(store, d)
    ends = {"since": table[str(d.since)], "until": table[str(d.until)]}
    lasted = micros_between(ends["since"], ends["until"])
    return Rows(table, table[d.clock], lasted, _where(store, table, d, d.where), ends)


def _standing(store: Store, d: Definition) -> Rows:
    """The spells of a stock: it holds what began before an instant and has not ended by then."""
    table = spells(store, d, Question((d,), SOME_DAY), EVERYONE)
    return Rows(table, table.began, _one(), [], {"since": table.began, "until": table.ended})


def _spread(store: Store, d: Definition) -> Rows:
    """Stretches of time, and on which side of the share each counts."""
    table, params = _rows(store, d), parameters(d, {})
    part, whole = all_of(table, d.part, params), all_of(table, d.where, params)
    sides = {"in_part": part, "in_whole": whole}
    flags = {name: ibis.literal(True) if side is None else side for name, side in sides.items()}
    ends = {"since": table[str(d.since)], "until": table[str(d.until)]}
    return Rows(table, table[d.clock], _one(), [flags["in_part"] | flags["in_whole"]], {**ends, **flags})


def _paired(store: Store, d: Definition) -> Rows:
    """Rows of known people; `value` tells those that put a person into the cohort."""
    table, params = _rows(store, d), parameters(d, {})
    kept, chosen = all_of(table, d.where, params), all_of(table, d.part, params)
    person = table[str(d.person)]
    value = _one() if chosen is None else ibis.ifelse(chosen, 1, 0)
    return Rows(
        table,
        table[d.clock],
        value,
        [person.notnull(), *([] if kept is None else [kept])],
        {"person": person},
    )


_OTHERS: Final[Mapping[str, Callable[[Store, Definition], Rows]]] = {
    "bands": _banded, "peak": _plain, "cost": _plain, "survival": _surviving, "stock": _standing,
    "stock_by_age": _standing, "roll_forward": _standing, "spread": _spread, "cohort_pair": _paired,
}  # fmt: skip
