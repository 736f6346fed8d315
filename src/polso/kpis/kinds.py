"""Kinds of KPI: which sums each asks of one scan, and how it turns them into value, n, low and high.

Rule kept here: engines return integer sums, counts and sorted values; Python divides. Ratios are of
sums, never means of ratios; percentiles are never averaged; no rows means no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, Literal, Protocol

from polso.facts.ratings import SCALES
from polso.kpis import intervals
from polso.kpis.definition import AnyOf, Condition, Conditions, Definition, Part, flat

Aggregation = Literal["count", "distinct", "negative", "sum", "squares", "quantile"]
FRACTION: Final = {"median": 0.5, "p80": 0.8, "p90": 0.9, "p95": 0.95}
MICRO: Final = 1_000_000


@dataclass(frozen=True)
class Ask:
    """One number wanted of a scan: an aggregation of a column (or of two, subtracted) over rows that meet conditions.

    fact and clock are the definition's own unless said; `immature` counts the rows too young to be judged.
    """

    what: Aggregation
    column: str | None = None
    minus: str | None = None
    where: Conditions = ()
    fractions: tuple[float, ...] = ()
    fact: str | None = None
    clock: str | None = None
    immature: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A value with its sample size and interval; value None where no row counted.

    parts: the integers the value was made of, so that cells can be added up and explained.
    """

    value: float | None
    n: int
    low: float | None = None
    high: float | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)


NOTHING: Final = Answer(None, 0)


class Kind(Protocol):
    """A kind asks one scan for named aggregates, then answers from them."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """The aggregates wanted, by name."""
        ...

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """The answer from the aggregates of one cell."""
        ...


class Count:
    """How many rows; no rows are 0, because an empty queue is a fact and not a gap."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """One count."""
        return {"n": Ask("count", where=definition.where)}

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """The count itself; it is complete, so it has no interval."""
        n = int(found["n"] or 0)
        return Answer(n, n)


class Sum:
    """A column summed."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """Sum and rows with a value."""
        return {
            "total": Ask("sum", definition.value, where=definition.where),
            "n": Ask("count", definition.value, where=definition.where),
        }

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """The sum in the unit people read."""
        n = int(found["n"] or 0)
        if not n:
            return NOTHING
        total = int(found["total"])
        return Answer(_read(total, definition), n, parts={"total": total})


class Share:
    """Rows that meet `part` among rows that meet `where`; interval by Wilson.

    A row whose duration is negative is neither early nor late: it leaves both sides and is counted.
    """

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """Two counts, and how many rows were left out."""
        where = sound(definition)
        asks = {"n": Ask("count", where=where), "part": Ask("count", where=(*where, *definition.part))}
        backwards = tuple(Condition(column=name, op="<", value=0) for name in compared_durations(definition))
        if backwards:
            asks["negative"] = Ask("count", where=(*definition.where, AnyOf(any_of=backwards)))
        if definition.known_after:
            asks["immature"] = Ask("count", where=where, immature=True)
        return asks

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """Part / n."""
        n, part = int(found["n"] or 0), int(found["part"] or 0)
        if not n:
            return NOTHING
        return Answer(part / n, n, *intervals.wilson(part, n), parts={"part": part})


def compared_durations(definition: Definition) -> tuple[str, ...]:
    """The durations that the conditions of a share compare with a limit."""
    named = (
        c.column for c in flat((*definition.where, *definition.part)) if c.op not in ("null", "not null")
    )
    return tuple(dict.fromkeys(name for name in named if name.endswith("_us")))


def sound(definition: Definition) -> Conditions:
    """The population of a share without rows whose duration is negative."""
    kept = (
        AnyOf(any_of=(Condition(column=name, op="null"), Condition(column=name, op=">=", value=0)))
        for name in compared_durations(definition)
    )
    return (*definition.where, *kept)


class NetShare:
    """100 x (share of `part` - share of `against`), from -100 to 100; interval by the multinomial variance."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """Three counts."""
        return {
            "n": Ask("count", where=definition.where),
            "part": Ask("count", where=(*definition.where, *definition.part)),
            "against": Ask("count", where=(*definition.where, *definition.against)),
        }

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """100 x (part - against) / n."""
        n, part, against = (int(found[name] or 0) for name in ("n", "part", "against"))
        if not n:
            return NOTHING
        low, high = intervals.net_share(part, against, n)
        return Answer(
            100 * (part - against) / n, n, 100 * low, 100 * high, {"part": part, "against": against}
        )


class Mean:
    """Mean of a column; interval from the exact sum of squares."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """Sum, sum of squares and rows with a value."""
        common: dict[str, Any] = {
            "column": definition.value,
            "minus": definition.minus,
            "where": definition.where,
        }
        return {
            "total": Ask("sum", **common),
            "squares": Ask("squares", **common),
            "n": Ask("count", **common),
            "negative": Ask("negative", **common),
        }

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """Total / n."""
        n = int(found["n"] or 0)
        if not n:
            return NOTHING
        total, squares = int(found["total"]), int(found["squares"])
        around = intervals.mean(total, squares, n)
        if around is not None:
            around = intervals.within(around, *scale_of(definition))
        low, high = (None, None) if around is None else (_read(end, definition) for end in around)
        return Answer(_read(Fraction(total, n), definition), n, low, high, {"total": total})


def scale_of(definition: Definition) -> tuple[int | None, int | None]:
    """The least and the greatest value that a row of a mean may have, in stored units; None where there is no end.

    Negative durations are left out; valid scores are of the scale that the definition names.
    """
    if definition.unit == "duration":
        return 0, None
    named = [
        c.value for c in definition.where if isinstance(c, Condition) and (c.column, c.op) == ("scale", "=")
    ]
    valid = Condition(column="is_valid", value=True) in definition.where
    if (
        definition.fact != "ratings"
        or definition.value != "score"
        or definition.minus
        or not named
        or not valid
    ):
        return None, None
    low, high, _ = SCALES[str(named[0])]
    return low, high


class Quantile:
    """A percentile, type 7 (linear interpolation); its interval is two order statistics of the same rows."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """The percentile and the rows with a value; the interval's ranks need n, and so a second look."""
        common: dict[str, Any] = {
            "column": definition.value,
            "minus": definition.minus,
            "where": definition.where,
        }
        return {
            "n": Ask("count", **common),
            "at": Ask("quantile", fractions=(FRACTION[definition.stat],), **common),
            "negative": Ask("negative", **common),
        }

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """The percentile; `low` and `high` where the second look found them."""
        n = int(found["n"] or 0)
        if not n:
            return NOTHING
        low, high = (
            None if found.get(end) is None else _read(snapped(found[end]), definition)
            for end in ("low", "high")
        )
        return Answer(_read(snapped(found["at"][0]), definition), n, low, high)


class Ratio:
    """Rows or a column of one fact over those of another, each on its own clock, met on the dimensions."""

    def ask(self, definition: Definition) -> dict[str, Ask]:
        """One aggregate a side."""
        return {side: _side(getattr(definition, side)) for side in ("top", "bottom")}

    def answer(self, definition: Definition, found: Mapping[str, Any]) -> Answer:
        """Scale x top / bottom; n is the bottom."""
        top, bottom = int(found.get("top") or 0), int(found.get("bottom") or 0)
        if bottom <= 0:
            return NOTHING
        value = definition.scale * Fraction(top, bottom)
        counted = definition.top is not None and definition.top.column is None
        around = intervals.ratio(top, bottom) if counted and definition.unit == "ratio" else None
        low, high = (None, None) if around is None else (definition.scale * end for end in around)
        return Answer(_read(value, definition), bottom, low, high, {"top": top, "bottom": bottom})


def _side(part: Part) -> Ask:
    what: Aggregation = "distinct" if part.distinct else "sum" if part.column else "count"
    return Ask(what, part.distinct or part.column, where=part.where, fact=part.fact, clock=part.clock)


def snapped(value: float) -> Fraction:
    """An interpolated value freed of float noise.

    At fractions that are multiples of 1/20, between whole numbers, the exact answer is a multiple of 1/20;
    engines interpolate in floats with formulas of their own, and differ in the last bit.
    """
    return Fraction(round(value * 20), 20)


def _read(value: float | Fraction, definition: Definition) -> float:
    """From stored units to the units people read: microseconds to seconds, cents to money."""
    if definition.unit == "duration":
        return float(value / MICRO)
    return float(value / 100) if definition.unit == "money" else float(value)


KINDS: Final[dict[str, Kind]] = {
    "count": Count(),
    "sum": Sum(),
    "share": Share(),
    "net_share": NetShare(),
    "mean": Mean(),
    "quantile": Quantile(),
    "ratio": Ratio(),
}


def kind_of(definition: Definition) -> Kind:
    """The kind that answers a definition of rows; durations are means or percentiles by their `stat`."""
    if definition.kind in ("duration", "mean"):
        return KINDS["mean" if definition.stat == "mean" else "quantile"]
    return KINDS[definition.kind]
