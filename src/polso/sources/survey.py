"""Surveys kept in a table: who was asked, when, and what they answered, on one scale or several.

Rule kept here: a score outside its scale is a rejection, never a number; no answer is no score.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, cast

from pydantic import field_validator, model_validator

from polso.engine import DuckDB
from polso.errors import UnknownName
from polso.events.kinds import SCALES
from polso.sources.lines import Rule, event_rows, explained, listed, quote, renamed, staged
from polso.sources.sheet import Names, Sheet, SheetOptions
from polso.sources.source import Options, Origin, Reading, Source

BOUNDS: Final = {
    "csat5": (1, 5),
    "csat7": (1, 7),
    "nps": (0, 10),
    "ces7": (1, 7),
    "thumbs": (0, 1),
    "fcr": (0, 1),
}
YES: Final = (
    "yes", "y", "true", "up", "good", "positive", "thumbs up", "thumbs_up", "solved", "resolved", "sì", "si",
    "s", "vero",
    "su", "buono", "positivo", "risolto", "👍",
)  # fmt: skip
NO: Final = (
    "no", "n", "false", "down", "bad", "negative", "thumbs down", "thumbs_down", "unsolved", "unresolved",
    "falso", "giù",
    "cattivo", "negativo", "non risolto", "👎", "-1",
)  # fmt: skip
ROLES: Final = (
    "answered_at", "sent_at", "score", "scale_column", "survey", "ticket", "customer", "question", "agent",
    "team", "channel",
)  # fmt: skip


class SurveyOptions(SheetOptions):
    """[[source]] kind = "survey"."""

    scale: str | None = None
    scale_column: Names = ()
    scales: Mapping[str, str] = {}
    reversed: bool = False
    words: Mapping[str, int] = {}
    undated: datetime | None = None
    answered_at: Names = ("answered_at", "submitted_at", "submitdate", "Submitted at", "Timestamp", "date")
    sent_at: Names = ("sent_at", "sent", "invited_at")
    score: Names = ("score", "rating", "answer")
    survey: Names = ("survey_id", "response_id", "id")
    ticket: Names = ("ticket_id", "ticket")
    customer: Names = ("customer_id", "customer", "email", "Email Address")
    question: Names = ("question",)
    agent: Names = ("agent",)
    team: Names = ("team", "group")
    channel: Names = ("channel",)

    @field_validator("scale")
    @classmethod
    def _known_scale(cls, scale: str | None) -> str | None:
        if scale is not None and scale not in SCALES:
            raise ValueError(str(UnknownName("scale", scale, SCALES)))
        return scale

    @field_validator("scales")
    @classmethod
    def _known_scales(cls, scales: Mapping[str, str]) -> Mapping[str, str]:
        for scale in scales.values():
            cls._known_scale(scale)
        return scales

    @model_validator(mode="after")
    def _one_scale(self) -> SurveyOptions:
        if (self.scale is None) == (not self.scale_column):
            raise ValueError(
                f"say either `scale` ({', '.join(SCALES)}) or `scale_column`, the column that names it"
            )
        return self


class SurveySource(Source):
    """A table with one row an invitation or an answer."""

    options: type[Options] = SurveyOptions

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Find the columns, read scores and instants, and say who was asked and who answered."""
        options = cast(SurveyOptions, options)
        with explained(path):
            return self._read(engine, path, options, origin)

    def _read(self, engine: DuckDB, path: Path, options: SurveyOptions, origin: Origin) -> Reading:
        sheet = Sheet(engine, path, options, origin, ROLES)
        rows = sheet.staged(engine, "survey_rows", _columns(sheet, options))
        engine.run(f"CREATE OR REPLACE TEMP TABLE survey_scores AS {_scores(rows, options)}")
        events = event_rows("survey_scores", origin, COMMON, _rules(sheet))
        engine.run(f"CREATE OR REPLACE TEMP TABLE survey_events AS {events}")
        ((skipped,),) = engine.run(
            "SELECT count(*) FROM survey_scores WHERE said IS NULL AND sent_text IS NULL"
        )
        warnings = (*sheet.warnings, *_undated(engine, path, options))
        return Reading(
            staged(engine, "survey_events"), sheet.raw.rows, int(skipped), sheet.raw.rejected, warnings
        )


def _columns(sheet: Sheet, options: SurveyOptions) -> dict[str, str]:
    answered, sent = sheet.instant("answered_at", "answered"), sheet.instant("sent_at", "sent")
    scale = quote(options.scale) if options.scale else renamed(sheet.text("scale_column"), options.scales)
    return {
        "answered": answered.value, "answered_text": sheet.text("answered_at"),
        "answered_problem": str(answered.problem),
        "sent": sent.value, "sent_text": sheet.text("sent_at"), "sent_problem": str(sent.problem),
        "said": sheet.text("score"), "number": sheet.number("score"), "scale": scale,
        **{role: sheet.text(role) for role in ("survey", "ticket", "customer", "question", "agent", "team",
        "channel")},
    }  # fmt: skip


def _scores(rows: str, options: SurveyOptions) -> str:
    """SQL of one row a row of the file: its score on the scale, 1 is worst, and what is wrong with it."""
    words = {word.casefold(): str(score) for word, score in options.words.items()}
    lowest, highest = ({scale: str(b[end]) for scale, b in BOUNDS.items()} for end in (0, 1))
    low, high = (f"CAST({renamed('scale', ends, 'NULL')} AS INTEGER)" for ends in (lowest, highest))
    score = f"{low} + {high} - given" if options.reversed else "given"
    undated = "NULL"
    if options.undated:
        moment = options.undated.astimezone(UTC) if options.undated.tzinfo else options.undated
        undated = f"TIMESTAMP {quote(moment.strftime('%Y-%m-%d %H:%M:%S'))}"
    return f"""
        WITH read AS (
            SELECT *, coalesce(answered, CASE WHEN answered_text IS NULL THEN {undated} END) AS happened,
                coalesce(survey, ticket) AS subject,
                coalesce(TRY_CAST({renamed("lower(said)", words, "NULL")} AS DECIMAL(18, 6)),
                    CASE WHEN scale IN ('thumbs', 'fcr') AND lower(said) IN ({listed(YES)}) THEN 1
                         WHEN scale IN ('thumbs', 'fcr') AND lower(said) IN ({listed(NO)}) THEN 0 END,
                             number) AS given
            FROM {rows})
        SELECT *, {score} AS amount, sent_problem AS problem,
            CASE WHEN scale IS NULL THEN 'a score without a scale'
                WHEN scale NOT IN ({listed(SCALES)}) THEN 'unknown scale: ' || scale
                WHEN given IS NULL THEN 'the score ''' || left(said,
                    50) || ''' is no number and no known word'
                WHEN given <> floor(given) OR given NOT BETWEEN {low} AND {high}
                    THEN 'the score ' || left(said, 50) || ' is not a whole number from ' || {low} || ' to '
                        || {high} || ' (' || scale || ')'
                WHEN happened IS NULL THEN coalesce(answered_problem,
                    'an answer without an instant: name `answered_at`, or say `undated`')
                END AS score_problem
        FROM read"""


COMMON: Final = {
    "ticket_id": "ticket", "customer_id": "customer", "subject_id": "subject", "attribute": "scale",
    "team": "team",
    "channel": "channel",
}  # fmt: skip


def _rules(sheet: Sheet) -> tuple[Rule, ...]:
    rated = {
        "kind": "'rated'", "occurred_at": "happened", "actor_kind": "'customer'", "actor_id": "customer",
        "amount": "amount",
        "value": "question", "problem": "score_problem", "seq": "1",
        "event_id": "CASE WHEN survey IS NOT NULL"
                    " THEN concat_ws('/', survey, 'rated', scale, question, epoch_ms(happened)) END",
    }  # fmt: skip
    sent = {
        "kind": "'survey_sent'", "occurred_at": "sent", "actor_kind": "'system'",
        "event_id": "CASE WHEN survey IS NOT NULL THEN concat_ws('/', survey, 'sent') END",
    }  # fmt: skip
    judged = {
        "kind": "'set'", "occurred_at": "happened", "attribute": "'rated_agent'", "value": "agent",
        "actor_kind": "'customer'",
        "actor_id": "customer", "problem": "score_problem", "subject_id": "NULL", "seq": "2",
        "event_id": "CASE WHEN survey IS NOT NULL THEN"
                    " concat_ws('/', survey, 'agent', epoch_ms(happened)) END",
    }  # fmt: skip
    unanswered = "sent_text IS NOT NULL AND (said IS NULL OR subject IS NOT NULL)"
    rules: list[Rule] = [("said IS NOT NULL", rated), (unanswered, sent)]
    if "agent" in sheet.found:
        rules.append(("said IS NOT NULL AND ticket IS NOT NULL AND agent IS NOT NULL", judged))
    return tuple(rules)


def _undated(engine: DuckDB, path: Path, options: SurveyOptions) -> tuple[str, ...]:
    if not options.undated:
        return ()
    ((count,),) = engine.run(
        "SELECT count(*) FROM survey_scores WHERE said IS NOT NULL AND answered_text IS NULL"
    )
    return (f"{path.name}: {count} answers have no instant and were placed at `undated`",) if count else ()
