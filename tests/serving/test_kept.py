"""What is kept of days: it says what facts say, to the last digit, and they are not read again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import polso
from polso.care import Care
from polso.demo import write_project
from polso.engine import DuckDB
from polso.errors import PolsoError
from polso.kpis.definition import Condition
from polso.query import brackets, percentiles
from polso.query.store import Store
from polso.serving.readers import Readers

NAMES = ("channel", "team", "issue_type", "priority", "language", "agent")
TIMES = ("hour", "day", "week", "month", "quarter", "year", "weekday", "hour_of_day")
FILTERS: tuple[dict[str, Any], ...] = (
    {},
    {"channel": "email"},
    {"channel": ["email", "phone"]},
    {"channel": "chat", "priority": "high"},
    {"language": "it"},
    {"channel": "nowhere"},
)


@dataclass
class Twice:
    """One company: its readers, and the same asked of facts alone."""

    readers: Readers
    care: Care
    kpis: tuple[str, ...]


@pytest.fixture(scope="module", params=["open", "it"])
def twice(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twice]:
    """A demo company, with agents shown and without."""
    folder = tmp_path_factory.mktemp("kept") / "acme"
    write_project(folder, tickets=2500, seed=11)
    settings_file = folder / "polso.toml"
    text = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(
        text.replace('profile = "open"', f'profile = "{request.param}"'), encoding="utf-8"
    )
    with polso.open(folder) as care:
        care.load()
    with Readers(folder, 2) as readers, readers.borrow() as care:
        assert care.privacy.state == {"open": "open", "it": "locked"}[request.param]
        alone = Care(care.folder, care.config, care.engine)
        kpis = tuple(sorted(d.label for entry in care.catalogue.values() for d in entry.definitions))
        yield Twice(readers, alone, kpis)


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    by = draw(st.lists(st.sampled_from(NAMES), max_size=2, unique=True))
    by += draw(st.lists(st.sampled_from(TIMES), max_size=2, unique=True))
    return {
        "by": tuple(by),
        "where": draw(st.sampled_from(FILTERS)),
        "stat": draw(st.sampled_from((None, None, None, "median", "p90"))),
        "compare": draw(st.sampled_from((None, None, "previous", "weekdays"))),
    }


@st.composite
def periods(draw: st.DrawFn) -> tuple[int, int]:
    return draw(st.integers(-20, 500)), draw(st.sampled_from((1, 2, 7, 30, 90, 400)))


def said(care: Care, period: tuple[int, int]) -> str:
    since = care.store.local_day(care.store.first) + timedelta(days=period[0])
    return f"{since}..{since + timedelta(days=period[1])}"


def answered(ask: Any, kpi: str, **question: Any) -> Any:
    """The cells and warnings, or what was wrong."""
    try:
        result = ask(kpi, **question)
    except PolsoError as error:
        return str(error)
    return result.cells, result.warnings


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(data=st.data(), question=questions(), asked=st.tuples(periods(), periods(), periods()))
def test_what_is_kept_says_what_facts_say(
    twice: Twice, data: st.DataObject, question: dict[str, Any], asked: tuple[tuple[int, int], ...]
) -> None:
    kpi = data.draw(st.sampled_from(twice.kpis))
    *before, now = (said(twice.care, period) for period in asked)
    assume(now not in before)
    for period in before:  # what is asked for twice is kept
        answered(twice.readers.ask, kpi, period=period, **question)
        twice.readers.settle()
    found = answered(twice.readers.ask, kpi, period=now, **question)
    assert found == answered(twice.care.ask, kpi, period=now, **question)


@pytest.mark.parametrize("by", [(), ("day",), ("month", "channel"), ("weekday",), ("channel",)])
@pytest.mark.parametrize("where", [{}, {"channel": "web"}, {"channel": ["web", "shop"]}])
def test_cohorts_of_any_day_are_those_of_facts(
    twice: Twice, by: tuple[str, ...], where: dict[str, Any]
) -> None:
    kpis = [name for name in twice.kpis if name.startswith(("retention_rate", "churn_rate"))]
    last = twice.care.store.local_day(twice.care.store.last)
    known = 0
    for since, until in ((120, 60), (90, 30), (200, 0), (61, 60), (400, 1), (10, -5)):
        period = f"{last - timedelta(days=since)}..{last - timedelta(days=until)}"
        question: dict[str, Any] = {"period": period, "by": by, "where": where}
        found = twice.readers.ask(*kpis, **question).cells
        twice.readers.settle()
        assert found == twice.care.ask(*kpis, **question).cells
        known += sum(cell.n for cell in found)
    assert known


@pytest.mark.parametrize(
    "kpi",
    [
        "ticket_volume",
        "csat",
        "first_contact_resolution",
        "backlog",
        "backlog_roll_forward",
        "occupancy",
        "retention_rate",
    ],
)
def test_another_period_is_read_off_what_is_kept(
    twice: Twice, kpi: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for month in ("2026-02", "2026-03"):
        twice.readers.ask(kpi, period=month, compare="previous")
        twice.readers.settle()
    asked: list[str] = []
    run = DuckDB.collect_sql
    monkeypatch.setattr(
        DuckDB, "collect_sql", lambda self, text, schema: (asked.append(text), run(self, text, schema))[1]
    )
    assert twice.readers.ask(kpi, period="2026-05", compare="previous").cells
    assert asked == []


@pytest.mark.parametrize(
    ("kpi", "by"),
    [*((kpi, ("team", "channel")) for kpi in ("backlog", "backlog_by_age", "backlog_roll_forward", "ticket_volume")),
     *((kpi, ("team",)) for kpi in ("backlog", "occupancy", "shrinkage", "utilisation", "first_response_time"))],
)  # fmt: skip
def test_teams_are_hidden_by_what_is_kept_as_by_facts(twice: Twice, kpi: str, by: tuple[str, ...]) -> None:
    shown = 0
    for days in ((10, 40), (60, 150), (61, 62), (5, 200)):
        question: dict[str, Any] = {"period": said(twice.care, days), "by": by}
        found = answered(twice.readers.ask, kpi, **question)
        twice.readers.settle()
        assert found == answered(twice.care.ask, kpi, **question)
        shown += not isinstance(found, str)
    assert shown


@pytest.mark.parametrize("kpi", ["first_response_time", "resolution_time", "handle_time", "csat:mean_score"])
@pytest.mark.parametrize("by", [(), ("channel",), ("team", "priority")])
@pytest.mark.parametrize("where", [{}, {"channel": ["email", "phone"]}])
def test_percentiles_of_any_period_are_those_of_facts(
    twice: Twice, kpi: str, by: tuple[str, ...], where: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrowed: list[bool] = []
    values_at = percentiles.values_at
    monkeypatch.setattr(
        percentiles, "values_at", lambda *asked: (found := values_at(*asked), narrowed.append(bool(found)))[0]
    )
    for stat in ("median", "p90", "p80"):
        for days in ((10, 40), (60, 150), (61, 62), (-30, 500), (30, 31)):
            question: dict[str, Any] = {"period": said(twice.care, days), "by": by, "where": where}
            if kpi != "csat:mean_score":
                question["stat"] = stat
            found = answered(twice.readers.ask, kpi, **question)
            twice.readers.settle()
            assert found == answered(twice.care.ask, kpi, **question)
    assert any(narrowed) == (kpi != "csat:mean_score")


def test_facts_are_asked_where_counts_and_rows_do_not_agree(
    twice: Twice, monkeypatch: pytest.MonkeyPatch
) -> None:
    for days in ((10, 40), (60, 150)):
        twice.readers.ask("assign_time", period=said(twice.care, days), stat="median")
        twice.readers.settle()
    right, tampered = brackets._bracket, []

    def wrong(*asked: Any) -> Any:
        tampered.append(right(*asked))
        return replace(tampered[-1], inside=1)

    monkeypatch.setattr(brackets, "_bracket", wrong)
    question: dict[str, Any] = {"period": said(twice.care, (5, 77)), "stat": "median"}
    found = answered(twice.readers.ask, "assign_time", **question)
    assert tampered
    assert found == answered(twice.care.ask, "assign_time", **question)


@pytest.mark.parametrize(
    "where", [{}, {"channel": "email"}, {"channel": ["email", "phone"], "priority": "high"}]
)
def test_where_definitions_part_is_what_facts_say(twice: Twice, where: dict[str, Any]) -> None:
    conditions = [Condition(column=name, op="in" if isinstance(value, list) else "=",
        value=tuple(value) if isinstance(value, list) else value) for name, value in where.items()]  # fmt: skip
    kpi, known = "first_contact_resolution", 0
    for days in ((10, 40), (60, 150), (61, 62), (-30, 500), (30, 31)):
        asked: dict[str, Any] = {"definition": "all", "period": said(twice.care, days), "where": conditions}
        with twice.readers.borrow() as care:
            found = care.partings(kpi, **asked)
        twice.readers.settle()
        assert found == twice.care.partings(kpi, **asked)
        known += sum(one.parted for one in found)
    assert known
    with pytest.MonkeyPatch.context() as patch, twice.readers.borrow() as care:
        patch.setattr(Store, "run", lambda *asked: pytest.fail("facts were asked"))
        assert care.partings(kpi, **asked | {"period": said(twice.care, (5, 77))})


def test_a_filter_by_a_flag_is_read_off_too(twice: Twice) -> None:
    question = {"by": ("week",), "where": {"has_bot": True}, "stat": "median"}
    for period in ("2026-01-01..2026-03-01", "2026-01-01..2026-04-01", "2026-02-01..2026-04-01"):
        found = answered(twice.readers.ask, "handle_time", period=period, **question)
        twice.readers.settle()
        assert not isinstance(found, str)
        assert found == answered(twice.care.ask, "handle_time", period=period, **question)
