"""Intervals against published cases, statsmodels and scipy."""

from __future__ import annotations

import json
from math import comb, sqrt
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from polso.kpis import intervals

DICE = Random(5)


@pytest.fixture(scope="module")
def cases(shared: Path) -> dict[str, list[dict[str, Any]]]:
    """The reference cases by topic."""
    file = shared / "reference" / "stats_cases.json"
    if not file.exists():
        pytest.skip("the reference cases of statistics do not lie beside this checkout")
    found: dict[str, list[dict[str, Any]]] = {}
    for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
        found.setdefault(case["topic"], []).append(case)
    return found


def test_wilson_of_the_literature(cases: dict[str, list[dict[str, Any]]]) -> None:
    assert len(cases["wilson_interval"]) >= 6
    for case in cases["wilson_interval"]:
        low, high = intervals.wilson(case["input"]["successes"], case["input"]["n"])
        expected = (case["expected"]["low"], case["expected"]["high"])
        assert expected == pytest.approx((low, high), abs=case["tolerance"]), case["id"]


@pytest.mark.parametrize("n", [1, 2, 5, 30, 1_000, 10_000_000])
def test_wilson_of_statsmodels(n: int) -> None:
    for part in {0, 1, n // 2, n - 1, n, *(DICE.randint(0, n) for _ in range(5))}:
        expected = proportion_confint(part, n, method="wilson")
        assert expected == pytest.approx(intervals.wilson(part, n), abs=1e-12)


def test_shares_of_nothing_and_of_all_keep_their_end() -> None:
    assert 0.0 == intervals.wilson(0, 7)[0]
    assert 1.0 == intervals.wilson(7, 7)[1]


def test_nps_of_the_literature(cases: dict[str, list[dict[str, Any]]]) -> None:
    assert len(cases["nps_ci"]) >= 4
    for case in cases["nps_ci"]:
        said, expected = case["input"], case["expected"]
        n = said["promoters"] + said["passives"] + said["detractors"]
        low, high = intervals.net_share(said["promoters"], said["detractors"], n)
        assert (expected["adjusted_low"], expected["adjusted_high"]) == pytest.approx(
            (100 * low, 100 * high), abs=1e-9
        )


def test_mean_of_the_literature(cases: dict[str, list[dict[str, Any]]]) -> None:
    for case in cases["mean_ci_t"]:
        values = case["input"]["x"]
        found = intervals.mean(sum(values), sum(x * x for x in values), len(values))
        assert (case["expected"]["low"], case["expected"]["high"]) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 29, 30, 100, 399, 400, 401, 1_000, 10**6])
def test_student_of_scipy(freedom: int) -> None:
    assert stats.t.ppf(0.975, freedom) == pytest.approx(intervals.student(freedom), abs=1e-10)


def test_mean_keeps_its_digits_on_large_numbers() -> None:
    """Two durations of 30 years that differ by a microsecond: the spread is that microsecond."""
    a, b = 946_080_000_000_000, 946_080_000_000_001
    low, high = intervals.mean(a + b, a * a + b * b, 2) or (0.0, 0.0)
    assert high - low == pytest.approx(2 * intervals.student(1) * sqrt(0.5) / sqrt(2), abs=0.25)


def test_an_interval_ends_where_the_scale_does() -> None:
    """7, 7 and 5 on 1-7: Student's t by scipy goes beyond 7, and only that end moves."""
    low, high = stats.t.interval(0.95, 2, loc=19 / 3, scale=stats.sem([7, 7, 5]))
    around = intervals.mean(19, 123, 3)
    assert around == pytest.approx((low, high), abs=1e-9)
    assert around is not None
    assert high > 9
    assert (around[0], 7) == intervals.within(around, 1, 7)
    assert around == intervals.within(around, None, None)
    assert (4, 5) == intervals.within((4, 5), 1, 7)


@pytest.mark.parametrize(("least", "most"), [(1, 5), (1, 7), (0, 10)])
def test_cutting_at_the_scale_loses_no_coverage(least: int, most: int) -> None:
    """Of samples of a known mean, exactly those whose interval held it before hold it after."""
    dice = Random(5)
    chances = [dice.random() ** 3 for _ in range(least, most + 1)]
    values = list(range(least, most + 1))
    mean = sum(v * c for v, c in zip(values, chances, strict=True)) / sum(chances)
    for _ in range(400):
        drawn = dice.choices(values, chances, k=dice.randrange(2, 9))
        around = intervals.mean(sum(drawn), sum(x * x for x in drawn), len(drawn))
        assert around is not None
        low, high = intervals.within(around, least, most)
        assert least <= low <= sum(drawn) / len(drawn) <= high <= most
        assert (around[0] <= mean <= around[1]) == (low <= mean <= high)


def test_one_row_has_no_interval() -> None:
    assert intervals.mean(5, 25, 1) is None
    assert intervals.quantile_ranks(1, 0.5) is None


@pytest.mark.parametrize("fraction", [0.5, 0.8, 0.9, 0.95])
def test_the_ranks_around_a_percentile_hold_it_as_often_as_they_say(fraction: float) -> None:
    """Exactly: how likely it is that so many of n values lie below the percentile (Conover 3.2)."""
    for n in (20, 100, 400, 1_000):
        around = intervals.quantile_ranks(n, fraction)
        if around is None:
            continue
        low, high = (round(end * (n - 1)) for end in around)
        inside = sum(comb(n, k) * fraction**k * (1 - fraction) ** (n - k) for k in range(low + 1, high + 1))
        assert 0.92 < inside <= 1


def test_ratio_of_counts_covers_the_truth() -> None:
    dice = np.random.default_rng(3)
    tops, bottoms = dice.poisson(300, 2_000), dice.poisson(200, 2_000)
    held = 0
    for top, bottom in zip(tops.tolist(), bottoms.tolist(), strict=True):
        low, high = intervals.ratio(top, bottom) or (0.0, 0.0)
        held += low <= 1.5 <= high
    assert 0.93 < held / 2_000 < 0.97
    assert intervals.ratio(0, 5) is None
