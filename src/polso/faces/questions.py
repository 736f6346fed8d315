"""The commands that answer: ask, rows, and the scorecard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import typer

from polso.errors import QuestionError
from polso.faces.asked import condition, parameter
from polso.faces.place import here
from polso.faces.session import Csv, Form, Json, Server, Session, form_of, session_of

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import RenderableType

    from polso.care import Care
    from polso.faces.remote import Remote
    from polso.faces.words import Words
    from polso.kpis.definition import Definition

SHOWN: Final = 60
DASH: Final = "–"
HINT: Final = """No project here (no polso.toml).

  polso demo DIR   a simulated company, to look around
  polso new DIR    a project of your own
  polso --help     everything else"""
Period = Annotated[
    str,
    typer.Option(
        "-p",
        "--period",
        help="2026, 2026-Q1, 2026-03, 2026-W12, 2026-03-15, A..B, 'last 28 days', 'this month', all.",
    ),
]
Where = Annotated[
    list[str] | None,
    typer.Option(
        "-w",
        "--where",
        help="name=value or name!=value; a comma between values means any of them; may be repeated.",
    ),
]
Variant = Annotated[str | None, typer.Option("--variant", help="Another definition of the KPI, by name.")]
Stat = Annotated[
    Literal["mean", "median", "p80", "p90", "p95"] | None,
    typer.Option("--stat", help="Which statistic of a duration."),
]
Time = Annotated[
    Literal["calendar", "business"], typer.Option("--time", help="All hours, or opening hours only.")
]
Params = Annotated[
    list[str] | None,
    typer.Option(
        "--param", help="Change a threshold: name=value (20s, 7d, 0.8), or a choice by word; may be repeated."
    ),
]
Credit = Annotated[
    Literal["sender", "assignee", "last_assignee", "solver", "team"] | None,
    typer.Option(
        "--credit", help="Under whose name a row is counted where an answer is split by agent or team."
    ),
]


def ask(
    context: typer.Context,
    kpis: Annotated[
        list[str],
        typer.Argument(help="Names of KPIs, or name:variant; `polso kpis` lists them.", metavar="KPI..."),
    ],
    by: Annotated[
        list[str] | None,
        typer.Option("-b", "--by", help="Split by a dimension or a grain of time; may be repeated."),
    ] = None,
    period: Period = "all",
    where: Where = None,
    variant: Variant = None,
    definition: Annotated[
        list[str] | None,
        typer.Option(
            "--definition", "-d", help="Several definitions side by side: polso, zendesk, ... or all."
        ),
    ] = None,
    stat: Stat = None,
    time: Time = "calendar",
    param: Params = None,
    credit: Credit = None,
    save: Annotated[
        Path | None,
        typer.Option("--save", help="Keep the answer with its definitions, for `polso recompute`."),
    ] = None,
    compare: Annotated[
        Literal["previous", "weekdays", "last_year"] | None,
        typer.Option("--compare", help="Show the change against another period."),
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="How many cells to write at most; tables stop at 60.")
    ] = None,
    server: Server = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Answer one or several KPIs, split and filtered."""
    session, form = session_of(context), form_of(json, csv)
    splits, named = (
        [name.strip() for text in texts or () for name in text.split(",")] for texts in (by, definition)
    )
    with session.asking(server) as care:
        from polso.faces.table import table

        conditions = [condition(text, care.config.dimensions) for text in where or ()]
        params = dict(parameter(text) for text in param or ())
        result = care.ask(
            *kpis,
            by=splits,
            period=period,
            where=conditions,
            variant=variant,
            stat=stat,
            time=time,
            params=params,
            compare=compare,
            definition=named,
            credit=credit,
        )
        if save:
            care.save(result, here().at(save), time)
            if session.err.is_terminal:
                session.err.print(session.say("Saved in {file}.", file=save))
        words = session.words(care)
        shown = table(result, words, limit or SHOWN)
        if len(named) > 1 or named == ["all"]:
            shown = _side_by_side(care, shown, words, kpis, by=splits, period=period, where=conditions, stat=stat,
                                  time=time, params=params, definition=named, credit=credit)  # fmt: skip
        session.emit(form, result.to_dicts()[:limit], shown)
        if form is not Form.TABLE:
            complain(session, result.warnings)


def _side_by_side(
    care: Care | Remote, shown: RenderableType, words: Words, kpis: Sequence[str], **asked: Any
) -> RenderableType:
    """The answer under several definitions, and on how many tickets each parts from the first."""
    from rich.text import Text

    from polso.faces.explaining import parted
    from polso.faces.grid import lines

    said = []
    for kpi in kpis:
        try:
            said += [parted(parting, words) for parting in care.partings(kpi, **asked)]
        except QuestionError:
            # Stocks and ratios are not read ticket by ticket.
            said.append(
                words.say(
                    "{kpi} is not counted ticket by ticket, so no share of tickets can be said.", kpi=kpi
                )
            )
    if said:
        said.append(words.say("`polso disagree KPI A B` lists these tickets, each with the reason."))
    return lines(shown, Text(""), Text("\n".join(said), style="dim"))


def scorecard(session: Session, form: Form, period: str | None, *, hint: bool) -> None:
    """Print the scorecard; outside a project, say how to make one."""
    if hint and form is Form.TABLE and not (session.folder / "polso.toml").exists():
        session.out.print(session.say(HINT))
        return
    with session.open() as care:
        from polso.faces import scorecard as page

        words = session.words(care)
        card = page.scorecard(care, period or page.LAST)
        session.emit(form, card.as_dicts(words), page.shown(card, words))


def complain(session: Session, warnings: Iterable[str]) -> None:
    """Warnings of an answer that a program reads: on stderr, where they do no harm."""
    from polso.faces.sentences import told

    for warning in warnings:
        session.err.print(f"! {told(session.language, warning)}", style="yellow")


def rows(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(help="A KPI, or name:variant.", metavar="KPI")],
    period: Period = "all",
    where: Where = None,
    variant: Variant = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many rows at most.")] = 20,
    server: Server = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show the rows behind a number."""
    session, form = session_of(context), form_of(json, csv)
    with session.asking(server) as care:
        from polso.kpis.catalogue import find

        conditions = [condition(text, care.config.dimensions) for text in where or ()]
        # One more than asked for, to know whether there are more.
        wider = care.rows(kpi, period=period, where=conditions, variant=variant, limit=limit + 1)
        found, more = wider.slice(0, limit), wider.num_rows > limit
        session.emit(
            form,
            found.to_pylist(),
            _rows(found, find(care.catalogue, kpi, variant), care, session.words(care), more=more),
            found.column_names,
        )


NAMES: Final = ("ticket_id", "contact_id", "order_id", "visit_id", "agent", "event_id")
TOLD: Final = ("customer_id", "client", "channel", "team", "agent", "issue_type", "priority")


def _rows(
    found: pa.Table, definition: Definition, care: Care | Remote, words: Words, *, more: bool
) -> RenderableType:
    """Rows as people read them: which, when, how much, whether counted, whose; the rest is for programs."""
    from rich.text import Text

    from polso.faces.grid import PALE, Column, Grid, lines

    there = found.column_names
    name = next((key for key in NAMES if key in there), there[0])
    measured = [key for key in (definition.value, f"{definition.value}_us", "score") if key and key in there]
    wanted = dict.fromkeys([definition.clock, *measured, "counted", *TOLD])
    kept = [key for key in wanted if key in there and key != name and found[key].null_count < found.num_rows]
    rows = found.select(list(dict.fromkeys([name, *kept]))).to_pylist()
    columns = [Column(name, [Text(str(row[name])) for row in rows], right=False)] if rows else []
    for place, key in enumerate(kept):
        cells = [Text(_cell(key, row[key], care, words)) for row in rows]
        columns.append(
            Column(words.say(key), cells, right=key in measured, gives_way=max(0, place - len(measured)))
        )
    said = (
        words.say(
            "the first {n} rows; --limit shows more, --json and --csv have all columns",
            n=words.count(len(rows)),
        )
        if more
        else words.say("1 row; --json and --csv have all columns")
        if len(rows) == 1
        else words.say("{n} rows; --json and --csv have all columns", n=words.count(len(rows)))
    )
    return lines(Grid(columns) if columns else None, Text(said, style=PALE))


def _cell(key: str, value: Any, care: Care | Remote, words: Words) -> str:
    from datetime import datetime

    if isinstance(value, datetime):
        return words.instant(value.replace(tzinfo=None), care.config.project.zone)
    if value is not None and key.endswith("_us"):
        return words.duration(value / 1_000_000, business="_business" in key)
    return DASH if value is None else words.label(key, value)
