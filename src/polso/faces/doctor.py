"""The doctor: what a project needs to give right numbers, looked at one by one.

Rule kept here: it changes nothing, and it goes on after the first thing that is wrong.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from rich.console import RenderableType
from rich.text import Text

from polso.errors import PolsoError
from polso.faces.grid import BAD, GOOD, lines
from polso.faces.sentences import told
from polso.faces.session import Session

if TYPE_CHECKING:
    from polso.care import Care
    from polso.config import Config

FREE_BYTES: Final = 1 << 30
OLD: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at: whether it is well, and what was seen or what to do."""

    name: str
    ok: bool
    says: str


def examine(session: Session) -> list[Examined]:
    """Everything, in the order in which things depend on each other."""
    from polso import config

    try:
        settings = config.read(session.folder.resolve())
    except PolsoError as error:
        return [Examined("settings", False, told(session.language, " ".join(str(error).split())))]
    return _around(session, settings) + _inside(session)


def examine_open(session: Session, care: Care) -> list[Examined]:
    """Everything about a project that is open already, and so cannot be opened once more."""
    return _around(session, care.config) + _within(session, care)


def _around(session: Session, settings: Config) -> list[Examined]:
    """What can be told without the store."""
    from polso.config import FILE

    said = session.say(
        "{file}: sources {n}, calendars {calendars}",
        file=FILE,
        n=len(settings.source),
        calendars=len(settings.calendar),
    )
    seen = [Examined("settings", True, said), _permissions(session), _disk(session), _zones(session)]
    return seen + list(_files(session, settings))


def _permissions(session: Session) -> Examined:
    well = os.access(session.folder, os.R_OK | os.W_OK | os.X_OK)
    return Examined(
        "permissions",
        well,
        session.say("the folder can be written")
        if well
        else session.say("the folder cannot be written; change its owner or its mode"),
    )


def _disk(session: Session) -> Examined:
    free = shutil.disk_usage(session.folder).free
    size = session.words().decimal(free / (1 << 30), 1) + " GiB"
    return Examined(
        "disk",
        free >= FREE_BYTES,
        session.say("{size} free", size=size)
        if free >= FREE_BYTES
        else session.say("only {size} free; a load needs room", size=size),
    )


def _zones(session: Session) -> Examined:
    from importlib.metadata import version
    from zoneinfo import TZPATH, available_timezones

    well = "Europe/Rome" in available_timezones()
    data = ", ".join(path for path in TZPATH if os.path.isdir(path)) or f"tzdata {version('tzdata')}"
    return Examined(
        "zones",
        well,
        session.say("zone data from {data}", data=data)
        if well
        else session.say("no zone data; install the package tzdata"),
    )


def _files(session: Session, settings: Config) -> Iterator[Examined]:
    from polso.sources.load import connector, files_of

    if not settings.source:
        yield Examined(
            "files", False, session.say("polso.toml names no [[source]]; `polso guess FILE` proposes one")
        )
    for source in settings.source:
        try:
            connector(source)
            paths = list(files_of(source, session.folder.resolve()))
        except PolsoError as error:
            yield Examined(f"files of {source.name}", False, told(session.language, str(error)))
            continue
        empty = [path.name for path in paths if not path.stat().st_size]
        closed = [path.name for path in paths if not os.access(path, os.R_OK)]
        said = (
            session.say("empty: {names}; export again or take out", names=", ".join(empty))
            if empty
            else session.say("files: {n}", n=len(paths))
        )
        said = (
            session.say("not readable: {names}; change the mode", names=", ".join(closed)) if closed else said
        )
        yield Examined(f"files of {source.name}", not empty and not closed, said)


def _inside(session: Session) -> list[Examined]:
    """What only the opened store can tell."""
    from polso.care import DATABASE

    if not (session.folder / DATABASE).exists():
        return [Examined("store", False, session.say("nothing is loaded yet; run `polso load`"))]
    try:
        with session.open() as care:
            return _within(session, care)
    except PolsoError as error:
        return [Examined("store", False, told(session.language, str(error)))]


def _within(session: Session, care: Care) -> list[Examined]:
    from polso.care import DATABASE

    looks: tuple[Callable[[Session, Care], Examined], ...] = (
        _catalogue, _folds, _fresh, _rejected, _leftovers,
    )  # fmt: skip
    opens = Examined("store", True, session.say("{file} opens", file=DATABASE))
    return [opens, *(_tried(look, session, care) for look in looks)]


def _tried(look: Callable[[Session, Care], Examined], session: Session, care: Care) -> Examined:
    try:
        return look(session, care)
    except PolsoError as error:
        return Examined(look.__name__.strip("_"), False, told(session.language, str(error)))


def _catalogue(session: Session, care: Care) -> Examined:
    return Examined("catalogue", True, session.say("{n} KPIs", n=len(care.catalogue)))


def _folds(session: Session, care: Care) -> Examined:
    """Whether the facts speak for the newest batch under today's rules."""
    from polso.events import log
    from polso.facts import FACTS
    from polso.facts.build import STATE, rules_fingerprint

    wrong = session.say("the facts are older than the log or the settings; run `polso load`")
    if STATE not in care.engine.tables() or log.EVENTS not in care.engine.tables():
        return Examined("facts", False, wrong)
    state = care.engine.collect(care.engine.table(STATE)).to_pylist()
    newest, rules = log.last_batch(care.engine), rules_fingerprint(care.config)
    well = {row["fact"] for row in state} == set(FACTS) and all(
        (row["batch"], row["fingerprint"]) == (newest, rules) for row in state
    )
    return Examined(
        "facts", well, session.say("{n} facts are up to the log", n=len(state)) if well else wrong
    )


def _fresh(session: Session, care: Care) -> Examined:
    """How old the newest data is; the oldest of the sources holds everything back."""
    from polso.events.log import is_empty

    if is_empty(care.engine):
        return Examined(
            "freshness",
            False,
            session.say(
                "no event was loaded; mend the files or their sources in polso.toml, then `polso load`"
            ),
        )
    words = session.words(care)
    said = session.say(
        "data up to {instant}", instant=words.instant(care.store.as_of, care.config.project.zone)
    )
    late = datetime.now(UTC).replace(tzinfo=None) - care.store.as_of
    if late > OLD:
        said += " · " + session.say("{age} ago", age=words.duration(late.total_seconds()))
    return Examined("freshness", True, said)


def _rejected(session: Session, care: Care) -> Examined:
    """Some rejected rows are life; more than one in a hundred is a wrong mapping."""
    from polso.events.log import REJECTIONS
    from polso.sources.leftovers import FILES

    kept, files = care.engine.table(REJECTIONS), care.engine.table(FILES)
    events = care.engine.collect(kept.aggregate(n=kept.count()))["n"][0].as_py()
    sums = care.engine.collect(files.aggregate(read=files.rows.sum(), bad=files.rejected.sum()))
    read, rows = (sums[name][0].as_py() or 0 for name in ("read", "bad"))
    count = session.words().count
    said = (
        session.say(
            "rows rejected {rows} of {read}, events rejected {events}; `polso load --rejected` shows them",
            rows=count(rows), read=count(read), events=count(events),
        )
        if events
        else session.say("no row was rejected")
    )  # fmt: skip
    return Examined("rejected", 100 * rows <= read, said)


def _leftovers(session: Session, care: Care) -> Examined:
    """Events of files that polso.toml names no longer are in every number: not wrong, but to be known."""
    left = [told(session.language, text) for text in care.leftovers()]
    return Examined(
        "leftovers", True, " · ".join(left) or session.say("every event comes from a file that is named")
    )


def shown(found: list[Examined], session: Session) -> RenderableType:
    """One line a thing, the wrong ones with a cross and in words."""
    width = max(len(name_of(one, session)) for one in found)
    return lines(*(_line(one, name_of(one, session).ljust(width), session) for one in found))


def name_of(one: Examined, session: Session) -> str:
    """What was looked at, as people call it."""
    base, _, source = one.name.partition(" of ")
    return f"{session.say(base)} {source}".strip()


def _line(one: Examined, name: str, session: Session) -> Text:
    verdict = session.say("well") if one.ok else session.say("wrong")
    return Text.assemble(
        (f"{'✓' if one.ok else '✗'} {verdict}", GOOD if one.ok else BAD), f"  {name}  {one.says}"
    )
