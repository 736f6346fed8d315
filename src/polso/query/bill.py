"""What a cost is made of, charge by charge, so that it can be reckoned again by hand.

Rule kept here: charges are read as the number is (cost.py, booked.py), and their cents add up to its cents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from polso.kpis.definition import Words
from polso.kpis.wording import of_fact
from polso.query.booked import ITEMS, covering, day_parts, of_instants, stretch
from polso.query.cost import HOUR_US, base_of, channels_of, handling, paid_time, stretches_of
from polso.query.question import Question, Scope
from polso.query.scan import scan
from polso.query.store import Store


@dataclass(frozen=True)
class Charge:
    """One charge: what was spent in the period, the share of it that counts, and what that makes, in money.

    item: paid, fixed or channel_fee. Of paid time `hours` and the `rate`, None where no rate holds; of amounts for a
    stretch [since, until) what was `booked` for all of it, and how many of its `of` days the period has;
    whole ones that follow one another are one charge of so many `stretches`.
    """

    item: str
    spent: float
    share: float
    counted: float
    channel: str | None = None
    hours: float | None = None
    rate: float | None = None
    covers: str | None = None
    since: date | None = None
    until: date | None = None
    booked: float | None = None
    days: float | None = None
    of: int | None = None
    stretches: int = 1


@dataclass(frozen=True)
class Bill:
    """All charges; they add up to `total`, which over `base` (rows, or money where `is_money`) is the number.

    handled and handled_of: hours of handling of the rows counted and of everything in the period, where shares go by them.
    """

    charges: tuple[Charge, ...]
    total: float
    base: float
    rows: Words
    is_money: bool = False
    handled: float | None = None
    handled_of: float | None = None


def bill(store: Store, question: Question, scope: Scope) -> Bill | None:
    """The bill behind a cost that is not split; None for all other kinds, and where no cost was ever told."""
    (d,) = question.definitions
    if d.kind != "cost" or not store.collect(store.fact("costs").limit(1)).num_rows:
        return None
    whole = Question((d,), question.period)
    found = scan(store, d.fact, d.clock, base_of(d), question, scope).get((), {})
    base, mine, total = int(found.get("base") or 0), None, None
    share = Fraction(1)
    if question.where:
        mine, total = (
            int(handling(store, d, asked, scope).get((), {}).get("us") or 0) for asked in (question, whole)
        )
        share = Fraction(mine, total) if total else Fraction(0)
    charges = [*_paid(store, whole, scope), *_covered(store, whole, scope), *_at_once(store, whole, scope)]
    charges = list(_shared(charges, share, channels_of(question, ())))
    exact = [Fraction(cents) for _, cents in charges]
    whole_cents = _rounded(exact)
    return Bill(
        tuple(replace(one, counted=cents / 100) for (one, _), cents in zip(charges, whole_cents, strict=True)),
        sum(whole_cents) / 100, base / 100 if d.value else base, of_fact(d.fact), bool(d.value),
        None if mine is None else mine / HOUR_US, None if total is None else total / HOUR_US,
    )  # fmt: skip


def _rounded(exact: Sequence[Fraction]) -> list[int]:
    """Whole cents that add up to the cents of the sum: the largest remainders are rounded up."""
    made = [floor(cents) for cents in exact]
    missing = round(sum(exact)) - sum(made)
    rests = sorted(range(len(exact)), key=lambda place: (made[place] - exact[place], place))
    for place in rests[: max(0, missing)]:
        made[place] += 1
    return made


def _shared(
    charges: Iterable[tuple[Charge, Fraction]], share: Fraction, channels: tuple[Any, ...] | None
) -> Iterable[tuple[Charge, Fraction]]:
    """Each charge with its share: a channel's fees are its own where the question is of channels, all else goes by handling."""
    for one, cents in charges:
        own = one.item == "channel_fee" and channels is not None
        if own and one.channel not in (channels or ()):
            continue
        part = Fraction(1) if own else share
        yield replace(one, share=float(part)), cents * part


def _paid(store: Store, whole: Question, scope: Scope) -> list[tuple[Charge, Fraction]]:
    """Paid time by its rate; in one line at the mean rate where a rate could tell whose it is."""
    lasted: dict[int | None, int] = defaultdict(int)
    for _, cents, us in paid_time(store, whole, scope, stretches_of(store, whole)):
        lasted[cents] += us
    rated = {cents: us for cents, us in lasted.items() if cents is not None}
    if scope.privacy.state == "open":
        lines = [(Fraction(cents), us) for cents, us in sorted(rated.items())]
    else:
        us = sum(rated.values())
        lines = [(Fraction(sum(c * t for c, t in rated.items()), us), us)] if us else []
    made: list[tuple[Charge, Fraction]] = []
    for cents_an_hour, us in lines:
        spent = cents_an_hour * Fraction(us, HOUR_US)
        one = Charge("paid", float(spent / 100), 1, 0, hours=us / HOUR_US, rate=float(cents_an_hour / 100))
        made.append((one, spent))
    if lasted.get(None):
        made.append((Charge("paid", 0, 1, 0, hours=lasted[None] / HOUR_US), Fraction(0)))
    return made


def _covered(store: Store, whole: Question, scope: Scope) -> list[tuple[Charge, Fraction]]:
    """Amounts for a stretch, those of one item, channel and stretch together."""
    period = whole.period
    together: dict[tuple[str, str, str | None, date, date], int] = defaultdict(int)
    for booking in covering(store, whole, scope):
        first, end = stretch(booking, period.zone, store.week_start)
        together[booking.item, str(booking.covers), booking.channel, first, end] += booking.cents
    made = []
    for (item, covers, channel, first, end), cents in sorted(together.items(), key=_in_order):
        since, until = max(first, period.since), min(end, period.until)
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        part = sum(day_parts(days, [((), *period.instants)], period.zone, store.as_of).values(), Fraction(0))
        if part and cents:
            of = (end - first).days
            spent = cents * part / of
            one = Charge(
                item, float(spent / 100), 1, 0, channel, covers=covers, since=first, until=end, booked=cents / 100,
                days=float(part), of=of,
            )  # fmt: skip
            made.append((one, spent))
    return _whole_together(made)


def _in_order(item: tuple[tuple[str, str, str | None, date, date], int]) -> tuple[Any, ...]:
    (of, covers, channel, first, _), _ = item
    return of != "fixed", channel or "", covers, first


def _whole_together(charges: Sequence[tuple[Charge, Fraction]]) -> list[tuple[Charge, Fraction]]:
    """Stretches that lie one after the other, all of them within the period, in one line: twelve months are a year's rent."""
    made: list[tuple[Charge, Fraction]] = []
    for one, cents in charges:
        last, spent = made[-1] if made else (None, Fraction(0))
        same = last and (last.item, last.channel, last.covers, last.until) == (
            one.item,
            one.channel,
            one.covers,
            one.since,
        )
        if last and same and last.days == last.of and one.days == one.of:
            sums = {
                name: getattr(last, name) + getattr(one, name)
                for name in ("booked", "days", "of", "stretches")
            }
            made[-1] = (
                replace(last, **sums, spent=float((spent + cents) / 100), until=one.until),
                spent + cents,
            )
        else:
            made.append((one, cents))
    return made


def _at_once(store: Store, whole: Question, scope: Scope) -> list[tuple[Charge, Fraction]]:
    """Amounts of their instant, per item and channel."""
    made = []
    for item in ITEMS:
        for key, cents in of_instants(store, whole, scope, item).items():
            made.append((Charge(item, float(cents / 100), 1, 0, key[0] if key else None), cents))
    return made
