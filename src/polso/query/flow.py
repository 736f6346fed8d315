"""Roll-forward: how a stock at the start of a period became the stock at its end, line by line.

Rule kept here: the lines add up: start + what came - what went = end; the end of a stretch of time is the
start of the next.
"""

from __future__ import annotations

from polso.errors import QuestionError
from polso.kpis.definition import Definition
from polso.kpis.kinds import Answer
from polso.query.moves import moves
from polso.query.question import CYCLES, Question, Scope
from polso.query.scan import Cell
from polso.query.stock import cell_of
from polso.query.store import Store, stretches

CAME = ("opened", "reopened", "restored", "moved_in")
WENT = ("solved", "closed", "merged", "removed", "moved_out")
START, END = "start", "end"


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
    (moved,) = moves(store, d, [question], scope, ("began_as", "ended_as"))
    opening, came, went = moved.opening, moved.came, moved.went
    answers: dict[Cell, dict[str, Answer]] = {}
    # A whole without rows is a line of zeros; of a split without rows there is no value to say it of.
    found = {dims for dims, _ in (*came, *went)} | opening.keys()
    for dims in sorted(found or ({()} if not question.dimensions else set()), key=str):
        now = opening.get(dims, 0)
        for stretch in cut:
            counts = {
                name: moved_.get((dims, (*stretch.fine, name)), 0)
                for names, moved_ in ((CAME, came), (WENT, went))
                for name in names
            }
            end = now + sum(counts[n] for n in CAME) - sum(counts[n] for n in WENT)
            lines = {START: now, **counts, END: end}
            answers[cell_of(question, dims, stretch.labels)] = {
                name: Answer(n, n) for name, n in lines.items()
            }
            now = end
    return answers
