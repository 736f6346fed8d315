"""Tables whose columns have known roles: which column plays which, and its text, instants and numbers as SQL.

Rule kept here: a column the user names must be there; one that is only expected may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator
from pydantic import Field as Key

from polso.config import Zone
from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources import readers
from polso.sources.lines import quote
from polso.sources.readers import RAW, Dialect, Raw
from polso.sources.readers.encoding import as_utf8
from polso.sources.readers.raw import header_names
from polso.sources.readers.records import split
from polso.sources.source import Options, Origin
from polso.sources.table_instants import Instants
from polso.sources.table_options import Char, InstantField, NumberField, Texts
from polso.sources.table_text import Columns, Expression, number


def _many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_many)]


class SheetOptions(Options):
    """How the file is written; the roles of its columns are each kind's own keys."""

    format: Literal["csv", "tsv", "json", "jsonl", "parquet", "xlsx"] | None = None
    delimiter: str | None = Key(default=None, min_length=1, max_length=1)
    encoding: str = "utf-8"
    skip_lines: int = Key(default=0, ge=0)
    sheet: str | int | None = None
    records: str | None = None
    null: Texts = ("",)
    decimal: Literal[".", ","] = "."
    thousands: Char | None = None
    zone: Zone | None = None
    instant_format: Names = ()
    duplicates: Literal["keep", "drop"] = "keep"


class Sheet:
    """A staged file, and the SQL of what its roles hold."""

    def __init__(
        self, engine: DuckDB, path: Path, options: SheetOptions, origin: Origin, roles: tuple[str, ...]
    ) -> None:
        self.found = _roles(path, options, roles)
        self.raw: Raw = readers.read(
            engine, path, _dialect(path, options, tuple(dict.fromkeys(self.found.values())))
        )
        self.columns = Columns(self.raw.columns, path.name, self.raw.row, options.decimal, options.thousands)
        self._instants = Instants(engine, self.columns, options.zone, origin.zone)
        self._format = options.instant_format

    def text(self, role: str) -> str:
        """SQL of a role's text; null where no column plays it."""
        return self.columns.of(self.found[role]) if role in self.found else "CAST(NULL AS VARCHAR)"

    def instant(self, role: str, name: str) -> Expression:
        """SQL of a role's instant in UTC and of what is wrong with it, once it stands under this name."""
        if role not in self.found:
            return Expression("CAST(NULL AS TIMESTAMP)", "CAST(NULL AS VARCHAR)")
        return self._instants.expression(InstantField(column=self.found[role], format=self._format), name)

    def number(self, role: str) -> str:
        """SQL of a role's number as the file writes numbers; null where it is none."""
        return (
            number(NumberField(column=self.found[role]), self.columns).value if role in self.found else "NULL"
        )

    def staged(self, engine: DuckDB, name: str, columns: Mapping[str, str]) -> str:
        """Stage the file's rows as the scratch table `name` with row, line and these columns; the name."""
        said = "".join(f", {sql} AS {column}" for column, sql in columns.items())
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {name} AS"
            f" SELECT ({self.raw.row})::BIGINT AS row, ({self.raw.line})::BIGINT AS line{said} FROM {RAW}"
        )
        return name

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was noticed while reading, each once."""
        return tuple(dict.fromkeys((*self.raw.warnings, *self._instants.warnings)))


def _dialect(path: Path, options: SheetOptions, wanted: tuple[str, ...]) -> Dialect:
    format_ = options.format or readers.format_of(path)
    return Dialect(
        wanted, format_, _delimiter(options, format_), skip_lines=options.skip_lines,
        encoding=options.encoding,
        sheet=options.sheet, records=options.records, null=options.null,
    )  # fmt: skip


def _delimiter(options: SheetOptions, format_: str) -> str:
    return options.delimiter or ("\t" if format_ == "tsv" else ",")


def _roles(path: Path, options: SheetOptions, roles: tuple[str, ...]) -> dict[str, str]:
    """The column of each role: what the user named, else the first expected one that the header has."""
    header = _header(path, options)
    known = {name.casefold(): name for name in header or ()}
    found = {}
    for role in roles:
        names: tuple[str, ...] = getattr(options, role)
        named = role in options.model_fields_set
        if named and names and (header is None or len(names) == 1):
            found[role] = names[0]
        else:
            there = [known[name.casefold()] for name in names if name.casefold() in known]
            if there:
                found[role] = there[0]
            elif named and names:
                raise SourceError(
                    f"{path.name}: there is no column {' nor '.join(map(quote, names))}; mend `{role}`"
                )
    return found


def _header(path: Path, options: SheetOptions) -> tuple[str, ...] | None:
    """The column names of a delimited file; None for formats whose names only their reader knows."""
    format_ = options.format or readers.format_of(path)
    if format_ not in ("csv", "tsv") or not path.is_file():
        return None
    with as_utf8(path, options.encoding) as text:
        records = split(text, _delimiter(options, format_), '"', '"', skip_lines=options.skip_lines)
        first = next(records, None)
        records.close()
    return () if first is None or first.reason else tuple(header_names(first.cells, path.name)[0])
