"""Bands: how rows spread over ranges [a, b) of a duration; rows without a value are a band of their own."""

from __future__ import annotations

import itertools

from polso.kpis import intervals
from polso.kpis.definition import AnyOf, Condition, Definition
from polso.kpis.kinds import NOTHING, Answer, Ask
from polso.query.question import Question, Scope
from polso.query.scan import Cell, Wanted, scan
from polso.query.stock import band_label
from polso.query.store import Store

UNANSWERED = "none"


def bands(store: Store, d: Definition, question: Question, scope: Scope) -> dict[Cell, dict[str, Answer]]:
    """Share of rows in each band, per cell; n is all rows that meet `where`, with a value or without.

    Rows with a negative duration are in no band: they leave n and are counted.
    """
    labels = [*(band_label(d.edges, place) for place in range(len(d.edges) + 1)), UNANSWERED]
    answers: dict[Cell, dict[str, Answer]] = {}
    for cell, found in scan(store, d.fact, d.clock, _wanted(d), question, scope).items():
        n = found["n"]
        left = {"negative": found["negative"]} if found["negative"] else {}
        counts = zip(labels, (found[f"b{place}"] for place in range(len(labels))), strict=True)
        if n:
            answers[cell] = {
                b: Answer(part / n, n, *intervals.wilson(part, n), {"part": part, **left})
                for b, part in counts
            }
        elif not question.by:
            answers[cell] = dict.fromkeys(labels, NOTHING)
    return answers


def _wanted(d: Definition) -> list[Wanted]:
    """The population, each band in order, the rows without a value, and those with a negative one."""
    column = f"{d.value}_us"
    ends = [0, *(int(edge * 1_000_000) for edge in d.edges), None]
    without, backwards = Condition(column=column, op="null"), Condition(column=column, op="<", value=0)
    sound = AnyOf(any_of=(without, Condition(column=column, op=">=", value=0)))
    wanted = [Wanted("n", d, Ask("count", where=(*d.where, sound)))]
    for place, (low, high) in enumerate(itertools.pairwise(ends)):
        limits = [Condition(column=column, op=">=", value=low)]
        limits += [Condition(column=column, op="<", value=high)] if high is not None else []
        wanted.append(Wanted(f"b{place}", d, Ask("count", where=(*d.where, *limits))))
    wanted.append(Wanted(f"b{len(d.edges) + 1}", d, Ask("count", where=(*d.where, without))))
    return [*wanted, Wanted("negative", d, Ask("count", where=(*d.where, backwards)))]
