"""Every sentence of the pages has its Italian."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from polso.faces import web
from polso.faces.italian import ITALIAN
from polso.faces.web.screen import screens
from polso.faces.web.state import COMPARISONS, PERIODS
from polso.faces.web.translate import accepted, catalogue
from polso.kpis.catalogue import shipped

FOLDER = Path(web.__file__).parent
# What is the same in both languages.
SAME = {"", "CSV", "PNG", "Email", "Polso", "Menu", "Parquet", "CSAT", "NPS", "SQL", "IVR", "no", "n", "KPI"}


def sentences() -> set[str]:
    """All sentences that templates and Python files of the web application say."""
    found = {
        str(message[0] if isinstance(message, tuple) else message)
        for _, _, message, _, _ in extract_from_dir(
            FOLDER,
            method_map=[("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")],
            options_map={"**.html": {"trimmed": "false"}},
            keywords={"_": None, "say": None, "html": None},
        )
    }
    named = {screen.title for screen in screens()} | {*PERIODS} | {f"compare: {one}" for one in COMPARISONS}
    return found | named


def known(text: str) -> bool:
    """Whether a sentence is said in Italian, by the pages' catalogues or by the other faces."""
    return text in catalogue("it") or text in ITALIAN or text in SAME


def test_every_sentence_has_its_italian() -> None:
    assert set() == {text for text in sentences() if not known(text)}


def test_italian_keeps_the_names_in_braces() -> None:
    from string import Formatter

    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text)} - {None}

    assert [] == [text for text, italian in catalogue("it").items() if names(text) != names(italian)]


def test_tickets_that_came_in_are_not_called_as_those_still_open() -> None:
    """In Italian "ticket aperti" is either: who reads a number must not have to guess which."""
    ambiguous = re.compile(r"(?i)\bticket aperti\b")
    said = [*catalogue("it").values(), *ITALIAN.values()]
    for entry in shipped().values():
        said += [text for d in entry.definitions for text in (d.title.it, d.meaning.it)]
    assert [] == [text for text in said if ambiguous.search(text)]
    assert "Ticket ricevuti" == shipped()["ticket_volume"].default.title.it
    assert ("Ticket ricevuti", "Ticket ancora aperti") == tuple(
        catalogue("it")[name] for name in ("Tickets opened", "Tickets still open")
    )


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"), ("", "en"), ("it", "it"), ("it-IT,it;q=0.9,en;q=0.8", "it"), ("en;q=0.4,it;q=0.7", "it"),
        ("de,fr;q=0.9,it;q=0.1", "it"), ("de-DE", "en"), ("en-GB,it", "en"), ("it;q=nonsense,en", "en"),
    ],
)  # fmt: skip
def test_the_browsers_language_is_the_default(header: str | None, language: str) -> None:
    assert language == accepted(header)
