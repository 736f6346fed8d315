"""The pages say what is there: everything public has its line, links lead somewhere, both READMEs agree."""

import inspect
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest
from typer.main import get_command

import polso
from docs import generate
from docs.pages import DOCS, READMES, ROOT, blocks, commands, slugs
from polso import config, errors
from polso.care import Care
from polso.config import Settings
from polso.events import check, kinds
from polso.faces.cli import app
from polso.facts import FACTS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Definition, KindName, Op, Stat
from polso.query.question import GRAINS
from polso.sources import SOURCES

PAGES = sorted([*ROOT.glob("*.md"), *DOCS.glob("**/*.md")])
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(#[^)\s]+)?\)")


def read(page: str) -> str:
    return (DOCS / page).read_text("utf-8")


def undocumented(names: Iterable[str], text: str) -> list[str]:
    """Names that stand nowhere in a text as a word of code."""
    said = {
        word for span in re.findall(r"`([^`\n]+)`", text) for word in (span, *re.findall(r"[\w:-]+", span))
    }
    wanted = list(names)
    assert wanted, "nothing to look for"
    return [name for name in wanted if name not in said]


def test_a_name_that_is_nowhere_is_found_missing() -> None:
    assert undocumented(["there", "nowhere", "--one"], "`there`, nowhere, `polso --one x`") == ["nowhere"]
    with pytest.raises(AssertionError, match="nothing to look for"):
        undocumented([], "`all`")


# Generated pages


def test_generated_pages_say_what_the_code_says() -> None:
    assert [] == generate.stale(generate.pages())


def test_a_stale_page_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "docs"
    shutil.copytree(DOCS, copy)
    monkeypatch.setattr(generate, "DOCS", copy)
    assert generate.main(["--check"]) == 0
    (copy / "events.md").write_text("old", encoding="utf-8")
    (copy / "facts" / "gone.md").write_text((copy / "facts" / "work.md").read_text("utf-8"), encoding="utf-8")
    (copy / "settings.md").unlink()
    capsys.readouterr()
    assert generate.main(["--check"]) == 1
    stale = ["events.md", "facts/gone.md", "settings.md"]
    assert [
        f"docs/{name} is stale; run python docs/generate.py" for name in stale
    ] == capsys.readouterr().err.splitlines()
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    assert not (copy / "facts" / "gone.md").exists()


def test_generated_pages_say_so_in_their_first_line() -> None:
    first = {name: (DOCS / name).read_text("utf-8").splitlines()[0] for name in generate.pages()}
    assert len(first) > len(FACTS) + 5
    assert [] == [
        name
        for name, line in first.items()
        if not re.fullmatch(r"<!-- Written by docs/generate.py from .+ -->", line)
    ]


# Everything public has its line


def test_every_command_and_option() -> None:
    group: Any = get_command(app)
    text = read("cli.md")
    assert [] == undocumented(
        (o for p in group.params if p.name != "help" for o in p.opts), text.partition("## new")[0]
    )
    for name, command in group.commands.items():
        _, found, rest = text.partition(f"\n## {name}\n")
        assert found, name
        own = rest.partition("\n## ")[0]
        wanted = [
            o
            for p in command.params
            if p.name != "help"
            for o in ([p.metavar] if p.param_type_name == "argument" else p.opts)
        ]
        assert [] == [option for option in wanted if f"`{option}`" not in own], name
        assert inspect.cleandoc(command.help) in own


def test_every_kpi_and_variant() -> None:
    pages = {name: read(f"kpis/{name}.md") for name in generate.files_of_kpis()}
    everything = "\n".join(pages.values())
    headings = re.findall(r"^## (\w+)$", everything, flags=re.MULTILINE)
    assert sorted(shipped()) == sorted(headings)
    index = read("kpis/index.md")
    for name, entry in shipped().items():
        assert f"[{name}](" in index
        own = everything.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        d = entry.default
        assert all(text in own for text in (d.title.en, d.title.it, d.meaning.en, d.meaning.it)), name
        labels = [f"{name}:{variant}" for variant in entry.variants]
        assert [] == [label for label in (*labels, *d.params) if f"`{label}`" not in own], name


def test_every_fact_and_column() -> None:
    index = read("facts/index.md")
    for name, fact in FACTS.items():
        assert f"({name}.md)" in index
        own = read(f"facts/{name}.md")
        assert fact.sentence in own
        assert [] == [
            c.name
            for c in fact.all_columns({})
            if f"| `{c.name}` | {c.type} |" not in own or c.sentence not in own
        ], name


def test_every_event_column_kind_and_word() -> None:
    text = read("events.md")
    assert [] == [c.name for c in kinds.COLUMNS if f"| `{c.name}` |" not in text]
    assert [] == [
        k.name for k in kinds.KINDS.values() if f"| `{k.name}` |" not in text or k.sentence not in text
    ]
    words = (
        *kinds.STAGES,
        *kinds.OUTCOMES,
        *kinds.STATES,
        *kinds.SCALES,
        *kinds.ACTOR_KINDS,
        *kinds.CHANNELS,
        *kinds.LINKS,
    )
    assert [] == undocumented(words, text.partition("## Words")[2])


def test_every_source_and_option() -> None:
    index = read("sources/index.md")
    for kind, source in SOURCES.items():
        assert f"[`{kind}`]({kind}.md)" in index
        options = [field.alias or name for name, field in source.options.model_fields.items()]
        if options:
            assert [] == undocumented(options, read(f"sources/{kind}.md")), kind


def test_every_setting() -> None:
    text = read("settings.md")
    models = [
        m
        for _, m in inspect.getmembers(config, inspect.isclass)
        if issubclass(m, Settings) and m is not Settings
    ]
    assert len(models) > 5
    fields = {name for model in (*models, config.SourceSettings) for name in model.model_fields}
    tables = {name for name in config.Config.model_fields if f"\n## {name}\n" in text}
    assert [] == sorted(
        name
        for name in fields - tables
        if f"| `{name}` |" not in text and not re.search(rf"^## \w+\.{name}$", text, re.MULTILINE)
    )


def test_every_error() -> None:
    text = read("errors.md")
    found = [e for _, e in inspect.getmembers(errors, inspect.isclass) if issubclass(e, errors.PolsoError)]
    assert len(found) > 5
    assert [] == [
        e.__name__ for e in found if f"| `{e.__name__}` |" not in text or str(inspect.getdoc(e)) not in text
    ]


def test_every_finding_of_check() -> None:
    assert [] == undocumented((one.kind for one in check.CHECKS), read("data-quality.md"))


def test_every_part_of_the_grammar() -> None:
    text = read("own-kpis.md")
    assert [] == undocumented((n for n in Definition.model_fields if n not in ("name", "variant")), text)
    assert [] == undocumented(get_args(KindName), text.partition("## Kinds")[2].partition("## Conditions")[0])
    operators = {op for op in get_args(Op) if f"`{op}`" not in text and f'op = "{op}"' not in text}
    assert operators == set()


def test_every_grain_statistic_and_option_of_asking() -> None:
    text = read("asking.md")
    assert [] == undocumented([*GRAINS, *get_args(Stat)], text)


def test_every_door_of_python() -> None:
    text = read("python.md")
    public = [
        n
        for n, _ in inspect.getmembers(Care, inspect.isfunction)
        if not n.startswith("_") and n not in ("close", "period")
    ]
    assert [] == undocumented(public, text)
    assert [] == [
        name for name in polso.__all__ if name not in text and not name.startswith("__") and name != "Care"
    ]
    asked = [name for name in inspect.signature(Care.ask).parameters if name != "self"]
    assert [] == undocumented(asked, text)


# Pages and links


def test_both_languages_show_the_same_commands_and_code() -> None:
    english, italian = READMES["en"], READMES["it"]
    spoken = [
        [
            word.replace("it", "en") if before == "--lang" else word
            for before, word in zip(["", *words], words, strict=False)
        ]
        for words in commands(italian)
    ]
    assert commands(english) == spoken
    assert len(spoken) > 6
    for language in ("python", "toml"):
        assert blocks(english, language) == blocks(italian, language)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    wrong = []
    for target, anchor in LINK.findall(page.read_text("utf-8")):
        there = (page.parent / target).resolve() if target else page
        if not there.exists() or (anchor and anchor[1:] not in slugs(there)):
            wrong.append(target + anchor)
    assert [] == wrong


def test_links_are_looked_at() -> None:
    assert sum(len(LINK.findall(page.read_text("utf-8"))) for page in PAGES) > 200
    assert ("x.md", "#there") in LINK.findall("[a](x.md#there) [b](https://example.org)")
    assert "a-field" in slugs(DOCS / "sources" / "table.md")


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r"^ +- ([\w/-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), flags=re.MULTILINE)
    # One page a KPI is found from the list of definitions: the navigation would be longer than the pages.
    there = (p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if p.parent.name != "definitions")
    assert sorted(there) == sorted(listed)


def test_pages_name_no_machine() -> None:
    texts = {page.name: page.read_text("utf-8") for page in PAGES}
    assert [] == [
        name for name, text in texts.items() if re.search(r"(?<![\w.])/(work|tmp|home|root)/", text)
    ]


def test_the_lock_names_no_address() -> None:
    locks = [path.read_text("utf-8") for path in (ROOT / "requirements").glob("*.txt")]
    assert locks
    assert [] == [line for lock in locks for line in lock.splitlines() if re.match(r"--(?!hash)|.*://", line)]
