"""Periods read together: what is asked of two at once is, to the last digit, what each answers alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition
from polso.query.period import Compare
from polso.query.question import CYCLES, EVERYONE, Question
from polso.query.result import Cell
from polso.query.run import concrete, together
from query.office import EVERY, Event, opened, splits
from soundness.logs import logs
from soundness.profiles import few
from truth.acme import Acme

pytestmark = pytest.mark.xdist_group("acme")
DEFINITIONS = [d for entry in shipped().values() for d in (entry.default, *entry.variants.values())]
# Whole months, days a year ago on the same weekday, and periods that overlap the one they are compared with.
PERIODS: dict[str, Compare] = {
    "2026-03": "previous",
    "2026-04-20..2026-05-11": "last_year",
    "2024-06-03..2026-03-02": "last_year",
}


def both(acme: Acme, definitions: list[Definition], by: tuple[str, ...], period: str) -> list[Question]:
    """A question, and the same for the period to compare with."""
    asked = Question(tuple(definitions), acme.care.period(period), by)
    return [asked, replace(asked, period=asked.period.before(PERIODS[period]))]


def without_intervals(found: dict[str, Any], question: Question) -> dict[str, Any]:
    """What is compared with: its percentiles have no intervals, which nobody asks for."""
    return {
        place: {key: replace(answer, low=None, high=None) for key, answer in answers.items()}
        if (d := question.definitions[int(place)]).kind in ("duration", "mean") and d.stat != "mean"
        else answers
        for place, answers in found.items()
    }


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("by", [(), ("channel",), ("channel", "weekday")])
def test_two_periods_at_once_are_each_alone(acme: Acme, by: tuple[str, ...], period: str) -> None:
    """Every KPI, all that can be asked so in one question: values, sample sizes, intervals and parts."""
    wanted = [d for d in DEFINITIONS if "channel" not in by or splits(d, "channel")]
    if set(by) & set(CYCLES):
        wanted = [d for d in wanted if d.kind not in ("roll_forward", "peak")]
    questions = both(acme, [concrete(d) for d in wanted], by, period)
    now, before = (together(acme.care.store, [question], EVERYONE)[0] for question in questions)
    assert [now, without_intervals(before, questions[0])] == together(acme.care.store, questions, EVERYONE)
    assert now
    assert before


@pytest.mark.parametrize("stat", ["median", "p90"])
def test_percentiles_too(acme: Acme, stat: str) -> None:
    timed = [concrete(d, stat) for d in DEFINITIONS if d.kind in ("duration", "mean", "survival")]  # type: ignore[arg-type]
    for by in ((), ("channel",)):
        questions = both(acme, [d for d in timed if not by or splits(d, *by)], by, "2026-03")
        now, before = (together(acme.care.store, [question], EVERYONE)[0] for question in questions)
        found = together(acme.care.store, questions, EVERYONE)
        assert [now, without_intervals(before, questions[0])] == found


def test_a_comparison_is_two_answers(acme: Acme) -> None:
    """What `compare` says: this period as asked without it, warnings too, and the values of the other."""
    labels = [d.label for d in DEFINITIONS]
    both_ = acme.care.ask(*labels, period="2026-03", compare="previous")
    now, earlier = (acme.care.ask(*labels, period=period) for period in ("2026-03", "2026-02"))
    assert now.cells == tuple(replace(cell, previous=None, change=None, previous_n=None) for cell in both_)
    assert now.warnings == both_.warnings
    before = {named(cell): cell.value for cell in earlier}
    assert [before.get(named(cell)) for cell in both_] == [cell.previous for cell in both_]
    rows = {named(cell): cell.n for cell in earlier}
    assert all(cell.previous_n == rows[named(cell)] for cell in both_ if cell.previous is not None)


def named(cell: Cell) -> tuple[object, ...]:
    """What tells a cell from the others of an answer."""
    return (cell.kpi, cell.variant, *cell.keys.items())


@few
@given(log=logs(), dice=st.randoms(use_true_random=False))
def test_on_logs_of_any_kind(log: list[Event], dice: Random) -> None:
    """Solves before openings, spells of no length, sources that fall silent: stocks are read from all of them."""
    with opened(log) as care:
        for d in (*dice.sample(EVERY, 4), *(d for d in EVERY if d.kind == "stock")):
            question = Question(
                (concrete(d),), care.period("2024-04-15..2024-05-10"), tuple(splits(d, "team"))
            )
            for compare in ("previous", "last_year"):
                questions = [question, replace(question, period=question.period.before(compare))]  # type: ignore[arg-type]
                alone = [together(care.store, [one], EVERYONE)[0] for one in questions]
                assert alone == together(care.store, questions, EVERYONE), d.label
