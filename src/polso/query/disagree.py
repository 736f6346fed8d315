"""Where two definitions of a KPI part: on which tickets, by how much, and for what reason.

Rule kept here: both are read off the same tickets of the same period; a ticket that only one of them counts is a
disagreement like any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from polso.engine import BooleanValue, IntegerValue, Table, Value, ibis
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.facts.fact import TICKET
from polso.kpis.definition import Definition, Words
from polso.kpis.kinds import MICRO, Ask
from polso.kpis.wording import joined, measured, noun
from polso.query.explain import Fate, fate_of, fates, judged
from polso.query.masks import late
from polso.query.parted import parted
from polso.query.question import EVERYONE, Question, Scope
from polso.query.scan import in_scope, text_key, value_of
from polso.query.store import Store
from polso.query.suppress import refuse_small

# What is 0 where a ticket has no row.
NUMBERS: Final = ("n_", "met_", "total_")
# Kinds whose number is made of rows that each count or do not, with or without a value.
OF_ROWS: Final = ("count", "sum", "share", "net_share", "mean", "duration", "bands", "survival")
TOLD_BY_TICKET: Final = tuple(
    name
    for name, fact in FACTS.items()
    if {"source", "ticket_id"} <= {column.name for column in fact.columns}
)


@dataclass(frozen=True)
class Parting:
    """How far two definitions agree: tickets that either counts, and those on which they part."""

    left: str
    right: str
    tickets: int
    parted: int

    @property
    def share(self) -> float | None:
        """The share of tickets on which they part; None where there is no ticket."""
        return self.parted / self.tickets if self.tickets else None


@dataclass(frozen=True)
class Dissent:
    """A ticket on which two definitions part: what each says of it (None where it does not count it), and why."""

    source: str
    ticket_id: str
    left: float | None
    right: float | None
    reason: Words


def partings(store: Store, question: Question, scope: Scope = EVERYONE) -> tuple[Parting, ...]:
    """How each further definition of a question parts from the first; one scan a fact, however many definitions."""
    first, *others = question.definitions
    if not others:
        return ()
    refuse_small(store, question, scope)
    question = late(store, question, scope)
    prints = tuple(d.fingerprint for d in question.definitions)
    text, schema = store.text(
        [question],
        lambda stood: ("partings", prints, *text_key(store, stood, scope)),
        lambda stood, _: _counted(_told(store, stood[0], scope), len(prints)),
    )
    found = parted(store, question, scope)
    if found is None:
        (row,) = store.run(text, schema).to_pylist()
        found = [
            (int(row[f"tickets_{place}"] or 0), int(row[f"parted_{place}"] or 0))
            for place in range(1, len(prints))
        ]
    return tuple(Parting(first.label, other.label, *n) for other, n in zip(others, found, strict=True))


def _counted(told: Table, definitions: int) -> Table:
    """How many tickets the first or another definition counts, and on how many they part, for each other one."""
    sums: dict[str, Value] = {}
    for place in range(1, definitions):
        either, parts = _compared(told, 0, place)
        sums |= {f"tickets_{place}": either.sum(), f"parted_{place}": (either & parts).sum()}
    return told.aggregate(**sums)


def dissents(
    store: Store, question: Question, limit: int | None = 1000, scope: Scope = EVERYONE
) -> tuple[Dissent, ...]:
    """The tickets on which the two definitions of a question part, by id, each with the reason."""
    left, right = question.definitions
    refuse_small(store, question, scope)
    question = late(store, question, scope)
    told = _told(store, question, scope)
    either, parts = _compared(told, 0, 1)
    parted = told.filter(either & parts).order_by(list(TICKET))
    rows = store.collect(parted.limit(limit) if limit else parted).to_pylist()
    pair = (left, right)
    lines = [_lines(store, d, question, scope) for d in pair]
    return tuple(
        Dissent(
            row["source"],
            row["ticket_id"],
            _value(left, row, 0),
            _value(right, row, 1),
            _reason(pair, lines, row),
        )
        for row in rows
    )


def _compared(told: Table, left: int, right: int) -> tuple[BooleanValue, BooleanValue]:
    """Whether either definition counts a ticket, and whether they make something else of it."""
    n, other = told[f"n_{left}"], told[f"n_{right}"]
    parts = n != other
    for name in ("met", "total"):
        columns = [f"{name}_{place}" for place in (left, right)]
        if any(column in told.columns for column in columns):
            a, b = (told[column] if column in told.columns else 0 for column in columns)
            parts |= a != b
    return (n > 0) | (other > 0), parts


def _told(store: Store, question: Question, scope: Scope) -> Table:
    """One row a ticket, with what every definition makes of it: n, met, total, fate, start and stop, by its place.

    No total where nothing is measured: it would be 0.
    """
    by_fact: dict[str, list[int]] = {}
    for place, d in enumerate(question.definitions):
        if d.kind not in OF_ROWS or d.fact not in TOLD_BY_TICKET:
            raise QuestionError(
                f"{d.label} is not made of rows of tickets; disagreement is shown ticket by ticket"
            )
        by_fact.setdefault(d.fact, []).append(place)
    tables = [_of_fact(store, question, fact, places, scope) for fact, places in by_fact.items()]
    told = tables[0]
    for other in tables[1:]:
        named = other.rename({f"o_{name}": name for name in TICKET})
        met = told.outer_join(named, [told[name] == named[f"o_{name}"] for name in TICKET])
        keys = {name: ibis.coalesce(met[name], met[f"o_{name}"]) for name in TICKET}
        told = met.mutate(**keys).drop(*(f"o_{name}" for name in TICKET))
    if len(tables) == 1:
        return told
    return told.mutate(**{name: told[name].fill_null(0) for name in told.columns if name.startswith(NUMBERS)})


def _of_fact(store: Store, question: Question, fact: str, places: list[int], scope: Scope) -> Table:
    """What the definitions of one fact make of each of its tickets that one of them places in the period."""
    rows = in_scope(store, fact, None, question, scope, question.definitions[places[0]])
    rows = _placed(rows, sorted({question.definitions[place].clock for place in places}), question)
    sums: dict[str, tuple[Value, Value]] = {}
    for place in places:
        sums |= _sums(store, question, rows, place)
    if fact == "tickets":
        # A row a ticket already: grouping would cost and change nothing.
        return rows.select(*TICKET, **{name: value for name, (value, _) in sums.items()})
    return rows.group_by(*TICKET).aggregate(**{name: how for name, (_, how) in sums.items()})


def _placed(rows: Table, clocks: list[str], question: Question) -> Table:
    """The rows that one of the clocks places in the period, each once.

    Clock after clock: asked with an `or`, all rows would be read to find those of a period.
    """
    since, until = question.period.instants
    inside = [(rows[clock] >= since) & (rows[clock] < until) for clock in clocks]
    placed = [
        rows.filter(now, *(~before.fill_null(False) for before in inside[:nth]))
        for nth, now in enumerate(inside)
    ]
    return ibis.union(*placed) if len(placed) > 1 else placed[0]


def _sums(store: Store, question: Question, rows: Table, place: int) -> dict[str, tuple[Value, Value]]:
    """For one definition, each number as it stands in a row, and as it is summed up over a ticket's rows."""
    d = question.definitions[place]
    made = fates(store, d, rows, question)
    fate = fate_of(made)
    counts, meets = judged(made)
    counted, met = counts.cast("int64"), meets.cast("int64")
    valued = d.kind in ("duration", "mean", "sum")
    value = value_of(rows, Ask("sum", d.value, d.minus), d) if valued else _band(rows, d)
    found: dict[str, tuple[Value, Value]] = {
        f"n_{place}": (counted, counted.sum()), f"met_{place}": (met, met.sum()), f"fate_{place}": (fate, fate.max()),
    }  # fmt: skip
    if value is not None:
        total = ibis.ifelse(counts, value, 0)
        found[f"total_{place}"] = total, total.sum()
    for name, column in zip(("start", "stop"), measured(d) or (), strict=False):
        found[f"{name}_{place}"] = (rows[column], rows[column].min())
    return found


def _band(rows: Table, d: Definition) -> IntegerValue | None:
    """The lower edge of a row's band, in microseconds; -1 without a value, and none where the definition has no bands."""
    if d.kind != "bands":
        return None
    lasted = rows[f"{d.value}_us"]
    edges = [int(edge * MICRO) for edge in reversed(d.edges)]
    return ibis.cases((lasted.isnull(), -1), *((lasted >= edge, edge) for edge in edges), else_=0).cast(
        "int64"
    )


def _lines(store: Store, d: Definition, question: Question, scope: Scope) -> list[Fate]:
    return fates(store, d, in_scope(store, d.fact, None, question, scope, d), question)


def _value(d: Definition, row: Mapping[str, Any], place: int) -> float | None:
    """What a definition says of a ticket: seconds or points, 1 or 0 for a share, how many for a count."""
    n = int(row[f"n_{place}"] or 0)
    if not n:
        return None
    if d.kind in ("duration", "mean", "sum"):
        total = int(row[f"total_{place}"] or 0)
        mean = total if d.kind == "sum" else total / n
        return mean / MICRO if d.unit == "duration" else mean
    return float(int(row[f"met_{place}"] or 0)) if d.part else float(n)


def _reason(pair: tuple[Definition, Definition], lines: list[list[Fate]], row: Mapping[str, Any]) -> Words:
    """Why they part: one leaves the ticket out, or they start or stop their clock elsewhere, or judge it otherwise."""
    said = []
    for place, (d, made) in enumerate(zip(pair, lines, strict=True)):
        if not row[f"n_{place}"]:
            fate = row[f"fate_{place}"]
            why = (
                made[fate].line.words
                if fate is not None
                else Words(en="it has no such row in the period", it="non ha righe nel periodo")
            )
            said.append(
                Words(en=f"{_name(d)} leaves it out: {why.en}", it=f"{_name(d)} lo esclude: {why.it}")
            )
    return joined(said) if said else _apart(pair, row)


def _apart(pair: tuple[Definition, Definition], row: Mapping[str, Any]) -> Words:
    """Both count it: which of their instants differ, else which durations, pauses or conditions."""
    said = []
    ends = [measured(d) for d in pair]
    for place, name in enumerate(("start", "stop")):
        at = [row.get(f"{name}_{side}") for side in (0, 1)]
        if ends[0] and ends[1] and at[0] != at[1]:
            said.append(_against(pair, (ends[0][place], ends[1][place]), name))
    if not said and pair[0].minus != pair[1].minus:
        said.append(_pauses(pair))
    if not said and (row["met_0"] or 0) != (row["met_1"] or 0):
        said.append(Words(en="they judge it by other conditions", it="lo giudicano con altre condizioni"))
    return joined(said) if said else Words(en="they count other rows of it", it="ne contano righe diverse")


def _against(pair: tuple[Definition, Definition], columns: tuple[str, str], name: str) -> Words:
    verb = {"start": ("starts at", "parte da"), "stop": ("stops at", "si ferma a")}[name]
    nouns = [noun(d.fact, column) for d, column in zip(pair, columns, strict=True)]
    return joined(_each(pair, nouns, verb))


def _each(pair: tuple[Definition, Definition], nouns: list[Words], verb: tuple[str, str]) -> Iterable[Words]:
    for d, said in zip(pair, nouns, strict=True):
        yield Words(en=f"{_name(d)} {verb[0]} {said.en}", it=f"{_name(d)} {verb[1]}: {said.it}")


def _pauses(pair: tuple[Definition, Definition]) -> Words:
    nothing = Words(en="nothing", it="nulla")
    nouns = [
        noun(d.fact, f"{d.minus.removesuffix('_us').removesuffix('_business')}_us") if d.minus else nothing
        for d in pair
    ]
    return joined(_each(pair, nouns, ("takes off", "toglie")))


def _name(d: Definition) -> str:
    return "polso" if d.variant == "default" else d.variant
