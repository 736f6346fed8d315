"""Conditions of definitions and questions as engine expressions over a fact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from math import isfinite

from polso.engine import BooleanValue, Table, Value
from polso.errors import QuestionError
from polso.kpis.definition import AnyOf, Condition, Definition

MICRO = 1_000_000


def parameters(definition: Definition, chosen: Mapping[str, float]) -> dict[str, int]:
    """The definition's thresholds in stored units (microseconds, whole numbers), as chosen or by default."""
    made = {}
    for name, param in definition.params.items():
        value = chosen.get(name, param.default)
        if not isfinite(value) or value < param.low or (param.high is not None and value > param.high):
            raise QuestionError(f"'{param.written(value)}' is no value of {name}; write {param.said(name)}")
        made[name] = int(Decimal(str(value)) * MICRO) if param.unit == "duration" else int(value)
    return made


def all_of(
    table: Table, conditions: Iterable[AnyOf | Condition], params: Mapping[str, int]
) -> BooleanValue | None:
    """All conditions joined by and; None where there are none. Null never satisfies a comparison."""
    made: BooleanValue | None = None
    for condition in conditions:
        one = (
            _any_of(table, condition, params)
            if isinstance(condition, AnyOf)
            else comparison(table, condition, params)
        )
        made = one if made is None else made & one
    return made


def _any_of(table: Table, alternatives: AnyOf, params: Mapping[str, int]) -> BooleanValue:
    found = [comparison(table, condition, params) for condition in alternatives.any_of]
    made = found[0]
    for other in found[1:]:
        made = made | other
    return made


def comparison(table: Table, condition: Condition, params: Mapping[str, int]) -> BooleanValue:
    """One comparison; false, not null, where the column is null (except for `null`)."""
    column: Value = table[condition.column]
    if condition.op == "null":
        return column.isnull()
    if condition.op == "not null":
        return column.notnull()
    value = params[condition.param] if condition.param else condition.value
    if condition.op in ("in", "not in"):
        values = list(value) if isinstance(value, tuple) else [value]
        held = column.isin(values).fill_null(False)
        return held if condition.op == "in" else ~held
    if isinstance(value, tuple):
        raise QuestionError(f"{condition.column} {condition.op} cannot take several values; use 'in'")
    compared = {
        "=": column == value, "!=": column != value, "<": column < value, "<=": column <= value,
        ">": column > value, ">=": column >= value,
    }[condition.op]  # fmt: skip
    # A row whose value is unknown is not equal to anything, so it is different: 'team != A' keeps rows without a team.
    return compared.fill_null(condition.op == "!=")
