"""States: what each agent was doing, from one recorded change to the next, and the time they were paid for.

Rule kept here: an agent's time is counted once. Recorded states are believed; only an agent of whom no
source ever recorded `handling`, for whichever client, is taken to be handling while any of their talks,
holds or wraps lasts, whatever else the state says.
"""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import Context, Fact, Key, Span, dimension, group, instant, worker
from polso.facts.stages import HANDLING, visits
from polso.facts.work import micros

AGENT = ("client", "agent")
# Not the client: who works for several has one state, told under one of them.
STATE_KEY = Key({"agent": "actor_id"}, ("state", "scheduled", "entered", "left"))
HANDLES = "handling"


def fold(events: Table, context: Context) -> Table:
    """State spells and handling without gaps between them, and a `paid` row for each scheduled stretch."""
    own = events.filter((events.actor_kind.fill_null("agent") == "agent") & events.actor_id.notnull())
    own = own.mutate(agent=own.actor_id)
    said = _with_home(own.filter(own.kind.isin(["state", "scheduled"])))
    changes = _changes(said.filter(said.kind == "state"))
    moves = _moves(own).anti_join(changes.filter(changes.state == HANDLES).view(), "agent")
    return _spells(changes.union(moves)).union(_paid(said.filter(said.kind == "scheduled")))


def _with_home(said: Table) -> Table:
    """The home team is the last one a state or shift named; before the first, the first."""
    order = ibis.window(group_by=list(AGENT), order_by=["occurred_at", "seq", "event_id", "source"])
    placed = said.mutate(place=ibis.row_number().over(order))
    so_far = ibis.cumulative_window(group_by=list(AGENT), order_by="place")
    ever = ibis.window(group_by=list(AGENT))
    known_at = ibis.ifelse(placed.team.notnull(), placed.place, ibis.null("int64"))
    name = placed.team.fill_null("")
    return placed.mutate(
        team=ibis.coalesce(
            placed.team,
            name.argmax(known_at).over(so_far).nullif(""),
            name.argmin(known_at).over(ever).nullif(""),
        )
    )


def _changes(states: Table) -> Table:
    return states.select(
        *AGENT, "team", at=states.occurred_at, seq=states.seq, event_id=states.event_id, source=states.source,
        state=states.value, step=ibis.literal(0, "int64"),
    )  # fmt: skip


def _moves(own: Table) -> Table:
    """The two ends of an agent's talks, holds and wraps, where both say who it was.

    An unfinished visit is left out: it has no end to count to.
    """
    told = own.filter(own.kind.isin(["entered", "left"]) & own.stage.isin(list(HANDLING)))
    # Paired within the agent's own events, so that folding one agent again gives what folding all would.
    mine = told.client + "/" + told.agent + "/" + told.contact_id
    held = visits(told.mutate(ticket_id=mine, contact_id=mine))
    held = held.filter(held.agent.notnull() & (held.left_at > held.entered_at))
    ends = [
        held.select(
            *AGENT, "team", at=held[at], seq=held.seq, event_id=held.event_id, source=held.source,
            state=ibis.null("string"), step=ibis.literal(step, "int64"),
        )
        for at, step in (("entered_at", 1), ("left_at", -1))
    ]  # fmt: skip
    return ends[0].union(ends[1])


def _spells(points: Table) -> Table:
    """Sweep over an agent's points: how many visits are open after each, and which state was said last.

    Zero-length spells vanish, equal neighbours are one, and time before the first state is nobody's.
    """
    order = ibis.window(group_by=list(AGENT), order_by=["at", "seq", "event_id", "source", "step"])
    placed = points.mutate(place=ibis.row_number().over(order), next_at=points["at"].lead().over(order))
    so_far = ibis.cumulative_window(group_by=list(AGENT), order_by="place")
    said_at = ibis.ifelse(placed.state.notnull(), placed.place, ibis.null("int64"))
    home_at = ibis.ifelse(placed.state.notnull() & placed.team.notnull(), placed.place, ibis.null("int64"))
    began_at = ibis.ifelse((placed.step == 1) & placed.team.notnull(), placed.place, ibis.null("int64"))
    swept = placed.mutate(
        depth=placed.step.sum().over(so_far),
        said=placed.state.argmax(said_at).over(so_far),
        home=placed.team.argmax(home_at).over(so_far),
        queue=placed.team.argmax(began_at).over(so_far),
    ).filter(lambda t: t.next_at.isnull() | (t.next_at != t["at"]))
    named = swept.select(
        *AGENT,
        since=swept["at"],
        team=ibis.coalesce(swept.home, ibis.ifelse(swept.depth > 0, swept.queue, ibis.null("string"))),
        state=ibis.ifelse(swept.depth > 0, HANDLES, swept.said),
        basis=ibis.ifelse(swept.depth > 0, "stages", "states"),
    )
    return _merged(named)


def _merged(spells: Table) -> Table:
    """Neighbours with equal state, team and basis become one spell; stretches without a state are gaps."""
    order = ibis.window(group_by=list(AGENT), order_by="since")
    same = ibis.literal(True)
    for name in ("team", "state", "basis"):
        value = spells[name].fill_null("")
        same = same & (value == value.lag().over(order)).fill_null(False)
    begun = spells.mutate(same=same).filter(lambda t: ~t.same)
    ended = begun.mutate(until=begun.since.lead().over(order))
    return ended.filter(ended.state.notnull()).select(*AGENT, "team", "state", "basis", "since", "until")


def _paid(shifts: Table) -> Table:
    return shifts.select(
        *AGENT, "team", state=ibis.literal("paid"), basis=ibis.literal("schedule"), since=shifts.occurred_at,
        until=shifts.occurred_at + micros(shifts.amount).as_interval("us"),
    )  # fmt: skip


STATES = Fact(
    name="states",
    sentence="One row a stretch of an agent's time in one state, and one a stretch they were paid for.",
    key=STATE_KEY,
    clock="since",
    columns=(
        dimension("client", "For whom the agent works."),
        worker("agent", "The agent."),
        group(
            "team",
            "The agent's home team at that instant; where no state ever named one, the queue of the visit.",
        ),
        dimension(
            "state", "available, handling, break, training, meeting, other_work, offline; paid for a shift."
        ),
        dimension(
            "basis",
            "states (recorded), stages (handling taken from talks, holds and wraps) or schedule (paid).",
        ),
        instant("since", "When the stretch began."),
        instant("until", "When it ended; null while it lasts."),
    ),
    spans=(Span("spell", "since", "until", "How long the stretch lasted."),),
    fold=fold,
)
