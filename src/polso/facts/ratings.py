"""Ratings: one row an answer to a survey question, with the verdict its scale gives it.

Rule kept here: scales never meet in one number; a score that is off its scale, or not whole, is
flagged and judged no further.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import BooleanValue, StringValue, Table, ibis
from polso.facts.fact import (
    ANY,
    ORDER,
    TICKET,
    TICKET_KEY,
    Column,
    Context,
    Fact,
    Span,
    dimension,
    flag,
    group,
    identifier,
    instant,
    worker,
)
from polso.facts.history import Moment, at_moments, carried

# Scale: lowest, highest, least positive. NPS has classes instead of a least positive score.
SCALES: Mapping[str, tuple[int, int, int | None]] = {
    "csat5": (1, 5, 4),
    "csat7": (1, 7, 5),
    "ces7": (1, 7, 5),
    "nps": (0, 10, None),
    "thumbs": (-1, 1, 1),
    "fcr": (-1, 1, 1),
}
PROMOTER, PASSIVE = 9, 7


def fold(events: Table, context: Context) -> Table:
    """Every `rated` event; one without a ticket keeps the team and channel its event names."""
    rated = events.filter(events.kind == "rated")
    rows = rated.select(
        *TICKET,
        "event_id",
        "client",
        "has_ticket",
        rated_at=rated.occurred_at,
        scale=rated.attribute,
        question=rated.value,
        survey=rated.subject_id,
        points=rated.amount,
        said_by=rated.customer_id,
        said_channel=rated.channel,
        said_team=rated.team,
        is_latest=_is_latest(rated),
    )
    rows = _with_ticket(_with_sending(rows, events), context)
    moments = {
        "": Moment("rated_at", carried(context.attributes)),
        "last_": Moment(None, ("team", "agent")),
    }
    rows = _with_solve(at_moments(rows, moments, context, (*TICKET, "event_id")), context)
    rows = rows.mutate(
        customer_id=ibis.coalesce(rows.said_by, rows.ticket_customer),
        touchpoint=ibis.coalesce(rows.said_channel, rows.channel),
        channel=ibis.coalesce(rows.channel, rows.said_channel),
        team=ibis.coalesce(rows.team, rows.said_team),
    )
    return _judged(rows)


def _is_latest(rated: Table) -> BooleanValue:
    """The last answer of a customer to a question of a survey; one without a survey stands alone."""
    one = ibis.coalesce(rated.subject_id, ibis.literal("alone:") + rated.event_id)
    window = ibis.window(
        group_by=[
            *(rated[name] for name in TICKET),
            one,
            rated.attribute,
            rated.value.fill_null(""),
            rated.customer_id.fill_null(""),
        ],
        order_by=[ibis.desc(name) for name in ORDER],
    )
    return ibis.row_number().over(window) == 0


def _with_sending(rows: Table, events: Table) -> Table:
    """When the survey was first sent."""
    sent = events.filter((events.kind == "survey_sent") & events.subject_id.notnull())
    first = sent.group_by(*TICKET, s_survey=sent.subject_id).aggregate(sent_at=sent.occurred_at.min())
    first = first.rename(s_source="source", s_ticket="ticket_id")
    joined = rows.left_join(
        first,
        [rows.source == first.s_source, rows.ticket_id == first.s_ticket, rows.survey == first.s_survey],
    )
    return joined.select(*rows.columns, "sent_at")


def _with_ticket(rows: Table, context: Context) -> Table:
    """The ticket's opening, customer, and whether it counts; a rating without a ticket counts."""
    tickets = context.shared["tickets"].view()
    wanted = tickets.select(
        t_source="source",
        t_ticket="ticket_id",
        opened_at="opened_at",
        ticket_customer="customer_id",
        t_counted="is_counted",
        left_out="left_out",
    )
    joined = rows.left_join(wanted, [rows.source == wanted.t_source, rows.ticket_id == wanted.t_ticket])
    return joined.select(
        *rows.columns, "opened_at", "ticket_customer", "left_out", is_counted=joined.t_counted.fill_null(True)
    )


def _with_solve(rows: Table, context: Context) -> Table:
    """The last solve up to the rating and who solved; the assignee at the rating where nobody had."""
    spells = context.shared["spells"].view()
    solves = spells.filter(spells.ended_by == "solved").select(
        z_source="source", z_ticket="ticket_id", z_nth="nth", z_at="until", z_by="ended_by_agent"
    )
    before = rows.select(*TICKET, "event_id", "rated_at").inner_join(
        solves,
        [rows.source == solves.z_source, rows.ticket_id == solves.z_ticket, solves.z_at <= rows.rated_at],
    )
    newest = ibis.window(group_by=["source", "event_id"], order_by=[ibis.desc("z_nth")])
    placed = before.mutate(place=ibis.row_number().over(newest))
    last = placed.filter(placed.place == 0).select(
        l_source="source", l_event="event_id", solved_at="z_at", z_by="z_by"
    )
    joined = rows.left_join(last, [rows.source == last.l_source, rows.event_id == last.l_event])
    return joined.select(*rows.columns, "solved_at", solver=ibis.coalesce(joined.z_by, joined.agent))


def _judged(rows: Table) -> Table:
    """Add the whole score and the verdicts of its scale."""
    score = rows.points.round().cast("int64")
    whole = score.cast(rows.points.type()) == rows.points
    on_scale = ibis.cases(
        *((rows.scale == name, score.between(low, high)) for name, (low, high, _) in SCALES.items()),
        else_=False,
    )
    valid = (whole & on_scale).fill_null(False)
    judged = rows.mutate(score=ibis.ifelse(whole, score, ibis.null("int64")), is_valid=valid)
    return judged.mutate(
        is_positive=_verdict(
            judged, {name: least for name, (_, _, least) in SCALES.items() if least is not None}
        ),
        is_top_box=_verdict(judged, {name: high for name, (_, high, _) in SCALES.items()}),
        nps_class=_nps_class(judged),
    )


def _verdict(rows: Table, least: Mapping[str, int]) -> BooleanValue:
    reached = ibis.cases(*((rows.scale == name, rows.score >= low) for name, low in least.items()))
    return ibis.ifelse(rows.is_valid, reached, ibis.null("boolean"))


def _nps_class(rows: Table) -> StringValue:
    return ibis.cases(
        (~rows.is_valid | (rows.scale != "nps"), ibis.null("string")),
        (rows.score >= PROMOTER, "promoter"),
        (rows.score >= PASSIVE, "passive"),
        else_="detractor",
    )


def link(ratings: Table, others: Mapping[str, Table]) -> Table:
    """Nothing of other rows; ratings are linked so that other facts find those of the same person."""
    return ratings


RATINGS = Fact(
    name="ratings",
    sentence="One row a rating: an answer to one question of a survey, with or without a ticket.",
    key=TICKET_KEY,
    clock="rated_at",
    at="rated_at",
    columns=(
        identifier("source", "The source of the rating."),
        identifier("ticket_id", "The ticket rated; a name made from the survey where there is none."),
        identifier("event_id", "The event."),
        identifier("survey", "The survey it answers; null where the source names none."),
        identifier("customer_id", "Who answered: the rating's customer, else the ticket's."),
        Column("person", "string", "Who answered, all their aliases being one.", linked=True),
        dimension("client", "Whose customers are served."),
        dimension("channel", "The ticket's channel; the rating's own where there is no ticket."),
        dimension("touchpoint", "The channel the rating came through, else the ticket's."),
        group("team", "The team when it was rated."),
        worker("agent", "The assignee when it was rated."),
        dimension("priority", "The priority when it was rated."),
        dimension("issue_type", "The issue type when it was rated."),
        worker("solver", "Who solved what was rated; the assignee where it was rated before a solve."),
        group("last_team", "The ticket's last team."),
        worker("last_agent", "The ticket's last assignee."),
        dimension("scale", "csat5, csat7, nps, ces7, thumbs or fcr."),
        dimension("question", "The question, where the survey has several."),
        dimension("nps_class", "promoter (9-10), passive (7-8) or detractor (0-6); null on other scales."),
        dimension(
            "left_out", "Why the ticket does not count: merged, removed or internal; null where it counts."
        ),
        flag("has_ticket", "Whether a ticket was rated (a survey of the relationship has none)."),
        flag("is_counted", "Whether the ticket counts; true without a ticket."),
        flag("is_latest", "Whether it is the customer's last answer to that question of that survey."),
        flag("is_valid", "Whether the score is whole and on its scale."),
        flag(
            "is_positive",
            "4-5 of csat5, 5-7 of csat7 and ces7, thumbs up, fcr yes; null for nps and invalid scores.",
        ),
        flag("is_top_box", "Whether it is the best score of its scale; null for invalid scores."),
        Column(
            "score",
            "int64",
            "The score in whole points of its scale; null where it is not whole.",
            unit="score",
            dimension=True,
        ),
        instant("rated_at", "When it was given."),
        instant("sent_at", "When its survey was first sent; null where no sending is known."),
        instant("opened_at", "When the ticket was opened."),
        instant("solved_at", "The last solve up to the rating; null where it was rated before a solve."),
    ),
    spans=(
        Span("answer", "sent_at", "rated_at", "From the sending of the survey to the rating."),
        Span("rating", "solved_at", "rated_at", "From the solve to the rating."),
    ),
    fold=fold,
    link=link,
    link_reads=("client", "customer_id", "rated_at", "scale", "is_valid", "is_latest", "is_positive"),
    credited={
        (ANY, "solver"): {"agent": "solver", "team": "team"},
        (ANY, "last_assignee"): {"agent": "last_agent", "team": "last_team"},
    },
)
