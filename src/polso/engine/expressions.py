"""The few ibis expressions that every fold and query shares, written so that both engines agree.

Rule kept here: instants become integer microseconds by subtraction, never by `epoch_seconds`, and
nothing is divided in an engine.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any

import ibis
import ibis.expr.types as ir

EPOCH = "1970-01-01 00:00:00"


def micros_between(start: ir.TimestampValue, end: ir.TimestampValue) -> ir.IntegerValue:
    """Elapsed time from `start` to `end` in whole microseconds (int64; negative when reversed)."""
    return end.delta(start, unit="microsecond").cast("int64")


def micros_of(instant: ir.TimestampValue) -> ir.IntegerValue:
    """Microseconds from 1970-01-01 00:00 UTC to `instant` (int64)."""
    return micros_between(ibis.timestamp(EPOCH), instant)


# Typed: 1 and 1.0 are not written alike.
@lru_cache(10_000, typed=True)
def literal(compiler: Any, value: datetime | str | float | int) -> str:
    """A value as it stands in the texts of a compiler of ibis."""
    if isinstance(value, float | int):
        # As both engines' compilers write it; ranks of percentiles, of which no two pages have the same, are many.
        return str(value)
    column = compiler.to_sqlglot(ibis.literal(value).name("value")).selects[0]
    return str(column.this.sql(dialect=compiler.dialect))
