"""An explanation: a number's definition in words, its rows with counts that add up, their spread, and one ticket.

Rule kept here: it is a structure; how it is drawn is up to the faces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from polso.kpis.definition import Definition, Words
from polso.query.bill import Bill
from polso.query.explain import Account, Distribution, Line
from polso.query.result import Result
from polso.query.story import Chapter, Instant, Story


@dataclass(frozen=True)
class Explanation:
    """Everything behind one cell: `states` is the definition in words, `result` the number itself."""

    definition: Definition
    states: Mapping[str, Words]
    result: Result
    accounts: tuple[Account, ...]
    distribution: Distribution | None
    story: Story | None = None
    bill: Bill | None = None

    def as_dict(self, language: str = "en") -> dict[str, Any]:
        """The explanation as plain data, its words in a language; instants as ISO text in UTC."""
        d = self.definition
        return {
            "kpi": d.name, "variant": d.variant, "version": d.version, "valid_from": d.valid_from.isoformat(),
            "title": d.title.of(language), "meaning": d.meaning.of(language),
            "states": {name: words.of(language) for name, words in self.states.items()},
            "question": self.result.as_understood(),
            "cells": self.result.to_dicts(),
            "accounts": [_account(account, language) for account in self.accounts],
            "distribution": _distribution(self.distribution),
            "costs": _bill(self.bill, language) if self.bill else None,
            "ticket": _story(self.story, language) if self.story else None,
        }  # fmt: skip


def _account(account: Account, language: str) -> dict[str, Any]:
    return {
        "side": account.side, "fact": account.fact, "rows": account.rows.of(language), "total": account.total,
        "counted": account.counted, "people": account.people,
        "lines": [_line(line, language) | {"n": line.n} for line in account.lines],
    }  # fmt: skip


def _line(line: Line, language: str) -> dict[str, Any]:
    return {"reason": line.reason, "words": line.words.of(language), "counted": line.counted}


def _distribution(spread: Distribution | None) -> dict[str, Any] | None:
    if spread is None:
        return None
    bins = [{"from": low, "to": high, "n": n} for low, high, n in spread.bins]
    return {"tenths": {f"{tenth:g}": value for tenth, value in spread.tenths.items()}, "bins": bins}


def _bill(bill: Bill, language: str) -> dict[str, Any]:
    said = {"total": bill.total, "base": bill.base, "rows": bill.rows.of(language), "handled_hours": bill.handled,
            "handled_hours_of": bill.handled_of}  # fmt: skip
    lines = [{name: _day(value) for name, value in asdict(one).items()} for one in bill.charges]
    return {**said, "lines": lines}


def _day(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _story(story: Story, language: str) -> dict[str, Any]:
    pauses = [
        {"since": _iso(p.since), "until": _iso(p.until), "waiting_for": p.waiting_for} for p in story.pauses
    ]
    return {
        "source": story.source, "ticket_id": story.ticket_id,
        "events": [{name: _plain(value) for name, value in event.items()} for event in story.events],
        "rows": [_chapter(chapter, language) for chapter in story.chapters],
        "pauses": pauses,
    }  # fmt: skip


def _chapter(chapter: Chapter, language: str) -> dict[str, Any]:
    return {
        **_line(chapter.fate, language),
        "start": _instant(chapter.start, language), "stop": _instant(chapter.stop, language),
        "seconds": chapter.seconds, "business_seconds": chapter.business_seconds, "calendar": chapter.calendar,
        "pieces": [[_iso(start), _iso(end)] for start, end in chapter.pieces],
        "row": {name: _plain(value) for name, value in chapter.row.items() if value is not None},
    }  # fmt: skip


def _instant(instant: Instant | None, language: str) -> dict[str, Any] | None:
    if instant is None:
        return None
    return {"column": instant.column, "words": instant.words.of(language), "at": _iso(instant.at)}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat() + "Z"


def _plain(value: Any) -> Any:
    """Numbers, words and flags as they are; instants as ISO text; the rest as text."""
    if isinstance(value, datetime):
        return _iso(value)
    return value if isinstance(value, (bool, int, float, str)) else str(value)
