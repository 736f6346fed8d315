"""Contacts: one row each time the customer reached the service, a session or a customer turn outside any.

Rule kept here: a session speaks for itself by its stages; only where it has none of a person's (a bot that
handed off, a chat told by messages alone) do the ticket's messages say who answered it and when.
"""

from __future__ import annotations

from polso.engine import Table, Value, ibis
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
    duration,
    flag,
    group,
    identifier,
    instant,
    is_customer_contact,
    is_end,
    is_reply,
    of_tickets,
    worker,
)
from polso.facts.repeats import LINKED, link, where
from polso.facts.replies import turns
from polso.facts.sessions import replied, sessions_of
from polso.facts.spells import reopens
from polso.facts.stages import HANDLING, with_ticket

TURN = "turn"


def fold(events: Table, context: Context) -> Table:
    """Sessions and turns in one table, numbered within their ticket, with the work recorded for them."""
    own = of_tickets(events)
    sessions = context.keep("fold_sessions", sessions_of(own, context))
    rows = context.keep(
        "fold_contacts", _numbered(_with_turns(replied(sessions, own), _turns(own, sessions, context)))
    )
    rows = _handled(_worked(rows, context.shared["work"]))
    tickets = context.shared["anchors"].view()
    named = tickets.select(t_source="source", t_id="ticket_id", t_customer="customer_id", left_out="left_out")
    joined = rows.left_join(named, [rows.source == named.t_source, rows.ticket_id == named.t_id])
    counted = joined.mutate(
        customer_id=ibis.coalesce(joined.customer_id, joined.t_customer),
        is_counted=~joined.left_out.isin(["removed", "internal"]).fill_null(False),
    )
    return with_ticket(counted.drop("t_source", "t_id", "t_customer"), "started_at", context)


def _turns(own: Table, sessions: Table, context: Context) -> Table:
    """Customer turns outside any session, with the columns of sessions.

    An opening that names no session is no turn where a session of the ticket came over the same channel: it
    is how that session began.
    """
    customer = is_customer_contact(own).fill_null(False)
    speaks = (customer & own.contact_id.isnull()) | (
        is_reply(own) | is_end(own) | reopens(own, context.reopen_on)
    ).fill_null(False)
    said = own.filter(speaks)
    came = sessions.filter(sessions.direction == "inbound")
    came = came.select(
        s_source="source", s_ticket="ticket_id", s_channel=came.channel.fill_null("")
    ).distinct()
    opening = said.filter(said.kind == "opened").select(
        o_source="source", o_ticket="ticket_id", o_event="event_id", o_channel=said.channel.fill_null("")
    )
    met = opening.inner_join(came, [opening.o_source == came.s_source, opening.o_ticket == came.s_ticket])
    begins = met.filter((met.o_channel == met.s_channel) | (met.o_channel == "") | (met.s_channel == ""))
    begins = begins.select("o_source", "o_event")
    kept = said.anti_join(begins, [said.source == begins.o_source, said.event_id == begins.o_event])
    # `turns` carries the contact of the event that began each; none has one here, so it carries the channel.
    return turns(kept, context, carry="channel")


def _with_turns(sessions: Table, rows: Table) -> Table:
    """Sessions and turns in one table; what a turn does not have is null."""
    answered = rows.outcome == "answered"
    known: dict[str, Value] = {
        **{name: rows[name] for name in (*TICKET, "client", "started_at", "ended_at", "outcome")},
        "channel": rows.contact_id,
        "medium": ibis.literal(TURN),
        "direction": ibis.literal("inbound"),
        "answered_at": where(answered, rows.ended_at),
        "agent": rows.replier,
        "has_bot": ibis.literal(False),
        "legs": ibis.ifelse(answered, 1, 0).cast("int64"),
        "takes_work": ibis.literal(True),
        "turn": rows.nth,
    }
    types = sessions.schema()
    return sessions.union(rows.select(**{n: known.get(n, ibis.null(types[n])) for n in sessions.columns}))


def _numbered(rows: Table) -> Table:
    order = ibis.window(
        group_by=list(TICKET),
        order_by=[rows.started_at, rows.medium, rows.contact_id.fill_null(""), rows.turn],
    )
    return rows.mutate(nth=ibis.row_number().over(order).cast("int32").cast("int64") + 1)


def _worked(rows: Table, work: Table) -> Table:
    """Add recorded work: what names a session is its own, the rest goes to the latest inbound contact before.

    A session that has a person's stages takes only what names it.
    """
    named = work.filter(work.contact_id.notnull())
    named = named.group_by(w_source="source", w_ticket="ticket_id", w_contact="contact_id").aggregate(
        named_us=named.work_us.sum().cast("int64")
    )
    loose = _latest(rows, work.filter(work.contact_id.isnull()))
    met = rows.left_join(
        named,
        [rows.source == named.w_source, rows.ticket_id == named.w_ticket, rows.contact_id == named.w_contact],
    )
    met = met.left_join(
        loose,
        [met.source == loose.l_source, met.ticket_id == loose.l_ticket, met.nth == loose.l_nth],
    )
    own_loose = ibis.ifelse(met.takes_work, met.loose_us, ibis.null("int64"))
    some = met.named_us.notnull() | own_loose.notnull()
    total = met.named_us.fill_null(0) + own_loose.fill_null(0)
    return met.select(*rows.columns, work_us=ibis.ifelse(some, total, ibis.null("int64")))


def _latest(rows: Table, work: Table) -> Table:
    """Work per contact (`l_source`, `l_ticket`, `l_nth`): of the latest inbound one begun by then."""
    inbound = rows.filter(rows.direction == "inbound")
    starts = inbound.select(
        *TICKET,
        "nth",
        at=inbound.started_at,
        is_work=ibis.literal(0),
        us=ibis.null("int64"),
        event_id=ibis.literal(""),
    )
    done = work.select(
        *TICKET,
        nth=ibis.null("int64"),
        at=work.worked_at,
        is_work=ibis.literal(1),
        us=work.work_us,
        event_id=work.event_id,
    )
    both = starts.union(done)
    so_far = ibis.cumulative_window(
        group_by=list(TICKET), order_by=["at", "is_work", both.nth.fill_null(0), "event_id"]
    )
    held = both.mutate(l_nth=both.nth.max().over(so_far)).filter(
        lambda t: (t.is_work == 1) & t.l_nth.notnull()
    )
    return held.group_by("l_nth", l_source="source", l_ticket="ticket_id").aggregate(
        loose_us=held.us.sum().cast("int64")
    )


def _handled(rows: Table) -> Table:
    """Handle time: a person's recorded stages, else recorded work; what was not recorded adds nothing."""
    parts = [rows[f"{stage}_us"] for stage in HANDLING]
    staged = parts[0].notnull() | parts[1].notnull() | parts[2].notnull()
    total = parts[0].fill_null(0) + parts[1].fill_null(0) + parts[2].fill_null(0)
    is_handled = rows.answered_at.notnull() & rows.ended_at.notnull()
    return rows.mutate(
        handle_us=ibis.ifelse(staged, total, rows.work_us),
        handled_at=where(is_handled, rows.ended_at),
        is_handled=is_handled,
        is_offered=rows.queued_at.notnull() & (rows.direction == "inbound"),
        is_answered=rows.answered_at.notnull(),
        waited_until=ibis.coalesce(rows.answered_at, rows.ended_at),
        is_abandoned=(rows.outcome == "abandoned").fill_null(False),
    ).drop("takes_work", "turn")


CONTACTS = Fact(
    name="contacts",
    sentence="One row each time the customer reached the service or was reached: a session, or else a turn.",
    key=TICKET_KEY,
    clock="started_at",
    at="started_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        identifier("contact_id", "The call or session; null for a turn."),
        identifier("customer_id", "Who it was, else whose ticket it is; null where unknown."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The channel of the contact, else the ticket's."),
        group("team", "The team of its first queue or talk, else the ticket's when it began."),
        worker("agent", "Who handled it: the first to talk or to reply; null where nobody did."),
        dimension("priority", "The ticket's priority when it began."),
        dimension("issue_type", "The ticket's issue type when it began."),
        dimension("medium", "session (a call or chat) or turn (a message, or several, before an answer)."),
        dimension("direction", "inbound, outbound, callback or internal."),
        dimension(
            "outcome",
            "answered by a person; else how its last stage ended; ended (with the ticket); open.",
        ),
        dimension(
            "abandoned_in",
            "The stage in which the customer left, before an answer or after; null where they did not.",
        ),
        dimension("bot_outcome", "How the last bot stage ended; null where there was none."),
        dimension("left_out", "Why the ticket does not count: merged, removed or internal."),
        flag(
            "is_counted",
            "Whether the contact counts: the ticket is not removed and not internal (merged ones count).",
        ),
        flag("is_offered", "Whether it is inbound and asked for a person: it entered a queue."),
        flag("is_answered", "Whether a person answered."),
        flag("is_abandoned", "Whether the customer left before a person answered."),
        flag("is_handled", "Whether a person answered and the contact is over."),
        flag("has_bot", "Whether a bot took part as a stage."),
        count("nth", "1 for the ticket's first contact."),
        count("legs", "How many agents talked in it."),
        instant("started_at", "When it began."),
        instant("queued_at", "The first entry to a queue."),
        instant("chosen_at", "The last choice in the IVR before that."),
        instant("answered_at", "When a person first talked or replied."),
        instant("ended_at", "When it was over; null while it lasts."),
        instant(
            "waited_until", "When a person answered, else when it was over; null while neither happened."
        ),
        instant("handled_at", "When a handled contact was over: the clock of handle time."),
        duration("wait_us", "Waits of all its queue visits; null where it was in no queue."),
        duration("wait_business_us", "Waits of all its queue visits, open time only."),
        duration("talk_us", "Recorded talk of all agents; null where none was recorded."),
        duration("hold_us", "Recorded hold of all agents."),
        duration("wrap_us", "Recorded wrap-up of all agents."),
        duration("work_us", "Recorded work entries that belong to it."),
        duration("handle_us", "Talk, hold and wrap-up, else recorded work; null where nothing was recorded."),
        *LINKED,
    ),
    spans=(
        Span("answer", "started_at", "answered_at", "From the start of the contact to a person."),
        Span("chosen_wait", "chosen_at", "answered_at", "From the choice in the IVR to the conversation."),
        Span("whole_wait", "started_at", "waited_until", "From the start to a person, else to the end."),
    ),
    fold=fold,
    link=link,
    link_reads=(*TICKET, "nth", "client", "customer_id", "direction", "is_counted", "started_at", "ended_at"),
    credited={(ANY, "sender"): WHOSE},
)
