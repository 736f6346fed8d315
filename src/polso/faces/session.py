"""What every command shares: the project's folder, the language, the terminal, and how results leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from polso.faces import language as languages
from polso.faces.place import here

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from polso.care import Care
    from polso.faces.remote import Remote
    from polso.faces.words import Words

Json = Annotated[bool, typer.Option("--json", help="Write JSON instead of a table.")]
Server = Annotated[
    str | None,
    typer.Option("--server", help="Ask a server instead of a folder, by its address: http://127.0.0.1:8321."),
]
Csv = Annotated[bool, typer.Option("--csv", help="Write CSV instead of a table.")]


PIPED: Final = 10_000


class Form(Enum):
    """How an answer leaves: for people, or for programs."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@dataclass
class Session:
    """One run of the command line."""

    folder: Path
    asked: languages.Language | None = None

    @property
    def language(self) -> languages.Language:
        """Asked for, else the project's own, else the terminal's."""
        return self.asked or languages.written(self.folder) or languages.system()

    def say(self, text: str, **values: Any) -> str:
        """An interface sentence in the session's language."""
        return languages.say(self.language, text, **values)

    @cached_property
    def out(self) -> Console:
        """Where answers go."""
        return console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Where errors and progress go, so that a pipe only ever sees answers."""
        return console(stderr=True)

    def open(self) -> AbstractContextManager[Care]:
        """The project; ConfigError where there is none."""
        lend = here().lend
        if lend and (lent := lend(self.folder)):
            return lent
        from polso.care import open_project

        return open_project(self.folder)

    def asking(self, server: str | None) -> AbstractContextManager[Care | Remote]:
        """Who answers questions: the project here, or the one behind a server."""
        if server is None:
            return self.open()
        from polso.faces.remote import Remote

        return Remote(server)

    def words(self, care: Care | Remote | None = None) -> Words:
        """How numbers are written: the session's language, the project's currency."""
        from polso.faces.words import Words

        return Words(self.language, care.config.project.currency) if care else Words(self.language)

    def emit(
        self,
        form: Form,
        data: Sequence[Mapping[str, Any]],
        shown: RenderableType,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Write an answer: rows of data for programs, or what is shown to people."""
        from polso.faces import output

        if form is Form.JSON:
            output.write_json(data)
        elif form is Form.CSV:
            output.write_csv(data, columns)
        elif self.out.is_terminal:
            self.out.print(shown)
        else:
            with self.out.capture() as held:
                self.out.print(shown)
            print("\n".join(line.rstrip() for line in held.get().splitlines()))


def console(*, stderr: bool, soft_wrap: bool = False) -> Console:
    """A terminal as wide as it is; a pipe has no width, so that no line of it is broken, unless COLUMNS says one."""
    from rich.console import Console, ConsoleDimensions

    class Pipe(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    place = here()
    made = Pipe(
        stderr=stderr, file=place.err if stderr else place.out, highlight=False, markup=False, emoji=False,
        soft_wrap=soft_wrap, _environ=place.environment,
    )  # fmt: skip
    if place.is_elsewhere:
        # Asked for its size, rich would measure the terminal of this process.
        columns, rows = place.environment.get("COLUMNS", ""), place.environment.get("LINES", "")
        width, height = place.size or (80, 25)
        made.size = ConsoleDimensions(
            int(columns) if columns.isdigit() else width or 80, int(rows) if rows.isdigit() else height or 25
        )
    if not made.is_terminal and not place.environment.get("COLUMNS"):
        made.width = PIPED
    return made


def form_of(json: bool, csv: bool) -> Form:
    """The form that was asked for; both at once is a wrong use."""
    if json and csv:
        raise typer.BadParameter("--json / --csv: choose one")
    return Form.JSON if json else Form.CSV if csv else Form.TABLE


def session_of(context: typer.Context) -> Session:
    """The session that the options before the command made."""
    session = context.obj
    assert isinstance(session, Session)  # noqa: S101
    return session
