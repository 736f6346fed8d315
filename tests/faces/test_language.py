# ruff: noqa: E501 - a sentence and its translation stand on one line, to be read side by side

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command

from faces import said
from polso.errors import UnknownName
from polso.events.check import CHECKS
from polso.faces import cli, complaints, doctor, findings, language, scorecard, sentences
from polso.faces.italian import ITALIAN
from polso.facts import FACTS
from polso.kpis.definition import Better, Definition, Unit
from polso.query.bands import UNANSWERED
from polso.query.flow import CAME, END, START, WENT
from polso.query.period import WORDS
from polso.query.question import GRAINS
from polso.query.stock import MEAN_AGE
from polso.sources import guess_toml

FACES = Path(cli.__file__).parent
SAME_IN_BOTH = {"KPI", "n", "pt", "file", "Self-service", "files: {n}"}


def spoken() -> Iterator[str]:
    """Every sentence that the source says: arguments of `say`, `help` of options, docstrings of commands."""
    for path in (*FACES.glob("*.py"), Path(guess_toml.__file__)):
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
    for english, italian in (*ITALIAN.items(), *sentences.PATTERNS, *complaints.COMPLAINTS):
        # An Italian sentence may do with less than a library says, never with more.
        names = [set(re.findall(r"{\w*}", text)) for text in (english, italian)]
        kept = names[0] == names[1] or (english, italian) in complaints.LIBRARIES
        assert kept, english
        assert names[1] <= names[0], english


ENGLISH = re.compile(r"\b(the|an|is|are|has|have|was|were|with|without|and|give|say|write|mend)\b")


def english_in(text: str) -> set[str]:
    """English that is left in a sentence once it is told in Italian; quoted words and names are no language."""
    italian = sentences.told("it", text)
    bare = re.sub(r"`[^`]*`|'[^']*'|\"[^\"]*\"|\\[\\[[^]]*\\]\\]", "", italian)
    return {word.lower() for word in ENGLISH.findall(bare)} | ({"all of it"} if italian == text else set())


def has_words(template: str) -> bool:
    """Whether a sentence says anything besides what is filled in."""
    return bool(
        re.search(r"[a-z]{2,}[^a-z]+[a-z]{2,}|[a-z]{4,} X\d", re.sub(r"\[\[\w+\]\]|\w+\.toml", "", template))
    )


def test_every_error_and_warning_has_its_italian() -> None:
    found = [(where, text) for where, text in said.templates() if has_words(text)]
    assert len(found) > 130
    assert [] == [(where, text, left) for where, text in found if (left := english_in(text))]


def test_every_reason_of_a_rejection_has_its_italian() -> None:
    found = sorted(set(said.reasons()))
    assert len(found) > 30
    assert [] == [(where, text, left) for where, text in found if (left := english_in(text))]


def test_what_an_unknown_name_was_meant_to_be_has_its_italian() -> None:
    same = {"KPI", "X1", "X2"}
    assert [] == [name for name in said.names() if name not in same and sentences.told("it", name) == name]


def test_names_of_facts_splits_and_lines_have_their_italian() -> None:
    names = {*FACTS, *GRAINS, *CAME, *WENT, START, END, MEAN_AGE, UNANSWERED, "band"}
    names |= set(Definition.model_fields) | set(get_args(Better)) | set(get_args(Unit))
    assert set() == {name for name in names if name not in ITALIAN} - {"name", "title", "meaning"}


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        ("polso.toml: project.zon: no key 'zon'; did you mean zone?", "polso.toml: project.zon: 'zon' non esiste (chiave); forse zone?"),
        ("source t (table): event 2.kind: Field required", "fonte t (table): event 2.kind: obbligatorio"),
        ("p: a: Field required · b: Input should be greater than or equal to 1", "p: a: obbligatorio · b: dev'essere almeno 1"),
        ("p is not valid TOML: Invalid value (at line 3, column 9)", "p non è TOML valido: valore non valido (riga 3, colonna 9)"),
        ("t.csv: no column 'idd'; did you mean 'id'?", "t.csv: 'idd' non esiste (colonna); forse 'id'?"),
        ("t.csv: no encoding 'klingon'; known are utf-8, utf-16, cp1252, latin-1 and Python's others", "t.csv: la codifica 'klingon' non esiste; ci sono utf-8, utf-16, cp1252, latin-1 e le altre di Python"),
        ("column 'n': 'abc' is no number", "colonna 'n': 'abc' non è un numero"),
        ("t.csv, column 'at': read as %d/%m/%Y", "t.csv, colonna 'at': letto come %d/%m/%Y"),
        ("1234 events come from source old, which polso.toml names no longer; `polso load --anew old` forgets it", "1.234 eventi vengono dalla fonte old, che polso.toml non nomina più; `polso load --anew old` la dimentica"),
        ("the period begins after the data ends: 2021-03-31 17:39 (Europe/Rome)", "il periodo comincia dopo la fine dei dati: 31 mar 2021, 17:39 (Europe/Rome)"),
        ("'x' is no parameter; write name=value, like limit=20s or share=0.8", "'x' non è un parametro; scrivi nome=valore, come limit=20s o share=0.8"),
        ("No such option: --bi (Possible options: --by)", "opzione sconosciuta: --bi (forse: --by)"),
    ],
)  # fmt: skip
def test_sentences_of_lower_layers_and_libraries(english: str, italian: str) -> None:
    assert italian == sentences.told("it", english)


@pytest.mark.parametrize(
    ("warning", "english", "italian"),
    [
        ("only 1 rows", "only 1 row", "una riga sola"),
        ("only 2 rows", "only 2 rows", "solo 2 righe"),
        ("1 rows are too young to be judged and were left out", "1 row is too young to be judged and was left out", "1 riga è troppo recente per essere giudicata ed è rimasta fuori"),
        ("1 rows have a negative duration and were left out", "1 row has a negative duration and was left out", "1 riga ha una durata negativa ed è rimasta fuori"),
    ],
)  # fmt: skip
def test_one_row_is_said_as_one(warning: str, english: str, italian: str) -> None:
    assert (english, italian) == (sentences.told("en", warning), sentences.told("it", warning))


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
    assert WORDS == sentences.WORDS
    italian = sentences.told("it", f"'x' is no period; write {WORDS}")
    assert f"'x' non è un periodo; scrivi {sentences.PERIODS}" == italian
    assert "only 3 rows" == sentences.told("en", "only 3 rows")
    assert "something new" == sentences.told("it", "something new")
