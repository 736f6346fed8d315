"""What two definitions say differently, key by key and in words, and the numbers that each gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from polso.kpis.definition import Definition, Words
from polso.kpis.wording import stated
from polso.query.disagree import Parting
from polso.query.result import Result

# What names a definition, and cannot change a number.
_NAMES: Final = ("variant", "version", "valid_from", "vendor")


@dataclass(frozen=True)
class Change:
    """A key, or a statement in words, that differs: what each side says (None where it says nothing)."""

    key: str
    left: Any
    right: Any


@dataclass(frozen=True)
class Difference:
    """Two definitions, what they say differently, both answers, and on how many tickets they part (None if it cannot be said)."""

    left: Definition
    right: Definition
    changes: tuple[Change, ...]
    result: Result
    parting: Parting | None


def differing(left: Definition, right: Definition) -> tuple[Change, ...]:
    """The keys of two definitions that differ, then the statements that follow from them."""
    one, other = (d.model_dump(mode="json", exclude_defaults=True) for d in (left, right))
    keys = [
        key for key in dict.fromkeys((*one, *other)) if key not in _NAMES and one.get(key) != other.get(key)
    ]
    said, told = stated(left), stated(right)
    words = [
        key for key in dict.fromkeys((*said, *told)) if key not in keys and said.get(key) != told.get(key)
    ]
    return (
        *(Change(key, one.get(key), other.get(key)) for key in keys),
        *(Change(key, _words(said.get(key)), _words(told.get(key))) for key in words),
    )


def _words(words: Words | None) -> dict[str, str] | None:
    return words.model_dump() if words else None
