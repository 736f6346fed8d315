"""The rows behind a number: a KPI's population in a period, as the fact keeps them."""

from __future__ import annotations

import pyarrow as pa

from polso.errors import QuestionError
from polso.query.conditions import all_of, parameters
from polso.query.question import EVERYONE, Question, Scope
from polso.query.scan import in_scope
from polso.query.store import Store

COUNTED = "counted"


def rows(store: Store, question: Question, limit: int | None, scope: Scope = EVERYONE) -> pa.Table:
    """Rows that the KPI counts, oldest first; for shares `counted` tells those that met it from the rest."""
    (definition,) = question.definitions
    if definition.kind == "ratio":
        raise QuestionError(f"{definition.name} is a ratio of two facts; ask for the rows of each side on its own")
    placed = None if definition.kind in ("stock", "stock_by_age", "spread", "cohort_pair") else definition.clock
    found = in_scope(store, definition.fact, placed, question, scope)
    params = parameters(definition, question.params)
    kept = all_of(found, definition.where, params)
    found = found if kept is None else found.filter(kept)
    if definition.kind == "stock" and definition.since and definition.until:
        at = min(question.period.instants[1], store.as_of)
        until = found[definition.until]
        found = found.filter(found[definition.since] < at, until.isnull() | (until >= at))
    part = all_of(found, definition.part, params)
    if part is not None:
        found = found.mutate(**{COUNTED: part})
    ordered = found.order_by(definition.clock, *(c for c in ("source", "ticket_id") if c in found.columns))
    return store.collect(ordered.limit(limit) if limit else ordered)


