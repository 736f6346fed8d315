"""Every file format and every kind of damage: right, or rejected with its line, or refused; nothing lost."""

import csv
import io
import json
import zipfile
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from polso.errors import PolsoError, SourceError
from sources.tables import events, load, read, rejected, write

HEAD = "id,at,note\n"
GOOD = "a,2024-01-01 10:00:00,x\n"
BOTH = [("a", datetime(2024, 1, 1, 9)), ("b", datetime(2024, 1, 1, 9))]
SECOND = "b,2024-01-01 10:00:00,x\n"


@pytest.mark.parametrize(
    "content",
    [
        HEAD + GOOD + SECOND,
        HEAD + GOOD + SECOND.rstrip("\n"),
        "\ufeff" + HEAD + GOOD + SECOND,
        (HEAD + GOOD + SECOND).replace("\n", "\r\n"),
        (HEAD + GOOD + SECOND).replace("\n", "\r"),
        HEAD + GOOD.replace("\n", "\r\n") + SECOND,
        HEAD + "\n" + GOOD + "\n\n" + SECOND + "\n\n\n",
        HEAD + 'a,2024-01-01 10:00:00,"two\nlines, ""quoted"""\n' + SECOND,
        HEAD + "a,2024-01-01 10:00:00,a \r\rreturn\n" + SECOND,
        HEAD + "a, 2024-01-01 10:00:00 ,\n" + SECOND,
        '"id","at","no\nte"\n' + GOOD + SECOND,
        HEAD + 'a,2024-01-01 10:00:00,5" pipe\n' + SECOND,
    ],
)
def test_the_same_rows_however_the_lines_are_ended_and_quoted(tmp_path: Path, content: str) -> None:
    engine, done = load(write(tmp_path, content))
    assert (2, 2, 0, 0) == (done.rows, done.used, done.skipped, done.rejected)
    assert BOTH == events(engine)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("c,2024-01-01 10:00:00\n", "2 columns instead of 3"),
        ("c,2024-01-01 10:00:00,x,y\n", "4 columns instead of 3"),
        ('c,2024-01-01 10:00:00,"never closed\n', "a quote that is never closed"),
        ('c,2024-01-01 10:00:00,"x"y"\n', "quotes that do not match"),
        ("c,2024-01-01 10:00:00,\0\n", "a NUL character"),
        ("c,yesterday,x\n", "column 'at': 'yesterday' is no instant"),
        ("c,,x\n", "column 'at' is blank: no instant"),
        (",2024-01-01 10:00:00,x\n", "opened without ticket_id"),
        ("c,2024-02-30 10:00:00,x\n", "'2024-02-30 10:00:00' is no instant"),
        ("c,1066-10-14 10:00:00,x\n", "before 1990-01-01"),
        ("c,2024-01-01 10:00:00," + "x" * 2_100_000 + "\n", "longer than 2 MB"),
    ],
)
@pytest.mark.parametrize("before", ["", 'q,2024-01-01 10:00:00,"a\nb\nc"\n', "\n\n"])
def test_a_bad_row_is_rejected_with_its_line_and_the_rest_is_read(
    tmp_path: Path, bad: str, reason: str, before: str
) -> None:
    engine, done = load(write(tmp_path, HEAD + GOOD + before + bad + SECOND))
    ((line, found),) = rejected(engine)
    assert 3 + before.count("\n") == line
    assert reason in found
    assert BOTH == events(engine, where="ticket_id <> 'q'")
    assert 1 == done.rejected


def test_a_file_cut_off_in_its_last_row_loses_that_row_only(tmp_path: Path) -> None:
    engine, _ = load(write(tmp_path, HEAD + GOOD + SECOND + "c,2024-01-01 10:0"))
    assert BOTH == events(engine)
    assert [(4, "2 columns instead of 3")] == rejected(engine)


def test_inner_line_ends_are_kept_and_the_careful_reader_gives_the_same_text(tmp_path: Path) -> None:
    body = ONE_WITH_NOTE
    content = "id,at,note\r\n" + 'a,2024-01-01 10:00:00,"x\r\ny"\r\n' + "b,2024-01-01 10:00:00,z\r\n"
    engine, _ = load(write(tmp_path, content), body)
    careful, _ = load(write(tmp_path, content + "c\r\n"), body)
    assert [("x\r\ny",), ("z",)] == events(engine, "value")
    assert events(engine, "event_id") == events(careful, "event_id")


ONE_WITH_NOTE = """
[source.common]
ticket_id = "id"
value = "note"
occurred_at = { column = "at" }
[[source.event]]
kind = "note"
"""


def test_a_header_that_names_a_column_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "id,at,note,note,,note_2\na,2024-01-01,1,2,3,4\n")
    engine, done = load(path, ONE_WITH_NOTE.replace('"note"\nocc', '"note_3"\nocc'))
    assert [("2",)] == events(engine, "value")
    assert ["t.csv: the header names 'note' twice; column 4 is called 'note_3' here"] == list(done.warnings)
    engine, done = load(
        path,
        ONE_WITH_NOTE.replace('"note"\nocc', '"f"\nocc'),
        'zone = "UTC"\ncolumns = ["id", "at", "c", "d", "e", "f"]',
    )
    assert [("4",)] == events(engine, "value")
    assert () == done.warnings


def test_no_header_skipped_lines_other_marks(tmp_path: Path) -> None:
    content = "made by X\n\n'a;1';2024-01-01 10:00:00;it\\'s\n"
    top = (
        'zone = "UTC"\nheader = false\nskip_lines = 2\ncolumns = ["id", "at", "note"]\ndelimiter'
        ' = ";"\nquote = "\'"\nescape = "\\\\"'
    )
    engine, _ = load(write(tmp_path, content), ONE_WITH_NOTE, top)
    assert [("a;1", "it's")] == events(engine, "ticket_id, value")


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1", "cp1252", "mac-roman"]
)
def test_encodings(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path, (HEAD + "a,2024-01-01,perché così\n").encode(encoding))
    engine, _ = load(path, ONE_WITH_NOTE, f'zone = "UTC"\nencoding = "{encoding}"')
    assert [("perché così",)] == events(engine, "value")


@pytest.mark.parametrize(
    ("real", "said", "likely"),
    [
        ("cp1252", "utf-8", "cp1252"),
        ("utf-8", "cp1252", "utf-8"),
        ("utf-8", "latin-1", "utf-8"),
        ("cp1252", "latin-1", "cp1252"),
        ("utf-16", "utf-8", "utf-16"),
        ("cp1251", "utf-8", ""),
    ],
)
def test_a_wrong_encoding_is_named_never_read_as_rubbish(
    tmp_path: Path, real: str, said: str, likely: str
) -> None:
    text = "Привет, как дела\n" if real == "cp1251" else "perché così “no” €\n"
    path = write(tmp_path, (HEAD + "a,2024-01-01," + text).encode(real))
    with pytest.raises(SourceError, match=f'encoding = "{likely}'):
        load(path, ONE_WITH_NOTE, f'zone = "UTC"\nencoding = "{said}"')


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("\n\n", "has no line"),
        ("a;b;c\n1;2;3\n", "say delimiter = ';'"),
        ("ID,at\n1,2024-01-01\n", "no column 'id'; did you mean 'ID'"),
    ],
)
def test_files_that_cannot_be_read_at_all(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(tmp_path, content))


def test_a_header_alone_is_a_file_of_no_rows(tmp_path: Path) -> None:
    _, done = load(write(tmp_path, HEAD))
    assert 0 == done.rows


def test_a_column_without_a_value(tmp_path: Path) -> None:
    engine, _ = load(
        write(tmp_path, HEAD + "a,2024-01-01,\nb,2024-01-01,NA\n"),
        ONE_WITH_NOTE,
        'zone = "UTC"\nnull = ["", "NA"]',
    )
    assert [(None,), (None,)] == events(engine, "value")


def test_json_lists_lines_and_nested_keys(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "at": "2024-01-01T10:00:00+01:00", "user": {"id": 7}},
        {"id": "b", "at": "2024-01-01T09:00:00Z"},
    ]
    body = ONE_WITH_NOTE.replace('"note"\nocc', '"user.id"\nocc')
    for name, content, top in (
        ("t.json", json.dumps(rows, indent=1), ""),
        ("t.json", json.dumps({"meta": 1, "data": {"rows": rows}}), 'records = "data.rows"'),
        ("t.jsonl", "\n".join(json.dumps(r) for r in rows), ""),
        ("t.jsonl", "\ufeff" + "\r\n\r\n".join(json.dumps(r) for r in rows) + "\r\n", ""),
    ):
        engine, done = load(write(tmp_path, content, name), body, top)
        assert [("a", datetime(2024, 1, 1, 9), "7"), ("b", datetime(2024, 1, 1, 9), None)] == events(
            engine, "ticket_id, occurred_at, value"
        )
        assert () == done.warnings


def test_broken_json_lines_are_rejected_and_a_broken_list_refused(tmp_path: Path) -> None:
    engine, done = load(write(tmp_path, '{"id": "a", "at": "2024-01-01"}\n\n{"id": \n[1]\n7\n', "t.jsonl"))
    assert (4, 1, 3) == (done.rows, done.used, done.rejected)
    assert [(3, "no JSON object"), (4, "no JSON object"), (5, "no JSON object")] == rejected(engine)
    with pytest.raises(SourceError, match="is no JSON"):
        read(write(tmp_path, '[{"id": 1}', "t.json"))
    with pytest.raises(SourceError, match="say `records`"):
        read(write(tmp_path, '{"id": 1}', "t.json"))
    with pytest.raises(SourceError, match="no record has a key 'at'"):
        read(write(tmp_path, '[{"id": 1}]', "t.json"))


def test_parquet_keeps_instants_exact_and_tells_zoned_from_naive(tmp_path: Path) -> None:
    at = datetime(2024, 1, 1, 10, 0, 0, 123456)
    table = pa.table({"id": pa.array([1], pa.int64()), "at": pa.array([at], pa.timestamp("us"))})
    pq.write_table(table, tmp_path / "t.parquet")
    engine, _ = load(tmp_path / "t.parquet")
    assert [("1", at.replace(hour=9))] == events(engine)
    pq.write_table(
        table.set_column(1, "at", pa.array([at], pa.timestamp("us", "UTC"))), tmp_path / "t.parquet"
    )
    engine, _ = load(tmp_path / "t.parquet")
    assert [("1", at)] == events(engine)
    with pytest.raises(SourceError, match="cannot be read as Parquet"):
        read(write(tmp_path, b"PAR1nonsense", "t.parquet"))


def _workbook(path: Path, rows: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    second = book.create_sheet("Other")
    second.append(["id", "at"])
    second.append(["z", datetime(2024, 1, 1, 10)])
    book.save(path)
    return path


def test_workbooks_give_dates_times_and_ids_as_they_are(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        ["id", "at", "day", "hour"],
        ["007", datetime(2024, 1, 1, 10, 0, 1), date(2024, 1, 1), time(9, 12, 58)],
        [],
        [8, datetime(2024, 1, 1, 10), None, None],
    ]
    path = _workbook(tmp_path / "t.xlsx", rows)
    engine, done = load(path)
    assert [("007", datetime(2024, 1, 1, 9, 0, 1)), ("8", datetime(2024, 1, 1, 9))] == events(engine)
    assert 2 == done.rows
    body = '[[source.event]]\nkind = "opened"\nticket_id = "id"\noccurred_at = { columns = ["day", "hour"] }'
    engine, _ = load(path, body)
    assert [("007", datetime(2024, 1, 1, 8, 12, 58))] == events(engine)
    assert [(4, "columns 'day' + 'hour' is blank: no instant")] == rejected(engine)
    engine, _ = load(path, top='zone = "UTC"\nsheet = "Other"')
    assert [("z", datetime(2024, 1, 1, 10))] == events(engine)
    with pytest.raises(SourceError, match="no sheet 'Third'; it has: Sheet, Other"):
        read(path, top='sheet = "Third"')


def test_a_workbook_that_unpacks_to_far_more_than_it_weighs_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * 20_000_000)
    with pytest.raises(SourceError, match="refused"):
        read(path)
    with pytest.raises(SourceError, match="no workbook"):
        read(write(tmp_path, "id,at\n", "t.xlsx"))


def test_names_that_tell_no_format(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="say format"):
        read(write(tmp_path, HEAD, "t.dat"))


ANY = st.lists(
    st.sampled_from([*list("ab,\"\n\r\\ ;\x00'é"), "\r\n", '""', "2024-01-01", "x,2024-01-01,y\n", '"a\nb"']),
    max_size=60,
).map("".join)


@given(text=ANY)
@example(text='x,2024-01-01,"\r\n"\r\n\r')
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_loses_a_row_or_raises_an_error_of_its_own(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, HEAD + text)
    try:
        _, done = load(path)
    except PolsoError:
        return
    assert done.rows >= len([r for r in _plainly(HEAD + text)[1:] if len(r) == 3])


def _plainly(text: str) -> list[list[str]]:
    """What Python makes of a text of well-formed records; nothing where it is not one."""
    if "\r" in text.replace("\r\n", "") or "\0" in text:
        return [[]]
    try:
        return list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        return [[]]


@given(data=st.binary(max_size=200))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_raise_an_error_of_their_own(tmp_path: Path, data: bytes) -> None:
    for name in ("t.csv", "t.json", "t.jsonl", "t.parquet", "t.xlsx"):
        head = {"t.csv": HEAD.encode(), "t.jsonl": b'{"id": 1, "at": "2024-01-01"}\n'}.get(name, b"")
        try:
            load(write(tmp_path, head + data, name))
        except PolsoError:
            continue


@given(
    rows=st.lists(
        st.tuples(st.text("abcé,\"\n; '\\", max_size=6), st.text('xy\n"', max_size=6)),
        min_size=1,
        max_size=20,
    ),
    end=st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_well_formed_files_come_back_cell_by_cell(
    tmp_path: Path, rows: list[tuple[str, str]], end: str
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(["id", "at", "note"])
    writer.writerows([f"{i}-{a}", "2024-01-01", b] for i, (a, b) in enumerate(rows))
    engine, done = load(write(tmp_path, out.getvalue()), ONE_WITH_NOTE)
    assert len(rows) == done.used
    expected = sorted((f"{i}-{a}".strip(" "), b.strip(" ") or None) for i, (a, b) in enumerate(rows))
    assert sorted(expected, key=str) == sorted(events(engine, "ticket_id, value"), key=str)
