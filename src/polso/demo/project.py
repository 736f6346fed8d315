"""A project folder of the demo company: its settings, its data, one KPI of its own.

Rule kept here: the folder holds only what a user would have; the truth is returned, never written in it.
"""

from __future__ import annotations

from datetime import date
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from polso.demo import story as s
from polso.demo.company import MONTHS, UNTIL, Company
from polso.demo.rows import SCHEMA
from polso.demo.truth import Truth
from polso.events.kinds import CHANNELS

_HEAD: Final = """# Acme Care: an Italian company that sells energy and runs a web shop. Made by `polso demo`.
[project]
name = "Acme Care"
zone = "Europe/Rome"
week_start = "monday"
language = "it"
currency = "EUR"

# Nobody works here: the company is simulated, and so its agents may be looked at one by one.
[privacy]
profile = "open"
"""

_TARGETS: Final = """
[[target]]
kpi = "first_response_time"
within = "4h"
share = 0.8
when = { channel = "email" }

[[target]]
kpi = "first_response_time"
within = "2m"
share = 0.8
when = { channel = "chat" }

[[target]]
kpi = "first_response_time"
within = "15m"
share = 0.8
when = { channel = "whatsapp" }

[[target]]
kpi = "service_level"
within = "20s"
share = 0.8
when = { channel = "phone" }

[[target]]
kpi = "resolution_time"
within = "4h"
share = 0.9
when = { priority = "urgent" }

[[target]]
kpi = "resolution_time"
within = "1d"
share = 0.85
when = { priority = "high" }

[[target]]
kpi = "resolution_time"
within = "3d"
share = 0.85
when = { priority = "normal" }

[[target]]
kpi = "resolution_time"
within = "5d"
share = 0.85
when = { priority = "low" }

[dimensions]
product = "product"
language = "language"
"""

# The source whose messages say which one they answer.
THREADED: Final = "social"
_OWN_KPI: Final = """# A KPI of Acme Care's own: how many urgent tickets wait more than an hour for a person.
[urgent_waits_over_an_hour]
title = { it = "Urgenti in attesa oltre un'ora", en = "Urgent tickets waiting over an hour" }
meaning = { it = "Quota dei ticket urgenti a cui nessuno ha risposto entro un'ora.", en = "Share of urgent tickets that no person answered within an hour." }
unit = "share"
better = "lower"
kind = "share"
fact = "tickets"
clock = "opened_at"
where = ["is_counted", "awaits_response", { column = "priority", value = "urgent" }]
part = [{ any_of = [{ column = "first_response_us", op = "null" }, { column = "first_response_us", op = ">", param = "limit" }] }]
known_after = { since = "started_at", param = "limit" }
params = { limit = { unit = "duration", default = "1h" } }
source = "Acme Care"
"""  # noqa: E501


def write_project(
    folder: Path | str, tickets: int = 5_000, seed: int = 7, until: date = UNTIL, months: int = MONTHS
) -> Truth:
    """Write the company's project into `folder` and return what is true of it."""
    folder = Path(folder)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "kpis").mkdir(exist_ok=True)
    (folder / "polso.toml").write_text(settings(), encoding="utf-8")
    (folder / "kpis" / "urgent_waits_over_an_hour.toml").write_text(_OWN_KPI, encoding="utf-8")
    return _write_events(folder / "data", Company(tickets, seed, until, months))


def _write_events(data: Path, company: Company) -> Truth:
    """One file per source, one row group run per site, each in the order of time."""
    truths = []
    writers = {
        name: pq.ParquetWriter(data / f"{name}.parquet", SCHEMA, compression="zstd") for name in s.SOURCES
    }
    try:
        for site in company.sites():
            events = pa.concat_tables(site.tables)
            site.tables.clear()
            for name, writer in writers.items():
                _write_source(writer, events, name)
            truths.append(site.truth)
    finally:
        for writer in writers.values():
            writer.close()
    return reduce(add, truths)


def _write_source(writer: Any, events: Any, source: str) -> None:
    rows = events.filter(pc.equal(events["source"], source))
    rows = rows.sort_by([("occurred_at", "ascending"), ("seq", "ascending"), ("event_id", "ascending")])
    writer.write_table(_threaded(rows) if source == THREADED else rows)


def _threaded(rows: pa.Table) -> pa.Table:
    """Rows in which every agent's message names the customer's message it answers, as posts of social media do."""
    names = ("ticket_id", "kind", "actor_kind", "event_id", "subject_id")
    last: dict[str, str] = {}
    subjects = []
    for ticket, kind, actor, event, subject in zip(*(rows[name].to_pylist() for name in names), strict=True):
        if kind == "message" and actor == "customer":
            last[ticket] = event
        subjects.append(last.get(ticket) if kind == "message" and actor == "agent" else subject)
    place = rows.schema.get_field_index("subject_id")
    return rows.set_column(place, "subject_id", pa.array(subjects, pa.string()))


def settings() -> str:
    """The text of polso.toml."""
    parts = [_HEAD]
    parts += [_calendar(name) for name in s.HOURS]
    parts += [
        _rule(s.TEAM_HOURS[team], f'channel = "phone", team = "{s.TEAMS[team]}"') for team in s.TEAM_HOURS
    ]
    for calendar in dict.fromkeys(s.CHANNEL_HOURS.values()):
        channels = ", ".join(f'"{CHANNELS[c]}"' for c, name in s.CHANNEL_HOURS.items() if name == calendar)
        parts.append(_rule(calendar, f"channel = [{channels}]"))
    parts.append(_rule("extended", ""))
    parts += [f'\n[[source]]\nname = "{n}"\nkind = "events"\nfiles = "data/{n}.parquet"\n' for n in s.SOURCES]
    return "".join([*parts, _TARGETS])


def _calendar(name: str) -> str:
    if name == "always":
        return '\n[[calendar]]\nname = "always"\nzone = "Europe/Rome"\nalways = true\n'
    hours = ", ".join(
        f"{day} = [" + ", ".join(f'"{span}"' for span in merged(spans)) + "]"
        for day, spans in s.HOURS[name].items()
    )
    return f'\n[[calendar]]\nname = "{name}"\nzone = "Europe/Rome"\nholidays = "IT"\nhours = {{ {hours} }}\n'


def merged(spans: list[str]) -> list[str]:
    """Shifts that touch are one stretch of opening hours."""
    joined = [spans[0]]
    for span in spans[1:]:
        begin, end = joined[-1].split("-")
        if span.startswith(end):
            joined[-1] = f"{begin}-{span.split('-')[1]}"
        else:
            joined.append(span)
    return joined


def _rule(calendar: str, when: str) -> str:
    return f'\n[[calendar_rule]]\ncalendar = "{calendar}"\nwhen = {{ {when} }}\n'
