"""The command that says what can be asked: the list of KPIs, and how each is defined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from polso.errors import QuestionError
from polso.faces.questions import Period
from polso.faces.session import Csv, Json, Server, Session, form_of, session_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from polso.faces.words import Words
    from polso.kpis.definition import Definition, Entry, Param

DIFF: Final = "diff"


def kpis(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="One KPI, to see its whole definition, or other words for it (FRT);"
            " or `diff` and one or two, to see what changed between versions.",
            metavar="[diff] NAME...",
        ),
    ] = None,
    period: Period = "all",
    server: Server = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """List the KPIs, show how one is defined, or what two definitions say differently (`kpis diff A B`)."""
    session, form = session_of(context), form_of(json, csv)
    known, words = _catalogue(session, server), session.words()
    if not names:
        session.emit(form, [_entry(entry, words) for entry in known.values()], _listed(known.values(), words))
        return
    if names[0] == DIFF:
        from polso.faces.explaining import diff

        if not 2 <= len(names) <= 3:
            raise QuestionError("name one KPI, or two definitions: `polso kpis diff csat:zendesk csat`")
        if server:
            raise QuestionError("`kpis diff` is asked where the data is: leave --server out")
        diff(session, form, names[1], names[2] if len(names) == 3 else None, period)
        return
    from polso.kpis.catalogue import find
    from polso.kpis.search import called

    near = called(known, " ".join(names)) if names[0].partition(":")[0].partition("@")[0] not in known else []
    if len(near) > 1:
        session.emit(form, [_entry(known[n], words) for n in near], _listed([known[n] for n in near], words))
        return
    chosen: list[Definition] = []
    for name in near or names:
        one = find(known, name)
        chosen += [one] if set(":@") & set(name) else known[one.name].definitions
    session.emit(form, [d.model_dump(mode="json") for d in chosen], _defined(chosen, words, session.folder))


def _catalogue(session: Session, server: str | None) -> Any:
    """The project's catalogue, here or behind a server; the shipped one outside of projects."""
    from polso import config
    from polso.kpis.catalogue import catalogue

    if server:
        with session.asking(server) as care:
            return care.catalogue
    folder = session.folder
    inside = (folder / config.FILE).is_file()
    return catalogue(folder, config.read(folder).dimensions) if inside else catalogue()


def _entry(entry: Entry, words: Words) -> dict[str, Any]:
    d = entry.default
    return {
        "name": entry.name, "title": d.title.of(words.language), "unit": d.unit, "better": d.better,
        "meaning": d.meaning.of(words.language), "fact": d.fact,
        "stat": d.stat if d.kind == "duration" else None,
        "version": d.version, "variants": list(entry.variants), "params": list(d.params), "aliases": list(entry.aliases),
    }  # fmt: skip


def _listed(entries: Iterable[Entry], words: Words) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import PALE, Column, Grid

    known = sorted(entries, key=lambda entry: (entry.default.fact, entry.name))
    places = {
        next(i for i, e in enumerate(known) if e.default.fact == fact): words.say(fact)
        for fact in dict.fromkeys(e.default.fact for e in known)
    }
    columns = [
        Column(words.say("name"), [Text(e.name) for e in known], right=False),
        Column(
            words.say("title"),
            [Text(e.default.title.of(words.language)) for e in known],
            right=False,
            gives_way=1,
            small="",
        ),
        Column(
            words.say("unit"),
            [Text(words.say(e.default.unit), style=PALE) for e in known],
            right=False,
            gives_way=3,
        ),
        Column(
            words.say("variants"),
            [Text(", ".join(e.variants), style=PALE) for e in known],
            right=False,
            gives_way=4,
        ),
    ]
    return Grid(columns, places)


def _defined(definitions: Sequence[Definition], words: Words, folder: Path) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import lines

    return lines(*(part for d in definitions for part in (_definition(d, words, folder), Text(""))))


def _definition(d: Definition, words: Words, folder: Path) -> RenderableType:
    """A definition in full: title and meaning first, then every key it sets."""
    from rich.table import Table
    from rich.text import Text

    from polso.faces.grid import PALE, lines
    from polso.kpis.definition import span_text

    keys = Table(box=None, show_header=False, padding=(0, 2, 0, 0), pad_edge=False)
    keys.add_column(style=PALE, no_wrap=True)
    keys.add_column(overflow="fold")
    shown = d.model_dump(
        mode="json", exclude_defaults=True, exclude={"name", "variant", "title", "meaning"}
    ) | {"version": d.version}
    for key, value in shown.items():
        text = words.say(value) if key in ("unit", "better", "stat") else spelt(value)
        if key == "params":
            text = ", ".join(f"{name} = {_limit(param)}" for name, param in d.params.items())
        if key == "edges" and d.kind in ("bands", "stock_by_age"):
            text = ", ".join(span_text(edge) for edge in d.edges)
        keys.add_row(words.say(key), Text(text))
    keys.add_row("--by", Text(", ".join(_splits(d, folder))))
    head = Text.assemble((d.label, "bold"), f"  {d.title.of(words.language)}")
    return lines(head, Text(d.meaning.of(words.language)), keys)


def _limit(param: Param) -> str:
    """The default of a parameter as it is typed: 4h, 0.8."""
    from polso.kpis.definition import span_text

    return span_text(param.default) if param.unit == "duration" else f"{param.default:g}"


def _splits(d: Definition, folder: Path) -> list[str]:
    """What a KPI can be split by: grains of time, and the dimensions of its fact and of the project."""
    from polso import config
    from polso.facts import FACTS
    from polso.query.question import GRAINS

    own = config.read(folder).dimensions if (folder / config.FILE).is_file() else {}
    return [*GRAINS, *(c.name for c in FACTS[d.fact].all_columns(own) if c.dimension)]


def spelt(value: Any) -> str:
    """A part of a definition in one line: conditions as `column op value`."""
    if isinstance(value, dict) and "column" in value:
        right = f"${value['param']}" if value.get("param") else spelt(value.get("value", ""))
        return f"{value['column']} {value.get('op', '=')} {right}".strip()
    if isinstance(value, dict) and "any_of" in value:
        return "(" + " or ".join(spelt(part) for part in value["any_of"]) + ")"
    if isinstance(value, dict):
        return "; ".join(f"{name}: {spelt(part)}" for name, part in value.items() if part is not None)
    if isinstance(value, list):
        return ", ".join(spelt(part) for part in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
