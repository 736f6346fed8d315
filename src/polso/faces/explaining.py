"""The commands that say where a number comes from: explain, disagree, balance, recompute, and `kpis diff`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from polso.faces.asked import cell_of, condition, parameter
from polso.faces.place import here
from polso.faces.questions import Credit, Params, Period, Stat, Time, Variant, Where
from polso.faces.session import Csv, Form, Json, Server, Session, form_of, session_of

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from polso.care import Care
    from polso.faces.remote import Remote
    from polso.faces.words import Words
    from polso.query.balance import Line, Term
    from polso.query.difference import Difference
    from polso.query.disagree import Dissent, Parting
    from polso.query.explain import Account
    from polso.query.explain import Line as Fate
    from polso.query.explanation import Explanation
    from polso.query.saved import Drift

# Tickets whose reasons are counted at most.
COUNTED: Final = 10_000
Limit = Annotated[int, typer.Option("--limit", min=1, help="How many rows at most.")]


def explain(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(help="A KPI, name:variant or name@version.", metavar="KPI")],
    cell: Annotated[
        list[str] | None,
        typer.Option("--cell", help="The cell of a split answer: name=value, like team=x or month=2026-03."),
    ] = None,
    ticket: Annotated[
        str | None, typer.Option("--ticket", help="One ticket: its events, and the instants chosen.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="The ticket's source, where several have that id.")
    ] = None,
    period: Period = "all",
    where: Where = None,
    variant: Variant = None,
    stat: Stat = None,
    time: Time = "calendar",
    param: Params = None,
    credit: Credit = None,
    server: Server = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Say where a number comes from: its definition, the rows counted and left out, one ticket's events."""
    session, form = session_of(context), form_of(json, csv)
    from polso.faces.explained import explained

    with session.asking(server) as care:
        found = care.explain(
            kpi, cell=dict(cell_of(text) for text in cell or ()), ticket=ticket, source=source, period=period,
            where=[condition(text, care.config.dimensions) for text in where or ()], variant=variant, stat=stat, time=time,
            params=dict(parameter(text) for text in param or ()), credit=credit,
        )  # fmt: skip
        words = session.words(care)
        if form is Form.CSV:
            session.emit(form, _account_rows(found, words), "")
        else:
            session.emit(form, [found.as_dict(words.language)], explained(found, care, words))


def _account_rows(found: Explanation, words: Words) -> list[dict[str, Any]]:
    def row(account: Account, one: Fate) -> dict[str, Any]:
        said = {
            "reason": one.reason,
            "words": one.words.of(words.language),
            "n": one.n,
            "counted": one.counted,
        }
        return {"side": account.side, "fact": account.fact, **said}

    return [row(account, one) for account in found.accounts for one in account.lines]


def disagree(
    context: typer.Context,
    kpi: Annotated[str, typer.Argument(help="A KPI.", metavar="KPI")],
    left: Annotated[str, typer.Argument(help="A definition: polso, a variant or a vendor.", metavar="A")],
    right: Annotated[str, typer.Argument(help="Another definition.", metavar="B")],
    period: Period = "all",
    where: Where = None,
    limit: Limit = 20,
    server: Server = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the tickets on which two definitions of a KPI part, each with the reason."""
    session, form = session_of(context), form_of(json, csv)
    with session.asking(server) as care:
        conditions = [condition(text, care.config.dimensions) for text in where or ()]
        parting, every = care.disagree(kpi, left, right, period=period, where=conditions, limit=COUNTED)
        found = every[:limit]
        words, unit = session.words(care), _unit(care, kpi)
        data = [
            {
                "source": one.source, "ticket_id": one.ticket_id, left: one.left, right: one.right,
                "reason": one.reason.of(words.language),
            }
            for one in found
        ]  # fmt: skip
        session.emit(form, data, _dissents(parting, every, limit, (left, right), unit, words))


def _unit(care: Care | Remote, kpi: str) -> str:
    from polso.kpis.catalogue import find

    unit = find(care.catalogue, kpi).unit
    return "count" if unit in ("share", "points") else unit


def parted(parting: Parting, words: Words) -> str:
    """On how many tickets two definitions part, in a sentence."""
    return words.say(
        "{left} and {right} part on {parted} of {n} tickets ({share})", left=parting.left, right=parting.right,
        parted=words.count(parting.parted), n=words.count(parting.tickets), share=words.value(parting.share, "share"),
    )  # fmt: skip


def _dissents(
    parting: Parting, every: Sequence[Dissent], limit: int, names: tuple[str, str], unit: str, words: Words
) -> RenderableType:
    from collections import Counter

    from rich.text import Text

    from polso.faces.grid import Column, Grid, lines

    found = every[:limit]
    reasons = Counter(one.reason.of(words.language) for one in every).most_common()
    whys = [Text(f"{words.count(n):>6}  {why}") for why, n in reasons]
    sides = [[Text(words.value(getattr(one, side), unit)) for one in found] for side in ("left", "right")]
    told = [Text(one.reason.of(words.language), style="dim") for one in found]
    grid = Grid([
        Column("ticket_id", [Text(one.ticket_id) for one in found], right=False),
        *(Column(name, cells) for name, cells in zip(names, sides, strict=True)),
        Column(words.say("why"), told, right=False, gives_way=1, small=""),
    ]) if found else None  # fmt: skip
    more = parting.parted - len(found)
    rest = (
        Text(words.say("and {n} more; --limit shows them", n=words.count(more)), style="dim")
        if more > 0
        else None
    )
    return lines(Text(parted(parting, words), style="bold"), *whys, Text(""), grid, rest)


def balance(
    context: typer.Context,
    period: Period = "all",
    where: Where = None,
    full: Annotated[bool, typer.Option("--all", help="Every dimension of every KPI, line by line.")] = False,
    server: Server = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Show that the counts add up: offered calls, backlog, tickets, the parts of every dimension. Exit code 1 if not."""
    session, form = session_of(context), form_of(json, csv)
    with session.asking(server) as care:
        found = care.balance(
            period=period, where=[condition(text, care.config.dimensions) for text in where or ()]
        )
        words = session.words(care)
        data = [_line_data(one, words) for one in found]
        session.emit(form, _terms(data) if form is Form.CSV else data, _balanced(found, full, words))
    wrong = [one for one in found if not one.holds]
    if wrong:
        names = ", ".join(one.name for one in wrong)
        loud = "These counts do not add up; this is a defect of Polso, please report it: {names}"
        session.err.print(session.say(loud, names=names), style="bold red")
        raise typer.Exit(1)


def _line_data(one: Line, words: Words) -> dict[str, Any]:
    def term(made: Term) -> dict[str, Any]:
        where = [condition.model_dump(exclude_none=True) for condition in made.where]
        return {
            "words": made.words.of(words.language),
            "n": made.n,
            "sign": made.sign,
            "kpi": made.kpi,
            "where": where,
        }

    return {
        "name": one.name, "words": one.words.of(words.language), "holds": one.holds, "difference": one.difference,
        "whole": term(one.whole), "parts": [term(part) for part in one.parts],
    }  # fmt: skip


def _terms(data: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The lines as flat rows, one a term: the whole first, then its parts."""
    rows = []
    for one in data:
        for role, term in (("whole", one["whole"]), *(("part", part) for part in one["parts"])):
            where = " and ".join(
                f"{c['column']} {c['op']} {c.get('value', '')}".strip() for c in term["where"]
            )
            same = {"line": one["name"], "holds": one["holds"], "difference": one["difference"], "role": role}
            rows.append(same | {**term, "where": where})
    return rows


def _balanced(found: Sequence[Line], full: bool, words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import lines

    told: list[Line] = []
    rest: list[Line] = []
    for one in found:
        (rest if " by " in one.name and one.holds and not full else told).append(one)
    said: list[Any] = [part for one in told for part in (_equation(one, words), Text(""))]
    if rest:
        kpis = len({one.whole.kpi for one in rest})
        said.append(Text(words.say(
            "And the parts of every dimension make the whole: {n} splits of {kpis} KPIs; --all shows them.",
            n=words.count(len(rest)), kpis=words.count(kpis),
        ), style="dim"))  # fmt: skip
    return lines(*said)


def _equation(one: Line, words: Words) -> Text:
    from rich.text import Text

    text = Text.assemble((one.words.of(words.language), "bold"), "\n")
    text.append(f"{words.count(one.whole.n)} {one.whole.words.of(words.language)} =")
    for place, part in enumerate(one.parts):
        sign = " − " if part.sign < 0 else " + " if place else " "
        text.append(f"{sign}{words.count(part.n)} {part.words.of(words.language)}")
    verdict = (
        words.say("adds up")
        if one.holds
        else words.say("off by {n}", n=words.count(one.difference, signed=True))
    )
    text.append(f"\n{'✓' if one.holds else '✗'} {verdict}", style="green" if one.holds else "bold red")
    return text


def recompute(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An answer that `polso ask --save` wrote.", metavar="FILE")],
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Make a saved answer again, under its own definitions; what differs then is the data alone. Exit code 1 if anything does."""
    session, form = session_of(context), form_of(json, csv)
    with session.open() as care:
        from polso.faces.table import table

        answer, result, drifts = care.recompute(here().at(file))
        words = session.words(care)
        session.emit(
            form,
            _beside(result.to_dicts(), drifts),
            _recomputed(answer.as_of, table(result, words), drifts, words),
        )
    if drifts:
        raise typer.Exit(1)


def _beside(cells: Sequence[dict[str, Any]], drifts: Sequence[Drift]) -> list[dict[str, Any]]:
    """Today's cells, each with what was saved where that differs; saved cells that are gone stand last."""
    before = [(drift.now, drift.before) for drift in drifts]
    made = []
    for cell in cells:
        differs = [old for now, old in before if now == cell]
        old = differs[0] if differs else None
        made.append(
            {
                **cell,
                "differs": bool(differs),
                "saved_value": old and old["value"],
                "saved_n": old and old["n"],
            }
        )
    gone = [old for now, old in before if now is None and old is not None]
    blank = {"value": None, "n": 0, "differs": True}
    return made + [{**old, **blank, "saved_value": old["value"], "saved_n": old["n"]} for old in gone]


def _recomputed(as_of: str, shown: RenderableType, drifts: Sequence[Drift], words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import lines

    said = [words.say("Saved of data up to {at}, recomputed under its own definitions.", at=as_of)]
    if not drifts:
        said.append(words.say("Nothing differs."))
    for drift in drifts:
        keys = ", ".join(
            f"{name}={value}" for name, value in drift.keys.items() if name not in ("variant", "version")
        )
        then, now = (
            f"{cell['value']} (n {cell['n']})" if cell else "–" for cell in (drift.before, drift.now)
        )
        said.append(words.say("{keys}: was {then}, is {now}", keys=keys, then=then, now=now))
    return lines(shown, Text(""), Text("\n".join(said), style="dim"))


def diff(session: Session, form: Form, left: str, right: str | None, period: str) -> None:
    """`polso kpis diff`: what two definitions say differently, and what it does to the numbers."""
    with session.open() as care:
        found = care.diff(left, right, period=period)
        words = session.words(care)
        data = {
            "left": found.left.versioned, "right": found.right.versioned,
            "changes": [asdict(change) for change in found.changes], "cells": found.result.to_dicts(),
            "parting": asdict(found.parting) | {"share": found.parting.share} if found.parting else None,
        }  # fmt: skip
        session.emit(form, [data], _difference(found, words))


def _difference(found: Difference, words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import lines
    from polso.faces.kpis import spelt
    from polso.faces.table import table

    names = (found.left.versioned, found.right.versioned)
    said: list[Any] = [Text(f"{names[0]}  →  {names[1]}", style="bold")]
    for change in found.changes:
        said.append(Text(words.say(change.key), style="dim"))
        for sign, side, style in (("−", change.left, "red"), ("+", change.right, "green")):
            text = side.get(words.language, spelt(side)) if isinstance(side, dict) else spelt(side)
            said.append(Text(f"  {sign} {text if side is not None else '–'}", style=style))
    if not found.changes:
        said.append(Text(words.say("They say the same.")))
    parting = Text(parted(found.parting, words)) if found.parting else None
    return lines(*said, Text(""), table(found.result, words), parting)
