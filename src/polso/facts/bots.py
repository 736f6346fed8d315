"""Bots: one row a conversation with a bot, how it ended, and when the customer reached the service again.

Rule kept here: whether a conversation was contained for good is the question's to say; the fold keeps
its outcome and the next contact on any channel.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import Table, ibis, micros_between
from polso.facts.fact import (
    TICKET,
    TICKET_KEY,
    Column,
    Context,
    Fact,
    Span,
    count,
    dimension,
    flag,
    group,
    identifier,
    instant,
    is_customer_contact,
    linked_instant,
    of_tickets,
    worker,
)
from polso.facts.history import at_instant
from polso.facts.neighbours import with_next
from polso.facts.people import PERSON
from polso.facts.stages import visits

_KEY = (*TICKET, "event_id")
_NO_CONVERSATION = ("failed", "refused")


def fold(events: Table, context: Context) -> Table:
    """Every visit to the stage `bot`, with the messages inside it and the ticket's next contact after it."""
    own = of_tickets(events)
    rows = _visits(own)
    rows = _with_messages(rows, own)
    tickets = context.shared["tickets"].view()
    owners = tickets.select(
        t_source="source", t_ticket="ticket_id", t_customer="customer_id", is_counted="is_counted",
        left_out="left_out", t_handed="handed_off_at",
        t_unaided=tickets.human_reply_at.isnull() & tickets.first_done_at.notnull(),
    )  # fmt: skip
    joined = rows.left_join(owners, [rows.source == owners.t_source, rows.ticket_id == owners.t_ticket])
    rows = joined.select(
        *rows.columns, "is_counted", "left_out",
        customer_id=ibis.coalesce(joined.said_customer, joined.t_customer),
        is_unaided=((joined.outcome == "contained") | joined.t_unaided).fill_null(False),
        is_handed_off_later=(joined.t_handed >= joined.entered_at).fill_null(False),
    )  # fmt: skip
    handed = rows.outcome == "handed_off"
    rows = rows.mutate(
        handed_off_at=ibis.ifelse(handed, rows.ended_at, ibis.null("timestamp")),
        is_conversation=~rows.outcome.isin(list(_NO_CONVERSATION)).fill_null(False)
        & ~rows.direction.isin(["outbound", "internal"]).fill_null(False),
    )
    return at_instant(rows, "entered_at", context)


def _visits(own: Table) -> Table:
    """Visits to the stage `bot`, with the bot and the customer that their `entered` names."""
    stays = visits(own.filter(own.stage == "bot"))
    entered = own.filter(own.kind == "entered").select(
        v_source="source", v_event="event_id", bot="actor_id", said_customer="customer_id"
    )
    joined = stays.left_join(entered, [stays.source == entered.v_source, stays.event_id == entered.v_event])
    return joined.select(
        *_KEY, "client", "contact_id", "direction", "entered_at", "outcome", "bot", "said_customer",
        ended_at=joined.left_at,
    )  # fmt: skip


def _with_messages(rows: Table, own: Table) -> Table:
    """Count what was said during the visit, and find the ticket's next contact after it."""
    said = own.filter(is_customer_contact(own) | ((own.kind == "message") & (own.actor_kind == "bot")))
    heard = said.select(
        m_source="source", m_ticket="ticket_id", m_at="occurred_at",
        is_bot=(said.actor_kind == "bot").fill_null(False), is_message=said.kind == "message",
        is_contact=is_customer_contact(said),
    )  # fmt: skip
    met = rows.select(*_KEY, "entered_at", "ended_at").inner_join(
        heard,
        [rows.source == heard.m_source, rows.ticket_id == heard.m_ticket, heard.m_at >= rows.entered_at],
    )
    inside = (met.ended_at.isnull() | (met.m_at <= met.ended_at)) & met.is_message
    found = met.group_by(**{f"b_{name}": met[name] for name in _KEY}).aggregate(
        customer_messages=met.m_at.count(where=inside & ~met.is_bot),
        bot_messages=met.m_at.count(where=inside & met.is_bot),
        ticket_contact_at=met.m_at.min(where=met.is_contact & (met.m_at > met.ended_at).fill_null(False)),
    )
    joined = rows.left_join(found, [rows[name] == found[f"b_{name}"] for name in _KEY])
    return joined.select(
        *rows.columns,
        "ticket_contact_at",
        customer_messages=joined.customer_messages.fill_null(0),
        bot_messages=joined.bot_messages.fill_null(0),
    )


def link(bots: Table, others: Mapping[str, Table]) -> Table:
    """Add the person's next contact after the conversation, on any channel: on the same ticket or another."""
    contacts = others.get("contacts")
    if contacts is not None:
        came = contacts.filter(contacts.is_counted & (contacts.direction == "inbound"))
        marks = came.select("client", PERSON, at="started_at")
    else:
        tickets = others["tickets"]
        marks = tickets.filter(tickets.is_counted).select("client", PERSON, at="opened_at")
    rows = with_next(bots, _KEY, "ended_at", marks, "next_contact_at")
    elsewhere, here = rows.next_contact_at, rows.ticket_contact_at
    sooner = ibis.cases(
        (here.isnull(), elsewhere), (elsewhere.isnull(), here), (here < elsewhere, here), else_=elsewhere
    )
    return rows.mutate(
        next_contact_at=sooner,
        has_person=rows[PERSON].notnull(),
        return_us=micros_between(rows.ended_at, sooner),
    )


BOTS = Fact(
    name="bots",
    sentence="One row a conversation with a bot: a visit to the stage `bot`.",
    key=TICKET_KEY,
    clock="entered_at",
    at="entered_at",
    columns=(
        identifier("source", "The source of the ticket."),
        identifier("ticket_id", "The ticket."),
        identifier("event_id", "The event that began it."),
        identifier("contact_id", "The call or chat session."),
        identifier("customer_id", "Who talked to the bot; null where unknown."),
        Column("person", "string", "Who talked to the bot, all their aliases being one.", linked=True),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel."),
        group("team", "The team when it began."),
        worker("agent", "The assignee when it began."),
        dimension("priority", "The priority when it began."),
        dimension("issue_type", "The issue type when it began."),
        dimension("direction", "inbound, outbound, callback or internal, where the source says so."),
        dimension("bot", "Which bot."),
        dimension(
            "outcome",
            "contained, handed_off, silent, abandoned or another way of leaving; null while it lasts.",
        ),
        dimension(
            "left_out", "Why the ticket does not count: merged, removed or internal; null where it counts."
        ),
        flag("is_counted", "Whether the ticket counts."),
        flag(
            "is_unaided",
            "Whether it was contained, or its ticket was solved or closed without any public human message.",
        ),
        flag("is_handed_off_later", "Whether the ticket was handed off to people once it had begun."),
        flag(
            "is_conversation",
            "Whether a customer began it and the bot took part: not outbound, neither failed nor refused.",
        ),
        Column(
            "has_person",
            "boolean",
            "Whether the customer is known, so that a return could be seen.",
            dimension=True,
            linked=True,
        ),
        count("customer_messages", "The customer's messages during it."),
        count("bot_messages", "The bot's messages during it."),
        instant("entered_at", "When it began."),
        instant("ended_at", "When it ended; null while it lasts."),
        instant("handed_off_at", "When it was handed to people; null where it was not."),
        instant("ticket_contact_at", "The customer's next contact on the same ticket after its end."),
        linked_instant("next_contact_at", "The same person's next contact after its end, on any channel."),
        Column("return_us", "int64", "From its end to that contact.", "us", linked=True),
    ),
    spans=(
        Span("hand_off", "entered_at", "handed_off_at", "From its beginning to the hand-off."),
        Span("conversation", "entered_at", "ended_at", "How long it lasted."),
    ),
    fold=fold,
    link=link,
    link_reads=(*_KEY, "client", "customer_id", "ended_at", "ticket_contact_at"),
)
