"""Instants as people write them, made UTC by the engine: formats, zones, serial numbers.

Rule kept here: nothing is guessed in silence. A date that reads two ways is an error, and times that a
clock change makes double or impossible are counted in a warning.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from polso.engine import DuckDB, EngineError
from polso.errors import SourceError
from polso.sources.readers import RAW, literal
from polso.sources.table_formats import ways
from polso.sources.table_options import InstantField
from polso.sources.table_text import Columns, Expression, number, text

ISO = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)?)?"
OFFSET = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
ZONED_FORMAT = re.compile(r"(?<!%)(?:%%)*%[zZ]")
EPOCHS = {"epoch": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
EXCEL = {"excel": "1899-12-30", "excel_1904": "1904-01-01"}
FIRST_YEAR = 1980


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text parsed by one format: naive local (needs a zone) or UTC already."""

    sql: str
    naive: bool


def parse(found: str, format_: str) -> list[Parsed]:
    """SQL for each way one format reads a text, in the order to try them."""
    if format_ == "iso":
        return _iso(found)
    if format_ in EPOCHS:
        exact = (
            f"CASE WHEN regexp_full_match({found}, '[-+]?\\d+(\\.\\d*)?') THEN TRY_CAST({found}"
            f" AS DECIMAL(38, 6)) END"
        )
        micros = f"TRY_CAST(round(({exact}) * {EPOCHS[format_]}) AS BIGINT)"
        return [
            Parsed(
                f"make_timestamp(CASE WHEN ({micros}) BETWEEN 0 AND 253402300799000000 THEN {micros} END)",
                naive=False,
            )
        ]
    if format_ in EXCEL:
        days = (
            f"CASE WHEN regexp_full_match({found}, '\\d{{1,6}}([.,]\\d*)?') THEN"
            f" TRY_CAST(replace({found}, ',', '.') AS DECIMAL(28, 16)) END"
        )
        # A serial is a double: its microseconds are noise, its milliseconds are not.
        millis = f"CAST(round(({days}) * 86400000) AS BIGINT)"
        return [Parsed(f"(TIMESTAMP '{EXCEL[format_]}' + to_milliseconds({millis}))", naive=True)]
    read = f"try_strptime({found}, {literal(format_)})"
    if ZONED_FORMAT.search(format_):
        return [Parsed(f"timezone('UTC', {read})", naive=False)]
    return [Parsed(read, naive=True)]


def _iso(found: str) -> list[Parsed]:
    def shaped(pattern: str, value: str) -> str:
        return f"CASE WHEN regexp_full_match({found}, {literal(pattern)}) THEN {value} END"

    point = f"replace({found}, ',', '.')"
    # The engine's cast wants seconds before an offset, and no blank.
    full = f"regexp_replace(replace({point}, 'UTC', 'Z'), '([T ]\\d{{1,2}}:\\d{{2}}) ?(Z|[+-])', '\\1:00\\2')"
    zoned = f"timezone('UTC', TRY_CAST(replace({full}, ' Z', 'Z') AS TIMESTAMPTZ))"
    return [
        Parsed(shaped(ISO, f"TRY_CAST({point} AS TIMESTAMP)"), naive=True),
        Parsed(shaped(ISO + OFFSET, zoned), naive=False),
    ]


@dataclass(frozen=True, slots=True)
class Change:
    """One clock change: the local times it makes double or impossible, and the offset after it."""

    start: datetime
    end: datetime
    offset: int
    double: bool


def changes(zone: str, low: datetime, high: datetime) -> tuple[int, list[Change]]:
    """Seconds east of UTC before `low`, and every change up to `high`; by Python's zone rules."""
    rules = ZoneInfo(zone)

    def offset(at: datetime) -> int:
        return round((at.astimezone(rules).utcoffset() or timedelta()).total_seconds())

    day = timedelta(days=1)
    at, last = low.replace(tzinfo=UTC) - 2 * day, high.replace(tzinfo=UTC) + 2 * day
    first = now = offset(at)
    found = []
    while at < last:
        following = at + day
        if offset(following) != now:
            instant = _when(offset, at, following)
            then = offset(instant)
            local = instant.replace(tzinfo=None)
            edges = sorted((local + timedelta(seconds=now), local + timedelta(seconds=then)))
            found.append(Change(edges[0], edges[1], then, double=then < now))
            now = then
            # A day with two changes shows the second one when looked at again from the first.
            following = instant
        at = following if following > at else at + day
    return first, found


def _when(offset: Callable[[datetime], int], low: datetime, high: datetime) -> datetime:
    before = offset(low)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    return high


def to_utc(naive: str, first: int, found: list[Change]) -> str:
    """SQL: local time to UTC; a double time is its first occurrence, an impossible one is read by the old
    clock.
    """
    return f"({naive} - to_seconds({_offset(naive, first, found)}))"


def _offset(naive: str, first: int, found: list[Change]) -> str:
    if not found:
        return str(first)
    middle = len(found) // 2
    early, late = found[:middle], found[middle + 1 :]
    below, above = _offset(naive, first, early), _offset(naive, found[middle].offset, late)
    return f"CASE WHEN {naive} < TIMESTAMP '{found[middle].end}' THEN {below} ELSE {above} END"


class Instants:
    """Turns instant fields into SQL, looking at the scratch table where the mapping leaves something open."""

    def __init__(self, engine: DuckDB, columns: Columns, zone: str | None, project_zone: str) -> None:
        self.engine, self.columns = engine, columns
        self.zone, self.project_zone = zone, project_zone
        self.warnings: list[str] = []
        self._known: dict[tuple[str, tuple[str, ...], str | None], str] = {}

    def expression(self, field: InstantField, name: str) -> Expression:
        """The field as a UTC timestamp; its problem, blank or unreadable, looks at the value computed under
        `name`.
        """
        found = text(field, self.columns)
        at = self._instant(field, found.value)
        # Only the event's own instant must be there; a blank recorded_at means the same instant.
        blank = literal(f"{field.said} is blank: no instant") if name == "the_occurred_at" else "NULL"
        problem = f"WHEN ({found.value}) IS NULL THEN {blank}"
        for extra in field.plus_seconds:
            seconds = number(extra, self.columns)
            at = f"({at} + to_microseconds(CAST(({seconds.value}) * 1000000 AS BIGINT)))"
            blank = literal(f"{extra.said} is blank: no instant") if name == "the_occurred_at" else "NULL"
            problem += f" WHEN ({seconds.value}) IS NULL THEN coalesce({seconds.problem}, {blank})"
        unread = (
            f"{literal(f'{field.said}: ')} || chr(39) || left({found.value}, 100) || chr(39) ||"
            f" ' is no instant in the format said'"
        )
        return Expression(at, f"CASE WHEN {name} IS NULL THEN CASE {problem} ELSE {unread} END END")

    def _instant(self, field: InstantField, found: str) -> str:
        key = (found, field.format, field.zone)
        if key not in self._known:
            formats = field.format or self._detect(field, found)
            try:
                self._known[key] = self._zoned(field, [p for f in formats for p in parse(found, f)])
            except EngineError as error:
                raise SourceError(
                    f"{self.columns.file}, {field.said}: format {', '.join(formats)} cannot be used:"
                    f" {_first_line(error)}"
                ) from error
        return self._known[key]

    def _zoned(self, field: InstantField, ways: list[Parsed]) -> str:
        naive = [way.sql for way in ways if way.naive]
        if not naive:
            return _first([way.sql for way in ways])
        ((low, high),) = self.engine.run(
            f"SELECT min(n), max(n) FROM (SELECT {_first(naive)} AS n FROM {RAW})"
        )
        if low is None:
            # Nothing is written without an offset, so no zone is needed.
            low = high = datetime(2000, 1, 1)  # noqa: DTZ001 - local by nature
        else:
            self._mention_zone(field)
        zone = field.zone or self.zone or self.project_zone
        latest = datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(days=366)
        earliest = datetime(FIRST_YEAR, 1, 1)  # noqa: DTZ001
        low, high = (min(max(_naive(t), earliest), latest) for t in (low, high))
        first, found = changes(zone, low, high)
        self._count_changes(field, _first(naive), found, zone)
        return _first([to_utc(way.sql, first, found) if way.naive else way.sql for way in ways])

    def _mention_zone(self, field: InstantField) -> None:
        if not field.zone and not self.zone and field.value is None:
            self.warnings.append(
                f"{self.columns.file}, {field.said}: no zone in the file nor in its source; taken as"
                f" local time of the"
                f" project's zone, {self.project_zone}"
            )

    def _count_changes(self, field: InstantField, naive: str, found: list[Change], zone: str) -> None:
        """Say how many times of the column a clock change makes double or impossible."""
        if not found:
            return
        counts = ", ".join(
            f"count_if({_within([c for c in found if c.double is double])})" for double in (True, False)
        )
        # Aggregates, not a filter: a filter would parse the text again for each of its comparisons.
        ((double, never),) = self.engine.run(f"SELECT {counts} FROM (SELECT {naive} AS n FROM {RAW})")
        if double:
            self.warnings.append(
                f"{self.columns.file}, {field.said}: {double} local times of {zone} happened twice,"
                " clocks going back; read as the first of the two"
            )
        if never:
            self.warnings.append(
                f"{self.columns.file}, {field.said}: {never} local times of {zone} never happened,"
                " clocks going forward; read as if they had not gone"
            )

    def _detect(self, field: InstantField, found: str) -> tuple[str, ...]:
        """The formats of a column whose mapping says none."""
        formats = detect(self.engine, found, RAW, f"{self.columns.file}, {field.said}")
        if formats != ("iso",):
            self.warnings.append(f"{self.columns.file}, {field.said}: read as {' or '.join(formats)}")
        return formats


def _within(found: list[Change]) -> str:
    return " OR ".join(f"(n >= TIMESTAMP '{c.start}' AND n < TIMESTAMP '{c.end}')" for c in found) or "false"


def _first(ways: list[str]) -> str:
    return f"coalesce({', '.join(ways)})" if len(ways) > 1 else ways[0]


def _naive(value: datetime) -> datetime:
    return value.replace(tzinfo=None, microsecond=0)


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def shapes(engine: DuckDB, found: str, table: str) -> Counter[str]:
    """How the texts of a column look: digits as 9, letters as a."""
    rows = engine.run(
        f"SELECT regexp_replace(regexp_replace({found}, '[0-9]', '9', 'g'), '[A-Za-z]+', 'a', 'g')"
        f" AS shape, count(*) AS n"
        f" FROM {table} WHERE ({found}) IS NOT NULL GROUP BY shape ORDER BY n DESC, shape LIMIT 40"
    )
    return Counter(dict(rows))


def detect(engine: DuckDB, found: str, table: str, where: str) -> tuple[str, ...]:
    """The formats that read a column; SourceError where none does or day and month could be swapped."""
    iso = _first([way.sql for way in parse(found, "iso")])
    ((texts, good),) = engine.run(f"SELECT count({found}), count({iso}) FROM {table}")
    if not texts or good >= max(1, texts * 0.9):
        return ("iso",)
    single: list[str] = []
    pairs: list[tuple[str, str]] = []
    for shape in shapes(engine, found, table):
        options = ways(shape)
        if len(options) == 1:
            single += [f for f in options if f not in single]
        elif len(options) == 2 and (options[0], options[1]) not in pairs:
            pairs.append((options[0], options[1]))
    if not single and not pairs:
        raise SourceError(
            f'{where}: it is not said how its instants are written; say format = "%d/%m/%Y'
            f' %H:%M:%S", "epoch" or "excel"'
            f" or another (it holds {_example(engine, found, table)})"
        )
    order = _order(engine, found, table, pairs, where) if pairs else 0
    return tuple([pair[order] for pair in pairs] + single + (["iso"] if good else []))


def _order(engine: DuckDB, found: str, table: str, pairs: Iterable[tuple[str, str]], where: str) -> int:
    """0 where the day comes first, 1 where the month does."""
    pairs = list(pairs)
    day = _first([f"try_strptime({found}, {literal(d)})" for d, _ in pairs])
    month = _first([f"try_strptime({found}, {literal(m)})" for _, m in pairs])
    ((only_day, only_month),) = engine.run(
        f"SELECT count_if(d IS NOT NULL AND m IS NULL), count_if(m IS NOT NULL AND d IS NULL)"
        f" FROM (SELECT {day} AS d, {month} AS m FROM {table})"
    )
    if bool(only_day) == bool(only_month):
        why = (
            "day or month could come first in every row"
            if not only_day
            else (f"{only_day} rows have the day first, {only_month} the month")
        )
        raise SourceError(
            f"{where}: {why} (as in {_example(engine, found, table)}); say format = {pairs[0][0]!r}"
            f" or {pairs[0][1]!r}"
        )
    return 0 if only_day else 1


def _example(engine: DuckDB, found: str, table: str) -> str:
    ((example,),) = engine.run(f"SELECT min({found}) FROM {table}")
    return repr(example)[:80]
