"""What a regulatory pack says: pure data, one dated file a law, each row a KPI and what it must reach.

Rule kept here: a threshold that is not confirmed is empty, with a note that says so; a row whose instants no
source can give says which are missing, and never becomes a number.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator

from polso.config import Duration, Name, complaints
from polso.errors import ConfigError, UnknownName
from polso.kpis.definition import Condition, Data, Stat, Words

Direction = Literal["at_least", "at_most"]


class Need(Data):
    """An instant without which a row is no number: the fact column that holds it, and which event tells it."""

    column: Name
    what: Words


class Row(Data):
    """One requirement: a KPI of the catalogue, and what it must reach.

    months: in how many months of twelve it must hold; none where the whole period is judged at once. missing: what
    no source can tell, in place of a KPI. which: what the user must tell first, by `where` in polso.toml.
    """

    name: Name
    title: Words
    article: str
    kpi: str | None = None
    stat: Stat | None = None
    params: dict[str, Duration] = Field(default_factory=dict)
    direction: Direction
    threshold: Duration | None = None
    months: int | None = Field(default=None, ge=1, le=12)
    every_channel: bool = False
    needs: Need | None = None
    missing: Words | None = None
    which: Words | None = None
    note: Words | None = None

    @model_validator(mode="after")
    def _kpi_or_why_not(self) -> Self:
        if (self.kpi is None) == (self.missing is None):
            raise ValueError(f"{self.name}: give either `kpi` or `missing`")
        if self.kpi and self.threshold is None and self.note is None:
            raise ValueError(f"{self.name}: without a threshold a `note` must say why")
        return self


class Pack(Data):
    """The requirements of one law, from when to when, and of whom."""

    name: str
    title: Words
    law: str
    applies_to: Words
    since: date
    until: date | None = None
    note: Words | None = None
    where: tuple[Condition, ...] = ()
    row: tuple[Row, ...]

    def named(self, name: str) -> Row:
        """A row; UnknownName offers the nearest."""
        rows = {row.name: row for row in self.row}
        if name not in rows:
            raise UnknownName(f"row of {self.name}", name, rows)
        return rows[name]


@cache
def packs() -> dict[str, Pack]:
    """The packs that come with Polso, by name."""
    files = sorted(resources.files("polso.packs").iterdir(), key=lambda file: file.name)
    return {
        name: parse(file.read_text(encoding="utf-8"), name)
        for file in files
        if (name := file.name.removesuffix(".toml")) != file.name
    }


def parse(text: str, name: str) -> Pack:
    """A pack from its text; ConfigError names the key and what it should be."""
    try:
        return Pack.model_validate({"name": name, **tomllib.loads(text)})
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}.toml is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{name}.toml: {complaints(error)}") from error


def find(name: str) -> Pack:
    """The pack of a name, of a beginning that only one has, or of a longer official number."""
    known = packs()
    said = name.strip().lower()
    near = [one for one in known if said and (one.startswith(said) or said.startswith(f"{one}-"))]
    if said not in known and len(near) != 1:
        raise UnknownName("pack", name, known)
    return known[said if said in known else near[0]]
