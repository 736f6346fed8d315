"""Versions: no definition changes without a name for the change, and a saved answer stays what it was.

shipped_versions.json holds the fingerprint of every shipped definition, those of earlier versions too. A new
definition, or a new version of one, is written down with

    python -c "from kpis.test_versions import renew; renew()"

run in the folder tests/; it refuses to write down another text under a version that is there already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpis.told import AGENT, CUSTOMER, Story
from polso.care import Care
from polso.engine import DuckDB
from polso.errors import ConfigError, QuestionError, UnknownName
from polso.kpis.catalogue import parse, shipped
from polso.kpis.register import REGISTER, enter, registered
from polso.kpis.wording import stated
from query.office import OFFICE
from soundness.store import store

KEPT = Path(__file__).with_name("shipped_versions.json")


# The shipped catalogue


def fingerprints() -> dict[str, str]:
    """Every shipped definition, by its label and version."""
    every = (d for entry in shipped().values() for d in (*entry.definitions, *entry.earlier))
    return {d.versioned: d.fingerprint for d in sorted(every, key=lambda d: (d.label, d.version))}


def unnamed(now: dict[str, str], kept: dict[str, str]) -> list[str]:
    """Definitions whose text changed under the version they had."""
    return [name for name, fingerprint in now.items() if kept.get(name, fingerprint) != fingerprint]


def renew() -> None:
    """Write down what is new; raise where a definition changed and kept its version."""
    now, kept = fingerprints(), json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    changed = unnamed(now, kept)
    if changed:
        raise ConfigError(ADVICE.format(", ".join(changed)))
    KEPT.write_text(json.dumps(now, indent=1) + "\n", encoding="utf-8")


ADVICE = (
    "the numbers of {} may change: give each the next `version` and a `valid_from`, keep what it said before under"
    " [....versions.N], say so in CHANGELOG.md under Numbers, then renew shipped_versions.json"
    " (see the docstring of tests/kpis/test_versions.py)"
)


def test_no_shipped_definition_changed_under_its_version() -> None:
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    changed = unnamed(fingerprints(), kept)
    assert not changed, ADVICE.format(", ".join(changed))


def test_every_shipped_definition_is_written_down() -> None:
    """A version that was there and is gone cannot be asked again."""
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    assert sorted(kept) == sorted(fingerprints()), "renew shipped_versions.json (see this file's docstring)"


def test_a_change_of_words_is_none_of_numbers() -> None:
    d = shipped()["csat"].default
    reworded = d.model_copy(update={"meaning": d.title, "title": d.meaning, "source": "elsewhere"})
    changed = d.model_copy(update={"where": d.where[:-1]})
    assert d.fingerprint == reworded.fingerprint
    assert unnamed({"csat@1": reworded.fingerprint}, {"csat@1": d.fingerprint}) == []
    assert unnamed({"csat@1": changed.fingerprint}, {"csat@1": d.fingerprint}) == ["csat@1"]


def test_a_variant_of_another_kind_says_only_what_it_reads() -> None:
    """A mean has no part that counts, nor a share a part that counts against it, whatever the default has."""
    for d in (d for entry in shipped().values() for d in entry.definitions):
        assert not d.part or d.kind in ("share", "net_share", "spread", "cohort_pair"), d.label
        assert not d.against or d.kind == "net_share", d.label
    assert shipped()["csat"].default.part
    assert "counted" not in stated(shipped()["csat"].variants["mean_score"])


# A project's own definition, over one service

HEAD = """
[quick]
title = { en = "Answered quickly", it = "Risposta rapida" }
meaning = { en = "Answered within the limit.", it = "Risposta entro il limite." }
unit = "share"
kind = "share"
fact = "tickets"
clock = "opened_at"
"""
NOW = """where = ["is_counted"]
part = [{ column = "first_response_us", op = "<=", param = "limit" }]
params = { limit = { default = "10m" } }
"""
LATER = NOW.replace("10m", "30m")
OTHERS = '[quick.variants.mail]\nwhere = ["is_counted", { column = "channel", value = "email" }]\n'


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDB]:
    """Five tickets, answered after 5, 15, 25, 35 and 45 minutes, the first two by mail."""
    story, nine = Story(), datetime(2024, 1, 9, 9)
    for place in range(5):
        channel = "email" if place < 2 else "chat"
        story.tell(nine, "opened", f"t{place}", channel=channel, **CUSTOMER)
        story.tell(nine + timedelta(minutes=5 + 10 * place), "message", f"t{place}", channel=channel, **AGENT)
    with store(story.events, config=OFFICE) as made:
        yield made


Project = Callable[..., Care]


@pytest.fixture
def project(engine: DuckDB, tmp_path: Path) -> Iterator[Project]:
    """The project with a text in kpis/, opened; where `built`, as after a load."""
    (tmp_path / "kpis").mkdir()

    def opened(text: str, *, built: bool = True) -> Care:
        (tmp_path / "kpis" / "own.toml").write_text(HEAD + text, encoding="utf-8")
        care = Care(tmp_path, OFFICE, engine)
        if built:
            care.build()
        return care

    yield opened
    engine.run("DROP TABLE IF EXISTS definitions")


def test_a_change_without_a_version_is_said_and_shown(project: Project) -> None:
    care = project(NOW)
    assert (1 / 5, ()) == (care.ask("quick").value, care.ask("quick").warnings)
    for care in (project(LATER, built=False), project(LATER)):
        answer = care.ask("quick")
        assert 3 / 5 == answer.value
        (warning,) = answer.warnings
        assert "quick@1 says something else than when it was first used" in warning
        assert "a version of its own" in warning
        assert () == care.ask("csat").warnings
        found = care.diff("quick")
        change = next(change for change in found.changes if change.key == "params")
        assert (600.0, 1800.0) == (change.left["limit"]["default"], change.right["limit"]["default"])
        words = next(change for change in found.changes if change.key == "counted")
        assert ("10m", "30m") == tuple(said["it"].split()[-2] for said in (words.left, words.right))
        assert [1 / 5, 3 / 5] == [cell.value for cell in found.result]
        assert found.parting is not None
        assert (5, 2) == (found.parting.tickets, found.parting.parted)


def test_a_changed_variant_is_said_too(project: Project) -> None:
    project(NOW + OTHERS)
    care = project(NOW + OTHERS.replace("email", "chat"))
    (warning,) = care.ask("quick:mail").warnings
    assert "quick:mail@1" in warning


@pytest.mark.parametrize("stated", [True, False], ids=["in the file", "in the register alone"])
def test_a_named_change_leaves_both_to_be_asked(project: Project, stated: bool) -> None:
    project(NOW)
    old = '[quick.versions.1]\nparams = { limit = { default = "10m" } }\n' if stated else ""
    care = project(f"version = 2\nvalid_from = 2024-06-01\n{LATER}{old}")
    (cell,) = care.ask("quick")
    assert (2, 3 / 5, ()) == (cell.version, cell.value, care.ask("quick").warnings)
    assert {"version": 2, "value": 3 / 5}.items() <= cell.as_dict().items()
    (before,) = care.ask("quick@1")
    assert (1, 1 / 5) == (before.version, before.value)
    assert [1 / 5, 3 / 5] == [c.value for c in care.ask("quick@1", "quick")]
    assert [1 / 5, 3 / 5] == [c.value for c in care.diff("quick").result]
    assert [3 / 5, 1 / 5] == [c.value for c in care.diff("quick", "quick@1").result]
    assert {"counted", "params"} == {change.key for change in care.diff("quick").changes}
    assert (1, "2024-06-01") == (before.version, care.explain("quick").as_dict()["valid_from"])
    with pytest.raises(UnknownName, match="version of quick"):
        care.ask("quick@3")


def test_one_version_alone_has_nothing_to_be_compared_with(project: Project) -> None:
    with pytest.raises(QuestionError, match="has one version only"):
        project(NOW).diff("quick")


def test_a_version_after_the_one_in_force_is_refused() -> None:
    for number in (1, 2):
        text = f"{HEAD}{NOW}[quick.versions.{number}]\nwhere = []\n"
        with pytest.raises(ConfigError, match=rf"versions\.{number} is not before version 1"):
            parse(text, "kpis/own.toml", {})
    with pytest.raises(ConfigError, match="version"):
        parse(f"{HEAD}{NOW}[quick.versions.0]\nwhere = []\n", "kpis/own.toml", {})
    with pytest.raises(ConfigError, match=r"versions\.first is no number"):
        parse(f"{HEAD}{NOW}[quick.versions.first]\nwhere = []\n", "kpis/own.toml", {})


# Saved answers

ASKED: list[tuple[tuple[str, ...], dict[str, Any]]] = [
    (("quick",), {}),
    (("quick", "first_response_time"), {"by": ("day", "channel"), "params": {"limit": 1200}}),
    (("first_response_time",), {"stat": "p90", "time": "business", "credit": "sender", "by": "agent"}),
    (("first_response_bands", "backlog"), {"where": {"channel": ["email", "chat"]}, "period": "2024-01"}),
    (("ticket_volume",), {"definition": "all", "by": ("month", "week")}),
    (("quick",), {"where": {"team": None}}),
    (("ticket_volume",), {"clients": ["acme"]}),
    (("ticket_volume",), {"clients": ["nobody"]}),
]


@pytest.mark.parametrize(("kpis", "question"), ASKED)
def test_a_saved_answer_stays_what_it_was(
    project: Project, tmp_path: Path, kpis: tuple[str, ...], question: dict[str, Any]
) -> None:
    """The definition changes without a word, then under a version, then goes; the answer says what it said."""
    care = project(NOW)
    result = care.ask(*kpis, **question)
    path = tmp_path / "answer.json"
    care.save(result, path, question.get("time", "calendar"))
    for text in (NOW, LATER, f"version = 2\n{LATER}", NOW.replace("first_response_us", "resolution_us")):
        answer, again, drifts = project(text).recompute(path)
        assert () == drifts
        assert json.dumps(result.to_dicts(), default=str) == json.dumps(again.to_dicts(), default=str)
        assert json.dumps(answer.cells) == json.dumps(json.loads(path.read_text(encoding="utf-8"))["cells"])
        assert list(result.definitions) == list(answer.definitions)
    (tmp_path / "kpis" / "own.toml").unlink()
    assert () == Care(tmp_path, OFFICE, care.engine).recompute(path)[2]


def test_what_differs_is_the_data(project: Project, tmp_path: Path) -> None:
    care = project(NOW)
    path = tmp_path / "answer.json"
    care.save(care.ask("quick", by="channel"), path)
    care.engine.run("UPDATE tickets SET channel = 'phone' WHERE ticket_id = 't4'")
    try:
        _, _, drifts = care.recompute(path)
    finally:
        care.engine.run("UPDATE tickets SET channel = 'chat' WHERE ticket_id = 't4'")
    seen = {d.keys["channel"]: (d.before and d.before["n"], d.now and d.now["n"]) for d in drifts}
    assert {"chat": (3, 2), "phone": (None, 1)} == seen


BROKEN: dict[str, Callable[[str], str | bytes]] = {
    "empty": lambda text: "",
    "half": lambda text: text[: len(text) // 2],
    "another file": lambda text: '{"kpi": "csat"}',
    "a list": lambda text: "[]",
    "not text": lambda text: b"\xff\xfe\x00",
    "no definition": lambda text: text.replace('"kind": "share"', '"kind": "shares"'),
    "a column that is none": lambda text: text.replace("first_response_us", "first_respons_us"),
    "a fact that is none": lambda text: text.replace('"fact": "tickets"', '"fact": "ticket"'),
    "no such zone": lambda text: text.replace("Europe/Rome", "Europe/Roma"),
    "an end before its start": lambda text: text.replace('"since": "2024', '"since": "2034'),
    "cells of nothing": lambda text: text.replace('"n":', '"m":'),
    "a key of another day": lambda text: text.replace('"polso":', '"extra": 1, "polso":', 1),
}


@pytest.mark.parametrize("flaw", BROKEN)
def test_a_file_that_holds_no_answer_is_refused(project: Project, tmp_path: Path, flaw: str) -> None:
    care, path = project(NOW), tmp_path / "answer.json"
    care.save(care.ask("quick"), path)
    text = path.read_text(encoding="utf-8")
    broken = BROKEN[flaw](text)
    assert broken != text
    path.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    with pytest.raises(QuestionError, match=r"answer\.json holds no saved answer"):
        care.recompute(path)


def test_a_file_that_is_not_there_is_named(project: Project, tmp_path: Path) -> None:
    with pytest.raises(QuestionError, match=r"no file .*nowhere\.json"):
        project(NOW).recompute(tmp_path / "nowhere.json")
    with pytest.raises(QuestionError, match="holds no saved answer"):
        project(NOW).recompute(tmp_path)


def test_a_text_that_the_grammar_knows_no_more_is_passed_over() -> None:
    engine = DuckDB()
    enter(engine, shipped())
    kept = len(registered(engine))
    engine.run(
        f"""INSERT INTO {REGISTER} VALUES ('old@1', 'x', '{{"name": "old", "gone": 1}}', now()::TIMESTAMP)"""
    )
    assert kept == len(registered(engine))
