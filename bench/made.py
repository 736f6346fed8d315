"""A made event log of any size, about ten events a ticket, written by the engine itself.

Rule kept here: the same size gives the same log; ticket n opens where n stands in the year, so a slice of
tickets is a slice of time, and each slice is sorted by itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from polso.config import Config, parse
from polso.engine import DuckDB
from polso.events import kinds, log

START: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - UTC, as in the log
YEAR: Final = timedelta(days=365)
SLICE: Final = 1_000_000
OWN: Final = ("product", "region", "tier", "language", "cause")

CONFIG: Final[Config] = parse(
    """
    dimensions = { product = "product", region = "region", tier = "tier", language = "language", cause = "cause" }
    [project]
    zone = "Europe/Rome"
    [[calendar]]
    name = "office"
    holidays = "IT"
    [calendar.hours]
    mon = ["09:00-13:00", "14:00-18:00"]
    tue = ["09:00-13:00", "14:00-18:00"]
    wed = ["09:00-13:00", "14:00-18:00"]
    thu = ["09:00-13:00", "14:00-18:00"]
    fri = ["09:00-13:00", "14:00-18:00"]
    [[calendar]]
    name = "phones"
    [calendar.hours]
    mon = ["08:00-20:00"]
    tue = ["08:00-20:00"]
    wed = ["08:00-20:00"]
    thu = ["08:00-20:00"]
    fri = ["08:00-20:00"]
    sat = ["09:00-13:00"]
    [[calendar_rule]]
    calendar = "phones"
    when = { channel = "phone" }
    """
)


def _below(salt: int, bound: int) -> str:
    """SQL: a number from 0 to bound - 1 that depends on the ticket and the salt alone."""
    return f"((mixed(n, {salt}) % {bound})::BIGINT)"


# Multiplicative mixing: the engine's own hash() may change with its version.
_MIX: Final = """
CREATE OR REPLACE TEMP MACRO mixed(n, salt) AS
    ((((n + 1) * 2654435761 + salt * 40503) % 4294967291) * 1597334677 + salt * 97 + 12345) % 4294967291 // 7
"""


def _tickets(first: int, last: int, step_us: int, people: int) -> str:
    """SQL of the tickets of a slice: when things happened to each, in seconds after its opening."""
    return f"""
    SELECT n, 't' || n AS ticket_id, 'c' || {_below(1, people)} AS customer_id,
        ['acme', 'brava', 'cielo'][1 + {_below(2, 3)}] AS client,
        TIMESTAMP '{START}' + to_microseconds((n * {step_us}) + {_below(3, 60_000_000)}) AS start_at,
        ['email', 'email', 'chat', 'web', 'phone'][1 + {_below(4, 5)}] AS channel,
        'team ' || {_below(5, 12)} AS team, 'team ' || {_below(6, 12)} AS other_team,
        'agent ' || {_below(7, 400)} AS agent, 'agent ' || {_below(8, 400)} AS other_agent,
        {_below(9, 100)} AS p_opener, {_below(10, 100)} AS p_back, {_below(11, 100)} AS p_transfer,
        {_below(12, 100)} AS p_wait, {_below(13, 100)} AS p_solve, {_below(14, 100)} AS p_reopen,
        {_below(15, 100)} AS p_close, {_below(16, 100)} AS p_rate, {_below(17, 100)} AS p_change,
        60 + {_below(18, 7_200)} AS s_assign, 7_300 + {_below(19, 86_400)} AS s_reply,
        100_000 + {_below(20, 90_000)} AS s_back, 200_000 + {_below(21, 50_000)} AS s_again,
        260_000 + {_below(22, 300_000)} AS s_solve, 600_000 + {_below(23, 400_000)} AS s_reopen
    FROM range({first}, {last}) AS r(n)
    """


def _events() -> list[str]:
    """SQL of every kind of event, over the slice's tickets."""
    phone = "channel = 'phone'"

    def event(
        tag: str,
        kind: str,
        seconds: str,
        when: str = "true",
        *,
        by: str = "NULL",
        actor: str = "NULL",
        **said: str,
    ) -> str:
        columns = {c.name: f"NULL::{_type(c.type)}" for c in kinds.SOURCE_COLUMNS}
        columns |= {
            "source": "'desk'", "event_id": f"ticket_id || '-{tag}'", "client": "client", "ticket_id": "ticket_id",
            "occurred_at": f"start_at + to_seconds({seconds})", "recorded_at": f"start_at + to_seconds({seconds})",
            "seq": "0::BIGINT", "kind": f"'{kind}'", "actor_kind": by, "actor_id": actor, **said,
        }  # fmt: skip
        return f"SELECT {', '.join(f'{value} AS {name}' for name, value in columns.items())} FROM made WHERE {when}"

    def setting(tag: str, name: str, value: str, seconds: str, when: str = "true") -> str:
        return event(tag, "set", seconds, when, by="'system'", attribute=f"'{name}'", value=value)

    def visit(tag: str, kind: str, stage: str, seconds: str, **said: str) -> str:
        return event(
            tag, kind, seconds, phone, by="'agent'", actor="agent" if stage == "talk" else "NULL",
            contact_id="ticket_id || '-call'", visit_id=f"ticket_id || '-{stage}'", stage=f"'{stage}'",
            direction="'inbound'", channel="channel", team="team", customer_id="customer_id", **said,
        )  # fmt: skip

    customer, agent = {"by": "'customer'", "actor": "customer_id"}, {"by": "'agent'", "actor": "agent"}
    opener = "CASE WHEN p_opener < 92 THEN 'customer' ELSE 'agent' END"
    opener_id = "CASE WHEN p_opener < 92 THEN customer_id ELSE agent END"
    return [
        event("open", "opened", "0", by=opener, actor=opener_id, customer_id="customer_id", channel="channel",
              team="CASE WHEN p_change < 50 THEN team END", direction="'inbound'"),
        setting("type", "issue_type", f"'type ' || {_below(24, 20)}", "0"),
        setting("prio", "priority", f"['low', 'normal', 'high'][1 + {_below(25, 3)}]", "1"),
        setting("type2", "issue_type", f"'type ' || {_below(26, 20)}", "7_200", "p_change < 10"),
        *(
            setting(f"own{i}", name, f"'{name} ' || {_below(30 + i, 8)}", f"{2 + i}", f"{_below(40 + i, 100)} < 30")
            for i, name in enumerate(OWN)
        ),
        visit("in1", "entered", "queue", "5"), visit("out1", "left", "queue", "35", value="'answered'"),
        visit("in2", "entered", "talk", "35"), visit("out2", "left", "talk", "335", value="'served'"),
        event("asg", "assigned", "s_assign", by="'agent'", actor="CASE WHEN p_change < 30 THEN agent ELSE 'lead' END",
              subject_id="agent", team="team"),
        event("ans", "message", "s_reply", f"NOT {phone}", **agent),
        event("back", "message", "s_back", "p_back < 50", **customer, customer_id="customer_id"),
        event("again", "message", "s_again", "p_back < 45", **agent),
        event("move", "transferred", "s_reply + 600", "p_transfer < 15", **agent, team="other_team", subject_id="team"),
        event("asg2", "assigned", "s_reply + 900", "p_transfer < 15", by="'agent'", actor="other_agent",
              subject_id="other_agent", team="other_team"),
        event("wait", "waiting", "s_reply + 60", "p_wait < 20", **agent, value="CASE WHEN p_wait < 15 THEN 'customer' ELSE 'third_party' END"),
        event("go", "resumed", "s_back", "p_wait < 14", by="'system'"),
        event("solve", "solved", "s_solve", "p_solve < 92", **agent),
        event("reopen", "reopened", "s_reopen", "p_solve < 92 AND p_reopen < 8", **customer),
        event("ask3", "message", "s_reopen + 1", "p_solve < 92 AND p_reopen < 8", **customer),
        event("ans3", "message", "s_reopen + 9_000", "p_solve < 92 AND p_reopen < 8", by="'agent'", actor="other_agent"),
        event("solve3", "solved", "s_reopen + 20_000", "p_solve < 92 AND p_reopen < 7", by="'agent'", actor="other_agent"),
        event("close", "closed", "1_200_000", "p_solve < 92 AND p_close < 85", by="'system'"),
        event("rate", "rated", "s_solve + 30_000", "p_solve < 92 AND p_rate < 15", **customer, attribute="'csat5'",
              amount=f"(1 + {_below(50, 5)})::DECIMAL(18, 6)", subject_id="ticket_id || '-csat'"),
    ]  # fmt: skip


def _type(name: str) -> str:
    return {"string": "VARCHAR", "timestamp": "TIMESTAMP", "int64": "BIGINT"}.get(name, name)


def fill(engine: DuckDB, tickets: int) -> datetime:
    """Write a year's log into an empty store, as one commit; the instant at which the year ends.

    What happens to those tickets after the year is not written: `day` gives it.
    """
    log.prepare(engine)
    engine.run(_MIX)
    end = START + YEAR
    columns = ", ".join(c.name for c in kinds.SOURCE_COLUMNS)
    for first in range(0, tickets, SLICE):
        _slice(engine, first, min(first + SLICE, tickets), tickets)
        engine.run(
            f"INSERT INTO {log.EVENTS} BY NAME SELECT {columns}, md5_number_upper(concat(source, chr(31), event_id)) AS key,"
            " md5_number_upper(event_id) AS content_hash, 1 AS batch"
            f" FROM ({' UNION ALL '.join(_events())}) WHERE occurred_at < TIMESTAMP '{end}' ORDER BY occurred_at"
        )
    engine.drop("made")
    return end


def day(engine: DuckDB, tickets: int) -> str:
    """SQL of the events of the first day after the year: of tickets opened on it and of older ones."""
    engine.run(_MIX)
    end = START + YEAR
    _slice(engine, tickets - tickets * 20 // 365, tickets + -(-tickets // 365), tickets)
    return (
        f"SELECT * FROM ({' UNION ALL '.join(_events())})"
        f" WHERE occurred_at >= TIMESTAMP '{end}' AND occurred_at < TIMESTAMP '{end + timedelta(days=1)}'"
    )


def _slice(engine: DuckDB, first: int, last: int, tickets: int) -> None:
    people = max(1, tickets // 3)
    step_us = YEAR // timedelta(microseconds=1) // tickets
    engine.run(f"CREATE OR REPLACE TEMP TABLE made AS {_tickets(first, last, step_us, people)}")
