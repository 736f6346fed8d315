"""Stages: one row a visit of a contact to a stage, from `entered` to `left`.

Rule kept here: a visit is placed where it was entered, and a `left` without `entered` makes no visit
(events/check.py counts it); who waited in a queue waited until the talk began, ringing included.
"""

from __future__ import annotations

from polso.engine import StringValue, Table, ibis
from polso.events.kinds import STAGES as IN_ORDER
from polso.facts.fact import (
    ANY,
    TICKET,
    TICKET_KEY,
    WHOSE,
    Context,
    Fact,
    Span,
    count,
    dimension,
    flag,
    group,
    identifier,
    instant,
    of_tickets,
    worker,
)
from polso.facts.history import TRACKED, at_instant, own_names
from polso.facts.repeats import where

CONTACT = (*TICKET, "contact_id")
HANDLING = ("talk", "hold", "wrap")


def visits(events: Table) -> Table:
    """Pair every `entered` with its `left`.

    By `visit_id`; a source without visit ids has visits to one stage of a contact one after the other, so
    there `left` belongs to the latest entry. Said twice, the first word counts. Columns: source, ticket_id,
    contact_id, stage, visit_id, event_id and seq (of `entered`), client, direction, channel, team, agent,
    entered_at, left_at, outcome.
    """
    told = events.filter(events.kind.isin(["entered", "left"]))
    enters = told.kind == "entered"
    in_turn = ibis.cumulative_window(
        group_by=[*CONTACT, "stage"],
        order_by=[told.occurred_at, told.seq, enters.ifelse(0, 1), told.event_id],
    )
    entry = ibis.ifelse(enters & told.visit_id.isnull(), 1, 0).sum().over(in_turn)
    named = told.mutate(visit_id=told.visit_id.fill_null(told.contact_id + "#" + entry.cast("string")))
    said = ibis.window(
        group_by=[*CONTACT, "stage", "visit_id", "kind"], order_by=["occurred_at", "seq", "event_id"]
    )
    first = named.mutate(
        place=ibis.row_number().over(said),
        agent=ibis.ifelse(named.actor_kind == "agent", named.actor_id, ibis.null("string")),
    ).filter(lambda t: t.place == 0)
    came, went = first.kind == "entered", first.kind == "left"
    paired = first.group_by(*CONTACT, "stage", "visit_id").aggregate(
        event_id=first.event_id.max(where=came),
        seq=first.seq.max(where=came),
        client=first.client.max(where=came),
        direction=ibis.coalesce(first.direction.max(where=came), first.direction.max(where=went), "inbound"),
        channel=ibis.coalesce(first.channel.max(where=came), first.channel.max(where=went)),
        team=first.team.max(where=came),
        agent=ibis.coalesce(first.agent.max(where=went), first.agent.max(where=came)),
        entered_at=first.occurred_at.max(where=came),
        left_at=first.occurred_at.max(where=went),
        outcome=first.value.max(where=went),
    )
    return paired.filter(paired.entered_at.notnull())


def fold(events: Table, context: Context) -> Table:
    """All visits, numbered within their contact, with what a queue visit waited for."""
    rows = _answered(_numbered(visits(of_tickets(events))))
    queue = rows.stage == "queue"
    flagged = rows.mutate(
        waited_until=where(queue, ibis.coalesce(rows.answered_at, rows.left_at)),
        is_offered=queue & (rows.direction == "inbound"),
        is_answered=(rows.outcome == "answered").fill_null(False),
        is_abandoned=(rows.outcome == "abandoned").fill_null(False),
        is_inside=rows.left_at.isnull(),
    )
    return with_ticket(flagged, "entered_at", context)


def with_ticket(rows: Table, at: str, context: Context) -> Table:
    """Add the ticket's dimensions at an instant; the row's own channel and team come before the ticket's."""
    names = ("channel", "team", *TRACKED, *own_names(context))
    joined = at_instant(rows, at, context, names=names, prefix="ticket_")
    own = {name: ibis.coalesce(joined[name], joined[f"ticket_{name}"]) for name in ("channel", "team")}
    rest = {name: joined[f"ticket_{name}"] for name in (*TRACKED, *own_names(context))}
    return joined.mutate(**own, **rest).drop(*(f"ticket_{name}" for name in names))


def _numbered(rows: Table) -> Table:
    """Number a contact's visits by entry; equal instants follow `seq`, then the natural order of stages."""
    stage_rank = ibis.cases(
        *((rows.stage == stage, rank) for rank, stage in enumerate(IN_ORDER)), else_=len(IN_ORDER)
    )
    order = ibis.window(
        group_by=list(CONTACT), order_by=[rows.entered_at, rows.seq, stage_rank, rows.event_id]
    )
    # Spark numbers rows in 32 bits, which ibis does not know.
    return rows.mutate(nth=ibis.row_number().over(order).cast("int32").cast("int64") + 1)


def _answered(rows: Table) -> Table:
    """When and by whom a queue visit was answered: the next talk, of the agent who took it where known."""
    talk = rows.stage == "talk"
    onwards = ibis.cumulative_window(group_by=list(CONTACT), order_by=rows.nth.desc())
    of_agent = ibis.cumulative_window(group_by=[*CONTACT, "agent"], order_by=rows.nth.desc())
    talk_place = ibis.ifelse(talk, rows.nth, ibis.null("int64"))
    found = rows.mutate(
        talk_at=where(talk, rows.entered_at).min().over(onwards),
        own_talk_at=where(talk, rows.entered_at).min().over(of_agent),
        nameless_talk_at=where(talk & rows.agent.isnull(), rows.entered_at).min().over(onwards),
        talker=rows.agent.argmin(talk_place).over(onwards),
    )
    answered = (found.stage == "queue") & (found.outcome == "answered").fill_null(False)
    known = ibis.coalesce(found.own_talk_at, found.nameless_talk_at)
    talk_at = ibis.ifelse(found.agent.isnull(), found.talk_at, known)
    by: StringValue = ibis.ifelse(answered & found.agent.isnull(), found.talker, found.agent)
    made = found.mutate(answered_at=where(answered, ibis.coalesce(talk_at, found.left_at)), agent=by)
    return made.drop("talk_at", "own_talk_at", "nameless_talk_at", "talker")


STAGES = Fact(
    name="stages",
    sentence="One row a visit of a contact to a stage: welcome, ivr, bot, queue, ring, talk, hold or wrap.",
    key=TICKET_KEY,
    clock="entered_at",
    at="entered_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        identifier("contact_id", "The call or session."),
        identifier("visit_id", "The visit; made from the contact where the source names none."),
        identifier("event_id", "The event by which the stage was entered."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The channel of the visit, else the ticket's."),
        group("team", "The queue or team of the visit, else the ticket's team at entry."),
        worker("agent", "The agent of the visit; of an answered queue visit, who answered."),
        dimension("priority", "The ticket's priority at entry."),
        dimension("issue_type", "The ticket's issue type at entry."),
        dimension("stage", "welcome, ivr, bot, queue, ring, talk, hold or wrap."),
        dimension("outcome", "How the visit ended; null while it lasts, or where the source does not say."),
        dimension(
            "direction", "inbound, outbound, callback or internal; inbound where the source does not say."
        ),
        flag("is_offered", "Whether it is an inbound visit to a queue."),
        flag("is_answered", "Whether it ended answered."),
        flag("is_abandoned", "Whether it ended abandoned."),
        flag("is_inside", "Whether the visit lasts to the end of the data."),
        count("nth", "1 for the contact's first visit to any stage."),
        instant("entered_at", "When the stage was entered."),
        instant("left_at", "When it was left; null while the visit lasts."),
        instant(
            "answered_at", "Of an answered queue visit: when the talk began, else when the queue was left."
        ),
        instant(
            "waited_until",
            "Of a queue visit: the talk, or the exit of who was not answered; null while waiting.",
        ),
    ),
    spans=(
        Span("stay", "entered_at", "left_at", "How long the visit lasted."),
        Span("wait", "entered_at", "waited_until", "How long a queue visit waited, ringing included."),
    ),
    fold=fold,
    credited={(ANY, "sender"): WHOSE},
)
