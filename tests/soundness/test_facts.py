"""Soundness: every fact that the oracle knows is, to the last digit, what the product folds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from soundness.compare import differences
from soundness.logs import logs
from soundness.profiles import few, many
from soundness.store import store

Log = list[dict[str, Any]]


def facts_are_the_oracles(log: Log) -> None:
    with store(log) as engine:
        assert [] == differences(engine, log)


@few
@given(logs(60, orderly=True))
def test_facts_of_orderly_tickets(log: Log) -> None:
    facts_are_the_oracles(log)


@few
@given(logs(60))
def test_facts_of_any_log(log: Log) -> None:
    facts_are_the_oracles(log)


@pytest.mark.slow
@many
@given(logs(60))
def test_facts_of_many_logs(log: Log) -> None:
    facts_are_the_oracles(log)
