"""Writes the pages that follow from the code: facts, KPIs, events, settings, errors and commands.

    python docs/generate.py            writes what changed, removes what nothing makes any more
    python docs/generate.py --check    writes nothing; exit code 1 and the list of stale pages

Rule kept here: what can be read from a declaration is never written twice, and what has no sentence fails.
"""

from __future__ import annotations

import inspect
import re
import sys
import tomllib
import types
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import side_by_side
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typer.main import get_command

from polso import errors
from polso.config import Config, Duration, Name, Zone
from polso.events import kinds
from polso.faces.cli import app
from polso.facts import FACTS
from polso.facts.fact import Column, Fact
from polso.kpis.catalogue import shipped
from polso.kpis.definition import (
    AnyOf,
    Condition,
    Conditions,
    Definition,
    Entry,
    Horizon,
    Param,
    Part,
    span_text,
)

DOCS = Path(__file__).parent
ROOT = DOCS.parent
MADE = "<!-- Written by docs/generate.py from {source}: change that, then run it again. -->"
CLOCK_OF_KIND = {
    "stock": "the end of each bucket",
    "stock_by_age": "the end of the period",
    "cohort_pair": "the end of each bucket",
    "spread": "time, cut at the edges of each bucket",
    "roll_forward": "the period",
}
COUNTED = ("count", "stock", "stock_by_age", "roll_forward")
# What a definition's other keys say; a key in neither place is shown as it stands.
ELSEWHERE = {*Definition.model_fields} & {
    *("name", "variant", "title", "meaning", "unit", "better", "kind", "fact", "clock", "stat", "params"),
    *("empty", "source", "version", "valid_from", "value", "minus", "where", "part", "against"),
    *(
        "top",
        "bottom",
        "scale",
        "edges",
        "since",
        "until",
        "person",
        "known_after",
        "complement",
        "vendor",
        "credit",
        "beside",
    ),
}
UNITS = {
    "utc": "UTC instant",
    "us": "microseconds",
    "count": "count",
    "minor": "minor units",
    "score": "points",
}


def page(source: str, *parts: str) -> str:
    """A generated page: the comment that says so, then its parts, a blank line between them."""
    return "\n\n".join((MADE.format(source=source), *(part.strip("\n") for part in parts if part))) + "\n"


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; empty where there are no rows."""
    titles = list(head)
    lines = [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in rows
    ]
    if not lines:
        return ""
    return "\n".join(["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *lines])


def code(text: object) -> str:
    """A word of the code."""
    return f"`{text}`"


def codes(words: Iterable[object]) -> str:
    """Several."""
    return ", ".join(code(word) for word in words)


# Facts


def fact_page(fact: Fact) -> str:
    """One fact: its sentence, key and clock, then every column."""
    read = f"Reads {codes(fact.key.kinds)}." if fact.key.kinds else "Reads every kind of event."
    key = ", ".join(code(name) for name in fact.key.columns)
    said = [
        fact.sentence,
        f"Folded per {key}. {read} Written in the order of {code(fact.clock)}."
        + (f" Its dimensions of tickets are those in force at {code(fact.at)}." if fact.at else ""),
        f"{code('_business_us')} columns count the open time of the row's own calendar. *Split* columns may"
        " stand in `by` and `where`, *clock* columns place a row in a period; columns marked *linked* are"
        " found by a second pass over all rows of the same person."
        + (" The project's own `[dimensions]` are columns too." if fact.at else ""),
    ]
    asked = sorted(entry.name for entry in shipped().values() if entry.default.fact == fact.name)
    about = f"KPIs: {', '.join(kpi_link(name, '../kpis/') for name in asked)}." if asked else ""
    columns = table(("column", "type", "unit", "use", "what it says"), map(_column, fact.all_columns({})))
    return page(_file_of(fact), f"# {fact.name.capitalize()}", *said, about, columns)


def _file_of(fact: Fact) -> str:
    return f"src/polso/facts/{fact.name}.py"


def _column(column: Column) -> tuple[str, ...]:
    use = [
        word
        for word, held in (("split", column.dimension), ("clock", column.clock), ("linked", column.linked))
        if held
    ]
    return (
        code(column.name),
        column.type,
        UNITS[column.unit] if column.unit else "",
        ", ".join(use),
        column.sentence,
    )


def facts_index() -> str:
    """The list of facts."""
    rows = ((f"[{f.name}]({f.name}.md)", code(f.clock), f.sentence) for f in FACTS.values())
    said = (
        "Facts are tables folded from events; all meaning of a row is decided there. In the order of folding:"
    )
    return page("src/polso/facts", "# Facts", said, table(("fact", "clock", "what a row is"), rows))


# KPIs


def files_of_kpis() -> dict[str, list[Entry]]:
    """The shipped KPIs by the file they stand in."""
    folder = ROOT / "src/polso/kpis"
    found = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.toml"))}
    return {stem: [shipped()[name] for name in names] for stem, names in found.items()}


def kpi_link(name: str, folder: str = "") -> str:
    """A link to a KPI's own place."""
    stem = next(stem for stem, entries in files_of_kpis().items() if name in {e.name for e in entries})
    return f"[{name}]({folder}{stem}.md#{name})"


def kpi_page(stem: str, entries: list[Entry]) -> str:
    """One file of KPIs."""
    return page(
        f"src/polso/kpis/{stem}.toml", f"# KPIs: {stem}", *(part for e in entries for part in _entry(e))
    )


def _entry(entry: Entry) -> Iterator[str]:
    d = entry.default
    yield f"## {d.name}"
    yield f"**{d.title.en}** · *{d.title.it}*"
    yield d.meaning.en
    yield f"*{d.meaning.it}*"
    yield f"Also called: {', '.join(entry.aliases)}." if entry.aliases else ""
    yield table(("", ""), _definition(d))
    if d.params:
        yield table(("parameter", "default", "bounds"), (_param(name, p) for name, p in d.params.items()))
    if entry.variants:
        yield table(
            ("variant", "title", "what it says", "what changes"),
            (
                (code(f"{d.name}:{name}"), f"{v.title.en} · *{v.title.it}*", v.meaning.en, _changes(d, v))
                for name, v in entry.variants.items()
            ),
        )


def _definition(d: Definition) -> Iterator[tuple[str, str]]:
    """Each thing a definition says, as (what, in words)."""
    yield (
        "unit",
        f"{d.unit}, "
        + {"higher": "more is better", "lower": "less is better", "neither": "neither is better"}[d.better],
    )
    yield (
        "kind",
        code(d.kind) + (f", {d.stat} unless asked otherwise" if d.kind in ("duration", "survival") else ""),
    )
    yield "fact and clock", f"[{d.fact}](../facts/{d.fact}.md), {CLOCK_OF_KIND.get(d.kind) or code(d.clock)}"
    yield from _said(d).items()
    yield "no rows", "0" if d.kind in COUNTED else "no value: never 0, never 100 %"
    yield "source and version", f"{d.source}; version {d.version} since {d.valid_from}"


def _said(d: Definition) -> dict[str, str]:
    """What the definition reads, in words; only what it says."""
    said = {
        "measures": _measured(d),
        "counts rows where": conditions(d.where) if d.kind != "ratio" else "",
        "share of those where": conditions(d.part),
        "less those where": conditions(d.against),
        "top": _part(d.top),
        "bottom": _part(d.bottom),
        "times": str(d.scale) if d.scale != 1 else "",
        "bands": ", ".join(span_text(edge) for edge in d.edges),
        "from, until": f"{code(d.since)}, {code(d.until)}" if d.since and d.until else "",
        "counted once per": code(d.person) if d.person else "",
        "too young to judge": _young(d.known_after),
        "one minus it": "yes" if d.complement else "",
    }
    said |= {
        name: code(getattr(d, name))
        for name in type(d).model_fields
        if name not in ELSEWHERE and getattr(d, name) is not None
    }
    return {what: text for what, text in said.items() if text}


def _measured(d: Definition) -> str:
    if not d.value:
        return ""
    ends = ("_us", "_business_us") if d.kind == "duration" else ("_us",) if d.kind == "bands" else ("",)
    named = " or ".join(code(d.value + end) for end in ends)
    less = f", less {' or '.join(code(d.minus + end) for end in ends)}" if d.minus else ""
    return named + less + (" (where the row left for another reason)" if d.kind == "survival" else "")


def _young(horizon: Horizon | None) -> str:
    return (
        f"{code(horizon.since)} less than {code(horizon.param)} before the data ends: left out and counted"
        if horizon
        else ""
    )


def _part(part: Part | None) -> str:
    if part is None:
        return ""
    what = (
        f"distinct {code(part.distinct)}"
        if part.distinct
        else f"sum of {code(part.column)}"
        if part.column
        else "rows"
    )
    where = f" where {conditions(part.where)}" if part.where else ""
    return f"{what} of [{part.fact}](../facts/{part.fact}.md) by {code(part.clock)}{where}"


def conditions(said: Conditions) -> str:
    """Conditions in words, joined by and."""
    return " and ".join(
        f"({' or '.join(map(_condition, c.any_of))})" if isinstance(c, AnyOf) else _condition(c) for c in said
    )


def _condition(c: Condition) -> str:
    if c.op in ("null", "not null"):
        return f"{code(c.column)} is {'unknown' if c.op == 'null' else 'known'}"
    if isinstance(c.value, bool):
        return code(c.column) if c.value is (c.op == "=") else f"not {code(c.column)}"
    if isinstance(c.value, tuple):
        return f"{code(c.column)} {c.op} {codes(c.value)}"
    return f"{code(c.column)} {c.op} {code(c.param or c.value)}"


def _param(name: str, param: Param) -> tuple[str, str, str]:
    def written(value: float | None) -> str:
        return "" if value is None else span_text(value) if param.unit == "duration" else f"{value:g}"

    bounds = f"from {written(param.low)}" + (f" to {written(param.high)}" if param.high is not None else "")
    return code(name), written(param.default), bounds


def _changes(default: Definition, variant: Definition) -> str:
    """What a variant says otherwise than the default, in words."""
    ours, theirs = _said(default), _said(variant)
    changed = [
        f"{what}: {theirs.get(what, 'nothing')}"
        for what in dict.fromkeys((*ours, *theirs))
        if ours.get(what) != theirs.get(what)
    ]
    changed += [
        f"{what}: {code(getattr(variant, what))}"
        for what in ("kind", "unit", "better", "fact", "clock", "stat", "source")
        if getattr(default, what) != getattr(variant, what)
    ]
    if default.params != variant.params:
        changed += [
            f"{name} = {_param(name, p)[1]}"
            for name, p in variant.params.items()
            if default.params.get(name) != p
        ]
    return "; ".join(changed) or "nothing"


def kpi_index() -> str:
    """Every KPI in one table."""
    rows = []
    for stem, entries in files_of_kpis().items():
        for e in entries:
            d = e.default
            title = f"{d.title.en} · *{d.title.it}*"
            rows.append((f"[{d.name}]({stem}.md#{d.name})", title, d.unit, d.fact, codes(e.variants)))
    variants = sum(len(e.variants) for e in shipped().values())
    said = (
        f"The {len(rows)} KPIs that come with Polso, with {variants} variants. `polso kpis NAME` prints"
        " the same in a terminal. A variant is asked for as `name:variant`. Every KPI works for every split"
        " its fact carries and every grain of time; each answer has n and, where one exists, an interval."
    )
    return page("src/polso/kpis", "# KPIs", said, table(("KPI", "title", "unit", "fact", "variants"), rows))


# Events


def events_page() -> str:
    """The columns of the log, the kinds and the closed vocabularies."""
    columns = table(
        ("column", "type", "may be null", "what it says"),
        ((code(c.name), c.type, "yes" if c.nullable else "no", c.sentence) for c in kinds.COLUMNS),
    )
    rows = ((code(k.name), codes(k.needs), codes(_also(k)), k.sentence) for k in kinds.KINDS.values())
    words = {
        "stage": kinds.STAGES,
        "outcome of `left`": kinds.OUTCOMES,
        "direction": kinds.DIRECTIONS,
        "actor_kind": kinds.ACTOR_KINDS,
        "`waiting` for": kinds.WAITS,
        "`removed` as": kinds.REMOVALS,
        "`linked` as": kinds.LINKS,
        "`state`": kinds.STATES,
        "stretch of `cost`": kinds.COVERS,
        "scale of `rated`": kinds.SCALES,
        "channel": kinds.CHANNELS,
    }
    order = (*sorted(kinds.KIND_RANK, key=lambda kind: kinds.KIND_RANK[kind]), "all others")
    return page(
        "src/polso/events/kinds.py",
        "# Events",
        "One append-only table. Every source becomes these columns and these kinds, and nothing else.",
        "## Columns",
        columns,
        "## Kinds",
        "*Needs* are the columns without which such an event is rejected, beside `source`, `kind` and"
        " `occurred_at`; *also uses* are those its sentence speaks of.",
        table(("kind", "needs", "also uses", "what it says"), rows),
        "## Words",
        "Closed lists: another word is a rejection, except for channels, which pass through.",
        table(("where", "words"), ((where, codes(listed)) for where, listed in words.items())),
        "## Order",
        "By `occurred_at`, then `seq`, then kind, then `event_id`, so that arrival never matters. Kinds go: "
        + ", ".join(code(kind) if kind != "all others" else kind for kind in order) + ".",
    )  # fmt: skip


WORDS_FOR = {
    **{name: (name,) for name in ("value", "team", "attribute", "currency", "channel", "visit_id")},
    "actor_id": ("actor",),
    "subject_id": ("subject",),
    "amount": ("amount", "seconds"),
}


def _also(kind: kinds.Kind) -> list[str]:
    said = re.findall(r"\w+", kind.sentence.lower())
    return [
        column for column, words in WORDS_FOR.items() if column not in kind.needs and set(words) & set(said)
    ]


# Settings


def settings_page() -> str:
    """polso.toml, table by table."""
    said = tomllib.loads((DOCS / "settings.toml").read_text("utf-8"))
    parts = []
    for title, model, about in _tables():
        sentences = said.pop(title, {})
        rows = [
            _setting(title, name, hint, model, sentences)
            for name, hint in _hints(model).items()
            if not _is_table(hint)
        ]
        if sentences:
            raise SystemExit(f"docs/settings.toml, [{title}]: {', '.join(sentences)} are no settings")
        parts += [f"## {title}", about, table(("key", "type", "default", "what it says"), rows)]
    if said:
        raise SystemExit(f"docs/settings.toml: {', '.join(said)} are no tables of polso.toml")
    intro = (
        "Everything `polso.toml` may say. A misspelt key is an error that names it. Durations are written as"
        " `90s`, `20m`, `4h`, `2d 4h` or a number of seconds; names are small letters, digits and `_`, a"
        " letter first."
    )
    return page("src/polso/config.py and docs/settings.toml", "# Settings", intro, *parts)


def _tables() -> Iterator[tuple[str, type[BaseModel], str]]:
    yield "polso.toml", Config, "Keys at the top of the file, before the first table."
    models = {name: _model_in(hint) for name, hint in _hints(Config).items()}
    for name, model in models.items():
        if model:
            yield name, model, inspect.cleandoc(model.__doc__ or "").split("\n\n")[0]
            yield from (
                (f"{name}.{n}", m, inspect.cleandoc(m.__doc__ or ""))
                for n, h in _hints(model).items()
                if (m := _model_in(h))
            )


def _hints(model: type[BaseModel]) -> dict[str, Any]:
    known = get_type_hints(model, include_extras=True)
    return {name: known[name] for name in model.model_fields}


def _model_in(hint: Any) -> type[BaseModel] | None:
    found = [hint] if isinstance(hint, type) else get_args(hint)
    return next((m for m in found if isinstance(m, type) and issubclass(m, BaseModel)), None)


def _is_table(hint: Any) -> bool:
    return _model_in(hint) is not None


def _setting(
    title: str, name: str, hint: Any, model: type[BaseModel], sentences: dict[str, str]
) -> tuple[str, ...]:
    field = model.model_fields[name]
    sentence = sentences.pop(name, None) or field.description
    if not sentence:
        raise SystemExit(f"docs/settings.toml: no sentence for {title}.{name}")
    return (
        code(name),
        in_words(hint),
        _default(field.default),
        sentence[:1].upper() + sentence[1:].rstrip(".") + ".",
    )


def _default(value: Any) -> str:
    if value is PydanticUndefined:
        return "must be given"
    if value is None or value in ((), {}):
        return "none"
    listed = "[" + ", ".join(f'"{part}"' for part in value) + "]" if isinstance(value, tuple) else value
    return code(str(listed).lower() if isinstance(value, bool) else listed)


def in_words(hint: Any) -> str:
    """A type as the person who writes TOML knows it."""
    known = ((Zone, "IANA time zone"), (Name, "name"), (Duration, "duration"))
    for alias, word in known:
        if hint == alias:
            return word
    plain: dict[Any, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if isinstance(hint, type):
        return plain.get(hint, hint.__name__)
    origin, inner = get_origin(hint), [a for a in get_args(hint) if a not in (type(None), ...)]
    if origin is Literal:
        return " or ".join(codes([word]) for word in inner)
    if origin is Annotated:
        return in_words(inner[0])
    if origin is tuple:
        return f"list of {in_words(inner[0])}"
    if origin is dict:
        return f"table: {in_words(inner[0])} = {in_words(inner[1])}"
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(in_words(one) for one in inner))
    raise SystemExit(f"docs/generate.py: no words for the type {hint}")


# Errors and commands


def errors_page() -> str:
    """Every error raised on purpose."""
    found = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, errors.PolsoError)]
    found.sort(key=lambda error: (len(error.__mro__), error.__name__))
    rows = ((code(e.__name__), code(e.__mro__[1].__name__), inspect.getdoc(e) or "", _exit(e)) for e in found)
    said = "The text of each says what is wrong and what to do next. Catch `PolsoError` for all of them."
    return page("src/polso/errors.py", "# Errors", said, table(("error", "is a", "when", "exit code"), rows))


def _exit(error: type[errors.PolsoError]) -> str:
    return "2" if issubclass(error, errors.QuestionError) else "1"


def commands_page() -> str:
    """Every command and option, as `--help` says them."""
    group: Any = get_command(app)
    first = [
        "# Commands",
        "`polso [options] COMMAND [options]`. `--help` works everywhere, in the language of `--lang`.",
        "## Before the command",
        _first_line(group.help),
        _options(group),
    ]
    parts = [part for name, command in group.commands.items() for part in _command(name, command)]
    return page("src/polso/faces", *first, *parts, (DOCS / "cli_notes.txt").read_text("utf-8"))


def _command(name: str, command: Any) -> Iterator[str]:
    taken = " ".join(_metavar(p) for p in command.params if p.param_type_name == "argument")
    yield f"## {name}"
    yield f"`polso {name}{' ' + taken if taken else ''}`"
    yield inspect.cleandoc(command.help or "")
    yield _options(command)


def _metavar(parameter: Any) -> str:
    word = parameter.metavar or parameter.name.upper()
    return word if parameter.required else f"[{word}]"


def _first_line(text: str | None) -> str:
    return inspect.cleandoc(text or "")


def _options(command: Any) -> str:
    rows = []
    for p in command.params:
        if p.name == "help":
            continue
        if not p.help:
            raise SystemExit(f"docs/generate.py: polso {command.name} {p.name} has no help")
        names = codes(p.opts) if p.param_type_name == "option" else code(p.metavar or p.name)
        said = p.type_descriptor.annotation
        choices = f" One of {codes(get_args(said))}." if get_origin(said) is Literal else ""
        default = code(p.default) if p.default not in (None, False) and not callable(p.default) else ""
        rows.append((names, p.help + choices, default))
    return table(("option or argument", "what it does", "default"), rows)


# All of them


def pages() -> dict[str, str]:
    """Every generated page: its path below docs/ and its text."""
    made = {"facts/index.md": facts_index(), "kpis/index.md": kpi_index(), "events.md": events_page()}
    made |= {"settings.md": settings_page(), "errors.md": errors_page(), "cli.md": commands_page()}
    made |= {f"facts/{name}.md": fact_page(fact) for name, fact in FACTS.items()}
    made |= {f"kpis/{stem}.md": kpi_page(stem, entries) for stem, entries in files_of_kpis().items()}
    made |= {name: page("src/polso/kpis", *parts) for name, parts in side_by_side.pages().items()}
    return made


def orphans(made: Iterable[str]) -> list[str]:
    """Pages that say they are generated and that nothing makes any more."""
    begins = MADE.partition("{")[0]
    found = (p for p in DOCS.rglob("*.md") if p.read_text("utf-8").startswith(begins))
    return sorted({p.relative_to(DOCS).as_posix() for p in found} - set(made))


def stale(made: dict[str, str]) -> list[str]:
    """Pages that do not say what the code says."""
    old = [n for n, text in made.items() if not (DOCS / n).is_file() or (DOCS / n).read_text("utf-8") != text]
    return sorted([*old, *orphans(made)])


def main(arguments: list[str]) -> int:
    """Write the pages, or with --check say which are stale."""
    made = pages()
    changed = stale(made)
    if "--check" in arguments:
        for name in changed:
            print(f"docs/{name} is stale; run python docs/generate.py", file=sys.stderr)
        return 1 if changed else 0
    for name in changed:
        if name in made:
            (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
            (DOCS / name).write_text(made[name], encoding="utf-8")
        else:
            (DOCS / name).unlink()
        print(f"docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
