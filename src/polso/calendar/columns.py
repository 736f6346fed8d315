"""What one column of a calendar table means; tables, their docs and their tests are made from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Column:
    """Name, Arrow type, unit ("" where it has none) and one sentence."""

    name: str
    type: pa.DataType
    unit: str
    meaning: str


def schema_of(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema that those columns make."""
    return pa.schema([pa.field(column.name, column.type) for column in columns])
