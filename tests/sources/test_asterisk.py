"""What Asterisk's queue_log becomes: stages, outcomes, agents' states; no line lost, none told twice."""

import gzip
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polso.config import parse
from polso.engine import DuckDB
from polso.errors import ConfigError
from polso.sources.load import Loaded, load

FILES = (
    "queue_log.all_events.documented-shape.txt",
    "queue_log.freepbx_8000.txt",
    "queue_log.freepbx_9000.txt",
    "queue_log.relative_time_two_calls.txt",
)


def read(
    engine: DuckDB, folder: Path, text: str | bytes, options: str = "", name: str = "queue_log"
) -> Loaded:
    content = text.encode() if isinstance(text, str) else text
    (folder / name).write_bytes(content)
    config = parse(f'[[source]]\nname = "pbx"\nkind = "asterisk"\nfiles = "{name}"\n{options}')
    return load(engine, config, folder)[0]


def said(engine: DuckDB, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return engine.run(f"SELECT {columns} FROM events WHERE {where} ORDER BY occurred_at, seq, event_id")


ANSWERED = """\
1700000000|1.1|sales|NONE|ENTERQUEUE||0611111|1
1700000015|1.1|sales|SIP/1|RINGNOANSWER|5000
1700000022|1.1|sales|SIP/2|CONNECT|22|1.2|6
1700000082|1.1|sales|SIP/2|COMPLETEAGENT|22|60|1
"""


def test_an_answered_call_word_for_word(tmp_path: Path) -> None:
    engine = DuckDB()
    loaded = read(engine, tmp_path, ANSWERED)
    assert (4, 4, 0, 0) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected)
    columns = "(epoch(occurred_at) - 1700000000)::INT, kind, stage, value,"
    columns += " actor_kind, actor_id, subject_id, visit_id"
    assert [
        (0, "opened", None, None, "customer", "0611111", None, None),
        (0, "entered", "queue", None, None, None, None, "1.1/sales/1"),
        (10, "entered", "ring", None, "agent", "SIP/1", None, "1.1/sales/1/ring/SIP/1/1700000015000/1"),
        (15, "left", "ring", "refused", "agent", "SIP/1", None, "1.1/sales/1/ring/SIP/1/1700000015000/1"),
        (16, "entered", "ring", None, "agent", "SIP/2", None, "1.1/sales/1/ring/SIP/2/1700000022000/1"),
        (22, "left", "ring", "answered", "agent", "SIP/2", None, "1.1/sales/1/ring/SIP/2/1700000022000/1"),
        (22, "left", "queue", "answered", "agent", "SIP/2", None, "1.1/sales/1"),
        (22, "assigned", None, None, "system", None, "SIP/2", None),
        (22, "entered", "talk", None, "agent", "SIP/2", None, "1.1/sales/1/talk"),
        (82, "left", "talk", "served", "agent", "SIP/2", None, "1.1/sales/1/talk"),
        (82, "solved", None, None, "agent", "SIP/2", None, None),
    ] == said(engine, columns, "kind <> 'state'")
    common = "DISTINCT ticket_id, contact_id, customer_id, direction, channel, team"
    assert [("1.1", "1.1", "0611111", "inbound", "phone", "sales")] == engine.run(
        f"SELECT {common} FROM events WHERE kind <> 'state'"
    )
    assert [("handling", "SIP/2"), ("available", "SIP/2")] == said(
        engine, "value, actor_id", "kind = 'state'"
    )


def test_every_documented_event_and_its_outcome(shared: Path) -> None:
    engine = DuckDB()
    path = shared / "data/payloads/asterisk" / FILES[0]
    config = parse(
        f'[[source]]\nname = "pbx"\nkind = "asterisk"\nfiles = "{path}"\nkeys = {{ 1 = "callback" }}'
    )
    loaded = load(engine, config, path.parent)[0]
    assert (35, 33, 2, 0) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected)
    assert [
        ("1700000100.1", "queue", "answered"), ("1700000100.1", "talk", "served"),
        ("1700000210.3", "queue", "abandoned"),
        ("1700000300.4", "queue", "timed_out"),
        ("1700000400.5", "queue", "callback"),
        ("1700000500.6", "queue", "overflowed"),
        ("1700000600.7", "queue", "answered"), ("1700000600.7", "talk", "transferred"),
        ("1700000700.9", "queue", "answered"), ("1700000700.9", "talk", "transferred"),
        ("1700000800.11", "queue", "answered"), ("1700000800.11", "talk", "transferred"),
        ("1700000900.13", "queue", "abandoned"),
        ("1700001000.14", "queue", "answered"), ("1700001000.14", "talk", "served"),
    ] == said(engine, "contact_id, stage, value", "kind = 'left' AND stage <> 'ring'")  # fmt: skip
    assert [
        ("PJSIP/5001", "refused"), ("PJSIP/5001", "answered"), ("PJSIP/5002", "answered"),
        ("PJSIP/5001", "answered"),
        ("SIP/5001", "answered"), ("PJSIP/5001", "abandoned"), ("PJSIP/5001", "answered"),
    ] == said(engine, "actor_id, value", "kind = 'left' AND stage = 'ring'")  # fmt: skip
    assert [("blind", "6500", "5005"), ("attended", "6500", None), ("transfer", "6500", "5005")] == said(
        engine, "value, subject_id, attribute", "kind = 'transferred'"
    )
    assert [("available",), ("break",), ("available",), ("handling",), ("available",)] == said(
        engine, "value", "kind = 'state' AND actor_id = 'PJSIP/5002'"
    )
    assert [(10,)] == engine.run("SELECT count(*) FROM events WHERE kind = 'opened'")
    assert [("solved", 2), ("closed", 8)] == engine.run(
        "SELECT kind, count(*) FROM events WHERE kind IN ('solved', 'closed') GROUP BY 1 ORDER BY 1 DESC"
    )


def test_an_entry_that_is_not_in_the_file_is_inferred_from_the_wait(shared: Path) -> None:
    engine = DuckDB()
    path = shared / "data/payloads/asterisk" / FILES[2]
    config = parse(f'[[source]]\nname = "pbx"\nkind = "asterisk"\nfiles = "{path}"')
    assert "inferred" in load(engine, config, path.parent)[0].warnings[0]
    assert [("opened", 1266833931, "inferred"), ("entered", 1266833931, "inferred")] == engine.run(
        "SELECT kind, epoch(occurred_at)::BIGINT, attribute FROM events"
        " WHERE kind = 'opened' OR kind = 'entered' AND stage = 'queue' ORDER BY kind DESC"
    )


def test_relative_times_need_an_epoch(shared: Path) -> None:
    path = shared / "data/payloads/asterisk" / FILES[3]
    without = parse(f'[[source]]\nname = "pbx"\nkind = "asterisk"\nfiles = "{path}"')
    assert 16 == load(DuckDB(), without, path.parent)[0].rejected
    engine = DuckDB()
    shifted = parse(
        f'[[source]]\nname = "pbx"\nkind = "asterisk"\nfiles = "{path}"\nepoch = "2020-01-01T01:00:00+01:00"'
    )
    assert 16 == load(engine, shifted, path.parent)[0].used
    assert [(datetime(2020, 1, 1),), (datetime(2020, 1, 1, 0, 0, 40),)] == said(
        engine, "occurred_at", "kind = 'opened'"
    )


@pytest.mark.parametrize("name", FILES)
def test_reading_again_under_another_name_changes_nothing(shared: Path, tmp_path: Path, name: str) -> None:
    text = (shared / "data/payloads/asterisk" / name).read_bytes()
    engine = DuckDB()
    options = 'epoch = "2020-01-01T00:00:00Z"' if "relative" in name else ""
    first = read(engine, tmp_path, text, options)
    before = said(engine, "*")
    (tmp_path / "queue_log").unlink()
    again = read(engine, tmp_path, gzip.compress(text), options, "queue_log.1.gz")
    assert before == said(engine, "*")
    assert (0, first.new, 0) == (again.new, again.repeated, again.conflicting)
    assert (first.rows, first.used, first.skipped) == (again.rows, again.used, again.skipped)


def test_a_log_that_grows_and_rotates_ends_as_if_read_at_once(shared: Path, tmp_path: Path) -> None:
    lines = (shared / "data/payloads/asterisk" / FILES[0]).read_text().splitlines(keepends=True)
    whole = DuckDB()
    read(whole, tmp_path, "".join(lines))
    columns = "* EXCLUDE (batch)"
    for cut in range(1, len(lines)):
        grown, rotated = DuckDB(), DuckDB()
        read(grown, tmp_path, "".join(lines[:cut]))
        read(grown, tmp_path, "".join(lines))
        assert said(whole, columns) == said(grown, columns)
        # The newer half first: what it had to infer gives way to what the older half knows.
        read(rotated, tmp_path, "".join(lines[cut:]), name="queue_log.0")
        read(rotated, tmp_path, "".join(lines[:cut]), name="queue_log.1")
        told = "event_id, kind, occurred_at, stage, ticket_id"
        assert set(said(whole, told, "kind <> 'state'")) == set(said(rotated, told, "kind <> 'state'"))


def test_the_order_of_lines_in_different_seconds_changes_nothing(tmp_path: Path) -> None:
    lines = ANSWERED.splitlines(keepends=True)
    straight, turned = DuckDB(), DuckDB()
    read(straight, tmp_path, "".join(lines))
    read(turned, tmp_path, "".join(reversed(lines)), name="turned")
    assert said(straight, "*") == said(turned, "*")


def test_overflow_to_a_second_queue_is_two_visits_of_one_call(tmp_path: Path) -> None:
    engine = DuckDB()
    read(
        engine,
        tmp_path,
        "1700000000|1.1|6500|NONE|ENTERQUEUE||061|1\n"
        "1700000030|1.1|6500|NONE|EXITWITHTIMEOUT|1|1|30\n"
        "1700000030|1.1|6500|NONE|ENTERQUEUE||061|1\n"
        "1700000040|1.1|6500|NONE|EXITWITHKEY|9|1|1|10\n"
        "1700000041|1.1|6501|NONE|ENTERQUEUE||061|1\n"
        "1700000050|1.1|6501|NONE|ABANDON|1|1|9\n",
        'queues = { 6500 = "sales", 6501 = "spare" }\nkeys = { 9 = "voicemail" }',
    )
    assert [
        ("entered", "1.1/6500/1", "sales", None), ("left", "1.1/6500/1", "sales", "timed_out"),
        ("entered", "1.1/6500/2", "sales", None), ("left", "1.1/6500/2", "sales", "voicemail"),
        ("entered", "1.1/6501/1", "spare", None), ("left", "1.1/6501/1", "spare", "abandoned"),
    ] == said(engine, "kind, visit_id, team, value", "stage = 'queue'")  # fmt: skip
    assert [("sales", "spare", "system")] == said(
        engine, "subject_id, team, actor_kind", "kind = 'transferred'"
    )
    assert [("closed", datetime(2023, 11, 14, 22, 14, 10))] == said(
        engine, "kind, occurred_at", "event_id = '1.1/ended'"
    )


def test_an_agent_is_offline_only_after_leaving_the_last_queue(tmp_path: Path) -> None:
    engine = DuckDB()
    read(
        engine,
        tmp_path,
        "1700000000|NONE|a|SIP/1|ADDMEMBER|\n1700000001|NONE|b|SIP/1|ADDMEMBER|\n"
        "1700000002|NONE|NONE|SIP/1|PAUSEALL|Corso\n1700000003|NONE|a|SIP/1|REMOVEMEMBER|\n"
        "1700000004|NONE|NONE|SIP/1|UNPAUSEALL|\n1700000005|NONE|b|SIP/1|REMOVEMEMBER|\n",
        'pauses = { corso = "training" }\nagents = { "SIP/1" = "anna" }',
    )
    assert [
        ("anna", "available"), ("anna", "available"), ("anna", "training"), ("anna", "training"),
        ("anna", "available"), ("anna", "offline"),
    ] == said(engine, "actor_id, value", "kind = 'state'")  # fmt: skip


def test_what_cannot_be_read_is_rejected_with_its_line_and_reason(tmp_path: Path) -> None:
    engine = DuckDB()
    loaded = read(
        engine,
        tmp_path,
        ANSWERED.encode()
        + b"\nnonsense\n1700000100|2.1|q|NONE|DANCE|\nyesterday|2.1|q|NONE|ENTERQUEUE||06|1\n"
        + b"1700000100|NONE|q|NONE|ENTERQUEUE||06|1\n1700000100|NONE|q|NONE|PAUSE|\n\xff\xfe|a\n"
        + b"1700000022|1.1|sales|SIP/2|CONNECT|22|1.2|6\n1700000099|1.1|sales|SIP/2|COMPLETECALLER|22|60|1\n"
        + b"1700000100|3.1|q|NONE|ABANDON|1|1\n1700000100|NONE|NONE|NONE|IVRAPPEND|x\n",
        'ignore = ["IVRAPPEND"]',
    )
    assert (15, 4, 2, 9) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected)
    assert [
        (6, "fewer than five fields between |"),
        (7, "unknown event DANCE (add it to `ignore` if it is your own)"),
        (8, "no instant: the first field is not seconds since 1970"),
        (9, "ENTERQUEUE without a call"),
        (10, "PAUSE without an agent"),
        (11, "not UTF-8 text"),
        (12, "the same line again"),
        (13, "COMPLETECALLER: the talk had ended already"),
        (14, "ABANDON: neither ENTERQUEUE nor the waiting time is known"),
    ] == engine.run("SELECT DISTINCT line, reason FROM rejections ORDER BY line")


def test_unknown_words_in_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean abandoned"):
        read(DuckDB(), tmp_path, ANSWERED, 'keys = { 1 = "abandonned" }')
    with pytest.raises(ConfigError, match="epoc"):
        read(DuckDB(), tmp_path, ANSWERED, 'epoc = "2020-01-01T00:00:00Z"')


WORDS = st.sampled_from(
    [
        "ENTERQUEUE",
        "CONNECT",
        "ABANDON",
        "EXITWITHTIMEOUT",
        "EXITWITHKEY",
        "EXITEMPTY",
        "COMPLETEAGENT",
        "COMPLETECALLER",
        "TRANSFER",
        "BLINDTRANSFER",
        "ATTENDEDTRANSFER",
        "RINGNOANSWER",
        "RINGCANCELED",
        "AGENTDUMP",
        "DID",
        "ADDMEMBER",
        "REMOVEMEMBER",
        "PAUSE",
        "UNPAUSE",
        "PAUSEALL",
        "UNPAUSEALL",
        "AGENTLOGIN",
        "AGENTLOGOFF",
        "JOINEMPTY",
        "QUEUESTART",
        "CONFIGRELOAD",
        "INFO",
        "PENALTY",
        "HUH",
    ]
)
NUMBERS = st.sampled_from(["", "0", "1", "7", "30", "-4", "99999999999999999999", "1e9", "x"])
PROPER = st.builds(
    lambda at, call, queue, who, event, data: "|".join([at, call, queue, who, event, *data]).encode(),
    st.sampled_from(["1700000000", "1700000001", "1700000001.5", "1700000060", "99999999999", "-1", "1e5"]),
    st.sampled_from(["1.1", "2.1", "NONE", ""]), st.sampled_from(["a", "b", "NONE"]),
    st.sampled_from(["SIP/1", "SIP/2", "NONE", ""]), WORDS, st.lists(NUMBERS, max_size=6),
)  # fmt: skip
GARBAGE = st.binary(max_size=40).map(lambda data: re.sub(rb"[\r\n]", b"", data))


@settings(max_examples=50)
@given(lines=st.lists(PROPER | GARBAGE, max_size=30), end=st.sampled_from([b"\n", b"\r\n"]))
def test_no_line_is_lost_whatever_it_holds(
    lines: list[bytes], end: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("log")
    text = end.join(lines) + end if lines else b""
    if text.startswith((b"\xef\xbb\xbf", b"\x1f\x8b")):
        text = b"|" + text
    engine = DuckDB()
    first = read(engine, folder, text)
    assert len(lines) == first.rows == first.used + first.skipped + first.rejected
    before = said(engine, "*")
    again = read(engine, folder, text, name="again")
    assert before == said(engine, "*")
    assert (0, first.used, first.rejected) == (again.new, again.used, again.rejected)
