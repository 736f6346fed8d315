"""One ticket as a KPI sees it: its events, the instants chosen, the open time between them, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.vocabulary import COLUMNS
from polso.faces.web import render
from polso.faces.web.drill.chosen import Chosen, choose, one, opened, period_of
from polso.faces.web.drill.rows import find
from polso.faces.web.drill.timeline import drawing
from polso.faces.web.page import Page
from polso.faces.web.parts import View
from polso.faces.words import DASH
from polso.query.disagree import TOLD_BY_TICKET

if TYPE_CHECKING:
    from polso.query.story import Chapter, Story

router = APIRouter()
FIRST: Final = "first_response_time"
OUTSIDE: Final = "outside_period"
# Kinds whose number is not made of rows that each count or do not.
UNJUDGED: Final = "row"
NOT_HERE: Final = ("ratio", "cost", "peak")


@dataclass(frozen=True)
class Event:
    """An event as written: its number, when, how long after the one before, what, more of it, and whose."""

    number: int
    when: str
    after: str
    what: str
    more: str
    who: str


@router.api_route("/ticket/{ticket:path}", methods=["GET", "HEAD"])
def shown(request: Request, ticket: str) -> HTMLResponse:
    """The time line of a ticket, under one KPI."""
    chosen = choose(request, request.query_params.get("kpi") or FIRST)
    page = opened(request, "ticket", "Ticket", f"/ticket/{ticket}", takes=("kpi", "source"))
    # A ticket is what it is under any filter.
    page = replace(
        page, state=page.state.bare(), screen=replace(page.screen, title=page.say("Ticket {id}", id=ticket))
    )
    source = one(page, "source") or None
    sources = _sources(page, ticket)
    if sources == []:
        raise HTTPException(404, page.say("There is no ticket '{id}'.", id=ticket))
    if source is None and sources and len(sources) > 1:
        return render.rendered(request, page, _which(page, chosen, sources), "drill/which.html")
    if source is not None and sources and source not in sources:
        raise HTTPException(404, page.say("There is no ticket '{id}' in {source}.", id=ticket, source=source))
    return render.rendered(request, page, view(page, chosen, ticket, source), "drill/ticket.html")


def _sources(page: Page, ticket: str) -> list[str] | None:
    """The sources that have such a ticket; None where that may not be asked, so that the story itself says why."""
    assert page.asking is not None  # noqa: S101 - a page of a request always can ask
    try:
        return page.asking.cached(("ticket", ticket), lambda care: find(care, ticket))
    except PolsoError:
        return None


def _which(page: Page, chosen: Chosen, sources: list[str]) -> View:
    links = [(name, page.state.url(kpi=chosen.kpi, source=name)) for name in sources]
    said = page.html("Several sources have a ticket of this name; which one?")
    return View(said, (), (), {"links": links})


def view(page: Page, chosen: Chosen, ticket: str, source: str | None) -> View:
    """Everything of the page; where the KPI cannot be told ticket by ticket, why."""
    d = chosen.definition
    more: dict[str, Any] = {
        "chosen": chosen, "story": None, "why": "", "drawn": "", "events": [], "chapters": [], "waits": [], "later": "",
        "source": source, "kpis": kpis(page), "definitions": definitions(page, chosen), "definition": d,
        "number_url": page.state.url(f"/kpi/{chosen.name}", **chosen.own()), "zone": page.period.zone,
    }  # fmt: skip
    try:
        told = story(page, chosen, ticket, source, period_of(page))
        if told.chapters and all(c.fate.reason == OUTSIDE for c in told.chapters):
            whole = story(page, chosen, ticket, source, "all")
            fates = dict.fromkeys(c.fate.words.of(page.words.language) for c in whole.chapters)
            more["later"] = "; ".join(fates)
    except PolsoError as error:
        more["why"] = page.words.told(" ".join(str(error).split()))
        return View(page.html("This ticket cannot be told under this KPI."), (), (), more)
    more |= {
        "story": told, "source": told.source, "drawn": drawing(page, told), "events": events(page, told),
        "chapters": [chapter(page, chosen, c) for c in told.chapters], "waits": [_wait(page, p) for p in told.pauses],
    }  # fmt: skip
    return View(sentence(page, chosen, told), (), (), more)


def story(page: Page, chosen: Chosen, ticket: str, source: str | None, period: str) -> Story:
    """The ticket's story, as the project tells it."""
    assert page.asking is not None  # noqa: S101 - a page of a request always can ask
    asked = chosen.asked(page, "stat", "time", "params") | {
        "where": (), "period": period, "ticket": ticket, "source": source,
    }  # fmt: skip
    found = page.asking.cached(("explain", chosen.kpi, asked), lambda care: care.explain(chosen.kpi, **asked))
    assert found.story is not None  # noqa: S101 - it was asked with a ticket
    return found.story


def sentence(page: Page, chosen: Chosen, told: Story) -> Markup:
    """The verdict: whether and as what the ticket is in the number, and what lies between its instants."""
    title = page.link(
        chosen.definition.title.of(page.words.language), page.state.url(f"/kpi/{chosen.name}", **chosen.own())
    )
    if not told.chapters:
        return page.html("This ticket has no row of {kpi}: there is nothing to count.", kpi=title)
    if len(told.chapters) > 1:
        counted = sum(c.fate.counted for c in told.chapters)
        if any(c.fate.reason == UNJUDGED for c in told.chapters):
            return page.html("This ticket has {n} rows of {kpi}.", n=len(told.chapters), kpi=title)
        if counted == 1:
            return page.html(
                "This ticket has {n} rows of {kpi}; one of them is counted.", n=len(told.chapters), kpi=title
            )
        return page.html(
            "This ticket has {n} rows of {kpi}; {counted} of them are counted.",
            n=len(told.chapters), kpi=title, counted=counted,
        )  # fmt: skip
    (only,) = told.chapters
    why = only.fate.words.of(page.words.language)
    if only.fate.reason == UNJUDGED:
        return page.html("This ticket has one row of {kpi}.", kpi=title)
    if not only.fate.counted:
        return page.html("{kpi} leaves this ticket out: {why}.", kpi=title, why=why)
    if only.seconds is None:
        return page.html("{kpi}: this ticket is {verdict}.", kpi=title, verdict=why)
    lasted = page.words.duration(only.seconds)
    if only.business_seconds is None:
        return page.html(
            "{kpi}: this ticket is {verdict}; {time} from start to stop.", kpi=title, verdict=why, time=lasted
        )
    return page.html(
        "{kpi}: this ticket is {verdict}; {time} from start to stop, {open} of it in opening hours.",
        kpi=title, verdict=why, time=lasted, open=page.words.duration(only.business_seconds, business=True),
    )  # fmt: skip


def events(page: Page, told: Story) -> list[Event]:
    """The events as a list; of whom only what kind of somebody they are."""
    made: list[Event] = []
    before = None
    for number, event in enumerate(told.events, 1):
        at = event["occurred_at"]
        after = "" if before is None else "+" + page.words.duration((at - before).total_seconds())
        made.append(Event(
            number, page.words.moment(at, page.period.zone), after, page.words.label("kind", event["kind"]), _more(page, event),
            page.words.label("actor_kind", event["actor_kind"]) if event.get("actor_kind") else "",
        ))  # fmt: skip
        before = at
    return made


# Kind of event -> whose words its value is one of.
VALUES: Final = {
    "left": "outcome", "waiting": "waiting_for", "state": "state", "removed": "removed_as", "linked": "link", "note": "note",
}  # fmt: skip


def _more(page: Page, event: Mapping[str, Any]) -> str:
    """What else an event says: stage, attribute and value, team, channel, how long."""
    label = page.words.label
    said = [label("stage", event["stage"])] if event.get("stage") else []
    attribute, value = event.get("attribute"), event.get("value")
    if attribute in COLUMNS["scale"]:
        said.append(label("scale", attribute) + (f": {value}" if value is not None else ""))
    elif attribute is not None:
        said.append(page.named(attribute) + (f": {label(attribute, value)}" if value is not None else ""))
    elif value is not None:
        said.append(label(VALUES.get(event["kind"], "value"), value))
    if event["kind"] == "work" and event.get("amount") is not None:
        said.append(page.words.duration(float(event["amount"])))
    said += [label(name, event[name]) for name in ("direction", "team", "channel") if event.get(name)]
    return " · ".join(said)


def chapter(page: Page, chosen: Chosen, one: Chapter) -> dict[str, Any]:
    """One row of the KPI as written."""
    words, zone = page.words, page.period.zone

    def at(instant: Any) -> str:
        return DASH if instant is None else words.moment(instant, zone)

    minus = chosen.definition.minus
    paused = one.row.get(minus) if minus else None
    if minus and paused is None:
        paused = one.row.get(f"{minus}_us")
    return {
        "verdict": "" if one.fate.reason == UNJUDGED else one.fate.words.of(words.language), "counted": one.fate.counted,
        "ends": [(page.say(name), at(i.at), i.words.of(words.language))
                 for name, i in (("start", one.start), ("stop", one.stop)) if i],
        "elapsed": None if one.seconds is None else words.duration(one.seconds),
        "open": None if one.business_seconds is None else words.duration(one.business_seconds, business=True),
        "calendar": one.calendar,
        "paused": None if paused is None else words.duration(paused / 1_000_000),
        "pieces": [(at(a), at(b), words.duration((b - a).total_seconds())) for a, b in one.pieces],
    }  # fmt: skip


def _wait(page: Page, pause: Any) -> str:
    until = DASH if pause.until is None else page.words.moment(pause.until, page.period.zone)
    since = page.words.moment(pause.since, page.period.zone)
    return page.say(
        "waiting for {whom}: {a} – {b}",
        whom=page.words.label("waiting_for", pause.waiting_for),
        a=since,
        b=until,
    )


def kpis(page: Page) -> list[tuple[str, str]]:
    """The KPIs that are told ticket by ticket, by title."""
    found = [e.default for e in page.about.catalogue.values()]
    told = [d for d in found if d.fact in TOLD_BY_TICKET and d.kind not in NOT_HERE]
    return sorted(
        ((d.name, d.title.of(page.words.language)) for d in told), key=lambda one: one[1].casefold()
    )


def definitions(page: Page, chosen: Chosen) -> list[tuple[str, str]]:
    """The other definitions of this KPI."""
    language = page.words.language
    return [
        (d.label, f"{d.title.of(language)} ({d.variant})")
        for d in page.about.catalogue[chosen.name].definitions[1:]
    ]
