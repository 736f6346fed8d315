"""A Result: the question as understood, one cell per split, warnings, the text that was run.

Rule kept here: no value travels without its n, its interval and the definition that made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from polso.kpis.definition import Definition
from polso.query.question import Question

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    from rich.console import RenderableType

# How the warning of a cell begins that privacy does not let be seen.
HIDDEN: Final = "hidden:"
# The beginning of the warning of a number that few rows made.
FEW: Final = "only "


@dataclass(frozen=True)
class Cell:
    """One number: which KPI under which definition, where it stands, and how sure it is.

    value, low, high are in seconds (durations), shares from 0 to 1, points (-100 to 100), money, or counts;
    previous_n: the rows behind `previous`, without which nobody can say what part of a change a cell makes.
    """

    kpi: str
    variant: str
    keys: dict[str, Any]
    value: float | None
    n: int
    low: float | None
    high: float | None
    unit: str
    stat: str | None = None
    time: str | None = None
    version: int = 1
    previous: float | None = None
    change: float | None = None
    warnings: tuple[str, ...] = ()
    parts: dict[str, Any] = field(default_factory=dict)
    previous_n: int | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether there is a number that may not be seen: its people are too few (see docs/privacy.md)."""
        return any(warning.startswith(HIDDEN) for warning in self.warnings)

    @property
    def is_small(self) -> bool:
        """Whether it rests on too few rows to be believed."""
        return any(warning.startswith(FEW) for warning in self.warnings)

    def as_dict(self) -> dict[str, Any]:
        """The cell flat: split values beside value, n, low, high."""
        return {
            "kpi": self.kpi, "variant": self.variant, "version": self.version, **self.keys, "value": self.value, "n": self.n,
            "low": self.low, "high": self.high, "unit": self.unit, "stat": self.stat, "time": self.time,
            "previous": self.previous, "change": self.change, "warnings": list(self.warnings),
        }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """All cells of an answer, with the question repeated as it was understood.

    clients: whose rows were seen, None for everybody's;
    beside: what its definitions say must be read with it, over the same period and filters, not split.
    """

    question: Question
    cells: tuple[Cell, ...]
    as_of: datetime
    sql: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    compared_with: str | None = None
    clients: tuple[str, ...] | None = None
    beside: tuple[Cell, ...] = ()

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The definitions that made the numbers."""
        return self.question.definitions

    def __iter__(self) -> Iterator[Cell]:
        return iter(self.cells)

    def __len__(self) -> int:
        return len(self.cells)

    @property
    def value(self) -> float | None:
        """The number itself, where there is just one."""
        if len(self.cells) != 1:
            raise ValueError(f"{len(self.cells)} cells: look at .cells, or ask one KPI without `by`")
        return self.cells[0].value

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a cell; dates and instants as ISO text."""
        return [
            {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in cell.as_dict().items()}
            for cell in self.cells
        ]

    def to_arrow(self) -> pa.Table:
        """The cells as an Arrow table; splits keep their own types."""
        rows = [cell.as_dict() for cell in self.cells]
        # Cells of bands have a split more than the others.
        widest = max(rows, key=len, default=None)
        names = (
            list(widest)
            if widest
            else ["kpi", "variant", "version", *self.question.by, "value", "n", "low", "high"]
        )
        columns = {name: [row.get(name) for row in rows] for name in names}
        floats = {"value", "low", "high", "previous", "change"}
        return pa.table(
            {
                name: pa.array(v, pa.float64()) if name in floats else pa.array(v)
                for name, v in columns.items()
            }
        )

    def to_pandas(self) -> pd.DataFrame:
        """The cells as a pandas DataFrame (needs the extra `polso[pandas]`)."""
        frame: pd.DataFrame = self.to_arrow().to_pandas()
        return frame

    def to_polars(self) -> pl.DataFrame:
        """The cells as a polars DataFrame (needs the extra `polso[polars]`)."""
        import polars

        frame = polars.from_arrow(self.to_arrow())
        assert isinstance(frame, polars.DataFrame)  # noqa: S101
        return frame

    def __rich__(self) -> RenderableType:
        """The answer as a table, as rich prints it."""
        drawn: RenderableType = _door("table")(self)
        return drawn

    def chart(self) -> dict[str, Any]:
        """The answer as a Vega-Lite spec."""
        spec: dict[str, Any] = _door("chart")(self)
        return spec

    def as_understood(self) -> dict[str, Any]:
        """The question as it was understood: definitions, resolved dates, zone, splits, filters, parameters."""
        q = self.question
        return {
            "kpis": [
                {"name": d.name, "variant": d.variant, "version": d.version, "stat": d.stat}
                for d in q.definitions
            ],
            "since": q.period.since.isoformat(),
            "until": q.period.until.isoformat(),
            "zone": q.period.zone,
            "by": list(q.by),
            "where": [c.model_dump(exclude_none=True) for c in q.where],
            "params": dict(q.params),
            "as_of": self.as_of.isoformat() + "Z",
            "compared_with": self.compared_with,
            "beside": [cell.as_dict() for cell in self.beside],
        }


def _door(name: str) -> Any:
    """How answers are drawn belongs to the faces, above this layer: only the door knows where they are."""
    import polso

    return getattr(polso, name)
