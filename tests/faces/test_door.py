import subprocess
import sys

import pytest

import polso

HEAVY = ("duckdb", "ibis", "pyarrow", "pandas", "numpy", "pydantic", "polars", "babel")


@pytest.mark.parametrize(
    "arguments", [["--help"], ["ask", "--help"], ["--version"], ["--lang", "it", "load", "--help"]]
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = f"import sys; from polso.faces.cli import main; main({arguments!r}); print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]


def test_the_door_imports_nothing_heavy() -> None:
    code = f"import sys, polso; polso.__version__; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.strip()


def test_the_door_opens() -> None:
    from polso.care import Care, open_project
    from polso.query.result import Result

    assert (open_project, Care, Result) == (polso.open, polso.Care, polso.Result)


def test_the_door_has_no_other_rooms() -> None:
    with pytest.raises(AttributeError, match="no attribute 'kpi'"):
        polso.kpi  # noqa: B018
