"""What a ticket's dimensions were at each instant: team, agent, priority, issue type and the project's own.

Rule kept here: a dimension's value is what the last event said, in the one order of the log; changes
at the same instant collapse into the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import StringValue, Table, ibis
from polso.facts.fact import ORDER, TICKET, Context, in_order, of_tickets

TRACKED = ("priority", "issue_type")
EVER, NEVER = "1900-01-01", "9999-12-31"
CARRIED = ("channel", "team", "agent", *TRACKED)


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

    The channel is the ticket's first and never changes. An agent taken away is null again.
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
    said: dict[str, StringValue] = {
        "team": touching.team,
        "agent": ibis.cases((touching.kind == "assigned", touching.subject_id), (touching.kind == "unassigned", "")),
        **{name: _setting(touching, attribute) for name, attribute in named.items()},
    }
    stated = touching.select(
        *TICKET,
        since=touching.occurred_at,
        until=touching.occurred_at.lead().over(order),
        first_at=touching.occurred_at.min().over(so_far),
        channel=touching.channel.first().over(so_far),
        **{name: value.last().over(so_far).nullif("") for name, value in said.items()},
    )
    settled = stated.filter(stated.until.isnull() | (stated.until != stated.since))
    # Most events repeat what was said before: only changes make a row.
    words = ibis.literal("\x1f").join([settled[name].fill_null("\x1e") for name in ("channel", *said)])
    order = ibis.window(group_by=list(TICKET), order_by=["since"])
    compared = settled.mutate(words=words).mutate(before=ibis._.words.lag().over(order))
    changes = compared.filter(compared.before.isnull() | (compared.before != compared.words))
    until = changes.since.lead().over(order)
    return changes.mutate(
        until=until,
        # What was said at the first instant is one row, and holds from before everything.
        from_at=ibis.ifelse(changes.since == changes.first_at, ibis.timestamp(EVER), changes.since),
        to_at=until.fill_null(ibis.timestamp(NEVER)),
    ).drop("first_at", "words", "before")


def _setting(events: Table, attribute: str) -> StringValue:
    chosen = (events.kind == "set") & (events.attribute == attribute)
    return ibis.ifelse(chosen, events.value.fill_null(""), ibis.null("string"))


def at_instant(rows: Table, instant: str, context: Context, *, names: tuple[str, ...] = (), prefix: str = "") -> Table:
    """Add to rows of tickets the dimensions in force at one of their instants, as `<prefix><name>`.

    Before the first change a ticket has its first known values; a row without the instant gets nulls.
    """
    past = context.shared["history"].view()
    wanted = names or carried(context.attributes)
    # Names of their own, so that nothing in a chain of such joins can be mistaken for something else.
    spans = past.select(**{f"h_{name}": past[name] for name in (*TICKET, "from_at", "to_at", *wanted)})
    same = [rows[name] == spans[f"h_{name}"] for name in TICKET]
    joined = rows.left_join(spans, [*same, spans.h_from_at <= rows[instant], spans.h_to_at > rows[instant]])
    return joined.select(*rows.columns, **{f"{prefix}{name}": joined[f"h_{name}"] for name in wanted})
