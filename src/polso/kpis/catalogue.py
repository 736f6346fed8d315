"""The catalogue: every KPI Polso ships, and those a project keeps in kpis/*.toml beside its polso.toml.

Rule kept here: a definition that names a column its fact does not have never loads.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from polso.config import complaints
from polso.errors import ConfigError, UnknownName
from polso.facts import FACTS
from polso.facts.fact import Fact
from polso.kpis.definition import Conditions, Definition, Entry, Part, flat

Catalogue = Mapping[str, Entry]


@cache
def shipped() -> Catalogue:
    """The KPIs that come with Polso."""
    found: dict[str, Entry] = {}
    for file in sorted(resources.files("polso.kpis").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            found.update(parse(file.read_text(encoding="utf-8"), file.name, {}))
    return found


def catalogue(folder: Path | None = None, attributes: Mapping[str, str] | None = None) -> Catalogue:
    """Shipped KPIs and those of a project's kpis/ folder; a project may not redefine a shipped name."""
    found = dict(shipped())
    for file in sorted((folder / "kpis").glob("*.toml")) if folder else []:
        own = parse(file.read_text(encoding="utf-8"), f"kpis/{file.name}", attributes or {})
        for name, entry in own.items():
            if name in found:
                raise ConfigError(f"kpis/{file.name}: '{name}' exists already; give yours a name of its own")
            found[name] = entry
    return found


def parse(text: str, origin: str, attributes: Mapping[str, str]) -> dict[str, Entry]:
    """Entries of one TOML text: [name] is the default definition, [name.variants.x] what a variant changes."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin} is not valid TOML: {error}") from error
    found = {}
    for name, body in data.items():
        variants = body.pop("variants", {})
        default = _definition({"name": name, **body}, origin, attributes)
        made = {
            v: _definition({"name": name, **body, **change, "variant": v}, origin, attributes)
            for v, change in variants.items()
        }
        found[name] = Entry(default=default, variants=made)
    return found


def _definition(data: dict[str, Any], origin: str, attributes: Mapping[str, str]) -> Definition:
    try:
        definition = Definition.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{origin}, {data['name']}: {complaints(error)}") from error
    _check_columns(definition, origin, attributes)
    return definition


def _check_columns(definition: Definition, origin: str, attributes: Mapping[str, str]) -> None:
    for fact_name, column in _columns(definition):
        if fact_name not in FACTS:
            raise ConfigError(f"{origin}, {definition.name}: {UnknownName('fact', fact_name, FACTS)}")
        known = columns_of(FACTS[fact_name], attributes)
        if column not in known:
            raise ConfigError(
                f"{origin}, {definition.name}: {UnknownName(f'column of {fact_name}', column, known)}"
            )


def columns_of(fact: Fact, attributes: Mapping[str, str]) -> set[str]:
    """Names of all columns of a fact."""
    return {column.name for column in fact.all_columns(attributes)}


def _columns(d: Definition) -> Iterator[tuple[str, str]]:
    """Every (fact, column) a definition names."""
    named = [d.clock, d.since, d.until, d.person, d.known_after.since if d.known_after else None]
    if d.kind in ("duration", "bands"):
        named += [f"{stem}_us" for stem in (d.value, d.minus) if stem]
    else:
        named += [d.value, d.minus]
    named += [c.column for c in flat((*d.where, *d.part, *d.against))]
    if d.kind == "ratio":
        named = []
    for part in (d.top, d.bottom):
        if part:
            yield from _part_columns(part)
    yield from ((d.fact, name) for name in named if name)


def _part_columns(part: Part) -> Iterator[tuple[str, str]]:
    yield from ((part.fact, name) for name in (part.clock, part.column, part.distinct) if name)
    yield from ((part.fact, c.column) for c in flat(part.where))


def find(known: Catalogue, name: str, variant: str | None = None) -> Definition:
    """The definition of a KPI (`name` or `name:variant`); UnknownName offers the nearest."""
    name, _, inline = name.partition(":")
    if name not in known:
        raise UnknownName("KPI", name, known)
    entry, wanted = known[name], variant or inline or "default"
    if wanted == "default":
        return entry.default
    if wanted not in entry.variants:
        raise UnknownName(f"variant of {name}", wanted, ("default", *entry.variants))
    return entry.variants[wanted]


__all__ = ["Catalogue", "Conditions", "catalogue", "columns_of", "find", "parse", "shipped"]
