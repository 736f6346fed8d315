"""Answers over the wire, whole: what a program of ours reads back is what was answered, to the last field.

Rule kept here: only the classes named here are ever made of what came in; anything else is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from pydantic import BaseModel

from polso.errors import ServerError
from polso.kpis.definition import AnyOf, Condition, Definition, Entry, Words
from polso.query.balance import Line as BalanceLine
from polso.query.balance import Term
from polso.query.bill import Bill, Charge
from polso.query.disagree import Dissent, Parting
from polso.query.explain import Account, Distribution
from polso.query.explain import Line as AccountLine
from polso.query.explanation import Explanation
from polso.query.period import Period
from polso.query.question import Question
from polso.query.result import Cell, Result
from polso.query.story import Chapter, Instant, Pause, Story

MEDIA: Final = "application/vnd.polso.v1+json"
TAG: Final = "$"
CLASSES: Final[Mapping[str, type[Any]]] = {
    "account": Account, "account_line": AccountLine, "any_of": AnyOf, "balance_line": BalanceLine, "bill": Bill, "cell": Cell,
    "chapter": Chapter, "charge": Charge, "condition": Condition, "definition": Definition, "dissent": Dissent,
    "distribution": Distribution, "entry": Entry, "explanation": Explanation, "instant": Instant, "parting": Parting,
    "pause": Pause, "period": Period, "question": Question, "result": Result, "story": Story, "term": Term,
    "words": Words,
}  # fmt: skip
_NAMES: Final = {made: name for name, made in CLASSES.items()}


def packed(value: Any) -> Any:
    """A value as JSON can say it and `unpacked` reads it back; TypeError where it is of no known class."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, datetime):
        return {TAG: "at", "v": value.isoformat()}
    if isinstance(value, date):
        return {TAG: "day", "v": value.isoformat()}
    if isinstance(value, Decimal):
        return {TAG: "decimal", "v": str(value)}
    if isinstance(value, tuple | list):
        return (
            {TAG: "tuple", "v": [packed(one) for one in value]}
            if isinstance(value, tuple)
            else [*map(packed, value)]
        )
    if isinstance(value, Mapping):
        # Pairs, since keys need not be texts.
        return {TAG: "map", "v": [[packed(name), packed(one)] for name, one in value.items()]}
    name = _NAMES.get(type(value))
    if name is None:
        raise TypeError(f"{type(value).__name__} does not go over the wire; name it in CLASSES")
    if isinstance(value, BaseModel):
        return {TAG: name, "v": value.model_dump(mode="json")}
    return {TAG: name, "v": {field.name: packed(getattr(value, field.name)) for field in fields(value)}}


def unpacked(value: Any) -> Any:
    """What `packed` made of a value; ServerError where it is of a class that this version does not know."""
    if isinstance(value, list):
        return [unpacked(one) for one in value]
    if not isinstance(value, dict):
        return value
    name, inner = value[TAG], value["v"]
    if name in _PLAIN:
        return _PLAIN[name](inner)
    made = CLASSES.get(name)
    if made is None:
        raise ServerError(
            f"the server speaks of '{name}', which is not known here; use one version on both sides"
        )
    if is_dataclass(made):
        return made(**{field: unpacked(one) for field, one in inner.items()})
    return made.model_validate(inner)


_PLAIN: Final[Mapping[str, Any]] = {
    "at": datetime.fromisoformat,
    "day": date.fromisoformat,
    "decimal": Decimal,
    "tuple": lambda inner: tuple(unpacked(one) for one in inner),
    "map": lambda inner: {unpacked(name): unpacked(one) for name, one in inner},
}
