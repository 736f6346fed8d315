"""The pages on which every definition of a KPI stands beside the others, with the number each gives on the demo.

Rule kept here: words come from the definitions and numbers from asking them; nothing on these pages is typed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from polso.care import Care, open_project
from polso.demo import write_project
from polso.errors import QuestionError
from polso.faces.words import Words
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition, Entry
from polso.kpis.wording import stated
from polso.query.run import BANDED

TICKETS, SEED = 5_000, 7
HEAD = (
    "definition",
    "on the demo",
    "n",
    "from",
    "to",
    "pauses",
    "who counts",
    "what meets it",
    "belongs to",
    "credit",
    "source",
)


@cache
def numbers() -> dict[str, tuple[str, str]]:
    """Value and n of every shipped definition over all of the demo; in words where there is no one number."""
    with tempfile.TemporaryDirectory(prefix="polso-docs-") as folder:
        write_project(Path(folder), TICKETS, SEED)
        with open_project(folder) as care:
            care.load()
            return {d.versioned: _number(care, d) for entry in shipped().values() for d in entry.definitions}


def _number(care: Care, d: Definition) -> tuple[str, str]:
    if d.kind in BANDED:
        return "several lines", ""
    try:
        (cell,) = care.ask(d.label)
    except QuestionError as error:
        return str(error), ""
    words = Words("en", care.config.project.currency)
    return words.value(cell.value, d.unit), words.count(cell.n)


def pages() -> dict[str, list[str]]:
    """Path below docs/ -> the parts of each page, tables as lists of rows."""
    made = {f"definitions/{entry.name}.md": list(_page(entry)) for entry in shipped().values()}
    return {"definitions.md": list(_index()), **made}


def _index() -> Iterator[str]:
    yield "# Definitions side by side"
    yield (
        "No two help desks mean the same by the same name. Here every KPI stands under every definition Polso knows,"
        f" with the number each gives on the demo ({TICKETS:,} tickets, seed {SEED}, its whole time): the same tickets,"
        " other answers. `polso ask KPI --definition all` does this on your own data, `polso disagree KPI A B` names the"
        " tickets on which two part, and `polso explain KPI` says how one of them came about."
    )
    rows = []
    for entry in shipped().values():
        for d in entry.definitions:
            value, n = numbers()[d.versioned]
            rows.append((f"[{entry.name}](definitions/{entry.name}.md)", _name(d), value, n))
    yield _table(("KPI", "definition", "on the demo", "n"), rows)


def _page(entry: Entry) -> Iterator[str]:
    d = entry.default
    yield f"# {d.title.en}"
    yield f"`{d.name}` · *{d.title.it}*"
    yield "\n".join(
        f"- **{_name(one)}**, version {one.version}: {one.meaning.en}" for one in entry.definitions
    )
    yield _table(HEAD, [_row(one) for one in entry.definitions])
    if entry.earlier:
        said = "\n".join(f"- `{one.versioned}`: {one.meaning.en}" for one in entry.earlier)
        yield f"Earlier versions, still to be asked by name:\n\n{said}"


def _row(d: Definition) -> tuple[str, ...]:
    said = {name: words.en for name, words in stated(d).items()}
    value, n = numbers()[d.versioned]
    names = ("start", "stop", "pauses", "population", "counted", "clock", "credit", "source")
    return (_name(d), value, n, *(said.get(name, "") for name in names))


def _name(d: Definition) -> str:
    return "polso" if d.variant == "default" else d.variant


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in lines)
