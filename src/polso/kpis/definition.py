"""What a KPI definition says: pure data, read from TOML, checked, never evaluated as code.

Rule kept here: definitions name fact columns in a closed grammar; an expression language would be a
hole to run code through, and a definition nobody can explain.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from math import isfinite
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from polso.config import Duration, Name
from polso.facts.fact import Credit

Op = Literal["=", "!=", "<", "<=", ">", ">=", "in", "not in", "null", "not null"]
Unit = Literal["count", "duration", "share", "points", "score", "money", "ratio"]
Better = Literal["higher", "lower", "neither"]
KindName = Literal[
    "count", "sum", "share", "duration", "mean", "ratio", "net_share", "bands", "stock", "stock_by_age",
    "survival", "cohort_pair", "spread", "cost", "peak", "roll_forward",
]  # fmt: skip
Stat = Literal["mean", "median", "p80", "p90", "p95"]
Clock = Literal["calendar", "business"]


def span_text(seconds: float) -> str:
    """Seconds in the largest unit that writes them whole: 86400 -> 1d."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"


class Data(BaseModel):
    """Base of all parts of a definition: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(Data):
    """A text in both languages."""

    en: str
    it: str

    def of(self, language: str) -> str:
        """The text in a language; English where it is neither."""
        return self.it if language == "it" else self.en


class Condition(Data):
    """One comparison of a fact column with a value or a parameter; several are joined by and."""

    column: Name
    op: Op = "="
    value: bool | int | str | tuple[str, ...] | None = None
    param: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: Any) -> Any:
        """'is_counted' means is_counted = true; 'not is_open' means is_open = false."""
        if isinstance(data, str):
            negated, _, name = data.rpartition(" ")
            return {"column": name, "op": "=", "value": negated != "not"}
        return data


class AnyOf(Data):
    """Alternatives, one level deep: at least one must hold."""

    any_of: tuple[Condition, ...]


def _conditions(data: Any) -> Any:
    return tuple(data) if isinstance(data, list) else data


Conditions = Annotated[tuple[AnyOf | Condition, ...], BeforeValidator(_conditions)]


class Param(Data):
    """A threshold that a question may change: its unit, default and bounds."""

    unit: Literal["duration", "count", "share"] = "duration"
    default: Duration
    low: Duration = 0
    high: Duration | None = None

    def written(self, value: float) -> str:
        """A value as it is typed: 4h, 0.8."""
        return span_text(value) if self.unit == "duration" and isfinite(value) else f"{value:g}"

    def said(self, name: str) -> str:
        """What may be written for it, with an example."""
        kind = {
            "duration": "a time in s, m, h or d",
            "count": "a number",
            "share": "a share between 0 and 1",
        }[self.unit]
        ends = f"from {self.written(self.low)}" + (
            f" to {self.written(self.high)}" if self.high is not None else " up"
        )
        return f"{kind} {ends}, like {name}={self.written(self.default)}"


class Part(Data):
    """One side of a ratio: rows counted, or a column summed, of one fact on its own clock."""

    fact: Name
    clock: Name
    column: Name | None = Field(default=None, description="summed; rows are counted where there is none")
    distinct: Name | None = Field(default=None, description="counted once each")
    where: Conditions = ()


class Horizon(Data):
    """Rows too young to be judged leave both sides and are counted: `since` + param must not be after as-of."""

    since: Name
    param: Name


class Definition(Data):
    """One KPI under one definition.

    kind decides which of the rest is needed: `value` (mean, sum, and the stem of a duration's columns; of a
    stock the other end of rows that have no `until`), `part` (what a share counts; of a cohort pair, whose
    last row of the earlier window counts), `against` (what a net share takes off), `top` and `bottom` (a ratio),
    `edges` (bands), `since` / `until` (stocks, survival, spread).
    """

    name: Name
    variant: str = "default"
    title: Words
    meaning: Words
    unit: Unit
    better: Better = "neither"
    kind: KindName
    fact: Name
    clock: Name
    where: Conditions = ()
    value: Name | None = None
    minus: Name | None = None
    part: Conditions = ()
    against: Conditions = ()
    top: Part | None = None
    bottom: Part | None = None
    scale: int = 1
    edges: tuple[Duration, ...] = ()
    since: Name | None = None
    until: Name | None = None
    known_after: Horizon | None = None
    params: dict[str, Param] = {}
    stat: Stat = "mean"
    person: Name | None = None
    grain: Name | None = Field(
        default=None, description="of a peak: the stretch of time whose busiest is wanted"
    )
    complement: bool = Field(default=False, description="one minus the share: shrinkage, churn")
    empty: Literal["no value"] = "no value"
    credit: Credit | None = Field(
        default=None, description="under whose name a row is counted; the columns agent and team where none"
    )
    beside: tuple[Name, ...] = Field(
        default=(), description="KPIs without which this one misleads: they are answered with it"
    )
    source: str = "Polso"
    vendor: Name | None = Field(default=None, description="whose reading this is; none where it is Polso's")
    version: int = Field(default=1, ge=1)
    valid_from: date = date(2026, 1, 1)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        needed = {
            "sum": ("value",), "duration": ("value",), "mean": ("value",), "share": ("part",), "net_share": ("part", "against"),
            "ratio": ("top", "bottom"), "bands": ("value", "edges"), "stock": ("since", "until"),
            "stock_by_age": ("since", "until"), "survival": ("since", "until"), "spread": ("since", "until", "part"),
            "cohort_pair": ("person",), "peak": ("grain",), "roll_forward": ("since", "until"),
        }  # fmt: skip
        for field in needed.get(self.kind, ()):
            if not getattr(self, field):
                raise ValueError(f"{self.name}: kind '{self.kind}' needs `{field}`")
        for condition in flat(self.where) + flat(self.part) + flat(self.against):
            if condition.param is not None and condition.param not in self.params:
                raise ValueError(f"{self.name}: no parameter '{condition.param}'; declare it under `params`")
        return self

    @property
    def label(self) -> str:
        """The KPI's name, with its variant where it is not the default."""
        return self.name if self.variant == "default" else f"{self.name}:{self.variant}"

    @property
    def versioned(self) -> str:
        """The label with its version, by which a saved answer finds it again."""
        return f"{self.label}@{self.version}"

    @property
    def fingerprint(self) -> str:
        """Changes when anything that can change a number does: not its title, its wording or its source."""
        told = self.model_dump(mode="json", exclude={"title", "meaning", "source", "valid_from", "beside"})
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def flat(conditions: Conditions) -> list[Condition]:
    """All single comparisons of a list of conditions."""
    found: list[Condition] = []
    for condition in conditions:
        found.extend(condition.any_of if isinstance(condition, AnyOf) else [condition])
    return found


class Entry(Data):
    """A KPI of the catalogue: its default definition, its variants, each a change of some keys, and what either said before.

    choices: parameter -> its words, each naming the variant that it means;
    aliases: what else people call it, in either language: abbreviations, other names.
    """

    default: Definition
    variants: dict[str, Definition] = {}
    earlier: tuple[Definition, ...] = ()
    choices: dict[Name, dict[str, Name]] = {}
    aliases: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The KPI's name."""
        return self.default.name

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """All definitions in force, the default first."""
        return (self.default, *self.variants.values())

    @property
    def vendors(self) -> tuple[str, ...]:
        """Whose readings of the KPI there are besides Polso's."""
        return tuple(d.vendor for d in self.definitions if d.vendor)
