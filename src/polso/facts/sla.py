"""SLA: one row per target in force and activation: due, met, missed or pending, and by how much late.

Rule kept here: the target in force is the one that the ticket's dimensions chose when the clock
started; a later change of priority moves nothing. Nothing here knows the present: a case that is
neither met nor over is pending, and the question compares its due instant with as-of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from polso.config import Target
from polso.engine import BooleanValue, IntegerValue, StringValue, Table, ibis
from polso.errors import UnknownName
from polso.facts.due import elapsed_due, with_open_due
from polso.facts.fact import (
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    Span,
    count,
    dimension,
    duration,
    flag,
    group,
    identifier,
    instant,
    worker,
)
from polso.facts.history import at_instant, carried

# A due instant in open time lies at most this far beyond the last event; later ones are null.
REACH = timedelta(days=400)


def reach(targets: tuple[Target, ...]) -> timedelta:
    """How far beyond the last event the day table must go."""
    return REACH if any(target.within is not None and target.calendar for target in targets) else timedelta(0)


def _of_ticket(start: str, met: str) -> Callable[[Context], Table]:
    """A clock that starts once a ticket and stops at one of its instants, or with the ticket."""

    def cases(context: Context) -> Table:
        tickets = context.shared["tickets"].view()
        over = ibis.ifelse(tickets.is_open, ibis.null("timestamp"), tickets.ended_at)
        pauses = met == "resolved_at"
        paused, open_paused = tickets.paused_on_customer_us, tickets.paused_on_customer_business_us
        none = ibis.literal(0, "int64")
        still = tickets.awaits_customer if pauses else ibis.literal(False)
        return tickets.select(
            *TICKET, "client", "is_counted",
            nth=ibis.literal(1, "int64"), activated_at=tickets[start], met_at=tickets[met],
            stopped_at=ibis.coalesce(tickets[met], over),
            paused_us=paused if pauses else none,
            paused_business_us=open_paused if pauses else none,
            is_paused=still,
        )  # fmt: skip

    return cases


def _of_turns(context: Context) -> Table:
    """A clock that starts with every customer turn and stops at the reply, or with the ticket."""
    turns, tickets = context.shared["replies"].view(), context.shared["tickets"].view()
    counted = tickets.select(t_source="source", t_ticket="ticket_id", is_counted="is_counted")
    joined = turns.left_join(counted, [turns.source == counted.t_source, turns.ticket_id == counted.t_ticket])
    return joined.select(
        *TICKET, "client", "is_counted",
        nth=joined.nth, activated_at=joined.started_at, met_at=joined.answered_at, stopped_at=joined.ended_at,
        paused_us=ibis.literal(0, "int64"), paused_business_us=ibis.literal(0, "int64"), is_paused=ibis.literal(False),
    )  # fmt: skip


# The KPIs whose targets have cases, each with its clock.
CLOCKS: Mapping[str, Callable[[Context], Table]] = {
    "first_response_time": _of_ticket("started_at", "first_reply_at"),
    "assign_time": _of_ticket("opened_at", "assigned_at"),
    "resolution_time": _of_ticket("opened_at", "resolved_at"),
    "reply_time": _of_turns,
}


def fold(events: Table, context: Context) -> Table:
    """The cases of every target in force."""
    numbered = [(n, target) for n, target in enumerate(context.targets, 1) if target.within is not None]
    parts = []
    for kpi, clock in CLOCKS.items():
        own = [(n, target) for n, target in numbered if target.kpi == kpi]
        if own:
            cases = clock(context)
            cases = at_instant(cases.filter(cases.activated_at.notnull()), "activated_at", context)
            parts += _in_force(cases, kpi, _choices(own), context)
    return ibis.union(*parts) if len(parts) > 1 else (parts or [_none(context)])[0]


Choice = tuple[tuple[int, Target], ...]


def _choices(targets: list[tuple[int, Target]]) -> list[Choice]:
    """Targets of one KPI with the same condition hold together; the first condition that matches chooses."""
    conditions: list[dict[str, str | tuple[str, ...]]] = []
    for _, target in targets:
        if target.when not in conditions:
            conditions.append(target.when)
    return [tuple((n, target) for n, target in targets if target.when == when) for when in conditions]


def _in_force(cases: Table, kpi: str, choices: list[Choice], context: Context) -> list[Table]:
    """The cases once for every target that holds for them."""
    chosen = cases.mutate(
        choice=ibis.cases(
            *(
                (_matches(cases, choice[0][1], context), ibis.literal(i, "int64"))
                for i, choice in enumerate(choices)
            ),
            else_=ibis.literal(-1, "int64"),
        )
    )
    parts = []
    for place in range(max(len(choice) for choice in choices)):
        held = {i: choice[place] for i, choice in enumerate(choices) if place < len(choice)}
        part = chosen.filter(chosen.choice.isin(list(held)))

        def given(values: dict[int, object], kind: str, part: Table = part) -> ibis.expr.types.Value:
            return ibis.cases(*((part.choice == i, ibis.literal(v, kind)) for i, v in values.items()))

        parts.append(
            part.mutate(
                kpi=ibis.literal(kpi),
                target=given({i: title(target) for i, (_, target) in held.items()}, "string"),
                target_nth=given({i: n for i, (n, _) in held.items()}, "int64"),
                within_us=given({i: _micros(target) for i, (_, target) in held.items()}, "int64"),
                in_open_time=given({i: target.calendar for i, (_, target) in held.items()}, "boolean"),
            ).drop("choice")
        )
    return parts


def _matches(cases: Table, target: Target, context: Context) -> BooleanValue:
    condition: BooleanValue = ibis.literal(True)
    known = ("client", *carried(context.attributes))
    for name, wanted in target.when.items():
        if name not in known:
            raise UnknownName(f"dimension in a target for {target.kpi}", name, known)
        values = [wanted] if isinstance(wanted, str) else list(wanted)
        condition &= cases[name].isin(values).fill_null(False)
    return condition


def _micros(target: Target) -> int:
    return round((target.within or 0) * 1_000_000)


def title(target: Target) -> str:
    """A target in a few words: its KPI, its limit in seconds and its condition."""
    limit = f"{target.kpi} {target.within:g}s" + (" open" if target.calendar else "")
    when = [
        f"{name}={value if isinstance(value, str) else '|'.join(value)}"
        for name, value in target.when.items()
    ]
    return " ".join([limit, *when])


def _none(context: Context) -> Table:
    """No case at all, where no target has a clock."""
    cases = at_instant(CLOCKS["assign_time"](context), "activated_at", context)
    return cases.filter(ibis.literal(False)).mutate(
        kpi=ibis.literal(""), target=ibis.literal(""), target_nth=ibis.literal(0, "int64"),
        within_us=ibis.literal(0, "int64"), in_open_time=ibis.literal(False),
    )  # fmt: skip


def finish(rows: Table, calendar: str, days: Table) -> Table:
    """Due instants, lateness and outcome, by the clock that the target says: elapsed or open seconds."""
    rows = with_open_due(rows, "activated_at", "within_us", calendar, days, "open_due_at")
    rows = rows.mutate(stretched_us=rows.within_us + rows.paused_business_us)
    rows = with_open_due(rows, "activated_at", "stretched_us", calendar, days, "open_due_pausing_at")
    spent: IntegerValue = ibis.ifelse(rows.in_open_time, rows.lasted_business_us, rows.lasted_us)
    spent = ibis.ifelse(rows.lasted_us < 0, ibis.null("int64"), spent)
    paused = ibis.ifelse(rows.in_open_time, rows.paused_business_us, rows.paused_us)
    timed = rows.mutate(
        due_at=ibis.ifelse(
            rows.in_open_time, rows.open_due_at, elapsed_due(rows.activated_at, rows.within_us)
        ),
        due_pausing_at=ibis.ifelse(
            rows.in_open_time,
            rows.open_due_pausing_at,
            elapsed_due(rows.activated_at, rows.within_us + rows.paused_us),
        ),
        is_paused=rows.is_paused & rows.stopped_at.isnull(),
        late_us=spent - rows.within_us,
        late_pausing_us=spent - paused - rows.within_us,
        paused_us=paused,
    )
    done = timed.mutate(
        outcome=_outcome(timed, timed.late_us), outcome_pausing=_outcome(timed, timed.late_pausing_us)
    )
    return done.mutate(is_met=_verdict(done.outcome), is_met_pausing=_verdict(done.outcome_pausing))


def _outcome(rows: Table, late: IntegerValue) -> StringValue:
    """Unmet when the ticket ended counts as missed only where the time was up by then."""
    return ibis.cases(
        (rows.stopped_at.isnull(), "pending"),
        (late.isnull(), "reversed"),
        (late > 0, "missed"),
        (rows.met_at.notnull(), "met"),
        else_="withdrawn",
    )


def _verdict(outcome: StringValue) -> BooleanValue:
    return ibis.cases((outcome == "met", True), (outcome == "missed", False), else_=ibis.null("boolean"))


SLA = Fact(
    name="sla",
    sentence="One row per ticket, target in force (of those with `within`) and start of its clock.",
    key=TICKET_KEY,
    clock="activated_at",
    at="activated_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        group("team", "The team when the clock started."),
        worker("agent", "The assignee when the clock started."),
        dimension("priority", "The priority when the clock started."),
        dimension("issue_type", "The issue type when the clock started."),
        dimension("kpi", "What the target is for."),
        dimension("target", "The target in a few words: its KPI, limit and condition."),
        dimension(
            "outcome",
            "met; missed; withdrawn (ended unmet, in time); pending; reversed (met before it started).",
        ),
        dimension(
            "outcome_pausing", "The same, the clock standing still while the ticket waits on the customer."
        ),
        flag("is_counted", "Whether the ticket counts."),
        flag("in_open_time", "Whether the limit counts open seconds only."),
        flag("is_paused", "Whether its clock runs no more for now: the ticket waits on the customer."),
        flag("is_met", "Whether the target held; null where it is pending, withdrawn or reversed."),
        flag("is_met_pausing", "The same, the clock standing still while the ticket waits on the customer."),
        count("target_nth", "The target's place in polso.toml, 1 for the first."),
        count(
            "nth", "1 for the first start of the clock; a customer turn's number where every turn starts it."
        ),
        duration("within_us", "The limit."),
        duration(
            "late_us",
            "How far past the limit when the clock stopped, by the target's own clock; negative: to spare.",
        ),
        duration("late_pausing_us", "The same, waiting on the customer taken off."),
        duration(
            "paused_us",
            "Waiting on the customer, by the target's own clock; only resolution clocks have pauses.",
        ),
        instant("activated_at", "When the clock started."),
        instant("met_at", "When it was met, in time or late; null where it was not."),
        instant("stopped_at", "When it was met or the ticket ended; null while pending."),
        instant("due_at", "When the limit is reached, pauses not counted; null beyond the known calendar."),
        instant("due_pausing_at", "The same, later by the waits on the customer that are over."),
    ),
    spans=(
        Span("taken", "activated_at", "met_at", "From the start of the clock until it was met."),
        Span(
            "lasted",
            "activated_at",
            "stopped_at",
            "From the start of the clock until it was met or the ticket ended.",
        ),
    ),
    fold=fold,
    finish=finish,
)
