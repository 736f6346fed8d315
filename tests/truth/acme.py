"""The demo company loaded once for every test that asks it: a project, its store, and what is true of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polso.care import Care, open_project
from polso.demo import Company, Truth
from polso.demo.project import write_project
from polso.query.result import Cell

TICKETS, SEED = 4_000, 11


@dataclass(frozen=True)
class Acme:
    """The company, its truth, and the words that most tests share."""

    care: Care
    truth: Truth
    tickets: list[dict[str, Any]]

    def cells(self, kpi: str, *by: str, **question: Any) -> dict[Any, Cell]:
        """Cells by their one key, or by all of them."""
        found = {}
        for cell in self.care.ask(kpi, by=by, **question):
            keys = tuple(cell.keys.values())
            found[keys[0] if len(keys) == 1 else keys] = cell
        return found

    def one(self, kpi: str, **question: Any) -> Cell:
        """The only cell of an answer."""
        (cell,) = self.care.ask(kpi, **question)
        return cell

    def counts(self, kpi: str, *by: str, **question: Any) -> dict[Any, int]:
        """How many per cell, empty ones left out."""
        return {key: cell.n for key, cell in self.cells(kpi, *by, **question).items() if cell.n}

    def parts(self, kpi: str, *by: str, **question: Any) -> dict[Any, int]:
        """How many met a share's condition, per cell with any."""
        found = self.cells(kpi, *by, **question)
        return {key: cell.parts["part"] for key, cell in found.items() if cell.parts.get("part")}

    def tallies(self, kpi: str, *by: str, **question: Any) -> dict[Any, tuple[int, int]]:
        """Rows and the exact sum behind a mean, per cell with any."""
        found = self.cells(kpi, *by, **question)
        return {key: (cell.n, cell.parts["total"]) for key, cell in found.items() if cell.n}


def told(tallies: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Tallies of the truth as plain pairs."""
    return {name: (tally.n, tally.sum_us) for name, tally in tallies.items() if tally.n}


ALL_ORDERS = """
[all_orders_retention]
title = { en = "Retention, refunded orders too", it = "Fidelizzazione, anche con ordini rimborsati" }
meaning = { en = "Every order counts.", it = "Ogni ordine conta." }
unit = "share"
kind = "cohort_pair"
fact = "orders"
clock = "ordered_at"
person = "person"
params = { window = { default = "90d" } }
"""
_BUILT: list[Acme] = []


def built(folders: pytest.TempPathFactory) -> Acme:
    """The company, written, loaded and folded once a process."""
    if not _BUILT:
        _BUILT.append(_made(folders.mktemp("acme")))
    return _BUILT[0]


def _made(folder: Path) -> Acme:
    truth = write_project(folder, tickets=TICKETS, seed=SEED)
    (folder / "kpis" / "all_orders.toml").write_text(ALL_ORDERS, encoding="utf-8")
    care = open_project(folder)
    care.load()
    return Acme(care, truth, Company(TICKETS, SEED).ticket_truth().to_pylist())
