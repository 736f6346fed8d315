"""Packs of an authority's requirements: listed, and held against a period, as a table to file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from polso.faces.session import Csv, Json, form_of, session_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from polso.faces.words import Words
    from polso.packs.judgement import Judgement, Line
    from polso.packs.pack import Pack

TONES: Final = {"met": "green", "not met": "red"}
COLUMNS: Final = (
    "pack", "law", "row", "article", "title", "month", "value", "unit", "n", "direction", "threshold", "threshold_from",
    "verdict", "why",
)  # fmt: skip


def pack(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(help="A pack, or the beginning of its name; none lists them.", metavar="NAME"),
    ] = None,
    period: Annotated[
        str, typer.Option("-p", "--period", help="Whole months, twelve at most: 2026, 2026-Q1, 2026-03.")
    ] = "this year",
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Hold the data against what an authority asks: month by month, and over the period."""
    session, form = session_of(context), form_of(json, csv)
    if name is None:
        from polso.packs.pack import packs

        words = session.words()
        known = list(packs().values())
        session.emit(form, [_told(one, words) for one in known], _listed(known, words))
        return
    with session.open() as care:
        from polso.packs.judgement import judge

        words, found = session.words(care), judge(care, name, period)
        session.emit(form, [_row(found, line, words) for line in found.lines], _shown(found, words), COLUMNS)


def _told(pack: Pack, words: Words) -> dict[str, Any]:
    return {
        "name": pack.name, "title": pack.title.of(words.language), "law": pack.law,
        "applies_to": pack.applies_to.of(words.language), "since": pack.since, "until": pack.until,
        "rows": [row.name for row in pack.row],
    }  # fmt: skip


def _listed(known: list[Pack], words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import PALE, lines

    return lines(
        *(
            Text.assemble(
                (one.name, "bold"),
                f"  {one.title.of(words.language)}\n",
                (f"  {one.law}\n  {one.applies_to.of(words.language)}", PALE),
            )
            for one in known
        )
    )


def _row(found: Judgement, line: Line, words: Words) -> dict[str, Any]:
    """A line as a program reads it; the reason in the session's language."""
    return {
        "pack": found.pack.name, "law": found.pack.law, "row": line.row.name, "article": line.row.article,
        "title": line.row.title.of(words.language), "month": line.month, "value": line.value, "unit": line.unit,
        "n": line.n, "direction": line.row.direction, "threshold": line.threshold,
        "threshold_from": None if line.threshold is None else "polso.toml" if line.is_own else "law",
        "verdict": line.verdict.replace(" ", "_"), "why": why(line, words) or None,
    }  # fmt: skip


def why(line: Line, words: Words) -> str:
    """What is missing, left out or counted, in a sentence."""
    told = {
        name: value if isinstance(value, int) else value.of(words.language)
        for name, value in line.told.items()
    }
    match line.why:
        case "missing":
            return words.say("not computable from these sources: {what}", **told)
        case "no_instant":
            return words.say("not computable from these sources: of {of} rows none says {what}", **told)
        case "untold":
            return words.say("polso.toml does not say {what}", **told)
        case "lack":
            return words.say("{n} of {of} rows do not say {what}; they are left out", **told)
        case "dark":
            return words.say("{n} of {of} months have no number; judged on the rest", **told)
        case "held_in":
            return words.say("held in {held} of {months} months; {needed} of {of} are needed", **told)
        case "no_rows":
            return words.say("no row of this kind in the data")
    return ""


def _shown(found: Judgement, words: Words) -> RenderableType:
    """The pack's head, its lines under the title of each requirement, and its notes."""
    from rich.text import Text

    from polso.faces.grid import PALE, lines

    pack = found.pack
    head = Text.assemble(
        (pack.title.of(words.language), "bold"),
        f"\n{words.period(found.period.since, found.period.until)}\n",
        (f"{pack.law}\n{pack.applies_to.of(words.language)}", PALE),
    )
    notes = [pack.note, *(row.note for row in pack.row)]
    own = [line.row.title.of(words.language) for line in found.lines if line.is_own and line.month is None]
    small = [Text(f"* {words.say('threshold from polso.toml: {rows}', rows=', '.join(own))}")] if own else []
    small += [Text(f"* {note.of(words.language)}", style=PALE) for note in notes if note]
    return lines(head, Text(""), _grid(found, words), Text(""), *small, _warned(outside(found, words)))


def _warned(said: str) -> RenderableType | None:
    from rich.text import Text

    from polso.faces.grid import WARN

    return Text(f"! {said}", style=WARN) if said else None


def outside(found: Judgement, words: Words) -> str:
    """A warning where the law was not in force in all of the period; nothing where it was."""
    pack, period = found.pack, found.period
    if pack.since <= period.since and (pack.until is None or pack.until >= period.until):
        return ""
    said = words.say("in force from {since}", since=words.day(pack.since))
    if pack.until:
        said = words.say(
            "in force from {since} to {until}", since=words.day(pack.since), until=words.day(pack.until)
        )
    return said


def _grid(found: Judgement, words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import Column, Grid, figure

    # What no month can ever tell is said once.
    rows = [line for line in found.lines if line.month is None or line.why not in ("missing", "untold")]
    sections = {
        place: f"{line.row.title.of(words.language)} ({line.row.article})"
        for place, line in enumerate(rows)
        if not place or rows[place - 1].row is not line.row
    }
    when = [
        Text(words.label("month", line.month))
        if line.month
        else Text(words.say("whole period"), style="bold")
        for line in rows
    ]
    verdicts = [Text(words.say(line.verdict), style=TONES.get(line.verdict, "")) for line in rows]
    columns = [
        Column(words.say("month"), when, right=False),
        Column(words.say("value"), [figure(words.value(line.value, line.unit)) for line in rows]),
        Column("n", [Text(words.count(line.n)) for line in rows], gives_way=2),
        Column(words.say("threshold"), [figure(threshold_of(line, words)) for line in rows], gives_way=1),
        Column(words.say("verdict"), verdicts, right=False),
        Column(
            words.say("why"), [Text(why(line, words)) for line in rows], right=False, gives_way=3, small=""
        ),
    ]
    return Grid(columns, sections)


def threshold_of(line: Line, words: Words) -> str:
    """What a line must reach, as written; nothing where nobody gave a threshold."""
    if line.threshold is None:
        return ""
    sign = "≥" if line.row.direction == "at_least" else "≤"
    return f"{sign} {words.value(line.threshold, line.unit)}"
