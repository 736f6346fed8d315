"""What a ticket's dimensions were at each instant: team, agent, priority, issue type and the project's own.

Rule kept here: a dimension's value is what the last event said, in the one order of the log; changes
at the same instant collapse into the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polso.engine import StringValue, Table, ibis
from polso.facts.fact import ORDER, TICKET, Context, in_order, of_tickets

TRACKED = ("priority", "issue_type")
EVER, NEVER = "1900-01-01", "9999-12-31"
CARRIED = ("channel", "team", "agent", *TRACKED)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant of a row (its column; none for the end of what is known) and the dimensions wanted of it."""

    instant: str | None
    names: tuple[str, ...]


def carried(attributes: Mapping[str, str]) -> tuple[str, ...]:
    """Names of all dimensions that a ticket's history keeps; a project may say which attribute is its issue type."""
    return (*CARRIED, *(name for name in attributes if name not in CARRIED))


def own_names(context: Context) -> tuple[str, ...]:
    """The project's own dimensions, those that only rename a common one left out."""
    return tuple(name for name in context.attributes if name not in CARRIED)


def history(events: Table, context: Context) -> Table:
    """One row per ticket and instant of change: since, until (null for the last) and the dimensions in force.

    from_at and to_at are the same without gaps: from before everything to after everything, so that every
    instant falls into one row, by two plain comparisons (a null or an `or` in a join makes it quadratic).

    The channel is the ticket's first, and holds throughout. An agent taken away is null again.
    """
    own = of_tickets(events)
    named = {**{name: name for name in TRACKED}, **context.attributes}
    touching = own.filter(
        own.team.notnull()
        | own.channel.notnull()
        | own.kind.isin(["opened", "assigned", "unassigned"])
        | ((own.kind == "set") & own.attribute.isin(list(named.values())))
    )
    # One order for all that follows, so that the engine sorts once.
    order, so_far = in_order(touching), ibis.cumulative_window(group_by=list(TICKET), order_by=list(ORDER))
    whole = ibis.window(group_by=list(TICKET), order_by=list(ORDER), preceding=None, following=None)
    said: dict[str, StringValue] = {
        "team": touching.team,
        "agent": ibis.cases(
            (touching.kind == "assigned", touching.subject_id), (touching.kind == "unassigned", "")
        ),
        **{name: _setting(touching, attribute) for name, attribute in named.items()},
    }
    stated = touching.select(
        *TICKET,
        since=touching.occurred_at,
        until=touching.occurred_at.lead().over(order),
        first_at=touching.occurred_at.min().over(so_far),
        channel=touching.channel.first().over(whole),
        **{name: value.last().over(so_far).nullif("") for name, value in said.items()},
    )
    settled = stated.filter(stated.until.isnull() | (stated.until != stated.since))
    # Most events repeat what was said before: only changes make a row.
    words = ibis.literal("\x1f").join([settled[name].fill_null("\x1e") for name in ("channel", *said)])
    order = ibis.window(group_by=list(TICKET), order_by=["since"])
    compared = settled.mutate(words=words).mutate(before=ibis._.words.lag().over(order))
    changes = compared.filter(compared.before.isnull() | (compared.before != compared.words))
    until = changes.since.lead().over(order)
    timed = changes.mutate(until=until, to_at=until.fill_null(ibis.timestamp(NEVER)))
    blank = _before_anything(timed, tuple(said), context)
    known = blank.select(b_source="source", b_ticket="ticket_id")
    marked = timed.left_join(known, [timed.source == known.b_source, timed.ticket_id == known.b_ticket])
    # What was said at the first instant is one row, and holds from before everything.
    first = (marked.since == marked.first_at) & marked.b_source.isnull()
    rows = marked.mutate(from_at=ibis.ifelse(first, ibis.timestamp(EVER), marked.since))
    rows = rows.drop("first_at", "words", "before", "b_source", "b_ticket")
    return rows.union(blank.select(*rows.columns))


def _before_anything(timed: Table, names: tuple[str, ...], context: Context) -> Table:
    """A row without dimensions for tickets of which something happened before anything was said of them."""
    anchors = context.shared["anchors"]
    begun = anchors.select(a_source="source", a_ticket="ticket_id", a_first="first_event_at")
    said = ibis.coalesce(*(timed[name] for name in names)).notnull()
    firsts = timed.filter((timed.since == timed.first_at) & said)
    late = firsts.inner_join(
        begun,
        [firsts.source == begun.a_source, firsts.ticket_id == begun.a_ticket, begun.a_first < firsts.since],
    )
    return late.select(
        *TICKET,
        since="a_first",
        until=late.since,
        channel="channel",
        **{name: ibis.null("string") for name in names},
        from_at=ibis.timestamp(EVER).cast(late.since.type()),
        to_at=late.since,
    )


def _setting(events: Table, attribute: str) -> StringValue:
    chosen = (events.kind == "set") & (events.attribute == attribute)
    return ibis.ifelse(chosen, events.value.fill_null(""), ibis.null("string"))


def at_instant(
    rows: Table, instant: str, context: Context, *, names: tuple[str, ...] = (), prefix: str = ""
) -> Table:
    """Add to rows of tickets the dimensions in force at one of their instants, as `<prefix><name>`.

    Before anything was said of a ticket its dimensions are null, but for the channel; so are those of a row
    without the instant.
    """
    past = context.shared["history"].view()
    wanted = names or carried(context.attributes)
    # Names of their own, so that nothing in a chain of such joins can be mistaken for something else.
    spans = past.select(**{f"h_{name}": past[name] for name in (*TICKET, "from_at", "to_at", *wanted)})
    same = [rows[name] == spans[f"h_{name}"] for name in TICKET]
    joined = rows.left_join(spans, [*same, spans.h_from_at <= rows[instant], spans.h_to_at > rows[instant]])
    return joined.select(*rows.columns, **{f"{prefix}{name}": joined[f"h_{name}"] for name in wanted})


def at_moments(
    rows: Table, moments: Mapping[str, Moment], context: Context, key: tuple[str, ...] = TICKET
) -> Table:
    """Add to rows of tickets the dimensions in force at several of their instants: one pass over the history.

    moments: prefix of the new columns -> instant (none for after everything that happened) and dimensions; key: the
    columns, the ticket's among them, that tell the rows apart.
    """
    past = context.shared["history"].view()
    instants = dict.fromkeys(m.instant for m in moments.values() if m.instant)
    asked = rows.select(**{f"k_{name}": rows[name] for name in (*key, *instants)})
    met = past.inner_join(asked, [past[name] == asked[f"k_{name}"] for name in TICKET])
    found: dict[str, StringValue] = {}
    ends: dict[str, str] = {}
    for prefix, moment in moments.items():
        if moment.instant is None:
            ends |= {f"{prefix}{name}": name for name in moment.names}
        else:
            at = met[f"k_{moment.instant}"]
            held = ((met.from_at <= at) & (met.to_at > at)).fill_null(False)
            # One row holds at an instant, so the greatest of its values is its value.
            found |= {f"{prefix}{name}": met[name].max(where=held) for name in moment.names}
    known = met.group_by(**{f"m_{name}": met[f"k_{name}"] for name in key}).aggregate(**found)
    joined = rows.left_join(known, [rows[name] == known[f"m_{name}"] for name in key])
    return _at_the_end(joined.drop(*(f"m_{name}" for name in key)), ends, context)


def _at_the_end(rows: Table, names: Mapping[str, str], context: Context) -> Table:
    """Add the last dimensions of each row's ticket, {new name: dimension}: one row a ticket has no end."""
    past = context.shared["history"].view()
    last = past.filter(past.until.isnull())
    last = last.select(
        e_source="source", e_ticket="ticket_id", **{f"e_{n}": last[d] for n, d in names.items()}
    )
    joined = rows.left_join(last, [rows.source == last.e_source, rows.ticket_id == last.e_ticket])
    return joined.select(*rows.columns, **{name: joined[f"e_{name}"] for name in names})
