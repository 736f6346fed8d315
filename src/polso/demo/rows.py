"""Event rows as columns, and their conversion into canonical Arrow tables.

Rule kept here: no Python loop over rows; a column is nothing, one word, coded words or numbered ids.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from polso.demo.hours import SECOND, Flags, Floats, Ints
from polso.events.kinds import SOURCE_COLUMNS

_TYPES: Final = {
    "string": pa.string(),
    "timestamp": pa.timestamp("us"),
    "int64": pa.int64(),
    "decimal(18, 6)": pa.decimal128(18, 6),
}
SCHEMA: Final = pa.schema([pa.field(c.name, _TYPES[c.type], c.nullable) for c in SOURCE_COLUMNS])
_TEXTS: Final = tuple(c.name for c in SOURCE_COLUMNS if c.type == "string" and c.name != "event_id")
MICRO: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Ids:
    """Numbered names such as T17; a negative number is no name."""

    prefix: str
    numbers: Ints


@dataclass(frozen=True, slots=True)
class Words:
    """One word of a short list per row; a negative code is no word."""

    words: tuple[str, ...]
    codes: Ints


Text: TypeAlias = str | Ids | Words | None


def kept(text: Text, keep: Flags) -> Text:
    """The same column, for the kept rows only."""
    if isinstance(text, Ids):
        return Ids(text.prefix, text.numbers[keep])
    if isinstance(text, Words):
        return Words(text.words, text.codes[keep])
    return text


def _texts(text: Text, n: int) -> Any:
    if text is None:
        return pa.nulls(n, pa.string())
    if isinstance(text, str):
        return pa.repeat(pa.scalar(text, pa.string()), n)
    if isinstance(text, Words):
        indices = pa.array(text.codes, mask=text.codes < 0)
        return pa.array(text.words, pa.string()).take(indices)
    digits = pc.cast(pa.array(text.numbers, mask=text.numbers < 0), pa.string())
    return pc.binary_join_element_wise(text.prefix, digits, "")


def _amounts(micros: Ints | None, n: int) -> Any:
    """Exact decimals out of millionths, by laying out the 128-bit integers directly."""
    if micros is None:
        return pa.nulls(n, _TYPES["decimal(18, 6)"])
    wide = np.empty((n, 2), dtype="<i8")
    wide[:, 0] = micros
    wide[:, 1] = micros >> 63
    return pa.Array.from_buffers(_TYPES["decimal(18, 6)"], n, [None, pa.py_buffer(wide.tobytes())])


def micros(values: Floats | Ints) -> Ints:
    """Whole numbers as millionths, the unit of `amount`."""
    return np.asarray(values).astype(np.int64) * MICRO


@dataclass(slots=True)
class Log:
    """Takes event columns, cuts them at the as-of instant and keeps them as Arrow tables."""

    as_of: int
    first_event: int
    lags: np.random.Generator
    tables: list[Any] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)

    def add(
        self,
        kind: str,
        at: Ints,
        given: Mapping[str, Text] | None = None,
        *,
        seq: int = 0,
        amount: Ints | None = None,
        **texts: Text,
    ) -> None:
        """Log one event per instant; text columns come by name, as a mapping or as keywords."""
        texts = {**(given or {}), **texts}
        keep = at <= self.as_of
        if not keep.all():
            texts = {name: kept(text, keep) for name, text in texts.items()}
            amount = None if amount is None else amount[keep]
            at = at[keep]
        if len(at):
            self._append(kind, at, seq, amount, texts)

    def _append(self, kind: str, at: Ints, seq: int, amount: Ints | None, texts: dict[str, Text]) -> None:
        n = len(at)
        ids = np.arange(self.first_event, self.first_event + n)
        self.first_event += n
        self.kinds[kind] += n
        columns = {name: _texts(texts.pop(name, None), n) for name in _TEXTS if name != "kind"}
        if texts:
            raise KeyError(f"the log has no column {sorted(texts)}")
        lag = self.lags.integers(SECOND // 20, 3 * SECOND, n)
        columns |= {
            "kind": _texts(kind, n),
            "event_id": pc.cast(pa.array(ids), pa.string()),
            "occurred_at": pa.array(at).view(pa.timestamp("us")),
            "recorded_at": pa.array(at + lag).view(pa.timestamp("us")),
            "seq": pa.array(np.full(n, seq, dtype=np.int64)),
            "amount": _amounts(amount, n),
        }
        self.tables.append(pa.table([columns[f.name] for f in SCHEMA], schema=SCHEMA))
