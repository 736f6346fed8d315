"""An explanation drawn for the terminal: what was meant, all rows, how they spread, and one ticket's time line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from polso.faces.vocabulary import said as in_words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from polso.care import Care
    from polso.faces.remote import Remote
    from polso.faces.words import Words
    from polso.query.bill import Bill
    from polso.query.explain import Account, Distribution
    from polso.query.explanation import Explanation
    from polso.query.story import Chapter, Story

BAR: Final = 24


def explained(found: Explanation, care: Care | Remote, words: Words) -> RenderableType:
    """The whole explanation, from the definition down to a ticket where one was asked for."""
    from rich.text import Text

    from polso.faces.grid import lines
    from polso.faces.table import table

    d = found.definition
    head = Text.assemble((d.label, "bold"), f"  {d.title.of(words.language)}")
    version = Text(
        words.say("version {n}, in force since {day}", n=d.version, day=words.day(d.valid_from)), style="dim"
    )
    parts: list[Any] = [head, version, Text(d.meaning.of(words.language)), _states(found, words), Text("")]
    parts += [table(found.result, words), Text("")]
    for account in found.accounts:
        parts += [_account(account, words), Text("")]
    if found.bill:
        parts += [_bill(found.bill, words), Text("")]
    if found.distribution:
        parts += [_distribution(found.distribution, d.unit, words), Text("")]
    if found.story:
        parts.append(_story(found.story, care, words))
    return lines(*parts)


def _states(found: Explanation, words: Words) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    keys = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    keys.add_column(style="dim", no_wrap=True)
    keys.add_column(overflow="fold")
    for name, said in found.states.items():
        keys.add_row(words.say(name), Text(said.of(words.language)))
    return keys


def _account(account: Account, words: Words) -> RenderableType:
    """All rows, then every line of them; what is counted in bold."""
    from rich.text import Text

    from polso.faces.grid import ACCENT, PALE, Column, Grid, lines

    style = [ACCENT if one.counted else "" for one in account.lines]
    labels = [
        Text(one.words.of(words.language), style=s) for one, s in zip(account.lines, style, strict=True)
    ]
    counts = [Text(words.count(one.n), style=s) for one, s in zip(account.lines, style, strict=True)]
    side = f" ({words.say(account.side)})" if account.side else ""
    title = words.say("All rows: {rows}", rows=account.rows.of(words.language)) + side
    total = words.say(
        "{total} rows = {counted} counted + {left} left out",
        total=words.count(account.total), counted=words.count(account.counted), left=words.count(account.total - account.counted),
    )  # fmt: skip
    people = (
        words.say("each counted once: {n}", n=words.count(account.people))
        if account.people is not None
        else None
    )
    return lines(
        Text(title, style=ACCENT),
        Grid([Column("", labels, right=False), Column(words.say("rows"), counts)]),
        Text(total, style=PALE),
        Text(people, style=PALE) if people else None,
    )


def _bill(bill: Bill, words: Words) -> RenderableType:
    """Every charge, what of it counts, and the sum over the rows."""
    from rich.text import Text

    from polso.faces.charges import described, shared, summed
    from polso.faces.grid import ACCENT, PALE, Column, Grid, lines

    by = shared(bill, words)
    part = words.say("its part") if by else words.say("in the period")
    columns = [
        Column("", [Text(described(one, words)) for one in bill.charges], right=False),
        Column(words.say("in the period"), [Text(words.money(one.spent)) for one in bill.charges]),
        Column(words.say("share"), [Text(words.share(one.share)) for one in bill.charges]),
        Column(
            part,
            [Text(words.money(one.counted), style=ACCENT) for one in bill.charges],
        ),
    ]
    return lines(
        Text(words.say("What was spent"), style=ACCENT),
        Grid(columns if by else [columns[0], columns[3]]) if bill.charges else None,
        Text(by, style=PALE) if by else None,
        Text(summed(bill, words), style=PALE),
    )


def _distribution(spread: Distribution, unit: str, words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import ACCENT, PALE, Column, Grid, lines

    most = max(n for _, _, n in spread.bins) or 1
    labels = [
        Text(
            f"{words.value(low, unit)} – {words.value(high, unit)}"
            if high is not None
            else f"≥ {words.value(low, unit)}"
        )
        for low, high, _ in spread.bins
    ]
    bars = [Text("█" * max(1 if n else 0, round(BAR * n / most)), style=PALE) for _, _, n in spread.bins]
    counts = [Text(words.count(n)) for _, _, n in spread.bins]
    tenths = "  ".join(
        f"{round(100 * tenth)} %: {words.value(value, unit)}" for tenth, value in spread.tenths.items()
    )
    grid = Grid(
        [
            Column("", labels, right=False),
            Column(words.say("rows"), counts),
            Column("", bars, right=False, gives_way=1),
        ]
    )
    return lines(Text(words.say("How the values spread"), style=ACCENT), grid, Text(tenths, style=PALE))


def _story(story: Story, care: Care | Remote, words: Words) -> RenderableType:
    """The time line, then each row with its instants and the open time between them."""
    from rich.text import Text

    from polso.faces.grid import ACCENT, Column, Grid, lines

    zone = care.config.project.zone

    def at(instant: datetime | None) -> str:
        return words.moment(instant, zone) if instant else "–"

    times = [Text(at(event["occurred_at"])) for event in story.events]
    kinds = [
        Text(in_words(words.language, "kind", event["kind"]) or str(event["kind"])) for event in story.events
    ]
    details = [Text(_detail(event), style="dim") for event in story.events]
    line = Grid([
        Column(words.say("when"), times, right=False), Column(words.say("event"), kinds, right=False),
        Column("", details, right=False, gives_way=1, small=""),
    ])  # fmt: skip
    head = Text(words.say("Ticket {id} of {source}", id=story.ticket_id, source=story.source), style=ACCENT)
    chapters = [part for chapter in story.chapters for part in _chapter(chapter, at, words)]
    pauses = [
        Text(
            words.say(
                "waiting for {whom}: {a} – {b}",
                whom=in_words(words.language, "waiting_for", p.waiting_for) or p.waiting_for,
                a=at(p.since),
                b=at(p.until),
            )
        )
        for p in story.pauses
    ]
    if not chapters:
        chapters = [Text(words.say("This ticket has no row of this KPI: there is nothing to count."))]
    return lines(head, line, Text(""), *chapters, *pauses)


def _detail(event: Mapping[str, Any]) -> str:
    told = (
        event.get(name)
        for name in ("actor_kind", "actor_id", "subject_id", "team", "stage", "attribute", "value", "amount")
    )
    return " · ".join(str(value) for value in told if value is not None)


def _chapter(chapter: Chapter, at: Any, words: Words) -> list[Text]:
    from rich.text import Text

    made = [Text(chapter.fate.words.of(words.language), style="bold")]
    for name, instant in (("start", chapter.start), ("stop", chapter.stop)):
        if instant:
            made.append(Text(f"  {words.say(name)}: {at(instant.at)}  {instant.words.of(words.language)}"))
    if chapter.seconds is not None:
        made.append(Text(f"  {words.say('elapsed')}: {words.duration(chapter.seconds)}"))
    if chapter.business_seconds is not None and chapter.calendar:
        open_time = words.duration(chapter.business_seconds, business=True)
        made.append(
            Text(f"  {words.say('open time by calendar {name}', name=chapter.calendar)}: {open_time}")
        )
        for start, end in chapter.pieces:
            lasts = words.duration((end - start).total_seconds())
            made.append(Text(f"    {at(start)} – {at(end)}  {lasts}", style="dim"))
    return made
