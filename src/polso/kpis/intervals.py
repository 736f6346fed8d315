"""Intervals beside values, each with the source of its formula; 95 % unless said otherwise.

Small enough to be ours, and checked against statsmodels in the tests.
"""

from __future__ import annotations

from functools import lru_cache
from math import atan, ceil, cos, exp, floor, pi, sin, sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)
MANY = 400


def wilson(part: int, n: int, z: float = Z) -> tuple[float, float]:
    """Interval of a share `part` / `n` (Wilson, JASA 1927, 22:209). n must be at least 1."""
    share, z2 = part / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if part == 0 else max(0.0, centre - half)
    high = 1.0 if part == n else min(1.0, centre + half)
    return low, high


@lru_cache(maxsize=4096)
def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t with so many degrees of freedom.

    By halving on the exact distribution of few (Abramowitz and Stegun 26.7.3 and 26.7.4), by the expansion
    in 1 / freedom for many (26.7.5), where it is exact to 12 digits.
    """
    if freedom > MANY:
        z, v = Z, float(freedom)
        terms = (
            (z**3 + z) / 4,
            (5 * z**5 + 16 * z**3 + 3 * z) / 96,
            (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
            (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
        )
        return z + sum(term / v ** (power + 1) for power, term in enumerate(terms))
    low, high = 0.0, 13.0
    for _ in range(64):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return (low + high) / 2


def _within(t: float, freedom: int) -> float:
    """The chance that Student's t lies between -t and t."""
    angle = atan(t / sqrt(freedom))
    term = cos(angle) if freedom % 2 else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 + freedom % 2, freedom - 1, 2):
        term *= (k - 1) / k * cos(angle) ** 2
        total += term
    return 2 / pi * (angle + sin(angle) * total) if freedom % 2 else sin(angle) * total


def mean(total: int, squares: int, n: int) -> tuple[float, float] | None:
    """Interval of a mean by Student's t from its exact sums; None below two rows, where no spread is known."""
    if n < 2:
        return None
    # Exact integers up to here: the difference of two large sums would lose its digits in floats.
    variance = (n * squares - total * total) / (n * (n - 1))
    half = student(n - 1) * sqrt(max(0.0, variance) / n)
    return total / n - half, total / n + half


def within(around: tuple[float, float], least: float | None, most: float | None) -> tuple[float, float]:
    """An interval without what no mean can be: what is cut off never holds it, so the rest holds it as often."""
    low, high = around
    return low if least is None else max(low, least), high if most is None else min(high, most)


def net_share(positive: int, negative: int, n: int, z: float = Z) -> tuple[float, float]:
    """Interval of (positive - negative) / n by the multinomial variance with pseudo-counts.

    3/4, 3/2 and 3/4 are added to the positive, neutral and negative counts, because the plain interval has no
    width when all agree (Rocks, B.: Interval estimation for the Net Promoter Score, Am. Stat. 2016, 70:365).
    """
    m = n + 3
    p, q = (positive + 0.75) / m, (negative + 0.75) / m
    half = z * sqrt(max(0.0, p + q - (p - q) ** 2) / m)
    value = (positive - negative) / n
    # The middle is drawn towards 0, and of one or two answers the value itself would lie outside.
    return max(-1.0, min(value, p - q - half)), min(1.0, max(value, p - q + half))


def quantile_ranks(n: int, fraction: float, z: float = Z) -> tuple[float, float] | None:
    """Fractions of the two order statistics around a quantile (Conover, Practical Nonparametric Statistics, 3.2).

    To be read as type-7 fractions, so that each is exactly an observed value. None where n is too small.
    """
    half = z * sqrt(n * fraction * (1 - fraction))
    low, high = floor(n * fraction - half), ceil(n * fraction + half)
    if low < 1 or high > n or n < 2:
        return None
    return (low - 1) / (n - 1), (high - 1) / (n - 1)


def ratio(top: int, bottom: int, z: float = Z) -> tuple[float, float] | None:
    """Interval of a ratio of two independent counts, by the delta method on its logarithm; None where one is 0."""
    if top <= 0 or bottom <= 0:
        return None
    spread = exp(z * sqrt(1 / top + 1 / bottom))
    return top / bottom / spread, top / bottom * spread
