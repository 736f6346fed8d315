"""Cost per contact: what a period cost, over the contacts handled in it.

Rule kept here: paid time costs its rate in force, an agent's own before the team's before everybody's.
Where an answer is split or filtered, paid time and fixed costs are allocated by handling time, and
channel fees go to their channel; what has no handling to go by stays unallocated and is shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

import pyarrow as pa

from polso.engine import Table, ibis, micros_between
from polso.kpis.definition import Condition, Definition
from polso.kpis.kinds import NOTHING, Answer, Ask
from polso.query.question import CYCLES, GRAINS, Question, Scope
from polso.query.rolled import cube
from polso.query.scan import Cell, Found, Wanted, in_scope, scan, shape_key, text_key
from polso.query.stock import touching
from polso.query.store import WEEKDAY, Store, buckets, local_slots

HOUR_US = 3_600_000_000
DAY = "day"
Spent = dict[Any, Fraction]


@dataclass(frozen=True, slots=True)
class Rate:
    """Cents an hour for a subject (an agent, a team, or everybody: None) while it was in force."""

    subject: str | None
    since: datetime
    until: datetime | None
    cents: int


def cost(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    """Cost over rows counted by the definition, per cell, in the currency of the costs."""
    if not store.collect(store.fact("costs").limit(1)).num_rows:
        return {}  # no cost was ever told: it is unknown, and not 0
    whole = Question((d,), question.period, question.grains)
    paid, booked = _paid(store, whole, scope), _booked(store, whole, scope)
    handled = scan(store, "contacts", "handled_at", [_handling(d)], question, scope)
    everything = scan(store, "contacts", "handled_at", [_handling(d)], whole, scope)
    counted = scan(store, d.fact, d.clock, _base(d), question, scope)
    answers: dict[Cell, Answer] = {}
    for cell, found in counted.items():
        n, base, time = int(found["n"] or 0), int(found["base"] or 0), _time_of(question, cell)
        share = _share(handled, everything, question, cell, time)
        spent = share * (paid.get(time, Fraction(0)) + booked["fixed"].get(time, Fraction(0)))
        spent += _fees(booked, question, cell, time, share)
        unallocated = {} if share else {"unallocated": float(paid.get(time, Fraction(0)) / 100)}
        parts = {"cost": float(spent / 100), **unallocated}
        value = (spent / base if d.value else spent / base / 100) if base else None
        answers[cell] = Answer(float(value), n, parts=parts) if value is not None else NOTHING
    return answers


def _base(d: Definition) -> list[Wanted]:
    """What the cost is set against: rows counted, or an amount of money (in cents) summed."""
    plain = d.model_copy(update={"unit": "count"})
    base = Ask("sum", d.value, where=d.where) if d.value else Ask("count", where=d.where)
    return [Wanted("n", plain, Ask("count", where=d.where)), Wanted("base", plain, base)]


def _handling(d: Definition) -> Wanted:
    plain = d.model_copy(update={"unit": "count", "known_after": None})
    return Wanted("us", plain, Ask("sum", "handle_us", where=(Condition(column="is_handled", value=True),)))


def _time_of(question: Question, cell: Cell) -> Cell:
    return tuple(value for name, value in zip(question.by, cell, strict=True) if name in question.grains)


def _share(handled: Found, everything: Found, question: Question, cell: Cell, time: Cell) -> Fraction:
    """The cell's part of the handling time of its stretch of time; all of it where nothing is split or filtered."""
    if not question.dimensions and not question.where:
        return Fraction(1)
    mine, total = (
        int(found.get(key, {}).get("us") or 0) for found, key in ((handled, cell), (everything, time))
    )
    return Fraction(mine, total) if total else Fraction(0)


def _fees(booked: dict[str, Spent], question: Question, cell: Cell, time: Cell, share: Fraction) -> Fraction:
    """Channel fees of a cell: its own channel's where it has one, else all of them by share."""
    fees = booked["channel_fee"]
    channels: Iterable[Any] | None = None
    if "channel" in question.by:
        channels = [cell[question.by.index("channel")]]
    else:
        for condition in question.where:
            if condition.column == "channel" and condition.op in ("=", "in"):
                channels = condition.value if isinstance(condition.value, tuple) else [condition.value]
    if channels is not None:
        return sum((fees.get((*time, channel), Fraction(0)) for channel in channels), Fraction(0))
    return share * sum((amount for key, amount in fees.items() if key[:-1] == time), Fraction(0))


def _booked(store: Store, whole: Question, scope: Scope) -> dict[str, Spent]:
    """Amounts booked in the period: fixed ones per stretch of time, channel fees per stretch and channel; cents."""
    d = whole.definitions[0].model_copy(update={"unit": "count", "known_after": None})
    spent: dict[str, Spent] = {}
    for item, by in (("fixed", whole.by), ("channel_fee", (*whole.by, "channel"))):
        ask = Ask("sum", "amount_minor", where=(Condition(column="item", value=item),))
        found = scan(store, "costs", "since", [Wanted("cents", d, ask)], replace(whole, by=by), scope)
        spent[item] = {cell: Fraction(int(row["cents"])) for cell, row in found.items() if row["cents"]}
    return spent


def _paid(store: Store, whole: Question, scope: Scope) -> Spent:
    """What paid time cost, per stretch of time, in cents: of the days of the stretch, where that is kept of all days."""
    known = cube(store, "states", [whole])
    if store.rollups is None or known is None or known.grain != DAY:
        return _paid_in(store, whole, scope)
    key = ("paid", whole.definitions[0].fingerprint, *shape_key(store, whole, scope))
    daily = store.rollups.find(key, lambda other: _paid_in(other, known.question, scope))
    if daily is None:
        return _paid_in(store, whole, scope)
    spent: Spent = {}
    for day, *key_ in _days(store, whole):
        if (day,) in daily:
            spent[tuple(key_)] = spent.get(tuple(key_), Fraction(0)) + daily[day,]
    return spent


def _days(store: Store, whole: Question) -> list[tuple[Any, ...]]:
    """The days of a period, each with its labels in the grains asked for."""
    slots = local_slots(whole.period, WEEKDAY[store.week_start])
    named = zip(*(slots[GRAINS[grain]].to_pylist() for grain in (DAY, *whole.grains)), strict=True)
    return list(dict.fromkeys(named))


def _paid_in(store: Store, whole: Question, scope: Scope) -> Spent:
    d, rates = whole.definitions[0], _rates(store, whole, scope)
    if not rates:
        return {}
    cut = _segments(store, whole, rates)
    found = store.collect_text(
        [whole],
        lambda stood: ("paid", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, tables: _paid_by_label(store, stood[0], scope, **tables),
        scratch={"cost_segments": cut, "cost_rates": _rates_in_force(cut, rates)},
    ).to_pylist()
    labels = {i: key for i, (key, _, _) in enumerate(_stretches(store, whole))}
    spent: Spent = {}
    for row in found:
        if row["total"] is not None:
            key = labels[row["label"]]
            spent[key] = spent.get(key, Fraction(0)) + Fraction(int(row["total"]), HOUR_US)
    return spent


def _paid_by_label(
    store: Store, whole: Question, scope: Scope, cost_segments: Table, cost_rates: Table
) -> Table:
    """The cost of paid time by the place of its stretch, in cents times microseconds an hour."""
    known = in_scope(store, "states", None, whole, scope, whole.definitions[0])
    rows = touching(known, "since", "until", whole.period)
    until = rows.until.fill_null(ibis.timestamp(store.as_of))
    paid = rows.filter(rows.state == "paid").mutate(polso_until=until)
    pieces = paid.inner_join(
        cost_segments, [paid.since < cost_segments.end, paid.polso_until > cost_segments.start]
    )
    pieces = pieces.mutate(
        us=micros_between(
            ibis.greatest(pieces.since, pieces.start), ibis.least(pieces.polso_until, pieces.end)
        )
    )
    # Summed up before rates are looked up: people are few, their spells many.
    summed = pieces.group_by("label", "start", "agent", "team").aggregate(
        us=pieces.us.cast("decimal(38, 0)").sum()
    )
    rated = _with_rates(summed, cost_rates)
    cents = (rated.us * rated.cents.cast("decimal(38, 0)")).sum()
    return rated.group_by("label").aggregate(total=cents)


def _rates(store: Store, whole: Question, scope: Scope) -> list[Rate]:
    d = whole.definitions[0]
    found = store.collect_text(
        [whole],
        lambda stood: ("rates", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, _: _hourly(in_scope(store, "costs", None, stood[0], scope, d)),
    )
    return [Rate(r["subject"], r["since"], r["until"], int(r["amount_minor"])) for r in found.to_pylist()]


def _hourly(rows: Table) -> Table:
    return rows.filter(rows["item"] == "hourly_rate").select("subject", "since", "until", "amount_minor")


def _stretches(store: Store, whole: Question) -> list[tuple[Cell, datetime, datetime]]:
    """The stretches of time an answer is split into, as (time key of a cell, start, end)."""
    grain = whole.grain
    if grain is None:
        return [((), *whole.period.instants)]
    if len(whole.grains) > 1 or grain in CYCLES:
        slots = local_slots(whole.period, WEEKDAY[store.week_start])
        keys = list(zip(*(slots[GRAINS[g]].to_pylist() for g in whole.grains), strict=True))
        starts = slots["slot"].to_pylist()
        return list(zip(keys, starts, [*starts[1:], whole.period.instants[1]], strict=True))
    return [((label,), start, end) for label, start, end in buckets(store, whole.period, grain)]


def _segments(store: Store, whole: Question, rates: list[Rate]) -> pa.Table:
    """Stretches cut wherever a rate changes, up to as-of: within a segment every rate is constant."""
    changes = sorted({end for rate in rates for end in (rate.since, rate.until) if end})
    rows = []
    for place, (_, start, end) in enumerate(_stretches(store, whole)):
        end = min(end, store.as_of)
        cuts = [start, *(c for c in changes if start < c < end), end]
        rows += [(place, a, b) for a, b in itertools.pairwise(cuts) if a < b]
    schema = pa.schema([("label", pa.int64()), ("start", pa.timestamp("us")), ("end", pa.timestamp("us"))])
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def _rates_in_force(segments: pa.Table, rates: list[Rate]) -> pa.Table:
    starts = sorted(set(segments["start"].to_pylist()))
    rows = [
        (start, rate.subject or "", rate.cents)
        for start in starts
        for rate in rates
        if rate.since <= start and (rate.until is None or start < rate.until)
    ]
    schema = pa.schema([("from_start", pa.timestamp("us")), ("of", pa.string()), ("cents", pa.int64())])
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)


def _with_rates(pieces: Table, rates: Table) -> Table:
    """Add `cents`: the agent's own rate, else the team's, else everybody's."""
    joined = pieces
    for name, column in (("own", "agent"), ("teams", "team"), ("all", None)):
        side = rates.view().select(
            **{f"{name}_start": "from_start", f"{name}_of": "of", f"{name}_cents": "cents"}
        )
        # Everybody's rate stands under the empty name, which no agent or team bears.
        joined = joined.mutate(polso_subject=joined[column].fill_null("-") if column else ibis.literal(""))
        joined = joined.left_join(
            side, [joined.start == side[f"{name}_start"], joined.polso_subject == side[f"{name}_of"]]
        ).drop(f"{name}_start", f"{name}_of")
    return joined.mutate(cents=ibis.coalesce(joined.own_cents, joined.teams_cents, joined.all_cents))
