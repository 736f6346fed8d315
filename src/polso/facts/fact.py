"""What a fact is: declared columns and one fold from events to rows.

Rule kept here: a fold is a pure expression over the events of whole keys (all events of a ticket,
of a customer, of an agent), so folding some keys again gives exactly what folding all would.
No fold may use now, as-of, or a threshold that a question can change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from polso.config import Target
from polso.engine import BooleanValue, Table, ibis
from polso.events.kinds import KIND_RANK, OTHER_RANK


@dataclass(frozen=True)
class Key:
    """Which events belong together in a fold: {fact column: event column}, and the kinds it reads (all if none).

    All events of a key are folded at once; new events touch their keys, and only those are folded again.
    """

    columns: Mapping[str, str]
    kinds: tuple[str, ...] = ()


TICKET = ("source", "ticket_id")
TICKET_KEY = Key({"source": "source", "ticket_id": "ticket_id"})
ORDER_KEY = Key({"source": "source", "order_id": "subject_id"}, ("ordered", "refunded"))
# `session` is made by `normalised`: a shop and a web log may speak of one visit.
VISIT_KEY = Key({"client": "client", "visit_id": "session"}, ("visited", "ordered"))

# `cost_of` too: what a cost is of, whole where its parts may be null.
COST_KEY = Key({"client": "client", "cost_of": "cost_of"}, ("cost",))


def event_key(*kinds: str) -> Key:
    """One row an event: nothing to fold together."""
    return Key({"source": "source", "event_id": "event_id"}, kinds)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a fact: engine type, unit, whether it may split a KPI, and one sentence.

    unit: None for names and flags, utc (an instant), us (microseconds), count, minor (cents),
    score. `dimension` columns may stand in `by` and `where`; `clock` columns may place a row in a period;
    `linked` columns come from the second pass over people. `who`: whom its names name, people at work or groups of
    them; privacy goes by it (query/privacy.py).
    """

    name: str
    type: str
    sentence: str
    unit: str | None = None
    dimension: bool = False
    linked: bool = False
    who: Literal["agent", "team"] | None = None

    @property
    def clock(self) -> bool:
        """Whether the column can place a row in a period."""
        return self.unit == "utc"


def dimension(name: str, sentence: str) -> Column:
    """A name that may split a KPI."""
    return Column(name, "string", sentence, dimension=True)


def worker(name: str, sentence: str) -> Column:
    """A name that may split a KPI and names somebody at work."""
    return Column(name, "string", sentence, dimension=True, who="agent")


def group(name: str, sentence: str) -> Column:
    """A name that may split a KPI and names a group of people at work."""
    return Column(name, "string", sentence, dimension=True, who="team")


def identifier(name: str, sentence: str) -> Column:
    """A name that finds a row but is too fine to split a KPI."""
    return Column(name, "string", sentence)


def instant(name: str, sentence: str) -> Column:
    """A UTC instant."""
    return Column(name, "timestamp", sentence, unit="utc")


def linked_instant(name: str, sentence: str) -> Column:
    """A UTC instant that the second pass over people finds."""
    return Column(name, "timestamp", sentence, unit="utc", linked=True)


def duration(name: str, sentence: str) -> Column:
    """A duration in whole microseconds; its name ends in _us."""
    return Column(name, "int64", sentence, unit="us")


def count(name: str, sentence: str) -> Column:
    """A whole number of things."""
    return Column(name, "int64", sentence, unit="count")


def flag(name: str, sentence: str) -> Column:
    """True or false; may split a KPI."""
    return Column(name, "boolean", sentence, dimension=True)


@dataclass(frozen=True)
class Span:
    """A duration that a fact owes in calendar and in business time: `<name>_us` and `<name>_business_us`.

    The business twin is reckoned by the row's own calendar between two of its instants; negative
    durations stay negative in calendar time (and are counted as a data-quality figure), and are null here.
    """

    name: str
    start: str
    end: str
    sentence: str


Keep = Callable[[str, "Table"], "Table"]


@dataclass(frozen=True)
class Context:
    """What folds may know besides events: settings that are fixed for a store, and shared intermediates.

    shared: `anchors` (one row a ticket, facts/anchors.py), `history` (dimensions of each ticket over time),
    `spells` (its open spells), `turns` (customer turns), `clients`, `people`, and facts folded earlier;
    attributes: declared dimension -> ticket attribute; reopen_on: what reopens; keep: run an intermediate on its
    own, where one expression would grow too large to translate.
    """

    attributes: Mapping[str, str]
    reopen_on: tuple[str, ...]
    targets: tuple[Target, ...] = ()
    keep: Keep = lambda name, rows: rows
    shared: Mapping[str, Table] = field(default_factory=dict)


# Who may get the credit for a row, and so under whose name it is counted where an answer is split by agent or team.
ANY = ""
WHOSE = {"agent": "agent", "team": "team"}
Credit = Literal["sender", "assignee", "last_assignee", "solver", "team"]
CREDITS: tuple[Credit, ...] = get_args(Credit)
Credited = Mapping[tuple[str, Credit], Mapping[str, str]]
Fold = Callable[[Table, Context], Table]
Link = Callable[[Table, Mapping[str, Table]], Table]
Finish = Callable[[Table, str, Table], Table]


@dataclass(frozen=True)
class Fact:
    """A table folded from events.

    key: which events must be folded together; clock: the main instant, by which rows are written in
    order; spans: durations to give a business twin; at: the instant at which ticket dimensions are taken
    (none where the fact carries no dimensions of tickets); link: the second pass over rows of the same
    people, which sees other linked facts of those people (columns `client`, `customer_id` and `person`);
    link_reads: the columns of this fact that it, or another fact's, reads;
    finish: what only the spans can tell, from rows with spans, their calendar's column and the day table;
    credited: (instant, credit rule) -> the columns that stand for `agent` and `team` under it, where the
    instant is ANY for all that have none of their own.
    """

    name: str
    sentence: str
    key: Key
    clock: str
    columns: tuple[Column, ...]
    fold: Fold
    spans: tuple[Span, ...] = ()
    at: str | None = None
    link: Link | None = None
    link_reads: tuple[str, ...] = ()
    finish: Finish | None = None
    credited: Credited = field(default_factory=dict)

    def credit(self, instant: str, rule: Credit) -> Mapping[str, str] | None:
        """Which columns stand for `agent` and `team` under a credit rule, for what happened at an instant of the row."""
        said = self.credited.get((instant, rule)) or self.credited.get((ANY, rule))
        # Where a fact says nothing else, its own agent and team are those of the row's instant.
        usual = {"assignee": WHOSE, "team": {"team": "team"}}.get(rule, {})
        own = {column.name for column in self.columns}
        return said or {name: column for name, column in usual.items() if column in own} or None

    def named(self, who: Literal["agent", "team"]) -> tuple[str, ...]:
        """The columns that name people at work, or groups of them."""
        return tuple(column.name for column in self.columns if column.who == who)

    def all_columns(self, attributes: Mapping[str, str]) -> tuple[Column, ...]:
        """Declared columns, the spans' two each, and the project's own dimensions where the fact carries them."""
        spans = tuple(
            column
            for span in self.spans
            for column in (
                duration(f"{span.name}_us", span.sentence),
                duration(f"{span.name}_business_us", f"{span.sentence} Open time only."),
            )
        )
        own = tuple(
            dimension(name, f"The project's own dimension: ticket attribute '{attribute}'.")
            for name, attribute in attributes.items()
            if self.at is not None and name not in {column.name for column in self.columns}
        )
        return self.columns + own + spans


# Kinds that belong to a call or session where they name no ticket.
OF_CALLS = ("entered", "left", "transferred", "message", "note")
ORDER = ("occurred_at", "seq", "rank", "event_id")
# Before the ids of surveys and work entries that belong to no ticket.
SURVEY, WORK = "survey:", "work:"


def is_reply(events: Table) -> BooleanValue:
    """Events by which a person answers the customer: a public message of an agent, or an answered call."""
    message = (events.kind == "message") & (events.actor_kind == "agent")
    call = (events.kind == "entered") & (events.stage == "talk")
    return (message | call) & (events.direction.fill_null("") != "internal")


def is_customer_contact(events: Table) -> BooleanValue:
    """Events by which the customer reaches the service."""
    spoke = events.kind.isin(["message", "opened"]) & (events.actor_kind == "customer")
    called = (
        (events.kind == "entered")
        & events.stage.isin(["welcome", "ivr", "bot", "queue"])
        & (events.direction.fill_null("inbound") == "inbound")
    )
    return spoke | called


def is_end(events: Table) -> BooleanValue:
    """Events that end an open spell."""
    return events.kind.isin(["solved", "closed", "merged", "removed"])


def normalised(events: Table) -> Table:
    """The log as folds see it: the kind's rank for ordering, and a ticket id for every event that a ticket fold reads.

    A call or chat session without a ticket is a ticket of its own, named like its contact. A survey or
    work entry without a ticket gets an id to be folded by, but is no ticket (`has_ticket` is false).
    """
    rank = ibis.cases(
        *((events.kind == kind, ibis.literal(place, "int64")) for kind, place in KIND_RANK.items()),
        else_=ibis.literal(OTHER_RANK, "int64"),
    )
    contact = ibis.ifelse(events.kind.isin(OF_CALLS), events.contact_id, ibis.null("string"))
    apart = ibis.cases(
        (
            events.kind.isin(["survey_sent", "rated"]),
            ibis.literal(SURVEY) + events.subject_id.fill_null(events.event_id),
        ),
        (events.kind == "work", ibis.literal(WORK) + events.event_id),
    )
    session = ibis.cases(
        (events.kind == "visited", events.subject_id), (events.kind == "ordered", events.value)
    )
    named = (events.attribute, events.actor_id, events.team, events.channel)
    cost_of = ibis.literal("/").join([name.fill_null("") for name in named])
    ticket = ibis.coalesce(events.ticket_id, contact)
    return events.mutate(
        rank=rank,
        has_ticket=ticket.notnull(),
        said_ticket_id=events.ticket_id,
        ticket_id=ibis.coalesce(ticket, apart),
        session=session,
        cost_of=ibis.ifelse(events.kind == "cost", cost_of, ibis.null("string")),
    )


def recorded(events: Table, columns: Sequence[str]) -> Table:
    """Normalised events as the log has them."""
    return events.select(**{c: events.said_ticket_id if c == "ticket_id" else events[c] for c in columns})


def of_tickets(events: Table) -> Table:
    """Only events that belong to a ticket."""
    return events.filter(events.has_ticket)


def with_verdict(rows: Table, context: Context) -> Table:
    """Add to rows of tickets whether their ticket counts, why not, and when a person first answered it."""
    tickets = context.shared["anchors"].view()
    verdict = tickets.select(
        "is_counted", "left_out", "human_reply_at", v_source="source", v_ticket="ticket_id"
    )
    joined = rows.left_join(verdict, [rows.source == verdict.v_source, rows.ticket_id == verdict.v_ticket])
    return joined.drop("v_source", "v_ticket")


def in_order(events: Table, *keys: str) -> ibis.expr.builders.LegacyWindowBuilder:
    """The window of a key's events in the one order that never depends on arrival."""
    return ibis.window(group_by=list(keys or TICKET), order_by=list(ORDER))
