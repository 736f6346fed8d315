"""Which language to speak: asked for, else the environment's or the project's, else the system's.

Rule kept here: the source speaks English; a sentence without its Italian is a defect that a test finds.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, cast

from polso.faces.italian import ITALIAN
from polso.faces.place import here

Language = Literal["it", "en"]
LANGUAGES: Final = ("it", "en")


def say(language: str, text: str, **values: Any) -> str:
    """An English sentence in a language, with its {names} filled in."""
    said = ITALIAN.get(text, text) if language == "it" else text
    return said.format(**values) if values else said


def asked(arguments: Sequence[str], environment: Mapping[str, str] | None = None) -> Language | None:
    """The language that was asked for: `--lang it` or `--lang=it` before the command, else POLSO_LANG."""
    environment = here().environment if environment is None else environment
    wanted = environment.get("POLSO_LANG", "")
    for place, argument in enumerate(arguments):
        if argument == "--lang" and place + 1 < len(arguments):
            wanted = arguments[place + 1]
        elif argument.startswith("--lang="):
            wanted = argument.removeprefix("--lang=")
    return _known(wanted)


def system(environment: Mapping[str, str] | None = None) -> Language:
    """The language of the terminal, by the POSIX order; English where it is neither."""
    environment = here().environment if environment is None else environment
    said = next(
        (environment[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environment.get(name)), ""
    )
    return _known(said) or "en"


def written(folder: Path) -> Language | None:
    """The language that a project's polso.toml names; None where it names none or cannot be read."""
    try:
        project = tomllib.loads((folder / "polso.toml").read_text(encoding="utf-8")).get("project", {})
    except (OSError, ValueError):
        return None
    return _known(str(project.get("language", ""))) if isinstance(project, dict) else None


def _known(said: str) -> Language | None:
    short = said.lower()[:2]
    return cast(Language, short) if short in LANGUAGES else None
