"""Linking again: the second pass over the people whom new events touch.

Rule kept here: all rows of those people are read, but only in the columns that links need; of rows whose own events
did not change, only those that the second pass now says differently are written. Facts are kept up by DuckDB alone,
and translating expressions would take longer than running them, so this module speaks SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from polso.engine import DuckDB
from polso.facts import FACTS
from polso.facts.plan import PEOPLE, ROW, Plan, folded, whole

AFFECTED: Final = "fold_affected"
RELINKED: Final = "fold_relinked"


def relinked(name: str) -> str:
    """The scratch table of a fact's rows to be stored, after the second pass."""
    return f"relinked_{name}"


def stale(name: str) -> str:
    """The scratch table of stored rows that the second pass now says differently: where they stand, and what it says."""
    return f"stale_{name}"


def relink(engine: DuckDB, steps: Plan, changed: str, touched: Mapping[str, str]) -> list[str]:
    """Run the second pass over all rows of the affected people; the facts of which something is to be stored.

    changed: the table of new events; touched: fact -> the table of its keys that are folded again. Rows are told apart by
    where they stand in their table, so nothing may be stored between this and the use of its tables.
    """
    _find_affected(engine, steps, changed, touched)
    for name in steps.relink:
        _find_rows(engine, name, touched[name])
    found = [name for name in steps.relink if engine.run(f"SELECT 1 FROM {whole(name)} LIMIT 1")]
    for name in found:
        engine.scratch_sql(RELINKED, steps.relink[name])
        _renew(engine, name)
    return found


def clean(engine: DuckDB, steps: Plan) -> None:
    """Let go of what that left in scratch."""
    for name in (AFFECTED, RELINKED):
        engine.drop(name)
    for fact in steps.relink:
        for name in (whole(fact), relinked(fact), stale(fact)):
            engine.drop(name)


def matching(rows: str, keys: str, names: Mapping[str, str] | tuple[str, ...]) -> str:
    """SQL: whether a row has a key; `names` are the columns, {of the row: of the key} where they differ."""
    pairs = names if isinstance(names, Mapping) else dict(zip(names, names, strict=True))
    return " AND ".join(f"{rows}.{name} = {keys}.{other}" for name, other in pairs.items())


def _find_affected(engine: DuckDB, steps: Plan, changed: str, touched: Mapping[str, str]) -> None:
    """People whose rows may have to be linked again: those of touched rows as they were and as they are, and aliases."""
    alias = f"SELECT client, subject_id AS customer_id FROM {changed} WHERE kind = 'identified'"
    named = [f"SELECT client, customer_id AS person FROM {changed}", alias]
    for name in steps.relink:
        same = matching("t", "k", tuple(FACTS[name].key.columns))
        # Whoever an alias was taken for until now loses its rows.
        known_as = matching("t", "a", ("client", "customer_id"))
        named += [
            f"SELECT t.client, t.person FROM {name} AS t SEMI JOIN {touched[name]} AS k ON {same}",
            f"SELECT t.client, t.person FROM {name} AS t SEMI JOIN ({alias}) AS a ON {known_as}",
            f"SELECT client, customer_id FROM {folded(name)}",
        ]
    engine.scratch_sql(
        AFFECTED,
        f"""
        WITH named AS ({" UNION ".join(named)})
        FROM named WHERE person IS NOT NULL
        UNION SELECT p.client, p.person FROM {PEOPLE} AS p SEMI JOIN named AS n ON p.client = n.client AND p.alias = n.person
        """,
    )


def _find_rows(engine: DuckDB, name: str, touched: str) -> None:
    """What links read of all rows of the affected people: stored ones by their place, folded ones by a negative one."""
    reads = ", ".join(FACTS[name].link_reads)
    theirs = " UNION ".join(
        f"SELECT t.rowid FROM {name} AS t SEMI JOIN {AFFECTED} AS a ON t.client = a.client AND t.{who} = a.person"
        for who in ("person", "customer_id")
    )
    same = matching("t", "k", tuple(FACTS[name].key.columns))
    engine.scratch_sql(
        whole(name),
        f"""
        SELECT t.rowid AS {ROW}, {reads} FROM {name} AS t ANTI JOIN {touched} AS k ON {same} WHERE t.rowid IN ({theirs})
        UNION ALL SELECT -1 - rowid, {reads} FROM {folded(name)}
        """,
    )


def _renew(engine: DuckDB, name: str) -> None:
    """Set apart the stored rows that differ from what the second pass made, and make the rows to be stored."""
    linked = [column.name for column in FACTS[name].columns if column.linked]
    made = ", ".join(f"m.{column}" for column in linked)
    differs = " OR ".join(f"m.{column} IS DISTINCT FROM t.{column}" for column in linked)
    engine.scratch_sql(
        stale(name),
        f"SELECT m.{ROW}, {made} FROM {RELINKED} AS m JOIN {name} AS t ON t.rowid = m.{ROW} WHERE {differs}",
    )
    renewed = ", ".join(f"s.{column} AS {column}" for column in linked)
    engine.scratch_sql(
        relinked(name),
        f"""
        SELECT t.* REPLACE ({renewed}) FROM {name} AS t JOIN {stale(name)} AS s ON t.rowid = s.{ROW}
        UNION ALL BY NAME
        SELECT f.*, {made} FROM {folded(name)} AS f JOIN {RELINKED} AS m ON m.{ROW} = -1 - f.rowid
        """,
    )
