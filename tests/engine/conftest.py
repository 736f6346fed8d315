"""One engine after the other behind the same protocol."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from polso.engine import DuckDB, Engine


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "duckdb":
        made = DuckDB()
    else:
        from polso.engine.spark import Spark

        made = Spark(tmp_path / "tables", session=request.getfixturevalue("spark"))
    yield made
    made.close()
