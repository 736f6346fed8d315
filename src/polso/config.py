"""polso.toml read into frozen, validated settings.

Rule kept here: settings say what the user wrote, checked; they compute nothing and open nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from polso.errors import ConfigError, UnknownName

FILE = "polso.toml"
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RESERVED = frozenset({"channel", "team", "agent", "client"})
# Between complaints about several keys; sentences hold semicolons themselves.
JOINED: Final = " · "
# Fewer people, or fewer contacts, are no group: who they are can be told.
MINIMUM_AGENTS: Final = 5
MINIMUM_CONTACTS: Final = 10
# What teams are called together that are too small to be shown apart.
SMALL_TEAMS: Final = "small teams"
NAME = re.compile(r"^[a-z][a-z0-9_]*$")


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError(str(UnknownName("IANA time zone", value, available_timezones())))
    return value


def _name(value: str) -> str:
    if not NAME.match(value):
        raise ValueError(f"'{value}' is no name: use small letters, digits and _, a letter first")
    return value


def _seconds(value: object) -> object:
    """Read '4h', '90s', '2d 4h', '20m' or a number of seconds."""
    if not isinstance(value, str):
        return value
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd])", value)
    if not parts or re.sub(r"(\d+(?:\.\d+)?)\s*([smhd])", "", value).strip():
        raise ValueError(f"'{value}' is no duration: write 90s, 20m, 4h or 2d")
    return sum(float(n) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit] for n, unit in parts)


Zone = Annotated[str, AfterValidator(_zone)]
Name = Annotated[str, AfterValidator(_name)]
Duration = Annotated[float, BeforeValidator(_seconds)]
Day = date
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Settings(BaseModel):
    """Base of all settings: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Project(Settings):
    """[project]: who is measured, and in which zone, week and language."""

    name: str = "Polso"
    zone: Zone = "UTC"
    week_start: Literal["monday", "sunday", "saturday"] = "monday"
    language: Literal["it", "en"] = "en"
    currency: str = "EUR"
    client: str = "default"
    minimum_n: int = Field(default=30, ge=1, description="below it a number carries a warning")


class Holidays(Settings):
    """Which public holidays close a calendar."""

    country: str
    subdivision: str | None = None


class Hours(Settings):
    """Weekly opening hours from a date on: {mon = ["09:00-13:00", "14:00-18:00"]}."""

    valid_from: date | None = None
    mon: tuple[str, ...] = ()
    tue: tuple[str, ...] = ()
    wed: tuple[str, ...] = ()
    thu: tuple[str, ...] = ()
    fri: tuple[str, ...] = ()
    sat: tuple[str, ...] = ()
    sun: tuple[str, ...] = ()


class CalendarSettings(Settings):
    """[[calendar]]: opening hours, overrides and holidays in a time zone."""

    name: Name
    zone: Zone | None = None
    always: bool = False
    hours: tuple[Hours, ...] = ()
    overrides: dict[date, tuple[str, ...]] = {}
    breaks: dict[date, tuple[str, ...]] = {}
    holidays: Holidays | None = None
    extra_holidays: tuple[date, ...] = ()
    annual_holidays: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, data: dict[str, Any]) -> dict[str, Any]:
        data = dict(data)
        if isinstance(data.get("holidays"), str):
            data["holidays"] = {"country": data["holidays"]}
        if isinstance(data.get("hours"), dict):
            data["hours"] = [data["hours"]]
        return data


Condition = dict[str, str | tuple[str, ...]]


class CalendarRule(Settings):
    """[[calendar_rule]]: the first whose `when` matches a row gives its calendar."""

    calendar: Name
    when: Condition = {}


class Target(Settings):
    """[[target]]: what a KPI should reach for a slice, and the share of cases in which it should."""

    kpi: Name
    within: Duration | None = None
    value: float | None = None
    share: float | None = Field(default=None, gt=0, le=1)
    calendar: bool = Field(default=False, description="count open seconds only")
    when: Condition = {}

    @model_validator(mode="after")
    def _one_aim(self) -> Target:
        if (self.within is None) == (self.value is None):
            raise ValueError(
                f"target for {self.kpi}: give either `within` (a duration) or `value` (a number)"
            )
        return self


class PackSettings(Settings):
    """[[pack]]: what a regulatory pack leaves to its user: the threshold of a row, and which rows it is about."""

    name: str
    row: Name
    threshold: Duration | None = None
    where: Condition = {}


class Unlock(Settings):
    """[privacy.unlock]: the legal basis on which people at work may be looked at one by one, as it was recorded."""

    type: Literal["union_agreement", "labour_inspectorate", "other_country"]
    protocol: Text
    date: Day
    expires: Day
    approver: Text

    @model_validator(mode="after")
    def _in_order(self) -> Unlock:
        if self.expires < self.date:
            raise ValueError(f"it expires on {self.expires}, before its date {self.date}; mend one of them")
        return self


class PrivacySettings(Settings):
    """[privacy]: what may be seen of the people at work."""

    profile: Literal["it", "open"] = "it"
    minimum_agents: int = Field(default=MINIMUM_AGENTS, ge=1)
    minimum_contacts: int = Field(default=MINIMUM_CONTACTS, ge=1)
    unlock: Unlock | None = None

    @model_validator(mode="after")
    def _not_lowered(self) -> PrivacySettings:
        if self.profile == "it":
            for name, least in (("minimum_agents", MINIMUM_AGENTS), ("minimum_contacts", MINIMUM_CONTACTS)):
                if getattr(self, name) < least:
                    raise ValueError(
                        f"{name} may be raised above {least}, not lowered, under profile 'it'; leave it out"
                    )
        return self


class SourceSettings(BaseModel):
    """[[source]]: a kind of export and its files; the kind validates its own further keys."""

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Name
    kind: str
    files: str | tuple[str, ...]
    client: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The keys that only this kind of source knows."""
        return dict(self.model_extra or {})

    @property
    def patterns(self) -> tuple[str, ...]:
        """File names or glob patterns, relative to the project's folder."""
        return (self.files,) if isinstance(self.files, str) else self.files

    @property
    def fingerprint(self) -> str:
        """Changes when anything about how the files become events changes."""
        return fingerprint(self.model_dump(mode="json", exclude={"files"}))


class Config(Settings):
    """All of polso.toml."""

    project: Project = Project()
    calendar: tuple[CalendarSettings, ...] = ()
    calendar_rule: tuple[CalendarRule, ...] = ()
    source: tuple[SourceSettings, ...] = ()
    target: tuple[Target, ...] = ()
    pack: tuple[PackSettings, ...] = ()
    privacy: PrivacySettings = PrivacySettings()
    dimensions: dict[Name, str] = Field(default={}, description="dimension = ticket attribute")
    reopen_on: tuple[str, ...] = ("reopened", "restored")

    @model_validator(mode="after")
    def _consistent(self) -> Config:
        for what, names in (
            ("calendar", [c.name for c in self.calendar]),
            ("source", [s.name for s in self.source]),
        ):
            twice = sorted({name for name in names if names.count(name) > 1})
            if twice:
                raise ValueError(f"two [[{what}]] are called {', '.join(twice)}; give each its own name")
        for name in RESERVED.intersection(self.dimensions):
            raise ValueError(f"dimensions.{name}: every ticket has a {name} already; choose another name")
        known = {c.name for c in self.calendar}
        for rule in self.calendar_rule:
            if rule.calendar not in known:
                raise ValueError(str(UnknownName("calendar", rule.calendar, known)))
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The project's reporting zone."""
        return ZoneInfo(self.project.zone)


def fingerprint(value: object) -> str:
    """Short stable hash of anything JSON can hold."""
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def parse(text: str, origin: str = FILE) -> Config:
    """Validate the text of a polso.toml; ConfigError names the key and what it should be."""
    try:
        return Config.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{origin} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise ConfigError(f"{origin}: {complaints(error, Config)}") from error


def complaints(error: ValidationError, model: type[BaseModel] | None = None) -> str:
    """What pydantic found wrong, key by key, counted from 1; with the `model`, misspelt keys get the nearest ones."""
    said = []
    for problem in error.errors():
        path = problem["loc"]
        what = problem["msg"].removeprefix("Value error, ")
        if problem["type"] == "extra_forbidden" and path and model:
            what = str(UnknownName("key", str(path[-1]), _keys(model, path[:-1])))
        said.append(f"{_place(path)}: {what}")
    return JOINED.join(said)


def _place(path: tuple[int | str, ...]) -> str:
    """`event 2.kind` for the second event's kind."""
    text = ""
    for part in path:
        text += f" {part + 1}" if isinstance(part, int) else f".{part}" if text else part
    return text or "top level"


def _keys(model: type[BaseModel], path: tuple[int | str, ...]) -> set[str]:
    """The keys that are known at a place of a model."""
    models = [model]
    for part in path:
        if isinstance(part, str):
            inner = [f.annotation for m in models if (f := m.model_fields.get(part))]
            models = [found for annotation in inner for found in _models(annotation)] or models
    return {field.alias or name for one in models for name, field in one.model_fields.items()}


def _models(annotation: object) -> list[type[BaseModel]]:
    """The models inside a type: of a tuple, of a choice, of values of a table."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _models(inner)]


def read(folder: Path) -> Config:
    """Read FOLDER/polso.toml; ConfigError where there is none."""
    path = folder / FILE
    if not path.is_file():
        raise ConfigError(
            f"no {FILE} in {folder}; make a project with `polso new {folder}` or `polso demo {folder}`"
        )
    return parse(path.read_text(encoding="utf-8"), str(path))
