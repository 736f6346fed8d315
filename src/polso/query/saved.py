"""Saved answers: the numbers with the whole definitions that made them, so that they can be made again.

Rule kept here: an answer is recomputed under its own definitions, never under today's; what differs then is the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from polso.errors import PolsoError, QuestionError
from polso.kpis.catalogue import check_columns
from polso.kpis.definition import Condition, Definition
from polso.query.period import Period
from polso.query.question import Question
from polso.query.result import HIDDEN, Result


class Answer(BaseModel):
    """A saved answer: what was asked, under which definitions, of data up to when, and every cell."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    polso: str
    definitions: tuple[Definition, ...]
    since: date
    until: date
    zone: str
    by: tuple[str, ...] = ()
    where: tuple[Condition, ...] = ()
    params: dict[str, float] = {}
    time: Literal["calendar", "business"] = "calendar"
    clients: tuple[str, ...] | None = None
    as_of: str
    cells: tuple[dict[str, Any], ...]

    @model_validator(mode="after")
    def _numbers(self) -> Self:
        if any(not {"kpi", "variant", "version", "value", "n"} <= set(cell) for cell in self.cells):
            raise ValueError("a cell without its KPI, value or n")
        return self

    @property
    def question(self) -> Question:
        """The question again, under its own definitions."""
        return Question(
            self.definitions,
            Period(self.since, self.until, self.zone),
            self.by,
            self.where,
            dict(self.params),
        )


@dataclass(frozen=True)
class Drift:
    """A cell that is not what it was: its keys, and value and n then and now (None where it was or is not there)."""

    keys: dict[str, Any]
    before: dict[str, Any] | None
    now: dict[str, Any] | None


def save(result: Result, path: Path, version: str, time: Literal["calendar", "business"]) -> None:
    """Write an answer as JSON."""
    q = result.question
    answer = Answer(
        polso=version, definitions=q.definitions, since=q.period.since, until=q.period.until, zone=q.period.zone,
        by=q.by, where=q.where, params=dict(q.params), time=time, clients=result.clients, as_of=result.as_of.isoformat() + "Z",
        cells=tuple(result.to_dicts()),
    )  # fmt: skip
    path.write_text(answer.model_dump_json(indent=1, exclude_defaults=True) + "\n", encoding="utf-8")


def read(path: Path, attributes: Mapping[str, str]) -> Answer:
    """A saved answer; QuestionError where the file holds none, or one that names what the facts do not have."""
    try:
        answer = Answer.model_validate_json(path.read_text(encoding="utf-8"))
        _ = ZoneInfo(answer.zone), answer.question
        for definition in answer.definitions:
            check_columns(definition, "its definition", attributes)
    except FileNotFoundError as error:
        raise QuestionError(f"no file {path}; `polso ask KPI --save FILE` writes one") from error
    except (ValidationError, OSError, UnicodeDecodeError) as error:
        raise QuestionError(
            f"{path} holds no saved answer; `polso ask KPI --save FILE` writes one"
        ) from error
    except (PolsoError, ZoneInfoNotFoundError) as error:
        raise QuestionError(f"{path} holds no saved answer that can be asked again: {error}") from error
    return answer


def drifts(answer: Answer, result: Result) -> tuple[Drift, ...]:
    """The cells whose value or n is not what it was when the answer was saved; of what is hidden now nothing is said."""
    before = {_key(cell, answer.by): cell for cell in answer.cells}
    now = {_key(cell, answer.by): cell for cell in result.to_dicts()}
    found = []
    for key in dict.fromkeys((*before, *now)):
        old, new = before.get(key), now.get(key)
        if new is not None and any(str(said).startswith(HIDDEN) for said in new["warnings"]):
            continue
        if old is None or new is None or (old["value"], old["n"]) != (new["value"], new["n"]):
            found.append(Drift(json.loads(key), old, new))
    return tuple(found)


def _key(cell: dict[str, Any], by: tuple[str, ...]) -> str:
    names = ("kpi", "variant", "version", *by, "band")
    return json.dumps({name: cell[name] for name in names if name in cell})
