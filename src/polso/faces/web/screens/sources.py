"""Sources and data quality: is every row accounted for, what was rejected and why, what is wrong, do the counts add up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.asked import condition
from polso.faces.findings import sample_of, sentence_of
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, View
from polso.faces.web.screen import Screen
from polso.faces.words import DASH
from polso.sources.account import Account, accounts, reasons

if TYPE_CHECKING:
    from polso.care import Care
    from polso.events.check import Finding
    from polso.faces.doctor import Examined
    from polso.query.balance import Line, Term

REJECTED: Final = 50
SAMPLES: Final = 5


@dataclass(frozen=True)
class Told:
    """What the project tells of its own data; lines: an error where the page's filters fit no count."""

    accounts: tuple[Account, ...] = ()
    reasons: tuple[tuple[str, str, int], ...] = ()
    rejected: tuple[dict[str, Any], ...] = ()
    findings: tuple[Finding, ...] = ()
    leftovers: tuple[str, ...] = ()
    examined: tuple[tuple[str, Examined], ...] = ()
    lines: tuple[Line, ...] | PolsoError = ()


def compose(page: Page) -> View:
    """The account of every source, what was rejected, what is wrong, the counts of the period, the doctor's round."""
    told = gather(page)
    lines = () if isinstance(told.lines, PolsoError) else told.lines
    # The parts of every dimension are a line each: those that hold are counted, the others shown.
    main = [line for line in lines if " by " not in line.name or not line.holds]
    more = {
        "told": told,
        "equations": [_equation(page, line) for line in main],
        "splits": page.words.count(len(lines) - len(main)),
        "no_lines": page.words.told(str(told.lines)) if isinstance(told.lines, PolsoError) else "",
        "findings": [_finding(page, one) for one in told.findings],
        "leftovers": [page.words.told(text) for text in told.leftovers],
    }
    return View(
        sentence(page, told), (), [_accounts(page, told), _reasons(page, told), _rejected(page, told)], more
    )


def gather(page: Page) -> Told:
    """Ask the project; what depends on its data alone is asked once for each state of it."""
    if page.asking is None:
        return Told()
    found: Told = page.asking.cached(("sources",), _told)
    where = page.state.where
    lines = page.asking.cached(("balance", page.state.period, where), lambda care: _lines(care, page))
    minute = datetime.now().replace(second=0, microsecond=0)  # noqa: DTZ005 - only a key: the disk fills while data stands
    examined = page.asking.cached(("doctor", page.words.language, minute), lambda care: _examined(care, page))
    return Told(
        found.accounts, found.reasons, found.rejected, found.findings, found.leftovers, examined, lines
    )


def _told(care: Care) -> Told:
    return Told(
        tuple(accounts(care.engine, care.config)),
        tuple(reasons(care.engine)),
        tuple(care.rejections((), REJECTED)),
        tuple(care.check()),
        tuple(care.leftovers()),
    )


def _lines(care: Care, page: Page) -> tuple[Line, ...] | PolsoError:
    period = f"{page.period.since}..{page.period.until}"
    try:
        return care.balance(
            period=period, where=[condition(text, care.config.dimensions) for text in page.state.where]
        )
    except PolsoError as error:
        return error


def _examined(care: Care, page: Page) -> tuple[tuple[str, Examined], ...]:
    """The doctor's round with the names of what was looked at."""
    from polso.faces.doctor import examine_open, name_of
    from polso.faces.session import Session

    session = Session(care.folder, "it" if page.words.language == "it" else "en")
    return tuple((name_of(one, session), one) for one in examine_open(session, care))


def _accounts(page: Page, told: Told) -> Figure:
    """Every source: rows read = used + skipped + rejected, its events, from when to when."""
    heads = ("source", "kind", "files", "rows read", "used", "skipped", "rejected", "account", "events", "first event",
             "last event")  # fmt: skip
    title = page.say("Sources")
    if not told.accounts:
        return page.nothing(
            "sources",
            title,
            page.say("Nothing is loaded: name your exports in polso.toml, then `polso load`."),
        )
    rows = tuple(_account(page, one) for one in told.accounts)
    note = page.say("Rows read = used + skipped + rejected, as each load counted them.")
    return Figure("sources", title, Table(tuple(page.say(head) for head in heads), heads, rows), note=note)


def _account(page: Page, one: Account) -> tuple[TableCell, ...]:
    words, zone = page.words, page.period.zone
    counts = [
        TableCell(words.count(n), n, numeric=True)
        for n in (one.files, one.rows, one.used, one.skipped, one.rejected)
    ]
    holds = page.say("adds up") if not one.missing else page.say("off by {n}", n=words.count(one.missing))
    verdict = TableCell(
        f"{'✗' if one.missing else '✓'} {holds}", one.missing, tone="bad" if one.missing else "", numeric=True
    )
    ends = [
        TableCell(words.instant(at, zone) if at else DASH, at.isoformat() if at else None, numeric=True)
        for at in (one.first, one.last)
    ]
    kind = TableCell(one.kind or page.say("no longer named"), one.kind)
    events = TableCell(words.count(one.events), one.events, numeric=True)
    return TableCell(one.source, one.source), kind, *counts, verdict, events, *ends


def _reasons(page: Page, told: Told) -> Figure:
    title = page.say("Why events were rejected")
    if not told.reasons:
        return page.nothing("reasons", title, page.say("No row was rejected."))
    heads = ("source", "reason", "events")
    rows = tuple(
        (
            TableCell(source, source),
            TableCell(page.words.told(why), why),
            TableCell(page.words.count(n), n, numeric=True),
        )
        for source, why, n in told.reasons
    )
    return Figure("reasons", title, Table(tuple(page.say(head) for head in heads), heads, rows))


def _rejected(page: Page, told: Told) -> Figure:
    """The first rejected rows, file and line, to be mended where they come from."""
    title = page.say("The first rejected rows")
    if not told.rejected:
        return page.nothing("rejected", title, page.say("No row was rejected."))
    heads = ("source", "file", "line", "reason", "text")
    rows = tuple(
        (
            TableCell(row["source"], row["source"]),
            TableCell(row["file"], row["file"]),
            TableCell(
                DASH if row["line"] is None else page.words.count(row["line"]), row["line"], numeric=True
            ),
            TableCell(page.words.told(row["reason"]), row["reason"]),
            TableCell(row["text"] or "", row["text"]),
        )
        for row in told.rejected
    )
    return Figure("rejected", title, Table(tuple(page.say(head) for head in heads), heads, rows))


def _finding(page: Page, one: Finding) -> dict[str, Any]:
    samples = [sample_of(sample, page.words, page.period.zone) for sample in one.samples[:SAMPLES]]
    return {"count": page.words.count(one.count), "says": sentence_of(one, page.words), "samples": samples}


def _equation(page: Page, line: Line) -> dict[str, Any]:
    """A whole and its parts, each as written, with a mark that says whether they make it."""
    verdict = (
        page.say("adds up")
        if line.holds
        else page.say("off by {n}", n=page.words.count(line.difference, signed=True))
    )
    return {
        "title": line.words.of(page.words.language), "holds": line.holds, "verdict": verdict,
        "whole": _term(page, line.whole), "parts": [_term(page, part) for part in line.parts],
    }  # fmt: skip


def _term(page: Page, term: Term) -> dict[str, str]:
    sign = "−" if term.sign < 0 else "+"
    return {"sign": sign, "n": page.words.count(term.n), "words": term.words.of(page.words.language)}


def sentence(page: Page, told: Told) -> Markup:
    """Whether every row is accounted for, what was rejected and why, and what holds the numbers back."""
    if not told.accounts:
        return page.html("Nothing is loaded: name your exports in polso.toml, then `polso load`.")
    parts = [_rows(page, told), _why(page, told), _counts(page, told), _stopped(page, told)]
    return Markup(" ").join(part for part in parts if part)


def _rows(page: Page, told: Told) -> Markup:
    count = page.words.count
    rows, missing = sum(one.rows for one in told.accounts), sum(abs(one.missing) for one in told.accounts)
    anchor = page.link(count(rows), "#sources")
    if missing:
        text = "Of {rows} rows of {sources} sources {missing} are not accounted for: this is a defect of Polso, please report it."
        return page.html(text, rows=anchor, sources=count(len(told.accounts)), missing=count(missing))
    return page.html(
        "All {rows} rows of {sources} sources are accounted for.",
        rows=anchor,
        sources=count(len(told.accounts)),
    )


def _why(page: Page, told: Told) -> Markup:
    n = sum(one.rejected for one in told.accounts)
    if not told.reasons:
        return page.html("None was rejected.") if not n else Markup("")
    rejected = page.link(page.words.count(n or sum(found[2] for found in told.reasons)), "#reasons")
    if len(told.reasons) == 1:
        return page.html("{n} were rejected: {why}.", n=rejected, why=page.words.told(told.reasons[0][1]))
    return page.html(
        "{n} were rejected, most because: {why}.", n=rejected, why=page.words.told(told.reasons[0][1])
    )


def _counts(page: Page, told: Told) -> Markup:
    if isinstance(told.lines, PolsoError) or not told.lines:
        return Markup("")
    wrong = [line for line in told.lines if not line.holds]
    if not wrong:
        return Markup("")
    return page.html("{n} counts do not add up.", n=page.link(page.words.count(len(wrong)), "#balance"))


def _stopped(page: Page, told: Told) -> Markup:
    """The sources that fell silent: answers speak only up to the oldest of them."""
    samples = [sample for one in told.findings if one.kind == "stopped" for sample in one.samples]
    names = [name for name, _ in groupby(sorted(sample.source for sample in samples))]
    return (
        page.html("Silent since before the others: {names}.", names=", ".join(names)) if names else Markup("")
    )


SCREEN = Screen("sources", "Sources and data quality", 110, compose, lasts=False)
