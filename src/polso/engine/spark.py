"""Apache Spark, for logs that one machine is too small for: classic (local, a cluster) or Spark Connect.

Rule kept here: a stored table is a folder of Parquet files under one root that driver and workers share. It
is written beside and switched by rename, so no reader sees half of it, and it may be made from itself.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from polso.engine.expressions import literal
from polso.errors import StoreError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

# Without these Spark would read instants by the machine's zone, or answer null where DuckDB raises.
SETTINGS: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.adaptive.enabled": "true",
}
# Spark has no unsigned 64-bit integers.
_SENT_AS: Final = {pa.uint64(): pa.decimal128(20, 0)}


class Spark:
    """Tables in Parquet folders under `root`, a path that every worker sees.

    master: a classic master such as local[4] or spark://host:7077; remote: a Spark Connect address such as
    sc://host:15002; session: a classic one that exists already, which is left running. `settings` come on top.
    """

    name = "spark"

    def __init__(
        self,
        root: Path,
        *,
        master: str | None = None,
        remote: str | None = None,
        session: SparkSession | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.root = root.resolve()
        self.root.mkdir(parents=True, exist_ok=True)
        self._given = session is not None
        # A session of its own: settings and views stay apart from those of other users of the same Spark.
        self.session = session.newSession() if session else _started(master, remote, settings or {})
        for key, value in {**(settings or {} if session else {}), **SETTINGS}.items():
            self.session.conf.set(key, value)
        self.backend = ibis.pyspark.connect(self.session)
        self._scratch = self.root / f".scratch-{uuid4().hex}"
        self._staged: dict[str, Path] | None = None
        self._known: set[str] = set()
        self._attached: set[str] = set()

    def close(self) -> None:
        """Remove what was kept for this session, and stop Spark unless it was given."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        if not self._given:
            self.session.stop()

    def tables(self) -> frozenset[str]:
        """Names of the stored tables."""
        folders = (folder for folder in self.root.iterdir() if folder.is_dir() and folder.name[0] not in "._")
        return frozenset({folder.name for folder in folders} | self._attached | set(self._staged or ()))

    def attach(self, name: str, path: Path) -> None:
        """Count Parquet kept elsewhere, a file or a folder of files, as a stored table of this session."""
        self._show(name, path.resolve())
        self._attached.add(name)

    def table(self, name: str) -> ir.Table:
        """A stored or scratch table as an expression."""
        if name not in self._known and name in self.tables():
            self._show(name, self.root / name)
        return self.backend.table(name)

    def file(self, path: Path) -> ir.Table:
        """A Parquet file, or a folder of them, as an expression."""
        name = f"file_{uuid4().hex}"
        self.session.read.parquet(path.resolve().as_uri()).createOrReplaceTempView(name)
        return self.backend.table(name)

    def literal(self, value: datetime | str | float | int) -> str:
        """A value as it stands in the texts that `sql` gives."""
        return literal(self.backend.compiler, value)

    def sql(self, expression: ir.Table) -> str:
        """The SQL Spark runs for an expression."""
        return str(self.backend.compile(expression))

    def create(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Store rows under a name, replacing what was there."""
        self._store(name, self._frame(rows))

    def create_sql(self, name: str, text: str, *, order_by: str) -> None:
        """Store what a text gives, in the order of a column."""
        # Sorting looks at its rows twice, so they are made first.
        made = self._keep(f"unsorted_{name}", self.session.sql(text))
        self._store(name, self._frame(made.order_by(order_by)))
        self.drop(f"unsorted_{name}")

    def append(self, name: str, rows: ir.Table | pa.Table) -> int:
        """Add rows to a stored table, columns matched by name; how many were added. It is written anew."""
        added = self._frame(rows)
        count = int(added.count())
        stored = self._frame(self.table(name))
        self._store(name, stored.unionByName(added.to(stored.schema)))
        return count

    def scratch(self, name: str, rows: ir.Table | pa.Table) -> ir.Table:
        """Keep rows for this session only, and give them back as an expression."""
        return self._keep(name, self._frame(rows))

    def scratch_sql(self, name: str, text: str) -> None:
        """The same from text that `sql` made, without looking at the columns it gives."""
        self._keep(name, self.session.sql(text))

    def scratch_view(self, name: str, rows: ir.Table) -> None:
        """Give an expression a name for this session, without keeping its rows."""
        self._frame(rows).createOrReplaceTempView(name)
        self._known.add(name)

    def drop(self, name: str) -> None:
        """Forget a table, stored or scratch, or a scratch view; no error where there is none."""
        self.session.catalog.dropTempView(name)
        self._known.discard(name)
        self._attached.discard(name)
        shutil.rmtree(self._scratch / name, ignore_errors=True)
        shutil.rmtree(self.root / name, ignore_errors=True)

    def collect(self, expression: ir.Table) -> pa.Table:
        """Run an expression and bring its rows here, never through pandas, where integers lose digits."""
        return self._frame(expression).toArrow().cast(expression.schema().to_pyarrow())

    def collect_sql(self, text: str, schema: pa.Schema) -> pa.Table:
        """Run a text that `sql` gave for an expression of this schema."""
        return self.session.sql(text).toArrow().cast(schema)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Tables stored inside are switched together when the block ends well; if it does not, none is.

        Each switch is a rename of its own: whoever reads in between sees new and old tables side by side.
        """
        self._staged = {}
        try:
            yield
        except BaseException:
            staged, self._staged = self._staged, None
            for name, folder in staged.items():
                self._forget(name)
                shutil.rmtree(folder, ignore_errors=True)
            raise
        staged, self._staged = self._staged, None
        for name, folder in staged.items():
            self._switch(name, folder)

    def _frame(self, rows: ir.Table | pa.Table) -> DataFrame:
        if isinstance(rows, pa.Table):
            return self._sent(rows)
        for table in rows.op().find(ops.InMemoryTable):
            self._sent(table.data.to_pyarrow(table.schema)).createOrReplaceTempView(table.name)
        return self.session.sql(self.sql(rows))

    def _sent(self, rows: pa.Table) -> DataFrame:
        types = [pa.field(f.name, _SENT_AS.get(f.type, f.type)) for f in rows.schema]
        return self.session.createDataFrame(rows.cast(pa.schema(types)))

    def _keep(self, name: str, frame: DataFrame) -> ir.Table:
        folder = self._scratch / name / uuid4().hex
        self._write(frame, folder)
        before = [old for old in folder.parent.iterdir() if old != folder]
        self._show(name, folder, frame.schema)
        for old in before:
            shutil.rmtree(old, ignore_errors=True)
        return self.backend.table(name)

    def _store(self, name: str, frame: DataFrame) -> None:
        folder = self.root / f".new-{name}-{uuid4().hex}"
        self._write(frame, folder)
        if self._staged is None:
            self._switch(name, folder)
            return
        replaced = self._staged.get(name)
        self._staged[name] = folder
        self._show(name, folder, frame.schema)
        if replaced:
            shutil.rmtree(replaced, ignore_errors=True)

    def _switch(self, name: str, folder: Path) -> None:
        stored, old = self.root / name, self.root / f".old-{name}-{uuid4().hex}"
        if stored.exists():
            stored.rename(old)
        folder.rename(stored)
        shutil.rmtree(old, ignore_errors=True)
        self._forget(name)

    def _write(self, frame: DataFrame, folder: Path) -> None:
        try:
            frame.write.parquet(folder.as_uri())
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _show(self, name: str, folder: Path, schema: StructType | None = None) -> None:
        reader = self.session.read.schema(schema) if schema else self.session.read
        reader.parquet(folder.as_uri()).createOrReplaceTempView(name)
        self._known.add(name)

    def _forget(self, name: str) -> None:
        """The next `table` looks at the folder anew; a view of the old one would miss its files."""
        self.session.catalog.dropTempView(name)
        self._known.discard(name)


def _started(master: str | None, remote: str | None, settings: Mapping[str, str]) -> SparkSession:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise StoreError("Spark is not installed; run `pip install 'polso[spark]'`") from error
    # Its loggers print every failed statement with pages of Java, beside the exception that says the same.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL + 1)
    asked: Any = SparkSession.builder.appName("polso").config(map={**settings, **SETTINGS})
    asked = asked.remote(remote) if remote else asked.master(master) if master else asked
    try:
        session: SparkSession = asked.getOrCreate()
    except PySparkException as error:
        where = remote or master or "its own settings"
        raise StoreError(f"Spark does not start at {where}: {error}; it needs Java 17 or 21") from error
    return session
