"""Linking again: the second pass over the people whom new events touch.

Rule kept here: all rows of those people are read, but only in the columns that links need; of rows whose own events
did not change, only those that the second pass now says differently are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Final

from polso.engine import DuckDB, Table, ibis
from polso.facts import FACTS
from polso.facts.people import with_person
from polso.facts.plan import PEOPLE, ROW, Plan, folded, whole

AFFECTED: Final = "fold_affected"
RELINKED: Final = "fold_relinked"


def relinked(name: str) -> str:
    """The scratch table of a fact's rows to be stored, after the second pass."""
    return f"relinked_{name}"


def stale(name: str) -> str:
    """The scratch table of stored rows that the second pass now says differently: where they stand, and what it says."""
    return f"stale_{name}"


def relink(engine: DuckDB, steps: Plan, changed: Table, touched: Mapping[str, Table]) -> None:
    """Run the second pass over all rows of the affected people: what is to be stored, and what it takes the place of.

    touched: fact -> its keys that are folded again. Rows are told apart by where they stand in their table, so
    nothing may be stored between this and the use of its tables.
    """
    affected = engine.scratch(AFFECTED, _affected(engine, changed, touched))
    for name in steps.relink:
        engine.scratch(whole(name), _rows_of(engine, name, affected, touched[name]))
    for name, text in steps.relink.items():
        _renew(engine, name, engine.scratch_sql(RELINKED, text))


def clean(engine: DuckDB, steps: Plan) -> None:
    """Let go of what that left in scratch."""
    for name in (AFFECTED, RELINKED):
        engine.drop(name)
    for fact in steps.relink:
        for name in (whole(fact), relinked(fact), stale(fact)):
            engine.drop(name)


def _affected(engine: DuckDB, changed: Table, touched: Mapping[str, Table]) -> Table:
    """People whose rows may have to be linked again: those of touched rows as they were and as they are, and new aliases."""
    said = changed.filter(changed.customer_id.notnull())
    named = [said.select("client", person="customer_id")]
    alias = changed.filter(changed.kind == "identified", changed.subject_id.notnull())
    alias = alias.select("client", customer_id="subject_id")
    named.append(alias.rename(person="customer_id"))
    for name, keys in touched.items():
        if FACTS[name].link:
            stored = engine.table(name)
            before = stored.semi_join(keys, list(keys.columns))
            # Whoever an alias was taken for until now loses its rows.
            lost = stored.semi_join(alias, ["client", "customer_id"])
            now = with_person(engine.table(folded(name)), engine.table(PEOPLE))
            named += [
                rows.filter(rows.person.notnull()).select("client", "person") for rows in (before, lost, now)
            ]
            # A row told under an alias must be found by it, when none of the batch's events names the customer.
            named.append(now.filter(now.customer_id.notnull()).select("client", person="customer_id"))
    return ibis.union(*named, distinct=True)


def _rows_of(engine: DuckDB, name: str, affected: Table, touched: Table) -> Table:
    """What links read of all rows of the affected people: stored ones by their place, folded ones by a negative one."""
    columns = [ROW, *FACTS[name].link_reads]
    stored = _placed(engine.table(name))
    by_person = stored.semi_join(affected, ["client", "person"]).select(ROW)
    by_alias = stored.semi_join(affected.rename(customer_id="person"), ["client", "customer_id"]).select(ROW)
    theirs = stored.semi_join(by_person.union(by_alias, distinct=True), ROW)
    kept = theirs.anti_join(touched, list(touched.columns))
    return kept.select(*columns).union(_folded(engine, name).select(*columns))


def _placed(stored: Table) -> Table:
    return stored.mutate(**{ROW: stored.rowid()})


def _folded(engine: DuckDB, name: str) -> Table:
    rows = engine.table(folded(name))
    return rows.mutate(**{ROW: -1 - rows.rowid()})


def _renew(engine: DuckDB, name: str, made: Table) -> None:
    """Set apart the stored rows that differ from what the second pass made, and make the rows to be stored."""
    linked = [column.name for column in FACTS[name].columns if column.linked]
    stored = _placed(engine.table(name))
    was = stored.select(ROW, **{f"was_{column}": stored[column] for column in linked})
    met = made.inner_join(was, ROW)
    differs = reduce(or_, (~met[column].identical_to(met[f"was_{column}"]) for column in linked))
    other = engine.scratch(stale(name), met.filter(differs).select(ROW, *linked))
    columns = engine.table(name).columns
    changed = stored.drop(*linked).inner_join(other, ROW).select(*columns)
    fresh = _folded(engine, name).inner_join(made, ROW).select(*columns)
    engine.scratch(relinked(name), changed.union(fresh))
