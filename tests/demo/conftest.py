from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from polso.demo import Company, Truth


@dataclass(frozen=True)
class Simulated:
    table: Any
    rows: list[dict[str, Any]]
    truth: Truth
    tickets: list[dict[str, Any]]


@pytest.fixture(scope="session")
def acme() -> Simulated:
    """The company of a first look: 5,000 tickets, seed 7."""
    company = Company()
    table = pa.concat_tables(company.events())
    ordered = table.sort_by([("occurred_at", "ascending"), ("seq", "ascending")])
    return Simulated(table, ordered.to_pylist(), company.truth(), company.ticket_truth().to_pylist())
