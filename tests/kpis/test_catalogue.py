"""Every KPI of the catalogue, asked in every way it can be asked, on one company."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

from polso.errors import QuestionError, UnknownName
from polso.facts import FACTS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition
from polso.query.question import GRAINS
from polso.query.result import Result
from polso.query.run import BANDED
from truth.acme import Acme

pytestmark = pytest.mark.xdist_group("acme")
DEFINITIONS = {d.label: d for entry in shipped().values() for d in (entry.default, *entry.variants.values())}
RATES = ("share", "net_share", "cohort_pair")
MONTH, EMPTY = "2026-03", "2031-05"


def by_fact() -> dict[str, list[str]]:
    """Labels of the definitions that read one fact alone, ratios left out."""
    found: dict[str, list[str]] = defaultdict(list)
    for label, definition in DEFINITIONS.items():
        if definition.kind not in ("ratio", "cost"):
            found[definition.fact].append(label)
    return found


def dimensions(fact: str) -> list[str]:
    """The columns of a fact that may split a KPI."""
    return [c.name for c in FACTS[fact].all_columns({"product": "product"}) if c.dimension]


def shared(definition: Definition) -> list[str]:
    """The dimensions that both sides of a ratio have."""
    assert definition.top is not None
    assert definition.bottom is not None
    return [n for n in dimensions(definition.top.fact) if n in dimensions(definition.bottom.fact)]


def check(result: Result) -> None:
    """What holds of every cell, whatever is asked."""
    for cell in result:
        definition = DEFINITIONS[cell.kpi if cell.variant == "default" else f"{cell.kpi}:{cell.variant}"]
        assert cell.n >= 0
        if cell.value is None and definition.kind == "survival":
            continue  # a bound may be reached where the median is not
        if cell.value is None:
            assert (cell.low, cell.high) == (None, None)
        elif definition.kind in RATES:
            assert cell.n > 0
            assert cell.low is not None
            assert cell.high is not None
            assert cell.low <= cell.value <= cell.high


def asked(acme: Acme, *labels: str, **question: Any) -> Result | None:
    """The answer, or None where the question is refused by its own rule."""
    try:
        return acme.care.ask(*labels, **question)
    except QuestionError as refusal:
        expected = ("business-time", "has no mean", "cannot be split by", "has no meaning beside", "busiest")
        assert any(words in str(refusal) for words in expected), f"{labels} {question}: {refusal}"  # noqa: PT017
        return None


def test_there_are_definitions() -> None:
    assert len(DEFINITIONS) > 120


@pytest.mark.parametrize("label", DEFINITIONS)
def test_every_definition_says_what_it_is_in_both_languages(label: str) -> None:
    definition = DEFINITIONS[label]
    for words in (definition.title, definition.meaning):
        assert words.en.strip()
        assert words.it.strip()
        assert words.en[0].isupper() or words.en[0].isdigit()
    assert definition.meaning.en.endswith(".")
    assert definition.meaning.it.endswith(".")


def test_no_definition_is_empty_on_the_demo(acme: Acme) -> None:
    empty = {label for label in DEFINITIONS if all(cell.value is None for cell in acme.care.ask(label))}
    assert set() == empty


def test_values_are_within_their_intervals(acme: Acme) -> None:
    for label in DEFINITIONS:
        check(acme.care.ask(label))


@pytest.mark.parametrize("stat", ["mean", "median", "p80", "p90", "p95"])
def test_every_statistic(acme: Acme, stat: Any) -> None:
    for label, definition in DEFINITIONS.items():
        if definition.kind in ("duration", "mean", "survival"):
            result = asked(acme, label, stat=stat, period=MONTH)
            assert (result is None) == (definition.kind == "survival" and stat == "mean")
            assert result is None or all(cell.stat == stat for cell in result)


def test_business_time_is_never_longer(acme: Acme) -> None:
    for label, definition in DEFINITIONS.items():
        if definition.kind == "duration":
            calendar, business = acme.one(label), asked(acme, label, time="business")
            assert business is not None, label
            (cell,) = business
            assert cell.n == calendar.n, label
            assert cell.value is None or cell.value <= calendar.value, label


def test_what_is_no_duration_says_nothing_of_business_time_or_refuses(acme: Acme) -> None:
    for label, definition in DEFINITIONS.items():
        if definition.kind != "duration":
            result = asked(acme, label, time="business", period=MONTH)
            assert result is None or definition.unit != "duration" or definition.kind == "bands", label


@pytest.mark.parametrize("grain", GRAINS)
def test_every_grain(acme: Acme, grain: str) -> None:
    """Those of one fact in one question; a peak or a roll-forward alone, as it may refuse."""
    period = "2026-03-28..2026-03-31" if grain in ("quarter_hour", "hour") else "2025-12-20..2026-02-10"
    alone = [label for label, d in DEFINITIONS.items() if d.kind in ("peak", "roll_forward")]
    together = [[label for label in labels if label not in alone] for labels in by_fact().values()]
    rest = [label for label, d in DEFINITIONS.items() if d.kind in ("ratio", "cost")]
    for labels in (*together, rest, *([label] for label in alone)):
        result = asked(acme, *labels, by=grain, period=period) if labels else None
        if result is not None:
            check(result)
            assert all(grain in cell.keys for cell in result)


@pytest.mark.parametrize("fact", by_fact())
def test_every_dimension_of_a_fact(acme: Acme, fact: str) -> None:
    labels = by_fact()[fact]
    for name in dimensions(fact):
        result = acme.care.ask(*labels, by=name, period=MONTH)
        check(result)
        assert all(name in cell.keys for cell in result)


def test_every_dimension_of_ratios_and_costs(acme: Acme) -> None:
    for label, definition in DEFINITIONS.items():
        if definition.kind == "ratio":
            for name in shared(definition):
                check(acme.care.ask(label, by=name, period=MONTH))
        elif definition.kind == "cost":
            for name in ("channel", "team", "agent", "client"):
                if name in dimensions(definition.fact) and name in dimensions("contacts"):
                    check(acme.care.ask(label, by=name, period=MONTH))


def test_an_empty_period_has_no_value(acme: Acme) -> None:
    for label in DEFINITIONS:
        cells = list(acme.care.ask(label, period=EMPTY))
        assert all((cell.value, cell.low, cell.n) == (None, None, 0) for cell in cells), label


def test_an_empty_filter_has_no_value(acme: Acme) -> None:
    for label, definition in DEFINITIONS.items():
        if definition.kind in ("cost", "ratio"):
            continue
        for cell in acme.care.ask(label, where={"client": "nobody"}):
            empty = 0 if definition.kind in ("count", "stock", "stock_by_age", "roll_forward") else None
            assert cell.value in (empty, None), label
            assert cell.n == 0, label


def test_compare_tells_the_earlier_value(acme: Acme) -> None:
    for compare, earlier in (("previous", "2026-02"), ("last_year", "2025-03")):
        labels = [
            label for label, d in DEFINITIONS.items() if d.variant == "default" and d.kind not in BANDED
        ]
        now = acme.care.ask(*labels, period=MONTH, compare=compare)  # type: ignore[arg-type]
        before = acme.care.ask(*labels, period=earlier)
        for cell, then in zip(now, before, strict=True):
            assert then.value == cell.previous
            known = cell.value is not None and then.value is not None
            assert cell.change == (cell.value - then.value if known else None)


def test_unknown_names_are_answered_with_the_nearest(acme: Acme) -> None:
    care = acme.care
    with pytest.raises(UnknownName, match="did you mean first_response_time"):
        care.ask("frist_response_time")
    with pytest.raises(UnknownName, match="any_responder"):
        care.ask("first_response_time:any_respondr")
    with pytest.raises(QuestionError, match="did you mean channel"):
        care.ask("ticket_volume", by="chanel")
    with pytest.raises(QuestionError, match="did you mean channel"):
        care.ask("ticket_volume", where={"chanel": "email"})
    with pytest.raises(UnknownName, match="did you mean within"):
        care.ask("service_level", params={"witin": 30})
    with pytest.raises(QuestionError, match="cannot filter"):
        care.ask("ticket_volume", where={"weekday": 1})
    with pytest.raises(QuestionError, match="too fine"):
        care.ask("ticket_volume", by="ticket_id")


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf")])
def test_parameters_out_of_bounds_are_refused(acme: Acme, value: float) -> None:
    with pytest.raises(QuestionError, match="is no value of within; write a time"):
        acme.care.ask("service_level", params={"within": value})


def test_a_wider_limit_never_lowers_a_share(acme: Acme) -> None:
    for label, name in (("service_level", "within"), ("first_response_rate_within", "within")):
        cells = [acme.one(label, params={name: limit}, period=MONTH) for limit in (1, 60, 3600, 86400)]
        assert [c.parts["part"] for c in cells] == sorted(c.parts["part"] for c in cells)


def test_filters_split_the_whole(acme: Acme) -> None:
    for label in ("ticket_volume", "csat", "service_level", "reply_time", "contact_volume"):
        parts = [
            acme.one(label, where={"channel": c}) for c in {k for k in acme.cells(label, "channel") if k}
        ]
        rest = acme.one(label, where={"channel": None})
        assert acme.one(label).n == sum(cell.n for cell in parts) + rest.n
