"""The rows behind a number: a KPI's population in a period, as the fact keeps them.

Rule kept here: a cell that says n is made of exactly n rows, and these are they.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from polso.engine import Table
from polso.errors import PrivacyError, QuestionError
from polso.facts.fact import TICKET
from polso.kpis.definition import Definition
from polso.query.conditions import all_of, parameters
from polso.query.masks import late, masked
from polso.query.moves import spells
from polso.query.privacy import WAY_OUT, is_about_agents
from polso.query.question import EVERYONE, Question, Scope
from polso.query.scan import counting, in_scope
from polso.query.stock import lasting
from polso.query.store import Store
from polso.query.suppress import refuse_small

COUNTED = "counted"
STOCKS = ("stock", "stock_by_age")


def rows(
    store: Store, question: Question, limit: int | None, scope: Scope = EVERYONE, offset: int = 0
) -> pa.Table:
    """Rows that the KPI counts, oldest first; for shares `counted` tells those that met it from the rest.

    Rows too young to be judged, without a value, or with a negative duration are in no number, nor here.
    """
    (definition,) = question.definitions
    question = late(store, question, scope)
    found = _behind(store, question, scope)
    ordered = found.order_by(_order(definition, found))
    table = store.collect(ordered.limit(limit, offset=offset) if limit or offset else ordered)
    return masked(store, table, definition.fact, definition.clock, question, scope)


def count(store: Store, question: Question, scope: Scope = EVERYONE) -> int:
    """How many rows `rows` has, all told."""
    found = _behind(store, late(store, question, scope), scope)
    return int(store.collect(found.aggregate(n=found.count())).to_pylist()[0]["n"])


def _behind(store: Store, question: Question, scope: Scope) -> Table:
    """The rows themselves; PrivacyError where they would tell what single people did."""
    (definition,) = question.definitions
    if scope.privacy.state == "locked" and is_about_agents(definition.fact):
        raise PrivacyError(
            f"rows of {definition.fact} tell what single people did and when; ask {definition.name} itself, or {WAY_OUT}"
        )
    refuse_small(store, question, scope)
    if definition.kind == "ratio":
        raise QuestionError(
            f"{definition.name} is a ratio of two facts; ask for the rows of each side on its own"
        )
    if definition.kind not in STOCKS:
        return _counted(store, definition, question, scope)
    since, until = question.period.instants
    found = _standing(store, definition, question, scope, min(until, store.as_of))
    # Nobody knows what stands after the data ends: the answer is a dash, and so no row is behind it.
    return found.limit(0) if since > store.as_of else found


def _order(definition: Definition, found: Table) -> list[str]:
    """One order however often it is asked, so that pages neither repeat nor lose a row."""
    first = [definition.clock, *(name for name in TICKET if name in found.columns)]
    if definition.fact == "tickets":
        return first
    rest = [name for name, kind in found.schema().items() if kind.is_string() or kind.is_timestamp()]
    return list(dict.fromkeys([*first, *rest]))


def _standing(store: Store, definition: Definition, question: Question, scope: Scope, at: datetime) -> Table:
    return lasting(spells(store, definition, question, scope), at, store.as_of).drop("began", "ended")


def _counted(store: Store, definition: Definition, question: Question, scope: Scope) -> Table:
    """The rows of a definition that reads a fact, those that no number counts left out."""
    clock = None if definition.kind in ("spread", "cohort_pair") else definition.clock
    found = in_scope(store, definition.fact, clock, question, scope, definition)
    found = counting(store, found, definition, question)
    part = all_of(found, definition.part, parameters(definition, question.params))
    return found if part is None else found.mutate(**{COUNTED: part})
