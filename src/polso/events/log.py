"""The append-only event log: append, de-duplicate by (source, event_id), keep what lost.

Rule kept here: arrival never matters. Whatever the order, the batches and the repeats, the same
events leave the same log and the same losers. The log is written by DuckDB alone (Spark reads it as
Parquet), so this module speaks SQL.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from polso.engine import NAMES, DuckDB, Table
from polso.events import kinds

EVENTS: Final = "events"
SUPERSEDED: Final = "superseded"
REJECTIONS: Final = "rejections"
INCOMING: Final = "incoming"
REPEATED: Final = "repeated"

_DUCKDB_TYPES: Final = {"string": "VARCHAR", "uint64": "UBIGINT", "int64": "BIGINT", "timestamp": "TIMESTAMP"}
_LOG_COLUMNS: Final = ", ".join(column.name for column in kinds.COLUMNS)
_SAID: Final = tuple(
    c.name for c in kinds.SOURCE_COLUMNS if c.name not in ("source", "event_id", "recorded_at")
)
_NEEDED: Final = tuple(dict.fromkeys(column for kind in kinds.KINDS.values() for column in kind.needs))
EARLIEST: Final = "1990-01-01"
FUTURE: Final = timedelta(hours=23)


@dataclass(frozen=True, slots=True)
class Appended:
    """What one append did.

    new: events the log did not have; repeated: events it had already, word for word; conflicting:
    events with a known id and other content; rejected: events with a problem; rows_used: rows of the
    file that gave at least one good event; rows_rejected: rows that gave only bad ones.
    """

    batch: int
    new: int
    repeated: int
    conflicting: int
    rejected: int
    rows_used: int
    rows_rejected: int


def prepare(engine: DuckDB) -> None:
    """Make the empty log where there is none."""
    if EVENTS in engine.tables():
        return
    columns = ", ".join(f'"{c.name}" {_DUCKDB_TYPES.get(c.type, c.type.upper())}' for c in kinds.COLUMNS)
    engine.run(f"CREATE TABLE {EVENTS} ({columns})")
    engine.run(f"CREATE TABLE {SUPERSEDED} ({columns}, superseded_in BIGINT)")
    engine.run(
        f"CREATE TABLE {REJECTIONS} (source VARCHAR, file VARCHAR, line BIGINT, reason VARCHAR, text VARCHAR)"
    )


def is_empty(engine: DuckDB) -> bool:
    """Whether no event was ever loaded."""
    return EVENTS not in engine.tables() or not engine.run(f"SELECT 1 FROM {EVENTS} LIMIT 1")


def last_batch(engine: DuckDB) -> int:
    """Number of the newest commit; 0 for an empty log."""
    ((newest,),) = engine.run(
        f"SELECT greatest(coalesce((SELECT max(batch) FROM {EVENTS}), 0),"
        f" coalesce((SELECT max(superseded_in) FROM {SUPERSEDED}), 0))"
    )
    return int(newest)


def append(
    engine: DuckDB,
    events: Table,
    file: str,
    *,
    keep_repeats: bool = True,
    check: Callable[[Appended], None] | None = None,
) -> Appended:
    """Commit the events of one file (columns of `Reading.events`) to the log, all or nothing.

    `keep_repeats` says what happens to equal rows of a file whose rows have no id: kept apart
    (default) or counted as repeats. `check` sees the account and the scratch table INCOMING before they are
    committed, and may raise to undo all.
    """
    # Before the transaction: DuckDB reads what a transaction itself has made on one core alone.
    _stage(engine, events)
    if _find_repeats(engine):
        _tell_repeats_apart(engine, keep_repeats)
    with engine.looking_up(NAMES), engine.transaction():
        batch = last_batch(engine) + 1
        conflicting = _settle_conflicts(engine, batch)
        good = _count(engine, "problem IS NULL")
        new = _insert_new(engine, batch)
        rejected = _keep_rejections(engine, file)
        ((used,),) = engine.run(f"SELECT count(DISTINCT row) FROM {INCOMING} WHERE problem IS NULL")
        ((bad,),) = engine.run(
            f"SELECT count(DISTINCT row) FROM {INCOMING} WHERE problem IS NOT NULL"
            f" AND row NOT IN (SELECT row FROM {INCOMING} WHERE problem IS NULL)"
            if rejected
            else "SELECT 0"
        )
        done = Appended(batch, new, good - new - conflicting, conflicting, rejected, int(used), int(bad))
        if check:
            check(done)
        engine.drop(INCOMING)
    return done


def _count(engine: DuckDB, condition: str) -> int:
    ((number,),) = engine.run(f"SELECT count(*) FROM {INCOMING} WHERE {condition}")
    return int(number)


def _stage(engine: DuckDB, events: Table) -> None:
    """Write the events to a scratch table with defaults, content hash, id, key and problem filled in."""
    said = ", chr(31), ".join(f"coalesce({name}::VARCHAR, chr(0))" for name in _SAID)
    rest = ", ".join(c.name for c in kinds.SOURCE_COLUMNS if c.name not in ("event_id", "recorded_at", "seq"))
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {INCOMING} AS
        SELECT *, md5_number_upper(concat(source, chr(31), event_id)) AS key FROM (
            SELECT {rest}, coalesce(seq, 0) AS seq, coalesce(recorded_at, occurred_at) AS recorded_at,
                   md5_number_upper(concat({said}, chr(31), coalesce(event_id, chr(0)))) AS content_hash,
                   event_id IS NULL AS has_no_id,
                   coalesce(event_id, to_hex(content_hash) || '-1') AS event_id,
                   row, line, coalesce(problem, {_problem()}) AS problem
            FROM ({engine.sql(events)}))
        """
    )


def _problem() -> str:
    """SQL naming the first thing that keeps an event out of the log; null where it is good."""
    latest = (datetime.now(UTC) + FUTURE).strftime("%Y-%m-%d %H:%M:%S")

    def listed(words: tuple[str, ...]) -> str:
        return ", ".join(f"'{word}'" for word in words)

    # By column, not by kind: looking for nulls first leaves few rows to compare, and this runs for every event.
    needing = {column: tuple(k.name for k in kinds.KINDS.values() if column in k.needs) for column in _NEEDED}
    needs = [
        f"WHEN {column} IS NULL AND kind IN ({listed(names)}) THEN kind || ' without {column}'"
        for column, names in needing.items()
    ]
    return f"""CASE
        WHEN occurred_at IS NULL THEN 'no instant'
        WHEN kind IS NULL THEN 'no kind of event'
        WHEN kind NOT IN ({listed(tuple(kinds.KINDS))}) THEN 'unknown kind: ' || kind
        {" ".join(needs)}
        WHEN occurred_at > TIMESTAMP '{latest}' THEN 'more than 23 hours in the future'
        WHEN occurred_at < TIMESTAMP '{EARLIEST}' THEN 'before {EARLIEST}'
        WHEN actor_kind NOT IN ({listed(kinds.ACTOR_KINDS)}) THEN 'unknown actor: ' || actor_kind
        WHEN stage NOT IN ({listed(kinds.STAGES)}) THEN 'unknown stage: ' || stage
        WHEN direction NOT IN ({listed(kinds.DIRECTIONS)}) THEN 'unknown direction: ' || direction
        WHEN kind = 'left' AND value NOT IN ({listed(kinds.OUTCOMES)}) THEN 'unknown outcome: ' || value
        WHEN kind = 'state' AND value NOT IN ({listed(kinds.STATES)}) THEN 'unknown state: ' || value
        WHEN kind = 'cost' AND attribute <> 'hourly_rate' AND value NOT IN ({listed(kinds.COVERS)})
            THEN 'unknown stretch of a cost: ' || value
        WHEN kind IN ('rated', 'survey_sent') AND attribute NOT IN ({listed(kinds.SCALES)})
            THEN 'unknown scale: ' || attribute
        END"""


def _find_repeats(engine: DuckDB) -> int:
    """Keys that stand in the batch more than once, counted once: all that follows looks at them alone."""
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {REPEATED} AS"
        f" SELECT key FROM {INCOMING} WHERE problem IS NULL GROUP BY key HAVING count(*) > 1"
    )
    ((repeats,),) = engine.run(f"SELECT count(*) FROM {REPEATED}")
    return int(repeats)


def _tell_repeats_apart(engine: DuckDB, keep: bool) -> None:
    """Equal rows without an id are numbered 1, 2, 3; dropped beyond the first where asked."""
    numbered = f"""
        SELECT rowid AS at, row_number() OVER (PARTITION BY key ORDER BY row) AS nth FROM {INCOMING}
        WHERE has_no_id AND problem IS NULL AND key IN (FROM {REPEATED})"""
    if not keep:
        engine.run(
            f"UPDATE {INCOMING} SET problem = 'a repeat of an earlier row (duplicates = \"drop\")'"
            f" FROM ({numbered}) AS n WHERE {INCOMING}.rowid = n.at AND n.nth > 1"
        )
        return
    engine.run(
        f"""
        UPDATE {INCOMING} SET event_id = to_hex(content_hash) || '-' || n.nth,
            key = md5_number_upper(concat(source, chr(31), to_hex(content_hash), '-', n.nth))
        FROM ({numbered}) AS n WHERE {INCOMING}.rowid = n.at AND n.nth > 1
        """
    )


def _settle_conflicts(engine: DuckDB, batch: int) -> int:
    """Of events with one id and several contents the newest wins; every other content is kept aside, once."""
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE contested AS
        SELECT key FROM {INCOMING} WHERE problem IS NULL AND key IN (FROM {REPEATED})
            GROUP BY key HAVING count(DISTINCT content_hash) > 1
        UNION
        SELECT i.key FROM {INCOMING} AS i JOIN {EVENTS} AS e USING (key)
            WHERE i.problem IS NULL AND i.content_hash <> e.content_hash
              AND i.source = e.source AND i.event_id = e.event_id
        """
    )
    ((contested,),) = engine.run("SELECT count(*) FROM contested")
    if not contested:
        return 0
    contents = ", ".join(name for name in _LOG_COLUMNS.split(", ") if name != "batch")
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE contents AS
        SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC, content_hash DESC) AS place FROM (
            SELECT {contents}, min(batch) AS batch FROM (
                SELECT {contents}, {batch}::BIGINT AS batch FROM {INCOMING}
                    WHERE problem IS NULL AND key IN (FROM contested)
                UNION ALL SELECT {contents}, batch FROM {EVENTS} WHERE key IN (FROM contested)
                UNION ALL SELECT {contents}, batch FROM {SUPERSEDED} WHERE key IN (FROM contested))
            GROUP BY ALL)
        """
    )
    ((conflicting,),) = engine.run(
        f"SELECT count(*) FROM {INCOMING} AS i WHERE problem IS NULL AND key IN (FROM contested)"
        f" AND NOT EXISTS (FROM contents AS c WHERE c.key = i.key AND c.content_hash = i.content_hash"
        f" AND c.place = 1 AND c.batch = {batch})"
    )
    engine.run(f"DELETE FROM {EVENTS} WHERE key IN (FROM contested)")
    engine.run(f"DELETE FROM {SUPERSEDED} WHERE key IN (FROM contested)")
    engine.run(f"INSERT INTO {EVENTS} BY NAME SELECT * EXCLUDE (place) FROM contents WHERE place = 1")
    engine.run(
        f"INSERT INTO {SUPERSEDED} BY NAME"
        f" SELECT * EXCLUDE (place), {batch}::BIGINT AS superseded_in FROM contents WHERE place > 1"
    )
    return int(conflicting)


def _insert_new(engine: DuckDB, batch: int) -> int:
    """Insert what the log does not have yet; how many events are new in this batch."""
    columns = _LOG_COLUMNS.replace("batch", f"{batch}::BIGINT AS batch")
    engine.run(
        f"""
        INSERT INTO {EVENTS} BY NAME
        SELECT {columns} FROM {INCOMING} AS i
        WHERE problem IS NULL AND NOT EXISTS (FROM {EVENTS} AS e WHERE e.key = i.key)
        {_one_of_each_key(engine)}
        """
    )
    ((new,),) = engine.run(f"SELECT count(*) FROM {EVENTS} WHERE batch = {batch}")
    return int(new)


def _one_of_each_key(engine: DuckDB) -> str:
    """The window that drops exact repeats inside a batch, only where there are any: it costs a sort."""
    ((repeats,),) = engine.run(
        f"SELECT count(*) - count(DISTINCT key) FROM {INCOMING} WHERE problem IS NULL AND key IN (FROM {REPEATED})"
    )
    return "QUALIFY row_number() OVER (PARTITION BY key ORDER BY content_hash) = 1" if repeats else ""


def _keep_rejections(engine: DuckDB, file: str) -> int:
    """Write events with a problem to the rejections, with file, line and reason."""
    kept = engine.connection.execute(
        f"INSERT INTO {REJECTIONS} SELECT source, ?, line, problem,"
        f" concat_ws(' ', kind, ticket_id, contact_id, customer_id, occurred_at::VARCHAR)"
        f" FROM {INCOMING} WHERE problem IS NOT NULL",
        [file],
    ).fetchone()
    return int(kept[0]) if kept else 0
