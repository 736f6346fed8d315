"""What Zendesk's exports become: a ticket's life from audits; other streams add to it and double nothing."""

import json
import random
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from polso.config import parse
from polso.engine import DuckDB
from polso.errors import ConfigError, SourceError
from polso.sources.load import Loaded, load

AUDITS = "ticket_audits_one_life.documented-shape.jsonl"
EVENTS = "ticket_events_one_life.documented-shape.jsonl"
RATINGS = "satisfaction_ratings_answered.documented-shape.jsonl"
CUSTOMER, ANNA, BRUNO = "28835719437332", "28835702984212", "28835702984999"
FIRST, SECOND = "28835740822676", "28835740822999"


def read(engine: DuckDB, folder: Path, files: dict[str, str], options: str = "") -> list[Loaded]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    config = parse(f'[[source]]\nname = "zd"\nkind = "zendesk"\nfiles = {json.dumps(list(files))}\n{options}')
    return load(engine, config, folder)


def said(engine: DuckDB, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return engine.run(f"SELECT {columns} FROM events WHERE {where} ORDER BY occurred_at, seq, event_id")


def lines(*records: object) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def audit(
    id_: int, at: str, author: int | None, *events: dict[str, Any], ticket: int = 7, **more: Any
) -> dict[str, Any]:
    numbered = [{"id": id_ * 100 + place, **event} for place, event in enumerate(events, start=1)]
    return {"id": id_, "ticket_id": ticket, "created_at": at, "author_id": author, "events": numbered, **more}


def create(field: str, value: object) -> dict[str, Any]:
    return {"type": "Create", "field_name": field, "value": value}


def change(field: str, before: object, value: object) -> dict[str, Any]:
    return {"type": "Change", "field_name": field, "value": value, "previous_value": before}


def comment(author: int | None = None, public: bool = True) -> dict[str, Any]:
    return {"type": "Comment", "public": public, **({"author_id": author} if author else {})}


BIRTH = audit(
    1, "2024-05-01T10:00:00Z", 900, comment(900), create("requester_id", "900"), create("status", "new")
)


def test_one_life_word_for_word(shared: Path, tmp_path: Path) -> None:
    engine = DuckDB()
    text = (shared / "data/payloads/zendesk" / AUDITS).read_text()
    loaded = read(engine, tmp_path, {"audits.jsonl": text})[0]
    assert (12, 12, 0, 0, 21) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected, loaded.new)
    columns = "strftime(occurred_at, '%d %H:%M'), kind, coalesce(value, attribute),"
    columns += " actor_kind, actor_id, subject_id, team"
    assert [
        ("01 13:00", "opened", None, "customer", CUSTOMER, None, FIRST),
        ("01 13:00", "message", None, "customer", CUSTOMER, None, FIRST),
        ("01 13:00", "set", "normal", "customer", CUSTOMER, None, FIRST),
        ("01 13:00", "set", "shipping", "customer", CUSTOMER, None, FIRST),
        ("01 13:12", "assigned", None, "agent", ANNA, ANNA, FIRST),
        ("01 13:20", "note", "private", "agent", ANNA, None, FIRST),
        ("01 13:45", "message", None, "agent", ANNA, None, FIRST),
        ("01 13:45", "waiting", "customer", "agent", ANNA, None, FIRST),
        ("02 08:00", "message", None, "customer", CUSTOMER, None, FIRST),
        ("02 08:00", "resumed", None, "customer", CUSTOMER, None, FIRST),
        ("02 09:00", "transferred", None, "agent", ANNA, FIRST, SECOND),
        ("02 09:00", "assigned", None, "agent", ANNA, BRUNO, SECOND),
        ("02 10:30", "message", None, "agent", BRUNO, None, SECOND),
        ("02 10:30", "solved", None, "agent", BRUNO, None, SECOND),
        ("02 11:00", "survey_sent", "thumbs", "system", None, "29", SECOND),
        ("03 07:00", "rated", "thumbs", "customer", CUSTOMER, "29", SECOND),
        ("03 09:00", "message", None, "customer", CUSTOMER, None, SECOND),
        ("03 09:00", "reopened", None, "customer", CUSTOMER, None, SECOND),
        ("03 10:00", "message", None, "agent", BRUNO, None, SECOND),
        ("03 10:00", "solved", None, "agent", BRUNO, None, SECOND),
        ("07 10:05", "closed", None, "system", None, None, SECOND),
    ] == said(engine, columns)
    assert [("29", CUSTOMER, "email")] == engine.run(
        "SELECT DISTINCT ticket_id, customer_id, channel FROM events"
    )
    assert [(1,)] == said(engine, "amount::INT", "kind = 'rated'")


def test_audits_ticket_events_and_ratings_tell_one_life_once(shared: Path, tmp_path: Path) -> None:
    texts = {
        name: (shared / "data/payloads/zendesk" / name).read_text() for name in (AUDITS, EVENTS, RATINGS)
    }
    alone, together, backwards = DuckDB(), DuckDB(), DuckDB()
    read(alone, tmp_path, {AUDITS: texts[AUDITS]})
    loaded = read(together, tmp_path, texts)
    assert [21, 0, 2] == [one.new for one in loaded]
    assert [0, 21, 0] == [one.repeated for one in loaded]
    read(backwards, tmp_path, dict(reversed(texts.items())))
    life = "* EXCLUDE (batch)"
    assert (
        said(alone, life)
        == said(together, life, "ticket_id = '29'")
        == said(backwards, life, "ticket_id = '29'")
    )
    assert [("rated", 0)] == said(together, "kind, amount::INT", "ticket_id = '30' AND kind = 'rated'")


def test_shuffled_repeated_audits_change_nothing(shared: Path, tmp_path: Path) -> None:
    audits = (shared / "data/payloads/zendesk" / AUDITS).read_text().splitlines(keepends=True)
    straight, mixed = DuckDB(), DuckDB()
    read(straight, tmp_path, {"a.jsonl": "".join(audits)})
    twice = audits * 2
    random.Random(4).shuffle(twice)
    loaded = read(mixed, tmp_path, {"b.jsonl": "".join(twice)})[0]
    assert (24, 24, 21, 21) == (loaded.rows, loaded.used, loaded.new, loaded.repeated)
    assert said(straight, "*") == said(mixed, "*")


@pytest.mark.parametrize("indent", [None, 2])
def test_an_api_page_says_what_its_lines_say(shared: Path, tmp_path: Path, indent: int | None) -> None:
    text = (shared / "data/payloads/zendesk" / AUDITS).read_text()
    page = {"audits": [json.loads(line) for line in text.splitlines()], "next_page": None, "count": 12}
    as_lines, as_page = DuckDB(), DuckDB()
    read(as_lines, tmp_path, {"a.jsonl": text})
    loaded = read(as_page, tmp_path, {"page.json": json.dumps(page, indent=indent)})[0]
    assert (12, 12) == (loaded.rows, loaded.used)
    assert said(as_lines, "*") == said(as_page, "*")


def test_a_ticket_record_adds_nothing_to_its_audits_in_either_order(tmp_path: Path) -> None:
    ticket = {
        "id": 7, "created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-09T10:00:00Z",
        "status": "closed", "requester_id": 900, "submitter_id": 900, "group_id": 5, "priority": "high",
        "via": {"channel": "email"},
    }  # fmt: skip
    files = {
        "tickets.json": json.dumps({"tickets": [ticket], "next_page": None}),
        "audits.jsonl": lines(BIRTH),
    }
    alone, first, last = DuckDB(), DuckDB(), DuckDB()
    read(alone, tmp_path, {"audits.jsonl": lines(BIRTH)})
    loaded = read(first, tmp_path, files)
    assert "only how a ticket opened" in loaded[0].warnings[0]
    read(last, tmp_path, dict(reversed(files.items())))
    told = "* EXCLUDE (batch)"
    assert said(alone, told) == said(first, told) == said(last, told)
    assert [("opened",)] == said(first, "kind", "kind = 'opened'")


def test_tickets_and_metrics_alone_tell_what_they_can(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/payloads/zendesk"
    names = ("tickets.faros.jsonl", "ticket_metrics.faros.jsonl", "users.faros.jsonl", "groups.faros.jsonl")
    engine = DuckDB()
    loaded = read(
        engine,
        tmp_path,
        {name: (folder / name).read_text() for name in names},
        'history = "snapshots"\nusers = "users.*.jsonl"\ntickets = "tickets.faros.jsonl"',
    )
    assert [(14, 14, 0), (14, 14, 0), (15, 0, 15), (2, 0, 2)] == [(x.rows, x.used, x.skipped) for x in loaded]
    assert "cannot be known" in loaded[0].warnings[0]
    assert [("6", datetime(2024, 1, 24, 20, 12, 2))] == said(
        engine, "ticket_id, occurred_at", "kind = 'solved'"
    )
    assert [("14", "6")] == said(engine, "ticket_id, subject_id", "kind = 'linked' AND value = 'follow_up'")
    assert [(14,)] == engine.run("SELECT count(*) FROM events WHERE kind = 'opened'")
    assert [("agent", datetime(2024, 1, 24, 14, 19, 3))] == said(
        engine, "actor_kind, occurred_at", "kind = 'message' AND ticket_id = '13'"
    )


def test_statuses_become_waits_and_their_ends(tmp_path: Path) -> None:
    engine = DuckDB()
    steps = [
        "new",
        "open",
        "pending",
        "hold",
        "open",
        "solved",
        "pending",
        "solved",
        "closed",
        "deleted",
        "open",
    ]
    audits = [
        audit(10 + n, f"2024-05-02T10:{n:02}:00Z", 55, change("status", before, after))
        for n, (before, after) in enumerate(pairwise(steps))
    ]
    loaded = read(engine, tmp_path, {"a.jsonl": lines(BIRTH, *audits)})[0]
    assert (11, 10, 1, 0) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected)
    assert [
        (1, "waiting", "customer"), (2, "resumed", None), (2, "waiting", "third_party"), (3, "resumed", None),
        (4, "solved", None), (5, "reopened", None), (5, "waiting", "customer"), (6, "solved", None),
        (7, "closed", None), (8, "removed", None), (9, "restored", None),
    ] == said(
        engine, "minute(occurred_at)::INT, kind, value", "NOT event_id LIKE '1/%' AND kind <> 'opened'"
    )  # fmt: skip


def test_who_wrote_is_known_by_users_bots_and_rules(tmp_path: Path) -> None:
    users = lines({"id": 900, "role": "end-user", "name": "C"}, {"id": 901, "role": "end-user", "name": "D"},
                  {"id": 55, "role": "admin", "name": "A"})  # fmt: skip
    ruled = {**comment(55), "via": {"channel": "rule"}}
    audits = lines(
        BIRTH,
        audit(2, "2024-05-01T11:00:00Z", 901, comment()),
        audit(3, "2024-05-01T11:01:00Z", 55, comment()),
        audit(4, "2024-05-01T11:02:00Z", 77, comment()),
        audit(5, "2024-05-01T11:03:00Z", 55, ruled),
        audit(6, "2024-05-01T11:04:00Z", -1, comment()),
    )
    engine = DuckDB()
    (tmp_path / "users.jsonl").write_text(users)
    (tmp_path / "data").mkdir()
    loaded = read(engine, tmp_path, {"data/audits.jsonl": audits}, 'users = "users.jsonl"\nbots = [77]')[0]
    assert () == loaded.warnings
    assert [
        ("customer", "900"),
        ("customer", "901"),
        ("agent", "55"),
        ("bot", "77"),
        ("system", None),
        ("system", None),
    ] == (said(engine, "actor_kind, actor_id", "kind = 'message'"))


def test_a_writer_nobody_knows_is_rejected_not_guessed(tmp_path: Path) -> None:
    late = audit(2, "2024-05-01T11:00:00Z", 55, comment(), change("priority", None, "high"))
    engine = DuckDB()
    loaded = read(engine, tmp_path, {"a.jsonl": lines(late)})[0]
    assert (1, 1, 0, 1) == (loaded.rows, loaded.used, loaded.rejected, loaded.rejected_events)
    assert [(1, "who wrote it is unknown: give `users` or `tickets`")] == engine.run(
        "SELECT line, reason FROM rejections"
    )
    known = DuckDB()
    (tmp_path / "tickets.json").write_text(
        json.dumps({"tickets": [{"id": 7, "requester_id": 900, "status": "open"}]})
    )
    assert 0 == read(known, tmp_path, {"b.jsonl": lines(late)}, 'tickets = "tickets.json"')[0].rejected_events
    assert [("agent", "900")] == said(known, "actor_kind, customer_id", "kind = 'message'")


def test_groups_fields_merges_problems_and_follow_ups(tmp_path: Path) -> None:
    (tmp_path / "groups.jsonl").write_text(lines({"id": 5, "name": "Billing"}, {"id": 6, "name": "Tech"}))
    born = audit(
        1, "2024-05-01T10:00:00Z", 55, create("requester_id", "900"), create("group_id", None),
        create("360001", "refund"),
        via={"channel": "web", "source": {"from": {"ticket_id": 3}, "rel": "follow_up"}},
    )  # fmt: skip
    merge = {"channel": "system", "source": {"from": {"ticket_ids": [8, 9]}, "rel": "merge"}}
    engine = DuckDB()
    audits = lines(
        born,
        audit(2, "2024-05-01T11:00:00Z", 55, change("group_id", None, "5")),
        audit(3, "2024-05-01T12:00:00Z", 55, change("group_id", "5", "6"), change("assignee_id", "55", None)),
        audit(4, "2024-05-01T13:00:00Z", 55, comment(public=False), via=merge),
        audit(5, "2024-05-01T14:00:00Z", 55, change("problem_id", None, "4")),
    )
    read(engine, tmp_path, {"a.jsonl": audits}, 'groups = "groups.jsonl"\nfields = { 360001 = "issue_type" }')
    columns = "ticket_id, kind, subject_id, team, attribute, value"
    assert [
        ("7", "opened", None, None, None, None),
        ("7", "linked", "3", None, None, "follow_up"),
        ("7", "set", None, None, "issue_type", "refund"),
        ("7", "set", None, "Billing", "group", "Billing"),
        ("7", "transferred", "Billing", "Tech", None, None),
        ("7", "unassigned", "55", "Tech", None, None),
        ("8", "merged", "7", None, None, None),
        ("9", "merged", "7", None, None, None),
        ("7", "note", None, "Tech", None, "private"),
        ("7", "linked", "4", "Tech", None, "child"),
    ] == said(engine, columns)


def test_ids_beyond_2_to_53_stay_exact(tmp_path: Path) -> None:
    big = 9007199254740993
    engine = DuckDB()
    born = audit(
        big, "2024-05-01T10:00:00Z", big + 2, comment(), create("requester_id", str(big + 2)), ticket=big + 4
    )
    read(engine, tmp_path, {"a.jsonl": lines(born)})
    told = "event_id, ticket_id, actor_id, customer_id"
    assert [(f"{big}/{big * 100 + 1}", str(big + 4), str(big + 2), str(big + 2))] == said(
        engine, told, "kind = 'message'"
    )


def test_what_cannot_be_read_is_rejected_with_its_line_and_reason(tmp_path: Path) -> None:
    engine = DuckDB()
    text = (
        lines(BIRTH) + "\n{broken\n[1]\n" + lines({"conditions": {}, "title": "Close"})
        + lines({**BIRTH, "created_at": "redacted"})
        + '{"audits": []}\n' + lines({"id": 3, "name": "C", "role": "agent"})
    )  # fmt: skip
    loaded = read(engine, tmp_path, {"a.jsonl": text})[0]
    assert (8, 1, 3, 4) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected)
    assert [
        (3, "not a JSON record"), (4, "not a JSON record"),
        (5, "a record of no stream Polso reads; take the file out of `files`, or name it in `streams`"),
        (6, "no instant"),
    ] == engine.run("SELECT DISTINCT line, reason FROM rejections ORDER BY line")  # fmt: skip


def test_every_export_at_hand_is_read_without_loss(shared: Path) -> None:
    folder = shared / "data/payloads/zendesk"
    engine = DuckDB()
    config = parse(
        f'[[source]]\nname = "zd"\nkind = "zendesk"\nfiles = "{folder}/*.jsonl"\nusers = "{folder}/users.*"\n'
        f'groups = "{folder}/groups.*"\ntickets = "{folder}/tickets.*"'
    )
    loaded = load(engine, config, folder)
    assert all(one.rows == one.used + one.skipped + one.rejected for one in loaded)
    before = said(engine, "*")
    engine.run("DELETE FROM loaded_files")
    assert {0} == {one.new for one in load(engine, config, folder)}
    assert before == said(engine, "*")


def test_mistakes_are_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no file matches users"):
        read(DuckDB(), tmp_path, {"a.jsonl": lines(BIRTH)}, 'users = "nobody.jsonl"')
    with pytest.raises(ConfigError, match="did you mean audits"):
        read(DuckDB(), tmp_path, {"a.jsonl": lines(BIRTH)}, 'streams = { "a*" = "audit" }')
    empty = read(DuckDB(), tmp_path, {"empty.jsonl": ""})[0]
    assert (0, 0, 0, 0) == (empty.rows, empty.used, empty.skipped, empty.rejected)
