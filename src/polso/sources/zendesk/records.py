"""Zendesk's JSON files, lines or API pages, staged as one row a record, each with the stream it belongs to.

Rule kept here: ids stay text, exactly as written; a line that holds no record is a row too.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict

from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources.lines import listed, quote, renamed, stage_lines

PAGES: Final = {
    "tickets": "tickets", "audits": "audits", "ticket_audits": "audits", "ticket_events": "ticket_events",
    "comments": "comments", "ticket_comments": "comments", "satisfaction_ratings": "ratings",
    "ticket_metrics": "metrics",
    "ticket_metric_events": "metric_events", "users": "users", "groups": "groups",
}  # fmt: skip
STREAMS: Final = tuple(dict.fromkeys(PAGES.values()))


class Side(BaseModel):
    """Files that tell who is who, looked for beside the file being read and in the folders above."""

    model_config = ConfigDict(frozen=True)

    users: str | None = None
    groups: str | None = None
    tickets: str | None = None


def stage_records(engine: DuckDB, path: Path, name: str, streams: dict[str, str]) -> int:
    """Stage a file as the scratch table `name` (row, line, stream, record, text); how many rows it has.

    `record` is null for a line that is no JSON object. Of a file that is one document,
        `line` is the record's number.
    """
    stage_lines(engine, path, "zendesk_lines")
    if _is_one_document(engine):
        engine.run(
            "CREATE OR REPLACE TEMP TABLE zendesk_lines AS"
            " SELECT NULL::BIGINT AS line, string_agg(text, chr(10) ORDER BY line) AS text FROM zendesk_lines"
        )
    said = next((stream for pattern, stream in streams.items() if fnmatch(path.name, pattern)), None)
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {name} AS
        WITH whole AS (
            SELECT line, text, CASE WHEN json_valid(text) THEN text::JSON END AS json FROM zendesk_lines),
        paged AS (
            SELECT *, json_type(json) AS type, CASE WHEN json_type(json) = 'OBJECT'
                AND (json->'ticket_id') IS NULL
                THEN list_filter([{listed(PAGES)}], lambda page: json_type(json,
                    '$.' || page) = 'ARRAY')[1] END AS page
            FROM whole),
        cut AS (
            SELECT line, text, page, unnest(CASE
                WHEN type = 'ARRAY' THEN {_elements("json")}
                WHEN page IS NOT NULL THEN {_elements("json_extract(json, '$.' || page)")}
                ELSE [json] END) AS record, generate_subscripts(CASE
                WHEN type = 'ARRAY' THEN {_elements("json")}
                WHEN page IS NOT NULL THEN {_elements("json_extract(json, '$.' || page)")}
                ELSE [json] END, 1) AS place
            FROM paged)
        SELECT row_number() OVER (ORDER BY line, place) AS row, coalesce(line, place) AS line, left(text,
            200) AS text,
            CASE WHEN json_type(record) = 'OBJECT' THEN record END AS record,
            coalesce({quote(said)}, {renamed("page", PAGES, "NULL")}, {_recognised()}) AS stream,
            trim(text) = '' AS blank, record IS NULL AND json_valid(text) AND page IS NOT NULL AS empty
        FROM cut
        """
    )
    ((rows,),) = engine.run(f"SELECT count(*) FROM {name}")
    return int(rows)


def _is_one_document(engine: DuckDB) -> bool:
    first = engine.run(
        "SELECT json_valid(text) FROM zendesk_lines WHERE trim(text) <> '' ORDER BY line LIMIT 1"
    )
    if not first or first[0][0]:
        return False
    ((whole,),) = engine.run("SELECT json_valid(string_agg(text, chr(10) ORDER BY line)) FROM zendesk_lines")
    return bool(whole)


def _elements(array: str) -> str:
    """A JSON array as a list; an empty one as a list of one null, so that its line is not lost."""
    return f"CASE WHEN json_array_length({array}) > 0 THEN CAST({array} AS JSON[]) ELSE [NULL::JSON] END"


def _recognised() -> str:
    """SQL that knows a record's stream by the keys it has."""

    def has(*keys: str) -> str:
        return " AND ".join(f"(record->'{key}') IS NOT NULL" for key in keys)

    return f"""CASE
        WHEN json_type(record, '$.child_events') = 'ARRAY' THEN 'ticket_events'
        WHEN json_type(record, '$.events') = 'ARRAY' AND {has("ticket_id")} THEN 'audits'
        WHEN {has("metric", "instance_id")} THEN 'metric_events'
        WHEN {has("ticket_id", "reply_time_in_minutes")} THEN 'metrics'
        WHEN {has("ticket_id", "score")} THEN 'ratings'
        WHEN {has("audit_id", "author_id")} THEN 'comments'
        WHEN {has("requester_id", "status")} THEN 'tickets'
        WHEN {has("role", "name")} THEN 'users'
        WHEN {has("name", "is_public")} OR {has("name", "default", "deleted")} THEN 'groups' END"""


def side_files(path: Path, side: Side) -> tuple[Path, ...]:
    """Every file beside `path` that the side patterns name; SourceError where one names nothing."""
    return tuple(file for name, pattern in side.model_dump().items() for file in _files(path, name, pattern))


def stage_side(engine: DuckDB, path: Path, side: Side) -> None:
    """Stage zendesk_users (id, role), zendesk_groups (id, name), zendesk_known (id, requester, assignee)."""
    files = {name: _files(path, name, pattern) for name, pattern in side.model_dump().items()}
    print_ = repr(
        [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for found in files.values() for f in found]
    )
    engine.run("CREATE TEMP TABLE IF NOT EXISTS zendesk_side (print VARCHAR)")
    if engine.run("SELECT print FROM zendesk_side") == [(print_,)]:
        return
    engine.run("CREATE OR REPLACE TEMP TABLE zendesk_users (id VARCHAR, role VARCHAR)")
    engine.run("CREATE OR REPLACE TEMP TABLE zendesk_groups (id VARCHAR, name VARCHAR)")
    engine.run("CREATE OR REPLACE TEMP TABLE zendesk_known (id VARCHAR, requester VARCHAR, assignee VARCHAR)")
    wanted = {
        "users": ("zendesk_users", "(record->>'id'), max(record->>'role')"),
        "groups": ("zendesk_groups", "(record->>'id'), max(record->>'name')"),
        "tickets": (
            "zendesk_known",
            "(record->>'id'), max(record->>'requester_id'), max(record->>'assignee_id')",
        ),
    }
    for name, (table, columns) in wanted.items():
        for file in files[name]:
            stage_records(engine, file, "zendesk_aside", {file.name: name})
            engine.run(
                f"INSERT INTO {table} SELECT {columns} FROM zendesk_aside WHERE (record->>'id') IS NOT NULL"
                f" AND (record->>'id') NOT IN (SELECT id FROM {table}) GROUP BY 1"
            )
    engine.run("CREATE OR REPLACE TEMP TABLE zendesk_side AS SELECT ? AS print", [print_])


def _files(path: Path, option: str, pattern: str | None) -> list[Path]:
    """The files a pattern names, in the nearest folder at or above the file's own that has any."""
    if pattern is None:
        return []
    if Path(pattern).is_absolute():
        found = sorted(Path(Path(pattern).anchor).glob(str(Path(pattern).relative_to(Path(pattern).anchor))))
        if found:
            return found
    else:
        for folder in path.resolve().parents:
            found = sorted(f for f in folder.glob(pattern) if f.is_file())
            if found:
                return found
    raise SourceError(
        f"{path.name}: no file matches {option} = {quote(pattern)} beside it or above; put it there"
    )
