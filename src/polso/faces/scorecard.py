"""The scorecard: the KPIs that matter, this period against the one before, in one question.

Rule kept here: what has no data is named in one line; it never stands there as a zero.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from rich.console import RenderableType
from rich.text import Text

from polso.errors import PolsoError, PrivacyError, QuestionError
from polso.faces.grid import PALE, Column, Grid, figure, lines
from polso.faces.table import Notes, before, change, intervals, is_sure, n, title, values, warnings
from polso.faces.words import DASH, Words
from polso.kpis.catalogue import find, shipped
from polso.kpis.definition import Definition, Stat
from polso.query.period import Compare
from polso.query.question import Question
from polso.query.result import Cell, Result
from polso.query.run import concrete, run

if TYPE_CHECKING:
    from polso.care import Care
    from polso.config import Target

LAST: Final = "last 28 days"
SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "Volume": ("ticket_volume", "contact_volume", "calls_offered", "backlog", "contact_rate"),
    "Speed": ("first_response_time", "reply_time", "assign_time", "resolution_time"),
    "Resolution": (
        "resolution_rate",
        "first_contact_resolution",
        "reopen_rate",
        "escalation_rate",
        "transfer_rate",
    ),
    "Phone": ("service_level", "abandonment_rate", "speed_of_answer", "handle_time", "occupancy"),
    "Satisfaction": ("csat", "nps", "ces", "survey_response_rate"),
    "Loyalty and cost": ("retention_rate", "conversion_rate", "cost_per_contact"),
    "Self-service": ("self_service_score", "bot_containment", "community_answer_rate"),
}
OWN: Final = "Of this project"
MEDIANS: Final[dict[str, Stat]] = dict.fromkeys(SECTIONS["Speed"], "median")


@dataclass(frozen=True)
class Line:
    """One KPI of the scorecard."""

    section: str
    definition: Definition
    cell: Cell
    target: Target | None

    @property
    def has_data(self) -> bool:
        """Whether there is a number to show: one that is 0 now and was 0 before is most likely nobody's."""
        return self.cell.value is not None and (self.cell.n > 0 or bool(self.cell.previous))


@dataclass(frozen=True)
class Scorecard:
    """Lines with data, titles of those without, and the answer they came from."""

    name: str
    lines: tuple[Line, ...]
    missing: tuple[Definition, ...]
    result: Result

    def as_dicts(self, words: Words) -> list[dict[str, Any]]:
        """One object a KPI, those without data too, with a null value."""
        known = {(line.cell.kpi, line.cell.variant): line for line in self.lines}
        made = []
        for cell, row in zip(self.result.cells, self.result.to_dicts(), strict=True):
            line = known.get((cell.kpi, cell.variant))
            definition = next(
                d for d in self.result.definitions if (d.name, d.variant) == (cell.kpi, cell.variant)
            )
            way = words.direction(cell.change, definition.better, sure=is_sure(cell, definition)).word or None
            aim = words.say(line.section) if line else None
            value = cell.value if line else None
            made.append(
                {
                    **row,
                    "value": value,
                    "title": title(definition, words),
                    "better": definition.better,
                    "direction": way,
                    "section": aim,
                }
            )
        return made


def scorecard(care: Care, period: str = LAST, compare: Compare = "previous") -> Scorecard:
    """Ask everything at once; a KPI that cannot be asked here is missing, not a reason to show nothing."""
    wanted = {name: section for section, names in _sections(care).items() for name in names}
    definitions = tuple(concrete(find(care.catalogue, name), MEDIANS.get(name)) for name in wanted)
    question = Question(definitions, care.period(period))
    result = _answered(care, question, compare)
    cells = {cell.kpi: cell for cell in result.cells if not cell.keys}
    found = [Line(wanted[d.name], d, cells[d.name], _target(care, d)) for d in definitions if d.name in cells]
    kept = tuple(line for line in found if line.has_data)
    names = {line.definition.name for line in kept}
    return Scorecard(
        care.config.project.name, kept, tuple(d for d in definitions if d.name not in names), result
    )


def _sections(care: Care) -> dict[str, list[str]]:
    ships = shipped()
    own = [
        name
        for name, entry in care.catalogue.items()
        if name not in ships and entry.default.kind not in ("bands", "stock_by_age")
    ]
    return {
        section: [name for name in names if name in care.catalogue] for section, names in SECTIONS.items()
    } | {OWN: own}


def _answered(care: Care, question: Question, compare: Compare) -> Result:
    try:
        return run(care.store, question, scope=care.scope(), compare=compare)
    except (PrivacyError, QuestionError):
        parts = [_alone(care, replace(question, definitions=(d,)), compare) for d in question.definitions]
    answers = [part for part in parts if part is not None]
    if not answers:
        raise QuestionError("nothing is loaded yet; run `polso load` in the project's folder")
    sql = tuple(dict.fromkeys(text for answer in answers for text in answer.sql))
    return replace(answers[0], question=question, cells=tuple(c for a in answers for c in a.cells), sql=sql)


def _alone(care: Care, question: Question, compare: Compare) -> Result | None:
    try:
        return run(care.store, question, scope=care.scope(), compare=compare)
    except PolsoError:
        return None


def _target(care: Care, definition: Definition) -> Target | None:
    """The target for the whole; those of slices need a split."""
    return next((t for t in care.config.target if t.kpi == definition.name and not t.when), None)


def shown(card: Scorecard, words: Words) -> RenderableType:
    """The scorecard for people: the answer in a sentence, the numbers, what they rest on."""
    notes = Notes()
    grid = Grid(_columns(card, words, notes), _places(card, words)) if card.lines else None
    return lines(
        _head(card, words),
        _sentence(card, words),
        Text(""),
        grid,
        Text(""),
        notes.text(words),
        warnings(card.result, words),
        _missing(card, words),
        _foot(card, words),
    )


def _places(card: Scorecard, words: Words) -> dict[int, str]:
    """The row at which each section begins."""
    sections = [line.section for line in card.lines]
    return {sections.index(section): words.say(section) for section in dict.fromkeys(sections)}


def _columns(card: Scorecard, words: Words, notes: Notes) -> list[Column]:
    cells = [line.cell for line in card.lines]
    made = [
        Column(words.say("KPI"), [Text(title(line.definition, words)) for line in card.lines], right=False),
        Column(words.say("value"), values(cells, words, notes)),
        Column(
            words.say("change"),
            [change(line.cell, line.definition, words) for line in card.lines],
            right=False,
        ),
        before(cells, words),
        Column("n", [n(c, words) for c in cells], gives_way=1),
        *intervals(cells, words),
    ]
    if any(line.target for line in card.lines):
        made.append(
            Column(words.say("target"), [figure(_aim(line, words)) for line in card.lines], gives_way=4)
        )
    return made


def _aim(line: Line, words: Words) -> str:
    """What a KPI should reach, and for how many."""
    target = line.target
    if target is None:
        return ""
    sign = "≥" if line.definition.better == "higher" else "≤"
    aim = target.value if target.within is None else target.within
    said = f"{sign} {words.value(aim, 'duration' if target.within is not None else line.definition.unit)}"
    return f"{said}, {words.share(target.share)}" if target.share is not None else said


def _head(card: Scorecard, words: Words) -> Text:
    period = card.result.question.period
    return Text.assemble((card.name, "bold"), (f" · {words.period(period.since, period.until)}", PALE))


def _sentence(card: Scorecard, words: Words) -> Text:
    """What got worse, what got better and what moved without a better side, beyond what chance explains."""
    said: dict[str, list[str]] = {"bad": [], "good": [], "plain": []}
    for line in card.lines:
        way = words.direction(
            line.cell.change, line.definition.better, sure=is_sure(line.cell, line.definition)
        )
        if way.tone in said and line.cell.change:
            size = words.change(line.cell.change, line.cell.previous, line.cell.unit)
            said[way.tone].append(f"{line.definition.title.of(words.language)} {size}")
    names = {"bad": "Worse: {list}.", "good": "Better: {list}.", "plain": "Also: {list}."}
    parts = [words.say(names[tone], list=", ".join(list_)) for tone, list_ in said.items() if list_]
    if not parts:
        return Text(words.say("Nothing changed beyond what chance explains."))
    if not said["bad"] and not said["good"]:
        parts.insert(0, words.say("Nothing got better or worse beyond what chance explains."))
    return Text(" ".join(parts))


def _missing(card: Scorecard, words: Words) -> Text | None:
    """What this project has no data for, and what the period is too young for."""
    young = {cell.kpi for cell in card.result.cells if cell.parts.get("immature")}
    said = []
    for sentence, names in (
        (
            "Too early to tell: {list}; their rows need more time, ask an earlier period.",
            [d for d in card.missing if d.name in young],
        ),
        ("No data for: {list}.", [d for d in card.missing if d.name not in young]),
    ):
        if names:
            said.append(words.say(sentence, list=", ".join(d.title.of(words.language) for d in names)))
    return Text("\n".join(said), style=PALE) if said else None


def _foot(card: Scorecard, words: Words) -> Text:
    period = card.result.question.period
    since, _, until = (card.result.compared_with or "").partition("..")
    earlier = words.period(date.fromisoformat(since), date.fromisoformat(until)) if until else DASH
    said = words.say(
        "Against {before}. Data up to {instant} ({zone}). `polso kpis NAME` says what a number means.",
        before=earlier, instant=words.instant(card.result.as_of, period.zone), zone=period.zone,
    )  # fmt: skip
    return Text(said, style=PALE)
