import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from polso.errors import UnknownName
from polso.events.check import CHECKS
from polso.faces import cli, doctor, findings, language, scorecard, sentences
from polso.faces.italian import ITALIAN
from polso.query.period import WORDS

FACES = Path(cli.__file__).parent
SAME_IN_BOTH = {"KPI", "n", "pt", "file", "Self-service", "files: {n}"}


def spoken() -> Iterator[str]:
    """Every sentence that the source says: arguments of `say`, `help` of options, docstrings of commands."""
    for path in FACES.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield from _said(node)
    command = get_command(cli.app)
    for one in (command, *command.commands.values()):  # type: ignore[attr-defined]
        yield one.help
        yield from (parameter.help for parameter in one.params)


def _said(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "say":
        for argument in call.args:
            if isinstance(argument, ast.BoolOp):  # help texts, walked below
                continue
            tests = {
                id(part)
                for node in ast.walk(argument)
                if isinstance(node, ast.IfExp)
                for part in ast.walk(node.test)
            }
            yield from (
                node.value
                for node in ast.walk(argument)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in tests
            )


def test_every_sentence_has_its_italian() -> None:
    assert set() == {text for text in spoken() if text and text not in ITALIAN}


def test_what_is_said_by_name_has_its_italian() -> None:
    names = [
        *scorecard.SECTIONS,
        scorecard.OWN,
        "mean",
        "median",
        "count",
        "duration",
        "share",
        "points",
        "score",
        "money",
        "ratio",
    ]
    names += re.findall(r'Examined\("(\w+)"', Path(doctor.__file__).read_text("utf-8"))
    assert [] == [name for name in names if name not in ITALIAN]


def test_italian_keeps_the_names_in_braces() -> None:
    for english, italian in (*ITALIAN.items(), *sentences.PATTERNS):
        assert set(re.findall(r"{\w*}", english)) == set(re.findall(r"{\w*}", italian)), english


def test_every_finding_has_its_italian() -> None:
    assert {check.kind for check in CHECKS} == set(findings.ITALIAN)


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        (["--lang", "it"], {"POLSO_LANG": "en"}, "it"),
        (["--lang=it"], {}, "it"),
        ([], {"POLSO_LANG": "it"}, "it"),
        ([], {"LANG": "it_IT.UTF-8"}, None),
    ],
)
def test_what_was_asked_for(arguments: list[str], environment: dict[str, str], expected: str | None) -> None:
    assert expected == language.asked(arguments, environment)


def test_the_terminal_speaks_by_the_posix_order() -> None:
    assert "it" == language.system({"LANG": "it_IT.UTF-8"})
    assert "en" == language.system({"LC_ALL": "C", "LANG": "it_IT.UTF-8"})
    assert "en" == language.system({})


def test_the_project_names_its_language(tmp_path: Path) -> None:
    assert language.written(tmp_path) is None
    (tmp_path / "polso.toml").write_text('[project]\nlanguage = "it"\n')
    assert "it" == language.written(tmp_path)
    (tmp_path / "polso.toml").write_text("not [ toml")
    assert language.written(tmp_path) is None


def test_errors_of_lower_layers_are_told_in_italian() -> None:
    error = UnknownName("KPI", "frist_response", ["first_response_time"])
    assert "'frist_response' non esiste (KPI); forse first_response_time?" == sentences.told("it", str(error))
    assert f"'x' non è un periodo; scrivi {WORDS}" == sentences.told("it", f"'x' is no period; write {WORDS}")
    assert "only 3 rows" == sentences.told("en", "only 3 rows")
    assert "something new" == sentences.told("it", "something new")
