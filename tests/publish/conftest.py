"""A small demo company, loaded and published once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from polso.care import Care, open_project
from polso.demo.project import write_project
from polso.publish.folder import Published, publish

OWN = """
[response_p90]
title = { en = "First response, p90", it = "Prima risposta, p90" }
meaning = { en = "A percentile.", it = "Un percentile." }
unit = "duration"
kind = "duration"
fact = "tickets"
clock = "opened_at"
value = "first_response"
stat = "p90"
where = ["is_counted"]

[revenue_per_ticket]
title = { en = "Revenue per ticket", it = "Ricavi per ticket" }
meaning = { en = "Money over tickets, times ten.", it = "Denaro per ticket, per dieci." }
unit = "money"
kind = "ratio"
fact = "orders"
clock = "ordered_at"
scale = 10
top = { fact = "orders", clock = "ordered_at", column = "amount_minor" }
bottom = { fact = "tickets", clock = "opened_at", where = ["is_counted"] }
"""


def silent(what: str, done: int, of: int) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Shop:
    """The company, and what it published."""

    care: Care
    made: Published

    def reader(self) -> duckdb.DuckDBPyConnection:
        """Plain DuckDB over the current set, as any tool would open it."""
        return reading(self.made.root)


def reading(root: Path) -> duckdb.DuckDBPyConnection:
    """A connection that has run the current set's views."""
    connection = duckdb.connect()
    connection.execute(f"SET file_search_path = '{root}'")
    connection.execute((root / "current" / "views.sql").read_text("utf-8"))
    return connection


def asked(connection: duckdb.DuckDBPyConnection, text: str) -> list[tuple[Any, ...]]:
    return connection.execute(text).fetchall()


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    write_project(folder, tickets=600, seed=5)
    (folder / "kpis").mkdir(exist_ok=True)
    (folder / "kpis" / "own.toml").write_text(OWN, encoding="utf-8")
    with open_project(folder) as care:
        care.load()
        yield Shop(care, publish(care, folder / "published", silent))
