"""Whom a project shows: nobody by default, pseudonyms under a legal basis that is in force, names where it is open."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import stat
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

import polso.care
from polso.care import Care
from polso.config import parse
from polso.errors import ConfigError, PrivacyError, QuestionError
from polso.faces import cli
from polso.faces.sentences import told
from polso.facts import FACTS
from polso.publish.folder import publish
from polso.publish.parquet import write
from polso.query.privacy import KEY_FILE, Privacy, key_of
from privacy.staff import EVERYBODY, OPEN, PROJECT, START, TEAMS, TODAY, UNLOCK, log, opened, people, ticket

pytestmark = pytest.mark.filterwarnings("ignore:fetch_arrow_table:DeprecationWarning")
SOURCES = """
[[source]]
name = "desk"
kind = "events"
files = "data/desk.jsonl"
[[source]]
name = "phone"
kind = "events"
files = "data/phone.jsonl"
"""
MARK = "zoe."
OWN = """
[of_zoe]
title = { en = "Zoe's", it = "Di Zoe" }
meaning = { en = "Hers.", it = "Suoi." }
unit = "count"
kind = "count"
fact = "tickets"
clock = "opened_at"
where = [{ column = "solver", value = "zoe.north.1" }]
[of_island]
title = { en = "Island's", it = "Di Island" }
meaning = { en = "Its own.", it = "Suoi." }
unit = "count"
kind = "count"
fact = "tickets"
clock = "opened_at"
where = [{ column = "team", value = "island" }]
"""


def plain(event: dict[str, Any]) -> str:
    return json.dumps({name: v.isoformat() if isinstance(v, datetime) else v for name, v in event.items()})


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh project that never heard of [privacy], loaded; some of its rows are wrong, and name people."""
    folder = tmp_path_factory.mktemp("people") / "p"
    (folder / "data").mkdir(parents=True)
    (folder / "kpis").mkdir()
    (folder / "kpis" / "own.toml").write_text(OWN)
    (folder / "polso.toml").write_text(PROJECT + SOURCES)
    orphan = {
        "event_id": "x1", "kind": "assigned", "ticket_id": "lost", "subject_id": "zoe.lost", "occurred_at": START,
        "source": "desk", "client": "acme",
    }  # fmt: skip
    nameless = {**orphan, "event_id": "x2", "kind": "note", "actor_id": "zoe.who", "subject_id": None}
    wrong = {**orphan, "event_id": "x3", "kind": "nonsense", "actor_id": "zoe.bad"}
    owner = {
        **orphan,
        "event_id": "x4",
        "kind": "set",
        "ticket_id": "t5",
        "attribute": "owner",
        "value": "zoe.north.1",
    }
    for name in ("desk", "phone"):
        rows = [e for e in [*log(3, 260), orphan, nameless, wrong, owner] if e["source"] == name]
        (folder / "data" / f"{name}.jsonl").write_text("\n".join(map(plain, rows)))
    with polso.care.open_project(folder) as care:
        care.load()
    return folder


def said(project: Path, *arguments: str) -> tuple[int, str]:
    """Everything that a command says, on either side."""
    out = io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = cli.main(["-C", str(project), *arguments])
    return code, out.getvalue()


COMMANDS = (
    [], ["check"], ["doctor"], ["load"], ["load", "--rejected"], ["balance"], ["balance", "--all"], ["kpis", "of_zoe"],
    ["ask", "ticket_volume", "handle_time", "csat", "occupancy", "backlog", "--by", "team"],
    ["ask", "ticket_volume", "--by", "agent"], ["ask", "ticket_volume", "--by", "solver"],
    ["ask", "first_response_time", "--by", "agent", "--credit", "sender"], ["ask", "ticket_volume", "-w", "agent=zoe.north.1"],
    ["ask", "occupancy", "--by", "agent"], ["ask", "of_island"], ["ask", "ticket_volume", "--by", "team,week"],
    ["rows", "ticket_volume"], ["rows", "handle_time"], ["rows", "occupancy"], ["rows", "csat"], ["rows", "reply_time"],
    ["rows", "ticket_volume", "-w", "agent=zoe.north.1"], ["rows", "ticket_volume", "-w", "team=north"],
    ["rows", "message_volume"], ["rows", "backlog"],
    ["explain", "first_response_time"], ["explain", "first_response_time", "--ticket", "t5"],
    ["explain", "first_response_time", "--ticket", "t5", "--credit", "sender"], ["explain", "handle_time", "--ticket", "c8"],
    ["explain", "csat", "--cell", "team=north"], ["explain", "ticket_volume", "--cell", "agent=zoe.north.1"],
    ["disagree", "first_response_time", "polso", "zendesk"], ["kpis", "diff", "csat:zendesk", "csat"],
    ["ask", "first_response_time", "-d", "all"], ["pack", "agcom-79-09", "-p", "2024-04"], ["publish"], ["export"],
)  # fmt: skip


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_of_a_fresh_project_shows_anybody(project: Path, arguments: list[str]) -> None:
    own = arguments[:1] == ["kpis"]
    forms = ([], ["--json"], ["--csv"]) if arguments else ([],)
    for form, lang in itertools.product(forms, ("en", "it")):
        code, text = said(project, "--lang", lang, *arguments, *form)
        # What was asked for is repeated by whoever asked; a KPI's own file is theirs too.
        known = text.replace("zoe.north.1", "") if own else text
        assert MARK not in known, known[:2000]
        assert "Traceback" not in text
        assert code in (0, 1, 2)


def test_no_file_of_a_fresh_project_shows_anybody(project: Path, tmp_path: Path) -> None:
    with polso.care.open_project(project) as care:
        write(care, tmp_path / "out", lambda *_: None)
        made = publish(care, tmp_path / "set", lambda *_: None)
    files = [*(tmp_path / "out").iterdir(), *made.path.iterdir()]
    assert len(files) > 30
    assert "states.parquet" not in {path.name for path in files}
    for path in files:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
            names = {name for fact in FACTS.values() for name in (*fact.named("agent"), *fact.named("team"))}
            assert names.isdisjoint(table.column_names)
            assert MARK not in str(table.to_pydict())
        else:
            assert MARK not in path.read_text("utf-8")
    with duckdb.connect() as reader:
        reader.execute(f"SET file_search_path = '{tmp_path / 'set'}'")
        reader.execute((made.path / "views.sql").read_text("utf-8"))
        views = [
            name
            for (name,) in reader.execute(
                "SELECT view_name FROM duckdb_views() WHERE NOT internal"
            ).fetchall()
        ]
        assert len(views) > 100
        for name in views:
            assert MARK not in str(reader.execute(f'FROM "{name}" LIMIT 50').fetchall())


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return log(5, 200)


@pytest.fixture(scope="module")
def unlocked(events: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Care]:
    with opened(events, tmp_path_factory.mktemp("unlocked"), UNLOCK) as care:
        yield care


def on(care: Care, day: date, settings: str = UNLOCK) -> Care:
    """The same store on another day, or under other settings."""
    return Care(care.folder, parse(PROJECT + settings), care.engine, lambda: day)


def test_a_legal_basis_shows_pseudonyms_until_it_expires(unlocked: Care) -> None:
    assert "unlocked" == unlocked.privacy.state
    cells = unlocked.ask("ticket_volume", by="agent").cells
    named = {cell.keys["agent"] for cell in cells} - {None}
    assert named == {unlocked.privacy.pseudonym(name) for name in EVERYBODY} & named
    assert len(named) > 20
    for day in (date(2023, 12, 31), date(2025, 1, 1)):
        late = on(unlocked, day)
        assert "locked" == late.privacy.state
        with pytest.raises(PrivacyError, match=r"record a legal basis in \[privacy.unlock\]"):
            late.ask("ticket_volume", by="agent")
    assert "unlocked" == on(unlocked, date(2024, 12, 31)).privacy.state


def test_pseudonyms_count_as_names_do(unlocked: Care) -> None:
    until = f"{START.date()}..2024-04-27"
    by_name = on(unlocked, TODAY, OPEN).ask("ticket_volume", "first_response_time", by="agent", period=until)
    shown = unlocked.ask("ticket_volume", "first_response_time", by="agent", period=until)

    def told_of(cell: Any, name: str | None) -> tuple[Any, ...]:
        return cell.kpi, name, cell.value, cell.n, cell.low, cell.high

    alias = unlocked.privacy.pseudonym
    expected = {told_of(c, c.keys["agent"] and alias(c.keys["agent"])) for c in by_name}
    assert expected == {told_of(c, c.keys["agent"]) for c in shown}
    one = next(c for c in shown if c.keys["agent"])
    again = unlocked.ask("ticket_volume", where={"agent": one.keys["agent"]}, period=until)
    assert one.n == again.cells[0].n
    assert MARK not in str(again.sql)


def test_nobody_is_found_by_name_nor_by_order(unlocked: Care) -> None:
    found = unlocked.ask("ticket_volume", where={"agent": "zoe.north.1"})
    assert (0, ("no row has agent = zoe.north.1",)) == (found.cells[0].n, found.warnings[-1:])
    from polso.kpis.definition import Condition

    with pytest.raises(PrivacyError, match="can be compared by = and != only"):
        unlocked.ask("ticket_volume", where=[Condition(column="agent", op="<", value="zoe.o")])


def test_people_are_shown_a_day_late(unlocked: Care) -> None:
    last = unlocked.store.local_day(unlocked.store.as_of)
    found = unlocked.ask("ticket_volume", by="agent")
    assert last == found.question.period.until
    assert f"people at work are shown a day late: the period ends before {last}" in found.warnings
    assert last < unlocked.ask("ticket_volume").question.period.until
    with pytest.raises(PrivacyError, match="a day late"):
        unlocked.ask("ticket_volume", by="agent", period=str(last))
    rows = unlocked.rows("solve_volume", limit=None).to_pylist()
    told_of = {row["solved_at"].replace(tzinfo=None).date() for row in rows if row["solver"]}
    assert told_of
    assert max(told_of) < last


def test_rows_stories_and_exports_hold_pseudonyms(unlocked: Care, tmp_path: Path) -> None:
    rows = str(unlocked.rows("ticket_volume", limit=None).to_pylist())
    assert unlocked.privacy.pseudonym("zoe.north.1") in rows
    ticket = next(e["ticket_id"] for e in log(5, 200) if e.get("subject_id") == "zoe.north.1")
    story = str(unlocked.explain("first_response_time", ticket=ticket, source="desk").as_dict())
    assert unlocked.privacy.pseudonym("zoe.north.1") in story
    write(unlocked, tmp_path, lambda *_: None)
    files = "".join(str(pq.read_table(path).to_pydict()) for path in tmp_path.iterdir())
    assert unlocked.privacy.pseudonym("zoe.north.1") in files
    assert MARK not in rows + story + files


def test_a_pseudonym_is_stable_keyed_and_needs_the_key(tmp_path: Path) -> None:
    key = key_of(tmp_path)
    assert key == key_of(tmp_path)
    assert 0o600 == stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode)
    one, other = Privacy("unlocked", key), Privacy("unlocked", bytes(32))
    assert one.pseudonym("ada") == one.pseudonym("ada")
    assert one.pseudonym("ada") not in (one.pseudonym("bob"), other.pseudonym("ada"))
    assert one.pseudonym("ada").startswith("agent-")
    assert hashlib.sha256(b"ada").hexdigest()[:8] not in one.pseudonym("ada")
    assert key.hex() not in repr(one)
    (tmp_path / KEY_FILE).write_text("none")
    with pytest.raises(ConfigError, match="holds no key"):
        key_of(tmp_path)


def test_the_key_is_made_only_when_needed(unlocked: Care, tmp_path: Path) -> None:
    for settings in ("", OPEN):
        assert Care(tmp_path, parse(PROJECT + settings), unlocked.engine).privacy.key == b""
    assert not (tmp_path / KEY_FILE).exists()


def test_an_open_project_shows_names_and_small_teams(unlocked: Care) -> None:
    care = on(unlocked, TODAY, OPEN)
    assert set(EVERYBODY) >= {c.keys["agent"] for c in care.ask("ticket_volume", by="agent")} - {None}
    assert {"island", "night"} <= {c.keys["team"] for c in care.ask("ticket_volume", by="team")}
    assert "zoe." in str(care.rows("ticket_volume").to_pylist())


def test_definitions_of_ones_own_do_not_go_round(project: Path) -> None:
    with polso.care.open_project(project) as care:
        with pytest.raises(PrivacyError, match="names somebody at work"):
            care.ask("of_zoe")
        assert 0 == care.ask("of_island").value, "the team is merged: nothing of it is found"
        with pytest.raises(PrivacyError, match="one by one"):
            care.ask("ticket_volume", by="agent")
        with pytest.raises(PrivacyError, match="too fine"):
            care.ask("ticket_volume", by="team", where={"ticket_id": "t5"})
        with pytest.raises(PrivacyError, match="fewer than 5 people"):
            care.rows("ticket_volume", where={"team": "north", "channel": "fax"})
        with pytest.raises(PrivacyError, match="fewer than 5 people"):
            care.explain("ticket_volume", where={"team": "north", "channel": "fax"})
        with pytest.raises(PrivacyError, match="fewer than 5 people"):
            care.disagree(
                "first_response_time", "polso", "zendesk", where={"team": "north", "channel": "fax"}
            )
        with pytest.raises(PrivacyError, match="leave that filter out"):
            care.balance(where={"team": "north"})
        named = {line.name.partition(" by ")[0] for line in care.balance()}
        assert "ticket_volume" in named
        assert named.isdisjoint({"of_zoe", "of_island"})


def _written(team: str, handled: list[str], others: int = 0, channel: str = "post") -> list[dict[str, Any]]:
    """Letters to a team: one handled by each of these people, and others by nobody."""
    agents: list[str | None] = [*handled, *[None] * others]
    first = 5000 + 1000 * list(TEAMS).index(team) + (500 if channel == "post" else 0)
    return [
        event
        for nth, agent in enumerate(agents)
        for event in ticket(first + nth, START + timedelta(hours=nth), team, agent, channel, "low")
    ]


def test_customers_are_nobody_at_work(events: list[dict[str, Any]], tmp_path: Path) -> None:
    two = people("north")[:2]
    with opened([*events, *_written("north", two * 6, others=30)], tmp_path) as care:
        (cell,) = care.ask("ticket_volume", where={"team": "north", "channel": "post"})
        assert cell.is_hidden
        shown = on(care, TODAY, OPEN)
        tickets, messages = shown.rows("ticket_volume").to_pylist(), shown.rows("message_volume").to_pylist()
        assert {row["opener"] for row in tickets} <= {*EVERYBODY, None}
        assert {row["sender"] for row in messages} - {None} <= {*EVERYBODY}
        assert {row["sender"] is None for row in messages if row["sender_kind"] == "customer"} == {True}


def test_a_group_is_as_large_as_what_has_a_value(tmp_path: Path) -> None:
    letters = [
        event
        for team in ("north", "south", "east")
        for channel in ("post", "fax")
        for event in _written(team, people(team) * 9, channel=channel)
    ]
    solved = {f"t{5500 + nth}" for nth in range(3)}
    post = {e["ticket_id"] for e in _written("north", people("north") * 9)}
    few = [e for e in letters if e["kind"] != "solved" or e["ticket_id"] not in post - solved]
    where = {"team": "north", "channel": "post"}
    with opened(few, tmp_path) as care:
        (volume,), (time,) = (care.ask(kpi, where=where) for kpi in ("ticket_volume", "resolution_time"))
        assert (volume.n, volume.is_hidden, time.is_hidden) == (81, False, True)
        with pytest.raises(PrivacyError, match="fewer than 5 people"):
            care.rows("resolution_time", where=where)


def test_an_hour_of_one_person_is_not_shown(tmp_path: Path) -> None:
    with opened(log(3), tmp_path) as locked:
        seen, hidden = (
            {cell.keys["hour_of_day"]: cell for cell in care.ask("occupancy", by="hour_of_day")}
            for care in (on(locked, TODAY, OPEN), locked)
        )
        assert locked.ask("occupancy").value is not None
    alone = [hour for hour, cell in seen.items() if cell.n == 1 and cell.value is not None]
    assert alone
    assert all(hidden[hour].is_hidden for hour in alone)
    assert hidden[12].value == seen[12].value is not None
    # One alone is what the others leave of the whole.
    assert sum(cell.is_hidden for cell in hidden.values()) > len(alone)


@pytest.mark.parametrize("settings", ["", UNLOCK])
@pytest.mark.parametrize(
    "asked",
    [
        {"by": "agent", "where": {"raw_agent": "zoe.north.1"}}, {"by": "team", "where": {"raw_team": "island"}},
        {"where": {"raw_team": "island", "team": "small teams"}}, {"by": ("team", "raw_team")}, {"by": ("agent", "raw_agent")},
    ],
)  # fmt: skip
def test_what_privacy_puts_aside_is_not_asked_for(
    unlocked: Care, settings: str, asked: dict[str, Any]
) -> None:
    """By the name somebody bears one would learn the pseudonym, and by that everything else."""
    with pytest.raises((PrivacyError, QuestionError), match=r"one by one|raw_"):
        on(unlocked, TODAY, settings).ask("ticket_volume", **asked)


def test_a_hidden_cell_says_so(project: Path) -> None:
    with polso.care.open_project(project) as care:
        (cell,) = care.ask("ticket_volume", where={"team": "north", "channel": "fax"}, compare="previous")
        assert cell.is_hidden
        assert (None, 0, None, None, None, None) == (
            cell.value, cell.n, cell.low, cell.high, cell.previous, cell.change,
        )  # fmt: skip
        assert ("hidden: fewer than 5 people or 10 contacts",) == cell.warnings
        assert "nascosto: meno di 5 persone o 10 contatti" == told("it", cell.warnings[0])


def test_all_teams_too_small_are_refused(events: list[dict[str, Any]], tmp_path: Path) -> None:
    few = [e for e in events if e.get("team") in ("island", None) and "zoe.n" not in str(e)]
    few = [e for e in few if not any(f"zoe.{t}" in str(e) for t in ("north", "south", "east", "night"))]
    with opened(few, tmp_path) as care:
        with pytest.raises(PrivacyError, match="teams are not shown"):
            care.ask("ticket_volume", by="team")
        assert care.ask("ticket_volume").value


def test_minimums_may_be_raised(unlocked: Care) -> None:
    strict = on(unlocked, TODAY, "[privacy]\nminimum_agents = 8\nminimum_contacts = 20\n")
    assert {"north", "small teams"} >= {c.keys["team"] for c in strict.ask("ticket_volume", by="team")} - {
        None,
        "south",
    }
    assert (8, 20) == (strict.privacy.minimum_agents, strict.privacy.minimum_contacts)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("[privacy]\nminimum_agents = 4", "may be raised above 5, not lowered"),
        ("[privacy]\nprofile = 'it'\nminimum_contacts = 9", "may be raised above 10, not lowered"),
        ("[privacy]\nprofile = 'closed'", "privacy.profile"),
        (UNLOCK.replace('approver = "Chiara Moro"', ""), "privacy.unlock.approver"),
        (UNLOCK.replace("RSU 12/2024", " "), "privacy.unlock.protocol"),
        (UNLOCK.replace("2024-12-31", "2023-12-31"), "it expires on 2023-12-31, before its date 2024-01-01"),
    ],
)
def test_what_cannot_be_is_said(settings: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        parse(settings)


def test_reasons_have_their_italian(unlocked: Care) -> None:
    cares = [
        unlocked,
        on(unlocked, date(2023, 1, 1)),
        on(unlocked, date(2026, 1, 1)),
        on(unlocked, TODAY, OPEN),
    ]
    for care in (*cares, on(unlocked, TODAY, "")):
        assert told("it", care.privacy.reason).startswith("gli operatori ")


def test_an_unknown_period_still_is_an_error(unlocked: Care) -> None:
    with pytest.raises(QuestionError):
        unlocked.ask("ticket_volume", by="agent", period="soon")
