"""The cases of other projects' tests, each a client of one log: portable ones, and those of one vendor's reading.

Rule kept here: no case is skipped in silence; what is not asserted stands in docs/decisions.md with its reason.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kpis.told import AGENT, CUSTOMER, Story, care, folded
from polso.care import Care
from polso.engine import DuckDB
from polso.kpis.definition import Condition

Case = dict[str, Any]
# Cases that no definition expresses, and those of which a part is left out; docs/decisions.md says why.
LISTED = (
    "chatwoot-015",
    "chatwoot-035",
    "chatwoot-036",
    "zammad-009",
    "zammad-019",
    "zammad-021",
    "zammad-027",
)
IN_PART = ("zammad-011",)
HOURS = {
    "mon_fri_9_17": ("UTC", "09:00-17:00"),
    "mon_fri_10_18": ("UTC", "10:00-18:00"),
    "berlin_8_18": ("Europe/Berlin", "08:00-18:00"),
    "berlin_9_18": ("Europe/Berlin", "09:00-18:00"),
}
STATES = (
    "frappe-004", "frappe-005", "frappe-006", "frappe-007", "frappe-008", "frappe-009", "frappe-010",
)  # fmt: skip
LATE = ("frappe-011", "frappe-012", "frappe-013")
CALENDAR_OF = {
    "mon_fri_9_17": ("chatwoot-002", "chatwoot-003", "chatwoot-004"),
    "mon_fri_10_18": ("frappe-001", "frappe-002", "frappe-003", *STATES, *LATE, "chatwoot-042"),
    "berlin_8_18": ("zammad-001", "zammad-003", "zammad-005", "zammad-007"),
    "berlin_9_18": ("zammad-011", "zammad-013"),
}
# KPI, limit in opening hours -> the cases that it is a target of.
TARGETS = {
    ("first_response_time", "30m"): (*STATES, *LATE),
    ("resolution_time", "120m"): (*STATES, *LATE),
    ("first_response_time", "60m"): ("frappe-001", "frappe-002", "zammad-001", "zammad-015"),
    ("resolution_time", "240m"): ("frappe-001", "frappe-002", "zammad-013"),
    ("resolution_time", "180m"): ("zammad-007",),
    ("resolution_time", "250m"): ("zammad-011",),
    ("reply_time", "120m"): ("zammad-003", "zammad-005"),
    ("reply_time", "60m"): ("zammad-023",),
}
OWN = """
[targets]
title = { en = "Targets", it = "Obiettivi" }
meaning = { en = "Every case of a target.", it = "Ogni caso di un obiettivo." }
unit = "count"
kind = "count"
fact = "sla"
clock = "activated_at"
"""


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", ""))


def settings() -> str:
    """A calendar and its rule for each case that has opening hours, and the targets of some."""
    text = '[[calendar]]\nname = "always"\nalways = true\n'
    for name, (zone, span) in HOURS.items():
        week = ", ".join(f'{day} = ["{span}"]' for day in ("mon", "tue", "wed", "thu", "fri"))
        if name == "berlin_9_18":
            week += f', sat = ["{span}"], sun = ["{span}"]'
        text += f'[[calendar]]\nname = "{name}"\nzone = "{zone}"\nhours = {{ {week} }}\n'
        text += 'extra_holidays = ["2024-03-08"]\n' if name == "mon_fri_10_18" else ""
    for name, cases in CALENDAR_OF.items():
        clients = ", ".join(f'"{case}"' for case in cases)
        text += f'[[calendar_rule]]\ncalendar = "{name}"\nwhen = {{ client = [{clients}] }}\n'
    text += '[[calendar_rule]]\ncalendar = "always"\n'
    for (kpi, within), cases in TARGETS.items():
        clients = ", ".join(f'"{case}"' for case in cases)
        text += f'[[target]]\nkpi = "{kpi}"\nwithin = "{within}"\ncalendar = true\n'
        text += f"when = {{ client = [{clients}] }}\n"
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
        ticket, closed = self.ticket(), False
        for place, event in enumerate(events):
            word = _word(event)
            told = TOLD[f"{word} again" if closed and word == "status open" else word](event)
            closed = word == "status closed" or (closed and word != "status open")
            for step, (kind, more) in enumerate(told):
                visit = {"contact_id": f"{ticket}-{place}"} if "stage" in more else {}
                at = instant(event["at"])
                self.story.tell(at, kind, ticket, client=client, seq=10 * place + step, **visit, **more)

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


def by_bot(outcome: str) -> list[tuple[str, Case]]:
    """A bot's conversation that ends as it begins: what counts is when it passed the ticket on, and how."""
    return [
        ("entered", {"stage": "bot", "direction": "inbound"}),
        ("left", {"stage": "bot", "value": outcome}),
    ]


TOLD: dict[str, Callable[[Case], list[tuple[str, Case]]]] = {
    "created": lambda event: [("opened", {**CUSTOMER, "actor_kind": event.get("by", "customer")})],
    "opened": lambda event: [],
    "field_updated": lambda event: [("set", {"attribute": "note", "value": "x"})],
    "message customer": lambda event: [("message", CUSTOMER)],
    "message agent": lambda event: [("message", AGENT)],
    "resolved": lambda event: [("solved", AGENT)],
    "reopened": lambda event: [("reopened", AGENT if event.get("by") == "agent" else CUSTOMER)],
    "bot_silent": lambda event: by_bot("silent"),
    "bot_handoff": lambda event: by_bot("handed_off"),
    "bot_resolved": lambda event: [*by_bot("contained"), ("solved", {"actor_kind": "bot", "actor_id": "b"})],
    "status Replied (paused)": lambda event: [("waiting", {"value": "customer", **AGENT})],
    "status Open": lambda event: [("resumed", CUSTOMER)],
    "status Resolved": lambda event: [("solved", AGENT)],
    "status Closed": lambda event: [("closed", AGENT)],
    "status closed": lambda event: [("solved", AGENT)],
    "status new": lambda event: [("set", {"attribute": "state", "value": "new"})],
    "status open": lambda event: [("resumed", AGENT)],
    "status open again": lambda event: [("reopened", AGENT)],
    "status pending (paused)": lambda event: [("waiting", AGENT)],
    "status pending close": lambda event: [("waiting", AGENT)],
}


NOON = datetime(2024, 6, 30, 12)
HISTORIES = (
    "chatwoot-001",
    "chatwoot-010",
    "chatwoot-011",
    "chatwoot-013",
    "chatwoot-014",
    "chatwoot-016",
    "chatwoot-017",
    "chatwoot-018",
    "chatwoot-022",
    "chatwoot-007",
    "chatwoot-023",
    "chatwoot-024",
    "chatwoot-025",
    "chatwoot-026",
    "chatwoot-027",
)
SCHEDULED = (
    "chatwoot-002",
    "chatwoot-003",
    "frappe-001",
    "frappe-002",
    "frappe-003",
    *STATES,
    *LATE,
    "zammad-001",
    "zammad-003",
    "zammad-005",
    "zammad-007",
    "zammad-009",
    "zammad-011",
    "zammad-013",
    "zammad-015",
    "zammad-017",
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
    for name in (*HISTORIES, *SCHEDULED, "chatwoot-019", "chatwoot-020", "chatwoot-021"):
        said = cases[name]["input"]
        events = said["events"] if isinstance(said, dict) else said
        # That a bot is active says that it talked with the customer first, in silence here.
        bot = {"at": events[0]["at"], "event": "bot_silent"}
        active = isinstance(said, dict) and said.get("active_bot")
        t.history(name, [events[0], bot, *events[1:]] if active else events)
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
    t.with_bot(
        "chatwoot-029",
        at,
        (at + timedelta(minutes=1), "contained"),
        (at + timedelta(minutes=2), "handed_off"),
    )
    t.with_bot("chatwoot-029", at, (at + timedelta(minutes=1), "handed_off"))
    again = {"stage": "bot", "contact_id": "chatwoot-030", "client": "chatwoot-030"}
    for days, outcome in ((14, "handed_off"), (2, "contained")):
        visit = {**again, "visit_id": f"{days} days ago"}
        t.story.tell(NOON - timedelta(days=days), "entered", "chatwoot-030", direction="inbound", **visit)
        t.story.tell(
            NOON - timedelta(days=days) + timedelta(minutes=5), "left", "chatwoot-030", value=outcome, **visit
        )
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
        for name, seconds in (("chatwoot-037", event["value_s"]), ("chatwoot-036", event["business_s"])):
            t.answered(name, instant(event["at"]) - timedelta(seconds=seconds), seconds)
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
        name = t.ticket()
        t.story.tell(instant(ticket["created"]), "opened", name, client="zammad-029", **CUSTOMER)
        if "closed" in ticket:
            t.story.tell(instant(ticket["closed"]), "solved", name, client="zammad-029", **AGENT)
    tell_solves(t)
    for row in cases["zammad-057"]["input"]["tickets"]:
        tell_moves(t, row)


def tell_solves(t: Telling) -> None:
    """Tickets solved, of which some are opened again: one that is solved again, and five of which one is not."""
    hours = [NOON + timedelta(hours=n) for n in range(5)]
    for client, again in (("chatwoot-043", (True,)), ("chatwoot-047", (True, False, False, False, False))):
        for reopened in again:
            name = t.ticket()
            kinds = ("opened", "solved", *(("reopened",) if reopened else ()))
            for at, kind in zip(hours, kinds, strict=False):
                t.story.tell(at, kind, name, client=client, **(CUSTOMER if kind != "solved" else AGENT))
            if client == "chatwoot-043":
                t.story.tell(hours[3], "solved", name, client=client, **AGENT)


def tell_moves(t: Telling, row: Case) -> None:
    """A ticket that was created, moved between groups, closed, merged or opened again."""
    name, at = t.ticket(), instant(row["created"])
    ours: Case = {"client": "zammad-057", **AGENT}
    t.story.tell(at, "opened", name, client="zammad-057", **CUSTOMER)
    if "priority" in row:
        t.story.tell(at, "set", name, seq=1, attribute="priority", value=row["priority"], **ours)
    for move in row.get("moved", ()):
        t.story.tell(
            instant(move["at"]), "transferred", name, team=move["to"], subject_id=move["frm"], **ours
        )
    if "closed" in row:
        t.story.tell(instant(row["closed"]), "solved", name, seq=2, **ours)
    if row.get("reopened"):
        t.story.tell(instant(row["closed"]) + timedelta(minutes=5), "reopened", name, **ours)
    if row["state"] == "merged":
        t.story.tell(at + timedelta(minutes=5), "merged", name, subject_id="elsewhere", **ours)


class Told:
    """The log with every case, and how one is asked."""

    def __init__(self, cases: dict[str, Case], folder: Path) -> None:
        telling = Telling(Story())
        tell(telling, cases)
        (folder / "kpis").mkdir()
        (folder / "kpis" / "own.toml").write_text(OWN, encoding="utf-8")
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

    def rows(self, name: str, label: str, **where: Any) -> list[dict[str, Any]]:
        """The fact rows behind a KPI."""
        found: list[dict[str, Any]] = self.care.rows(label, where={"client": name, **where}).to_pylist()
        return found

    def target(self, name: str, kpi: str) -> dict[str, Any]:
        """The last case of a target."""
        return self.rows(name, "targets", kpi=kpi)[-1]

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
    "chatwoot-007": ("first_response_time:chatwoot", "first_response_s", {}),
    "chatwoot-027": ("first_response_time:chatwoot", "first_response_s", {}),
    "frappe-001": ("resolution_time:frappe", "resolution_time_s", {"time": "business"}),
    "frappe-002": ("resolution_time:frappe", "resolution_time_s", {"time": "business"}),
    "frappe-003": ("resolution_time", "resolution_time_s", {"time": "business"}),
    "frappe-011": ("sla_lateness", "first_response_late_s", {"where": {"kpi": "first_response_time"}}),
    "frappe-012": ("sla_lateness", "first_response_late_s", {"where": {"kpi": "first_response_time"}}),
    "frappe-013": ("sla_lateness", "resolution_late_s", {"where": {"kpi": "resolution_time"}}),
}
# Case -> KPI, its key in the case, and the key of what remains of the target, where the case has one.
MINUTES = {
    "zammad-001": ("first_response_time", "first_response_min", "remaining_min"),
    "zammad-003": ("reply_time", "update_min", "remaining_min"),
    "zammad-007": ("resolution_time", "solution_min", "remaining_min"),
    "zammad-011": ("resolution_time:zammad", "solution_min", "solution_remaining_min"),
    "zammad-013": ("resolution_time:zammad", "solution_min", "solution_remaining_min"),
    "zammad-015": ("first_response_time", "first_response_min", "first_response_remaining_min"),
    "zammad-017": ("resolution_time:zammad", "minutes", None),
    "zammad-023": ("reply_time", "update_min", "update_remaining_min"),
    "zammad-025": ("reply_time", "update_min", None),
}
MINUTE_US = 60_000_000


@pytest.mark.parametrize("name", VALUES)
def test_values(told: Told, name: str) -> None:
    kpi, key, question = VALUES[name]
    assert told.expected(name)[key] == told.value(name, kpi, **question)


@pytest.mark.parametrize("name", MINUTES)
def test_minutes_of_opening_hours(told: Told, name: str) -> None:
    kpi, key, remaining = MINUTES[name]
    wanted, found = told.expected(name), told.value(name, kpi, time="business")
    assert wanted[key] == (None if found is None else found / 60)
    if remaining:
        case = told.target(name, kpi.partition(":")[0])
        assert wanted[remaining] == -case["late_pausing_us"] / MINUTE_US


def test_deadlines(told: Told) -> None:
    restarted = told.target("zammad-005", "reply_time")
    assert instant(told.expected("zammad-005")["update_deadline"]) == restarted["due_at"]
    assert restarted["outcome"] == "pending"
    wanted = told.expected("zammad-011")
    assert wanted["first_response_min"] == 75
    assert told.value("zammad-011", "first_response_time:zammad", time="business") == 75 * 60
    assert (
        instant(wanted["solution_deadline"]) == told.target("zammad-011", "resolution_time")["due_pausing_at"]
    )


def test_a_hold_moves_the_deadline_and_leaves_the_time(told: Told) -> None:
    wanted = told.expected("frappe-001")
    response = told.target("frappe-001", "first_response_time")
    resolution = told.target("frappe-001", "resolution_time")
    (ticket,) = told.rows("frappe-001", "first_response_time:frappe")
    assert instant(wanted["first_response_deadline"]) == response["due_at"]
    assert instant(wanted["first_responded_at"]) == ticket["first_action_at"] <= response["due_at"]
    assert instant(wanted["resolution_deadline_before"]) == resolution["due_at"]
    assert instant(wanted["resolution_deadline_after"]) == resolution["due_pausing_at"]
    over = told.target("frappe-002", "resolution_time")
    assert told.expected("frappe-002")["hold_s"] * 1_000_000 == over["paused_us"]
    for name in ("frappe-001", "frappe-002"):
        assert (told.expected(name)["sla"], told.target(name, "resolution_time")["is_met_pausing"]) == (
            "Fulfilled",
            True,
        )


def state(told: Told, name: str, as_of: datetime) -> str:
    """Both targets of a ticket in Frappe's words, its first response being a reply or a change of state."""
    response, resolution = (told.target(name, kpi) for kpi in ("first_response_time", "resolution_time"))
    (ticket,) = told.rows(name, "ticket_volume:frappe")
    responded = ticket["first_action_at"]
    failed = (responded or as_of) > response["due_at"] or (
        (resolution["met_at"] or as_of) > resolution["due_pausing_at"]
    )
    if resolution["is_paused"]:
        return "Paused"
    if failed:
        return "Failed"
    return (
        "First Response Due" if not responded else "Fulfilled" if resolution["met_at"] else "Resolution Due"
    )


@pytest.mark.parametrize("name", STATES)
def test_state_of_the_targets_at_an_instant(told: Told, name: str) -> None:
    wanted = told.expected(name)
    assert wanted["sla"] == state(told, name, instant(told.cases[name]["input"]["as_of"]))
    if "resolution_deadline" in wanted:
        assert (
            instant(wanted["resolution_deadline"]) == told.target(name, "resolution_time")["due_pausing_at"]
        )


@pytest.mark.parametrize("name", ["chatwoot-023", "chatwoot-024", "chatwoot-025", "chatwoot-026"])
def test_what_passes_a_ticket_on_starts_the_clock_of_people(told: Told, name: str) -> None:
    (ticket,) = told.rows(name, "ticket_volume")
    assert instant(told.expected(name)["clock_start"]) == ticket["human_clock_at"]
    assert ticket["human_clock_at"] > ticket["started_at"]


def test_a_reopening_is_measured_from_the_solve_before_it(told: Told) -> None:
    gaps = [row["reopen_gap_us"] for row in told.rows("chatwoot-017", "reopen_gap:chatwoot")]
    assert told.expected("chatwoot-017")["opened_gap_s"] * 1_000_000 == gaps[-1]
    assert len(gaps) == 2


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
def test_without_a_bot_or_with_a_person_nothing_is_contained(told: Told, name: str) -> None:
    assert told.expected(name) == {"bot_resolved": False}
    assert not told.value(name, "bot_containment:no_return_check")
    assert not told.value(name, "bot_containment:chatwoot")


def test_silence_that_ends_solved_is_contained_for_chatwoot_alone(told: Told) -> None:
    assert told.expected("chatwoot-019") == {"bot_resolved": True}
    assert told.value("chatwoot-019", "bot_containment:chatwoot") == 1
    assert told.value("chatwoot-019", "bot_containment:no_return_check") is None


def test_bot_rates(told: Told) -> None:
    assert (
        told.cells("chatwoot-006", "bot_hand_off_time")[0].n
        == told.expected("chatwoot-006")["handoff_events"]
    )
    own = {"chatwoot-028": "no_return_check", "chatwoot-031": "no_return_check"}
    for name, period in {
        **dict.fromkeys((*own, "chatwoot-029"), "all"),
        "chatwoot-030": "2024-06-23..2024-07-01",
    }.items():
        wanted = told.expected(name)
        for key, kpi in (
            ("resolution_rate_pct", "bot_containment"),
            ("handoff_rate_pct", "bot_hand_off_rate"),
        ):
            (cell,) = told.cells(name, f"{kpi}:chatwoot", period=period)
            assert wanted[key] == 100 * cell.value
            assert wanted["conversation_count"] == cell.parts["bottom"]
            if name in own:
                default = f"{kpi}:{own[name]}" if kpi == "bot_containment" else kpi
                assert wanted[key] == 100 * told.value(name, default)
    assert told.value("chatwoot-028", "message_volume", where={"sender_kind": "bot"}) == 1


@pytest.mark.parametrize("name", LASTED)
def test_bands_are_closed_on_the_left(told: Told, name: str) -> None:
    found = [cell.parts["part"] for cell in told.cells(name, "first_response_bands:chatwoot")]
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


@pytest.mark.parametrize(
    ("name", "client"), [("chatwoot-035", "chatwoot-037"), ("chatwoot-036", "chatwoot-036")]
)
def test_an_empty_day_has_no_mean(told: Told, name: str, client: str) -> None:
    """Listed: Chatwoot shows 0 where nothing happened, and nowhere else do the two differ."""
    cells = told.cells(client, "first_response_time:chatwoot", by="day", period="2020-10-19..2020-10-27")
    found = {cell.keys["day"]: cell.value for cell in cells if cell.n}
    days = [date(2020, 10, 19) + timedelta(days=n) for n in range(8)]
    assert told.expected(name)["series"] == [found.get(day, 0) for day in days]
    assert [days[0], days[7]] == list(found)


def test_every_solve_counts_and_what_chatwoot_said_before(told: Told) -> None:
    wanted = told.expected("chatwoot-043")
    assert wanted["resolutions"] == told.value("chatwoot-043", "solve_volume:chatwoot")
    assert wanted["conversations_resolved"] == told.value("chatwoot-043", "solve_volume:first")
    for name, label in (
        ("chatwoot-047", "solve_volume:chatwoot@1"),
        ("chatwoot-048", "solve_volume:chatwoot@2"),
    ):
        assert told.expected(name)["resolutions"] == told.value("chatwoot-047", label)


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
    (cell,) = told.cells("frappe-016", "csat:frappe", period=period)
    assert told.expected(name) == {"responses": cell.n, "average": cell.value}
    assert cell.n == told.cells("frappe-016", "csat:opened", period=period)[0].n


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
def test_openings_and_closings_by_bucket_in_a_zone(told: Told, name: str) -> None:
    said, wanted = told.cases[name]["input"], told.expected(name)
    grain = {"day": "hour", "month": "day", "year": "month"}[said["scope"]]
    there = told.reporting(zone=said["time_zone"])
    flows = {}
    for word, kpi in (("created", "ticket_volume"), ("closed", "solve_volume:zammad")):
        cells = there.ask(kpi, by=grain, period=said["period"], clients=["zammad-029"])
        flows[word] = {str(place): cell.value or 0 for place, cell in enumerate(cells)}
        assert wanted[word] == {place: n for place, n in flows[word].items() if n}
    net = {place: n - flows["closed"].get(place, 0) for place, n in flows["created"].items()}
    assert wanted["net"] == {place: n for place, n in net.items() if n}


NOT_HIGH = [Condition(column="priority", op="!=", value="high")]


@pytest.mark.parametrize("name", ["zammad-049", "zammad-051", "zammad-053"])
def test_closed_within_fifteen_minutes(told: Told, name: str) -> None:
    said = told.cases[name]["input"]
    where = NOT_HIGH if "filter" in said else []
    label = "first_contact_resolution:zammad"
    by = {"month": "month", "hour": "hour_of_day"}[said["group"]]
    cells = told.care.ask(label, by=by, period=said["period"], where=where, clients=["zammad-057"])
    found = {str(getattr(cell.keys[by], "month", cell.keys[by])): cell.parts.get("part") for cell in cells}
    assert told.expected(name) == {place: n for place, n in found.items() if n}


def test_reopenings_on_their_own_clock(told: Told) -> None:
    def october(**question: Any) -> float | None:
        cells = told.care.ask(
            "reopenings:zammad", by="month", period="2015", clients=["zammad-057"], **question
        )
        return next(cell.value for cell in cells if cell.keys["month"].month == 10)

    assert told.expected("zammad-055")["10"] == october(where=NOT_HIGH)
    assert october() == 1


def test_moves_out_of_a_team(told: Told) -> None:
    cells = told.care.ask(
        "transfer_volume", by="month", period="2015", where={"from_team": "Users"}, clients=["zammad-057"]
    )
    assert {"10": told.expected("zammad-057")["10"]} == {
        str(c.keys["month"].month): c.value for c in cells if c.value
    }


def reasons() -> dict[str, str]:
    """The cases listed in docs/decisions.md, each with its reason."""
    text = (Path(__file__).parents[2] / "docs" / "decisions.md").read_text(encoding="utf-8")
    part = text.partition("## Reference cases of metrics")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z]+-\d+)` \| (.+?) \|$", part, flags=re.MULTILINE)
    return dict(rows)


def test_what_is_listed_has_a_reason() -> None:
    assert set(reasons()) == {*LISTED, *IN_PART}


def test_every_case_is_asked_or_has_a_reason(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    asked = {name for name in told.cases if f'"{name}"' in text or name in FLOWS} - set(LISTED)
    assert set(told.cases) == asked | set(LISTED)
    passed = Counter(told.cases[name]["status"] for name in asked)
    listed = Counter(told.cases[name]["status"] for name in LISTED)
    with capsys.disabled():
        print(  # noqa: T201
            f"\nportable: {passed['portable']} pass, {listed['portable']} listed;"
            f" by definition: {passed['definition_dependent']} pass, {listed['definition_dependent']} listed;"
            f" peer quirks: {passed['peer_quirk'] + listed['peer_quirk']}; {len(IN_PART)} passes in part"
        )
