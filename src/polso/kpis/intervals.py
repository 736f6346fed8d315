"""Intervals beside values, each with the source of its formula; 95 % unless said otherwise.

Small enough to be ours, and checked against statsmodels in the tests.
"""

from __future__ import annotations

from math import ceil, floor, sqrt
from statistics import NormalDist

Z = NormalDist().inv_cdf(0.975)


def wilson(part: int, n: int, z: float = Z) -> tuple[float, float]:
    """Interval of a share `part` / `n` (Wilson, JASA 1927, 22:209). n must be at least 1."""
    share, z2 = part / n, z * z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if part == 0 else max(0.0, centre - half)
    high = 1.0 if part == n else min(1.0, centre + half)
    return low, high


def mean(total: int, squares: int, n: int, z: float = Z) -> tuple[float, float] | None:
    """Interval of a mean from its exact sums; None below two rows, where nothing is known of the spread."""
    if n < 2:
        return None
    # Exact integers up to here: the difference of two large sums would lose its digits in floats.
    variance = (n * squares - total * total) / (n * (n - 1))
    half = z * sqrt(max(0.0, variance) / n)
    return total / n - half, total / n + half


def net_share(positive: int, negative: int, n: int, z: float = Z) -> tuple[float, float]:
    """Interval of (positive - negative) / n by the multinomial variance with pseudo-counts.

    3/4, 3/2 and 3/4 are added to the positive, neutral and negative counts, because the plain interval has no
    width when all agree (Rocks, B.: Interval estimation for the Net Promoter Score, Am. Stat. 2016, 70:365).
    """
    m = n + 3
    p, q = (positive + 0.75) / m, (negative + 0.75) / m
    half = z * sqrt(max(0.0, p + q - (p - q) ** 2) / m)
    return max(-1.0, p - q - half), min(1.0, p - q + half)


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
    spread = 2.718281828459045 ** (z * sqrt(1 / top + 1 / bottom))
    return top / bottom / spread, top / bottom * spread
