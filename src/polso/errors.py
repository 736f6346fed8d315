"""Every error Polso raises on purpose; each text says what is wrong and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches


class PolsoError(Exception):
    """Base of all errors raised on purpose; its text is meant for the person at the keyboard."""


class ConfigError(PolsoError):
    """polso.toml, or a KPI file beside it, says something that cannot be done."""


class SourceError(PolsoError):
    """A file cannot be read as its source says."""


class CalendarError(PolsoError):
    """A calendar is impossible, or an instant lies outside the days that were prepared."""


class StoreError(PolsoError):
    """The project's database is missing, in use, damaged or written by another version."""


class ServerError(PolsoError):
    """A server that cannot be started as asked, that does not answer, or not as this version understands."""


class QuestionError(PolsoError):
    """A question that cannot be answered as asked."""


class PrivacyError(PolsoError):
    """Something about the people at work that may not be shown."""


def _nearest(name: str, known: Iterable[str]) -> list[str]:
    """The likeliest meant, at most three; what is much less alike than the best only confuses."""
    near = get_close_matches(name, known, n=3, cutoff=0.5)
    alike = [SequenceMatcher(None, one, name).ratio() for one in near]
    return [one for one, ratio in zip(near, alike, strict=True) if ratio > max(alike) - 0.2]


class UnknownName(QuestionError):  # noqa: N818 - what it is says it better
    """A name that does not exist; offers the nearest ones that do."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = tuple(sorted(known))
        near = _nearest(name, self.known)
        if near:
            hint = f"did you mean {' or '.join(near)}?"
        elif len(self.known) <= 20:
            hint = f"known: {', '.join(self.known) or 'none'}."
        else:
            hint = f"{len(self.known)} are known; list them to choose."
        super().__init__(f"no {what} '{name}'; {hint}")
