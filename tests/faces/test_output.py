import io
import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polso.faces.output import FORMULA, escaped, write_csv, write_json


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "\0x", "-", "+nan", "-inf"])
def test_what_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert f"'{text}" == escaped(text)


@pytest.mark.parametrize("text", ["-1.5", "+2", "-1e3"])
def test_numbers_stay_numbers(text: str) -> None:
    assert text == escaped(text)


@given(st.text())
def test_no_text_leaves_as_a_formula(text: str) -> None:
    kept = str(escaped(text))
    if kept.startswith(FORMULA):
        float(kept)


def test_csv_has_a_header_and_empty_cells() -> None:
    to = io.StringIO()
    write_csv([{"a": None, "b": True}, {"a": -1.5, "b": ["x", "y"]}], to=to)
    assert "a,b\n,true\n-1.5,x; y\n" == to.getvalue()


def test_json_never_says_nan() -> None:
    to = io.StringIO()
    write_json(
        [{"nan": float("nan"), "inf": float("-inf"), "day": date(2026, 3, 1), "amount": Decimal("4.1")}],
        to=to,
    )
    assert [{"nan": None, "inf": None, "day": "2026-03-01", "amount": 4.1}] == json.loads(to.getvalue())
