"""Where a number comes from: every row of its fact, counted or left out, with the reason, and counts that add up.

Rule kept here: each row has one reason, the first that applies; so the lines sum to all rows, and what is counted
is the n of the answer.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from polso.engine import BooleanValue, IntegerValue, Table, ibis
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.kpis.definition import AnyOf, Condition, Conditions, Definition, Part, Words
from polso.kpis.kinds import NOTHING, Ask, compared_durations
from polso.kpis.wording import LEFT_OUT, fails, holds, noun, of_fact, young
from polso.query.cohort import cohorts
from polso.query.conditions import all_of, parameters
from polso.query.masks import late
from polso.query.moves import spells
from polso.query.question import EVERYONE, Question, Scope
from polso.query.scan import in_scope, value_of
from polso.query.store import Store
from polso.query.suppress import refuse_small

ALL: Final = ibis.literal(True)
BINS: Final = 12
TENTHS: Final = tuple(tenth / 10 for tenth in range(11))
STOCKS: Final = ("stock", "stock_by_age", "roll_forward")


@dataclass(frozen=True)
class Line:
    """Rows with one fate: a reason that programs know, the reason in words, how many, and whether they are counted."""

    reason: str
    words: Words
    n: int
    counted: bool = False


@dataclass(frozen=True)
class Account:
    """All rows of a fact, line by line; `side` is top or bottom where the number is a ratio of two.

    people: how many there are behind the counted rows, where the number counts each of them once.
    """

    fact: str
    rows: Words
    lines: tuple[Line, ...]
    side: str | None = None
    people: int | None = None

    @property
    def total(self) -> int:
        """All rows."""
        return sum(line.n for line in self.lines)

    @property
    def counted(self) -> int:
        """The rows that are in the number."""
        return sum(line.n for line in self.lines if line.counted)


@dataclass(frozen=True)
class Distribution:
    """How the values of counted rows spread: deciles and equal bins [low, high), the last one open; in seconds or points."""

    tenths: Mapping[float, float]
    bins: tuple[tuple[float, float | None, int], ...]


@dataclass(frozen=True)
class Fate:
    """One possible fate of a row: who has it, in the engine's terms; earlier fates go first."""

    line: Line
    held: BooleanValue


def account(store: Store, question: Question, scope: Scope = EVERYONE) -> tuple[Account, ...]:
    """The account of a question about one KPI, not split; two for a ratio of two facts."""
    (d,) = question.definitions
    if question.by:
        raise QuestionError("explain takes one cell: filter by the split's value instead of splitting")
    refuse_small(store, question, scope)
    question = late(store, question, scope)
    if d.kind == "ratio" and d.top and d.bottom:
        sides = ((name, part) for name, part in (("top", d.top), ("bottom", d.bottom)))
        return tuple(_side(store, d, name, part, question, scope) for name, part in sides)
    if d.kind in STOCKS:
        return (_stock(store, d, question, scope),)
    return (_account(store, d, question, scope),)


def _side(store: Store, d: Definition, side: str, part: Part, question: Question, scope: Scope) -> Account:
    """One side of a ratio, as if it were a count of its own."""
    apart = {"known_after": None, "value": None, "part": (), "against": ()}
    own = {"kind": "count", "fact": part.fact, "clock": part.clock, "where": part.where}
    alone = d.model_copy(update=apart | own)
    made = _account(store, alone, replace(question, definitions=(alone,)), scope)
    if part.distinct is None:
        return replace(made, side=side)
    rows = in_scope(store, part.fact, part.clock, question, scope, d)
    kept = all_of(rows, part.where, parameters(d, question.params))
    rows = rows if kept is None else rows.filter(kept)
    found = store.collect(rows.aggregate(n=rows[part.distinct].nunique())).to_pylist()
    return replace(made, side=side, people=int(found[0]["n"]))


def _account(store: Store, d: Definition, question: Question, scope: Scope) -> Account:
    rows = in_scope(store, d.fact, None, question, scope, d)
    made = Account(d.fact, of_fact(d.fact), _counted(store, rows, fates(store, d, rows, question)))
    if d.kind != "cohort_pair":
        return made
    people = cohorts(store, {0: d}, [question], scope)[0][0].get((), NOTHING).n
    return replace(made, people=people)


def _stock(store: Store, d: Definition, question: Question, scope: Scope) -> Account:
    """What stands at the end of the period, what had ended and what had not begun."""
    at = min(question.period.instants[1], store.as_of)
    bare = d.model_copy(update={"where": ()})
    rows = spells(store, bare, question, scope)
    moment = ibis.timestamp(at)
    at_end = at == store.as_of
    begun = rows.began <= moment if at_end else rows.began < moment
    over = rows.ended <= moment if at_end else rows.ended < moment
    unknown = ibis.literal(question.period.instants[0] > store.as_of)
    made = [
        Fate(Line("after_data", Words(en="nobody knows yet: the period begins after the data ends",
            it="non si sa ancora: il periodo comincia dopo la fine dei dati"), 0), unknown),
        Fate(Line("not_begun", Words(en="not begun yet", it="non ancora iniziato"), 0), ~begun.fill_null(False)),
        Fate(Line("ended", Words(en="ended before", it="finito prima"), 0), over.fill_null(False)),
        *_unmet(d, rows, d.where, parameters(d, question.params)),
        Fate(Line("counted", Words(en="open at that instant", it="ancora aperto in quell'istante"), 0, counted=True), ALL),
    ]  # fmt: skip
    return Account(d.fact, of_fact(d.fact), _counted(store, rows, made))


def fates(store: Store, d: Definition, rows: Table, question: Question) -> list[Fate]:
    """Every reason for which a row of a definition's fact may be in the number or out of it, in order."""
    params = parameters(d, question.params)
    made = _unplaced(store, d, rows, question, params)
    made += _unmet(d, rows, d.where, params)
    if d.known_after:
        limit = ibis.timestamp(store.as_of) - ibis.interval(microseconds=params[d.known_after.param])
        fresh = (rows[d.known_after.since] > limit).fill_null(False)
        made.append(Fate(Line("young", young(d, params[d.known_after.param] / 1_000_000), 0), fresh))
    return [*made, *_measured(d, rows), *_met(d, rows, params)]


def _unplaced(
    store: Store, d: Definition, rows: Table, question: Question, params: Mapping[str, int]
) -> list[Fate]:
    """Rows that the period does not hold: by the clock, by overlap, or by the two windows of a cohort."""
    since, until = question.period.instants
    if d.kind == "spread":
        as_of = ibis.timestamp(store.as_of)
        end = ibis.least(rows[str(d.until)].fill_null(as_of), as_of)
        apart = (rows[str(d.since)] >= until) | (end <= since)
        words = Words(en="not within the period", it="non nel periodo")
        return [Fate(Line("outside_period", words, 0), apart)]
    clock, name = rows[d.clock], noun(d.fact, d.clock)
    if d.kind == "cohort_pair":
        at = ibis.timestamp(min(until, store.as_of))
        window = ibis.interval(microseconds=params["window"])
        words = Words(
            en=f"{name.en} is outside the two windows compared",
            it=f"{name.it} è fuori dalle due finestre a confronto",
        )
        return [Fate(Line("outside_period", words, 0), (clock >= at) | (clock < at - window - window))]
    missing = Words(en=f"without {name.en}", it=f"senza {name.it}")
    outside = Words(en=f"{name.en} is outside the period", it=f"{name.it} è fuori dal periodo")
    return [
        Fate(Line("no_clock", missing, 0), clock.isnull()),
        Fate(Line("outside_period", outside, 0), (clock < since) | (clock >= until)),
    ]


def _unmet(d: Definition, rows: Table, where: Conditions, params: Mapping[str, int]) -> list[Fate]:
    """A reason for each condition that a row may not meet; a ticket that does not count says why."""
    made = []
    for place, condition in enumerate(where):
        met = all_of(rows, [condition], params)
        if met is None:
            continue
        if _is_verdict(condition) and "left_out" in rows.columns:
            made += [
                Fate(Line(f"left_out:{why}", words, 0), ~met & (rows.left_out == why).fill_null(False))
                for why, words in LEFT_OUT.items()
            ]
        made.append(Fate(Line(f"where:{place}", fails(d.fact, condition, d), 0), ~met))
    return made


def _is_verdict(condition: AnyOf | Condition) -> bool:
    return isinstance(condition, Condition) and condition.column == "is_counted" and condition.value is True


def _measured(d: Definition, rows: Table) -> list[Fate]:
    """Rows without a value, and those whose duration is negative."""
    negative = Line("negative", Words(en="a negative duration", it="una durata negativa"), 0)
    if d.kind in ("share", "bands"):
        names = compared_durations(d) if d.kind == "share" else (f"{d.value}_us",)
        return [Fate(negative, (rows[name] < 0).fill_null(False)) for name in names]
    if d.kind not in ("duration", "mean", "sum"):
        return []
    value = value_of(rows, Ask("sum", d.value, d.minus), d)
    name = noun(d.fact, _ends(d) or str(d.value))
    missing = Line("no_value", Words(en=f"without {name.en}", it=f"senza {name.it}"), 0)
    made = [Fate(missing, value.isnull())]
    if d.unit == "duration":
        # In business time a negative duration has no value: the calendar tells.
        elapsed = rows[str(d.value).replace("_business_us", "_us")]
        made = [Fate(negative, ((elapsed < 0) | (value < 0)).fill_null(False)), *made]
    return made


def _ends(d: Definition) -> str | None:
    """The instant whose absence leaves a duration without a value."""
    stem = str(d.value).removesuffix("_us").removesuffix("_business")
    return next((s.end for s in FACTS[d.fact].spans if s.name == stem), None)


def _met(d: Definition, rows: Table, params: Mapping[str, int]) -> list[Fate]:
    """What is counted: for a share, those that met it and those that did not."""
    if d.kind == "survival":
        end = noun(d.fact, str(d.until))
        ended = Words(en=f"counted: with {end.en}", it=f"contato: con {end.it}")
        lasts = Words(en="counted as censored: not ended yet", it="contato come censurato: non ancora finito")
        return [
            Fate(Line("counted:met", ended, 0, counted=True), rows[str(d.until)].notnull()),
            Fate(Line("counted", lasts, 0, counted=True), ALL),
        ]
    made = []
    for name, part in (("met", d.part), ("against", d.against)):
        held = all_of(rows, part, params) if part else None
        if held is not None:
            met = [holds(d.fact, condition, d) for condition in part]
            words = Words(
                en="counted: " + " and ".join(w.en for w in met),
                it="contato: " + " e ".join(w.it for w in met),
            )
            made.append(Fate(Line(f"counted:{name}", words, 0, counted=True), held))
    if d.against:
        rest = Words(en="counted: none of these", it="contato: nessuno di questi")
    elif made:
        rest = Words(en="counted: did not meet it", it="contato: non lo soddisfa")
    else:
        rest = Words(en="counted", it="contato")
    return [*made, Fate(Line("counted", rest, 0, counted=True), ALL)]


def fate_of(made: Iterable[Fate]) -> IntegerValue:
    """The place of the first fate that applies to a row."""
    return ibis.cases(*((fate.held, ibis.literal(place, "int64")) for place, fate in enumerate(made)))


def judged(made: Sequence[Fate]) -> tuple[BooleanValue, BooleanValue]:
    """Whether a row is counted, and whether it also meets what is looked for: its fate, without the reason for it."""
    counts = ~_any(one.held for one in made if not one.line.counted)
    return counts, counts & _any(
        one.held for one in made if one.line.counted and one.line.reason != "counted"
    )


def _any(held: Iterable[BooleanValue]) -> BooleanValue:
    return functools.reduce(operator.or_, held, ibis.literal(False))


def _counted(store: Store, rows: Table, made: list[Fate]) -> tuple[Line, ...]:
    grouped = rows.mutate(polso_fate=fate_of(made)).group_by("polso_fate").aggregate(n=ibis._.count())
    found = {row["polso_fate"]: row["n"] for row in store.collect(grouped).to_pylist()}
    lines = (replace(fate.line, n=found.get(place, 0)) for place, fate in enumerate(made))
    return tuple(line for line in lines if line.n or line.counted)


def distribution(store: Store, question: Question, scope: Scope = EVERYONE) -> Distribution | None:
    """How the values spread, for durations and means; None for what has no value a row, and where no row has one."""
    (d,) = question.definitions
    if d.kind not in ("duration", "mean"):
        return None
    refuse_small(store, question, scope)
    question = late(store, question, scope)
    rows = in_scope(store, d.fact, d.clock, question, scope, d)
    made = fates(store, d, rows, question)
    last = len(made) - 1
    value = value_of(rows, Ask("sum", d.value, d.minus), d)
    kept = rows.mutate(polso_fate=fate_of(made), polso_value=value)
    kept = kept.filter(kept.polso_fate == last)
    unit = 1_000_000 if d.unit == "duration" else 1
    ((tenths, low, high),) = _row(store, kept.aggregate(
        tenths=kept.polso_value.quantile(list(TENTHS)), low=kept.polso_value.min(), high=kept.polso_value.quantile(0.95)
    ))  # fmt: skip
    if tenths is None or low is None:
        return None
    width = max(1, -(-(int(high) - int(low) + 1) // (BINS - 1)))
    place = ((kept.polso_value - int(low)) // width).cast("int64")
    binned = (
        kept.mutate(polso_bin=ibis.least(place, BINS - 1)).group_by("polso_bin").aggregate(n=ibis._.count())
    )
    counts = {row["polso_bin"]: row["n"] for row in store.collect(binned).to_pylist()}
    bins = tuple(
        (
            (low + at * width) / unit,
            (low + (at + 1) * width) / unit if at < BINS - 1 else None,
            counts.get(at, 0),
        )
        for at in range(BINS)
    )
    return Distribution({tenth: found / unit for tenth, found in zip(TENTHS, tenths, strict=True)}, bins)


def _row(store: Store, one: Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in store.collect(one).to_pylist()]
