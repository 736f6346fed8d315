"""Surveys: one row a survey sent, answered or not, so that a response rate has its denominator."""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import (
    ORDER,
    TICKET,
    TICKET_KEY,
    Context,
    Fact,
    Span,
    count,
    dimension,
    flag,
    group,
    identifier,
    instant,
    worker,
)
from polso.facts.history import at_instant

BOUNCED = "bounced"


def fold(events: Table, context: Context) -> Table:
    """One row per survey and customer; a reminder bears the survey's id and opens no row of its own."""
    sent = events.filter((events.kind == "survey_sent") & events.subject_id.notnull())
    sent = sent.mutate(survey=sent.subject_id, whom=sent.customer_id.fill_null(""))
    one = [*TICKET, "survey", "whom"]
    sent = sent.mutate(
        place=ibis.row_number().over(ibis.window(group_by=one, order_by=list(ORDER))),
        sendings=sent.event_id.count().over(ibis.window(group_by=one)),
        bounces=ibis.ifelse(sent.value == BOUNCED, 1, 0).fill_null(0).sum().over(ibis.window(group_by=one)),
    )
    first = sent.filter(sent.place == 0)
    rows = first.select(
        *one, "client", "customer_id", "has_ticket",
        sent_at=first.occurred_at, scale=first.attribute, said_channel=first.channel, said_team=first.team,
        reminders=first.sendings - 1, is_bounced=first.bounces > 0,
    )  # fmt: skip
    rows = _with_ticket(_with_answer(rows, events), context)
    rows = at_instant(rows, "sent_at", context)
    return rows.mutate(
        is_answered=rows.answered_at.notnull(),
        touchpoint=ibis.coalesce(rows.said_channel, rows.channel),
        channel=ibis.coalesce(rows.channel, rows.said_channel),
        team=ibis.coalesce(rows.team, rows.said_team),
    )


def _with_answer(rows: Table, events: Table) -> Table:
    """The first rating of the survey; one that names no customer answers for whoever got it."""
    rated = events.filter((events.kind == "rated") & events.subject_id.notnull())
    rated = rated.select(
        r_source="source",
        r_ticket="ticket_id",
        r_survey="subject_id",
        r_whom=rated.customer_id.fill_null(""),
        r_at="occurred_at",
    )
    keys = [*TICKET, "survey", "whom"]
    met = rows.select(*keys).inner_join(
        rated,
        [
            rows.source == rated.r_source,
            rows.ticket_id == rated.r_ticket,
            rows.survey == rated.r_survey,
            (rows.whom == rated.r_whom) | (rows.whom == "") | (rated.r_whom == ""),
        ],
    )
    first = met.group_by(**{f"a_{name}": met[name] for name in keys}).aggregate(answered_at=met.r_at.min())
    joined = rows.left_join(first, [rows[name] == first[f"a_{name}"] for name in keys])
    return joined.select(*rows.columns, "answered_at")


def _with_ticket(rows: Table, context: Context) -> Table:
    """The ticket's opening, and whether it counts; a survey without a ticket counts."""
    tickets = context.shared["tickets"].view()
    wanted = tickets.select(
        t_source="source",
        t_ticket="ticket_id",
        opened_at="opened_at",
        t_customer="customer_id",
        t_counted="is_counted",
        left_out="left_out",
    )
    joined = rows.left_join(wanted, [rows.source == wanted.t_source, rows.ticket_id == wanted.t_ticket])
    return joined.select(
        *(name for name in rows.columns if name != "customer_id"),
        "opened_at",
        "left_out",
        customer_id=ibis.coalesce(joined.customer_id, joined.t_customer),
        is_counted=joined.t_counted.fill_null(True),
    )


SURVEYS = Fact(
    name="surveys",
    sentence="One row a survey sent to a customer; its reminders are the same row.",
    key=TICKET_KEY,
    clock="sent_at",
    at="sent_at",
    columns=(
        identifier("source", "The source of the survey."),
        identifier("ticket_id", "The ticket it asks about; a name made from the survey where there is none."),
        identifier("survey", "The survey."),
        identifier("customer_id", "Who was asked; null where unknown."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel; the survey's own where there is no ticket."),
        dimension("touchpoint", "The channel it was sent through, else the ticket's."),
        group("team", "The team when it was sent."),
        worker("agent", "The assignee when it was sent."),
        dimension("priority", "The priority when it was sent."),
        dimension("issue_type", "The issue type when it was sent."),
        dimension("scale", "csat5, csat7, nps, ces7, thumbs or fcr."),
        dimension(
            "left_out", "Why the ticket does not count: merged, removed or internal; null where it counts."
        ),
        flag("has_ticket", "Whether it asks about a ticket."),
        flag("is_counted", "Whether the ticket counts; true without a ticket."),
        flag("is_answered", "Whether any of its questions was answered, however late."),
        flag("is_bounced", "Whether a sending came back (value bounced): it leaves the response rate."),
        count("reminders", "Times it was sent again."),
        instant("sent_at", "When it was first sent."),
        instant("answered_at", "The first answer; null where there is none."),
        instant("opened_at", "When the ticket was opened."),
    ),
    spans=(Span("answer", "sent_at", "answered_at", "From the first sending to the first answer."),),
    fold=fold,
)
