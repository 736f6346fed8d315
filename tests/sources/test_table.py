"""Mappings: instants, numbers, maps, conditions, threads; and what a mapping may not say."""

import itertools
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polso.engine import DuckDB
from polso.errors import ConfigError, PolsoError, SourceError
from polso.sources.table_instants import changes, to_utc
from sources.tables import events, load, read, rejected, write

NINE = datetime(2024, 1, 31, 9)


def _at(spec: str) -> str:
    return (
        f'[[source.event]]\nkind = "opened"\nticket_id = {{ value = "t" }}\noccurred_at = {{'
        f' column = "at", {spec} }}'
    )


@pytest.mark.parametrize(
    ("written", "spec", "expected"),
    [
        ("31/01/2024 10:00", 'format = "%d/%m/%Y %H:%M"', NINE),
        ("01/31/2024 10:00", 'format = ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]', NINE),
        ("31.1.2024 10:00:00", "", NINE),
        ("1/31/2024 10:00:00 AM", "", NINE),
        ("31/01/24 10:00", "", NINE),
        ("2024-01-31T10:00:00", "", NINE),
        ("2024/01/31 10:00:00.5", "", NINE + timedelta(milliseconds=500)),
        ("2024-01-31T10:00:00+01:00", 'zone = "Asia/Tokyo"', NINE),
        ("2024-01-31 09:00:00Z", 'zone = "Asia/Tokyo"', NINE),
        ("2024-01-31 09:00:00 UTC", "", NINE),
        ("2024-01-31 14:30:00 +0530", "", NINE),
        ("31/01/2024 14:30:00 +0530", "", NINE),
        ("Wed Jan 31 09:00:00 +0000 2024", "", NINE),
        ("Wed, 31 Jan 2024 11:00:00 +0200", "", NINE),
        ("20240131 10:00", "", NINE),
        ("1706691600", 'format = "epoch"', NINE),
        ("1706691600.25", 'format = "epoch"', NINE + timedelta(milliseconds=250)),
        ("1706691600123", 'format = "epoch_ms"', NINE + timedelta(milliseconds=123)),
        ("1706691600000001", 'format = "epoch_us"', NINE + timedelta(microseconds=1)),
        ("45322.4166666667", 'format = "excel"', NINE),
        ("43860,4166666667", 'format = "excel_1904"', NINE),
        ("2024-01-31 18:00", 'zone = "Asia/Tokyo"', NINE),
        ("2024-01-31 09:59:30", "plus_seconds = 30", NINE),
    ],
)
def test_instants_as_people_write_them(tmp_path: Path, written: str, spec: str, expected: datetime) -> None:
    engine, _ = load(
        write(tmp_path, f'at;n\n"{written}";1\n'),
        _at(spec).replace(",  }", " }").replace(", }", " }"),
        'zone = "Europe/Rome"\ndelimiter = ";"',
    )
    assert [(expected,)] == events(engine, "occurred_at")


def test_a_date_that_reads_two_ways_is_asked_about(tmp_path: Path) -> None:
    body = _at("").replace(",  }", " }")
    with pytest.raises(
        SourceError, match=r"day or month could come first.*say format = '%d/%m/%Y' or '%m/%d/%Y'"
    ):
        read(write(tmp_path, "at,n\n01/02/2024,1\n03/04/2024,1\n"), body)
    with pytest.raises(SourceError, match="1 rows have the day first, 1 the month"):
        read(write(tmp_path, "at,n\n13/02/2024,1\n03/14/2024,1\n"), body)
    with pytest.raises(SourceError, match="say format"):
        read(write(tmp_path, "at,n\n1706691600,1\n"), body)
    reading = read(write(tmp_path, "at,n\n13/02/2024,1\n03/04/2024,1\n"), body)
    assert any("read as %d/%m/%Y" in warning for warning in reading.warnings)


def test_a_format_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be used"):
        read(write(tmp_path, "at,n\nx,1\n"), _at('format = "%Q"'))


def test_a_zone_nobody_stated_is_the_projects_and_is_mentioned(tmp_path: Path) -> None:
    path = write(tmp_path, "at,n\n2024-01-31 10:00,1\n")
    body = _at("").replace(",  }", " }")
    engine, done = load(path, body, top="")
    assert [(NINE,)] == events(engine, "occurred_at")
    assert any("project's zone, Europe/Rome" in warning for warning in done.warnings)
    assert not load(path, body)[1].warnings
    assert not load(write(tmp_path, "at,n\n2024-01-31 10:00Z,1\n"), body, top="")[1].warnings


def test_times_that_a_clock_change_makes_double_or_impossible_are_counted(tmp_path: Path) -> None:
    rows = [
        "2024-10-27 01:59:59",
        "2024-10-27 02:30:00",
        "2024-10-27 03:00:00",
        "2024-03-31 02:30:00",
        "2024-03-31 03:00:00",
    ]
    engine, done = load(
        write(tmp_path, "at,n\n" + "".join(f"{r},1\n" for r in rows)), _at("").replace(",  }", " }")
    )
    assert [
        (datetime(2024, 3, 31, 1),),
        (datetime(2024, 3, 31, 1, 30),),
        (datetime(2024, 10, 26, 23, 59, 59),),
        (datetime(2024, 10, 27, 0, 30),),
        (datetime(2024, 10, 27, 2),),
    ] == events(engine, "occurred_at")
    assert ["1 local times of Europe/Rome happened twice", "1 local times of Europe/Rome never happened"] == [
        w.split(": ", 1)[1].split(",")[0] for w in done.warnings
    ]


ZONES = (
    "Europe/Rome",
    "America/New_York",
    "Asia/Jerusalem",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "UTC",
)


@pytest.fixture(scope="module")
def engine() -> DuckDB:
    return DuckDB()


@given(naive=st.datetimes(datetime(1990, 1, 1), datetime(2027, 1, 1)), zone=st.sampled_from(ZONES))
def test_local_times_become_utc_as_zoneinfo_says(engine: DuckDB, naive: datetime, zone: str) -> None:
    first, found = changes(zone, datetime(1990, 1, 1), datetime(2027, 1, 1))
    ((utc,),) = engine.run(f"SELECT {to_utc(f'TIMESTAMP {str(naive)!r}', first, found)}")
    assert naive.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None) == utc


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_clock_change(engine: DuckDB, zone: str) -> None:
    first, found = changes(zone, datetime(2005, 1, 1), datetime(2012, 12, 31))
    edges = [e + timedelta(seconds=s) for c in found for e in (c.start, c.end) for s in (-1, 0, 1)]
    for naive in edges:
        ((utc,),) = engine.run(f"SELECT {to_utc(f'TIMESTAMP {str(naive)!r}', first, found)}")
        assert naive.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None) == utc


def _amount(spec: str) -> str:
    return (
        '[[source.event]]\nkind = "work"\nticket_id = { template = "{row}" }\noccurred_at = { value'
        " = 2024-01-01 }\n"
        f'amount = {{ column = "n"{spec} }}'
    )


@pytest.mark.parametrize(
    ("written", "spec", "top", "expected"),
    [
        ("12", "", "", "12.000000"),
        ("-1.5", "", "", "-1.500000"),
        ("1,5", "", 'decimal = ","', "1.500000"),
        ("1.234,5", "", 'decimal = ","\nthousands = "."', "1234.500000"),
        ("1,234,567.5", ', thousands = ","', "", "1234567.500000"),
        ("0:02:23", ', unit = "hms"', "", "143.000000"),
        ("02:23.5", ', unit = "hms"', "", "143.500000"),
        ("-1:00:00", ', unit = "hms"', "", "-3600.000000"),
        ("1.5", ', unit = "min"', "", "90.000000"),
        ("1500", ', unit = "ms"', "", "1.500000"),
        ("x", "", "", None),
        ("1,5", "", "", None),
        ("1.5", "", 'decimal = ","', None),
        ("12,34.5", ', thousands = ","', "", None),
        ("1_000", "", "", None),
        ("1e30", "", "", None),
        ("nan", "", "", None),
        ("0:99:00", ', unit = "hms"', "", None),
    ],
)
def test_numbers_as_people_write_them(
    tmp_path: Path, written: str, spec: str, top: str, expected: str | None
) -> None:
    engine, done = load(
        write(tmp_path, f'n;m\n"{written}";1\n'), _amount(spec), f'zone = "UTC"\ndelimiter = ";"\n{top}'
    )
    assert [(expected,)] * (expected is not None) == events(engine, "amount::VARCHAR")
    if expected is None:
        assert 1 == done.rejected
        assert f"column 'n': '{written}' is no " in rejected(engine)[0][1]


def test_maps_defaults_templates_and_floats_that_are_ids(tmp_path: Path) -> None:
    content = "id,what,who\n3.0,A,007\n4,B,\n5,C,x\n6,,x\n"
    body = """
    [[source.event]]
    kind = "note"
    ticket_id = { column = "id", integer = true }
    contact_id = { template = "c-{id}-{who}" }
    actor_id = "who"
    value = { column = "what", map = { A = "public", B = "" } }
    occurred_at = { value = 2024-01-01 }
    """
    engine, done = load(write(tmp_path, content), body)
    assert [
        ("3", "c-3.0-007", "007", "public"),
        ("4", None, None, None),
        ("6", "c-6-x", "x", None),
    ] == events(engine, "ticket_id, contact_id, actor_id, value")
    assert [(4, "column 'what': 'C' is not in the map")] == rejected(engine)
    assert 1 == done.rejected
    engine, _ = load(write(tmp_path, content), body.replace('B = "" }', 'B = "" }, default = "private"'))
    assert [("private",)] == events(engine, "value", "ticket_id = '5'")


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ('column = "n", in = ["1", "2"]', "ab"),
        ('column = "n", not_in = ["1", "2"]', "cd"),
        ('column = "n", "=" = "1"', "a"),
        ('column = "n", "=" = 1', "a"),
        ('column = "n", "=" = 0', "c"),
        ('column = "n", "!=" = "1"', "bcd"),
        ('column = "n", "!=" = 1', "bcd"),
        ('column = "n", ">" = 0', "ab"),
        ('column = "n", ">=" = 1, "<" = 2', "a"),
        ('column = "n", "<=" = 1', "ac"),
        ('column = "n", null = true', "d"),
        ('column = "n", null = false', "abc"),
    ],
)
def test_conditions_choose_rows_and_the_others_are_skipped_and_counted(
    tmp_path: Path, condition: str, kept: str
) -> None:
    path = write(tmp_path, "id,n\na,1\nb,2\nc,0.0\nd,\n")
    body = '[[source.event]]\nkind = "opened"\nticket_id = "id"\noccurred_at = { value = 2024-01-01 }\n'
    engine, done = load(path, body + f"when = [{{ {condition} }}]")
    assert list(kept) == [t for (t,) in events(engine, "ticket_id")]
    assert 4 - len(kept) == done.skipped
    engine, done = load(path, body, f"skip = [{{ {condition} }}]")
    assert sorted(set("abcd") - set(kept)) == [t for (t,) in events(engine, "ticket_id")]
    assert len(kept) == done.skipped


def test_a_value_that_a_number_is_compared_with_must_be_one(tmp_path: Path) -> None:
    body = (
        '[[source.event]]\nkind = "opened"\nticket_id = "id"\noccurred_at = { value = 2024-01-01'
        ' }\nwhen = [{ column = "n", ">" = 0 }]'
    )
    engine, done = load(write(tmp_path, "id,n\na,1\nb,0\nc,many\n"), body)
    assert (3, 1, 1, 1) == (done.rows, done.used, done.skipped, done.rejected)
    assert [(4, "column 'n': 'many' is no number")] == rejected(engine)


WIDE = """
[source.common]
ticket_id = "id"
[[source.event]]
kind = "opened"
occurred_at = "opened"
[[source.event]]
kind = "solved"
occurred_at = "solved"
when = [{ column = "solved", null = false }]
"""


def test_a_row_a_ticket_gives_several_events(tmp_path: Path) -> None:
    content = "id,opened,solved\na,2024-01-01,2024-01-02\nb,2024-01-01,\nc,,2024-01-02\nd,soon,\n"
    engine, done = load(write(tmp_path, content), WIDE)
    assert [("a", "opened"), ("a", "solved"), ("b", "opened"), ("c", "solved")] == events(
        engine, "ticket_id, kind"
    )
    # A row with one good event and one bad is used; its bad event is written down all the same.
    assert (4, 3, 0, 1) == (done.rows, done.used, done.skipped, done.rejected)
    assert [4, 5] == [line for line, _ in rejected(engine)]


def test_threads_take_the_id_of_their_root(tmp_path: Path) -> None:
    rows = [
        "1,",
        "2,1.0",
        "3,2.0",
        "4,99",
        "5,4",
        "7,8",
        "8,7",
        "9,9",
        *(f"{n},{n - 1}" for n in range(101, 160)),
    ]
    body = """
    [[source.event]]
    kind = "opened"
    ticket_id = { thread = { id = "id", parent = "up" }, integer = true }
    event_id = { column = "id", integer = true }
    occurred_at = { value = 2024-01-01 }
    """
    engine, done = load(write(tmp_path, "id,up\n" + "\n".join(rows) + "\n"), body)
    found = dict(events(engine, "event_id, ticket_id"))
    assert {"1": "1", "2": "1", "3": "1", "4": "4", "5": "4", "7": "7", "8": "8", "9": "9"} == {
        k: v for k, v in found.items() if len(k) == 1
    }
    assert {"101"} == {v for k, v in found.items() if len(k) == 3}
    assert any("2 rows answer each other in a circle" in w for w in done.warnings)


def test_loading_twice_or_in_another_order_changes_nothing(tmp_path: Path) -> None:
    rows = ["a,2024-01-01,x\n", "a,2024-01-01,x\n", "b,2024-01-02,y\n"]
    seen = set()
    for order in itertools.permutations(rows):
        engine, done = load(write(tmp_path, "id,at,note\n" + "".join(order)))
        seen.add(tuple(events(engine, "event_id")))
        assert 3 == done.new
    assert 1 == len(seen)
    engine, done = load(
        write(tmp_path, "id,at,note\n" + "".join(rows)), top='zone = "UTC"\nduplicates = "drop"'
    )
    assert (3, 2, 0, 1) == (done.rows, done.used, done.skipped, done.rejected)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('[[source.event]]\nkind = "opend"\noccurred_at = "at"', "did you mean opened"),
        ('[[source.event]]\nkind = "opened"', "no occurred_at"),
        ('[[source.event]]\noccurred_at = "at"', "no kind"),
        ("", "event"),
        ("event = []", "no .*source.event"),
        ('[[source.event]]\nkind = "opened"\noccurred_at = "at"\nticket = "x"', "ticket"),
        ('[[source.event]]\nkind = "opened"\noccurred_at = { column = "at", value = "x" }', "exactly one of"),
        ('[[source.event]]\nkind = "opened"\noccurred_at = { column = "at", zone = "Rome" }', "Europe/Rome"),
        ('[[source.event]]\nkind = "left"\nstage = "cue"\noccurred_at = "at"', "did you mean queue"),
        ('[[source.event]]\nkind = "opened"\noccurred_at = "at"\nwhen = [{ column = "x" }]', "says nothing"),
        (
            '[source.common]\nevent_id = "id"\noccurred_at = "at"\n[[source.event]]\nkind ='
            ' "opened"\n[[source.event]]\nkind = "closed"',
            "same event_id",
        ),
    ],
)
def test_what_a_mapping_may_not_say(tmp_path: Path, body: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read(write(tmp_path, "id,at\n"), body)


@pytest.mark.parametrize(
    "top",
    [
        'delimiter = "\\n"',
        'delimiter = "\\""',
        'decimal = ","\nthousands = ","',
        'encoding = "klingon"',
        'encoding = "zlib"',
    ],
)
def test_dialects_that_cannot_be(tmp_path: Path, top: str) -> None:
    with pytest.raises(PolsoError):
        read(write(tmp_path, "id,at\na,2024-01-01\n"), top=top)
