"""Bands: how rows spread over ranges [a, b) of a duration; rows without a value are a band of their own."""

from __future__ import annotations

from polso.kpis import intervals
from polso.kpis.definition import Condition, Definition
from polso.kpis.kinds import Answer, Ask
from polso.query.question import Question, Scope
from polso.query.scan import Cell, Wanted, scan
from polso.query.stock import band_label
from polso.query.store import Store

UNANSWERED = "none"


def bands(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, dict[str, Answer]]:
    """Share of rows in each band, per cell; n is all rows that meet `where`, with a value or without."""
    column = f"{d.value}_us" if d.value else ""
    ends = [None, *(int(edge * 1_000_000) for edge in d.edges), None]
    wanted = [Wanted("n", d, Ask("count", where=d.where))]
    for place, (low, high) in enumerate(zip(ends, ends[1:], strict=False)):
        limits = [Condition(column=column, op=">=", value=low or 0)]
        limits += [Condition(column=column, op="<", value=high)] if high is not None else []
        wanted.append(Wanted(f"b{place}", d, Ask("count", where=(*d.where, *limits))))
    wanted.append(Wanted("none", d, Ask("count", where=(*d.where, Condition(column=column, op="null")))))
    answers: dict[Cell, dict[str, Answer]] = {}
    for cell, found in scan(store, d.fact, d.clock, wanted, question, scope).items():
        n = found["n"]
        if n:
            counts = {band_label(d.edges, i): found[f"b{i}"] for i in range(len(d.edges) + 1)} | {UNANSWERED: found["none"]}
            answers[cell] = {b: Answer(part / n, n, *intervals.wilson(part, n), {"part": part}) for b, part in counts.items()}
    return answers
