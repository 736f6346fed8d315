"""Zendesk's JSON exports: audits tell a ticket's life; tickets, comments, ratings and metrics what they can.

Rule kept here: a file may hold any of the streams, in any order, loaded in any order; the same event said
    by two
streams has one id, and the audits' word wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast

from pydantic import field_validator

from polso.engine import DuckDB
from polso.errors import UnknownName
from polso.sources.lines import Rule, event_rows, explained, rejections, staged
from polso.sources.source import Options, Origin, Reading, Source
from polso.sources.zendesk import changes, snapshots
from polso.sources.zendesk.records import STREAMS, Side, side_files, stage_records, stage_side


class ZendeskOptions(Options):
    """[[source]] kind = "zendesk"."""

    users: str | None = None
    groups: str | None = None
    tickets: str | None = None
    bots: tuple[str, ...] = ()
    fields: Mapping[str, str] = {}
    channels: Mapping[str, str] = {}
    streams: Mapping[str, str] = {}
    history: Literal["audits", "snapshots"] = "audits"

    @field_validator("bots", mode="before")
    @classmethod
    def _texts(cls, bots: object) -> object:
        return [str(bot) for bot in bots] if isinstance(bots, (list, tuple)) else bots

    @field_validator("streams")
    @classmethod
    def _known(cls, streams: Mapping[str, str]) -> Mapping[str, str]:
        for stream in streams.values():
            if stream not in STREAMS:
                raise ValueError(str(UnknownName("stream", stream, STREAMS)))
        return streams


class ZendeskSource(Source):
    """One file of Zendesk records: JSON lines, an API page, or pages one a line."""

    options: type[Options] = ZendeskOptions

    def beside(self, path: Path, options: Options) -> tuple[Path, ...]:
        """The files of users, groups and tickets that tell who is who."""
        assert isinstance(options, ZendeskOptions)  # noqa: S101
        return side_files(path, _side(options))

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Stage the records and the side files, and say each stream's events."""
        options = cast(ZendeskOptions, options)
        with explained(path):
            return self._read(engine, path, options, origin)

    def _read(self, engine: DuckDB, path: Path, options: ZendeskOptions, origin: Origin) -> Reading:
        stage_side(engine, path, _side(options))
        rows = stage_records(engine, path, "zendesk_records", dict(options.streams))
        selects = [
            event_rows(_stage(engine, table, select), origin, common, rules)
            for table, select, common, rules in _streams(options)
        ]
        engine.run(f"CREATE OR REPLACE TEMP TABLE zendesk_events AS {' UNION ALL '.join(selects)}")
        rejected = rejections(engine, _UNREADABLE)
        ((used,),) = engine.run("SELECT count(DISTINCT row) FROM zendesk_events")
        skipped = rows - int(used) - rejected.num_rows
        return Reading(
            staged(engine, "zendesk_events"), rows, skipped, rejected, _warnings(engine, path, options)
        )


_Stream = tuple[str, str, Mapping[str, str], tuple[Rule, ...]]


def _streams(options: ZendeskOptions) -> list[_Stream]:
    alone = options.history == "snapshots"
    bots, channels, fields = options.bots, options.channels, options.fields
    streams: list[_Stream] = [
        ("zendesk_changes", changes.changes(bots, channels), changes.COMMON, changes.change_rules(fields)),
        ("zendesk_merges", changes.merges(), changes.COMMON, (changes.MERGED,)),
        (
            "zendesk_tickets",
            snapshots.tickets(bots, channels),
            snapshots.TICKET,
            snapshots.ticket_rules(fields, alone=alone),
        ),
        ("zendesk_ratings", snapshots.ratings(), snapshots.RATING, snapshots.RATING_RULES),
    ]
    if alone:
        custom = (
            "zendesk_custom",
            snapshots.custom_fields(),
            snapshots.TICKET,
            (snapshots.custom_rule(fields),),
        )
        metrics = ("zendesk_metrics", snapshots.metrics(), snapshots.METRIC, snapshots.METRIC_RULES)
        streams += [custom, metrics]
    return streams


def _stage(engine: DuckDB, table: str, select: str) -> str:
    engine.run(f"CREATE OR REPLACE TEMP TABLE {table} AS {select}")
    return table


_UNREADABLE = """
    SELECT line, text, CASE WHEN record IS NULL THEN 'not a JSON record'
        ELSE 'a record of no stream Polso reads; take the file out of `files`, or name it in `streams`'
            END AS reason
    FROM zendesk_records WHERE (record IS NULL OR stream IS NULL) AND NOT coalesce(blank OR empty, false)"""


def _warnings(engine: DuckDB, path: Path, options: ZendeskOptions) -> tuple[str, ...]:
    """What the file's streams leave unsaid."""
    seen = {
        stream
        for (stream,) in engine.run("SELECT DISTINCT stream FROM zendesk_records WHERE record IS NOT NULL")
    }
    warnings = []
    if seen & {"audits", "ticket_events", "comments"} and not options.users:
        warnings.append("without `users` everybody but the requester counts as an agent, copied people too")
    if "metrics" in seen and options.history == "audits":
        warnings.append(
            'ticket metrics were left out: audits say it better; without audits, set history = "snapshots"'
        )
    if "tickets" in seen and options.history == "audits":
        warnings.append(
            "ticket records say only how a ticket opened; its life comes from audits or ticket events"
        )
    if "tickets" in seen and options.history == "snapshots":
        warnings.append(
            "ticket records are as they stand now: transfers, waits, reopenings, replies and earlier values"
            " cannot be known"
        )
    return tuple(f"{path.name}: {warning}" for warning in warnings)


def _side(options: ZendeskOptions) -> Side:
    return Side(users=options.users, groups=options.groups, tickets=options.tickets)
