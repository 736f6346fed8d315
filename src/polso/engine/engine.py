"""The small protocol behind which the engines sit.

Rule kept here: only what folds, queries and loads need; anything one engine alone can do stays out.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa


class Engine(Protocol):
    """Where tables live and expressions run."""

    name: str

    def tables(self) -> frozenset[str]:
        """Names of the stored tables."""
        ...

    def table(self, name: str) -> ir.Table:
        """A stored table as an expression."""
        ...

    def create(self, name: str, rows: ir.Table | pa.Table) -> None:
        """Store rows under a name, replacing what was there."""
        ...

    def append(self, name: str, rows: ir.Table | pa.Table) -> int:
        """Add rows to a stored table, columns matched by name; how many were added."""
        ...

    def scratch(self, name: str, rows: ir.Table | pa.Table) -> ir.Table:
        """Keep rows for this session only, and give them back as an expression."""
        ...

    def scratch_sql(self, name: str, text: str) -> None:
        """The same from text that `sql` made, without looking at the columns it gives."""
        ...

    def scratch_view(self, name: str, rows: ir.Table) -> None:
        """Give an expression a name for this session, without keeping its rows."""
        ...

    def create_sql(self, name: str, text: str, *, order_by: str) -> None:
        """Store what a text gives, in the order of a column."""
        ...

    def drop(self, name: str) -> None:
        """Forget a table, stored or scratch; no error where there is none."""
        ...

    def collect(self, expression: ir.Table) -> pa.Table:
        """Run an expression and bring its rows here."""
        ...

    def collect_sql(self, text: str, schema: pa.Schema) -> pa.Table:
        """Run a text that `sql` gave for an expression of this schema."""
        ...

    def sql(self, expression: ir.Table) -> str:
        """The text this engine runs for an expression."""
        ...

    def literal(self, value: datetime | str | float | int) -> str:
        """A value as it stands in the texts that `sql` gives."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen together or not at all (as far as the engine can)."""
        ...
