"""Roll-forward: how a stock at the start of a period became the stock at its end, line by line.

Rule kept here: the lines add up: start + what came - what went = end.
"""

from __future__ import annotations

from datetime import datetime

from polso.engine import Table
from polso.kpis.definition import Definition
from polso.kpis.kinds import Answer
from polso.query.question import Question, Scope
from polso.query.scan import Cell, in_scope
from polso.query.stock import counted, standing
from polso.query.store import Store

CAME = ("opened", "reopened", "restored", "moved_in")
WENT = ("solved", "closed", "merged", "removed", "moved_out")
START, END = "start", "end"


def roll_forward(
    store: Store, d: Definition, question: Question, scope: Scope
) -> dict[Cell, dict[str, Answer]]:
    """Per cell: start, opened, reopened, restored, moved in, solved, closed, merged, removed, moved out, end.

    Moves in and out are of a dimension (a transfer, another assignee), and cancel out over all its values.
    """
    start = min(question.period.instants[0], store.as_of)
    lines = {START: standing(store, d, question, scope, start)}
    for clock, said, names in ((str(d.since), "began_as", CAME), (str(d.until), "ended_as", WENT)):
        rows = _until_as_of(in_scope(store, d.fact, clock, question, scope), clock, store.as_of)
        found = counted(store, rows, (*question.dimensions, said))
        for name in names:
            lines[name] = {cell[:-1]: n for cell, n in found.items() if cell[-1] == name}
    answers: dict[Cell, dict[str, Answer]] = {}
    for cell in sorted({cell for line in lines.values() for cell in line} or {()}, key=str):
        counts = {name: line.get(cell, 0) for name, line in lines.items()}
        counts[END] = counts[START] + sum(counts[n] for n in CAME) - sum(counts[n] for n in WENT)
        answers[cell] = {name: Answer(n, n) for name, n in counts.items()}
    return answers


def _until_as_of(rows: Table, clock: str, as_of: datetime) -> Table:
    return rows.filter(rows[clock] <= as_of)
