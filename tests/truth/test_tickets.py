"""KPIs over tickets are what the simulator knows to have happened."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from truth.acme import Acme, told

pytestmark = pytest.mark.xdist_group("acme")


def test_tickets_opened_by_channel(acme: Acme) -> None:
    assert acme.truth.tickets == acme.counts("ticket_volume:all", "channel")
    assert acme.truth.measured == acme.counts("ticket_volume", "channel")


def test_tickets_left_out(acme: Acme) -> None:
    assert acme.truth.excluded == acme.counts("tickets_left_out", "left_out")


def test_tickets_opened_by_any_dimension(acme: Acme) -> None:
    # Not by team: the truth's is whose work it was, and a ticket that nobody passed on stays where it landed.
    for name in ("client", "channel", "issue_type", "priority", "product"):
        expected = Counter(t[name] for t in acme.tickets if not t["excluded"])
        assert dict(expected) == acme.counts("ticket_volume", name), name


def test_first_response_by_channel(acme: Acme) -> None:
    assert told(acme.truth.first_response) == acme.tallies("first_response_time", "channel")


def test_first_response_by_reply_is_the_same_sum(acme: Acme) -> None:
    assert told(acme.truth.first_response) == acme.tallies("first_response_time:replied", "channel")


def test_unanswered_tickets(acme: Acme) -> None:
    """The band `none` holds who still waits; who gave up before an answer, or was helped by a bot, awaits none."""
    waiting = Counter(
        t["channel"]
        for t in acme.tickets
        if not t["excluded"] and t["first_response_from"] and not t["first_reply_at"] and t["open_at_end"]
    )
    bands = acme.cells("first_response_bands", "channel")
    found = {
        key[0]: cell.parts["part"] for key, cell in bands.items() if key[1] == "none" and cell.parts["part"]
    }
    assert dict(waiting) == found
    assert sum(waiting.values()) <= sum(acme.truth.unanswered.values())


def test_reply_times(acme: Acme) -> None:
    assert told(acme.truth.replies) == acme.tallies("reply_time", "channel")


def test_first_and_last_solve(acme: Acme) -> None:
    assert told(acme.truth.first_solve) == acme.tallies("resolution_time:first", "channel")
    assert told(acme.truth.resolution) == acme.tallies("resolution_time", "channel")


def test_solved_within_thirty_days(acme: Acme) -> None:
    assert acme.truth.mature_30d == acme.counts("resolution_rate", "channel")
    assert acme.truth.solved_30d == acme.parts("resolution_rate", "channel")
    young = sum(acme.truth.measured.values()) - sum(acme.truth.mature_30d.values())
    assert young == acme.one("resolution_rate").parts["immature"]


def test_reopenings(acme: Acme) -> None:
    truth, rate = acme.truth.reopen, acme.one("reopen_rate")
    assert (truth["first_solved_mature"], truth["reopened_within_30d"]) == (rate.n, rate.parts["part"])
    assert truth["first_solved"] == rate.n + rate.parts["immature"] == acme.one("solve_volume:first").n
    assert truth["solves"] == acme.one("solve_volume").n
    per_solve = acme.one("reopen_rate:per_solve")
    assert (truth["reopenings"], truth["solves"]) == (per_solve.parts["top"], per_solve.parts["bottom"])


def test_first_contact_resolution(acme: Acme) -> None:
    """The demo's follow-ups are on the same issue within a week anyway, so `yes` agrees with the default."""
    truth, cell = acme.truth.fcr, acme.one("first_contact_resolution")
    assert (truth["yes"] + truth["no"], truth["yes"]) == (cell.n, cell.parts["part"])
    assert truth["immature"] == cell.parts["immature"]
    solved = acme.one("first_contact_resolution:no_repeat_check").n
    assert truth["unknown_customer"] == solved - cell.n - cell.parts["immature"]


def test_backlog_at_every_first_of_the_month(acme: Acme) -> None:
    months = acme.cells("backlog", "month")
    ends = {(date(m.year + m.month // 12, m.month % 12 + 1, 1)): cell.value for m, cell in months.items()}
    expected = {date.fromisoformat(k): n for k, n in acme.truth.backlog.items() if k != "as_of"}
    assert expected == {day: ends[day] for day in expected}
    assert acme.truth.backlog["as_of"] == acme.one("backlog").value


def test_transfers_and_escalations(acme: Acme) -> None:
    truth = acme.truth.moves
    assert truth["transferred_tickets"] == acme.one("transfer_rate").parts["part"]
    assert (
        truth["transfers"] == acme.one("transfer_volume").n == acme.one("transfers_per_ticket").parts["total"]
    )
    assert truth["escalated_tickets"] == acme.one("escalation_rate").parts["part"]
    assert truth["escalated_tickets"] == acme.one("escalation_volume").n
    told = acme.care.engine.run(
        "SELECT arg_min(value, occurred_at) FROM events JOIN tickets USING (source, ticket_id)"
        " WHERE kind = 'escalated' AND is_counted GROUP BY source, ticket_id"
    )
    assert Counter(reason for (reason,) in told) == acme.counts("escalation_volume", "escalation_reason")


def test_contacts_of_every_ticket_of_a_known_customer(acme: Acme) -> None:
    """What was merged into a ticket counts as its contacts, where both are known to be of one customer."""
    rows = acme.care.rows("ticket_volume:all", limit=None).to_pylist()
    found = {(row["source"], row["ticket_id"]): row["all_contacts"] for row in rows if row["person"]}
    expected = {(t["source"], t["ticket_id"]): t["contacts"] for t in acme.tickets if t["customer_id"]}
    assert expected == {key: found[key] for key in expected}
