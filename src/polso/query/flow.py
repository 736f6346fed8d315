"""Roll-forward: how a stock at the start of a period became the stock at its end, line by line.

Rule kept here: the lines add up: start + what came - what went = end; the end of a stretch of time is the
start of the next.
"""

from __future__ import annotations

from polso.engine import ibis
from polso.errors import QuestionError
from polso.kpis.definition import Definition
from polso.kpis.kinds import Answer
from polso.query.question import CYCLES, Question, Scope
from polso.query.scan import Cell
from polso.query.stock import cell_of, counted, spells, standing
from polso.query.store import Store, stretches, with_grains

CAME = ("opened", "reopened", "restored", "moved_in")
WENT = ("solved", "closed", "merged", "removed", "moved_out")
START, END = "start", "end"
Moved = dict[tuple[Cell, Cell, str], int]


def roll_forward(
    store: Store, d: Definition, question: Question, scope: Scope
) -> dict[Cell, dict[str, Answer]]:
    """Per cell: start, opened, reopened, restored, moved in, solved, closed, merged, removed, moved out, end.

    Moves in and out are of a dimension (a transfer, another assignee), and cancel out over all its values.
    """
    for grain in question.grains:
        if grain in CYCLES:
            raise QuestionError(
                f"{d.name} goes from start to end and has no meaning beside `{grain}`; split by day or month"
            )
    cut = [s for s in stretches(store, question.period, question.grains) if s.start <= store.as_of]
    opening = standing(store, d, question, scope, min(question.period.instants[0], store.as_of))
    moved = _moved(store, d, question, scope, "began", "began_as") | _moved(
        store, d, question, scope, "ended", "ended_as"
    )
    answers: dict[Cell, dict[str, Answer]] = {}
    # A whole without rows is a line of zeros; of a split without rows there is no value to say it of.
    whole: set[Cell] = set() if question.dimensions else {()}
    for dims in sorted({dims for dims, _, _ in moved} | set(opening) or whole, key=str):
        now = opening.get(dims, 0)
        for stretch in cut:
            counts = {name: moved.get((dims, stretch.fine, name), 0) for name in (*CAME, *WENT)}
            end = now + sum(counts[n] for n in CAME) - sum(counts[n] for n in WENT)
            lines = {START: now, **counts, END: end}
            answers[cell_of(question, dims, stretch.labels)] = {
                name: Answer(n, n) for name, n in lines.items()
            }
            now = end
    return answers


def _moved(store: Store, d: Definition, question: Question, scope: Scope, end: str, said: str) -> Moved:
    """How many began (or ended) by dimensions, stretch of time, and how."""
    since, until = question.period.instants
    rows = spells(store, d, question, scope)
    rows = rows.filter(rows[end] >= since, rows[end] < until, rows[end] <= ibis.timestamp(store.as_of))
    rows = rows.mutate(polso_said=rows[said])
    if question.grains:
        rows = with_grains(rows, end, question.grains, store.slots(question.period)[1])
    names = (*question.dimensions, *(f"polso_{grain}" for grain in question.grains), "polso_said")
    wide = len(question.dimensions)
    return {(cell[:wide], cell[wide:-1], cell[-1]): n for cell, n in counted(store, rows, names).items()}
