"""The catalogue: every KPI Polso ships, vendors' readings of them, and those a project keeps in kpis/*.toml.

Rule kept here: a definition that names a column its fact does not have never loads; what a definition said before
stays under its version.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from polso.config import complaints
from polso.errors import ConfigError, QuestionError, UnknownName
from polso.facts import FACTS
from polso.facts.fact import Fact
from polso.kpis.definition import Conditions, Definition, Entry, Part, flat

Catalogue = Mapping[str, Entry]
# The name by which a question means the default definition among vendors' readings.
OWN: Final = "polso"
# Keys that say something of the KPI, not of one definition.
_OF_ENTRY: Final = ("variants", "versions", "choices", "aliases")
# Keys that only some kinds read, so that a variant of another kind does not inherit them.
_READ_BY: Final = {"part": ("share", "net_share", "spread", "cohort_pair"), "against": ("net_share",)}


@cache
def shipped() -> Catalogue:
    """The KPIs that come with Polso, each with its own variants and its vendors' readings."""
    bodies: dict[str, dict[str, Any]] = {}
    origins: dict[str, str] = {}
    for file in _toml_files("polso.kpis"):
        for name, body in tomllib.loads(file.read_text(encoding="utf-8")).items():
            bodies[name], origins[name] = body, file.name
    for file in _toml_files("polso.kpis.vendors"):
        vendor = file.name.removesuffix(".toml")
        for name, change in tomllib.loads(file.read_text(encoding="utf-8")).items():
            bodies[name].setdefault("variants", {})[vendor] = {**change, "vendor": vendor}
    return {name: _entry(name, body, origins[name], {}) for name, body in bodies.items()}


def _toml_files(package: str) -> list[Traversable]:
    files = (file for file in resources.files(package).iterdir() if file.name.endswith(".toml"))
    return sorted(files, key=lambda file: file.name)


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
    return {name: _entry(name, body, origin, attributes) for name, body in data.items()}


def _entry(name: str, body: dict[str, Any], origin: str, attributes: Mapping[str, str]) -> Entry:
    """A KPI from its TOML: variants change keys of the default, earlier versions keys of what is in force."""
    default = {key: said for key, said in body.items() if key not in _OF_ENTRY}
    made: dict[str, Definition] = {}
    earlier: list[Definition] = []
    for variant, change in {"default": body, **body.get("variants", {})}.items():
        own = {key: said for key, said in change.items() if key not in _OF_ENTRY}
        now = {"name": name, "version": 1, **default, **own, "variant": variant}
        if variant != "default":
            now["version"] = own.get("version", 1)
            # What only the default's kind reads is not said of a variant of another kind.
            for key, kinds in _READ_BY.items():
                if key not in own and now.get("kind") not in kinds:
                    now.pop(key, None)
        made[variant] = _definition(now, origin, attributes)
        for number, before in change.get("versions", {}).items():
            if not number.isdecimal():
                raise ConfigError(f"{origin}, {made[variant].label}: versions.{number} is no number")
            old = _definition({**now, **before, "version": int(number)}, origin, attributes)
            if old.version >= made[variant].version:
                raise ConfigError(
                    f"{origin}, {made[variant].label}: versions.{number} is not before version {made[variant].version};"
                    " raise `version` to what is in force now"
                )
            earlier.append(old)
    choices = body.get("choices", {})
    for parameter, words in choices.items():
        for word, variant in words.items():
            if variant not in made:
                raise ConfigError(
                    f"{origin}, {name}: choice {parameter} = {word} means no variant '{variant}'"
                )
    return _whole(name, origin, {
        "default": made.pop("default"), "variants": made, "earlier": tuple(earlier), "choices": choices,
        "aliases": body.get("aliases", ()),
    })  # fmt: skip


def _whole(name: str, origin: str, data: dict[str, Any]) -> Entry:
    try:
        return Entry.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{origin}, {name}: {complaints(error, Entry)}") from error


def _definition(data: dict[str, Any], origin: str, attributes: Mapping[str, str]) -> Definition:
    try:
        definition = Definition.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{origin}, {data['name']}: {complaints(error, Definition)}") from error
    check_columns(definition, origin, attributes)
    return definition


def check_columns(definition: Definition, origin: str, attributes: Mapping[str, str]) -> None:
    """ConfigError where a definition names a fact or a column that is not there."""
    for fact_name, column in named_columns(definition):
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


def named_columns(d: Definition) -> Iterator[tuple[str, str]]:
    """Every (fact, column) a definition names."""
    named = [d.clock, d.since, d.until, d.person, d.known_after.since if d.known_after else None]
    if d.kind in ("duration", "bands"):
        # A definition that was asked names the whole column.
        named += [f"{stem.removesuffix('_us')}_us" for stem in (d.value, d.minus) if stem]
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
    """The definition of a KPI: `name`, `name:variant`, either with `@version`; UnknownName offers the nearest."""
    name, _, number = name.partition("@")
    name, _, inline = name.partition(":")
    if name not in known:
        raise UnknownName("KPI", name, known)
    entry, wanted = known[name], variant or inline or "default"
    if wanted not in ("default", OWN, *entry.variants):
        raise UnknownName(f"variant of {name}", wanted, (OWN, *entry.variants))
    now = entry.variants.get(wanted, entry.default)
    if not number:
        return now
    versions = {str(d.version): d for d in (now, *entry.earlier) if d.variant == now.variant}
    if number not in versions:
        raise UnknownName(f"version of {now.label}", number, versions)
    return versions[number]


def find_all(
    known: Catalogue, name: str, named: Sequence[str], variant: str | None, words: Mapping[str, str]
) -> list[Definition]:
    """A KPI under each named definition (under its variant where none is named); "all" is Polso's and every vendor's.

    Beside other names, "all" is the variant of that name where the KPI has one.
    words: choices made by word (parameter -> word), each of which means a variant.
    """
    base = name.partition("@")[0].partition(":")[0]
    if base not in known:
        raise UnknownName("KPI", base, known)
    entry = known[base]
    wanted: list[str | None] = [*(named or (variant,))]
    for parameter, word in words.items():
        choice = entry.choices.get(parameter)
        if choice is None and parameter in entry.default.params:
            raise QuestionError(
                f"'{word}' is no value of {parameter}; write {entry.default.params[parameter].said(parameter)}"
            )
        if choice is None:
            raise UnknownName("parameter", parameter, (*entry.default.params, *entry.choices))
        if word not in choice:
            raise UnknownName(f"word for {parameter}", word, choice)
        wanted = [choice[word]]
    if "all" in named and (len(named) == 1 or "all" not in entry.variants):
        wanted = [OWN, *entry.vendors]
    return [find(known, name, one) for one in wanted]


__all__ = [
    "OWN",
    "Catalogue",
    "Conditions",
    "catalogue",
    "check_columns",
    "columns_of",
    "find",
    "find_all",
    "parse",
    "shipped",
]
