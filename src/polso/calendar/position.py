"""Business time inside an engine: open(t) by one equi-join an instant, business(a, b) = open(b) - open(a).

Rule kept here: an instant that the day table does not know gives null, never a wrong number. Null also
means a null instant or calendar; `uncovered` tells the two apart, and whoever writes facts asks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from polso.engine import IntegerValue, Table, ibis
from polso.engine.expressions import micros_between

# What names of columns that exist only inside the expressions below begin with.
OWN = "polso_"


def with_position(table: Table, instant: str, calendar: str, days: Table, name: str) -> Table:
    """Add `name`: open microseconds from the day table's start to a UTC timestamp column (int64).

    Null where the instant or the calendar is null or not in `days`; see `uncovered`. Only differences of
    positions mean anything outside the table.
    """
    return _with_positions(table, {instant: name}, calendar, days)


def _with_positions(table: Table, names: Mapping[str, str], calendar: str, days: Table) -> Table:
    """Add the positions of several instants, {instant: new name}: one join each, and one row written after all of them."""
    dated = table.mutate(**{f"{OWN}day_{i}": table[instant].date() for i, instant in enumerate(names)})
    joined = dated
    for i in range(len(names)):
        known = _prefixed(days, f"{OWN}{i}_")
        joined = joined.left_join(
            known, [(calendar, f"{OWN}{i}_calendar"), (f"{OWN}day_{i}", f"{OWN}{i}_day")]
        )
    positions = {
        name: _position(joined, instant, days, f"{OWN}{i}_")
        for i, (instant, name) in enumerate(names.items())
    }
    return joined.select(*table.columns, **positions)


def with_business(table: Table, columns: Mapping[str, tuple[str, str]], calendar: str, days: Table) -> Table:
    """Add open microseconds between pairs of UTC timestamp columns: {new name: (start, end)}, int64.

    0 where the pair is reversed; null where either is null or not in `days`. Each distinct instant costs
    one join, however many pairs use it.
    """
    instants = list(dict.fromkeys(column for pair in columns.values() for column in pair))
    position = {instant: f"polso_open_{i}_us" for i, instant in enumerate(instants)}
    placed = _with_positions(table, position, calendar, days)
    business = {
        name: _business(placed[position[start]], placed[position[end]])
        for name, (start, end) in columns.items()
    }
    return placed.mutate(**business).drop(*position.values())


def uncovered(table: Table, instants: Iterable[str], calendar: str, days: Table) -> Table:
    """The distinct (calendar, day) that `table` asks for and `days` does not have; must be empty.

    Rows whose instant or calendar is null ask for nothing.
    """
    asked = [
        table.select(calendar=table[calendar], day=table[instant].date()).distinct() for instant in instants
    ]
    wanted = ibis.union(*asked, distinct=True) if len(asked) > 1 else asked[0]
    wanted = wanted.filter(wanted.calendar.notnull(), wanted.day.notnull())
    return wanted.anti_join(days, ["calendar", "day"])


def _prefixed(days: Table, prefix: str) -> Table:
    """The columns needed, under names that cannot meet those of a fact or of another join."""
    names = ["calendar", "day", "open_before_us", *(name for pair in _intervals(days) for name in pair)]
    return days.select(**{prefix + name: days[name] for name in names})


def _intervals(days: Table) -> list[tuple[str, str]]:
    count = sum(column.startswith("start_") for column in days.columns)
    return [(f"start_{i}_us", f"length_{i}_us") for i in range(1, count + 1)]


def _position(joined: Table, instant: str, days: Table, prefix: str) -> IntegerValue:
    """Null for an unknown day because open_before_us is; `least` and `greatest` alone would skip nulls."""
    total = joined[prefix + "open_before_us"]
    since_midnight = micros_between(joined[instant].date().cast("timestamp"), joined[instant])
    for start, length in _intervals(days):
        gone = since_midnight - joined[prefix + start]
        total = total + ibis.greatest(0, ibis.least(gone, joined[prefix + length])).cast("int64")
    return total


def _business(start: IntegerValue, end: IntegerValue) -> IntegerValue:
    elapsed = end - start
    return (elapsed < 0).ifelse(ibis.literal(0, "int64"), elapsed)


def touched(table: Table, start: str, end: str, calendar: str, marks: Table) -> Table:
    """The rows whose interval meets a changed day; `marks` is `changes.change_marks` in the engine.

    An interval with a day that `marks` does not have is kept, to be on the safe side; one with a null
    instant or calendar is not, as its business time stays null.
    """
    name = "polso_changed_us"
    marked = with_business(table, {name: (start, end)}, calendar, marks)
    complete = marked[start].notnull() & marked[end].notnull() & marked[calendar].notnull()
    return marked.filter(complete & (marked[name].coalesce(1) > 0)).drop(name)
