"""KPIs by hand, in Fractions: what kpis.md says, over the oracle's own rows.

Durations are in microseconds and shares are Fractions; None where no row counts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

Row = dict[str, Any]
Value = Fraction | None
Period = tuple[datetime, datetime]
Statistic = Callable[[list[int]], Value]
DAY_US = 86_400_000_000


def inside(row: Row, clock: str, period: Period) -> bool:
    """Whether the clock of a row lies in [since, until)."""
    return row[clock] is not None and period[0] <= row[clock] < period[1]


def mean(values: Iterable[int]) -> Value:
    """Sum over number."""
    found = list(values)
    return Fraction(sum(found), len(found)) if found else None


def percentile(values: Iterable[int], share: Fraction) -> Value:
    """Linear interpolation between order statistics (type 7)."""
    found = sorted(values)
    if not found:
        return None
    place = share * (len(found) - 1)
    low = math.floor(place)
    high = min(low + 1, len(found) - 1)
    return found[low] + (place - low) * (found[high] - found[low])


def median(values: Iterable[int]) -> Value:
    """The percentile of one half."""
    return percentile(values, Fraction(1, 2))


def p90(values: Iterable[int]) -> Value:
    """The percentile of nine tenths."""
    return percentile(values, Fraction(9, 10))


def share(rows: Iterable[Row], holds: Callable[[Row], bool]) -> Value:
    """Rows that meet a condition among all."""
    found = list(rows)
    return Fraction(sum(holds(row) for row in found), len(found)) if found else None


def counted(rows: Iterable[Row]) -> list[Row]:
    """Tickets neither merged away, nor removed, nor opened by an agent for themselves."""
    return [row for row in rows if row["is_counted"]]


def durations(
    rows: Iterable[Row], column: str, clock: str, period: Period, minus: str | None = None
) -> list[int]:
    """Durations of the rows of a period; negative ones are left out (they are a figure of data quality)."""
    values = [
        r[column] - (r[minus] if minus else 0)
        for r in rows
        if inside(r, clock, period) and r[column] is not None
    ]
    return [value for value in values if value >= 0]


# -- tickets


def ticket_volume(facts: dict[str, list[Row]], period: Period) -> int:
    """Tickets opened in the period."""
    return sum(inside(row, "opened_at", period) for row in counted(facts["tickets"]))


def first_response_time(facts: dict[str, list[Row]], period: Period, stat: Statistic = mean) -> Value:
    """Start of the clock to the first public human reply, by opening."""
    return stat(durations(counted(facts["tickets"]), "first_response_us", "opened_at", period))


def assign_time(facts: dict[str, list[Row]], period: Period, stat: Statistic = mean) -> Value:
    """Opening to the first assignment to a person, by opening."""
    return stat(durations(counted(facts["tickets"]), "assign_us", "opened_at", period))


def resolution_time(facts: dict[str, list[Row]], period: Period, stat: Statistic = mean) -> Value:
    """Opening to the last solve, by that solve."""
    return stat(durations(counted(facts["tickets"]), "resolution_us", "resolved_at", period))


def first_resolution_time(facts: dict[str, list[Row]], period: Period, stat: Statistic = mean) -> Value:
    """Opening to the first solve, by that solve."""
    return stat(durations(counted(facts["tickets"]), "first_resolution_us", "first_solved_at", period))


def pausing_resolution_time(facts: dict[str, list[Row]], period: Period, stat: Statistic = mean) -> Value:
    """Opening to the last solve, time waiting on the customer taken off."""
    return stat(
        durations(counted(facts["tickets"]), "resolution_us", "resolved_at", period, "paused_on_customer_us")
    )


def reply_time(facts: dict[str, list[Row]], period: Period, stat: Statistic = mean) -> Value:
    """Customer turn to the reply, over the turns of tickets that count, by the turn's start."""
    whole = {(row["source"], row["ticket_id"]) for row in counted(facts["tickets"])}
    turns = [row for row in facts["replies"] if (row["source"], row["ticket_id"]) in whole]
    return stat(durations(turns, "reply_us", "started_at", period))


def resolution_rate(
    facts: dict[str, list[Row]], period: Period, as_of: datetime, within: timedelta = timedelta(days=30)
) -> Value:
    """Tickets opened in the period, old enough, that were solved within so long; never before it was opened."""
    cohort = [
        r
        for r in counted(facts["tickets"])
        if inside(r, "opened_at", period)
        and r["opened_at"] + within <= as_of
        and not (r["first_solved_at"] and r["first_solved_at"] < r["opened_at"])
    ]
    return share(
        cohort, lambda r: r["first_solved_at"] is not None and r["first_solved_at"] - r["opened_at"] <= within
    )


def reopen_rate(
    facts: dict[str, list[Row]], period: Period, as_of: datetime, within: timedelta = timedelta(days=30)
) -> Value:
    """Tickets first solved in the period, old enough, opened again within so long of that solve."""
    again = {(r["source"], r["ticket_id"]): r["reopened_at"] for r in facts["solves"] if r["is_first"]}
    cohort = [
        r
        for r in counted(facts["tickets"])
        if inside(r, "first_solved_at", period) and r["first_solved_at"] + within <= as_of
    ]

    def reopened(row: Row) -> bool:
        at = again[row["source"], row["ticket_id"]]
        return at is not None and at - row["first_solved_at"] <= within

    return share(cohort, reopened)


def first_contact_resolution(
    facts: dict[str, list[Row]], period: Period, as_of: datetime, within: timedelta = timedelta(days=7)
) -> Value:
    """Solved tickets of known customers, old enough: one contact, no reopening, nobody back on the issue."""
    cohort = [
        r
        for r in counted(facts["tickets"])
        if inside(r, "resolved_at", period) and r["person"] is not None and r["resolved_at"] + within <= as_of
    ]

    def follow_up(row: Row) -> datetime | None:
        """The same person's first ticket after the solve that follows this one."""
        name = (row["source"], row["ticket_id"], row["client"], row["person"])
        found = [
            r["opened_at"]
            for r in counted(facts["tickets"])
            if (r["source"], r["follows"], r["client"], r["person"]) == name
            and r["opened_at"] > row["resolved_at"]
        ]
        return min(found, default=None)

    def at_once(row: Row) -> bool:
        merged = sum(
            r["turns"]
            for r in facts["tickets"]
            if r["left_out"] == "merged"
            and (r["source"], r["merged_into"], r["client"], r["person"])
            == (row["source"], row["ticket_id"], row["client"], row["person"])
        )
        if row["turns"] + merged > 1 or row["reopenings"]:
            return False
        after = follow_up(row)
        if after is not None and after - row["resolved_at"] <= within:
            return False
        names = (
            ("next_same_type_at", "next_unknown_type_at")
            if row["issue_type"] is not None
            else ("next_ticket_at",)
        )
        back = [row[name] for name in names if row[name] is not None]
        return all(at - row["resolved_at"] > within for at in back)

    return share(cohort, at_once)


def unsolved_median(facts: dict[str, list[Row]], period: Period, as_of: datetime) -> int | None:
    """Kaplan-Meier median, opening to first solve; censored at as-of, or where the ticket ended."""
    ended: dict[tuple[str, str], datetime] = {}
    for row in facts["backlog"]:
        if row["until"] is not None and row["ended_as"] in ("closed", "merged", "removed"):
            key = (row["source"], row["ticket_id"])
            ended[key] = max(row["until"], ended.get(key, row["until"]))
    observed = []
    for r in facts["tickets"]:
        if inside(r, "opened_at", period) and r["left_out"] != "internal":
            solved = r["first_solved_at"]
            gone = None if r["is_open"] else ended.get((r["source"], r["ticket_id"]))
            end = solved or gone or as_of
            if end >= r["opened_at"]:
                observed.append((_us(end - r["opened_at"]), solved is not None))
    return kaplan_meier_median(observed)


def kaplan_meier_median(observed: list[tuple[int, bool]]) -> int | None:
    """The first time at which the product-limit curve is at or below one half; None where it never is."""
    curve, at_risk = Fraction(1), len(observed)
    for lasted in sorted({time for time, _ in observed}):
        here = [happened for time, happened in observed if time == lasted]
        curve *= 1 - Fraction(sum(here), at_risk)
        if curve <= Fraction(1, 2):
            return lasted
        at_risk -= len(here)
    return None


def _us(gap: timedelta) -> int:
    return (gap.days * 86400 + gap.seconds) * 1_000_000 + gap.microseconds


def backlog(facts: dict[str, list[Row]], instant: datetime, **where: Any) -> int:
    """Tickets open just before an instant (at the end of a half-open period), with these dimensions."""
    kept = [r for r in facts["backlog"] if r["left_out"] != "internal"]
    standing = [r for r in kept if r["since"] < instant and (r["until"] is None or r["until"] >= instant)]
    return sum(all(row[name] == value for name, value in where.items()) for row in standing)


# -- calls


def service_level(
    visits: list[Row], period: Period, threshold: timedelta, as_of: datetime, rule: str = "negative"
) -> Value:
    """Answered within the threshold over offered; early abandons count against, not at all, or for.

    Who still waits has missed it; visits younger than the threshold are left out.
    """
    limit = _us(threshold)
    offered = [
        r
        for r in visits
        if r["is_offered"] and inside(r, "entered_at", period) and r["entered_at"] + threshold <= as_of
    ]
    early = sum(r["is_abandoned"] and r["wait_us"] <= limit for r in offered)
    in_time = sum(r["is_answered"] and r["wait_us"] <= limit for r in offered)
    below = len(offered) - (early if rule == "ignore" else 0)
    return Fraction(in_time + (early if rule == "positive" else 0), below) if below else None


def speed_of_answer(visits: list[Row], period: Period, stat: Statistic = mean) -> Value:
    """Waits of answered queue visits, ringing included."""
    return stat(
        durations(
            [r for r in visits if r["is_offered"] and r["is_answered"]], "wait_us", "entered_at", period
        )
    )


def abandonment_rate(sessions: list[Row], period: Period) -> Value:
    """Contacts that gave up before a person answered, among those that asked for one: answered, or over."""
    return share(
        [
            r
            for r in sessions
            if inside(r, "queued_at", period) and r["is_counted"] and (r["is_answered"] or r["is_over"])
        ],
        lambda r: r["is_abandoned"],
    )


# -- ratings

POSITIVE = {"csat5": range(4, 6), "csat7": range(5, 8), "thumbs": range(1, 2)}


def latest(events: Iterable[Row]) -> list[Row]:
    """The last answer to each question of each survey; one without a survey stands alone."""
    found: dict[Any, Row] = {}
    for event in events:
        if event["kind"] == "rated":
            survey = event.get("subject_id")
            key = (
                (event["source"], survey, event.get("value"), event.get("customer_id"))
                if survey
                else event["event_id"]
            )
            found[key] = event
    return list(found.values())


def csat(ratings: list[Row], scale: str, period: Period) -> Value:
    """Share of positive answers on one scale."""
    here = [r for r in ratings if r["attribute"] == scale and inside(r, "occurred_at", period)]
    return share(here, lambda r: r["amount"] in POSITIVE[scale])


def nps(ratings: list[Row], period: Period) -> Value:
    """100 x (share of 9-10 less share of 0-6)."""
    scores = [r["amount"] for r in ratings if r["attribute"] == "nps" and inside(r, "occurred_at", period)]
    return (
        Fraction(100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)), len(scores))
        if scores
        else None
    )
