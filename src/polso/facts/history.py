"""What a ticket's dimensions were at each instant: team, agent, priority, issue type and the project's own.

Rule kept here: a dimension's value is what the last event said, in the one order of the log; changes
at the same instant collapse into the last of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from polso.engine import StringValue, Table, ibis
from polso.facts.fact import TICKET, Context, in_order, of_tickets

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
    order = in_order(touching)
    placed = touching.mutate(place=ibis.row_number().over(order), next_at=touching.occurred_at.lead().over(order))
    so_far = ibis.cumulative_window(group_by=list(TICKET), order_by="place")

    def last_known(value: StringValue) -> StringValue:
        # Not `last()`: in a window it ignores nulls on Spark and does not on DuckDB.
        known_at = ibis.ifelse(value.notnull(), placed.place, ibis.null("int64"))
        return value.argmax(known_at).over(so_far).nullif("")

    said: dict[str, StringValue] = {
        "team": placed.team,
        "agent": ibis.cases((placed.kind == "assigned", placed.subject_id), (placed.kind == "unassigned", "")),
        **{name: _setting(placed, attribute) for name, attribute in named.items()},
    }
    channel_at = ibis.ifelse(placed.channel.notnull(), placed.place, ibis.null("int64"))
    stated = placed.select(
        *TICKET,
        since=placed.occurred_at,
        next_at=placed.next_at,
        channel=placed.channel.argmin(channel_at).over(so_far),
        **{name: last_known(value) for name, value in said.items()},
    )
    settled = stated.filter(stated.next_at.isnull() | (stated.next_at != stated.since)).rename(until="next_at")
    nth = ibis.row_number().over(ibis.window(group_by=list(TICKET), order_by=["since"]))
    return settled.mutate(
        from_at=ibis.ifelse(nth == 0, ibis.timestamp(EVER), settled.since), to_at=settled.until.fill_null(ibis.timestamp(NEVER))
    )


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
