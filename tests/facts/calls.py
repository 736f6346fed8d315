"""Calls, told short: visits to stages as the two events each of them is."""

from typing import Any

from facts.told import Row, event


def visit(
    call: str, stage: str, since: str, until: str | None = None, outcome: str | None = None, **more: Any
) -> list[Row]:
    """`entered` and, where it ended, `left`; the agent, if any, is in both."""
    agent = more.pop("agent", None)
    about = {"contact_id": call, "stage": stage, "visit_id": f"{call}/{stage}/{since}", **more}
    if agent:
        about |= {"actor_kind": "agent", "actor_id": agent}
    ticket = about.pop("ticket", None)
    told = [event(since, "entered", ticket, **about)]
    return [*told, event(until, "left", ticket, value=outcome, **about)] if until else told


def of(rows: list[Row], **wanted: Any) -> list[Row]:
    """The rows with these values."""
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def only(rows: list[Row], **wanted: Any) -> Row:
    """The one row with these values."""
    found = of(rows, **wanted)
    assert len(found) == 1, found
    return found[0]


def seconds(us: int | None) -> float | None:
    return None if us is None else us / 1_000_000
