"""Invariants of questions: parts sum to the whole, rows are the number, company changes nothing."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from polso.facts import FACTS
from polso.kpis.catalogue import find, shipped
from polso.kpis.definition import Definition
from polso.query.question import GRAINS
from polso.query.store import stretches
from truth.acme import Acme

pytestmark = pytest.mark.xdist_group("acme")
ROME = ZoneInfo("Europe/Rome")
COUNTED = [name for name, e in shipped().items() if e.default.kind in ("count", "share")]
FILTERS: dict[str, tuple[Any, ...]] = {
    "channel": ("email", "phone", ["chat", "whatsapp"], "web", None),
    "client": ("acme-shop", "acme-energia"),
    "priority": ("urgent", ["low", "normal"]),
    "team": ("tecnico", "commerciale", None),
    "issue_type": (None, "outage"),
}


def filters(dice: Random, d: Definition) -> dict[str, Any]:
    """One or two filters that the fact of a definition knows."""
    known = [name for name in FILTERS if name in {c.name for c in FACTS[d.fact].columns if c.dimension}]
    return {
        name: dice.choice(FILTERS[name]) for name in dice.sample(known, min(len(known), dice.randint(0, 2)))
    }


@pytest.mark.parametrize(
    "grain", ["hour", "day", "week", "month", "quarter", "year", "weekday", "hour_of_day"]
)
def test_buckets_sum_to_the_whole(acme: Acme, grain: str) -> None:
    """Around both clock changes and over every edge of the history: the first local hours too."""
    for period in ("2025-10-24..2025-10-28", "2026-03-27..2026-03-31", "2025-12", "all"):
        if grain == "hour" and period == "all":
            continue
        for kpi in ("ticket_volume:all", "contact_volume", "order_volume", "visit_volume"):
            whole = acme.one(kpi, period=period).n
            assert whole == sum(c.n for c in acme.cells(kpi, grain, period=period).values()), (kpi, period)


def test_the_repeated_hour_is_two_buckets(acme: Acme) -> None:
    hours = list(acme.cells("visit_volume", "hour", period="2025-10-26"))
    assert len(hours) == 25
    assert {"2025-10-26T02:00+02:00", "2025-10-26T02:00+01:00"} <= set(hours)
    assert len(acme.cells("visit_volume", "hour", period="2026-03-29")) == 23
    assert len(acme.cells("visit_volume", "quarter_hour", period="2025-10-26")) == 100


def test_labels_are_local_ones(acme: Acme) -> None:
    rows = acme.care.rows("ticket_volume:all", limit=None)["opened_at"].to_pylist()
    local = [at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ROME) for at in rows]
    assert Counter(at.date() for at in local) == acme.counts("ticket_volume:all", "day")
    assert Counter(at.isoweekday() for at in local) == acme.counts("ticket_volume:all", "weekday")
    assert Counter(at.hour for at in local) == acme.counts("ticket_volume:all", "hour_of_day")
    both = acme.counts("ticket_volume:all", "weekday", "hour_of_day")
    assert Counter((at.isoweekday(), at.hour) for at in local) == both


def spells(acme: Acme) -> list[dict[str, Any]]:
    """Open stretches, agents' own tickets left out."""
    engine = acme.care.engine
    rows: list[dict[str, Any]] = engine.collect(engine.table("backlog")).to_pylist()
    return [row for row in rows if row["left_out"] != "internal"]


@pytest.mark.parametrize("grain", ["hour", "day", "week", "month", "quarter", "year"])
def test_a_stock_is_what_stands_at_the_end_of_each_bucket(acme: Acme, grain: str) -> None:
    period = "2026-03-20..2026-04-05" if grain in ("hour", "day") else "all"
    store, rows = acme.care.store, spells(acme)
    cells = acme.cells("backlog", grain, "channel", period=period)
    for stretch in stretches(store, acme.care.period(period), (grain,)):
        if stretch.start > store.as_of:
            continue
        standing = Counter(r["channel"] for r in rows if stands(r, stretch.end, store.as_of))
        found = {
            key[1]: cell.value for key, cell in cells.items() if key[0] == stretch.labels[0] and cell.value
        }
        assert dict(standing) == found, stretch


def stands(row: dict[str, Any], at: datetime, as_of: datetime) -> bool:
    """Whether an open stretch lasts just before an instant; at as-of itself what happened then has happened."""
    if at > as_of:
        return row["since"] <= as_of and (row["until"] is None or row["until"] > as_of)
    return row["since"] < at and (row["until"] is None or row["until"] >= at)


def test_a_stock_over_weekdays_is_the_mean_of_its_days(acme: Acme) -> None:
    days = acme.cells("backlog", "day", period="2026-02")
    read: dict[int, list[float]] = {}
    for day, cell in days.items():
        read.setdefault(day.isoweekday(), []).append(cell.value or 0)
    found = acme.cells("backlog", "weekday", period="2026-02")
    assert {w: sum(v) / len(v) for w, v in read.items()} == {w: cell.value for w, cell in found.items()}


@pytest.mark.parametrize("by", [(), ("month",), ("channel",), ("day", "channel")])
def test_age_bands_add_up_to_the_backlog(acme: Acme, by: tuple[str, ...]) -> None:
    bands: Counter[Any] = Counter()
    for key, cell in acme.cells("backlog_by_age", *by, period="2026-03").items():
        *rest, band = key if isinstance(key, tuple) else (key,)
        bands[tuple(rest)] += int(cell.value or 0) if band != "mean_age" else 0
    whole = {tuple(c.keys.values()): c.value for c in acme.care.ask("backlog", by=by, period="2026-03")}
    assert {k: n for k, n in whole.items() if n} == {k: n for k, n in bands.items() if n}


@pytest.mark.parametrize("by", [(), ("week",), ("team",), ("month", "channel")])
def test_the_roll_forward_goes_from_stock_to_stock(acme: Acme, by: tuple[str, ...]) -> None:
    ends = {
        tuple(c.keys.values()): c.value
        for c in acme.care.ask("backlog", by=by, period="2025-11-15..2026-02-15")
    }
    lines = acme.care.ask("backlog_roll_forward", by=by, period="2025-11-15..2026-02-15")
    found = {tuple(c.keys.values())[:-1]: c.value for c in lines if c.keys["band"] == "end"}
    assert {k: n for k, n in ends.items() if n} == {k: n for k, n in found.items() if n}


@pytest.mark.parametrize("by", ["channel", "team"])
def test_a_split_of_nothing_has_no_line_of_the_roll_forward(acme: Acme, by: str) -> None:
    asked = {"period": "2026-03", "where": {"team": "nobody"}}
    assert not acme.care.ask("backlog_roll_forward", by=by, **asked).cells
    assert {c.value for c in acme.care.ask("backlog_roll_forward", **asked)} == {0}


def test_cells_come_sorted(acme: Acme) -> None:
    for kpi, by in (
        ("ticket_volume", ("channel", "month")),
        ("csat", ("agent",)),
        ("first_response_bands", ("channel",)),
        ("backlog", ("day",)),
    ):
        keys = [
            tuple(str(v) for k, v in c.keys.items() if k != "band")
            for c in acme.care.ask(kpi, by=by)
            if None not in c.keys.values()
        ]
        assert keys == sorted(keys), kpi


@pytest.mark.parametrize("seed", range(4))
def test_rows_are_exactly_the_number(acme: Acme, seed: int) -> None:
    dice = Random(seed)
    for name in COUNTED:
        definition = find(shipped(), name)
        where, period = (
            filters(dice, definition),
            dice.choice(["all", "2026-03", "2026-06", "2025-10-20..2025-11-03"]),
        )
        cell, rows = (
            acme.one(name, where=where, period=period),
            acme.care.rows(name, where=where, period=period, limit=None),
        )
        assert cell.n == rows.num_rows, (name, where, period)
        if definition.kind == "share" and cell.n:
            assert cell.parts["part"] == sum(rows["counted"].to_pylist()), (name, where, period)


@pytest.mark.parametrize(
    "name", ["first_response_time", "reply_time", "handle_time", "speed_of_answer", "revenue", "backlog"]
)
def test_rows_of_means_and_stocks_are_the_number_too(acme: Acme, name: str) -> None:
    for period in ("all", "2026-03"):
        assert acme.one(name, period=period).n == acme.care.rows(name, period=period, limit=None).num_rows


def test_company_changes_no_number(acme: Acme) -> None:
    """Each alone, then all together in two orders; a split that some facts have values for and others not."""
    kpis = [
        n
        for n, e in shipped().items()
        if e.default.kind in ("count", "share", "duration", "mean", "stock", "ratio")
    ]
    for by, period in (((), "all"), (("client",), "2026-03"), (("month",), "2026-Q1")):
        together = acme.care.ask(*kpis, by=by, period=period)
        backwards = acme.care.ask(*reversed(kpis), by=by, period=period)
        for name in kpis:
            alone = list(acme.care.ask(name, by=by, period=period))
            assert alone == [c for c in together if c.kpi == name], name
            assert alone == [c for c in backwards if c.kpi == name], name


def test_a_question_of_two_facts_keeps_the_cells_of_each(acme: Acme) -> None:
    alone = acme.cells("calls_offered", "team")
    beside = acme.care.ask("calls_offered", "ticket_volume", by="team")
    assert list(alone) == [c.keys["team"] for c in beside if c.kpi == "calls_offered"]


def test_who_is_too_young_is_counted(acme: Acme) -> None:
    """N and immature are all that meet the definition but for its age."""
    for name, entry in shipped().items():
        d = entry.default
        if d.kind == "share" and d.known_after:
            now = acme.one(name, params={d.known_after.param: d.params[d.known_after.param].default})
            everyone = acme.one(name, params={d.known_after.param: 0})
            assert now.n + now.parts.get("immature", 0) == everyone.n + everyone.parts.get("immature", 0), (
                name
            )


def test_as_of_is_said(acme: Acme) -> None:
    result = acme.care.ask("ticket_volume")
    assert result.as_of == datetime(1970, 1, 1) + timedelta(microseconds=acme.truth.as_of_us)


def test_answers_become_tables(acme: Acme) -> None:
    result = acme.care.ask("ticket_volume", "first_response_bands", by="channel")
    table = result.to_arrow()
    assert table.num_rows == len(result)
    assert {"channel", "band", "value", "n"} <= set(table.column_names)
    assert len(result.to_pandas()) == len(result.to_polars()) == len(result)


@pytest.mark.parametrize("grain", GRAINS)
def test_an_empty_grain_has_its_buckets(acme: Acme, grain: str) -> None:
    cells = acme.care.ask("order_volume", by=grain, period="2026-03-02", where={"channel": "nowhere"})
    assert len(cells) > 0
    assert all((0, 0) == (cell.value, cell.n) for cell in cells)
