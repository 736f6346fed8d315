"""Headers of exports as they are known, and what each column is taken for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polso import config
from polso.engine import DuckDB
from polso.sources.guess import guess
from polso.sources.guess_roles import plain, roles_of
from polso.sources.load import load
from polso.sources.table_formats import dates_of
from sources.tables import write

AT, LATER = "2024-01-08 09:00:00", "2024-01-08 11:30:00"
# A row's worth of each export: header -> value. Zendesk's and Freshdesk's as the products write their CSV, HubSpot's by its
# property labels, Jira Service Management's "CSV (all fields)", OTRS' and Znuny's list statistics.
EXPORTS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "zendesk": (
        {
            "Summation column": "1", "Id": "35436", "Requester": "Ada", "Requester id": "20978392", "Assignee": "Bob",
            "Group": "Support", "Subject": "Help", "Tags": "a b", "Status": "Solved", "Priority": "High", "Via": "Mail",
            "Ticket type": "Incident", "Created at": AT, "Updated at": LATER, "Assigned at": AT, "Solved at": LATER,
            "Satisfaction Score": "Good", "First reply time in minutes": "12",
            "First reply time in minutes within business hours": "10",
        },
        {"ticket": "Id", "customer": "Requester", "agent": "Assignee", "team": "Group", "priority": "Priority",
         "channel": "Via", "issue_type": "Ticket type", "opened": "Created at", "solved": "Solved at"},
    ),
    "freshdesk": (
        {
            "Ticket ID": "18", "Subject": "Help", "Status": "Closed", "Priority": "Low", "Source": "Portal", "Type": "Question",
            "Agent": "Bob", "Group": "Billing", "Created time": AT, "Due by Time": LATER, "Resolved time": LATER,
            "Closed time": LATER, "Last update time": LATER, "Initial response time": LATER, "Time tracked": "00:10:00",
            "First response time (in hrs)": "02:30:00", "Resolution time (in hrs)": "02:30:00",
            "First response status": "Within SLA",
        },
        {"ticket": "Ticket ID", "priority": "Priority", "channel": "Source", "issue_type": "Type", "agent": "Agent",
         "team": "Group", "opened": "Created time", "responded": "Initial response time", "solved": "Resolved time",
         "closed": "Closed time"},
    ),
    "hubspot": (
        {
            "Ticket ID": "91", "Ticket name": "Help", "Pipeline": "Support Pipeline", "Ticket status": "Closed",
            "Create date": AT, "Close date": LATER, "Ticket owner": "Bob", "Priority": "HIGH", "Source": "Chat",
            "Category": "PRODUCT_ISSUE", "First agent email response date": LATER, "Last response date": LATER,
            "Time to first agent email reply (HH:mm:ss)": "02:30:00",
        },
        {"ticket": "Ticket ID", "agent": "Ticket owner", "priority": "Priority", "channel": "Source", "issue_type": "Category",
         "opened": "Create date", "closed": "Close date", "responded": "First agent email response date"},
    ),
    "jira": (
        {
            "Summary": "Help", "Issue key": "SD-7", "Issue id": "10007", "Issue Type": "Service Request", "Status": "Done",
            "Priority": "Medium", "Resolution": "Done", "Assignee": "Bob", "Reporter": "Ada", "Created": "08/Jan/24 9:00 AM",
            "Updated": "08/Jan/24 11:30 AM", "Resolved": "08/Jan/24 11:30 AM", "Custom field (Request Type)": "IT help",
            "Custom field (Time to first response)": "3:37", "Custom field (Satisfaction rating)": "4",
        },
        {"ticket": "Issue key", "issue_type": "Issue Type", "priority": "Priority", "agent": "Assignee",
         "customer": "Reporter", "opened": "Created", "solved": "Resolved", "score": "Custom field (Satisfaction rating)"},
    ),
    "otrs": (
        {
            "Ticket#": "2024010810000017", "Title": "Help", "Created": AT, "Close Time": LATER, "Queue": "Raw", "State": "open",
            "Priority": "3 normal", "Customer User": "ada", "CustomerID": "acme", "Type": "Incident", "Owner": "bob",
            "First Response": LATER, "FirstResponseInMin": "150",
        },
        {"ticket": "Ticket#", "opened": "Created", "closed": "Close Time", "team": "Queue", "priority": "Priority",
         "customer": "Customer User", "issue_type": "Type", "agent": "Owner", "responded": "First Response"},
    ),
    "osticket": (
        {
            "Ticket Number": "104523", "Date Created": AT, "Subject": "Printer", "From": "Ada", "Priority": "Normal",
            "Department": "Support", "Help Topic": "Report a Problem", "Source": "Email", "Current Status": "Closed",
            "Last Updated": LATER, "Closed Date": LATER, "Assigned To": "Bob", "Answered": "1",
        },
        {"ticket": "Ticket Number", "opened": "Date Created", "priority": "Priority", "team": "Department",
         "issue_type": "Help Topic", "channel": "Source", "agent": "Assigned To", "closed": "Closed Date"},
    ),
    "servicenow": (
        {
            "number": "INC0000045", "caller_id": "Ada", "opened_at": AT, "category": "Network", "subcategory": "VPN",
            "urgency": "2 - Medium", "assignment_group": "Network", "assigned_to": "Bob", "resolved_at": LATER,
            "closed_at": LATER,
        },
        {"ticket": "number", "customer": "caller_id", "opened": "opened_at", "issue_type": "category", "priority": "urgency",
         "team": "assignment_group", "agent": "assigned_to", "solved": "resolved_at", "closed": "closed_at"},
    ),
    "italian": (
        {
            "Codice ticket": "T-1", "Data apertura ticket": AT, "Data prima risposta": LATER, "Data risoluzione": LATER,
            "Data chiusura": LATER, "Tipologia richiesta": "Fattura", "Priorità": "Alta", "Canale di contatto": "email",
            "Assegnato a": "Bruno", "Richiedente": "Ada", "Reparto": "Amministrazione",
        },
        {"ticket": "Codice ticket", "opened": "Data apertura ticket", "responded": "Data prima risposta",
         "solved": "Data risoluzione", "closed": "Data chiusura", "issue_type": "Tipologia richiesta", "priority": "Priorità",
         "channel": "Canale di contatto", "agent": "Assegnato a", "customer": "Richiedente", "team": "Reparto"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("product", EXPORTS)
def test_known_exports(product: str) -> None:
    row, expected = EXPORTS[product]
    columns: dict[str, list[str | None]] = {name: [value] for name, value in row.items()}
    dates = {name: found for name, cells in columns.items() if (found := dates_of([c for c in cells if c]))}
    found = roles_of(list(row), columns, dates)
    assert expected == {
        role: name for role, name in found.items() if role not in ("activity", "instant", "clock")
    }


@pytest.mark.parametrize(
    "name",
    [
        "first answer at", "First Answer At", "first_response_at", "firstResponseAt", "First response time", "first reply",
        "First responded at", "first_admin_reply_at", "stats.first_responded_at", "Initial response time",
        "First agent reply date",
        "Date of first response", "First public reply at", "Data prima risposta", "Data e ora prima risposta",
        "Data/ora prima risposta",
        "data_prima_risposta", "Prima risposta", "Prima risposta il", "Data della prima risposta",
        "Primo riscontro", "Risposto il",
    ],
)  # fmt: skip
def test_the_first_answer_by_any_name(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, f"id,created_at,{name}\n1,{AT},{LATER}\n2,{AT},\n")
    assert name == guess(path).roles.get("responded")
    assert [("1", "message", "agent")] == _loaded(path, "kind = 'message'", "ticket_id, kind, actor_kind")


@pytest.mark.parametrize(
    "name",
    [
        "first_contact_reply_created_at",
        "last reply at",
        "Last response date",
        "First customer reply at",
        "First resolution time",
        "Due by Time",
    ],
)
def test_other_instants_are_no_first_answer(tmp_path: Path, name: str) -> None:
    """In Intercom's words a contact is a customer: their first reply answers nobody."""
    assert "responded" not in guess(write(tmp_path, f"id,created_at,{name}\n1,{AT},{LATER}\n")).roles


@pytest.mark.parametrize(
    ("name", "value", "seconds"),
    [
        ("First reply time in minutes", "12", 720), ("First response time (in hrs)", "02:30:00", 9_000),
        ("Time to first agent email reply (HH:mm:ss)", "0:00:45", 45), ("first_response_time_hours", "1.5", 5_400),
        ("Tempo di prima risposta (min)", "3", 180), ("Tempo prima risposta in ore", "2", 7_200), ("FRT (s)", "40", 40),
    ],
)  # fmt: skip
def test_how_long_the_first_answer_took_is_added_to_the_opening(
    tmp_path: Path, name: str, value: str, seconds: int
) -> None:
    path = write(tmp_path, f"id,created_at,{name}\n1,{AT},{value}\n2,{AT},\n")
    assert [("1", seconds)] == _loaded(
        path, "kind = 'message'", f"ticket_id, date_diff('second', TIMESTAMP '{AT}', occurred_at)"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("First reply time in minutes within business hours", "12"), ("First response time (in bhrs)", "02:30:00"),
        ("Custom field (Time to first response)", "0:30:00"), ("Tempo di prima risposta (minuti lavorativi)", "5"),
    ],
)  # fmt: skip
def test_opening_hours_and_targets_are_no_time_from_the_opening(
    tmp_path: Path, name: str, value: str
) -> None:
    found = guess(write(tmp_path, f"id,created_at,{name}\n1,{AT},{value}\n"))
    assert found.response_time is None
    assert "message" not in found.toml


def test_a_length_without_a_unit_is_left_open(tmp_path: Path) -> None:
    path = write(tmp_path, f"id,created_at,agent,First response time\n1,{AT},bob,12\n")
    text = guess(path).toml
    assert '# "First response time" does not say its unit' in text
    assert '# kind = "message" # the first answer' in text
    assert [] == _loaded(path, "kind = 'message'", "ticket_id")


def test_types_and_priorities_are_set_where_they_are_told(tmp_path: Path) -> None:
    path = write(tmp_path, f"id,created_at,Topic,Priority\n1,{AT},billing,high\n2,{AT},,low\n")
    assert [("1", "issue_type", "billing"), ("1", "priority", "high"), ("2", "priority", "low")] == _loaded(
        path, "kind = 'set'", "ticket_id, attribute, value"
    )
    assert "Not used" not in guess(path).toml


def test_free_text_is_no_type(tmp_path: Path) -> None:
    rows = "".join(f"{n},{AT},what customer {n} wrote\n" for n in range(150))
    assert "issue_type" not in guess(write(tmp_path, "id,created_at,reason\n" + rows)).roles


def test_a_length_is_no_time_of_day(tmp_path: Path) -> None:
    found = guess(
        write(tmp_path, "id,date,Time,First response time (in hrs)\n1,2024-01-08,09:00:00,00:12:45\n")
    )
    assert "Time" == found.roles["clock"]
    assert "clock" not in guess(write(tmp_path, "id,date,Handle time\n1,2024-01-08,00:12:45\n")).roles


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Custom field (Request Type)", "Request Type"), ("firstResponseAt", "first Response At"),
        ("First response time (in hrs)", "First response time"), ("stats.first_responded_at", "first responded at"),
        ("requester.id", "requester.id"), ("CustomerID", "Customer ID"),
    ],
)  # fmt: skip
def test_plain_words(name: str, said: str) -> None:
    assert said == plain(name)


def test_real_payloads(shared: Path, tmp_path: Path) -> None:
    """Freshdesk tells when it was first answered among its statistics, Zendesk's seeds tell type and priority."""
    lines = (
        (shared / "data/payloads/freshdesk/tickets.airbyte.jsonl").read_text(encoding="utf-8").splitlines()
    )
    told = [json.loads(line) for line in lines if line]
    told[0]["stats"]["first_responded_at"] = "2022-05-26T05:25:35Z"
    freshdesk = guess(write(tmp_path, "\n".join(map(json.dumps, told)), "freshdesk.jsonl")).roles
    assert ("id", "stats.first_responded_at", "type") == tuple(
        freshdesk[r] for r in ("ticket", "responded", "issue_type")
    )
    zendesk = guess(shared / "data/zendesk_seeds/ticket_data.csv").roles
    assert {"ticket": "id", "opened": "created_at", "priority": "priority"}.items() <= zendesk.items()
    osticket = guess(shared / "data/payloads/osticket/tickets_export_semicolon.from-memory-shape.csv").roles
    expected = {
        "ticket": "Ticket Number",
        "issue_type": "Help Topic",
        "priority": "Priority",
        "agent": "Assigned To",
    }
    assert expected.items() <= osticket.items()
    phone = guess(shared / "data/phonenow/call_center_dataset.xlsx").roles
    assert {"ticket": "Call Id", "issue_type": "Topic", "agent": "Agent"}.items() <= phone.items()


def _loaded(path: Path, condition: str, columns: str) -> list[tuple[object, ...]]:
    """What loading the proposal as it stands gives."""
    engine = DuckDB()
    (done,) = load(engine, config.parse(guess(path).toml), path.parent)
    assert (done.rows, 0) == (done.used, done.rejected)
    return engine.run(f"SELECT {columns} FROM events WHERE {condition} ORDER BY ALL")
