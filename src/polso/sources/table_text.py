"""Fields and conditions of a mapping as SQL over the scratch table: text, numbers, maps, templates.

Rule kept here: every field that can fail says so itself, naming its column and the value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from polso.sources.readers import literal
from polso.sources.table_options import Condition, Field, NumberField

NUMBER = r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?"
CLOCK = r"[-+]?\d+:[0-5]?\d(:[0-5]?\d)?(\.\d+)?"
UNITS = {"s": "1", "ms": "0.001", "min": "60", "h": "3600"}


@dataclass(frozen=True, slots=True)
class Expression:
    """A field as SQL, and the SQL of what is wrong with it (null where nothing can be)."""

    value: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Columns:
    """The file's columns as SQL names, its number format, and the columns that hold thread roots."""

    names: Mapping[str, str]
    file: str
    row: str = "row"
    decimal: str = "."
    thousands: str | None = None
    threads: Mapping[tuple[str, str, bool], str] | None = None

    def of(self, name: str) -> str:
        """SQL of a column; the reader has checked that it is there."""
        return self.names[name]


def wanted(field: Field | Condition) -> list[str]:
    """The columns a field or condition names."""
    if isinstance(field, Condition):
        return [field.column]
    found = [field.column] if field.column is not None else list(field.columns)
    if field.template is not None:
        found += [name for name in re.findall(r"\{([^{}]+)\}", field.template) if name not in ("row", "file")]
    if field.thread is not None:
        found += [field.thread.id, field.thread.parent]
    for extra in getattr(field, "plus_seconds", ()):
        found += wanted(extra)
    return found


def plain(field: Field, columns: Columns) -> str:
    """The field's text before `map`."""
    if field.value is not None:
        return literal(field.value)
    if field.thread is not None:
        return (columns.threads or {})[field.thread.id, field.thread.parent, field.integer]
    if field.template is not None:
        return _template(field.template, columns)
    if field.columns:
        return "(" + f" || {literal(field.join)} || ".join(columns.of(name) for name in field.columns) + ")"
    found = columns.of(field.column or "")
    if field.null:
        found = (
            f"CASE WHEN {found} IN ({', '.join(literal(t) for t in field.null)}) THEN NULL ELSE {found} END"
        )
    return whole(found) if field.integer else found


def whole(text: str) -> str:
    """SQL: an id that a spreadsheet made a float, '3.0', as it was; other text as it is."""
    return (
        f"CASE WHEN regexp_full_match({text}, '[-+]?\\d+\\.0*') THEN split_part({text}, '.', 1)"
        f" ELSE {text} END"
    )


def _template(template: str, columns: Columns) -> str:
    parts = []
    for place, part in enumerate(re.split(r"\{([^{}]+)\}", template)):
        if place % 2 == 0:
            if part:
                parts.append(literal(part))
        elif part == "row":
            parts.append(f"{columns.row}::VARCHAR")
        else:
            parts.append(literal(columns.file) if part == "file" else columns.of(part))
    return "(" + " || ".join(parts) + ")"


def text(field: Field, columns: Columns) -> Expression:
    """A text field; null where the column is blank."""
    found = plain(field, columns)
    if not field.map:
        return Expression(found)
    default = literal(field.default) if field.default is not None else "NULL"
    cases = " ".join(
        f"WHEN {literal(old)} THEN {literal(new) if new else 'NULL'}" for old, new in field.map.items() if old
    )
    blank = f"WHEN ({found}) IS NULL THEN {literal(field.map[''])} " if "" in field.map else ""
    mapped = f"CASE {blank}WHEN ({found}) IS NULL THEN NULL ELSE CASE {found} {cases} ELSE {default} END END"
    if field.default is not None:
        return Expression(mapped)
    known = ", ".join(literal(old) for old in field.map)
    return Expression(
        mapped,
        f"CASE WHEN ({found}) NOT IN ({known}) THEN {_complaint(field, found, 'is not in the map')} END",
    )


def _complaint(field: Field, found: str, what: str) -> str:
    return (
        f"{literal(field.said + ': ')} || chr(39) || left({found}, 100) || chr(39) || {literal(' ' + what)}"
    )


def number(field: NumberField, columns: Columns, type_: str = "DECIMAL(18, 6)") -> Expression:
    """A number, exact; null where blank, a problem where it is none."""
    found = text(field, columns)
    value = written_number(found.value, field, columns)
    if type_ != "DECIMAL(18, 6)":
        value = f"TRY_CAST({value} AS {type_})"
    what = "is no length of time like 0:02:30" if field.unit == "hms" else "is no number"
    bad = (
        f"CASE WHEN ({found.value}) IS NOT NULL AND ({value}) IS NULL THEN"
        f" {_complaint(field, found.value, what)} END"
    )
    return Expression(value, f"coalesce({found.problem}, {bad})" if found.problem else bad)


def written_number(found: str, field: NumberField, columns: Columns) -> str:
    """SQL: the text as decimal(18, 6), in seconds where the unit is one of time; null where it is none."""
    if field.unit == "hms":
        return _clock(found)
    thousands, decimal = field.thousands or columns.thousands, field.decimal or columns.decimal
    if field.value is not None:
        thousands, decimal = None, "."
    bare = found
    if thousands:
        mark, point = re.escape(thousands), re.escape(decimal)
        shape = rf"[-+]?(\d{{1,3}}({mark}\d{{3}})+|\d+)({point}\d*)?"
        bare = (
            f"CASE WHEN regexp_full_match({found}, {literal(shape)}) THEN replace({found},"
            f" {literal(thousands)}, '') END"
        )
    if decimal == ",":
        # A point that is not the decimal mark must not become one.
        bare = f"CASE WHEN NOT contains({bare}, '.') THEN replace({bare}, ',', '.') END"
    value = (
        f"CASE WHEN regexp_full_match({bare}, {literal(NUMBER)}) THEN TRY_CAST({bare} AS DECIMAL(18, 6)) END"
    )
    if field.unit == "s":
        return value
    return f"TRY_CAST(({value})::DECIMAL(24, 6) * {UNITS[field.unit]} AS DECIMAL(18, 6))"


def _clock(found: str) -> str:
    """SQL: '1:02:03', '02:03' (minutes and seconds) or a bare number of seconds, as seconds."""
    parts = f"string_split(ltrim({found}, '+-'), ':')"
    last = f"TRY_CAST({parts}[-1] AS DECIMAL(18, 6))"
    total = (
        f"CASE len({parts}) WHEN 2 THEN TRY_CAST({parts}[1] AS BIGINT) * 60 + {last}"
        f" WHEN 3 THEN TRY_CAST({parts}[1] AS BIGINT) * 3600 + TRY_CAST({parts}[2] AS BIGINT) * 60 +"
        f" {last} END"
    )
    sign = f"CASE WHEN starts_with({found}, '-') THEN -1 ELSE 1 END"
    return (
        f"CASE WHEN regexp_full_match({found}, {literal(CLOCK)}) THEN TRY_CAST(({total}) * {sign} AS"
        f" DECIMAL(18, 6))"
        f" WHEN regexp_full_match({found}, {literal(NUMBER)}) THEN TRY_CAST({found} AS DECIMAL(18, 6)) END"
    )


def holds(condition: Condition, columns: Columns) -> str:
    """SQL: whether a condition holds; false, never null, where its column is blank."""
    column = columns.of(condition.column)
    parts = []
    if condition.null is not None:
        parts.append(f"{column} IS {'' if condition.null else 'NOT '}NULL")
    if condition.among is not None:
        parts.append(f"coalesce({column} IN ({_listed(condition.among)}), false)")
    if condition.not_among is not None:
        parts.append(f"coalesce({column} NOT IN ({_listed(condition.not_among)}), true)")
    if condition.equal is not None:
        parts.append(f"coalesce({_compared(condition.equal, '=', column, columns)}, false)")
    if condition.unequal is not None:
        parts.append(f"coalesce({_compared(condition.unequal, '=', column, columns)}, false) = false")
    for sign, bound in (
        (">", condition.above), (">=", condition.at_least), ("<", condition.below), ("<=", condition.at_most),
    ):  # fmt: skip
        if bound is not None:
            parts.append(f"coalesce({_compared(bound, sign, column, columns)}, false)")
    return "(" + " AND ".join(parts) + ")"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(literal(word) for word in words) or "NULL"


def _compared(bound: str | int | float, sign: str, column: str, columns: Columns) -> str:
    if isinstance(bound, str):
        return f"{column} {sign} {literal(bound)}"
    return f"{_as_number(column, columns)} {sign} {bound}"


def _as_number(column: str, columns: Columns) -> str:
    return written_number(column, NumberField(column=""), columns)


def is_numeric(condition: Condition) -> bool:
    """Whether a condition compares numbers."""
    bounds = (condition.above, condition.at_least, condition.below, condition.at_most)
    return any(b is not None for b in bounds) or isinstance(
        condition.equal or condition.unequal, (int, float)
    )


def no_number(condition: Condition, columns: Columns) -> str:
    """SQL: what is wrong with a row whose value a numeric condition cannot compare; null where nothing is."""
    column = columns.of(condition.column)
    field = Field(column=condition.column)
    return (
        f"CASE WHEN {column} IS NOT NULL AND ({_as_number(column, columns)}) IS NULL THEN"
        f" {_complaint(field, column, 'is no number')} END"
    )
