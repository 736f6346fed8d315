"""What a ticket's row says: its columns, the durations between its instants, and whose name it may be counted under.

Rule kept here: one declaration a column; how each comes about stands in facts/tickets.py.
"""

from __future__ import annotations

from polso.facts.fact import (
    ANY,
    Column,
    Credited,
    Span,
    count,
    dimension,
    duration,
    flag,
    group,
    identifier,
    instant,
    linked_instant,
    worker,
)

COLUMNS = (
    identifier("source", "The source of the ticket."),
    identifier("ticket_id", "The ticket's id in its source."),
    identifier("customer_id", "Whose request it is; null where unknown."),
    identifier("follows", "The ticket this one is linked to as its follow-up."),
    identifier("merged_into", "The ticket it was merged into."),
    dimension("client", "Whose customers are served."),
    dimension("channel", "The channel of the ticket's first contact."),
    group("team", "The last team."),
    worker("agent", "The last assignee."),
    dimension("priority", "The last priority."),
    dimension("issue_type", "The last issue type."),
    group("opening_team", "The team at opening."),
    worker("opening_agent", "The assignee at opening."),
    dimension("opening_priority", "The priority at opening."),
    dimension("opening_issue_type", "The issue type at opening."),
    group("replying_team", "The team at the first response."),
    worker("replying_agent", "The assignee at the first response."),
    group("solving_team", "The team at the first solve."),
    worker("solving_agent", "The assignee at the first solve."),
    group("resolving_team", "The team at the last solve."),
    worker("resolving_agent", "The assignee at the last solve."),
    worker("first_replier", "Who gave the first response."),
    worker("solver", "Who solved it last."),
    worker("first_solver", "Who solved it first."),
    dimension("opened_by", "Who opened it: customer, agent, bot or system."),
    worker("opener", "The agent who opened it; null where nobody at work did."),
    dimension("direction", "inbound, outbound, callback or internal, as the opening said."),
    dimension(
        "left_out", "Why the ticket does not count: merged, removed or internal; null where it counts."
    ),
    dimension("escalation_reason", "The reason of the first escalation that gives one."),
    dimension("removed_as", "What a removed ticket was: spam, test or duplicate."),
    flag(
        "is_counted",
        "Whether the ticket counts: not merged away, not removed, not opened by an agent for themselves.",
    ),
    flag("opening_inferred", "Whether no opening was recorded and the first event stands for it."),
    flag("is_open", "Whether the ticket is open after its last event."),
    flag("awaits_customer", "Whether the ticket waits for the customer after its last event."),
    flag("has_one_replier", "Whether all public replies of people came from one person."),
    flag(
        "declared_fcr",
        "Whether the customer or the agent declared it solved at the first contact; null where nobody said.",
    ),
    instant("opened_at", "The first recorded opening, else the first event."),
    instant("recorded_opening_at", "The first recorded opening."),
    instant(
        "started_at",
        "Start of the response clock: the opening, or the customer's first message where somebody else opened.",
    ),
    instant("first_event_at", "The first event."),
    instant("last_event_at", "The last event."),
    instant("first_customer_message_at", "The customer's first message."),
    instant("first_reply_at", "The first public human reply after the start of the response clock."),
    instant("human_reply_at", "The first public human message, whoever opened."),
    instant(
        "any_first_reply_at",
        "The first reply after the start of the clock, bots and automatic replies included.",
    ),
    instant("last_reply_at", "The last public human reply."),
    instant(
        "comment_at",
        "The first public message of an agent, calls apart; where an agent opened, the first after the opening.",
    ),
    instant("agent_response_at", "The same, a public note of an agent counting too."),
    instant("first_action_at", "The first public human reply, wait, solve or closing, whichever came first."),
    instant(
        "human_clock_at",
        "Since when only a person could answer first: the opening, or a bot's hand-off or solve or a reopening after it.",
    ),
    instant(
        "assigned_before_reply_at", "The last assignment to a person up to the first public human message."
    ),
    instant("assigned_at", "The first assignment to a person."),
    instant("team_assigned_at", "The first assignment to a team."),
    instant("taken_at", "The first time a person took the ticket in charge."),
    instant("first_solved_at", "The first solve."),
    instant("last_solved_at", "The last solve of an open spell."),
    instant("resolved_at", "The last solve, unless the ticket is open again."),
    instant(
        "last_solve_event_at", "The last time somebody declared it solved, even if it was solved already."
    ),
    instant("reopened_at", "The first reopening."),
    instant("first_done_at", "The first time it was solved, closed or merged away."),
    instant("last_done_at", "The last time it was solved, closed or merged away while open."),
    instant(
        "declared_done_at", "The first time somebody declared it solved or closed, even before it was opened."
    ),
    instant("ended_at", "The end of the last open spell that ended."),
    instant("closed_at", "The last closing."),
    instant("escalated_at", "The first escalation."),
    instant("handed_off_at", "The last hand-off from a bot to people."),
    instant("first_handed_off_at", "The first hand-off from a bot to people."),
    instant("merged_at", "When it was merged into another."),
    instant("removed_at", "When it was removed."),
    instant("restored_at", "When it came back."),
    count("events", "Events of the ticket."),
    count("customer_messages", "Messages by the customer."),
    count("agent_messages", "Public messages by agents."),
    count(
        "agent_replies", "Public messages by agents, the one left out with which an agent opened the ticket."
    ),
    count("agent_responses", "Public messages and public notes by agents."),
    count("bot_messages", "Messages by bots and automatic replies."),
    count("notes", "Notes."),
    count("assignments", "Assignments to a person."),
    count("takes", "Times a person took it in charge."),
    count("transfers", "Transfers between teams, those by the system left out."),
    count("escalations", "Escalations."),
    count("solve_events", "Times somebody declared it solved."),
    count("solves", "Open spells that ended solved."),
    count("endings", "Open spells that ended solved, closed or merged away."),
    count("reopenings", "Times it was opened again."),
    count("turns", "Customer turns: messages, or several in a row, that waited for a reply."),
    count(
        "contacts",
        "Times the customer reached the service within the ticket: calls, chat sessions, turns outside them.",
    ),
    duration("longest_reply_us", "The longest answered customer turn."),
    duration("work_us", "Recorded work on the ticket; null where none was recorded."),
    duration("paused_us", "Time waiting inside open spells."),
    duration("paused_business_us", "Open time waiting inside open spells."),
    duration("paused_on_customer_us", "Time waiting on the customer."),
    duration("paused_on_customer_business_us", "Open time waiting on the customer."),
    duration("paused_early_us", "Time waiting on the customer before the first solve."),
    duration("paused_early_business_us", "Open time waiting on the customer before the first solve."),
    duration(
        "paused_before_done_us", "Time waiting on anybody before it was first solved, closed or merged away."
    ),
    duration("paused_before_done_business_us", "Open time waiting on anybody before that."),
    duration("paused_before_reply_us", "Time waiting on anybody before the first public human message."),
    duration("paused_before_reply_business_us", "Open time waiting on anybody before that."),
    Column(
        "all_contacts",
        "int64",
        "Contacts of the ticket and of the same person's tickets merged into it.",
        "count",
        linked=True,
    ),
    Column("person", "string", "The customer after aliases are resolved; null where unknown.", linked=True),
    linked_instant(
        "next_same_type_at", "The same person's next ticket of the same issue type after the last solve."
    ),
    linked_instant(
        "next_unknown_type_at", "The same person's next ticket of unknown type after the last solve."
    ),
    linked_instant("next_ticket_at", "The same person's next ticket of any type after the last solve."),
    Column(
        "return_same_type_us",
        "int64",
        "From the last solve to that person's next ticket that may be about the same issue.",
        "us",
        linked=True,
    ),
    Column(
        "return_us",
        "int64",
        "From the last solve to that person's next ticket about anything.",
        "us",
        linked=True,
    ),
    Column(
        "follow_up_us",
        "int64",
        "From the last solve to that person's first ticket linked to this one as its follow-up.",
        "us",
        linked=True,
    ),
    instant("ended_unanswered_at", "When an unanswered ticket ended, if it did."),
    instant(
        "ended_unsolved_at", "When a ticket that was never solved was closed, merged or removed, if it was."
    ),
    flag(
        "awaits_response",
        "Whether a response is due: the customer wrote, and the ticket did not end unanswered.",
    ),
    flag("opened_in_hours", "Whether the ticket was opened in its calendar's opening hours."),
)
_LAST, _REPLYING = {"agent": "agent", "team": "team"}, {"agent": "replying_agent", "team": "replying_team"}
CREDITED: Credited = {
    (ANY, "last_assignee"): _LAST,
    (ANY, "assignee"): {"agent": "opening_agent", "team": "opening_team"},
    ("first_reply_at", "assignee"): _REPLYING,
    ("first_solved_at", "assignee"): {"agent": "solving_agent", "team": "solving_team"},
    ("resolved_at", "assignee"): {"agent": "resolving_agent", "team": "resolving_team"},
    (ANY, "sender"): {"agent": "first_replier", "team": "replying_team"},
    ("first_solved_at", "solver"): {"agent": "first_solver", "team": "solving_team"},
    (ANY, "solver"): {"agent": "solver", "team": "resolving_team"},
    (ANY, "team"): {"team": "opening_team"},
    ("first_reply_at", "team"): {"team": "replying_team"},
    ("first_solved_at", "team"): {"team": "solving_team"},
    ("resolved_at", "team"): {"team": "resolving_team"},
}
SPANS = (
    Span(
        "first_response",
        "started_at",
        "first_reply_at",
        "From the start of the response clock to the first public human reply.",
    ),
    Span(
        "any_first_response",
        "started_at",
        "any_first_reply_at",
        "The same, a bot's or automatic reply counting too.",
    ),
    Span(
        "response_from_opening",
        "opened_at",
        "human_reply_at",
        "From the opening, whoever opened, to the first human reply.",
    ),
    Span(
        "response_from_hand_off",
        "handed_off_at",
        "first_reply_at",
        "From the last bot hand-off to the first human reply.",
    ),
    Span("hand_off", "opened_at", "first_handed_off_at", "From the opening to the first bot hand-off."),
    Span("assign", "opened_at", "assigned_at", "From the opening to the first person."),
    Span("team_assign", "opened_at", "team_assigned_at", "From the opening to the first team."),
    Span("take", "opened_at", "taken_at", "From the opening until a person took it in charge."),
    Span(
        "resolution", "opened_at", "resolved_at", "From the opening to the last solve; null while open again."
    ),
    Span("first_resolution", "opened_at", "first_solved_at", "From the opening to the first solve."),
    Span(
        "last_solve_event",
        "opened_at",
        "last_solve_event_at",
        "From the opening to the last time it was declared solved.",
    ),
    Span(
        "resolution_after_contact",
        "first_reply_at",
        "resolved_at",
        "From the first human reply to the last solve.",
    ),
    Span("reopen_gap", "first_solved_at", "reopened_at", "From the first solve to the first reopening."),
    Span(
        "comment",
        "opened_at",
        "comment_at",
        "From the opening to the first public message of an agent after it.",
    ),
    Span(
        "agent_response",
        "opened_at",
        "agent_response_at",
        "The same, a public note of an agent counting too.",
    ),
    Span(
        "first_action",
        "opened_at",
        "first_action_at",
        "From the opening to the first reply, wait, solve or closing.",
    ),
    Span(
        "response_from_human_clock",
        "human_clock_at",
        "human_reply_at",
        "From when only a person could answer to the first public human message.",
    ),
    Span(
        "assign_before_reply",
        "opened_at",
        "assigned_before_reply_at",
        "From the opening to the last assignment up to the first public human message.",
    ),
    Span(
        "first_done",
        "opened_at",
        "first_done_at",
        "From the opening until first solved, closed or merged away.",
    ),
    Span(
        "last_done", "opened_at", "last_done_at", "From the opening until last solved, closed or merged away."
    ),
    Span(
        "done_from_customer", "started_at", "last_done_at", "The same from the start of the response clock."
    ),
    Span("lifetime", "opened_at", "last_event_at", "From the opening to the last event."),
)
