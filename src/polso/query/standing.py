"""Texts that serve many questions: another period or filter value changes a few literals of them, and no more.

A text is made of stand-ins for instants, filter values and percentile ranks, and the real ones are put in when it runs:
making a text anew takes longer than most runs of it.

Rule kept here: the text that runs is, word for word, the one that would have been made of the real values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from polso.kpis.definition import Condition
from polso.query.period import Period
from polso.query.question import Question

if TYPE_CHECKING:
    from polso.engine import Engine
    from polso.query.store import Store

Literal = datetime | str | float | int
# No project has data of these years, and no text has these words or microseconds of its own.
BEFORE, AFTER, MICROSECOND, WORD, RANK = 1907, 2907, 123457, "polso stands in here", 0.1234567
# The first digits of whole numbers that stand in for others (brackets.py).
WHOLE: Final = 8_123_456_700_000_000
_LEFT: Final = re.compile(f"{WORD}|{MICROSECOND}|{RANK}|{WHOLE // 1000}")


@dataclass(frozen=True, slots=True)
class Standing(Period):
    """A period whose ends are stand-ins, in the same order as the real ones; `slots` is the table of its real slots."""

    ends: tuple[datetime, datetime] = (datetime.min, datetime.max)  # noqa: DTZ901 - naive UTC, as all instants of a store
    slots: str = ""

    @property
    def instants(self) -> tuple[datetime, datetime]:
        """The stand-ins."""
        return self.ends


@dataclass(frozen=True, slots=True)
class Stood:
    """Questions with stand-ins, and what each stands for."""

    questions: tuple[Question, ...]
    real: Mapping[Literal, Literal]


def stand(store: Store, questions: Sequence[Question]) -> Stood:
    """Questions that differ by their period alone, with stand-ins. Those of the same shape become the same."""
    instants = _instants(store.as_of, (end for question in questions for end in question.period.instants))
    words = _words(questions[0].where)
    where = tuple(_worded(condition, words) for condition in questions[0].where)
    made = tuple(
        replace(question, where=where, period=_period(store, question, instants)) for question in questions
    )
    real: dict[Literal, Literal] = {stand_in: at for at, stand_in in instants.items()}
    return Stood(made, {**real, **{stand_in: text for text, stand_in in words.items()}})


def rank_stand_ins(count: int) -> tuple[float, ...]:
    """Stand-ins for percentile ranks; none is written as another one begins."""
    return tuple(float(f"{RANK}{place:04d}1") for place in range(count))


def filled(engine: Engine, text: str, real: Mapping[Literal, Literal]) -> str:
    """The text with the real values."""
    said = {engine.literal(stand_in): engine.literal(value) for stand_in, value in real.items()}
    if not said:
        return text
    # In one pass: a filter may be for whatever words somebody writes.
    return re.sub("|".join(map(re.escape, said)), lambda found: said[found[0]], text)


def check(engine: Engine, text: str, real: Mapping[Literal, Literal]) -> None:
    """Refuse a text in which a stand-in is written otherwise than `filled` knows it: it would answer wrongly."""
    if _LEFT.search(filled(engine, text, dict.fromkeys(real, ""))):
        raise AssertionError(f"a stand-in would be left in {text}")


def _instants(as_of: datetime, ends: Iterable[datetime]) -> dict[datetime, datetime]:
    """Instant -> stand-in, in order of time: what is made of them depends on which comes first, and on as-of."""
    ordered = sorted(set(ends) - {as_of})
    return {
        end: datetime(BEFORE if end < as_of else AFTER, 1, 1, 0, 0, place, MICROSECOND)  # noqa: DTZ001 - naive UTC
        for place, end in enumerate(ordered)
    }


def _words(conditions: Iterable[Condition]) -> dict[str, str]:
    values = [v for c in conditions for v in (c.value if isinstance(c.value, tuple) else (c.value,))]
    texts = dict.fromkeys(value for value in values if isinstance(value, str))
    return {text: f"{WORD} {place}." for place, text in enumerate(texts)}


def _worded(condition: Condition, words: Mapping[str, str]) -> Condition:
    value = condition.value
    if isinstance(value, tuple):
        return condition.model_copy(update={"value": tuple(words[one] for one in value)})
    return condition.model_copy(update={"value": words[value]}) if isinstance(value, str) else condition


def _period(store: Store, question: Question, instants: Mapping[datetime, datetime]) -> Standing:
    since, until = (instants.get(end, end) for end in question.period.instants)
    slots = store.slots_name(question.period) if question.grains else ""
    return Standing(date(BEFORE, 1, 1), date(AFTER, 1, 1), question.period.zone, (since, until), slots)
