"""Where a number comes from: all rows of its fact, counted or left out and why, and how the values spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polso.faces import charges as charges_in_words
from polso.faces.charts import ACCENT
from polso.faces.web import plots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell

if TYPE_CHECKING:
    from polso.query.bill import Bill
    from polso.query.explain import Account, Distribution


@dataclass(frozen=True)
class Line:
    """One line of an account as written; `share` in hundredths of all rows, for the bar behind it."""

    words: str
    n: str
    counted: bool
    share: float


@dataclass(frozen=True)
class Lines:
    """An account as written: its lines add up to its total."""

    title: str
    lines: tuple[Line, ...]
    total: str
    sum: str
    people: str


def tables(page: Page, accounts: Sequence[Account]) -> list[Lines]:
    """Each account (a ratio has two) as lines that add up on the screen."""
    words, language = page.words, page.words.language
    made = []
    for account in accounts:
        side = f" ({page.say(account.side)})" if account.side else ""
        lines = tuple(
            Line(one.words.of(language), words.count(one.n), one.counted, 100 * one.n / (account.total or 1))
            for one in account.lines
        )
        left = account.total - account.counted
        said = page.say(
            "{total} rows = {counted} counted + {left} left out",
            total=words.count(account.total), counted=words.count(account.counted), left=words.count(left),
        )  # fmt: skip
        people = (
            ""
            if account.people is None
            else page.say("each counted once: {n}", n=words.count(account.people))
        )
        title = page.say("All rows: {rows}", rows=account.rows.of(language)) + side
        made.append(Lines(title, lines, words.count(account.total), said, people))
    return made


@dataclass(frozen=True)
class Money:
    """The charges of a cost as written: what, in the period, share, counted; the sum, and by what they are shared."""

    charges: tuple[tuple[str, str, str, str], ...]
    by: str
    sum: str


def money(page: Page, bill: Bill | None) -> Money | None:
    """What a cost is made of; its charges add up to what stands over the rows."""
    if bill is None:
        return None
    words = page.words
    charges = tuple(
        (
            charges_in_words.described(one, words),
            words.money(one.spent),
            words.share(one.share),
            words.money(one.counted),
        )
        for one in bill.charges
    )
    return Money(charges, charges_in_words.shared(bill, words), charges_in_words.summed(bill, words))


def spread(page: Page, found: Distribution, unit: str) -> Figure:
    """How the values of the counted rows spread: equal steps, the last one open."""
    value = page.words.value
    labels = [
        f"≥ {value(low, unit)}" if high is None else f"{value(low, unit)} – {value(high, unit)}"
        for low, high, _ in found.bins
    ]
    rows = tuple(
        (TableCell(label, low), TableCell(page.words.count(n), n, numeric=True))
        for label, (low, _, n) in zip(labels, found.bins, strict=True)
    )
    tenths = " · ".join(f"{round(100 * at)} %: {value(found.tenths[at], unit)}" for at in (0.1, 0.5, 0.9))
    values = [
        {"of": label, "n": n, "said": page.words.count(n)}
        for label, (_, _, n) in zip(labels, found.bins, strict=True)
    ]
    y = {"field": "of", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 220}}
    x = {"field": "n", "type": "quantitative", "axis": None}
    body = {
        "data": {"values": values}, "width": plots.WIDTH - 200, "height": {"step": 20},
        "padding": {"left": 24, "right": 24, "top": 5, "bottom": 5}, "encoding": {"y": y, "x": x},
        "layer": [
            {"mark": {"type": "bar", "color": ACCENT, "height": {"band": 0.7}}},
            {"mark": {"type": "text", "align": "left", "dx": 4, "fontSize": 10},
             "encoding": {"text": {"field": "said", "type": "nominal"}}},
        ],
    }  # fmt: skip
    table = Table((page.say("value"), page.say("rows")), ("from", "rows"), rows)
    note = page.say(
        "A tenth lies under the first, half under the second, nine tenths under the third: {tenths}",
        tenths=tenths,
    )
    return Figure("spread", page.say("How the values spread"), table, plots.spec(body, page), note=note)
