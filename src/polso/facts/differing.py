"""Storing what differs: of all rows of the touched keys, those that a fold did not make again just so.

Rule kept here: rows that are as they were are not written. What a day writes DuckDB writes twice, first to its log and
then to its table, and most rows of a ticket are those of days before. Rows are told apart by where they stand in their
table, so nothing may be stored between `find` and `replace`.
"""

from __future__ import annotations

from typing import Final

from polso.engine import DuckDB

# Where a stored row stands; where all equal ones do, and how many of them were made; which of several copies.
_PLACE: Final = "polso_place"
_PLACES: Final = "polso_places"
_MADE: Final = "polso_made"
_COPY: Final = "polso_copy"


def differing(name: str) -> str:
    """The scratch table of rows that a fact has another number of times than the fold made them."""
    return f"differing_{name}"


def find(engine: DuckDB, name: str, made: str, keys: str, covered: str) -> None:
    """Compare stored rows `t` that are `covered` by a row `k` of `keys` with those that the text `made` gives."""
    # By place, so that of the many rows few are read in all their columns.
    own = f"SELECT t.rowid FROM {name} AS t SEMI JOIN {keys} AS k ON {covered}"
    engine.run(
        f"""
        CREATE OR REPLACE TEMP TABLE {differing(name)} AS
        SELECT * EXCLUDE ({_PLACE}), coalesce(list({_PLACE}) FILTER ({_PLACE} IS NOT NULL), []) AS {_PLACES},
               count(*) - count({_PLACE}) AS {_MADE}
        FROM (
            SELECT *, rowid AS {_PLACE} FROM {name} WHERE rowid IN ({own})
            UNION ALL BY NAME {made})
        GROUP BY ALL HAVING count(*) <> 2 * count({_PLACE})
        """
    )


def replace(engine: DuckDB, name: str) -> None:
    """Store what was found: take away rows that are too many, add those that lack."""
    table = differing(name)
    engine.run(f"DELETE FROM {name} WHERE rowid IN (SELECT unnest({_PLACES}[{_MADE} + 1:]) FROM {table})")
    engine.run(
        f"INSERT INTO {name} BY NAME SELECT * EXCLUDE ({_PLACES}, {_MADE}, {_COPY})"
        f" FROM (SELECT *, unnest(range(len({_PLACES}), {_MADE})) AS {_COPY} FROM {table})"
    )
