"""Threads: every message gets the id of the first one, following what it answers, in the engine.

Rule kept here: an answer to a message that is not in the file begins a thread of its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from polso.engine import DuckDB
from polso.sources.readers import RAW
from polso.sources.table_text import whole

ROOTS = "polso_table_roots"
DEEPEST = 40

Key = tuple[str, str, bool]


def resolve(
    engine: DuckDB, keys: Iterable[Key], names: dict[str, str], file: str
) -> tuple[dict[Key, str], list[str]]:
    """Add a column of thread roots to the scratch table for each pair of (id, parent) columns."""
    found: dict[Key, str] = {}
    warnings = []
    for place, (id_, parent, integer) in enumerate(dict.fromkeys(keys)):
        own, up = (whole(names[c]) if integer else names[c] for c in (id_, parent))
        loops = _roots(engine, own, up)
        if loops:
            warnings.append(
                f"{file}: {loops} rows answer each other in a circle; each is a thread of its own"
            )
        found[id_, parent, integer] = f"root{place}"
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {RAW} AS SELECT r.*, coalesce(t.up, {own}) AS root{place}"
            f" FROM {RAW} AS r LEFT JOIN {ROOTS} AS t ON {own} = t.id"
        )
    engine.drop(ROOTS)
    return found, warnings


def _roots(engine: DuckDB, own: str, up: str) -> int:
    """Fill ROOTS with (id, up = its root); each round doubles the distance looked up. Returns rows in
    circles.
    """
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {ROOTS}_said AS SELECT {own} AS id, min({up}) AS up FROM {RAW}"
        f" WHERE ({own}) IS NOT NULL GROUP BY ALL"
    )
    engine.run(
        f"CREATE OR REPLACE TEMP TABLE {ROOTS}_first AS SELECT s.id, coalesce(p.id, s.id) AS up"
        f" FROM {ROOTS}_said AS s LEFT JOIN {ROOTS}_said AS p ON s.up = p.id"
    )
    engine.run(f"CREATE OR REPLACE TEMP TABLE {ROOTS} AS FROM {ROOTS}_first")
    for _ in range(DEEPEST):
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {ROOTS}_next AS SELECT a.id, b.up FROM {ROOTS} AS a JOIN"
            f" {ROOTS} AS b ON a.up = b.id"
        )
        ((moved,),) = engine.run(
            f"SELECT count(*) FROM {ROOTS} AS a JOIN {ROOTS}_next AS b USING (id) WHERE a.up <> b.up"
        )
        engine.run(f"CREATE OR REPLACE TEMP TABLE {ROOTS} AS FROM {ROOTS}_next")
        if not moved:
            break
    circles = f"up NOT IN (SELECT id FROM {ROOTS}_first WHERE up = id)"
    ((loops,),) = engine.run(f"SELECT count(*) FROM {ROOTS} WHERE {circles}")
    engine.run(f"UPDATE {ROOTS} SET up = id WHERE {circles}")
    for name in ("said", "first", "next"):
        engine.drop(f"{ROOTS}_{name}")
    return int(loops)
