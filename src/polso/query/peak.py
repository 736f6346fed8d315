"""Peaks: the busiest stretch of a period, and how many fell into it."""

from __future__ import annotations

from polso.errors import QuestionError
from polso.kpis.definition import Definition
from polso.kpis.kinds import Answer, Ask
from polso.query.question import Question, Scope
from polso.query.scan import Cell, Wanted, scan
from polso.query.store import Store


def peak(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, dict[str, Answer]]:
    """Per cell, the busiest `grain` of the definition and its count; n is the count of the whole cell.

    The earliest of equals is taken, so that the answer does not depend on the order of rows.
    """
    grain = d.grain or "hour"
    if grain in question.by:
        raise QuestionError(f"{d.label} looks for the busiest {grain}; it cannot be split by {grain} as well")
    finer = Question((d,), question.period, (*question.by, grain), question.where, question.params)
    found = scan(store, d.fact, d.clock, [Wanted("n", d, Ask("count", where=d.where))], finer, scope)
    cells: dict[Cell, list[tuple[str, int]]] = {}
    for cell, row in sorted(found.items(), key=lambda item: str(item[0][-1])):
        cells.setdefault(cell[:-1], []).append((str(cell[-1]), int(row["n"] or 0)))
    answers = {}
    for cell, counts in cells.items():
        label, most = max(counts, key=lambda item: item[1])
        if most:
            answers[cell] = {label: Answer(most, sum(n for _, n in counts))}
    return answers
