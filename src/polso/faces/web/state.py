"""The state of a page, which is its URL: period, comparison, filters, language.

Rule kept here: whatever changes what is shown is in the URL, so a link shows a colleague the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from polso.query.period import Period
from polso.query.question import CYCLES, GRAINS

DEFAULT_PERIOD: Final = "last 28 days"
DEFAULT_COMPARE: Final = "weekdays"
COMPARISONS: Final = ("weekdays", "previous", "last_year", "none")
PERIODS: Final = (
    "last 7 days", "last 28 days", "last 90 days", "this month", "last month", "this quarter", "this year", "all",
)  # fmt: skip
# The parameters of every page.
CHOICES: Final = {"compare": tuple(COMPARISONS), "lang": ("it", "en")}
OWN: Final = ("period", "compare", "where", "lang", "since", "until")


@dataclass(frozen=True)
class State:
    """What the URL of a page says; `rest` holds the parameters that only that page knows, `odd` values nobody knows."""

    path: str = "/"
    period: str = DEFAULT_PERIOD
    compare: str = DEFAULT_COMPARE
    where: tuple[str, ...] = ()
    lang: str | None = None
    rest: tuple[tuple[str, str], ...] = ()
    odd: tuple[tuple[str, str], ...] = ()

    @classmethod
    def read(cls, path: str, pairs: Iterable[tuple[str, str]]) -> State:
        """The state of a URL; a `since` and `until` (the last day, as people mean it) are a period too."""
        found = [(name, value) for name, value in pairs if value != ""]
        first = dict(reversed(found))
        period = first.get("period", DEFAULT_PERIOD)
        if "since" in first and "until" in first:
            period = _range(first["since"], first["until"])
        odd = tuple(
            (name, first[name]) for name, known in CHOICES.items() if first.get(name, known[0]) not in known
        )
        for name, _ in odd:
            del first[name]
        return cls(
            path,
            period,
            first.get("compare", DEFAULT_COMPARE),
            tuple(dict.fromkeys(value for name, value in found if name == "where")),
            first.get("lang"),
            tuple((n, v) for n, v in found if n not in OWN),
            odd,
        )

    def url(self, path: str | None = None, *, keep: bool = False, **rest: Any) -> str:
        """The URL of another page in the same state; `rest` are that page's own parameters, none means left out."""
        pairs = [("period", self.period)] if self.period != DEFAULT_PERIOD else []
        pairs += [("compare", self.compare)] if self.compare != DEFAULT_COMPARE else []
        pairs += [("where", text) for text in self.where]
        pairs += [("lang", self.lang)] if self.lang else []
        own = [pair for pair in self.rest if pair[0] not in rest] if keep else []
        pairs += own + [(name, str(value)) for name, value in rest.items() if value is not None]
        return quote(path or self.path) + (f"?{urlencode(pairs)}" if pairs else "")

    def over(self, period: str) -> State:
        """The same page over another period."""
        return replace(self, period=period)

    def against(self, compare: str) -> State:
        """The same page compared with another period."""
        return replace(self, compare=compare)

    def spoken(self, lang: str) -> State:
        """The same page in a language."""
        return replace(self, lang=lang)

    def filtered(self, name: str, value: Any) -> State:
        """The same page with one filter more; a filter of the same dimension gives way."""
        kept = tuple(text for text in self.where if _name(text) != name)
        return replace(self, where=(*kept, condition(name, value)))

    def without(self, text: str) -> State:
        """The same page with one filter less."""
        return replace(self, where=tuple(one for one in self.where if one != text))

    def of_cell(self, keys: Mapping[str, Any], period: Period) -> State | None:
        """The state in which a cell of an answer over `period` is the whole; none for cells of a cycle or an hour."""
        made = self
        for name, value in keys.items():
            if name in CYCLES or name in ("hour", "quarter_hour", "band"):
                return None
            made = made.over(_bucket(name, value, period)) if name in GRAINS else made.filtered(name, value)
        return made

    def bare(self) -> State:
        """The same page without filters."""
        return replace(self, where=())

    def query(self) -> list[tuple[str, str]]:
        """Period, comparison, filters and language as pairs, defaults left out."""
        pairs = [("period", self.period)] if self.period != DEFAULT_PERIOD else []
        pairs += [("compare", self.compare)] if self.compare != DEFAULT_COMPARE else []
        pairs += [("where", text) for text in self.where]
        return pairs + ([("lang", self.lang)] if self.lang else [])


def condition(name: str, value: Any) -> str:
    """A filter as it is written in a URL and on the command line: name=value, nothing for unknown."""
    if isinstance(value, bool):
        return f"{name}={'true' if value else 'false'}"
    return f"{name}={'' if value is None else value}"


def _name(text: str) -> str:
    return text.partition("=")[0].removesuffix("!").strip()


def _range(since: str, until: str) -> str:
    """A range of days as people give it, both ends included and in either order, as a half-open period."""
    try:
        first, last = sorted((date.fromisoformat(since), date.fromisoformat(until)))
        return f"{first}..{last + timedelta(days=1)}"
    except (ValueError, OverflowError):
        return f"{since}..{until}"


def _bucket(grain: str, value: Any, period: Period) -> str:
    """The part of a bucket of time that lies in the period."""
    if grain == "year":
        first, end = date(int(value), 1, 1), date(int(value) + 1, 1, 1)
    else:
        first = date.fromisoformat(str(value)[:10])
        months = {"month": 1, "quarter": 3}.get(grain)
        number = first.year * 12 + first.month - 1 + (months or 0)
        end = date(number // 12, number % 12 + 1, 1) if months else first + timedelta(days=_DAYS[grain])
    return f"{max(first, period.since)}..{min(end, period.until)}"


_DAYS: Final = {"day": 1, "week": 7}
