"""Running a question: definitions made concrete, scans shared, answers put together, warnings said.

Rule kept here: the order and the company of KPIs in a question never change any of their numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Literal

from polso.engine import Table
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.facts.fact import Credit
from polso.kpis.definition import Condition, Definition, Stat
from polso.kpis.kinds import KINDS, NOTHING, Answer, compared_durations, kind_of
from polso.query.bands import bands
from polso.query.cohort import cohorts
from polso.query.cost import cost
from polso.query.flow import roll_forward
from polso.query.groups import refuse_merged
from polso.query.masks import late
from polso.query.peak import peak
from polso.query.period import Compare, Period
from polso.query.question import CYCLES, EVERYONE, Question, Scope
from polso.query.result import FEW, Cell, Result
from polso.query.scan import Cell as Key
from polso.query.scan import Found, asked, scans, seen, text_key
from polso.query.spread import spread
from polso.query.stock import MEAN_AGE, stock, stock_by_age
from polso.query.store import Store, buckets
from polso.query.suppress import suppressed
from polso.query.survival import survival
from polso.query.trends import percentiles

Time = Literal["calendar", "business"]
Answers = dict[Key, Answer]
Labelled = dict[Key, dict[str, Answer]]
ONE: Final[Mapping[str, Callable[[Store, Definition, Question, Scope], Answers]]] = {
    "survival": survival, "spread": spread, "cost": cost,
}  # fmt: skip
BANDED: Final[Mapping[str, Callable[[Store, Definition, Question, Scope], Labelled]]] = {
    "bands": bands, "stock_by_age": stock_by_age, "peak": peak, "roll_forward": roll_forward,
}  # fmt: skip
BAND: Final = "band"
# Kinds that have statistics to choose from.
STATED: Final = ("duration", "mean", "survival")
# Beyond this part of what is counted, unknown agents say that nobody had handled those rows yet.
NEARLY_ALL: Final = 0.95


def concrete(
    definition: Definition, stat: Stat | None = None, time: Time = "calendar", credit: Credit | None = None
) -> Definition:
    """A definition with its choices made: which statistic, calendar or business time, and who gets the credit."""
    changes = {name: choice for name, choice in (("stat", stat), ("credit", credit)) if choice}
    chosen = definition.model_copy(update=changes) if changes else definition
    if definition.kind == "cost" and credit:
        raise QuestionError(
            f"{definition.name} shares a cost out; it credits nobody, so leave the credit rule out"
        )
    if definition.kind == "survival" and stat == "mean":
        raise QuestionError(
            f"{definition.name} has no mean: what is still open has no end yet; ask median, p80, p90 or p95"
        )
    if stat and definition.kind not in STATED:
        raise QuestionError(f"{definition.name} has no {stat}; leave the statistic out, or ask it on its own")
    if definition.kind not in ("duration", "bands"):
        if time == "business" and (definition.unit == "duration" or _limits_elapsed(definition)):
            raise QuestionError(f"{definition.name} has no business-time reading; ask it in calendar time")
        return chosen
    suffix = "_business" if time == "business" else ""
    ends = {name: f"{stem}{suffix}" for name in ("value", "minus") if (stem := getattr(definition, name))}
    if definition.kind == "duration":
        ends = {name: f"{stem}_us" for name, stem in ends.items()}
    known = {c.name for c in FACTS[definition.fact].all_columns({})}
    for column in ends.values():
        full = column if column.endswith("_us") else f"{column}_us"
        if full not in known:
            raise QuestionError(f"{definition.name} has no business-time reading; ask it in calendar time")
    return chosen.model_copy(update=ends)


def _limits_elapsed(definition: Definition) -> bool:
    """Whether a share holds a duration that has a business twin against a limit, whose maturity is elapsed time."""
    known = {c.name for c in FACTS[definition.fact].all_columns({})}
    twins = (f"{name.removesuffix('_us')}_business_us" for name in compared_durations(definition))
    return definition.kind == "share" and any(twin in known for twin in twins)


def run(
    store: Store,
    question: Question,
    *,
    scope: Scope = EVERYONE,
    time: Time = "calendar",
    compare: Compare | None = None,
) -> Result:
    """Answer a question. Definitions must be `concrete`; QuestionError where one cannot be split as asked."""
    store.asked.clear()
    refuse_merged(store, question, scope.privacy)
    asked, question = question, late(store, question, scope)
    earlier = question.period.before(compare) if compare else None
    if earlier:
        for grain in question.grains:
            if grain not in CYCLES:
                raise QuestionError(f"compare has no meaning beside `{grain}`; leave one of them out")
    questions = [question, replace(question, period=earlier)] if earlier else [question]
    found, *others = together(store, questions, scope)
    before = others[0] if others and earlier and not store.is_silent(earlier) else {}
    silent = store.is_silent(question.period)
    cells = [
        _cell(store, definition, question, key, answer, time, before.get(str(place), {}).get(key))
        for place, definition in enumerate(question.definitions)
        for key, answer in (_silenced(found[str(place)]) if silent else found[str(place)]).items()
    ]
    said = (
        *_warnings(store, question, earlier), *_cut(asked, question),
        *_nobodys(question, found), *_unheard(store, question, scope, cells),
    )  # fmt: skip
    result = Result(
        question, tuple(cells), store.as_of, tuple(store.asked), said,
        f"{earlier.since}..{earlier.until}" if earlier else None, scope.clients,
    )  # fmt: skip
    return suppressed(store, result, scope, earlier)


def _silenced(answers: Answers) -> Answers:
    """The same cells without a value: what the data does not speak of is not 0."""
    return dict.fromkeys(answers, NOTHING)


def together(store: Store, questions: Sequence[Question], scope: Scope) -> list[dict[str, Answers]]:
    """Per question (they differ by their period alone): answers by definition (its place) and cell, cells in order.

    The first is what is asked; of others, which it is compared with, percentiles come without intervals.
    """
    definitions = questions[0].definitions
    rows = {i: d for i, d in enumerate(definitions) if d.kind in KINDS or d.kind == "duration"}
    every = _from_scans(store, rows, questions, scope)
    for place, definition in enumerate(definitions):
        if definition.kind == "stock":
            for found, stocks in zip(every, stock(store, definition, questions, scope), strict=True):
                found[place] = stocks
    returning = {i: d for i, d in enumerate(definitions) if d.kind == "cohort_pair"}
    for found, seen_again in zip(every, cohorts(store, returning, questions, scope), strict=True):
        found.update(seen_again)
    return [_rest(store, question, found, scope) for question, found in zip(questions, every, strict=True)]


def _rest(store: Store, question: Question, found: dict[int, Answers], scope: Scope) -> dict[str, Answers]:
    """The answers of one period, with those that are found for it alone; all in order."""
    for place, definition in enumerate(question.definitions):
        if definition.kind in ONE:
            found[place] = ONE[definition.kind](store, definition, question, scope)
        elif definition.kind in BANDED:
            many = sorted(
                BANDED[definition.kind](store, definition, question, scope).items(),
                key=lambda item: _order(item[0]),
            )
            found[place] = {(*key, band): answer for key, bands_ in many for band, answer in bands_.items()}
        if definition.kind not in BANDED:
            found[place] = _complete(store, definition, question, found[place])
    return {
        str(place): dict(sorted(answers.items(), key=lambda item: _order(item[0])))
        if question.definitions[place].kind not in BANDED
        else answers
        for place, answers in found.items()
    }


def _order(key: Key) -> tuple[tuple[bool, str, Any], ...]:
    """Cells sort by their values, unknown ones last."""
    return tuple((part is None, type(part).__name__, part if part is not None else 0) for part in key)


def _from_scans(
    store: Store, definitions: dict[int, Definition], questions: Sequence[Question], scope: Scope
) -> list[dict[int, Answers]]:
    """Per question, what its scans answer; a scan reads the periods of all."""
    merged: list[Found] = [{} for _ in questions]
    for (fact, clock, _), wanted in asked(tuple(definitions.values())).items():
        for all_, found in zip(merged, scans(store, fact, clock, wanted, questions, scope), strict=True):
            for cell, values in found.items():
                all_.setdefault(cell, {}).update(values)
    return [
        {
            place: _answered(
                store, definition, f"k{index}_", all_, question, scope, ends=question is questions[0]
            )
            for index, (place, definition) in enumerate(definitions.items())
        }
        for question, all_ in zip(questions, merged, strict=True)
    ]


def _answered(
    store: Store,
    definition: Definition,
    prefix: str,
    merged: Found,
    question: Question,
    scope: Scope,
    *,
    ends: bool,
) -> Answers:
    """The answers of one definition, whose sums stand under names with a prefix; `ends`: with intervals of percentiles."""
    mine = (
        (cell, {k.removeprefix(prefix): v for k, v in row.items() if k.startswith(prefix)})
        for cell, row in merged.items()
    )
    # A cell that only other KPIs of the question have is none of this one's.
    sums = {cell: values for cell, values in mine if values}
    if kind_of(definition) is KINDS["quantile"]:
        counts = {cell: int(found.get("n") or 0) for cell, found in sums.items()}
        told = any("at" in found for found in sums.values())
        for cell, more in percentiles(store, definition, counts, question, scope, told=told, ends=ends):
            sums[cell] |= more
    answers = {}
    for cell, values in sums.items():
        answer = kind_of(definition).answer(definition, _padded(definition, values))
        extra = {k: int(values[k]) for k in ("immature", "negative") if values.get(k)}
        answers[cell] = replace(answer, parts={**answer.parts, **extra})
    return answers


def _padded(definition: Definition, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """A cell that one scan has and another has not: counted as nothing there."""
    return {name: values.get(name) for name in (*kind_of(definition).ask(definition), "low", "high")}


def _complete(store: Store, definition: Definition, question: Question, answers: Answers) -> Answers:
    """Counts get their empty buckets (nothing happened, and that is a number), when split by time alone.

    An answer that is not split has its one cell, even where there is no value.
    """
    if not question.by and not answers:
        return {(): NOTHING}
    if (
        definition.kind != "count"
        or question.by != ((question.grain,) if question.grain else ())
        or question.grain is None
    ):
        return answers
    labels = {
        (label,)
        for label, start, end in buckets(store, question.period, question.grain)
        if store.first < end and start <= store.as_of
    }
    return {**{label: Answer(0, 0) for label in labels}, **answers}


def _cell(
    store: Store,
    d: Definition,
    question: Question,
    key: Key,
    answer: Answer,
    time: Time,
    before: Answer | None,
) -> Cell:
    names = (*question.by, BAND) if d.kind in BANDED else question.by
    timed = d.unit == "duration" or d.kind == "bands"
    warnings = []
    if d.kind not in ("count", "sum", "stock", "stock_by_age") and 0 < answer.n < store.minimum_n:
        warnings.append(f"{FEW}{answer.n} rows")
    if answer.parts.get("immature"):
        warnings.append(f"{answer.parts['immature']} rows are too young to be judged and were left out")
    if answer.parts.get("negative"):
        warnings.append(f"{answer.parts['negative']} rows have a negative duration and were left out")
    unit = "duration" if d.kind == "stock_by_age" and key[-1] == MEAN_AGE else d.unit
    previous = before.value if before else None
    change = answer.value - previous if answer.value is not None and previous is not None else None
    return Cell(
        d.name, d.variant, dict(zip(names, key, strict=True)), answer.value, answer.n, answer.low, answer.high, unit,
        d.stat if d.kind in ("duration", "survival", "mean") else None, time if timed else None, d.version, previous, change,
        tuple(warnings), dict(answer.parts), before.n if before else None,
    )  # fmt: skip


def _warnings(store: Store, question: Question, earlier: Period | None) -> list[str]:
    end = question.period.instants[1]
    said = []
    if end > store.as_of + timedelta(days=1) and question.period.instants[0] <= store.as_of:
        said.append(f"the period is not over: data speaks up to {store.said(store.as_of)}")
    if question.period.instants[0] > store.as_of:
        said.append(f"the period begins after the data ends: {store.said(store.as_of)}")
    if question.period.instants[1] <= store.first:
        said.append(f"the period ends before the data begins: {store.said(store.first)}")
    if earlier and not store.is_silent(earlier) and earlier.since < store.local_day(store.first):
        said.append(f"the period compared with begins before the data does: {store.said(store.first)}")
    return said


def _cut(asked: Question, question: Question) -> list[str]:
    if asked.period.until == question.period.until:
        return []
    return [f"people at work are shown a day late: the period ends before {question.period.until}"]


def _nobodys(question: Question, found: Mapping[str, Answers]) -> list[str]:
    """Shares split by agent of rows that nobody handled: what they count belongs to no agent, who all show 0."""
    if "agent" not in question.by:
        return []
    place, said = question.by.index("agent"), []
    for index, d in enumerate(question.definitions):
        if d.kind != "share":
            continue
        counted = {key: int(answer.parts.get("part") or 0) for key, answer in found[str(index)].items()}
        nobodys = sum(part for key, part in counted.items() if key[place] is None)
        if nobodys > NEARLY_ALL * sum(counted.values()) and len({key[place] for key in counted}) > 1:
            said.append(
                f"{d.name}: what it counts had no agent yet, so its values by agent say nothing;"
                f" split it by team, or ask stage_abandonment"
                if d.fact == "contacts"
                else f"{d.name}: what it counts has no agent, so its values by agent say nothing; split it by team"
            )
    return said


def _unheard(store: Store, question: Question, scope: Scope, cells: list[Cell]) -> list[str]:
    """Filters by a value that no row has, where the answer is empty: most likely misspelt."""
    said = []
    for d in question.definitions:
        if any(cell.n or cell.value for cell in cells if (cell.kpi, cell.variant) == (d.name, d.variant)):
            continue
        for place, condition in enumerate(question.where):
            if condition.op in ("=", "in") and not _is_heard(store, d, question, scope, place):
                values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
                said.append(f"no row has {condition.column} = {', '.join(map(str, values))}")
    return list(dict.fromkeys(said))


def _is_heard(store: Store, d: Definition, question: Question, scope: Scope, place: int) -> bool:
    """Whether a row of a definition's fact has a value that one of the filters lets in, in whatever period."""
    found = store.collect_text(
        [question],
        lambda stood: ("heard", d.fingerprint, place, *text_key(store, stood, scope)),
        lambda stood, _: _let_in(seen(store, d.fact, stood[0], scope, d), stood[0].where[place]),
    )
    return bool(found.num_rows)


def _let_in(rows: Table, condition: Condition) -> Table:
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return rows.filter(rows[condition.column].isin(list(values))).limit(1).select(condition.column)
