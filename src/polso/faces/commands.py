"""The commands that keep a project: new, demo, load, guess, check, doctor, export."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from polso.errors import ConfigError, QuestionError
from polso.faces.sentences import told
from polso.faces.session import Csv, Form, Json, Session, form_of, session_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from polso.care import Care
    from polso.sources.load import Loaded

REJECTIONS_SHOWN: Final = 20
Folder = Annotated[Path, typer.Argument(help="Folder to make it in.", metavar="DIR")]


def new(context: typer.Context, folder: Folder) -> None:
    """Make a project: a commented polso.toml, data/ and kpis/. Nothing is overwritten."""
    from polso.faces import starter

    session = session_of(context)
    _free(folder)
    starter.write(folder, session.language)
    session.out.print(
        session.say(
            "Made {folder}. Put exports into {folder}/data, name them in polso.toml,"
            " then: polso -C {folder} load",
            folder=folder,
        )
    )
    session.out.print(
        session.say(
            "Opening hours are Monday to Friday, 9 to 18, until you change [[calendar]] in polso.toml."
        )
    )


def demo(
    context: typer.Context,
    folder: Folder,
    tickets: Annotated[
        int, typer.Option("--tickets", min=1, help="How many tickets the company gets.")
    ] = 5000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same company.")] = 7,
) -> None:
    """Simulate a company, load it and print its scorecard."""
    session = session_of(context)
    _free(folder)
    from polso import demo as company
    from polso.faces import questions
    from polso.faces.waiting import Waiting

    with Waiting(session.err) as waiting:
        waiting(session.say("simulating"), 0, 1)
        company.write_project(folder, tickets=tickets, seed=seed)
    inside = Session(folder, session.asked)
    with inside.open() as care:
        loaded, _ = _load(inside, care, ())
    events = sum(account.new for account in loaded)
    words = inside.words()
    inside.out.print(
        words.say(
            "Simulated {n} tickets, {events} events, in {folder}.\n",
            n=words.count(tickets),
            events=words.count(events),
            folder=folder,
        )
    )
    questions.scorecard(inside, Form.TABLE, None, hint=False)


def _free(folder: Path) -> None:
    if (folder / "polso.toml").exists():
        raise ConfigError(f"{folder} holds a project already; choose another folder")


def load(
    context: typer.Context,
    sources: Annotated[
        list[str] | None, typer.Argument(help="Only these sources of polso.toml.", metavar="SOURCE...")
    ] = None,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Show the first rejected rows: file, line, reason.")
    ] = False,
    anew: Annotated[
        list[str] | None,
        typer.Option(
            "--anew",
            help="Forget what this source told, and read its files again; may be repeated.",
            metavar="SOURCE",
        ),
    ] = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Load the files that polso.toml names, and bring the facts up to them."""
    session, form = session_of(context), form_of(json, csv)
    with session.open() as care:
        loaded, left = _load(session, care, tuple(sources or ()), tuple(anew or ()))
        if rejected:
            found = care.rejections(sources or (), REJECTIONS_SHOWN)
            session.emit(
                form, found, _rejections(session, found), ("source", "file", "line", "reason", "text")
            )
        else:
            session.emit(form, [asdict(account) for account in loaded], account_of(session, loaded, left))
    if form is not Form.TABLE:
        from polso.faces.questions import complain

        complain(session, left)
    unread = [account.file for account in loaded if account.rejected and not account.used]
    if unread:
        said = session.say(
            "no row could be used of: {files}; `polso load --rejected` says why", files=", ".join(unread)
        )
        session.err.print(f"polso: {said}", style="red")
        raise typer.Exit(1)


def _load(
    session: Session, care: Care, sources: tuple[str, ...], anew: tuple[str, ...] = ()
) -> tuple[list[Loaded], list[str]]:
    """Every file's account, and what the log holds of files that are named no longer."""
    from polso.faces.waiting import Waiting

    with Waiting(session.err) as waiting:
        return care.load(*sources, anew=anew, progress=waiting), care.leftovers()


def _rejections(session: Session, found: list[dict[str, Any]]) -> RenderableType:
    from rich.text import Text

    from polso.faces.grid import PALE, lines

    said = [
        Text.assemble(
            (f"{row['file']}:{row['line'] if row['line'] is not None else '?'}", "bold"),
            f"  {told(session.language, row['reason'])}",
            (f"\n  {row['text']}" if row["text"] else "", PALE),
        )
        for row in found
    ]
    return lines(*said) if said else Text(session.say("No row was rejected."))


def account_of(session: Session, loaded: list[Loaded], left: list[str]) -> RenderableType:
    """What became of every row: read = used + skipped + rejected."""
    from rich.text import Text

    from polso.faces.grid import PALE, WARN, Column, Grid, figure, lines

    words = session.words()
    warnings = [f"! {told(session.language, text)}" for text in left]
    if not loaded:
        none = Text(words.say("polso.toml names no [[source]]; `polso guess FILE` proposes one"))
        return lines(none, Text("\n".join(warnings), style=WARN) if warnings else None)
    ways = {"read": 0, "used": 3, "skipped": 2, "rejected": 1, "new": 0, "repeated": 4, "conflicting": 5}
    counts = {
        title: [int(getattr(a, "rows" if title == "read" else title)) for a in loaded] for title in ways
    }
    columns = [Column(words.say("file"), [Text(a.file) for a in loaded], right=False)]
    columns += [
        Column(words.say(t), [figure(words.count(c)) for c in counts[t]], gives_way=way)
        for t, way in ways.items()
    ]
    columns.append(
        Column(
            "",
            [Text(words.say("unchanged") if a.unchanged else "", style=PALE) for a in loaded],
            right=False,
            gives_way=6,
        )
    )
    total = words.say(
        "Rows read {read} = used {used} + skipped {skipped} + rejected {rejected}."
        " Events: {new} new, {repeated} repeated, {conflicting} conflicting, {bad} rejected.",
        bad=words.count(sum(a.rejected_events for a in loaded)),
        **{title: words.count(sum(found)) for title, found in counts.items()},
    )
    warnings[:0] = [f"! {told(session.language, text)}" for a in loaded for text in a.warnings]
    if any(a.rejected or a.rejected_events for a in loaded):
        warnings.append("! " + words.say("`polso load --rejected` shows what was rejected, and why"))
    warned = Text("\n".join(warnings), style=WARN) if warnings else None
    return lines(Grid(columns), Text(""), Text(total), warned)


def guess(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="An export to look at.", metavar="FILE")],
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Propose how to read a file: text for polso.toml, to be read, mended and put there."""
    session, form = session_of(context), form_of(json, csv)
    from rich.syntax import Syntax

    from polso.sources.guess import guess as look
    from polso.sources.guess import named_in_project
    from polso.sources.guess_toml import render

    # People name a file from where they stand, and polso.toml from the project's folder: both are understood.
    path = next((one for one in (file, session.folder / file) if one.exists()), file)
    found = look(path, named_in_project(path, session.folder))
    found = replace(found, notes=tuple(told(session.language, note) for note in found.notes))
    text = render(found, session.say)
    if session.out.is_terminal or form is not Form.TABLE:
        session.emit(
            form, [{**asdict(found), "toml": text}], Syntax(text, "toml", background_color="default")
        )
    else:
        print(text)  # as it stands, for `polso guess FILE >> polso.toml`


def check(context: typer.Context, json: Json = False, csv: Csv = False) -> None:
    """Say what is wrong with the loaded events: silences, impossible durations, orphans, rejections."""
    session, form = session_of(context), form_of(json, csv)
    from rich.text import Text

    from polso.faces.findings import shown

    with session.open() as care:
        from polso.events.log import is_empty

        found = care.check()
        if not found and is_empty(care.engine):
            raise QuestionError("nothing is loaded yet; run `polso load` in the project's folder")
        data = [asdict(finding) for finding in found]
        session.emit(
            form,
            data,
            shown(found, session.words(care), care.config.project.zone)
            if found
            else Text(session.say("Nothing is wrong with the log.")),
        )


def doctor(context: typer.Context, json: Json = False, csv: Csv = False) -> None:
    """Look at everything Polso needs: settings, files, store, disk. Exit code 1 where something is wrong."""
    session, form = session_of(context), form_of(json, csv)
    from polso.faces import doctor as ward

    found = ward.examine(session)
    session.emit(form, [asdict(one) for one in found], ward.shown(found, session))
    if not all(one.ok for one in found):
        raise typer.Exit(1)


def export(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; published/ in the project by default.", metavar="DIR")
    ] = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Write the facts as Parquet, one file each; a reader never sees half a file."""
    session, form = session_of(context), form_of(json, csv)
    from rich.text import Text

    from polso.faces.waiting import Waiting
    from polso.publish.parquet import write

    with session.open() as care, Waiting(session.err) as waiting:
        written = write(care, folder or session.folder / "published", waiting)
    words = session.words()
    said = [f"{one['file']}  {words.count(one['rows'])}" for one in written]
    session.emit(form, written, Text("\n".join(said)))
