"""Cost per contact: what the period cost, over the contacts handled in it; the remainder is shown, not hidden."""

from __future__ import annotations

from polso.kpis.definition import Definition
from polso.kpis.kinds import Answer
from polso.query.question import Question, Scope
from polso.query.scan import Cell
from polso.query.store import Store


def cost(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, Answer]:
    raise NotImplementedError
