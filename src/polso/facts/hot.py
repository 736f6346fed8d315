"""The hot table: the events of tickets that are open or moved lately, so that few refolds read the whole log."""

from __future__ import annotations

from typing import Final

from polso.engine import DuckDB, Table, ibis
from polso.events import log
from polso.facts.fact import TICKET, normalised, recorded

HOT: Final = "hot"
HOT_DAYS: Final = 30


def warm(engine: DuckDB) -> None:
    """Keep the events of tickets that are open or moved in the last 30 days in a table of their own."""
    seen = normalised(engine.table(log.EVENTS))
    raw = engine.table(log.EVENTS).columns
    engine.create(HOT, recorded(seen.semi_join(_hot_tickets(engine), list(TICKET)), raw))


def thaw(engine: DuckDB, touched: Table, batch: int) -> None:
    """Bring every event of the touched tickets into the hot table, from the log where they had gone cold.

    What a fold that was cut short had brought there already goes first.
    """
    engine.run(f"DELETE FROM {HOT} WHERE batch > ?", [batch])
    hot, events = engine.table(HOT), engine.table(log.EVENTS)
    lost = engine.table(log.SUPERSEDED)
    engine.delete(HOT, lost.filter(lost.superseded_in > batch).select("key", "content_hash"))
    known = engine.table("tickets").semi_join(touched, list(TICKET)).select(*TICKET)
    # Surveys and work without a ticket are in no fact of tickets, so the log is asked for them.
    changed = engine.table("fold_changed")
    known = known.union(
        changed.filter(~changed.has_ticket & changed.ticket_id.notnull()).select(*TICKET), distinct=True
    )
    cold = engine.scratch("fold_cold", known.anti_join(normalised(hot), list(TICKET)))
    ((number,),) = engine.run("SELECT count(*) FROM fold_cold")
    if number:
        old = normalised(events.filter(events.batch <= batch)).semi_join(cold, list(TICKET))
        engine.append(HOT, recorded(old, events.columns))
    fresh = normalised(events.filter(events.batch > batch))
    engine.append(HOT, recorded(fresh.filter(fresh.ticket_id.notnull()), events.columns))
    engine.drop("fold_cold")


def _hot_tickets(engine: DuckDB) -> Table:
    tickets = engine.table("tickets")
    newest = tickets.last_event_at.max().name("newest")
    joined = tickets.cross_join(tickets.aggregate(newest))
    recent = joined.last_event_at >= joined.newest - ibis.interval(days=HOT_DAYS)
    return joined.filter(joined.is_open | recent).select(*TICKET)


def cool(engine: DuckDB) -> None:
    """Let go of tickets that ended and have been still for 30 days."""
    hot = normalised(engine.table(HOT))
    engine.delete(HOT, hot.anti_join(_hot_tickets(engine), list(TICKET)).select("key"))
