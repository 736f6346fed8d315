"""Wording: every column that a definition may name is spoken of, in both languages, and nothing is left unsaid."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polso.facts import FACTS
from polso.kpis.catalogue import shipped
from polso.kpis.definition import AnyOf, Condition, Conditions, Definition, Words, span_text
from polso.kpis.wording import Phrase, fails, holds, measured, noun, of_fact, phrases, stated

EVERY = [d for entry in shipped().values() for d in (*entry.definitions, *entry.earlier)]
Named = tuple[str, str]


def columns_named(d: Definition) -> Iterator[Named]:
    """Every (fact, column) that a definition names: clocks, ends, values, pauses, conditions, sides."""
    for part in (d.top, d.bottom):
        if part:
            yield from ((part.fact, name) for name in (part.clock, part.column, part.distinct) if name)
            yield from ((part.fact, condition.column) for condition in flat(part.where))
    if d.kind == "ratio":
        return
    yield from ((d.fact, name) for name in (d.clock, d.since, d.until, d.person) if name)
    yield from ((d.fact, name) for name in measured(d) or ())
    yield from ((d.fact, condition.column) for condition in flat((*d.where, *d.part, *d.against)))
    if d.known_after:
        yield d.fact, d.known_after.since
    timed = d.kind in ("duration", "bands")
    yield from ((d.fact, f"{name}_us" if timed else name) for name in (d.value, d.minus) if name)


def flat(conditions: Conditions) -> Iterator[Condition]:
    for condition in conditions:
        yield from condition.any_of if isinstance(condition, AnyOf) else (condition,)


def span_ends() -> Iterator[Named]:
    """The instants between which facts measure."""
    for fact in FACTS.values():
        yield from ((fact.name, end) for span in fact.spans for end in (span.start, span.end))


NAMED = sorted({named for d in EVERY for named in columns_named(d)} | set(span_ends()))


def spoken(fact: str, column: str) -> str | None:
    """Under which key a column is spoken of."""
    stem = column.replace("_business_us", "_us")
    return next((key for key in (f"{fact}.{stem}", stem) if key in phrases()), None)


def test_every_column_has_a_phrase() -> None:
    assert [] == [f"{fact}.{column}" for fact, column in NAMED if spoken(fact, column) is None]


def test_every_phrase_is_of_use() -> None:
    """Projects name columns that no shipped definition does: a phrase is of use where some fact's column is spoken of so."""
    facts = {f"fact.{name}" for name in FACTS}
    used = {spoken(f.name, column.name) for f in FACTS.values() for column in f.all_columns({})}
    assert [] == [key for key in phrases() if key not in used | facts]
    assert facts <= set(phrases())


def test_a_phrase_of_one_fact_says_something_else_than_the_common_one() -> None:
    for key, said in phrases().items():
        fact, dot, column = key.partition(".")
        assert not dot or fact == "fact" or phrases().get(column) != said, key


@pytest.mark.parametrize("key", phrases())
def test_a_phrase_is_said_in_both_languages(key: str) -> None:
    said = phrases()[key]
    texts = [words for words in (said.noun, said.yes, said.no) if words]
    assert texts
    for words in texts:
        for text in (words.en, words.it):
            assert text == text.strip() != ""
            assert not text.endswith(".")
        assert "_" not in words.en + words.it, "a column's name is no phrase"
    if said.yes and said.no:
        assert said.yes.en != said.no.en
        assert said.yes.it != said.no.it


def test_a_flag_is_told_with_and_without() -> None:
    """A condition on a flag has both: what is true of a row that meets it, and of one that does not."""
    kinds = {(f.name, c.name): c.type for f in FACTS.values() for c in f.all_columns({})}
    for fact, column in NAMED:
        said = phrases()[str(spoken(fact, column))]
        if kinds[fact, column] == "boolean":
            assert said.yes is not None, f"{fact}.{column} needs `yes` and `no`"
        else:
            assert said.noun is not None, f"{fact}.{column} needs a noun"


@pytest.mark.parametrize("d", EVERY, ids=lambda d: d.versioned)
def test_everything_is_stated(d: Definition) -> None:
    said = stated(d)
    keys = {"population", "calendar", "credit", "empty", "source"} | (
        {"clock"} if d.kind != "ratio" else set()
    )
    keys |= {"exclusions"} if d.kind != "ratio" else {"counted"}
    if d.kind == "duration" and measured(d):
        keys |= {"start", "stop", "pauses"}
    if d.kind in ("duration", "bands", "mean", "sum") and not measured(d):
        keys |= {"measured"}
    if d.kind in ("share", "net_share", "spread"):
        keys |= {"counted"}
    if d.kind in ("stock", "survival", "spread", "stock_by_age", "roll_forward"):
        keys |= {"start", "stop"}
    assert keys <= set(said), keys - set(said)
    for key, words in said.items():
        for text in (words.en, words.it):
            assert text.strip(), (key, d.versioned)
            assert "None" not in text, (key, text)
            assert key == "source" or not any(column in text.split() for _, column in NAMED if "_" in column)


def test_every_duration_says_its_ends() -> None:
    """Those whose fact keeps no instants for them are amounts of time, not stretches between two."""
    amounts = {d.label for d in EVERY if d.kind == "duration" and measured(d) is None}
    assert all("start" not in stated(d) for d in EVERY if d.label in amounts)
    stems = {(d.fact, str(d.value)) for d in EVERY if d.label in amounts}
    spans = {(f.name, s.name) for f in FACTS.values() for s in f.spans}
    assert stems.isdisjoint(spans)


def test_a_variant_says_what_it_changes() -> None:
    """A vendor's reading that changes a clock, an end, a pause or a population reads unlike Polso's."""
    for entry in shipped().values():
        for d in entry.variants.values():
            same = {
                "title",
                "meaning",
                "source",
                "variant",
                "vendor",
                "version",
                "valid_from",
                "params",
                "stat",
                "edges",
            }
            changes = d.model_dump(exclude=same) != entry.default.model_dump(exclude=same)
            apart = {k: w for k, w in stated(d).items() if k != "source"}
            if changes:
                assert apart != {k: w for k, w in stated(entry.default).items() if k != "source"}, d.label


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(20, "20s"), (60, "1m"), (5400, "90m"), (86400, "1d"), (0.5, "0.5s"), (90_061, "90061s")],
)
def test_a_span_in_its_largest_unit(seconds: float, text: str) -> None:
    assert text == span_text(seconds)


def test_conditions_in_words() -> None:
    d = shipped()["service_level"].default
    for condition in (*d.where, *d.part):
        met, unmet = holds(d.fact, condition, d), fails(d.fact, condition, d)
        assert met.en != unmet.en
        assert met.it != unmet.it
    late = AnyOf(
        any_of=(
            Condition(column="first_response_us", op=">", value=3_600_000_000),
            Condition(column="first_response_us", op="null"),
        )
    )
    tickets = shipped()["ticket_volume"].default
    assert "the first response time: over 1h, or none" == holds("tickets", late, tickets).en
    assert "il tempo di prima risposta: al massimo 1h" == fails("tickets", late, tickets).it


def test_a_column_of_a_project_is_spoken_of_by_its_name() -> None:
    assert Words(en="product line", it="product line") == noun("tickets", "product_line")
    assert Words(en="nowhere", it="nowhere") == of_fact("nowhere")


@pytest.mark.parametrize("half", [{"en": "one"}, {"yes": Words(en="a", it="b")}])
def test_half_a_phrase_is_refused(half: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="both"):
        Phrase.model_validate(half)
