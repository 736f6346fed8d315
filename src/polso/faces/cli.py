"""The command line: options that come first, commands, and how errors end.

Rule kept here: nothing heavy is imported before a command needs it, so that help answers at once.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer
from typer.main import get_command

from polso import __version__
from polso.errors import PolsoError, QuestionError
from polso.faces import commands, explaining, kpis, language, packs, publish, questions, relayed, serve
from polso.faces.place import here
from polso.faces.sentences import told
from polso.faces.session import Csv, Json, Session, console, form_of

HELP: Final = ["-h", "--help"]
USAGE, FAILURE, INTERRUPTED, BROKEN_PIPE = 2, 1, 130, 0
PANELS: Final = (
    "ARGUMENTS_PANEL_TITLE",
    "OPTIONS_PANEL_TITLE",
    "COMMANDS_PANEL_TITLE",
    "DEFAULT_STRING",
    "REQUIRED_LONG_STRING",
)
_ENGLISH_PANELS: Final[dict[str, str]] = {}


class Given(tuple[str, ...]):
    """The arguments of a run, which a server may be asked to run instead."""


app = typer.Typer(
    name="polso",
    add_completion=False,
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": HELP},
)
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    *(commands.new, commands.demo, commands.load, commands.guess, commands.check),
    *(questions.ask, kpis.kpis, questions.rows, commands.doctor, commands.export),
    *(explaining.explain, explaining.disagree, explaining.balance, explaining.recompute),
    *(packs.pack, publish.publish, serve.serve),
)
for command in COMMANDS:
    app.command()(command)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"polso {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    project: Annotated[
        Path | None, typer.Option("-C", "--project", help="The project's folder.", show_default=".")
    ] = None,
    lang: Annotated[
        Literal["it", "en"] | None, typer.Option("--lang", help="Language of what is printed.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    period: Annotated[
        str | None, typer.Option("-p", "--period", help="Period of the scorecard: 2026-03, 'last 7 days' ...")
    ] = None,
    json: Json = False,
    csv: Csv = False,
) -> None:
    """Polso takes the pulse of a customer-care service.

    Without a command, in a project's folder, it prints the scorecard.
    """
    session = Session(here().at(project or Path()), lang or language.asked(()))
    given, context.obj = context.obj, session
    if isinstance(given, Given) and not here().is_elsewhere:
        code = relayed.through_server(session.folder, context.invoked_subcommand, given)
        if code is not None:
            raise typer.Exit(code)
    if context.invoked_subcommand is None:
        questions.scorecard(session, form_of(json, csv), period, hint=project is None)
    elif json or csv or period:
        raise typer.BadParameter(session.say("--period, --json and --csv of a command come after its name"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 done, 1 failed, 2 asked wrongly, 130 interrupted."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    spoken = language.asked(given) or language.system()
    debug = here().environment.get("POLSO_DEBUG") == "1"
    _write_whatever_comes()
    try:
        command = get_command(app)
        helps = bool(set(HELP) & set(given))
        if helps:
            translated(command, spoken)
        asked = None if helps else Given(given)
        code = command.main(args=given, prog_name="polso", standalone_mode=False, obj=asked)
        sys.stdout.flush()
    except BrokenPipeError:
        _close_quietly()
        return BROKEN_PIPE
    except SystemExit as ended:  # how typer ends what it could not write
        if not isinstance(ended.__context__, BrokenPipeError):
            raise
        _close_quietly()
        return BROKEN_PIPE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        if debug:
            raise
        return _complain(error, language.asked(given) or language.written(_folder(given)) or spoken)
    return code if isinstance(code, int) else 0


def translated(command: Any, spoken: str) -> None:
    """Make the help of a command tree speak a language."""
    from typer import rich_utils

    for name in PANELS:
        english = _ENGLISH_PANELS.setdefault(name, getattr(rich_utils, name))
        setattr(rich_utils, name, language.say(spoken, english))
    for one in (command, *getattr(command, "commands", {}).values()):
        one.help = language.say(spoken, one.help or "")
        one.options_metavar = language.say(spoken, "[OPTIONS]")
        if hasattr(one, "subcommand_metavar"):
            one.subcommand_metavar = language.say(spoken, "COMMAND [ARGS]...")
        one.get_usage = _usage(one.get_usage, spoken)
        for parameter in (*one.params, one.get_help_option(typer.Context(one, help_option_names=HELP))):
            parameter.help = language.say(spoken, getattr(parameter, "help", None) or "")


def _usage(usual: Callable[[Any], str], spoken: str) -> Callable[[Any], str]:
    """The line that begins with Usage, in a language."""
    return lambda context: usual(context).replace("Usage:", language.say(spoken, "Usage:"), 1)


def _complain(error: Exception, spoken: str) -> int:
    """One readable line on stderr, and the exit code that says whose turn it is."""
    err = console(stderr=True, soft_wrap=True)
    if isinstance(error, PolsoError | typer.TyperException):
        said = told(
            spoken, " ".join(str(error).split()) if isinstance(error, PolsoError) else error.format_message()
        )
        wrong = isinstance(error, QuestionError | typer.TyperException)
        err.print(f"polso: {said}", style="red")
        if isinstance(error, typer.TyperException):
            err.print(language.say(spoken, "`polso --help` lists commands and options"))
        return USAGE if wrong else FAILURE
    if isinstance(error, OSError):
        err.print(f"polso: {error.filename or ''}: {error.strerror or error}", style="red")
        return FAILURE
    first = (str(error).splitlines() or [""])[0]
    err.print(f"polso: {type(error).__name__}: {first}", style="red")
    err.print(
        language.say(
            spoken, "this is a defect of Polso; run it again with POLSO_DEBUG=1 and report what it prints"
        )
    )
    return FAILURE


def _folder(arguments: Sequence[str]) -> Path:
    """The folder named by -C, as far as it can be told without parsing."""
    for flag, value in pairwise(arguments):
        if flag in ("-C", "--project"):
            return here().at(Path(value))
    return here().at(Path())


def _write_whatever_comes() -> None:
    """A terminal that cannot write a letter gets a question mark, not the end of the answer."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")


def _close_quietly() -> None:
    """Let the interpreter flush into nothing: whoever read us has gone."""
    if here().is_elsewhere:  # standard output is the server's own, and goes on
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
