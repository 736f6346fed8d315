"""The pages in Italian: gettext catalogues, one .po a screen, read as they are; the rest from the other faces.

Rule kept here: the source speaks English; a sentence without its Italian is a defect that a test finds.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any, Final

from babel.messages.pofile import read_po

from polso.faces import language as languages
from polso.faces import vocabulary
from polso.faces.sentences import told
from polso.faces.words import Words
from polso.facts import FACTS
from polso.kpis.wording import noun

LOCALE: Final = "locale"
# What the engine says of a split or filter that a fact does not have, for those who write questions.
LACKS: Final = re.compile(
    r"(?:(?P<fact>\w+) cannot be split or filtered: |\w+ is too fine to split (?P<fine>\w+) by; )"
    r"no dimension '(?P<dimension>\w+)'.*",
    re.DOTALL,
)


@cache
def catalogue(language: str) -> dict[str, str]:
    """English sentence -> the language's, from every .po of the locale."""
    folder = resources.files("polso.faces.web").joinpath(LOCALE, language)
    if not folder.is_dir():
        return {}
    found: dict[str, str] = {}
    for file in folder.iterdir():
        if file.name.endswith(".po"):
            with file.open("rb") as opened:
                found |= {
                    str(m.id): str(m.string) for m in read_po(opened, locale=language) if m.id and m.string
                }
    return found


def say(language: str, text: str, **values: Any) -> str:
    """A sentence in a language, with its {names} filled in."""
    said = catalogue(language).get(text)
    return (
        languages.say(language, text, **values) if said is None else said.format(**values) if values else said
    )


class PageWords(Words):
    """How pages write numbers and sentences: as every face does, with the pages' own catalogues first."""

    def say(self, text: str, **values: Any) -> str:
        """A sentence of the interface, with its {names} filled in."""
        return say(self.language, text, **values)

    def label(self, name: str, value: Any) -> str:
        """One value of a split, Polso's own words in those of people: pages keep the stored word in their links."""
        said = vocabulary.said(self.language, name, value)
        return super().label(name, value) if said is None else said

    def named(self, name: str) -> str:
        """What people call a dimension, a grain or a fact: issue type, hour of the day."""
        said = self.say(name)
        if said != name or "_" not in name:
            return said
        fact = next((f for f in FACTS.values() if any(c.name == name for c in f.all_columns({}))), None)
        return noun(fact.name, name).of(self.language) if fact else name.replace("_", " ")

    def told(self, text: str) -> str:
        """What a lower layer says (a warning, an error) in the page's language, and in words of people."""
        lacks = LACKS.fullmatch(text)
        if lacks is None:
            return told(self.language, text)
        return self.say(
            "This number cannot be filtered or split by {dimension}: {rows} do not have it.",
            dimension=self.named(lacks["dimension"]), rows=self.named(lacks["fact"] or lacks["fine"]),
        )  # fmt: skip


def accepted(header: str | None) -> languages.Language:
    """The language a browser asks for first among those spoken here; English where none is."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate((header or "").split(",")):
        name, _, quality = part.strip().partition(";q=")
        try:
            wanted.append((-float(quality or 1), place, name.lower()[:2]))
        except ValueError:
            continue
    found = next((name for _, _, name in sorted(wanted) if name in languages.LANGUAGES), "en")
    return "it" if found == "it" else "en"
