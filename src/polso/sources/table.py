"""Source kind `table`: any CSV, JSON, Parquet or XLSX, mapped to events in polso.toml.

Rule kept here: the mapping becomes SQL over one scratch table; no row passes through Python here.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from polso.engine import DuckDB, EngineError, Table
from polso.errors import SourceError
from polso.events.kinds import SOURCE_COLUMNS
from polso.sources import readers
from polso.sources.readers import RAW, Dialect, Raw, literal
from polso.sources.source import Options, Origin, Reading, Source
from polso.sources.table_instants import Instants
from polso.sources.table_options import Condition, Field, InstantField, NumberField, TableOptions
from polso.sources.table_text import Columns, Expression, holds, is_numeric, no_number, number, text, wanted
from polso.sources.table_threads import resolve

VIEW = "polso_table_events"
TYPES = {"string": "VARCHAR", "int64": "BIGINT", "timestamp": "TIMESTAMP"}


class TableSource(Source):
    """A table of any shape; its mapping says which rows give which events."""

    options: type[Options] = TableOptions

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Stage the file as text, then lay the mapping over it as a view; one file at a time."""
        if not isinstance(options, TableOptions):
            raise TypeError(f"a table needs TableOptions, not {type(options).__name__}")
        engine.run(f"DROP VIEW IF EXISTS {VIEW}")
        raw = readers.read(engine, path, dialect(path, options))
        mapping = _Mapping(engine, options, raw, origin, path.name)
        try:
            engine.run(f"CREATE OR REPLACE TEMP VIEW {VIEW} AS {mapping.events()}")
            skipped = mapping.skipped()
        except EngineError as error:
            raise SourceError(
                f"{path.name}: the mapping cannot be run: {str(error).splitlines()[0]}"
            ) from error
        warnings = (*raw.warnings, *mapping.warnings)
        return Reading(_view(engine), raw.rows, skipped, raw.rejected, tuple(dict.fromkeys(warnings)))


def _view(engine: DuckDB) -> Table:
    return engine.backend.table(VIEW, database=("temp", "main"))


def dialect(path: Path, options: TableOptions) -> Dialect:
    """How the file is written, and the columns that the mapping wants of it."""
    named = [c for condition in options.skip for c in wanted(condition)]
    for event, fields in zip(options.event, options.mappings, strict=True):
        named += [c for condition in event.when for c in wanted(condition)]
        named += [c for field in fields.values() for c in wanted(field)]
    format_ = options.format or readers.format_of(path)
    delimiter = options.delimiter or ("\t" if format_ == "tsv" else ",")
    return Dialect(
        tuple(dict.fromkeys(named)), format_, delimiter, options.quote, options.escape, options.header,
        options.columns, options.skip_lines, options.encoding, options.sheet, options.records, options.null,
    )  # fmt: skip


class _Mapping:
    """The SQL of one mapping over one staged file."""

    def __init__(self, engine: DuckDB, options: TableOptions, raw: Raw, origin: Origin, file: str) -> None:
        self.engine, self.options, self.raw, self.origin = engine, options, raw, origin
        self.warnings: list[str] = []
        keys = [
            (field.thread.id, field.thread.parent, field.integer)
            for fields in options.mappings
            for field in fields.values()
            if field.thread
        ]
        if keys:
            self._number_rows()
        threads, loops = resolve(engine, keys, raw.columns, file)
        self.warnings += loops
        self.columns = Columns(raw.columns, file, "the_row", options.decimal, options.thousands, threads)
        self.instants = Instants(engine, self.columns, options.zone, origin.zone)

    def _number_rows(self) -> None:
        """Write row and line down: the join that finds threads does not keep the table's order."""
        if self.raw.row != "row":
            self.engine.run(
                f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT *, {self.raw.row} AS row,"
                f" {self.raw.line} AS line FROM {RAW}"
            )
            self.raw = replace(self.raw, row="row", line="line")

    def events(self) -> str:
        """SQL of all events."""
        parts = [
            self._event(fields, self._when(event.when))
            for event, fields in zip(self.options.event, self.options.mappings, strict=True)
        ]
        if self._uncomparable():
            parts.append(self._unreadable())
        self.warnings += self.instants.warnings
        return " UNION ALL ".join(parts)

    def _event(self, fields: dict[str, Field], when: str) -> str:
        """SQL of one kind of event: its instants, then its other fields, then what is wrong with them."""
        found = {name: self._field(field, name) for name, field in fields.items()}
        problems = [expression.problem for expression in found.values() if expression.problem]
        inner = ""
        for name in fields:
            if isinstance(fields[name], InstantField):
                # Computed once, below: both the event and its problem look at it.
                inner += f", {found[name].value} AS the_{name}"
                found[name] = Expression(f"the_{name}")
        said = ", ".join(f"{self._column(c.name, c.type, found)} AS {c.name}" for c in SOURCE_COLUMNS)
        problem = f"coalesce({', '.join([*problems, 'NULL'])})"
        return (
            f"SELECT {said}, the_row AS row, the_line AS line, ({problem})::VARCHAR AS problem FROM"
            f" (SELECT *,"
            f" ({self.raw.row})::BIGINT AS the_row, ({self.raw.line})::BIGINT AS the_line{inner}"
            f" FROM {RAW} WHERE {when})"
        )

    def _column(self, name: str, type_: str, found: dict[str, Expression]) -> str:
        sql = TYPES.get(type_, type_.upper())
        if name == "source":
            return literal(self.origin.name)
        value = f"({found[name].value})::{sql}" if name in found else f"NULL::{sql}"
        return f"coalesce({value}, {literal(self.origin.client)})" if name == "client" else value

    def _field(self, field: Field, name: str) -> Expression:
        if isinstance(field, InstantField):
            return self.instants.expression(field, f"the_{name}")
        if isinstance(field, NumberField):
            return number(field, self.columns)
        return text(field, self.columns)

    def _when(self, conditions: tuple[Condition, ...]) -> str:
        return " AND ".join([*(holds(c, self.columns) for c in conditions), f"NOT {self._left_out()}"])

    def _left_out(self) -> str:
        """SQL: whether a rule of `skip` takes the row out."""
        return "(" + (" OR ".join(holds(c, self.columns) for c in self.options.skip) or "false") + ")"

    def _uncomparable(self) -> str:
        """SQL: what a numeric condition cannot compare; empty where no condition is numeric."""
        numeric = [c for event in self.options.event for c in event.when if is_numeric(c)]
        found = list(
            dict.fromkeys(no_number(c, self.columns) for c in [*self.options.skip, *numeric] if is_numeric(c))
        )
        return f"coalesce({', '.join([*found, 'NULL'])})" if found else ""

    def _unreadable(self) -> str:
        """SQL of the rows that a numeric condition cannot compare, as events with a problem."""
        nothing = ", ".join(self._column(c.name, c.type, {}) + f" AS {c.name}" for c in SOURCE_COLUMNS)
        return (
            f"SELECT {nothing}, ({self.raw.row})::BIGINT AS row, ({self.raw.line})::BIGINT AS line,"
            f" {self._uncomparable()} AS problem"
            f" FROM {RAW} WHERE {self._uncomparable()} IS NOT NULL AND NOT {self._left_out()}"
        )

    def skipped(self) -> int:
        """Rows that a rule of `skip` takes out or that no event wants."""
        wants = [
            " AND ".join(holds(c, self.columns) for c in event.when) or "true" for event in self.options.event
        ]
        if self._uncomparable():
            wants.append(f"{self._uncomparable()} IS NOT NULL")
        kept = f"NOT {self._left_out()} AND (" + " OR ".join(f"({w})" for w in wants) + ")"
        if not self.options.skip and "true" in wants:
            return 0
        ((skipped,),) = self.engine.run(f"SELECT count(*) FROM {RAW} WHERE NOT ({kept})")
        return int(skipped)
