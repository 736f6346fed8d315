"""Threads: one row a community ticket, with who answered first and whose answer was accepted.

Rule kept here: an author's own words are no answer; neither are a bot's. A peer's answer stops no
clock of the service, only those of this fact.
"""

from __future__ import annotations

from polso.engine import StringValue, Table, ibis
from polso.facts.fact import (
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
    in_order,
    instant,
    of_tickets,
    worker,
)
from polso.facts.history import at_instant


def fold(events: Table, context: Context) -> Table:
    """One row per ticket whose channel is the community."""
    tickets = context.shared["tickets"].view()
    threads = tickets.filter(tickets.channel == "community").select(
        *TICKET, "client", "customer_id", "opened_at", "is_counted"
    )
    own = of_tickets(events).semi_join(threads, list(TICKET))
    said = _answers(own)
    rows = threads
    for found in (_counted(said), _taken(own), _accepted(own, said)):
        joined = rows.left_join(found, [rows[name] == found[f"f_{name}"] for name in TICKET])
        rows = joined.select(*rows.columns, *(name for name in found.columns if not name.startswith("f_")))
    rows = rows.mutate(
        **{name: rows[name].fill_null(0) for name in ("answers", "peer_answers", "agent_answers")}
    )
    rows = rows.mutate(
        is_answered=rows.answers > 0,
        is_accepted=rows.accepted_at.notnull(),
        needed_agent=rows.agent_answered_at.notnull() | rows.taken_at.notnull(),
        first_answer_by=ibis.cases(
            (rows.answers == 0, ibis.null("string")),
            (rows.agent_answered_at.isnull() | (rows.peer_answered_at < rows.agent_answered_at), "peer"),
            else_="agent",
        ),
    )
    return at_instant(rows, "opened_at", context)


def _answers(own: Table) -> Table:
    """Public messages with `by`: peer or agent for an answer, author for the author's words, else null.

    A member who is not the author answers as a peer, even where the source calls every member a customer.
    """
    speaks = own.filter(own.kind.isin(["opened", "message"]))
    placed = speaks.mutate(place=ibis.row_number().over(in_order(speaks)))
    first = placed.filter(placed.place == 0).select(
        a_source="source", a_ticket="ticket_id", author="actor_id"
    )
    joined = placed.filter(placed.kind == "message").inner_join(
        first, [placed.source == first.a_source, placed.ticket_id == first.a_ticket]
    )
    is_author = (joined.actor_id == joined.author).fill_null(False)
    stranger = (joined.actor_kind == "customer") & (joined.actor_id != joined.author).fill_null(False)
    by = ibis.cases(
        (is_author, "author"),
        (joined.actor_kind == "agent", "agent"),
        ((joined.actor_kind == "peer") | stranger, "peer"),
        (joined.actor_kind == "customer", "author"),
        else_=ibis.null("string"),
    )
    return joined.select(*TICKET, "event_id", "occurred_at", "subject_id", by=by)


def _counted(said: Table) -> Table:
    answers = said.filter(said["by"].isin(["peer", "agent"]))
    peer, agent = answers["by"] == "peer", answers["by"] == "agent"
    return answers.group_by(f_source="source", f_ticket_id="ticket_id").aggregate(
        answers=answers.event_id.count(),
        peer_answers=answers.event_id.count(where=peer),
        agent_answers=answers.event_id.count(where=agent),
        answered_at=answers.occurred_at.min(),
        peer_answered_at=answers.occurred_at.min(where=peer),
        agent_answered_at=answers.occurred_at.min(where=agent),
    )


def _taken(own: Table) -> Table:
    assigned = own.filter(own.kind == "assigned")
    return assigned.group_by(f_source="source", f_ticket_id="ticket_id").aggregate(
        taken_at=assigned.occurred_at.min()
    )


def _accepted(own: Table, said: Table) -> Table:
    """The first acceptance and whose answer it was; an answer is named by its event or its subject."""
    chosen = own.filter(own.kind == "accepted")
    placed = chosen.mutate(place=ibis.row_number().over(in_order(chosen)))
    first = placed.filter(placed.place == 0).select(*TICKET, accepted_at="occurred_at", answer="subject_id")
    by_event, by_subject = _named(said, "event_id", "e"), _named(said, "subject_id", "s")
    for names, prefix in ((by_event, "e"), (by_subject, "s")):
        joined = first.left_join(
            names,
            [
                *((first[n] == names[f"{prefix}_{n}"]) for n in TICKET),
                first.answer == names[f"{prefix}_name"],
            ],
        )
        first = joined.select(*first.columns, f"{prefix}_by")
    return first.select(
        f_source="source", f_ticket_id="ticket_id", accepted_at="accepted_at",
        accepted_answer_by=ibis.coalesce(first.e_by, first.s_by),
    )  # fmt: skip


def _named(said: Table, name: str, prefix: str) -> Table:
    """Who said each named message; of several with one name, the greatest word."""
    own: StringValue = said[name]
    known = said.filter(own.notnull() & said["by"].notnull())
    keys = {f"{prefix}_{n}": known[n] for n in TICKET} | {f"{prefix}_name": known[name]}
    return known.group_by(**keys).aggregate(**{f"{prefix}_by": known["by"].max()})


THREADS = Fact(
    name="threads",
    sentence="One row a community thread.",
    key=TICKET_KEY,
    clock="opened_at",
    at="opened_at",
    columns=(
        identifier("source", "The source of the thread."),
        identifier("ticket_id", "The thread: a ticket whose channel is the community."),
        identifier("customer_id", "Whose question it is; null where unknown."),
        dimension("client", "Whose customers are served."),
        dimension("channel", "community."),
        group("team", "The team when it was opened."),
        worker("agent", "The assignee when it was opened."),
        dimension("priority", "The priority when it was opened."),
        dimension("issue_type", "The issue type when it was opened."),
        dimension(
            "first_answer_by",
            "Who answered first: peer or agent (agent at equal instants); null without an answer.",
        ),
        dimension(
            "accepted_answer_by",
            "Whose answer was accepted: peer, agent or author; null where none was, or nobody can tell.",
        ),
        flag("is_counted", "Whether it counts: not merged away, not removed."),
        flag("is_answered", "Whether anybody but the author answered."),
        flag("is_accepted", "Whether an answer was accepted."),
        flag("needed_agent", "Whether an agent answered it or took it."),
        count("answers", "Answers by anybody but the author."),
        count("peer_answers", "Answers by other members."),
        count("agent_answers", "Answers by agents."),
        instant("opened_at", "When it was opened."),
        instant("answered_at", "The first answer by anybody but the author."),
        instant("peer_answered_at", "The first answer by another member."),
        instant("agent_answered_at", "The first answer by an agent."),
        instant("taken_at", "The first assignment to an agent."),
        instant("accepted_at", "The first acceptance of an answer."),
    ),
    spans=(
        Span("answer", "opened_at", "answered_at", "From the opening to the first answer by anybody."),
        Span(
            "peer_answer",
            "opened_at",
            "peer_answered_at",
            "From the opening to the first answer by another member.",
        ),
        Span(
            "agent_answer",
            "opened_at",
            "agent_answered_at",
            "From the opening to the first answer by an agent.",
        ),
        Span("acceptance", "opened_at", "accepted_at", "From the opening to the acceptance."),
    ),
    fold=fold,
)
