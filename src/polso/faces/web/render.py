"""From a request to a page: its state and language, its questions asked side by side, its template filled in."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from polso.errors import PolsoError, QuestionError, UnknownName
from polso.faces.asked import condition
from polso.faces.web import drawing
from polso.faces.web.page import About, Page, grain_of
from polso.faces.web.parts import FIRST, Figure, View
from polso.faces.web.problems import detail_of, problem, status_of
from polso.faces.web.screen import TIME, Ask, Screen, screens
from polso.faces.web.state import COMPARISONS, PERIODS, State
from polso.faces.web.translate import PageWords, accepted
from polso.facts import FACTS
from polso.query.period import Period
from polso.query.period import parse as parse_period

if TYPE_CHECKING:
    from polso.care import Care
    from polso.query.result import Result
    from polso.serving.readers import Readers

# Threads that wait for answers; how many questions run at once is the readers' own affair.
WAITING: Final = ThreadPoolExecutor(16, thread_name_prefix="question")


@cache
def environment() -> Environment:
    """The templates; whatever is put into one is escaped."""
    made = Environment(
        loader=PackageLoader("polso.faces.web", "templates"), autoescape=select_autoescape(default=True),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    made.globals |= {"screens": screens, "PERIODS": PERIODS, "COMPARISONS": COMPARISONS, "FIRST": FIRST}
    made.filters["drawn"] = _drawn
    return made


def _drawn(figure: Figure) -> Any:
    """A figure's chart as SVG."""
    return figure.drawing if figure.spec is None else drawing.svg(figure.spec)


def words_of(request: Request, state: State, about: About | None = None) -> PageWords:
    """The reader's language: the URL's, else the browser's; money in the project's currency."""
    language = state.lang or accepted(request.headers.get("accept-language"))
    return PageWords(language, about.config.project.currency) if about else PageWords(language)


def about(care: Care) -> About:
    """What stands still between two loads."""
    store = care.store
    return About(care.config, care.catalogue, store.first, store.last, store.as_of, care.privacy.reason)


def making(request: Request, screen: Screen, asks: Mapping[str, Ask] | None = None) -> Page:
    """A page with its questions answered; QuestionError where its URL says what cannot be understood."""
    readers: Readers = request.app.state.readers
    state = State.read(request.url.path, request.query_params.multi_items())
    known = readers.cached(("about",), about)
    _check(state, known)
    period = _period(state.period, known, readers)
    earlier = None if state.compare == "none" else period.before(state.compare)  # type: ignore[arg-type]
    page = Page(screen, state, words_of(request, state, known), known, period, earlier, {}, readers)
    asked = asks if asks is not None else screen.asks
    found = WAITING.map(lambda ask: _answer(readers, page, ask), asked.values())
    page.answers.update(zip(asked, found, strict=True))  # type: ignore[attr-defined]
    return page


def _check(state: State, known: About) -> None:
    """UnknownName for a filter by what no fact has; a screen whose own facts lack it says so where it matters."""
    columns = {c.name for fact in FACTS.values() for c in fact.all_columns(known.config.dimensions)}
    for text in state.where:
        name = condition(text, known.config.dimensions).column
        if name not in columns:
            raise UnknownName("dimension", name, columns)


def days(readers: Readers) -> tuple[date, date]:
    """The first and the last local day that the data speaks of; QuestionError where nothing is loaded."""
    return readers.cached(("days",), lambda care: (
        care.store.local_day(care.store.first), care.store.local_day(care.store.last)
    ))  # fmt: skip


def _period(text: str, known: About, readers: Readers) -> Period:
    zone = known.config.project.zone
    first, last = days(readers)
    return parse_period(text, zone, first=first, last=last)


def _answer(readers: Readers, page: Page, ask: Ask) -> Result | PolsoError:
    """The answer to one question of a page; an error stands for it, so that the rest of the page is there."""
    period = page.earlier if ask.earlier else page.period
    if period is None:
        return QuestionError("choose a period to compare with")
    state = page.state
    own = [f"{name}={_joined(value)}" for name, value in ask.where.items()]
    where = [condition(text, page.about.config.dimensions) for text in (*state.where, *own)]
    by = tuple(grain_of(page.period) if name == TIME else name for name in ask.by)
    compare: Any = state.compare if ask.compare and state.compare != "none" else None
    try:
        return readers.ask(
            *ask.kpis, by=by, period="all" if ask.ever else f"{period.since}..{period.until}", where=tuple(where), stat=ask.stat,
            time=ask.time, params=dict(ask.params), definition=ask.definition, compare=compare,
        )  # fmt: skip
    except PolsoError as error:
        return error


def _joined(value: Any) -> str:
    return ",".join(str(one) for one in value) if isinstance(value, tuple | list) else str(value)


@dataclass(frozen=True)
class Shown:
    """A page as text, and its language."""

    text: str
    language: str


def written(page: Page, view: View, template: str | None = None) -> Shown:
    """A page as HTML."""
    drawing.begin(figure.spec for figure in view.figures if figure.spec is not None)
    found = environment().get_template(template or f"{page.screen.name}.html")
    text = found.render(page=page, view=view, state=page.state, words=page.words, _=page.say, **view.more)
    return Shown(text, page.words.language)


def answered(shown: Shown, status: int = 200) -> HTMLResponse:
    """A page as an answer to a browser."""
    headers = {"Content-Language": shown.language, "Vary": "Accept-Language"}
    return HTMLResponse(shown.text, status, headers=headers)


def rendered(
    request: Request, page: Page, view: View, template: str | None = None, status: int = 200
) -> HTMLResponse:
    """A page that is made for this request alone."""
    return answered(written(page, view, template), status)


def failed(request: Request, error: Exception) -> Response:
    """An error as a page that says what to do next; as a problem document where a program asked."""
    if request.url.path.startswith("/api/"):
        return problem(error, request.url.path)
    status = status_of(error, request.url.path)
    state = State.read(request.url.path, request.query_params.multi_items())
    words = words_of(request, state)
    found = environment().get_template("error.html")
    said = words.told(detail_of(error))
    return HTMLResponse(found.render(status=status, said=said, state=state, words=words, _=words.say), status)
