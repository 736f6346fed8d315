"""DuckDB, the default engine: one file, no server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import sqlglot.expressions as sge
from ibis.backends.sql.compilers import DuckDBCompiler

from polso.engine.expressions import literal
from polso.errors import StoreError

# What the engine raises on purpose; readers turn it into the error of their file.
EngineError = duckdb.Error

# How many values a scan had better be told (see `looking_up`), as measured: names it finds by looking at each row, so
# asking costs little; with places in a table it first compares each block, so that many of them cost more than they spare.
NAMES = 200_000
PLACES = 5_000


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


class Compiler(DuckDBCompiler):  # type: ignore[misc]  # ibis has no types here
    """ibis's translation, where DuckDB would answer otherwise than Spark, or in another order of time.

    In windows ibis's `first()` and `last()` ignore nulls, as documented, on Spark alone; `argmin()` and `argmax()`
    become sorts of every group (or frame), which here cost five times as much as looking for an extreme.
    """

    def visit_FirstValue(self, op: Any, *, arg: Any) -> Any:  # noqa: N802 - names are ibis's
        """The first value of a frame that is not null."""
        return sge.IgnoreNulls(this=self.f.first_value(arg))

    def visit_LastValue(self, op: Any, *, arg: Any) -> Any:  # noqa: N802
        """The last value of a frame that is not null."""
        return sge.IgnoreNulls(this=self.f.last_value(arg))

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:  # noqa: N802
        """Whole numbers wide enough to be squared and summed: 128-bit integers here, decimals elsewhere.

        DuckDB's decimals of 38 digits are twice as slow at this, and no wider.
        """
        if to.is_decimal() and (to.precision, to.scale) == (38, 0) and op.arg.dtype.is_integer():
            return sge.Cast(this=arg, to=sge.DataType(this=sge.DataType.Type.INT128))
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_ArgMin(self, op: Any, *, arg: Any, key: Any, where: Any) -> Any:  # noqa: N802
        """The value, null or not, beside the least key; rows without a key do not count, as on Spark."""
        return self.agg.arg_min_null(arg, key, where=where)

    def visit_ArgMax(self, op: Any, *, arg: Any, key: Any, where: Any) -> Any:  # noqa: N802
        """The value, null or not, beside the greatest key."""
        return self.agg.arg_max_null(arg, key, where=where)


class DuckDB:
    """Tables in one DuckDB file, or in memory where no path is given."""

    name = "duckdb"

    def __init__(
        self, path: Path | None = None, *, memory: str | None = None, threads: int | None = None
    ) -> None:
        settings: dict[str, Any] = {}
        if memory:
            settings["memory_limit"] = memory
        if threads:
            settings["threads"] = threads
        if path is not None and path.exists() and path.stat().st_size == 0:
            raise StoreError(f"{path} is empty, not a database; remove it and run `polso load`")
        try:
            self.backend = ibis.duckdb.connect(path or ":memory:", **settings)
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise StoreError(
                    f"{path} is in use by another process; close it, or read the exported Parquet"
                ) from error
            raise StoreError(
                f"{path} is damaged, or no database; remove it and run `polso load` to rebuild it"
            ) from error
        except duckdb.Error as error:
            raise StoreError(
                f"{path} is damaged, or no database; remove it and run `polso load` to rebuild it"
            ) from error
        self.backend.compiler = Compiler()
        self._translated: tuple[ir.Table, str] | None = None
        self.connection: duckdb.DuckDBPyConnection = self.backend.con
        # Not a setting of connect(): DuckDB reads those before its time-zone extension is there.
        self.connection.execute("SET TimeZone = 'UTC'")
        # Row order carries no meaning in Polso; letting go of it halves the memory of large inserts.
        self.connection.execute("SET preserve_insertion_order = false")

    def close(self) -> None:
        """Let go of the file."""
        self.backend.disconnect()

    def tables(self) -> frozenset[str]:
        """Names of the stored tables."""
        rows = self.connection.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT temporary AND NOT internal"
        ).fetchall()
        return frozenset(name for (name,) in rows)

    def table(self, name: str) -> ir.Table:
        """A stored or scratch table as an expression."""
        return self.backend.table(name)

    def literal(self, value: datetime | str | float | int) -> str:
        """A value as it stands in the texts that `sql` gives."""
        return literal(self.backend.compiler, value)

    def sql(self, expression: ir.Table) -> str:
        """The SQL DuckDB runs for an expression."""
        # Whoever shows a text runs it next, and translating is most of what a question takes.
        if self._translated is None or self._translated[0] is not expression:
            self._translated = (expression, str(self.backend.compile(expression)))
        return self._translated[1]

    def _ready(self, expression: ir.Table) -> str:
        """The SQL of an expression, with the in-memory tables it mentions known to DuckDB."""
        self.backend._run_pre_execute_hooks(expression)
        return self.sql(expression)

    def run(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run one statement of DuckDB's own; for readers of files and for engine upkeep."""
        return self.connection.execute(statement, parameters or []).fetchall()

    @contextmanager
    def _rows(self, rows: ir.Table | pa.Table) -> Iterator[str]:
        if isinstance(rows, pa.Table):
            self.connection.register("polso_rows", rows)
            try:
                yield "SELECT * FROM polso_rows"
            finally:
                self.connection.unregister("polso_rows")
        else:
            yield self._ready(rows)

    def create(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Store rows under a name, replacing what was there."""
        with self._rows(rows) as select:
            self.connection.execute(f"CREATE OR REPLACE TABLE {quoted(name)} AS {select}")

    def append(self, name: str, rows: ir.Table | pa.Table) -> int:
        """Add rows to a stored table, columns matched by name; how many were added."""
        with self._rows(rows) as select:
            added = self.connection.execute(f"INSERT INTO {quoted(name)} BY NAME {select}").fetchone()
        return int(added[0]) if added else 0

    def scratch(self, name: str, rows: ir.Table | pa.Table) -> ir.Table:
        """Keep rows for this session only, and give them back as an expression."""
        with self._rows(rows) as select:
            self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {select}")
        return self.backend.table(name, database=("temp", "main"))

    def scratch_sql(self, name: str, text: str) -> None:
        """The same from text that `sql` made, without looking at the columns it gives."""
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {text}")

    def scratch_view(self, name: str, rows: ir.Table) -> None:
        """Give an expression a name for this session, without keeping its rows."""
        self.connection.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {self.sql(rows)}")

    def create_sql(self, name: str, text: str, *, order_by: str) -> None:
        """Store what a text gives, in the order of a column."""
        self.connection.execute(
            f"CREATE OR REPLACE TABLE {quoted(name)} AS SELECT * FROM ({text}) ORDER BY {quoted(order_by)}"
        )

    def drop(self, name: str) -> None:
        """Forget a table, stored or scratch, or a scratch view; no error where there is none."""
        views = self.run("SELECT 1 FROM duckdb_views() WHERE view_name = ? AND temporary", [name])
        self.connection.execute(f"DROP {'VIEW' if views else 'TABLE'} IF EXISTS {quoted(name)}")

    def replace(self, name: str, by: str) -> None:
        """Give a stored table the place and the name of another."""
        self.connection.execute(f"DROP TABLE IF EXISTS {quoted(name)}")
        self.connection.execute(f"ALTER TABLE {quoted(by)} RENAME TO {quoted(name)}")

    def file(self, path: Path) -> ir.Table:
        """A Parquet file as an expression, in its own types."""
        escaped = str(path).replace("'", "''")
        return self.backend.sql(f"SELECT * FROM read_parquet('{escaped}')")

    def collect(self, expression: ir.Table) -> pa.Table:
        """Run an expression and bring its rows here."""
        return self.connection.execute(self._ready(expression)).to_arrow_table()

    def collect_sql(self, text: str, schema: pa.Schema) -> pa.Table:
        """Run a text that `sql` gave for an expression of this schema."""
        return self.connection.execute(text).to_arrow_table()

    @contextmanager
    def looking_up(self, most: int) -> Iterator[None]:
        """Joins inside look for few rows of large tables: up to so many values are told to the scan of the larger one.

        Of more, DuckDB tells it the least and the greatest alone, and it reads everything between the two.
        """
        ((before,),) = self.run("SELECT current_setting('dynamic_or_filter_threshold')")
        self.connection.execute(f"SET dynamic_or_filter_threshold = {most}")
        try:
            yield
        finally:
            self.connection.execute(f"SET dynamic_or_filter_threshold = {before}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All writes inside happen together or not at all."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
