"""What leaves row by row: facts' rows and events without people and teams, or with pseudonyms of those who worked before today.

Rule kept here: a row tells of customers as before; whoever served them is nobody, or a pseudonym once the day is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from polso.engine import Table, ibis
from polso.errors import PrivacyError
from polso.facts import FACTS
from polso.query.groups import with_pseudonyms
from polso.query.period import Period
from polso.query.privacy import RAW, agents_of, is_about_agents, teams_of
from polso.query.question import Question, Scope
from polso.query.store import Store

# Who is no worker: what they are called stays.
OUTSIDE: Final = ("customer", "peer", "bot")
# Whose subject is somebody at work, and whose is a team.
OF_PEOPLE: Final = ("assigned", "unassigned")
# Whose subject is a thing: a ticket, a survey, an order, a message. Of attributes, which are no free text.
OF_THINGS: Final = (
    "merged",
    "linked",
    "identified",
    "survey_sent",
    "rated",
    "accepted",
    "ordered",
    "refunded",
    "visited",
)
PLAIN: Final = ("priority", "issue_type")


def late(store: Store, question: Question, scope: Scope) -> Question:
    """A question about single people, its period cut at the last midnight: nobody is watched while they work."""
    facts = {f for d in question.definitions for f in (d.fact, *(s.fact for s in (d.top, d.bottom) if s))}
    people = {name for fact in facts for name in agents_of(fact)}
    names = {*question.by, *(c.column for c in question.where)}
    last = store.local_day(store.as_of)
    if scope.privacy.state != "unlocked" or names.isdisjoint(people) or question.period.until <= last:
        return question
    if question.period.since >= last:
        raise PrivacyError(f"people at work are shown a day late; ask a period that ends before {last}")
    return replace(question, period=replace(question.period, until=last))


def midnight(store: Store) -> datetime:
    """The latest local midnight before as-of, as a naive instant in UTC: who worked since is not told yet."""
    day = store.local_day(store.as_of)
    return Period(day, day + timedelta(days=1), store.zone).instants[0]


def masked(
    store: Store, table: pa.Table, fact: str, clock: str, question: Question, scope: Scope
) -> pa.Table:
    """A fact's rows as they may leave; what the question filters by was judged before, or holds pseudonyms already."""
    if scope.privacy.state == "open":
        return table
    table = table.select([name for name in table.column_names if not name.startswith(RAW)])
    asked = {c.column for c in question.where}
    people = [name for name in agents_of(fact) if name in table.column_names and name not in asked]
    if scope.privacy.state == "locked":
        gone = {*people, *teams_of(fact)} - asked
        return table.select([name for name in table.column_names if name not in gone])
    end = midnight(store)
    told = [at is not None and at.replace(tzinfo=None) < end for at in table[clock].to_pylist()]
    for name in people:
        shown = [
            scope.privacy.pseudonym(who) if who is not None and is_old else None
            for who, is_old in zip(table[name].to_pylist(), told, strict=True)
        ]
        table = table.set_column(table.column_names.index(name), name, pa.array(shown, pa.string()))
    return table


def may_leave(fact: str, scope: Scope) -> bool:
    """Whether a fact may be handed over row by row at all."""
    return scope.privacy.state != "locked" or not is_about_agents(fact)


def leaving(store: Store, fact: str, scope: Scope) -> Table:
    """A whole fact as it may be handed over, in the order in which it is kept."""
    rows, people = store.fact(fact), FACTS[fact].named("agent")
    if scope.privacy.state == "open":
        return rows
    if scope.privacy.state == "locked":
        gone = (*people, *FACTS[fact].named("team"))
        # Named one by one: "all but these" would not be understood where these are not there any more.
        return rows.select([name for name in rows.columns if name not in gone])
    columns, clock, end = rows.columns, FACTS[fact].clock, midnight(store)
    shown = with_pseudonyms(store, rows, fact, {name: name for name in people}, scope.privacy)
    old = (shown[clock] < ibis.timestamp(end)).fill_null(False)
    told = {name: ibis.ifelse(old, shown[name], ibis.null("string")) for name in people}
    return shown.mutate(**told).select(*columns)


def narrowed(store: Store, scope: Scope) -> Store:
    """The store as those see it who have only what was handed over, where columns are missing there."""
    if scope.privacy.state != "locked":
        return store
    return store.with_facts({name: leaving(store, name, scope) for name in FACTS})


def masked_row(
    store: Store, row: Mapping[str, Any], fact: str, clock: str, question: Question, scope: Scope
) -> dict[str, Any]:
    """The same of one row."""
    found: dict[str, Any] = masked(
        store, pa.Table.from_pylist([dict(row)]), fact, clock, question, scope
    ).to_pylist()[0]
    return found


def masked_events(store: Store, events: list[dict[str, Any]], scope: Scope) -> list[dict[str, Any]]:
    """A ticket's events as they may leave: what names somebody at work is left out, or a pseudonym.

    Ids of events are left out too: some sources make them from names.
    """
    if scope.privacy.state == "open":
        return events
    people = {who for event in events for who in _people(event)}
    end = midnight(store)
    made = []
    for event in events:
        is_shown = scope.privacy.state == "unlocked" and event["occurred_at"].replace(tzinfo=None) < end
        gone = {"event_id", *_doubtful(event), *(("team",) if scope.privacy.state == "locked" else ())}
        named = {name: value for name, value in event.items() if value in people}
        kept = {name: value for name, value in event.items() if name not in gone and name not in named}
        alias = {name: scope.privacy.pseudonym(who) for name, who in named.items()} if is_shown else {}
        made.append(kept | alias)
    return made


def _doubtful(event: Mapping[str, Any]) -> list[str]:
    """What may name somebody at work although nothing says so: an attribute's value, the subject of other kinds."""
    free = event["kind"] == "set" and event.get("attribute") not in PLAIN
    return [*(["value"] if free else []), *(["subject_id"] if event["kind"] not in OF_THINGS else [])]


def _people(event: Mapping[str, Any]) -> list[str]:
    """Whom an event names who is at work."""
    found = [event["actor_id"]] if "actor_id" in event and event.get("actor_kind") not in OUTSIDE else []
    return found + ([event["subject_id"]] if event["kind"] in OF_PEOPLE and "subject_id" in event else [])
