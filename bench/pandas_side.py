"""Benchmark `pandas`: the scorecard's KPIs with pandas, from the same events and from the same facts.

Rule kept here: pandas as its users write it: categories for repeated texts, one sort, shifts and grouped minima, no loop
over rows; and it makes only what the KPIs need, where the product makes its facts.
"""

from __future__ import annotations

from datetime import datetime
from math import isclose
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bench import scorecard
from bench.made import CONFIG
from bench.measure import Result, Taken, alternate, apart, once, row, seconds
from polso.calendar import day_table, span
from polso.engine import DuckDB
from polso.facts import build

TITLE: Final = "The same KPIs with pandas, from events and from facts"
NOTES: Final = [
    "From events: pandas reads the needed columns of the log from Parquet and makes only what the twelve KPIs need; Polso makes the"
    " facts of benchmark `fold` (all their columns, two calendars, ten dimensions) and asks. The values are compared first.",
    "From facts: pandas reads the needed columns of the facts from Parquet and computes the twelve KPIs for both periods; Polso asks"
    " its store.",
    "pandas computes values and sample sizes alone, no intervals.",
]
ENDS: Final = ("solved", "closed", "merged", "removed")
REOPENS: Final = ("opened", "reopened", "restored")
RANK: Final = {k: i for i, k in enumerate(
    ("opened", "reopened", "set", "transferred", "assigned", "message", "waiting", "solved", "rated", "closed"))}  # fmt: skip
EVENTS: Final = (
    "ticket_id",
    "event_id",
    "occurred_at",
    "seq",
    "kind",
    "direction",
    "actor_kind",
    "stage",
    "channel",
)
FACTS: Final = {
    "tickets": ("opened_at", "resolved_at", "first_solved_at", "started_at", "first_response_us", "longest_reply_us", "transfers",
                "opened_in_hours", "resolution_us", "first_resolution_us", "awaits_response", "is_counted"),
    "replies": ("started_at", "reply_us"),
    "solves": ("solved_at",),
    "backlog": ("since", "until"),
}  # fmt: skip
Frames = dict[str, pd.DataFrame]


def export(facts: Path, log: Path, folder: Path) -> None:
    """Events and facts as Parquet."""
    engine = DuckDB(facts)
    for name, columns in FACTS.items():
        engine.run(f"COPY (SELECT {', '.join(columns)} FROM {name}) TO '{folder / name}.parquet'")
    engine.run(f"ATTACH '{log}' AS log_file (READ_ONLY)")
    engine.run(f"COPY (SELECT {', '.join(EVENTS)} FROM log_file.events) TO '{folder}/events.parquet'")
    engine.close()


def facts_of(folder: Path) -> Frames:
    """The needed columns of the facts."""
    return {
        name: pd.read_parquet(folder / f"{name}.parquet", columns=list(columns))
        for name, columns in FACTS.items()
    }


def kpis(
    frames: Frames, periods: list[tuple[datetime, datetime]], as_of: datetime
) -> list[tuple[float, int]]:
    """Values and sample sizes in the order of `scorecard.KPIS`, per period."""
    found: list[tuple[float, int]] = []
    tickets = frames["tickets"][frames["tickets"].is_counted]
    four_hours = 4 * 3_600_000_000

    def within(rows: pd.DataFrame, clock: str, period: tuple[datetime, datetime]) -> pd.DataFrame:
        return rows[(rows[clock] >= period[0]) & (rows[clock] < period[1])]

    def mean(values: pd.Series[Any]) -> tuple[float, int]:
        sound = values[values >= 0]
        return (float(sound.sum()) / len(sound) / 1e6, len(sound))

    for period in periods:
        opened = within(tickets, "opened_at", period)
        n = len(opened)
        due = opened[opened.awaits_response & ~(opened.started_at > as_of - pd.Timedelta(hours=4))]
        stock = frames["backlog"]
        stands = (stock.since < period[1]) & (stock.until.isna() | (stock.until >= period[1]))
        found += [
            (n, n), mean(opened.first_response_us), (float((due.first_response_us <= four_hours).mean()), len(due)),
            mean(opened.longest_reply_us), (float((opened.transfers > 0).mean()), n), (float(opened.transfers.sum()) / n, n),
            (float((opened.opened_in_hours == False).mean()), n),  # noqa: E712 - null is not false
            mean(within(tickets, "resolved_at", period).resolution_us), mean(within(tickets, "first_solved_at", period).first_resolution_us),
            mean(within(frames["replies"], "started_at", period).reply_us),
            *((float(k), int(k)) for k in (len(within(frames["solves"], "solved_at", period)), stands.sum())),
        ]  # fmt: skip
    return found


def folded(events: pd.DataFrame, days: pd.DataFrame) -> Frames:
    """What the KPIs need of the facts, from the log."""
    events["ticket_id"] = pd.factorize(events.ticket_id)[0]
    events["rank"] = events.kind.map(RANK).fillna(10).astype("int8")
    events = events.sort_values(["ticket_id", "occurred_at", "seq", "rank", "event_id"], ignore_index=True)
    kind, by = events.kind, events.actor_kind
    reply = ((kind == "message") & (by == "agent") | (kind == "entered") & (events.stage == "talk")) & (
        events.direction != "internal"
    )
    end = kind.isin(ENDS)
    asks = kind.isin(["message", "opened"]) & (by == "customer")
    asks |= (
        (kind == "entered")
        & events.stage.isin(["welcome", "ivr", "bot", "queue"])
        & events.direction.fillna("inbound").eq("inbound")
    )
    spells, turns = _spells(events[end | kind.isin(REOPENS)]), _turns(events, reply, end, asks)
    grouped = events.groupby("ticket_id", sort=False).occurred_at
    tickets = pd.DataFrame({"first_event_at": grouped.min()})
    at = events.occurred_at

    def earliest(mask: pd.Series[bool]) -> pd.Series[Any]:
        return at[mask].groupby(events.ticket_id[mask], sort=False).min()

    tickets["opened_at"] = earliest(kind == "opened")
    tickets["opened_at"] = tickets.opened_at.fillna(tickets.first_event_at)
    openers = (
        by[kind == "opened"].astype(object).groupby(events.ticket_id[kind == "opened"], sort=False).max()
    )
    tickets["by_customer"] = (openers == "customer").reindex(tickets.index, fill_value=True)
    tickets["asked_at"] = earliest((kind == "message") & (by == "customer"))
    tickets["reply_at"] = earliest(reply)
    asked = tickets.asked_at.where(~tickets.by_customer).reindex(events.ticket_id).to_numpy()
    tickets["later_reply_at"] = earliest(reply & (at.to_numpy() >= asked))
    tickets["started_at"] = tickets.opened_at.where(tickets.by_customer, tickets.asked_at)
    tickets["first_reply_at"] = tickets.reply_at.where(tickets.by_customer, tickets.later_reply_at)
    tickets["channel"] = events.groupby("ticket_id", sort=False).channel.first()
    tickets["transfers"] = (
        ((kind == "transferred") & (by.fillna("agent") != "system"))
        .groupby(events.ticket_id, sort=False)
        .sum()
    )
    solved = spells[spells.ended_by == "solved"].groupby("ticket_id").until
    tickets["first_solved_at"], tickets["last_solved_at"] = solved.min(), solved.max()
    is_open = spells[spells.until.isna()].ticket_id
    tickets["is_open"] = tickets.index.isin(is_open)
    tickets["resolved_at"] = tickets.last_solved_at.where(~tickets.is_open)
    tickets["awaits_response"] = tickets.started_at.notna() & (
        tickets.first_reply_at.notna() | tickets.is_open
    )
    tickets["first_response_us"] = _us(tickets.started_at, tickets.first_reply_at)
    tickets["resolution_us"] = _us(tickets.opened_at, tickets.resolved_at)
    tickets["first_resolution_us"] = _us(tickets.opened_at, tickets.first_solved_at)
    answered = turns[turns.reply_us.notna()]
    tickets["longest_reply_us"] = answered.groupby("ticket_id").reply_us.max()
    tickets["opened_in_hours"] = _in_hours(tickets, days)
    tickets["is_counted"] = True  # nothing is merged, removed or internal in the made log
    stock = spells[["since", "until"]]
    return {
        "tickets": tickets,
        "replies": turns,
        "solves": spells[spells.ended_by == "solved"].rename(columns={"until": "solved_at"}),
        "backlog": stock,
    }


def _us(start: pd.Series[Any], end: pd.Series[Any]) -> pd.Series[Any]:
    return (end - start) / pd.Timedelta(microseconds=1)


def _spells(marks: pd.DataFrame) -> pd.DataFrame:
    is_open = marks.kind.isin(REOPENS)
    before = is_open.shift(fill_value=False) & (marks.ticket_id == marks.ticket_id.shift())
    turns = marks[is_open != before]
    same = turns.ticket_id == turns.ticket_id.shift(-1)
    found = pd.DataFrame({
        "ticket_id": turns.ticket_id, "since": turns.occurred_at, "until": turns.occurred_at.shift(-1).where(same),
        "ended_by": turns.kind.shift(-1).where(same),
    })  # fmt: skip
    return found[turns.kind.isin(REOPENS)]


def _turns(
    events: pd.DataFrame, reply: pd.Series[bool], end: pd.Series[bool], asks: pd.Series[bool]
) -> pd.DataFrame:
    speaks = np.select([reply, end, asks], [1, 2, 3], 0)
    said = events[speaks > 0]
    who = pd.Series(speaks[speaks > 0], index=said.index)
    runs = said[(who != who.shift()) | (said.ticket_id != said.ticket_id.shift())]
    who = who[runs.index]
    same = runs.ticket_id == runs.ticket_id.shift(-1)
    answered = same & (who.shift(-1) == 1)
    found = pd.DataFrame({"ticket_id": runs.ticket_id, "started_at": runs.occurred_at,
                          "reply_us": _us(runs.occurred_at, runs.occurred_at.shift(-1)).where(answered)})  # fmt: skip
    return found[who == 3]


def _in_hours(tickets: pd.DataFrame, days: pd.DataFrame) -> pd.Series[Any]:
    calendar = np.where(tickets.channel == "phone", "phones", "office")
    keyed = pd.DataFrame({"calendar": calendar, "day": tickets.opened_at.dt.normalize()}, index=tickets.index)
    met = keyed.merge(days, on=["calendar", "day"], how="left").set_axis(tickets.index)
    since = (tickets.opened_at - met.day) / pd.Timedelta(microseconds=1)
    found = pd.Series(False, index=tickets.index)
    for start in (name for name in days.columns if name.startswith("start_")):
        gone = since - met[start]
        found |= (gone >= 0) & (gone < met[start.replace("start", "length")])
    return found


def from_events(
    folder: Path, periods: list[tuple[datetime, datetime]], as_of: datetime
) -> list[tuple[float, int]]:
    """Events to KPIs."""
    events = pd.read_parquet(folder / "events.parquet", columns=list(EVENTS))
    for name in ("kind", "direction", "actor_kind", "stage", "channel"):
        events[name] = events[name].astype("category")
    ends = (t.tz_localize("UTC") for t in (events.occurred_at.min(), events.occurred_at.max()))
    days = day_table(build.calendars(CONFIG), *span(*ends)).to_pandas()
    days["day"] = pd.to_datetime(days.day)
    return kpis(folded(events, days), periods, as_of)


def run(size: str, log: Path, folder: Path, *, memory: str, times: int) -> Result:
    """Both ways, in turns."""
    facts = folder / "pandas.duckdb"
    apart("bench.fold", "product", str(log), memory, "1", str(facts))
    export(facts, log, folder)
    care = scorecard.open_facts(facts)
    now = care.period("last 28 days")
    periods = [now.instants, now.before("previous").instants]
    as_of = care.store.as_of
    wanted = scorecard.card_by_hand(care, periods[0], periods[1])
    for way, got in (
        ("facts", kpis(facts_of(folder), periods, as_of)),
        ("events", from_events(folder, periods, as_of)),
    ):
        for place, (one, other) in enumerate(zip(wanted, got, strict=True)):
            same = one[1] == other[1] and isclose(one[0], other[0], rel_tol=1e-9)
            assert same, f"from {way}, {scorecard.KPIS[place % 12]}: {one} by SQL, {other} by pandas"
    asked = alternate(
        {
            "product": lambda: once(lambda: scorecard.card(care)),
            "pandas": lambda: once(lambda: kpis(facts_of(folder), periods, as_of)),
        },
        times,
    )
    card = asked["product"]
    care.close()
    made = alternate({"product": lambda: apart("bench.fold", "product", str(log), memory, "1"),
                      "pandas": lambda: once(lambda: from_events(folder, periods, as_of))}, max(1, times // 2))  # fmt: skip
    whole = Taken(made["product"].wall + card.wall, made["product"].cpu + card.cpu, made["product"].memory)
    rows = [
        row("Polso, events to KPIs", whole),
        row("pandas, events to KPIs", made["pandas"]),
        row("Polso, facts to KPIs", card),
        row("pandas, facts to KPIs", asked["pandas"]),
    ]
    speed = asked["pandas"].wall / card.wall
    notes = [
        f"From facts Polso is {speed:.1f} times as fast; the first ratio is of the way from events ({seconds(whole.wall)} to {seconds(made['pandas'].wall)}).",
        *NOTES,
    ]
    return Result(
        "pandas",
        TITLE,
        size,
        whole.wall / made["pandas"].wall,
        0.1,
        rows,
        notes,
        whole.cpu / made["pandas"].cpu,
    )
