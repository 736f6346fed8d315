"""What a scope may see of the people at work: all of it, pseudonyms, or no more than groups that are large enough.

Rule kept here: which columns name people is said where facts declare their columns, so a new fact is covered the day
it is written; whoever asks with a scope cannot see more than its privacy lets through.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Final, Literal

from polso.config import MINIMUM_AGENTS, MINIMUM_CONTACTS, PrivacySettings, Unlock
from polso.errors import ConfigError, PrivacyError
from polso.facts import FACTS
from polso.kpis.definition import AnyOf, Condition, Conditions, Definition, flat

State = Literal["open", "unlocked", "locked"]
WHO: Final[tuple[Literal["agent", "team"], ...]] = ("agent", "team")
KEY_FILE: Final = "privacy.key"
KEY_BYTES: Final = 32
# 48 bits: two people of a hundred thousand bear one pseudonym once in fifty thousand stores.
DIGITS: Final = 12
# How a column is called that a credit rule put aside, and one that privacy did.
OWN: Final = "own_"
RAW: Final = "raw_"
# Whether somebody is named at all tells nothing about who.
BLIND: Final = ("null", "not null")
# What a name may be compared by: less and more would tell where in the alphabet it stands.
BY_NAME: Final = (*BLIND, "=", "!=", "in", "not in")
WAY_OUT: Final = "record a legal basis in [privacy.unlock] of polso.toml"


@dataclass(frozen=True)
class Privacy:
    """What may be seen, as of today: `reason` says in a sentence why, for whoever draws the footer of a page."""

    state: State = "open"
    key: bytes = field(default=b"", repr=False)
    minimum_agents: int = MINIMUM_AGENTS
    minimum_contacts: int = MINIMUM_CONTACTS
    reason: str = ""

    def pseudonym(self, name: str) -> str:
        """What somebody is called under this key: always the same, and nobody's name without the key."""
        digest = hmac.new(self.key, name.encode(), hashlib.sha256).hexdigest()
        return f"agent-{digest[:DIGITS]}"

    def is_group(self, agents: int, contacts: int, *, has_agents: bool = True) -> bool:
        """Whether so many people and contacts are a group that may be shown; contacts nobody handled are nobody's."""
        if contacts < self.minimum_contacts:
            return False
        return not has_agents or not agents or agents >= self.minimum_agents


OPEN: Final = Privacy(reason="agents are shown by name: privacy profile 'open'")


def in_force(settings: PrivacySettings, folder: Path, today: date) -> Privacy:
    """The privacy of a project on a day; the key is made when pseudonyms are first needed."""
    if settings.profile == "open":
        return OPEN
    locked = Privacy(
        "locked", minimum_agents=settings.minimum_agents, minimum_contacts=settings.minimum_contacts,
        reason="agents are not shown: no legal basis in [privacy.unlock]",
    )  # fmt: skip
    unlock = settings.unlock
    if unlock is None:
        return locked
    if not unlock.date <= today <= unlock.expires:
        return replace(locked, reason=_out_of_force(unlock, today))
    said = f"agents are shown by pseudonym until {unlock.expires}: {unlock.protocol}"
    return replace(locked, state="unlocked", key=key_of(folder), reason=said)


def _out_of_force(unlock: Unlock, today: date) -> str:
    if today < unlock.date:
        return f"agents are not shown: the legal basis {unlock.protocol} begins on {unlock.date}"
    return f"agents are not shown: the legal basis {unlock.protocol} expired on {unlock.expires}"


def key_of(folder: Path) -> bytes:
    """The key of a project's pseudonyms, made where there is none; nobody but the owner may read it."""
    path = folder / KEY_FILE
    try:
        held = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written; make the folder writable") from error
    with os.fdopen(held, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(KEY_BYTES))
    return _read(path)


def _read(path: Path) -> bytes:
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} holds no key; put the saved one back") from error
    if len(key) < KEY_BYTES:
        raise ConfigError(f"{path} holds no key; put the saved one back")
    return key


def agents_of(fact: str) -> tuple[str, ...]:
    """The columns of a fact that name people, those that a credit rule puts aside included."""
    named = FACTS[fact].named("agent")
    return (*named, *(f"{OWN}{name}" for name in named))


def teams_of(fact: str) -> tuple[str, ...]:
    """The columns of a fact that name groups of people, those that a credit rule puts aside included."""
    named = FACTS[fact].named("team")
    return (*named, *(f"{OWN}{name}" for name in named))


def is_about_agents(fact: str) -> bool:
    """Whether each row of a fact tells what one person did from one instant to the next."""
    key = FACTS[fact].key.columns
    return any(
        column.dimension and column.who == "agent" and column.name in key for column in FACTS[fact].columns
    )


def refuse(
    privacy: Privacy, fact: str, by: tuple[str, ...], where: tuple[Condition, ...], d: Definition
) -> None:
    """PrivacyError where a question, or a definition of one's own, names people or teams in a way it may not."""
    if privacy.state == "open":
        return
    people = agents_of(fact)
    if privacy.state == "locked":
        for name in (*by, *(c.column for c in where)):
            if name in people:
                raise PrivacyError(f"{name}: people at work are not shown one by one; {WAY_OUT}")
    for condition in where:
        if condition.column in people and condition.op not in BY_NAME:
            raise PrivacyError(f"{condition.column} can be compared by = and != only")
    _refuse_own(d, privacy)


def _refuse_own(d: Definition, privacy: Privacy) -> None:
    """A definition that names somebody, or hides a team among alternatives, would go round every other rule."""
    for fact, conditions, is_where in conditions_of(d):
        people = agents_of(fact)
        teams = teams_of(fact) if privacy.state == "locked" else ()
        apart = [c for c in conditions if isinstance(c, Condition)] if is_where else []
        for condition in flat(conditions):
            if condition.op in BLIND:
                continue
            if condition.column in people:
                raise PrivacyError(
                    f"{d.label} names somebody at work in its conditions; {WAY_OUT}, or ask by agent"
                )
            if condition.column in teams and condition not in apart:
                raise PrivacyError(
                    f"{d.label} names a team in its conditions; filter the question by team instead"
                )
    if privacy.state == "locked" and _shows_people(d):
        raise PrivacyError(f"{d.label} reads people at work one by one; {WAY_OUT}")


def names_people(d: Definition, scope_privacy: Privacy) -> bool:
    """Whether a definition's own conditions name somebody at work who may not be named."""
    try:
        refuse(scope_privacy, d.fact, (), (), d)
    except PrivacyError:
        return True
    return False


def _shows_people(d: Definition) -> bool:
    """Whether a definition follows people at work as others follow customers; how many they are may be said."""
    return d.person in agents_of(d.fact)


def conditions_of(d: Definition) -> Iterator[tuple[str, Conditions, bool]]:
    """All conditions of a definition: of which fact, and whether they say which rows there are."""
    yield d.fact, d.where, True
    yield d.fact, (*d.part, *d.against), False
    for side in (d.top, d.bottom):
        if side:
            yield side.fact, side.where, True


def without_teams(fact: str, where: Conditions) -> tuple[Conditions, tuple[Condition, ...]]:
    """Conditions of a definition, and apart from them those on teams, which count as filters of the question."""
    named = teams_of(fact)
    apart = tuple(c for c in where if isinstance(c, Condition) and c.column in named and c.op not in BLIND)
    return tuple(c for c in where if isinstance(c, AnyOf) or c not in apart), apart
