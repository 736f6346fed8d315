"""Publishing: facts, views and the catalogue for BI tools and notebooks, as one set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polso.faces.place import here
from polso.faces.session import Csv, Json, form_of, session_of


def publish(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Argument(help="Where to; published/ in the project by default.", metavar="DIR")
    ] = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Write facts, views and catalogue for other programs, all at once: a reader sees the old set or the new one."""
    session, form = session_of(context), form_of(json, csv)
    from rich.text import Text

    from polso.faces.waiting import Waiting
    from polso.publish.folder import publish as write

    with session.open() as care, Waiting(session.err) as waiting:
        made = write(care, here().at(folder) if folder else session.folder / "published", waiting)
    words = session.words()
    said = words.say(
        "Published set {n} in {folder}: facts {facts}, views {views}.",
        n=made.number, folder=here().shown(made.root), facts=len(made.facts), views=len(made.views),
    )  # fmt: skip
    data = [
        {"file": here().shown(made.path / f"{name}.parquet"), "fact": name, "rows": n}
        for name, n in made.facts.items()
    ]
    session.emit(form, data, Text(said))
