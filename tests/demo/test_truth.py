"""The truth against a plain recount of the events, with no code shared with the simulator."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import itemgetter
from typing import Any

import pytest

from polso.demo import Truth
from polso.demo.truth import MEANINGS

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
US = timedelta(microseconds=1)


def _by_ticket(acme: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in acme.rows:
        if row["ticket_id"]:
            found[row["ticket_id"]].append(row)
    return found


class Ticket:
    """One ticket, told again from its events."""

    def __init__(self, rows: list[dict[str, Any]], names: dict[str, str]) -> None:
        self.rows = rows
        self.channel = next(
            r["channel"] for r in rows if r["kind"] != "message" or r["actor_kind"] == "customer"
        )
        self.opened = rows[0]["occurred_at"]
        customers = [names.get(r["customer_id"], r["customer_id"]) for r in rows if r["customer_id"]]
        self.customer = customers[0] if customers else None
        opener = next((r for r in rows if r["kind"] == "opened"), None)
        self.by_agent = opener is not None and opener["actor_kind"] == "agent"
        ends = [r["kind"] for r in rows if r["kind"] in ("removed", "restored", "merged")]
        self.internal = self.by_agent and self.customer is None
        self.excluded = self.internal or (bool(ends) and ends[-1] != "restored")
        self.merged = "merged" in ends
        self.solves = self._at("solved")
        self.reopenings = self._at("reopened")
        self.issue = next((r["value"] for r in reversed(rows) if r["attribute"] == "issue_type"), None)

    def _at(self, kind: str) -> list[Any]:
        return [r["occurred_at"] for r in self.rows if r["kind"] == kind]

    @property
    def clock_start(self) -> Any:
        if not self.by_agent:
            return self.opened
        return next((r["occurred_at"] for r in self.rows if _is(r, "message", "customer")), None)

    @property
    def reply(self) -> Any:
        """First words of a person: a message or an answered call, after the customer's own."""
        start = self.clock_start
        answers = [
            r["occurred_at"]
            for r in self.rows
            if _is(r, "message", "agent") or (r["kind"] == "entered" and r["stage"] == "talk")
        ]
        return next((at for at in answers if start is not None and at >= start), None)

    @property
    def contacts(self) -> int:
        """First words, every session of their own, every message after a person's answer."""
        sessions = {r["contact_id"] for r in self.rows if r["direction"] == "inbound" and r["contact_id"]}
        count, answered = len(sessions), False
        said = bool(sessions)
        for r in self.rows:
            if _is(r, "message", "agent") or (r["kind"] == "entered" and r["stage"] == "talk"):
                answered = True
            if _is(r, "message", "customer") and r["contact_id"] not in sessions:
                count += answered or not said
                said, answered = True, False
        return count


def _is(row: dict[str, Any], kind: str, actor: str) -> bool:
    return bool(row["kind"] == kind and row["actor_kind"] == actor)


@pytest.fixture(scope="module")
def told(acme: Any) -> dict[str, Ticket]:
    names = {r["subject_id"]: r["customer_id"] for r in acme.rows if r["kind"] == "identified"}
    return {ticket: Ticket(rows, names) for ticket, rows in _by_ticket(acme).items()}


@pytest.fixture(scope="module")
def as_of(acme: Any) -> Any:
    return datetime.fromtimestamp(acme.truth.as_of_us // 1_000_000, UTC).replace(tzinfo=None)


def test_every_figure_says_what_it_means() -> None:
    assert {f.name for f in fields(Truth)} == set(MEANINGS)


def test_events_and_tickets(acme: Any, told: dict[str, Ticket]) -> None:
    assert Counter(row["kind"] for row in acme.rows) == acme.truth.events
    assert Counter(t.channel for t in told.values()) == acme.truth.tickets
    assert Counter(t.channel for t in told.values() if not t.excluded) == acme.truth.measured
    assert acme.truth.excluded["internal"] == sum(t.internal for t in told.values())
    assert acme.truth.excluded["merged"] == sum(t.merged for t in told.values())


def test_first_response(acme: Any, told: dict[str, Ticket]) -> None:
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    unanswered: Counter[str] = Counter()
    for t in told.values():
        if t.excluded or t.clock_start is None:
            continue
        if t.reply is None:
            unanswered[t.channel] += 1
        else:
            sums[t.channel][0] += 1
            sums[t.channel][1] += (t.reply - t.clock_start) // US
    assert dict(sums) == {c: [tally.n, tally.sum_us] for c, tally in acme.truth.first_response.items()}
    assert unanswered == acme.truth.unanswered


def test_replies_turn_by_turn(acme: Any, told: dict[str, Ticket]) -> None:
    """First unanswered words of the customer to the next words of a person; a solve ends the turn too."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for t in told.values():
        asked = t.opened if t.channel in ("phone", "store") else None
        for row in t.rows:
            answers = _is(row, "message", "agent") or (row["kind"] == "entered" and row["stage"] == "talk")
            if answers and asked is not None:
                found[t.channel][0] += 1
                found[t.channel][1] += (row["occurred_at"] - asked) // US
            if answers or row["kind"] in ("solved", "closed"):
                asked = None
            elif _is(row, "message", "customer"):
                asked = asked or row["occurred_at"]
    assert dict(found) == {c: [tally.n, tally.sum_us] for c, tally in acme.truth.replies.items()}


def test_transfers_and_escalations(acme: Any, told: dict[str, Ticket]) -> None:
    measured = [t for t in told.values() if not t.excluded]
    moved = [sum(r["kind"] == "transferred" for r in t.rows) for t in measured]
    assert acme.truth.moves["transfers"] == sum(moved)
    assert acme.truth.moves["transferred_tickets"] == sum(map(bool, moved))
    assert acme.truth.moves["escalated_tickets"] == sum(
        any(r["kind"] == "escalated" for r in t.rows) for t in measured
    )


def test_resolution_and_reopening(acme: Any, told: dict[str, Ticket], as_of: Any) -> None:
    first: Counter[str] = Counter()
    full: Counter[str] = Counter()
    rate: Counter[str] = Counter()
    reopened = 0
    for t in (t for t in told.values() if not t.excluded and t.solves):
        first[t.channel] += (t.solves[0] - t.opened) // US
        if len(t.solves) > len(t.reopenings):
            full[t.channel] += (t.solves[-1] - t.opened) // US
        rate[t.channel] += t.opened + MONTH <= as_of and t.solves[0] <= t.opened + MONTH
        reopened += (
            t.solves[0] + MONTH <= as_of and bool(t.reopenings) and t.reopenings[0] <= t.solves[0] + MONTH
        )
    assert first == {c: tally.sum_us for c, tally in acme.truth.first_solve.items()}
    assert full == {c: tally.sum_us for c, tally in acme.truth.resolution.items()}
    assert rate == acme.truth.solved_30d
    assert reopened == acme.truth.reopen["reopened_within_30d"]


def test_contacts_ticket_by_ticket(acme: Any, told: dict[str, Ticket]) -> None:
    merged_into = Counter(r["subject_id"] for r in acme.rows if r["kind"] == "merged")
    recount = {ticket: t.contacts + merged_into[ticket] for ticket, t in told.items()}
    assert {row["ticket_id"]: row["contacts"] for row in acme.tickets} == recount


def test_first_contact_resolution(acme: Any, told: dict[str, Ticket], as_of: Any) -> None:
    merged_into = {r["subject_id"] for r in acme.rows if r["kind"] == "merged"}
    of_customer: dict[str, list[Ticket]] = defaultdict(list)
    for t in told.values():
        if t.customer and not t.excluded:
            of_customer[t.customer].append(t)
    counts: Counter[str] = Counter()
    for ticket, t in told.items():
        if t.excluded or len(t.solves) <= len(t.reopenings):
            continue
        if t.customer is None:
            counts["unknown_customer"] += 1
        elif t.solves[-1] + WEEK > as_of:
            counts["immature"] += 1
        else:
            back = any(
                t.solves[-1] < other.opened <= t.solves[-1] + WEEK
                and (t.issue == other.issue or None in (t.issue, other.issue))
                for other in of_customer[t.customer]
            )
            counts["no_because_repeated"] += back
            once = t.contacts == 1 and not t.reopenings and ticket not in merged_into
            counts["yes" if once and not back else "no"] += 1
    assert counts == acme.truth.fcr


def test_backlog_at_the_end(acme: Any, told: dict[str, Ticket]) -> None:
    closing, opening = {"solved", "closed", "merged", "removed"}, {"reopened", "restored"}
    still_open = 0
    for t in told.values():
        state = True
        for row in t.rows:
            state = (state or row["kind"] in opening) and row["kind"] not in closing
        still_open += state and not t.internal
    assert still_open == acme.truth.backlog["as_of"]


def test_queues_and_handle_time(acme: Any) -> None:
    entered = {r["visit_id"]: r["occurred_at"] for r in acme.rows if r["kind"] == "entered"}
    left = [r for r in acme.rows if r["kind"] == "left" and r["visit_id"] in entered]
    queue: dict[str, Counter[str]] = defaultdict(Counter)
    spent: dict[str, int] = defaultdict(int)
    for row in left:
        length = row["occurred_at"] - entered[row["visit_id"]]
        if row["stage"] == "queue":
            name = f"{row['channel']}/{row['team']}"
            queue[name].update(["offered", row["value"]])
            in_time = length <= timedelta(seconds=20) and row["value"] in ("answered", "abandoned")
            queue[name].update([f"{row['value']}_in_20s"] if in_time else [])
        elif row["stage"] in ("talk", "hold", "wrap") and row["direction"] == "inbound":
            spent[row["channel"]] += max(length // US, 0)
    expected = {
        name: {k: n for k, n in counts.items() if n and k != "abandoned_under_5s"}
        for name, counts in acme.truth.queue.items()
    }
    assert expected == {name: dict(counts) for name, counts in queue.items()}
    assert spent == {c: tally.sum_us for c, tally in acme.truth.handle.items() if "/" not in c}


def test_surveys_count_the_last_answer(acme: Any) -> None:
    answers = {(r["subject_id"], r["attribute"]): r["amount"] for r in acme.rows if r["kind"] == "rated"}
    sent = {(r["subject_id"], r["attribute"]) for r in acme.rows if r["kind"] == "survey_sent"}
    for scale, counts in acme.truth.surveys.items():
        scores = [score for (_, name), score in answers.items() if name == scale]
        assert counts["answered"] == len(scores)
        assert counts["score_sum"] == sum(scores)
        assert counts["sent"] == sum(name == scale for _, name in sent)


def test_agents_time_and_costs(acme: Any) -> None:
    since: dict[str, tuple[Any, str]] = {}
    spent: Counter[str] = Counter()
    for row in (r for r in acme.rows if r["kind"] == "state"):
        if row["actor_id"] in since:
            at, state = since[row["actor_id"]]
            spent[state] += (row["occurred_at"] - at) // US
        since[row["actor_id"]] = (row["occurred_at"], row["value"])
    assert {"offline"} == {state for _, state in since.values()}
    assert {k: t.sum_us for k, t in acme.truth.states.items()} == {
        k: n for k, n in spent.items() if k != "offline"
    }
    paid = sum(r["amount"] for r in acme.rows if r["kind"] == "scheduled")
    assert paid == sum(t.sum_us for t in acme.truth.paid.values()) // 1_000_000
    for kind in ("channel_fee", "fixed"):
        booked = sum(r["amount"] for r in acme.rows if r["attribute"] == kind)
        assert booked * 1_000_000 == acme.truth.cost_micros[kind]
    assert acme.truth.cost_micros["hours"] == pytest.approx(_paid_hours(acme), abs=2_000)


def test_whoever_is_logged_in_is_paid_for_it(acme: Any) -> None:
    """Paid stretches of an agent never overlap, and every state but `offline` lies within one."""
    paid: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    states: dict[str, list[Any]] = defaultdict(list)
    for r in sorted(acme.rows, key=lambda r: r["occurred_at"]):
        if r["kind"] == "scheduled":
            paid[r["actor_id"]].append(
                (r["occurred_at"], r["occurred_at"] + timedelta(seconds=int(r["amount"])))
            )
        elif r["kind"] == "state":
            states[r["actor_id"]].append(r)
    for agent, told in states.items():
        assert all(end <= begin for (_, end), (begin, _) in pairwise(paid[agent])), agent
        for one, after in pairwise(told):
            if one["value"] != "offline":
                begin, end = paid[agent][bisect_right(paid[agent], one["occurred_at"], key=itemgetter(0)) - 1]
                assert begin <= one["occurred_at"] <= after["occurred_at"] <= end, agent


def _paid_hours(acme: Any) -> float:
    """Each shift at its agent's own rate, else at the team's, whichever was last set."""
    rates: dict[str, Any] = {}
    total = 0.0
    for r in acme.rows:
        if r["attribute"] == "hourly_rate":
            rates[r["actor_id"]] = r["amount"]
        elif r["kind"] == "scheduled":
            total += float(r["amount"] * rates.get(r["actor_id"], rates[r["team"]])) / 3600
    return total * 1_000_000


def test_shop_visits_and_retention(acme: Any, as_of: Any) -> None:
    orders = [r for r in acme.rows if r["kind"] == "ordered"]
    visits = Counter(
        "bot" if r["value"] == "bot" else r["channel"] for r in acme.rows if r["kind"] == "visited"
    )
    shop = acme.truth.shop
    assert (shop["orders"], shop["web_visits"]) == (len(orders), visits["web"])
    assert (shop["bot_visits"], shop["store_visits"]) == (visits["bot"], visits["store"])
    assert acme.truth.self_service["sessions"] == visits["self_service"]
    sessions = {r["subject_id"] for r in acme.rows if r["kind"] == "visited"}
    assert {r["value"] for r in orders if r["value"]} <= sessions
    quarter = timedelta(days=90)
    before = {r["customer_id"] for r in orders if as_of - 2 * quarter <= r["occurred_at"] < as_of - quarter}
    after = {r["customer_id"] for r in orders if as_of - quarter <= r["occurred_at"] < as_of}
    assert (len(before), len(before & after)) == (
        acme.truth.retention["cohort"],
        acme.truth.retention["returned"],
    )


def test_community_and_bots(acme: Any, told: dict[str, Ticket], as_of: Any) -> None:
    threads = [t for t in told.values() if t.channel == "community"]
    answers = [
        [r for r in t.rows if _is(r, "message", "peer") or _is(r, "message", "agent")] for t in threads
    ]
    assert acme.truth.community["threads"] == len(threads)
    assert acme.truth.community["answered"] == sum(map(bool, answers))
    assert acme.truth.community["first_answer_by_peer"] == sum(
        bool(a) and a[0]["actor_kind"] == "peer" for a in answers
    )
    endings = Counter(r["value"] for r in acme.rows if r["kind"] == "left" and r["stage"] == "bot")
    assert endings == {k: acme.truth.bot[k] for k in ("contained", "handed_off", "silent", "abandoned")}
    opened: dict[str, list[Any]] = defaultdict(list)
    for t in told.values():
        opened[str(t.customer)].append(t.opened)
    day = timedelta(days=1)
    stayed = 0
    for t in told.values():
        for r in t.rows:
            if r["kind"] == "left" and r["value"] == "contained":
                end = r["occurred_at"]
                stayed += end + day <= as_of and not any(
                    end < at <= end + day for at in opened[str(t.customer)]
                )
    assert acme.truth.bot["contained_no_return"] == stayed


def test_the_story_can_be_seen(acme: Any) -> None:
    """Plausible figures, so that a first look teaches something."""
    truth = acme.truth
    assert 0.06 < truth.calls["abandoned_before_answer"] / truth.calls["queued"] < 0.12
    assert 0.65 < truth.fcr["yes"] / (truth.fcr["yes"] + truth.fcr["no"]) < 0.75
    csat = truth.surveys["csat5"]
    assert 0.74 < csat["positive"] / csat["answered"] < 0.86
    nps = truth.surveys["nps"]
    assert 15 < 100 * (nps["promoters"] - nps["detractors"]) / nps["answered"] < 45
    tecnico, commerciale = truth.queue["phone/tecnico"], truth.queue["phone/commerciale"]
    assert tecnico["abandoned"] / tecnico["offered"] > commerciale["abandoned"] / commerciale["offered"]
