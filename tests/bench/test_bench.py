"""The benchmarks' other sides give the product's own rows and figures; nothing is timed here."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.made import CONFIG

from bench import byhand, fold, made, scorecard
from polso.engine import DuckDB
from polso.facts import FACTS
from polso.facts.plan import schema_of

TICKETS = 600


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small made log."""
    path = tmp_path_factory.mktemp("bench") / "log.duckdb"
    engine = DuckDB(path)
    made.fill(engine, TICKETS)
    engine.close()
    return path


@pytest.fixture(scope="module")
def both(log: Path) -> Iterator[DuckDB]:
    """The facts by both sides in one store."""
    engine = fold.open_beside(log, log.parent, "1GB")
    fold.hand(engine, 1)
    fold.product(engine, 1)
    yield engine
    engine.close()


def test_the_log_is_the_same_every_time(log: Path, tmp_path: Path) -> None:
    engine = DuckDB(tmp_path / "again.duckdb")
    made.fill(engine, TICKETS)
    engine.run(f"ATTACH '{log}' AS first_one (READ_ONLY)")
    columns = "event_id, ticket_id, occurred_at, kind, value, team, actor_id, customer_id"
    changed = engine.run(f"SELECT {columns} FROM events EXCEPT SELECT {columns} FROM first_one.events")
    engine.close()
    assert changed == []


@pytest.mark.parametrize("fact", byhand.FACTS)
def test_facts_by_hand_are_those_of_the_product(both: DuckDB, fact: str) -> None:
    columns = [
        c for c in schema_of(FACTS[fact], CONFIG, linked=False) if c not in byhand.LEFT_OUT.get(fact, ())
    ]
    missing = set(columns) - set(both.table(f"hand_{fact}").columns)
    assert not missing, "new in the product: make them in bench/byhand.py too"
    listed = ", ".join(columns)
    assert differences(both, f"SELECT {listed} FROM hand_{fact}", f"SELECT {listed} FROM {fact}") == 0
    assert both.run(f"SELECT count(*) > {TICKETS // 2} FROM {fact}") == [(True,)]


def differences(engine: DuckDB, one: str, other: str) -> int:
    """Rows that only one of two texts gives."""
    ((number,),) = engine.run(
        f"SELECT count(*) FROM (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))"
    )
    return int(number)


def test_buckets_change_no_row(both: DuckDB, log: Path, tmp_path: Path) -> None:
    engine = fold.open_beside(log, tmp_path, "1GB")
    fold.hand(engine, 3)
    fold.product(engine, 3)
    here = both.run("SELECT path FROM duckdb_databases() WHERE database_name = 'store'")[0][0]
    copy = tmp_path / "both.duckdb"
    both.run(f"ATTACH '{copy}' AS copy")
    for fact in byhand.FACTS:
        both.run(f"CREATE TABLE copy.{fact} AS FROM store.{fact}")
    both.run("DETACH copy")
    engine.run(f"ATTACH '{copy}' AS whole (READ_ONLY)")
    for fact in byhand.FACTS:
        columns = ", ".join(schema_of(FACTS[fact], CONFIG, linked=False))
        assert (
            differences(engine, f"SELECT {columns} FROM {fact}", f"SELECT {columns} FROM whole.{fact}") == 0
        ), here
        kept = ", ".join(c for c in columns.split(", ") if c not in byhand.LEFT_OUT.get(fact, ()))
        assert differences(engine, f"SELECT {kept} FROM hand_{fact}", f"SELECT {kept} FROM {fact}") == 0
    engine.close()


def test_scorecards_by_hand_are_those_of_the_product(log: Path, tmp_path: Path) -> None:
    engine = fold.open_beside(log, tmp_path, "1GB")
    fold.product(engine, 1)
    engine.close()
    care = scorecard.open_facts(tmp_path / "store.duckdb")
    scorecard.check(care)
    care.close()
