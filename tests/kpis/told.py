"""Small logs told in a few lines, folded and ready to be asked."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from polso.care import Care
from polso.config import parse
from polso.engine import DuckDB
from polso.events import log
from polso.facts import build
from soundness.store import append

Event = dict[str, Any]
CUSTOMER: Event = {"actor_kind": "customer", "actor_id": "k"}
AGENT: Event = {"actor_kind": "agent", "actor_id": "g"}
HEAD = '[project]\nzone = "{zone}"\nweek_start = "{week_start}"\nminimum_n = 1\n[privacy]\nprofile = "open"\n'


class Story:
    """Events as they are told; each gets an id from its place."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def tell(
        self, at: datetime, kind: str, ticket: str | None = None, client: str = "acme", **more: Any
    ) -> None:
        """One event of the only source."""
        said = {"source": "told", "event_id": f"e{len(self.events):06}", "client": client, "occurred_at": at}
        self.events.append({**said, "kind": kind, "ticket_id": ticket, **more})


def folded(events: Iterable[Event], toml: str = "", *, zone: str = "UTC") -> DuckDB:
    """An engine in memory with the events and their facts."""
    engine = DuckDB()
    log.prepare(engine)
    append(engine, events)
    build.build(engine, parse(HEAD.format(zone=zone, week_start="monday") + toml))
    return engine


def care(
    engine: DuckDB,
    toml: str = "",
    *,
    folder: Path | None = None,
    zone: str = "UTC",
    week_start: str = "monday",
) -> Care:
    """A project over folded facts, reporting in a zone, with the KPIs of a folder."""
    config = parse(HEAD.format(zone=zone, week_start=week_start) + toml)
    return Care(folder or Path("nowhere"), config, engine)
