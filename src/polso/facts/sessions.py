"""Sessions: calls and chats as contacts, told by their stages, and by messages where no person's stage tells.

Rule kept here: what a stage says of a person is believed before what the ticket's messages say.
"""

from __future__ import annotations

from polso.engine import Table, ibis
from polso.facts.fact import Context, is_end, is_reply
from polso.facts.repeats import where
from polso.facts.stages import CONTACT, HANDLING

FACING = ("welcome", "ivr", "bot", "queue", "talk", "hold")
SPEAKERS = ("customer", "agent", "bot", "system")
SESSION = "session"
TIMES = ("wait_us", "wait_business_us", "talk_us", "hold_us", "wrap_us")


def sessions_of(own: Table, context: Context) -> Table:
    """One row a contact id: how and when it began, and what its stages and messages tell."""
    opened = (own.kind == "opened") & (own.actor_kind == "customer")
    said = (own.kind == "message") & own.actor_kind.isin(list(SPEAKERS))
    began = own.filter(own.contact_id.notnull() & ((own.kind == "entered") | said | opened).fill_null(False))
    order = ibis.window(group_by=list(CONTACT), order_by=["occurred_at", "seq", "rank", "event_id"])
    placed = began.mutate(is_first=ibis.row_number().over(order) == 0, is_message=began.kind == "message")
    by_customer = (placed.actor_kind == "customer").fill_null(False) & (placed.kind != "entered")
    heard = placed.group_by(*CONTACT).aggregate(
        client=placed.client.max(),
        customer_id=placed.customer_id.max(),
        channel=ibis.coalesce(placed.channel.max(where=placed.is_first), placed.channel.max()),
        said_direction=ibis.coalesce(
            placed.direction.max(where=placed.is_first), placed.direction.max(where=placed.kind == "entered")
        ),
        first_actor=placed.actor_kind.max(where=placed.is_first & placed.is_message),
        started_at=placed.occurred_at.min(),
        asked_at=placed.occurred_at.min(where=by_customer),
        last_said_at=placed.occurred_at.max(where=placed.is_message),
    )
    visited = _visited(context.shared["stages"])
    met = heard.left_join(visited, [heard[name] == visited[f"v_{name}"] for name in CONTACT])
    met = met.drop(*(f"v_{name}" for name in CONTACT))
    by_agent = (met.first_actor == "agent").fill_null(False)
    has_visits = met.last_stage.notnull()
    handed_on = (
        (met.last_outcome == "handed_off").fill_null(False) & met.queued_at.isnull() & met.talked_at.isnull()
    )
    return met.mutate(
        direction=met.said_direction.fill_null(ibis.ifelse(by_agent, "outbound", "inbound")),
        by_messages=~has_visits | handed_on,
    )


def _visited(stages: Table) -> Table:
    """What the stages of a contact tell, one row a contact; columns of the contact's key begin with `v_`."""
    seen = _weighed(stages)
    queue, talk, bot = seen.stage == "queue", seen.stage == "talk", seen.stage == "bot"
    times = {
        "wait_us": seen.wait_us.sum(where=seen.wait_us >= 0),
        "wait_business_us": seen.wait_business_us.sum(where=seen.wait_us >= 0),
        **{f"{s}_us": seen.stay_us.sum(where=(seen.stage == s) & (seen.stay_us >= 0)) for s in HANDLING},
    }
    agent, team = seen.agent.fill_null(""), seen.team.fill_null("")
    return seen.group_by(**{f"v_{name}": seen[name] for name in CONTACT}).aggregate(
        last_stage=seen.stage.max(where=seen.is_last),
        last_outcome=seen.outcome.max(where=seen.is_last),
        bot_outcome=seen.outcome.fill_null("").argmax(seen.nth, where=bot).nullif(""),
        has_bot=bot.any(),
        is_inside=(seen.is_inside & (seen.is_last | seen.stage.isin(list(HANDLING)))).any(),
        queued_at=seen.entered_at.min(where=queue),
        chosen_at=seen.left_at.max(
            where=(seen.stage == "ivr") & (seen.outcome == "passed") & (seen.nth < seen.queue_nth)
        ),
        talked_at=seen.entered_at.min(where=talk),
        taken_at=seen.answered_at.min(where=queue),
        rang_at=seen.left_at.min(where=(seen.stage == "ring") & seen.is_answered),
        left_at=seen.left_at.max(),
        talker=agent.argmin(seen.nth, where=talk).nullif(""),
        taker=agent.argmin(seen.nth, where=seen.is_answered).nullif(""),
        queue=ibis.coalesce(
            team.argmin(seen.nth, where=queue).nullif(""), team.argmin(seen.nth, where=talk).nullif("")
        ),
        legs=agent.nunique(where=talk),
        **{name: value.cast("int64") for name, value in times.items()},
    )


def _weighed(stages: Table) -> Table:
    """Mark the visit that says how a contact ended, and where its first queue stands.

    Rings and wraps are not where the customer is, and a visit left before it was entered stands at no sure
    place: they are the last word only where nothing else is said.
    """
    sound = (stages.stay_us >= 0).fill_null(True)
    whole = ibis.window(group_by=list(CONTACT))
    weighed = stages.mutate(
        weight=stages.nth + ibis.ifelse(stages.stage.isin(list(FACING)) & sound, 1_000_000, 0),
        queue_nth=ibis.ifelse(stages.stage == "queue", stages.nth, ibis.null("int64")).min().over(whole),
    )
    return weighed.mutate(is_last=weighed.weight == weighed.weight.max().over(whole))


def replied(sessions: Table, own: Table) -> Table:
    """Add the first reply, or end of the ticket, after what a session told by messages asked."""
    asked = sessions.filter(sessions.by_messages)
    wanted = asked.select(*CONTACT, since=ibis.coalesce(asked.left_at, asked.asked_at))
    answers = own.filter((is_reply(own) | is_end(own)).fill_null(False))
    said = answers.select(
        *("seq", "rank", "event_id"),
        a_source=answers.source,
        a_ticket=answers.ticket_id,
        a_contact=answers.contact_id,
        reply_at=answers.occurred_at,
        ends=is_end(answers),
        replier=answers.actor_id,
    )
    met = wanted.inner_join(
        said,
        [
            wanted.source == said.a_source,
            wanted.ticket_id == said.a_ticket,
            said.reply_at >= wanted.since,
        ],
    )
    met = met.filter(met.ends | met.a_contact.isnull() | (met.a_contact == met.contact_id))
    order = ibis.window(group_by=list(CONTACT), order_by=["reply_at", "seq", "rank", "event_id"])
    first = met.mutate(place=ibis.row_number().over(order)).filter(lambda t: t.place == 0)
    found = first.select(
        **{f"r_{name}": first[name] for name in CONTACT},
        **{n: first[n] for n in ("reply_at", "ends", "replier")},
    )
    joined = sessions.left_join(found, [sessions[name] == found[f"r_{name}"] for name in CONTACT])
    return _settled(joined.drop(*(f"r_{name}" for name in CONTACT)))


def _settled(met: Table) -> Table:
    """Who answered each session, when it ended and with what outcome."""
    has_visits, replied = met.last_stage.notnull(), (~met.ends).fill_null(False)
    answered_at = ibis.coalesce(
        met.talked_at, met.taken_at, where(met.queued_at.isnull(), met.rang_at), where(replied, met.reply_at)
    )
    awaits = met.by_messages & met.reply_at.isnull() & (has_visits | met.asked_at.notnull())
    going_on = met.is_inside.fill_null(False) | awaits
    last = ibis.ifelse(has_visits, met.left_at, met.last_said_at.fill_null(met.started_at))
    outcome = ibis.cases(
        (answered_at.notnull(), "answered"),
        (met.last_outcome.notnull(), met.last_outcome),
        (going_on, "open"),
        else_="ended",
    )
    person = ibis.coalesce(met.talker, met.taker, ibis.ifelse(replied, met.replier, ibis.null("string")))
    return met.select(
        *CONTACT,
        *(
            "client",
            "customer_id",
            "channel",
            "direction",
            "started_at",
            "queued_at",
            "chosen_at",
            "bot_outcome",
        ),
        *TIMES,
        team=met.queue,
        medium=ibis.literal(SESSION),
        answered_at=answered_at,
        ended_at=where(~going_on, ibis.greatest(last, met.reply_at.fill_null(last))),
        outcome=outcome,
        abandoned_in=ibis.ifelse(met.last_outcome == "abandoned", met.last_stage, ibis.null("string")),
        agent=ibis.ifelse(answered_at.notnull(), person, ibis.null("string")),
        has_bot=met.has_bot.fill_null(False),
        legs=met.legs.fill_null(0).cast("int64"),
        takes_work=met.by_messages,
        turn=ibis.literal(0, "int64"),
    )
