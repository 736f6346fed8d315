"""Settings: what the project's polso.toml says, as this page understands it; to be read, never changed here.

Rule kept here: only the keys named in this file are shown, so a source's password or token can never be.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from babel import Locale
from babel.dates import get_day_names
from markupsafe import Markup

from polso import __version__
from polso.config import DAYS, FILE
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, View
from polso.faces.web.screen import Screen
from polso.faces.words import DASH
from polso.kpis.catalogue import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polso.config import CalendarSettings, Hours, Target

Facts = list[tuple[str, str]]


def compose(page: Page) -> View:
    """The project, its privacy and this page as facts; calendars, targets, sources and definitions as tables."""
    more = {"project": _project(page), "privacy": _privacy(page), "here": _here(page), "file": _file(page)}
    figures = [_calendars(page), _rules(page), _targets(page), _sources(page), _dimensions(page), _packs(page),
               _own(page), _versions(page)]  # fmt: skip
    return View(sentence(page), (), [figure for figure in figures if figure is not None], more)


def sentence(page: Page) -> Markup:
    """What the numbers of this project rest on."""
    config, count = page.about.config, page.words.count
    return page.html(
        "Times are those of {zone}, weeks begin on {day}. Set here: sources {sources}, calendars {calendars}, targets {targets}.",
        zone=config.project.zone, day=_weekday(page), sources=count(len(config.source)),
        calendars=count(len(config.calendar)), targets=count(len(config.target)),
    )  # fmt: skip


def _weekday(page: Page) -> str:
    """The first day of the week by its name."""
    place = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday").index(
        page.about.config.project.week_start
    )
    return str(get_day_names("wide", locale=page.words.language)[place])


def _language(page: Page, code: str) -> str:
    return str(Locale(code).get_display_name(page.words.language))


def _project(page: Page) -> Facts:
    project = page.about.config.project
    return [
        (page.say("name"), project.name),
        (page.say("time zone"), project.zone),
        (page.say("first day of the week"), _weekday(page)),
        (page.say("currency"), project.currency),
        (page.say("language of the project"), _language(page, project.language)),
        (page.say("client where a source names none"), project.client),
        (page.say("fewer rows than this carry a warning"), page.words.count(project.minimum_n)),
        (
            page.say("a ticket is reopened by"),
            ", ".join(page.words.label("kind", name) for name in page.about.config.reopen_on),
        ),
    ]


def _privacy(page: Page) -> Facts:
    """What may be seen of the people at work; nothing where the settings know no privacy."""
    settings: Any = getattr(page.about.config, "privacy", None)
    if settings is None:
        return []
    found = [
        (page.say("profile"), settings.profile),
        (page.say("fewest agents of a group"), page.words.count(settings.minimum_agents)),
        (page.say("fewest contacts of a group"), page.words.count(settings.minimum_contacts)),
    ]
    unlock = settings.unlock
    if unlock is None:
        return [*found, (page.say("legal basis to see agents one by one"), page.say("none recorded"))]
    basis = f"{unlock.type}, {unlock.protocol}"
    until = page.say(
        "{since} to {until}", since=page.words.day(unlock.date), until=page.words.day(unlock.expires)
    )
    return [
        *found,
        (page.say("legal basis to see agents one by one"), basis),
        (page.say("in force"), until),
        (page.say("approved by"), unlock.approver),
    ]


def _here(page: Page) -> Facts:
    words, zone = page.words, page.period.zone
    version = page.asking.version if page.asking else DASH
    return [
        (page.say("language of this page"), _language(page, words.language)),
        (page.say("data"), page.say("{since} to {until}", since=words.instant(page.about.first, zone),
                                    until=words.instant(page.about.last, zone))),
        (page.say("every source speaks up to"), words.instant(page.about.as_of, zone)),
        (page.say("version of the data"), version[:12]),
        ("Polso", __version__),
    ]  # fmt: skip


def _file(page: Page) -> str:
    if page.asking is None:
        return FILE
    return page.asking.cached(("file",), lambda care: str(care.folder / FILE))


def _table(
    page: Page,
    name: str,
    title: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str | TableCell]],
    empty: str = "",
) -> Figure | None:
    """A table of texts; where there are none, what could be written, or nothing at all."""
    if not rows:
        return page.nothing(name, title, empty) if empty else None
    made = tuple(
        tuple(cell if isinstance(cell, TableCell) else TableCell(cell, cell) for cell in row) for row in rows
    )
    return Figure(name, title, Table(tuple(page.say(head) for head in heads), tuple(heads), made))


def _calendars(page: Page) -> Figure | None:
    rows = [
        (one.name, one.zone or page.about.config.project.zone, opening(page, one), _closed(page, one))
        for one in page.about.config.calendar
    ]
    empty = page.say("No calendar: every hour counts as open. Write [[calendar]] into polso.toml.")
    heads = ("calendar", "time zone", "opening hours", "closed days")
    return _table(page, "calendars", page.say("Calendars"), heads, rows, empty)


def opening(page: Page, one: CalendarSettings) -> str:
    """A week's opening hours in a line, days with the same hours together; several where they changed."""
    if one.always:
        return page.say("always open")
    said = []
    for hours in one.hours:
        since = page.say("from {day}: ", day=page.words.day(hours.valid_from)) if hours.valid_from else ""
        said.append(since + "; ".join(_days(page, hours)))
    return " · ".join(said) or DASH


def _days(page: Page, hours: Hours) -> list[str]:
    week = [(place, getattr(hours, day)) for place, day in enumerate(DAYS, start=1)]
    found = []
    for slots, days in groupby(week, key=lambda day: day[1]):
        names = [page.words.label("weekday", place) for place, _ in days]
        if slots:
            ends = names[0] if len(names) == 1 else f"{names[0]}{DASH}{names[-1]}"
            found.append(f"{ends} {', '.join(slot.replace('-', DASH) for slot in slots)}")
    return found


def _closed(page: Page, one: CalendarSettings) -> str:
    """Holidays and the days that differ from the week."""
    said = []
    if one.holidays:
        place = "-".join(part for part in (one.holidays.country, one.holidays.subdivision) if part)
        said.append(page.say("public holidays of {place}", place=place))
    said += [page.words.day(day) for day in one.extra_holidays]
    said += list(one.annual_holidays)
    differing = len(one.overrides) + len(one.breaks)
    if differing:
        said.append(page.say("days with other hours: {n}", n=page.words.count(differing)))
    return ", ".join(said) or DASH


def _several(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (value,)


def _when(page: Page, when: Mapping[str, Any]) -> str:
    """A slice as people read it: channel: phone; team: emergenze."""
    said = [
        f"{page.named(name)}: {', '.join(page.words.label(name, one) for one in _several(value))}"
        for name, value in when.items()
    ]
    return "; ".join(said) or page.say("everything")


def _rules(page: Page) -> Figure | None:
    rows = [(_when(page, rule.when), rule.calendar) for rule in page.about.config.calendar_rule]
    return _table(
        page, "rules", page.say("Which calendar is whose, the first that fits"), ("slice", "calendar"), rows
    )


def _targets(page: Page) -> Figure | None:
    rows = [(_kpi(page, one.kpi), aim(page, one), _when(page, one.when)) for one in page.about.config.target]
    empty = page.say(
        "No target: write [[target]] into polso.toml to see numbers held against what they should be."
    )
    return _table(page, "targets", page.say("Targets"), ("KPI", "target", "slice"), rows, empty)


def _kpi(page: Page, name: str) -> TableCell:
    entry = page.about.catalogue.get(name.partition(":")[0])
    title = entry.default.title.of(page.words.language) if entry else name
    return TableCell(title, name, page.state.url(f"/kpi/{name.partition(':')[0]}") if entry else "")


def aim(page: Page, one: Target) -> str:
    """What a target asks: within 4 h in 80 % of cases, or a value."""
    if one.within is None:
        entry = page.about.catalogue.get(one.kpi.partition(":")[0])
        return page.words.value(one.value, entry.default.unit if entry else "count")
    said = page.say("within {time}", time=page.words.duration(one.within))
    if one.share is not None:
        said = page.say("{aim}, in {share} of cases", aim=said, share=page.words.share(one.share))
    return f"{said} ({page.say('opening hours')})" if one.calendar else said


def _sources(page: Page) -> Figure | None:
    """Name, kind and files only: what else a source is given may hold secrets."""
    rows = [
        (one.name, one.kind, ", ".join(one.patterns), one.client or "") for one in page.about.config.source
    ]
    empty = page.say("No source: `polso guess FILE` proposes one for polso.toml.")
    return _table(page, "sources", page.say("Sources"), ("source", "kind", "files", "client"), rows, empty)


def _dimensions(page: Page) -> Figure | None:
    rows = list(page.about.config.dimensions.items())
    return _table(
        page,
        "dimensions",
        page.say("Dimensions of this project"),
        ("dimension", "attribute of a ticket"),
        rows,
    )


def _packs(page: Page) -> Figure | None:
    rows = [
        (
            one.name,
            one.row,
            DASH if one.threshold is None else page.words.decimal(one.threshold, 2),
            _when(page, one.where),
        )
        for one in page.about.config.pack
    ]
    title = page.say("What packs are told here")
    return _table(page, "packs", title, ("pack", "requirement", "threshold", "slice"), rows)


def _own(page: Page) -> Figure | None:
    """The project's own KPIs, from its kpis folder."""
    own = [entry for name, entry in page.about.catalogue.items() if name not in shipped()]
    language = page.words.language
    rows = [
        (_kpi(page, one.name), one.default.meaning.of(language), page.words.count(one.default.version))
        for one in own
    ]
    empty = page.say("None: a file in kpis/ adds KPIs of your own.")
    return _table(page, "own", page.say("KPIs of this project"), ("KPI", "meaning", "version"), rows, empty)


def _versions(page: Page) -> Figure | None:
    """The definitions that said something else before, with the version in force."""
    rows = [
        (_kpi(page, d.name), d.variant, page.words.count(d.version), page.words.day(d.valid_from))
        for entry in page.about.catalogue.values()
        for d in entry.definitions
        if d.version > 1
    ]
    heads = ("KPI", "variant", "version", "in force since")
    empty = page.say("Every definition is in its first version.")
    return _table(page, "versions", page.say("Definitions that changed"), heads, rows, empty)


SCREEN: Final = Screen("settings", "Settings", 990, compose)
