"""The charges of a cost in words: what was paid for, how much of it, and the sum that makes the number."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from polso.faces.words import Words
    from polso.query.bill import Bill, Charge

ITEMS: Final = {"paid": "paid time", "fixed": "fixed costs", "channel_fee": "channel fees"}
COVERED: Final = {
    "day": "{n} days", "week": "{n} weeks", "month": "{n} months", "quarter": "{n} quarters", "year": "{n} years",
}  # fmt: skip


def described(one: Charge, words: Words) -> str:
    """What a charge is: `paid time · 412.5 h at €21.00`, `channel fees: phone · 1 – 30 Jun 2026: 28 of 30 days of €310.00`."""
    name = words.say(ITEMS[one.item]) + (f": {one.channel}" if one.channel else "")
    detail = _paid(one, words) if one.item == "paid" else _covers(one, words)
    return f"{name} · {detail}"


def _paid(one: Charge, words: Words) -> str:
    hours = words.decimal(one.hours or 0, 4)
    if one.rate is None:
        return words.say("{hours} h without a rate", hours=hours)
    return words.say("{hours} h at {rate}", hours=hours, rate=words.money(one.rate))


def _covers(one: Charge, words: Words) -> str:
    if one.since is None or one.until is None or one.days is None or one.of is None:
        return words.say("at their instant")
    stretch = f"{words.day(one.since)} – {words.day(one.until - timedelta(days=1))}"
    if one.stretches > 1:
        return f"{stretch}: " + words.say(COVERED[str(one.covers)], n=words.count(one.stretches))
    if one.days == one.of:
        return stretch
    part = words.say(
        "{days} of {of} days of {booked}", days=words.decimal(one.days, 4), of=words.count(one.of),
        booked=words.money(one.booked or 0),
    )  # fmt: skip
    return f"{stretch}: {part}"


def shared(bill: Bill, words: Words) -> str:
    """By what the charges are shared, where only a part of everything is asked for."""
    if bill.handled is None or bill.handled_of is None:
        return ""
    if not bill.handled_of:
        return words.say(
            "Nothing was handled in the period: what is shared by handling time has nobody to bear it."
        )
    return words.say(
        "Shared by handling time: {own} h of {all} h = {share}", own=words.decimal(bill.handled, 4),
        all=words.decimal(bill.handled_of, 4), share=words.share(bill.handled / bill.handled_of),
    )  # fmt: skip


def summed(bill: Bill, words: Words) -> str:
    """The total over what it is set against."""
    base = words.money(bill.base) if bill.is_money else words.count(bill.base)
    rows = words.say("revenue") if bill.is_money else bill.rows.of(words.language)
    if not bill.base:
        return words.say("{total} over nothing: no value", total=words.money(bill.total))
    value = bill.total / bill.base
    number = words.share(value) if bill.is_money else words.money(value)
    return words.say(
        "{total} / {base} ({rows}) = {value}",
        total=words.money(bill.total),
        base=base,
        rows=rows,
        value=number,
    )
