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
from polso.facts.touched import covered

AFFECTED: Final = "fold_affected"
RELINKED: Final = "fold_relinked"


def relinked(name: str) -> str:
    """The scratch table of a fact's folded rows after the second pass."""
    return f"relinked_{name}"


def _stale(name: str) -> str:
    """The scratch table of stored rows that the second pass now says differently: where they stand, and what it says."""
    return f"stale_{name}"


def _renewed(name: str) -> str:
    """The scratch table of those rows as they are now."""
    return f"renewed_{name}"


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


def renew(engine: DuckDB, name: str) -> None:
    """Store the rows that only the second pass says differently; those of touched keys are stored by whoever folded them."""
    engine.run(f"DELETE FROM {name} WHERE rowid IN (SELECT {ROW} FROM {_stale(name)})")
    engine.run(f"INSERT INTO {name} BY NAME SELECT * EXCLUDE ({ROW}) FROM {_renewed(name)}")


def clean(engine: DuckDB, steps: Plan) -> None:
    """Let go of what that left in scratch."""
    for name in (AFFECTED, RELINKED):
        engine.drop(name)
    for fact in steps.relink:
        for name in (whole(fact), relinked(fact), _stale(fact), _renewed(fact)):
            engine.drop(name)


def _find_affected(engine: DuckDB, steps: Plan, changed: str, touched: Mapping[str, str]) -> None:
    """People whose rows may have to be linked again: those of touched rows as they were and as they are, and aliases."""
    alias = f"SELECT client, subject_id AS customer_id FROM {changed} WHERE kind = 'identified'"
    named = [f"SELECT client, customer_id AS person FROM {changed}", alias]
    for name in steps.relink:
        same = covered(name, "t", "k")
        # Whoever an alias was taken for until now loses its rows.
        known_as = "t.client = a.client AND t.customer_id = a.customer_id"
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
    same = covered(name, "t", "k")
    engine.scratch_sql(
        whole(name),
        f"""
        SELECT t.rowid AS {ROW}, {reads} FROM {name} AS t ANTI JOIN {touched} AS k ON {same} WHERE t.rowid IN ({theirs})
        UNION ALL SELECT -1 - rowid, {reads} FROM {folded(name)}
        """,
    )


def _renew(engine: DuckDB, name: str) -> None:
    """Set apart the stored rows that differ from what the second pass made, and add to the folded ones what it made."""
    linked = [column.name for column in FACTS[name].columns if column.linked]
    made = ", ".join(f"m.{column}" for column in linked)
    differs = " OR ".join(f"m.{column} IS DISTINCT FROM t.{column}" for column in linked)
    engine.scratch_sql(
        _stale(name),
        f"SELECT m.{ROW}, {made} FROM {RELINKED} AS m JOIN {name} AS t ON t.rowid = m.{ROW} WHERE {differs}",
    )
    renewed = ", ".join(f"s.{column} AS {column}" for column in linked)
    # By place, so that of the many rows few are read in all their columns.
    stored = f"SELECT *, rowid AS {ROW} FROM {name} WHERE rowid IN (SELECT {ROW} FROM {_stale(name)})"
    engine.scratch_sql(
        _renewed(name),
        f"SELECT t.* REPLACE ({renewed}) FROM ({stored}) AS t JOIN {_stale(name)} AS s ON t.{ROW} = s.{ROW}",
    )
    engine.scratch_sql(
        relinked(name),
        f"SELECT f.*, {made} FROM {folded(name)} AS f JOIN {RELINKED} AS m ON m.{ROW} = -1 - f.rowid",
    )
