"""Self-service and community: what customers solve without people at work, and where they get stuck."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.web import cause, moves, plots
from polso.faces.web.dots import dots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, View
from polso.faces.web.pivot import Column, pivot
from polso.faces.web.screen import TIME, Ask, Screen

if TYPE_CHECKING:
    from polso.query.result import Result

VISITS: Final = ("self_service_score", "deflection_rate", "linked_visit_share")
BOTS: Final = ("bot_containment", "bot_hand_off_rate", "bot_hand_off_rate:silent")
ARTICLES: Final = ("article_views", "article_helpful_share")
THREADS: Final = (
    "community_answer_rate", "community_answer_rate:accepted", "community_answer_rate:by_peers",
    "community_answer_rate:needed_agent",
)  # fmt: skip
# Each fact is asked on its own: a filter that one fact lacks leaves the others answered.
ASKS: Final = {
    "visits": Ask(VISITS, compare=True),
    "bots": Ask(BOTS, compare=True),
    "hand_off": Ask(("bot_conversation_hand_off_time",), stat="median", compare=True),
    "articles": Ask(ARTICLES, compare=True),
    "searches": Ask(("empty_search_share",), compare=True),
    "threads": Ask(THREADS, compare=True),
    "answers": Ask(("community_answer_time", "community_answer_time:peer"), stat="median", compare=True),
    "visits_course": Ask(("deflection_rate",), by=("week",)),
    "visits_before": Ask(("deflection_rate",), by=("week",), earlier=True),
    "searches_course": Ask(("empty_search_share",), by=("week",)),
    "searches_before": Ask(("empty_search_share",), by=("week",), earlier=True),
    "views_course": Ask(("article_views",), by=(TIME,)),
    "bots_by_channel": Ask(BOTS, by=("channel",), compare=True),
    "bots_by_type": Ask(("bot_containment",), by=("issue_type",)),
    "by_article": Ask(ARTICLES, by=("article",)),
}
BOT_COLUMNS: Final = (
    Column("bots_by_channel", "bot_containment", sampled=True),
    Column("bots_by_channel", "bot_hand_off_rate", variant="default", sampled=True),
    Column("bots_by_channel", "bot_hand_off_rate", variant="silent"),
)


def compose(page: Page) -> View:
    """The numbers of web, bots, articles and community; deflection, bots, searches, articles and threads as figures."""
    made = [
        *(page.tile("visits", kpi, spark="visits_course") for kpi in VISITS),
        *(
            page.tile("bots", kpi.partition(":")[0], variant=kpi.partition(":")[2] or "default")
            for kpi in BOTS
        ),
        page.tile("hand_off", "bot_conversation_hand_off_time"),
        *(page.tile("articles", kpi, spark="views_course") for kpi in ARTICLES),
        page.tile("searches", "empty_search_share", spark="searches_course"),
        page.tile("threads", "community_answer_rate", variant="default"),
        page.tile("answers", "community_answer_time", variant="default"),
    ]
    figures = [
        deflection(page),
        _searches(page),
        _contained(page),
        _threads(page),
        _articles(page),
        _bots(page),
    ]
    return View(sentence(page), [tile for tile in made if tile], figures, {"reasons": page.reasons()})


def deflection(page: Page) -> Figure:
    """Deflection by week, never without the share of sessions it can speak for."""
    linked = page.cell("visits", "linked_visit_share")
    note = ""
    if linked and linked.value is not None:
        note = page.say(
            "Of sessions of known customers only: {share} of all.", share=page.words.share(linked.value)
        )
    empty = page.say(
        "No self-service sessions of known customers: load the web's visits with their customers."
    )
    title = page.say("Sessions without a ticket within 24 hours, by week")
    return page.figure("deflection", title, "visits_course", _deflected, empty=empty, note=note)


def _deflected(page: Page, result: Result) -> Mapping[str, Any]:
    return plots.trend(page, result, earlier=page.earlier_of("visits_before"))


def _searches(page: Page) -> Figure:
    empty = page.say("No searches: load those of the help pages.")
    return page.figure(
        "searches", page.say("Searches without result, by week"), "searches_course", _empty, empty=empty
    )


def _empty(page: Page, result: Result) -> Mapping[str, Any]:
    return plots.trend(page, result, earlier=page.earlier_of("searches_before"))


def _contained(page: Page) -> Figure:
    """What the bot finishes by itself, by what customers ask for; a few conversations say little, and are seen to."""
    made = page.figure(
        "contained", page.say("What the bot finishes by itself"), "bots_by_type", empty=_no_bots(page)
    )
    result = page.result("bots_by_type")
    if made.empty or result is None:
        return made
    rows = sorted(result, key=lambda cell: cell.n, reverse=True)[: plots.MOST]
    named = [(page.words.label("issue_type", cell.keys["issue_type"]), cell) for cell in rows]
    whole = page.cell("bots", "bot_containment")
    note = page.say("Dashed: all conversations. The most frequent first.")
    return Figure(made.name, made.title, made.table, dots(page, named, whole=whole), note=note)


def _no_bots(page: Page) -> str:
    return page.say("No bot conversations: load those of the chat or the phone's bot.")


def _bots(page: Page) -> Figure:
    made = pivot(page, "channel", BOT_COLUMNS, order="name")
    title = page.say("Bots by channel")
    return (
        Figure("bots", title, made)
        if made.rows
        else page.nothing("bots", title, page.missing("bots", _no_bots(page)))
    )


def _threads(page: Page) -> Figure:
    """The community: answered, accepted, by peers, and what an agent had to take."""
    title = page.say("Community threads")
    made = page.figure("threads", title, "threads", empty=page.say("No threads: load the community's."))
    result = page.result("threads")
    if made.empty or result is None:
        return made
    labels = {
        "default": page.say("answered by anybody"),
        "accepted": page.say("with an accepted answer"),
        "by_peers": page.say("of the answered, by a peer first"),
        "needed_agent": page.say("needed an agent"),
    }
    rows = [(labels[cell.variant], cell) for cell in result]
    return Figure(made.name, title, made.table, dots(page, rows))


def _articles(page: Page) -> Figure:
    """The articles most read, with what readers voted."""
    title, result = page.say("Articles most read"), page.result("by_article")
    views = sorted(page.cells("by_article", "article_views"), key=lambda cell: -(cell.value or 0))[
        : plots.MOST
    ]
    if result is None or not views:
        load = page.say("No article was read: load the views of help articles.")
        empty = page.why("by_article") or page.missing("by_article", load)
        return page.nothing("articles", title, empty)
    kept = {cell.keys["article"] for cell in views}
    cells = [cell for cell in result if cell.keys["article"] in kept]
    drawn = plots.bars(page, plots.only(result, "article_views"))
    return Figure("articles", title, page.table(result, cells), drawn)


def sentence(page: Page) -> Markup:
    """What moved beyond chance, else how much customers solved by themselves."""
    level = _level(page)
    if not level:
        said = page.html(
            "Load visits, searches, bot conversations or a community to see what customers solve by themselves."
        )
        for ask in ("threads", "searches", "bots", "visits"):
            said = page.missing(ask, said)
        return said
    asks = ("visits", "bots", "hand_off", "articles", "searches", "threads", "answers")
    return moves.news(page, asks, cause.asides(page, ("bots_by_channel",))) or level


def _level(page: Page) -> Markup:
    """The three shares that say most, each only where it is known."""
    found = (
        (page.cell("visits", "deflection_rate"), "{share} of self-service sessions needed no ticket."),
        (page.cell("bots", "bot_containment"), "Bots finished {share} of their conversations by themselves."),
        (
            page.cell("threads", "community_answer_rate", "default"),
            "{share} of community threads got an answer.",
        ),
    )
    said = [
        page.html(text, share=page.value(cell)) for cell, text in found if cell and cell.value is not None
    ]
    return Markup(" ").join(said)


SCREEN = Screen("selfservice", "Self-service and community", 90, compose, ASKS)
