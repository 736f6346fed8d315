"""What people write when they ask: filters and parameters, on the command line and in a URL alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from polso.errors import QuestionError

if TYPE_CHECKING:
    from polso.kpis.definition import Condition


def condition(text: str, dimensions: Mapping[str, str]) -> Condition:
    """`name=value`, `name!=value`, several values by comma; nothing after the sign means unknown."""
    from polso.kpis.definition import Condition

    name, sign, value = text.partition("!=") if "!=" in text else text.partition("=")
    # No name has other letters, and no engine takes a NUL in a text.
    if not sign or not name.strip().isidentifier() or "\0" in text:
        raise QuestionError(f"'{text}' is no filter; write name=value or name!=value")
    values = tuple(part.strip() for part in value.split(","))
    column, unequal = name.strip(), sign == "!="
    if values == ("",):
        return Condition(column=column, op="not null" if unequal else "null")
    if len(values) > 1:
        return Condition(column=column, op="not in" if unequal else "in", value=values)
    typed: str | bool = values[0]
    if column in flags(dimensions) and values[0].lower() in _TRUTHS:
        typed = _TRUTHS[values[0].lower()]
    return Condition(column=column, op="!=" if unequal else "=", value=typed)


_TRUTHS: Final = {"true": True, "yes": True, "sì": True, "si": True, "false": False, "no": False}


def cell_of(text: str) -> tuple[str, str | None]:
    """`name=value` of a split answer; nothing after the sign means unknown."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip().isidentifier() or "\0" in text:
        raise QuestionError(f"'{text}' is no cell; write name=value, like team=x or month=2026-03")
    return name.strip(), value.strip() or None


def flags(dimensions: Mapping[str, str]) -> set[str]:
    """Names of the columns that are true or false."""
    from polso.facts import FACTS

    return {c.name for fact in FACTS.values() for c in fact.all_columns(dimensions) if c.type == "boolean"}


def parameter(text: str) -> tuple[str, float | str]:
    """`name=value`; durations as 20s, 4h, 7d, or seconds; a choice by its word."""
    from pydantic import TypeAdapter, ValidationError

    from polso.config import Duration

    name, sign, value = text.partition("=")
    try:
        number = (
            float(value)
            if value.replace(".", "", 1).isdigit()
            else TypeAdapter(Duration).validate_python(value)
        )
    except ValidationError as error:
        if sign and value.strip().isidentifier():
            return name.strip(), value.strip()
        raise QuestionError(
            f"'{text}' is no parameter; write name=value, like limit=20s or share=0.8"
        ) from error
    if not sign:
        raise QuestionError(f"'{text}' is no parameter; write name=value, like limit=20s or share=0.8")
    return name.strip(), number
