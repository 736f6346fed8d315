"""The register: which definitions a store has answered under, so that none changes without being noticed.

Rule kept here: what a version said when it was first used is kept word for word; a different text under the same
version is a change that was not named, and every answer says so until it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from pydantic import ValidationError

from polso.engine import DuckDB
from polso.kpis.catalogue import Catalogue
from polso.kpis.definition import Definition

REGISTER: Final = "definitions"


def enter(engine: DuckDB, known: Catalogue) -> None:
    """Note every definition of the catalogue that the register does not have yet."""
    engine.run(
        f"CREATE TABLE IF NOT EXISTS {REGISTER} (versioned VARCHAR, fingerprint VARCHAR, said VARCHAR, since TIMESTAMP)"
    )
    entered = {versioned for (versioned,) in engine.run(f"SELECT versioned FROM {REGISTER}")}
    for entry in known.values():
        for d in entry.definitions:
            if d.versioned not in entered:
                row = [d.versioned, d.fingerprint, d.model_dump_json(exclude_defaults=True)]
                engine.run(f"INSERT INTO {REGISTER} VALUES (?, ?, ?, now()::TIMESTAMP)", row)


def registered(engine: DuckDB) -> dict[str, Definition]:
    """Definitions as they were first used, by their versioned label."""
    if REGISTER not in engine.tables():
        return {}
    found = {}
    for versioned, said in engine.run(f"SELECT versioned, said FROM {REGISTER}"):
        # A key that the grammar has no more: what the version said cannot be asked again, and nothing else is lost.
        with suppress(ValidationError):
            found[versioned] = Definition.model_validate_json(said)
    return found


def with_registered(known: Catalogue, kept: Mapping[str, Definition]) -> Catalogue:
    """A catalogue in which the versions that only the register remembers can be asked as well."""
    found = dict(known)
    for entry in known.values():
        stated = {d.versioned for d in (*entry.definitions, *entry.earlier)}
        old = [d for d in kept.values() if d.name == entry.name and d.versioned not in stated]
        if old:
            found[entry.name] = entry.model_copy(update={"earlier": (*entry.earlier, *old)})
    return found


def changed(definitions: Iterable[Definition], kept: Mapping[str, Definition]) -> list[Definition]:
    """Definitions that say something else under a version the register knows."""
    return [d for d in definitions if d.versioned in kept and kept[d.versioned].fingerprint != d.fingerprint]
