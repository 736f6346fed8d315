"""A guessed mapping loads as it is, and says what it cannot know."""

import json
import tomllib
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polso import config
from polso.engine import DuckDB
from polso.errors import PolsoError, SourceError
from polso.sources.guess import Guess, guess, named_in_project
from polso.sources.guess_toml import kind_of
from polso.sources.load import Loaded, load
from sources.tables import events, write


def _loaded(path: Path) -> tuple[Guess, DuckDB, Loaded]:
    found = guess(path)
    engine = DuckDB()
    (done,) = load(engine, config.parse(found.toml), path.parent)
    assert done.rows == done.used + done.skipped + done.rejected
    return found, engine, done


@pytest.mark.parametrize(
    ("file", "rows", "used", "roles"),
    [
        ("anonymous_bank/january.txt", 31599, 31599, {"ticket": "call_id", "customer": "customer_id"}),
        (
            "italian_helpdesk/helpdesk.csv",
            21348,
            21348,
            {"ticket": "Case ID", "activity": "Activity", "agent": "Resource", "customer": "customer"},
        ),
        ("carpentries_nps/data_20170701.csv", 476, 402, {"score": "Likely-To-Recommend"}),
        ("twitter_support/twcs_sample.csv", 5000, 5000, {"opened": "created_at"}),
        (
            "phonenow/call_center_dataset.xlsx",
            5000,
            5000,
            {"ticket": "Call Id", "clock": "Time", "score": "Satisfaction rating"},
        ),
        ("bank_calls/calls_5min_until_2003-09-25.csv", 24336, 24336, {"instant": "DateTime"}),
        ("daily_calls/calls_daily_until_2015.csv", 1095, 1095, {"instant": "date"}),
    ],
)
def test_real_exports(shared: Path, file: str, rows: int, used: int, roles: dict[str, str]) -> None:
    found, _, done = _loaded(shared / "data" / file)
    assert (rows, used, 0) == (done.rows, done.used, done.rejected)
    assert roles.items() <= found.roles.items()


ITALIAN = """Numero ticket;Evento;Data;Operatore;Cliente;Canale
7;Apertura;13/02/2024 09:00;;C1;email
7;Presa in carico;13/02/2024 09:30;Anna;C1;email
7;Chiusura;14/02/2024 10:00;Anna;C1;email
8;Apertura;02/03/2024 11:00;;C2;è qui
"""


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_an_italian_event_log(tmp_path: Path, encoding: str) -> None:
    found, engine, done = _loaded(write(tmp_path, ITALIAN.encode(encoding)))
    assert found.per_event
    assert encoding == found.encoding
    assert [
        ("7", "assigned", "Anna"),
        ("7", "closed", "Anna"),
        ("7", "opened", None),
        ("8", "opened", None),
    ] == events(engine, "ticket_id, kind, actor_id")
    assert 4 == done.used


def test_a_row_a_ticket(tmp_path: Path) -> None:
    rows = [
        {
            "id": i,
            "created_at": f"2024-01-0{i} 10:00",
            "solved_at": f"2024-01-0{i} 12:00" if i < 3 else None,
            "csat": 5 if i == 1 else None,
        }
        for i in range(1, 5)
    ]
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (list(rows[0]), *(list(r.values()) for r in rows)):
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    write(tmp_path, json.dumps({"tickets": rows}), "t.json")
    write(tmp_path, "\n".join(map(json.dumps, rows)), "t.jsonl")
    for name in ("t.xlsx", "t.parquet", "t.json", "t.jsonl"):
        found, engine, _ = _loaded(tmp_path / name)
        assert not found.per_event
        assert [("opened", 4), ("rated", 1), ("solved", 2)] == engine.run(
            "SELECT kind, count(*) FROM events GROUP BY ALL ORDER BY ALL"
        )


def test_a_date_that_reads_two_ways_is_left_open_with_both_readings(tmp_path: Path) -> None:
    path = write(tmp_path, "id,date\n1,01/02/2024\n2,03/04/2024\n")
    found = guess(path)
    assert found.ambiguous
    assert "%d/%m/%Y" in found.toml
    assert "%m/%d/%Y" in found.toml
    with pytest.raises(SourceError, match="day or month could come first"):
        load(DuckDB(), config.parse(found.toml), tmp_path)


def test_files_can_be_named_as_the_project_will_see_them(tmp_path: Path) -> None:
    path = write(tmp_path, "id,date\n1,2024-01-01\n")
    assert 'files = "data/x.csv"' in guess(path, "data/x.csv").toml


def test_a_file_is_named_from_its_project_and_in_full_outside_of_it(tmp_path: Path) -> None:
    inside, outside = tmp_path / "acme" / "data", tmp_path / "export.csv"
    inside.mkdir(parents=True)
    write(tmp_path, "id,date\n1,2024-01-01\n", "export.csv")
    write(inside, "id,date\n1,2024-01-01\n", "x.csv")
    (tmp_path / "acme" / "polso.toml").touch()
    assert "data/x.csv" == named_in_project(inside / "x.csv", tmp_path / "acme")
    assert "data/x.csv" == named_in_project(inside / "x.csv", tmp_path)
    whole = named_in_project(outside, tmp_path / "acme")
    assert outside.resolve().as_posix() == whole
    assert "# The file lies outside of the project's folder" in guess(outside, whole).toml
    assert "outside" not in guess(inside / "x.csv", "data/x.csv").toml


def test_columns_that_no_event_uses_are_named(tmp_path: Path) -> None:
    text = guess(write(tmp_path, "id,date,opened,mood\n1,2024-01-01,x,good\n"), "t.csv").toml
    assert '# Not used below: "opened", "mood". docs/events.md says what an event can hold.' in text
    assert "Not used" not in guess(write(tmp_path, "id,date\n1,2024-01-01\n"), "t.csv").toml


def test_a_folder_is_told_from_a_file(tmp_path: Path) -> None:
    write(tmp_path, "id\n1\n")
    with pytest.raises(SourceError, match=r"is a folder; name a file in it: t\.csv"):
        guess(tmp_path)


def test_as_many_rows_are_looked_at_whatever_the_format(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [("id", "date"), *((n, "2024-01-01") for n in range(2_100))]:
        book.active.append(row)
    book.save(tmp_path / "t.xlsx")
    write(tmp_path, "id,date\n" + "1,2024-01-01\n" * 2_100)
    assert (2_000, 2_000) == (guess(tmp_path / "t.xlsx").rows, guess(tmp_path / "t.csv").rows)


def test_what_cannot_be_guessed_at(tmp_path: Path) -> None:
    for content, name in (
        ("", "t.csv"),
        ("{", "t.json"),
        ("[]", "t.json"),
        ("x", "t.parquet"),
        ("x", "t.xlsx"),
        ("x", "t.doc"),
    ):
        with pytest.raises(SourceError):
            guess(write(tmp_path, content, name))
    with pytest.raises(SourceError, match="no file"):
        guess(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("activity", "kind"),
    [
        ("Take in charge ticket", "assigned"),
        ("Assign seriousness", "note"),
        ("Resolve ticket", "solved"),
        ("Ticket riaperto", "reopened"),
        ("in attesa del cliente", "waiting"),
        ("Create SW anomaly", "note"),
        ("Ticket_Closed", "closed"),
    ],
)
def test_what_activities_say(activity: str, kind: str) -> None:
    assert kind == kind_of(activity)


@given(
    data=st.one_of(st.binary(max_size=80), st.text("id,;\n\"'date2024-01é{}\\", max_size=80).map(str.encode))
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_the_file_the_proposal_is_toml_and_errors_are_ours(tmp_path: Path, data: bytes) -> None:
    path = write(tmp_path, data)
    try:
        text = guess(path).toml
    except PolsoError:
        return
    assert tomllib.loads(text)["source"]
    try:
        load(DuckDB(), config.parse(text), tmp_path)
    except PolsoError:
        return
