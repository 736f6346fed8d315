"""Benchmark `scorecard`: twelve KPIs of 28 days and the 28 before, and a split by channel and month, against hand-written SQL.

Both sides read the same stored facts, so that only the asking is compared; their numbers must be equal.
"""

from __future__ import annotations

from datetime import datetime
from math import isclose
from pathlib import Path
from typing import Any, Final

from bench.made import CONFIG
from bench.measure import Result, alternate, once, row
from polso.care import Care
from polso.engine import DuckDB
from polso.query.result import Result as Answer
from polso.query.store import Store

TITLE: Final = "A scorecard of 12 KPIs with the period before, and three KPIs by channel and month, against hand-written SQL"
NOTES: Final = [
    "By hand is one SQL text a fact and clock, both periods in one pass; it gives the values and sample sizes alone. Polso's"
    " answers hold besides them the confidence interval of every figure, rows left out as too young or negative, warnings and the"
    " SQL itself; the values and sample sizes are compared before anything is measured.",
    "Both sides are asked again and again: Polso keeps the texts it made for a question. Asked for the first time it takes some"
    " tenths of a second of Python more, whatever the size of the data.",
    "The ratio is that of the scorecard, without the split: the split by hand works the local month out of every row, and is slower"
    " than Polso's, which looks it up.",
]
KPIS: Final = (
    "ticket_volume", "first_response_time", "first_response_rate_within", "longest_reply_time", "transfer_rate",
    "transfers_per_ticket", "outside_hours_share", "resolution_time", "resolution_time:first", "reply_time", "solve_volume",
    "backlog",
)  # fmt: skip
SPLIT: Final = ("ticket_volume", "first_response_time", "resolution_time")


def open_facts(path: Path) -> Care:
    """A store that holds only facts, ready to be asked."""
    engine = DuckDB(path)
    care = Care(path.parent, CONFIG, engine)
    ((first, last),) = engine.run("SELECT min(first_event_at), max(last_event_at) FROM tickets")
    care._store = Store(engine, CONFIG.project.zone, CONFIG.project.week_start, last, first, last)
    return care


def card(care: Care) -> Answer:
    """The scorecard by the product."""
    return care.ask(*KPIS, period="last 28 days", compare="previous")


def split(care: Care) -> Answer:
    """The split by the product."""
    return care.ask(*SPLIT, by=["channel", "month"], period="2025")


def card_by_hand(
    care: Care, now: tuple[datetime, datetime], before: tuple[datetime, datetime]
) -> list[tuple[float, int]]:
    """Value and n of the twelve KPIs in this period, then in the one before."""
    engine, as_of = care.engine, care.store.as_of
    low, high = before[0], now[1]

    def asked(fact: str, clock: str, figures: list[str], where: str) -> list[Any]:
        columns = ", ".join(
            f"{figure} FILTER ({clock} >= '{since}' AND {clock} < '{until}'{more})"
            for since, until in (now, before)
            for figure, _, more in (f.partition(" IF ") for f in figures)
            for more in [f" AND ({more})" if more else ""]
        )
        return list(
            engine.run(
                f"SELECT {columns} FROM {fact} WHERE {clock} >= '{low}' AND {clock} < '{high}' AND {where}"
            )[0]
        )

    known = f"started_at <= TIMESTAMP '{as_of}' - INTERVAL 4 HOURS AND awaits_response"
    opened = asked("tickets", "opened_at", [
        "count(*)", "sum(first_response_us) IF first_response_us >= 0", "count(*) IF first_response_us >= 0",
        f"count(*) IF first_response_us <= 14400000000 AND {known}", f"count(*) IF {known}",
        "sum(longest_reply_us) IF longest_reply_us >= 0", "count(*) IF longest_reply_us >= 0",
        "count(*) IF transfers > 0", "sum(transfers)", "count(*) IF NOT opened_in_hours",
    ], "is_counted")  # fmt: skip
    timed = [
        asked(fact, clock, [f"sum({value}) IF {value} >= 0", f"count(*) IF {value} >= 0"], where)
        for fact, clock, value, where in (
            ("tickets", "resolved_at", "resolution_us", "is_counted"), ("tickets", "first_solved_at", "first_resolution_us", "is_counted"),
            ("replies", "started_at", "reply_us", "true"),
        )
    ]  # fmt: skip
    solves = asked("solves", "solved_at", ["count(*)"], "true")
    ends = [min(until, as_of) for _, until in (now, before)]
    open_ = engine.run(
        f"SELECT {', '.join(f'''count(*) FILTER (since < '{at}' AND (until IS NULL OR until >= '{at}'))''' for at in (now[1], before[1]))}"
        f" FROM backlog WHERE since < '{ends[0]}' OR since < '{now[1]}'"
    )[0]
    found: list[tuple[float, int]] = []
    for period in (0, 1):
        n, frt, frt_n, within, within_n, longest, longest_n, moved, moves, outside = opened[
            10 * period : 10 * period + 10
        ]
        found += [
            (n, n), (frt / frt_n / 1e6, frt_n), (within / within_n, within_n), (longest / longest_n / 1e6, longest_n),
            (moved / n, n), (moves / n, n), (outside / n, n),
            *((t[2 * period] / t[2 * period + 1] / 1e6, t[2 * period + 1]) for t in timed),
            (solves[period], solves[period]), (open_[period], open_[period]),
        ]  # fmt: skip
    return found


def split_by_hand(care: Care) -> dict[tuple[str, Any], tuple[Any, ...]]:
    """Per channel and month: volume, mean first response and mean resolution (the latter by month of the solve)."""
    since, until = care.period("2025").instants
    found: dict[tuple[str, Any], tuple[Any, ...]] = {}
    for clock, figures in (
        (
            "opened_at",
            "count(*), sum(first_response_us) FILTER (first_response_us >= 0) / count(*) FILTER (first_response_us >= 0) / 1e6",
        ),
        (
            "resolved_at",
            "sum(resolution_us) FILTER (resolution_us >= 0) / count(*) FILTER (resolution_us >= 0) / 1e6",
        ),
    ):
        month = f"date_trunc('month', {clock} AT TIME ZONE 'UTC' AT TIME ZONE '{CONFIG.project.zone}')::DATE"
        rows = care.engine.run(
            f"SELECT channel, {month} AS month, {figures} FROM tickets WHERE is_counted AND {clock} >= '{since}' AND {clock} < '{until}'"
            " GROUP BY ALL"
        )
        for channel, at, *values in rows:
            found[channel, at] = (*found.get((channel, at), ()), *values)
    return found


def check(care: Care) -> None:
    """Both sides must give the same numbers."""
    now = care.period("last 28 days")
    before = now.before("previous")
    wanted = card_by_hand(care, now.instants, before.instants)
    got = card(care)
    for cell, (value, n), (earlier, _) in zip(
        got.cells, wanted[: len(KPIS)], wanted[len(KPIS) :], strict=True
    ):
        assert cell.n == n, f"{cell.kpi}: n {cell.n} by Polso, {n} by hand"
        for one, other in ((cell.value, value), (cell.previous, earlier)):
            assert isclose(float(one or 0), float(other), rel_tol=1e-12), (
                f"{cell.kpi}: {one} by Polso, {other} by hand"
            )
    table = split_by_hand(care)
    for cell in split(care).cells:
        value = table[cell.keys["channel"], cell.keys["month"]][SPLIT.index(cell.kpi)]
        assert isclose(float(cell.value or 0), float(value), rel_tol=1e-12), (
            f"{cell.kpi} {cell.keys}: {cell.value}, by hand {value}"
        )


def run(size: str, facts: Path, *, times: int) -> Result:
    """Both questions by both sides, in turns."""
    care = open_facts(facts)
    check(care)
    now = care.period("last 28 days")
    before = now.before("previous")
    tickets = care.engine.run("SELECT count(*) FROM tickets")[0][0]
    cards = alternate(
        {
            "product": lambda: once(lambda: card(care)),
            "hand": lambda: once(lambda: card_by_hand(care, now.instants, before.instants)),
        },
        times,
    )
    splits = alternate(
        {"product": lambda: once(lambda: split(care)), "hand": lambda: once(lambda: split_by_hand(care))},
        times,
    )
    care.close()
    rows = [row(f"{who}, {what}", taken[side]) for what, taken in (("scorecard", cards), ("split", splits))
            for who, side in (("Polso", "product"), ("by hand", "hand"))]  # fmt: skip
    alone = [
        f"{what} alone: {taken['product'].wall / taken['hand'].wall:.1f}"
        for what, taken in (("scorecard", cards), ("split", splits))
    ]
    notes = [
        f"{tickets:,} tickets; {times} runs each in turns. Ratio of the {', of the '.join(alone)}.",
        *NOTES,
    ]
    return Result(
        "scorecard",
        TITLE,
        size,
        cards["product"].wall / cards["hand"].wall,
        1.3,
        rows,
        notes,
        cards["product"].cpu / cards["hand"].cpu,
    )
