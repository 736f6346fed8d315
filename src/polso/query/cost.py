"""Cost per contact: what a period cost, over the contacts handled in it.

Rule kept here: paid time costs its rate in force, an agent's own before the team's before everybody's; amounts
that pay for a stretch of time are spread over its days (booked.py). Where an answer is split or filtered, paid time
and fixed costs are allocated by handling time, and channel fees go to their channel; what has no handling to go by
stays unallocated and is shown.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

import pyarrow as pa

from polso.engine import Table, ibis, micros_between
from polso.kpis.definition import Condition, Definition
from polso.kpis.kinds import NOTHING, Answer, Ask
from polso.query.booked import Piece, Spent, booked
from polso.query.cubes import cube
from polso.query.question import CYCLES, GRAINS, Question, Scope
from polso.query.scan import Cell, Found, Wanted, in_scope, scan, shape_key, text_key
from polso.query.stock import touching
from polso.query.store import WEEKDAY, Store, buckets, days, local_slots

HOUR_US = 3_600_000_000
DAY = "day"


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
    pieces = stretches_of(store, whole)
    paid, amounts = _paid(store, whole, scope, pieces), booked(store, whole, scope, pieces)
    handled, everything = (handling(store, d, asked, scope) for asked in (question, whole))
    counted = scan(store, d.fact, d.clock, base_of(d), question, scope)
    answers: dict[Cell, Answer] = {}
    for cell, found in counted.items():
        n, base, time = int(found["n"] or 0), int(found["base"] or 0), _time_of(question, cell)
        share = _share(handled, everything, question, cell, time)
        common = paid.get(time, Fraction(0)) + amounts["fixed"].get(time, Fraction(0))
        spent = (share or 0) * common + _fees(
            amounts["channel_fee"], question, cell, time, share or Fraction(0)
        )
        unallocated = {"unallocated": float(common / 100)} if share is None else {}
        parts = {"cost": float(spent / 100), **unallocated}
        value = (spent / base if d.value else spent / base / 100) if base else None
        answers[cell] = Answer(float(value), n, parts=parts) if value is not None else NOTHING
    return answers


def base_of(d: Definition) -> list[Wanted]:
    """What the cost is set against: rows counted, or an amount of money (in cents) summed."""
    plain = d.model_copy(update={"unit": "count"})
    base = Ask("sum", d.value, where=d.where) if d.value else Ask("count", where=d.where)
    return [Wanted("n", plain, Ask("count", where=d.where)), Wanted("base", plain, base)]


def handling(store: Store, d: Definition, question: Question, scope: Scope) -> Found:
    """The handling time of contacts, per cell: what shared costs go by."""
    plain = d.model_copy(update={"unit": "count", "known_after": None})
    ask = Ask("sum", "handle_us", where=(Condition(column="is_handled", value=True),))
    return scan(store, "contacts", "handled_at", [Wanted("us", plain, ask)], question, scope)


def _time_of(question: Question, cell: Cell) -> Cell:
    return tuple(value for name, value in zip(question.by, cell, strict=True) if name in question.grains)


def _share(handled: Found, everything: Found, question: Question, cell: Cell, time: Cell) -> Fraction | None:
    """The cell's part of the handling time of its stretch of time; all of it where nothing is split or filtered.

    None where nothing was handled in that stretch: there is nothing to go by.
    """
    if not question.dimensions and not question.where:
        return Fraction(1)
    mine, total = (
        int(found.get(key, {}).get("us") or 0) for found, key in ((handled, cell), (everything, time))
    )
    return Fraction(mine, total) if total else None


def _fees(fees: Spent, question: Question, cell: Cell, time: Cell, share: Fraction) -> Fraction:
    """Channel fees of a cell: its own channel's where it has one, else all of them by share."""
    channels = channels_of(question, cell)
    if channels is not None:
        return sum((fees.get((*time, channel), Fraction(0)) for channel in channels), Fraction(0))
    return share * sum((amount for key, amount in fees.items() if key[:-1] == time), Fraction(0))


def channels_of(question: Question, cell: Cell) -> tuple[Any, ...] | None:
    """The channels that a cell is of, by its split or the question's filters; None where it is of no one in particular."""
    if "channel" in question.by:
        return (cell[question.by.index("channel")],)
    found: tuple[Any, ...] | None = None
    for condition in question.where:
        if condition.column == "channel" and condition.op in ("=", "in"):
            found = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    return found


def _paid(store: Store, whole: Question, scope: Scope, pieces: Sequence[Piece]) -> Spent:
    """What paid time cost, per time key, in cents: of the days of the period, where that is kept of all days."""
    known = cube(store, "states", [whole])
    if store.rollups is None or known is None or known.grain != DAY:
        return _paid_in(store, whole, scope, pieces)
    base = known.question
    key = ("paid", whole.definitions[0].fingerprint, *shape_key(store, whole, scope))
    daily = store.rollups.find(key, lambda other: _paid_in(other, base, scope, stretches_of(other, base)))
    if daily is None:
        return _paid_in(store, whole, scope, pieces)
    spent: Spent = {}
    for day, *key_ in _days(store, whole):
        if (day,) in daily:
            spent[tuple(key_)] = spent.get(tuple(key_), Fraction(0)) + daily[day,]
    return spent


def _days(store: Store, whole: Question) -> list[tuple[Any, ...]]:
    """The days of a period, each with its labels in the grains asked for."""
    table = days(store, whole.period)
    return list(zip(*(table[GRAINS[grain]].to_pylist() for grain in (DAY, *whole.grains)), strict=True))


def _paid_in(store: Store, whole: Question, scope: Scope, pieces: Sequence[Piece]) -> Spent:
    spent: Spent = {}
    for time, cents, lasted in paid_time(store, whole, scope, pieces):
        if cents is not None:
            spent[time] = spent.get(time, Fraction(0)) + Fraction(cents * lasted, HOUR_US)
    return spent


def paid_time(
    store: Store, whole: Question, scope: Scope, pieces: Sequence[Piece]
) -> list[tuple[Cell, int | None, int]]:
    """Microseconds paid per time key and rate in force, in cents an hour (None: no rate); nothing without any rate."""
    d, rates = whole.definitions[0], _rates(store, whole, scope)
    if not rates:
        return []
    cut = _segments(store, pieces, rates)
    found = store.collect_text(
        [whole],
        lambda stood: ("paid", d.fingerprint, *text_key(store, stood, scope)),
        lambda stood, tables: _paid_by_label(store, stood[0], scope, **tables),
        scratch={"cost_segments": cut, "cost_rates": _rates_in_force(cut, rates)},
    ).to_pylist()
    labels = [key for key, _, _ in pieces]
    return [
        (labels[row["label"]], None if row["cents"] is None else int(row["cents"]), int(row["lasted"]))
        for row in found
    ]


def _paid_by_label(
    store: Store, whole: Question, scope: Scope, cost_segments: Table, cost_rates: Table
) -> Table:
    """Paid time by the place of its stretch and its rate, in microseconds."""
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
    return rated.group_by("label", "cents").aggregate(lasted=rated.us.sum())


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


def stretches_of(store: Store, whole: Question) -> list[Piece]:
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


def _segments(store: Store, pieces: Sequence[Piece], rates: list[Rate]) -> pa.Table:
    """Stretches cut wherever a rate changes, up to as-of: within a segment every rate is constant."""
    changes = sorted({end for rate in rates for end in (rate.since, rate.until) if end})
    rows = []
    for place, (_, start, end) in enumerate(pieces):
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
