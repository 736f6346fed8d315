import subprocess
import sys

import pytest

import polso

HEAVY = ("duckdb", "ibis", "pyarrow", "pandas", "numpy", "pydantic", "polars", "babel")


def imported(code: str) -> list[str]:
    code = f"import sys; {code}; print(*[m for m in {HEAVY!r} if m in sys.modules], file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stderr.split()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--lang", "it", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert [] == imported(f"from polso.faces.cli import main; main({arguments!r})")


def test_help_of_a_command_imports_only_what_typer_needs() -> None:
    assert imported("from polso.faces.cli import main; main(['ask', '--help'])") in ([], ["pydantic"])


def test_the_door_imports_nothing_heavy() -> None:
    assert [] == imported("import polso; polso.__version__")


def test_the_door_opens() -> None:
    from polso.care import Care
    from polso.faces.remote import open_any
    from polso.query.result import Result

    assert (open_any, Care, Result) == (polso.open, polso.Care, polso.Result)


def test_the_door_has_no_other_rooms() -> None:
    with pytest.raises(AttributeError, match="no attribute 'kpi'"):
        polso.kpi  # noqa: B018
