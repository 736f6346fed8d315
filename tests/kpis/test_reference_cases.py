"""The portable cases of other projects' tests that the catalogue can express, each a client of one log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpis.told import AGENT, CUSTOMER, Story, care, folded
from polso.care import Care
from polso.engine import DuckDB

Case = dict[str, Any]
NOT_COVERED = {
    "chatwoot-015": "a first opening has no gap in Polso, where Chatwoot says 0: no rows, no value",
    "chatwoot-017": "reopen_gap is from the first solve; the gap of a later solve is a column of solves without a KPI",
    "frappe-004": "state of a target at an instant, one ticket alone: a question of rows, not of a KPI",
    "frappe-005": "a deadline moved by a pause: due instants do not know pauses",
    "frappe-006": "as frappe-004",
    "frappe-007": "no state `paused` of a target",
    "frappe-008": "as frappe-004",
    "frappe-009": "takes a status change for the first response (that vendor's preset)",
    "frappe-010": "takes a status change for the first response (that vendor's preset)",
    "zammad-005": "the deadline of an update target is a row of sla, not a KPI",
    "zammad-017": "working minutes up to any instant, pauses named by state: not a KPI",
    "zammad-019": "as zammad-017",
    "zammad-027": "an inner list of pauses a day, not a KPI",
    "zammad-055": "no count of reopenings on their own clock",
}
PARTLY = {
    "chatwoot-012": "a customer's message reopens: told as an event, or by `reopen_on`",
    "chatwoot-006": "that it was one hand-off, not the event's own row",
    "frappe-016": "n by opening; a mean score by opening has no variant",
    "frappe-017": "as frappe-016",
    "frappe-018": "as frappe-016",
    "frappe-019": "as frappe-016",
    "zammad-001": "the value; remaining time is a row of sla",
    "zammad-003": "the value; remaining time is a row of sla",
    "zammad-007": "the value, `closed` told as solved; remaining time is a row of sla",
    "zammad-015": "the value; remaining time is a row of sla",
    "zammad-023": "the value; remaining time is a row of sla",
    **{
        f"zammad-0{n}": "openings; a solve before the opening ends nothing in Polso" for n in range(29, 48, 2)
    },
}
HOURS = {
    "mon_fri_9_17": ("UTC", "09:00-17:00"),
    "mon_fri_10_18": ("UTC", "10:00-18:00"),
    "berlin_8_18": ("Europe/Berlin", "08:00-18:00"),
}
CALENDAR_OF = {
    "mon_fri_9_17": ("chatwoot-002", "chatwoot-003", "chatwoot-004"),
    "mon_fri_10_18": ("frappe-003", "frappe-011", "frappe-012", "frappe-013", "chatwoot-042"),
    "berlin_8_18": ("zammad-001", "zammad-003", "zammad-007"),
}
EDGES = """
[first_response_bands_chatwoot]
title = { en = "First response", it = "Prima risposta" }
meaning = { en = "By Chatwoot's bands.", it = "Per le fasce di Chatwoot." }
unit = "share"
kind = "bands"
fact = "tickets"
clock = "opened_at"
value = "first_response"
edges = ["1h", "4h", "8h", "24h"]
where = ["is_counted"]
"""


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", ""))


def settings() -> str:
    """A calendar and its rule for each case that has opening hours, and the targets of some."""
    text = '[[calendar]]\nname = "always"\nalways = true\n'
    for name, (zone, span) in HOURS.items():
        week = ", ".join(f'{day} = ["{span}"]' for day in ("mon", "tue", "wed", "thu", "fri"))
        text += f'[[calendar]]\nname = "{name}"\nzone = "{zone}"\nhours = {{ {week} }}\n'
    for name, cases in CALENDAR_OF.items():
        clients = ", ".join(f'"{case}"' for case in cases)
        text += f'[[calendar_rule]]\ncalendar = "{name}"\nwhen = {{ client = [{clients}] }}\n'
    text += '[[calendar_rule]]\ncalendar = "always"\n'
    for kpi, within in (("first_response_time", "30m"), ("resolution_time", "120m")):
        text += f'[[target]]\nkpi = "{kpi}"\nwithin = "{within}"\ncalendar = true\n'
        text += 'when = { client = ["frappe-011", "frappe-012", "frappe-013"] }\n'
    return text


@dataclass
class Telling:
    """A story in which every case is a client of its own."""

    story: Story
    serial: int = 0

    def ticket(self) -> str:
        """A name that no other ticket has."""
        self.serial += 1
        return f"T{self.serial}"

    def history(self, client: str, events: list[dict[str, Any]]) -> None:
        """One ticket from a case's list of events."""
        ticket = self.ticket()
        for place, event in enumerate(events):
            for kind, more in TOLD[_word(event)](event):
                self.story.tell(instant(event["at"]), kind, ticket, client=client, seq=place, **more)

    def with_bot(self, client: str, opened: datetime, *left: tuple[datetime, str]) -> None:
        """A ticket with one bot conversation for each way out."""
        ticket = self.ticket()
        self.story.tell(opened, "opened", ticket, client=client, **CUSTOMER)
        for place, (at, outcome) in enumerate(left):
            visit = {"stage": "bot", "contact_id": f"{ticket}-{place}", "visit_id": f"{ticket}-{place}"}
            self.story.tell(opened, "entered", ticket, client=client, seq=1, direction="inbound", **visit)
            self.story.tell(at, "left", ticket, client=client, value=outcome, **visit)

    def answered(self, client: str, opened: datetime, after: float, solved: float | None = None) -> None:
        """A ticket with its first response, and its solve, so many seconds after the opening."""
        ticket = self.ticket()
        self.story.tell(opened, "opened", ticket, client=client, **CUSTOMER)
        self.story.tell(opened + timedelta(seconds=after), "message", ticket, client=client, **AGENT)
        if solved is not None:
            self.story.tell(opened + timedelta(seconds=solved), "solved", ticket, client=client, **AGENT)

    def rated(
        self, client: str, at: datetime, stars: int, opened: datetime | None = None, agent: str | None = None
    ) -> None:
        """A ticket and its rating; `agent` is the assignee."""
        ticket = self.ticket()
        self.story.tell(opened or at, "opened", ticket, client=client, **CUSTOMER)
        if agent:
            self.story.tell(opened or at, "assigned", ticket, client=client, subject_id=agent, seq=1, **AGENT)
        self.story.tell(
            at,
            "rated",
            ticket,
            client=client,
            attribute="csat5",
            amount=stars,
            subject_id=ticket,
            seq=2,
            **CUSTOMER,
        )


def _word(event: dict[str, Any]) -> str:
    return (
        f"{event['event']} {event['author']}"
        if event["event"] == "message"
        else f"{event['event']} {event.get('to', '')}".strip()
    )


TOLD: dict[str, Callable[[Case], list[tuple[str, Case]]]] = {
    "created": lambda event: [("opened", {**CUSTOMER, "actor_kind": event.get("by", "customer")})],
    "opened": lambda event: [],
    "field_updated": lambda event: [("set", {"attribute": "note", "value": "x"})],
    "message customer": lambda event: [("message", CUSTOMER)],
    "message agent": lambda event: [("message", AGENT)],
    "resolved": lambda event: [("solved", AGENT)],
    "reopened": lambda event: [("reopened", AGENT if event.get("by") == "agent" else CUSTOMER)],
    "status Resolved": lambda event: [("solved", AGENT)],
    "status Closed": lambda event: [("closed", AGENT)],
    "status closed": lambda event: [("solved", AGENT)],
    "status new": lambda event: [("set", {"attribute": "state", "value": "new"})],
    "status open": lambda event: [("set", {"attribute": "state", "value": "open"})],
    "status pending close": lambda event: [("set", {"attribute": "state", "value": "pending close"})],
}


NOON = datetime(2024, 6, 30, 12)
HISTORIES = (
    "chatwoot-001",
    "chatwoot-010",
    "chatwoot-011",
    "chatwoot-013",
    "chatwoot-014",
    "chatwoot-016",
    "chatwoot-018",
    "chatwoot-022",
)
SCHEDULED = (
    "chatwoot-002",
    "chatwoot-003",
    "frappe-003",
    "frappe-011",
    "frappe-012",
    "frappe-013",
    "zammad-001",
    "zammad-003",
    "zammad-007",
    "zammad-015",
    "zammad-023",
    "zammad-025",
)
LASTED = ("chatwoot-032", "chatwoot-033", "chatwoot-034")
FLOWS = tuple(f"zammad-0{n}" for n in range(29, 48, 2))


def reopened_by_messages(events: list[Case]) -> list[Case]:
    """The reopening that a customer's message to a solved ticket is in Chatwoot, told as an event."""
    told = []
    for event in events:
        again = {"at": event["at"], "event": "reopened", "by": "customer"}
        told += [event, again] if event.get("author") == "customer" else [event]
    return told


def tell(t: Telling, cases: dict[str, Case]) -> None:
    """Every case in its own client."""
    t.history("chatwoot-012", reopened_by_messages(cases["chatwoot-012"]["input"]))
    for name in (*HISTORIES, *SCHEDULED, "chatwoot-020", "chatwoot-021"):
        said = cases[name]["input"]
        t.history(name, said["events"] if isinstance(said, dict) else said)
    for name in LASTED:
        for seconds in cases[name]["input"]["first_response_s"]:
            t.answered(name, NOON, seconds)
    tell_bots(t)
    tell_averages(t, cases)
    tell_ratings(t, cases)
    tell_counts(t, cases)


def tell_bots(t: Telling) -> None:
    at = datetime(2024, 1, 10, 9)
    t.with_bot("chatwoot-004", datetime(2022, 3, 20), (datetime(2022, 3, 26, 23, 59), "handed_off"))
    t.with_bot("chatwoot-005", at, (at + timedelta(minutes=10), "handed_off"))
    t.with_bot(
        "chatwoot-006",
        at,
        (at + timedelta(minutes=10), "handed_off"),
        (at + timedelta(minutes=12), "handed_off"),
    )
    t.with_bot("chatwoot-008", at, (at + timedelta(seconds=60), "contained"))
    t.with_bot("chatwoot-009", at, (at + timedelta(seconds=90), "handed_off"))
    t.with_bot("chatwoot-028", at, (at + timedelta(minutes=1), "contained"))
    t.with_bot("chatwoot-028", at, (at + timedelta(minutes=1), "handed_off"))
    t.story.tell(at, "message", t.ticket(), client="chatwoot-028", actor_kind="bot", actor_id="b")
    t.with_bot("chatwoot-031", at, (at + timedelta(minutes=1), "contained"))
    t.story.tell(
        at,
        "left",
        None,
        client="chatwoot-031",
        stage="bot",
        contact_id="orphan",
        visit_id="orphan",
        value="handed_off",
    )


def tell_averages(t: Telling, cases: dict[str, Case]) -> None:
    for event in cases["chatwoot-037"]["input"]["events"]:
        t.answered(
            "chatwoot-037", instant(event["at"]) - timedelta(seconds=event["value_s"]), event["value_s"]
        )
    for name in ("chatwoot-039", "chatwoot-040"):
        said = cases[name]["input"]
        for seconds in said["first_response_s"]:
            t.answered(f"{name}/first", NOON, seconds)
        for seconds in said["reply_s"]:
            t.answered(f"{name}/reply", NOON, seconds)
        for seconds in said["resolution_s"]:
            t.answered(f"{name}/solve", NOON, 1, seconds)
    for row in cases["chatwoot-041"]["input"]["conversations"]:
        t.answered("chatwoot-041", NOON - timedelta(days=row["created_days_ago"]), row["first_response_s"])
    # Half an hour before the opening hours, half an hour within.
    t.answered("chatwoot-042", datetime(2024, 6, 3, 9, 30), 3600)
    for place, values in enumerate(
        (cases["frappe-014"]["input"]["last_30_days"], cases["frappe-014"]["input"]["previous_30_days"])
    ):
        for seconds in values:
            t.answered("frappe-014", NOON - timedelta(days=30 * place + 5), seconds)
    for months, first, solve in ((1, 10, 20), (4, 20, 40), (8, 30, 60)):
        t.answered("frappe-020", NOON - timedelta(days=30 * months), first, solve)


def tell_ratings(t: Telling, cases: dict[str, Case]) -> None:
    for name in ("chatwoot-050", "chatwoot-051"):
        for row in cases[name]["input"]["responses"]:
            t.rated(name, NOON - timedelta(days=row["days_ago"]), row["rating"], agent=row.get("agent"))
    for stars in cases["frappe-015"]["input"]["stars"]:
        t.rated("frappe-015", NOON, stars)
    for row in cases["frappe-016"]["input"]["responses"]:
        t.rated("frappe-016", NOON, row["stars"], NOON - timedelta(days=row["age_days"]))


def tell_counts(t: Telling, cases: dict[str, Case]) -> None:
    for days_ago, name in ((0, "today"), (2, "two_days_ago")):
        said, at = cases["chatwoot-044"]["input"][name], NOON - timedelta(days=days_ago)
        for _ in range(said["conversations"]):
            ticket = t.ticket()
            t.story.tell(at, "opened", ticket, client="chatwoot-044", **CUSTOMER)
            for actor, each in (
                (AGENT, said["outgoing_messages_each"]),
                (CUSTOMER, said["incoming_messages_each"]),
            ):
                for _ in range(each):
                    t.story.tell(at + timedelta(hours=2), "message", ticket, client="chatwoot-044", **actor)
    for account, events in ((1, 2), (2, 3)):
        for _ in range(events):
            t.answered(f"chatwoot-049/{account}", NOON, 60)
    for ticket in cases["zammad-029"]["input"]["tickets"]:
        t.story.tell(instant(ticket["created"]), "opened", t.ticket(), client="zammad-029", **CUSTOMER)
    for row in cases["zammad-057"]["input"]["tickets"]:
        name = t.ticket()
        t.story.tell(instant(row["created"]), "opened", name, client="zammad-057", **CUSTOMER)
        for move in row.get("moved", ()):
            t.story.tell(
                instant(move["at"]),
                "transferred",
                name,
                client="zammad-057",
                team=move["to"],
                subject_id=move["frm"],
                **AGENT,
            )


class Told:
    """The log with every case, and how one is asked."""

    def __init__(self, cases: dict[str, Case], folder: Path) -> None:
        telling = Telling(Story())
        tell(telling, cases)
        (folder / "kpis").mkdir()
        (folder / "kpis" / "chatwoot.toml").write_text(EDGES, encoding="utf-8")
        self.cases, self.folder = cases, folder
        self.engine: DuckDB = folded(telling.story.events, settings())
        self.care = self.reporting()

    def reporting(self, **how: str) -> Care:
        """The same facts reported in another zone, or with another first day of the week."""
        return care(self.engine, settings(), folder=self.folder, **how)

    def expected(self, name: str) -> Case:
        found: Case = self.cases[name]["expected"]
        return found

    def cells(self, name: str, kpi: str, **question: Any) -> list[Any]:
        return list(self.care.ask(kpi, clients=[name], **question))

    def value(self, name: str, kpi: str, **question: Any) -> Any:
        (cell,) = self.cells(name, kpi, **question)
        return cell.value


@pytest.fixture(scope="module")
def told(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    file = shared / "reference" / "metric_cases.json"
    if not file.exists():
        pytest.skip("the reference cases of metrics do not lie beside this checkout")
    cases = {case["id"]: case for case in json.loads(file.read_text(encoding="utf-8"))["cases"]}
    made = Told(cases, tmp_path_factory.mktemp("cases"))
    yield made
    made.engine.close()


VALUES = {
    "chatwoot-001": ("resolution_time", "resolution_time_s", {}),
    "chatwoot-002": ("resolution_time", "business_s", {"time": "business"}),
    "chatwoot-003": ("first_response_time", "business_s", {"time": "business"}),
    "chatwoot-004": ("bot_hand_off_time", "business_s", {"time": "business"}),
    "chatwoot-005": ("bot_hand_off_time", "handoff_s", {}),
    "chatwoot-008": ("stage_time", "value_s", {"where": {"stage": "bot"}}),
    "chatwoot-009": ("bot_hand_off_time", "value_s", {}),
    "chatwoot-016": ("reopen_gap", "opened_gap_s", {}),
    "chatwoot-018": ("reopen_gap", "opened_gap_s", {}),
    "frappe-003": ("resolution_time", "resolution_time_s", {"time": "business"}),
    "frappe-011": ("sla_lateness", "first_response_late_s", {"where": {"kpi": "first_response_time"}}),
    "frappe-012": ("sla_lateness", "first_response_late_s", {"where": {"kpi": "first_response_time"}}),
    "frappe-013": ("sla_lateness", "resolution_late_s", {"where": {"kpi": "resolution_time"}}),
}
MINUTES = {
    "zammad-001": ("first_response_time", "first_response_min"),
    "zammad-003": ("reply_time", "update_min"),
    "zammad-007": ("resolution_time", "solution_min"),
    "zammad-015": ("first_response_time", "first_response_min"),
    "zammad-023": ("reply_time", "update_min"),
    "zammad-025": ("reply_time", "update_min"),
}


@pytest.mark.parametrize("name", VALUES)
def test_values(told: Told, name: str) -> None:
    kpi, key, question = VALUES[name]
    assert told.expected(name)[key] == told.value(name, kpi, **question)


@pytest.mark.parametrize("name", MINUTES)
def test_minutes_of_opening_hours(told: Told, name: str) -> None:
    kpi, key = MINUTES[name]
    wanted, found = told.expected(name)[key], told.value(name, kpi, time="business")
    assert wanted == (None if found is None else found / 60)


@pytest.mark.parametrize(
    "name", ["chatwoot-010", "chatwoot-011", "chatwoot-012", "chatwoot-013", "chatwoot-014"]
)
def test_reply_times(told: Told, name: str) -> None:
    wanted = told.expected(name)["reply_times_s"]
    (cell,) = told.cells(name, "reply_time")
    assert (len(wanted), sum(wanted)) == (cell.n, round((cell.value or 0) * cell.n))


def test_the_clock_starts_at_creation_without_a_bot(told: Told) -> None:
    assert told.value("chatwoot-022", "first_response_time") == 300


@pytest.mark.parametrize("name", ["chatwoot-020", "chatwoot-021"])
def test_without_a_bot_nothing_is_contained(told: Told, name: str) -> None:
    assert told.expected(name) == {"bot_resolved": False}
    assert told.value(name, "bot_containment:no_return_check") is None


def test_bot_rates(told: Told) -> None:
    assert (
        told.cells("chatwoot-006", "bot_hand_off_time")[0].n
        == told.expected("chatwoot-006")["handoff_events"]
    )
    for name in ("chatwoot-028", "chatwoot-031"):
        wanted = told.expected(name)
        for key, kpi in (
            ("resolution_rate_pct", "bot_containment:no_return_check"),
            ("handoff_rate_pct", "bot_hand_off_rate"),
        ):
            (cell,) = told.cells(name, kpi)
            assert (wanted[key], wanted["conversation_count"]) == (100 * cell.value, cell.n)
    assert told.value("chatwoot-028", "message_volume", where={"sender_kind": "bot"}) == 1


@pytest.mark.parametrize("name", LASTED)
def test_bands_are_closed_on_the_left(told: Told, name: str) -> None:
    found = [cell.parts["part"] for cell in told.cells(name, "first_response_bands_chatwoot")]
    assert [*told.expected(name).values(), 0] == found


def test_averages(told: Told) -> None:
    period = "2020-10-19..2020-10-27"
    assert (
        told.value("chatwoot-037", "first_response_time:replied", period=period)
        == told.expected("chatwoot-037")["average_s"]
    )
    sundays = told.reporting(week_start="sunday")
    series = sundays.ask("first_response_time:replied", by="week", period=period, clients=["chatwoot-037"])
    assert told.expected("chatwoot-038")["series"] == [cell.value for cell in series]
    for name in ("chatwoot-039", "chatwoot-040"):
        wanted = told.expected(name)
        assert wanted["avg_first_response_s"] == told.value(f"{name}/first", "first_response_time")
        assert wanted["avg_reply_s"] == told.value(f"{name}/reply", "reply_time")
        assert wanted["avg_resolution_s"] == told.value(f"{name}/solve", "resolution_time")
    (recent,) = told.cells("chatwoot-041", "first_response_time", period="2024-06-28..2024-07-01")
    assert told.expected("chatwoot-041") == {"conversations": recent.n, "avg_first_response_s": recent.value}
    assert (
        told.value("chatwoot-042", "first_response_time", time="business")
        == told.expected("chatwoot-042")["avg_first_response_s"]
    )


def test_averages_against_the_period_before(told: Told) -> None:
    (cell,) = told.cells("frappe-014", "first_response_time", period="2024-06-01..2024-07-01", compare=None)
    (before,) = told.cells("frappe-014", "first_response_time", period="2024-05-02..2024-06-01")
    (change,) = told.cells(
        "frappe-014", "first_response_time", period="2024-06-02..2024-07-02", compare="previous"
    )
    wanted = told.expected("frappe-014")
    assert (wanted["average"], wanted["average"]) == (cell.value, change.value)
    assert (
        wanted["percentage_change"]
        == 100 * change.change / change.previous
        == 100 * (cell.value / before.value - 1)
    )


@pytest.mark.parametrize(("name", "days"), [("frappe-020", 90), ("frappe-021", 180), ("frappe-022", 360)])
def test_averages_of_longer_periods(told: Told, name: str, days: int) -> None:
    period = f"{(NOON - timedelta(days=days)).date()}..2024-07-01"
    wanted = told.expected(name)
    assert wanted["first_response"] == told.value("frappe-020", "first_response_time", period=period)
    assert wanted["resolution"] == told.value("frappe-020", "resolution_time", period=period)


def test_ratings(told: Told) -> None:
    def scores(name: str, **question: Any) -> dict[str, int]:
        found = told.care.ask("rating_volume", by="score", clients=[name], **question)
        return {str(cell.keys["score"]): cell.n for cell in found if cell.n}

    by_agents = {"period": "2024-06-19..2024-06-30", "where": {"agent": ["A", "B"]}}
    assert told.expected("chatwoot-050")["ratings_count"] == scores("chatwoot-050", **by_agents)
    assert told.value("chatwoot-050", "survey_response_rate:by_now") is None
    assert told.expected("chatwoot-051")["ratings_count"] == scores(
        "chatwoot-051", period="2024-06-25..2024-06-30"
    )
    (cell,) = told.cells("frappe-015", "csat:mean_score")
    assert (told.expected("frappe-015")["responses"], told.expected("frappe-015")["average"]) == (
        cell.n,
        cell.value,
    )
    assert {k: n for k, n in told.expected("frappe-015")["distribution"].items() if n} == scores("frappe-015")


@pytest.mark.parametrize(
    ("name", "days"), [("frappe-016", 7), ("frappe-017", 30), ("frappe-018", 90), ("frappe-019", 400)]
)
def test_ratings_by_opening(told: Told, name: str, days: int) -> None:
    period = f"{(NOON - timedelta(days=days)).date()}..2024-07-01"
    assert told.expected(name)["responses"] == told.cells("frappe-016", "csat:opened", period=period)[0].n


def test_counts_by_day(told: Told) -> None:
    days = {"two_days_ago": date(2024, 6, 28), "today": date(2024, 6, 30)}
    for name, kpi in (
        ("chatwoot-044", "ticket_volume"),
        ("chatwoot-045", "message_volume:inbound"),
        ("chatwoot-046", "message_volume:outbound"),
    ):
        found = {
            c.keys["day"]: c.value
            for c in told.care.ask(kpi, by="day", clients=["chatwoot-044"], period="2024-06")
        }
        assert told.expected(name) == {word: found[day] for word, day in days.items()}


def test_another_tenant_does_not_count(told: Told) -> None:
    found = {f"account_{n}": told.value(f"chatwoot-049/{n}", "ticket_volume") for n in (1, 2)}
    assert told.expected("chatwoot-049") == found


@pytest.mark.parametrize("name", FLOWS)
def test_openings_by_bucket_in_a_zone(told: Told, name: str) -> None:
    said = told.cases[name]["input"]
    grain = {"day": "hour", "month": "day", "year": "month"}[said["scope"]]
    there = told.reporting(zone=said["time_zone"])
    cells = there.ask("ticket_volume", by=grain, period=said["period"], clients=["zammad-029"])
    found = {str(place): cell.value for place, cell in enumerate(cells) if cell.value}
    assert told.expected(name)["created"] == found


def test_moves_out_of_a_team(told: Told) -> None:
    cells = told.care.ask(
        "transfer_volume", by="month", period="2015", where={"from_team": "Users"}, clients=["zammad-057"]
    )
    assert {"10": told.expected("zammad-057")["10"]} == {
        str(c.keys["month"].month): c.value for c in cells if c.value
    }


def test_every_portable_case_is_asked_or_has_a_reason(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    portable = {name for name, case in told.cases.items() if case["status"] == "portable"}
    text = Path(__file__).read_text(encoding="utf-8")
    asked = {name for name in portable if f'"{name}"' in text or name in FLOWS} - set(NOT_COVERED)
    assert portable == asked | set(NOT_COVERED)
    with capsys.disabled():
        print(f"\n{len(asked)} of {len(portable)} portable cases asked, {len(PARTLY)} of them in part")  # noqa: T201
