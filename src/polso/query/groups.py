"""Groups of people as a scope sees them: small teams merged for good, and people under their pseudonyms.

Rule kept here: what is merged depends on the whole store and never on a question, so that no two questions can tell
apart what stands under one name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa

from polso.config import SMALL_TEAMS
from polso.engine import Table, ibis
from polso.errors import PrivacyError
from polso.facts import FACTS
from polso.query.privacy import BLIND, RAW, WAY_OUT, Privacy, teams_of
from polso.query.question import Question
from polso.query.store import PSEUDONYMS, Store


@dataclass(frozen=True)
class Merged:
    """The teams that stand for themselves; all others are one group, unless even that is `too_small` to be shown."""

    kept: tuple[str, ...]
    too_small: bool


@dataclass
class Size:
    """How large a team is: who works in it, and its rows in the fact that knows most of it."""

    people: set[str]
    rows: int


def merged(store: Store, privacy: Privacy) -> Merged:
    """Which teams are large enough over the whole store; found once a store."""
    key = (privacy.minimum_agents, privacy.minimum_contacts)
    if key not in store.groups:
        store.groups[key] = _merged(_sizes(store), privacy)
    found: Merged = store.groups[key]
    return found


def _merged(sizes: dict[str, Size], privacy: Privacy) -> Merged:
    """Small teams together; where they still are too few, with the next smallest, until they are enough."""

    def is_group(size: Size) -> bool:
        return len(size.people) >= privacy.minimum_agents and size.rows >= privacy.minimum_contacts

    order = sorted(sizes, key=lambda team: (len(sizes[team].people), sizes[team].rows, team))
    apart = [team for team in order if not is_group(sizes[team])]
    rest = [team for team in order if is_group(sizes[team])]
    together = Size(set(), 0)
    for team in apart:
        together = _sum(together, sizes[team])
    while apart and rest and not is_group(together):
        together = _sum(together, sizes[rest.pop(0)])
    return Merged(tuple(sorted(rest)), too_small=not rest and not is_group(together))


def _sum(one: Size, other: Size) -> Size:
    return Size(one.people | other.people, one.rows + other.rows)


def _sizes(store: Store) -> dict[str, Size]:
    """Every team that a fact with people knows."""
    found: dict[str, Size] = {}
    for fact in FACTS:
        for team, agent in _pairs(fact):
            rows = store.fact(fact)
            told = rows.filter(rows[team].notnull()).group_by(team=rows[team], agent=rows[agent])
            counts: dict[str, int] = {}
            for row in store.engine.collect(told.aggregate(n=ibis._.count())).to_pylist():
                size = found.setdefault(row["team"], Size(set(), 0))
                size.people |= {row["agent"]} - {None}
                counts[row["team"]] = counts.get(row["team"], 0) + row["n"]
            for name, n in counts.items():
                found[name].rows = max(found[name].rows, n)
    return found


def _pairs(fact: str) -> Iterator[tuple[str, str]]:
    """Team and agent columns of a fact that speak of one instant."""
    declared = FACTS[fact]
    columns = declared.named("agent")
    pairs = {(team, agent) for team in declared.named("team") if (agent := agent_beside(team, columns))}
    pairs |= {(c["team"], c["agent"]) for c in declared.credited.values() if "agent" in c and "team" in c}
    yield from sorted(pairs)


def agent_beside(team: str, columns: Iterable[str]) -> str | None:
    """The column that names who worked in the team of another: last_agent beside last_team."""
    known = tuple(columns)
    beside = team.replace("team", "agent")
    return next((name for name in (beside, "agent") if name in known), None)


def with_groups(store: Store, rows: Table, fact: str, privacy: Privacy) -> Table:
    """Rows whose small teams bear one name; what stood there stays under `raw_`, as with pseudonyms."""
    columns = [name for name in teams_of(fact) if name in rows.columns]
    if privacy.state != "locked" or not columns:
        return rows
    kept = merged(store, privacy).kept
    grouped = {f"{RAW}{name}": rows[name] for name in columns}
    for name in columns:
        stands = rows[name].isnull() | rows[name].isin(list(kept)) if kept else rows[name].isnull()
        grouped[name] = ibis.ifelse(stands, rows[name], SMALL_TEAMS)
    return rows.mutate(**grouped)


def refuse_teams(store: Store, fact: str, names: Iterable[str], privacy: Privacy) -> None:
    """PrivacyError where a team is asked for and all of them together are too few."""
    if privacy.state == "locked" and set(names) & set(teams_of(fact)) and merged(store, privacy).too_small:
        raise PrivacyError(
            f"teams are not shown: all together have fewer than {privacy.minimum_agents} people"
            f" or {privacy.minimum_contacts} contacts; ask without them, or {WAY_OUT}"
        )


def refuse_merged(store: Store, question: Question, privacy: Privacy) -> None:
    """PrivacyError where a filter names a team that does not stand for itself: 0 rows of it would be no answer."""
    if privacy.state != "locked":
        return
    teams = {name for d in question.definitions for name in teams_of(d.fact)}
    for condition in question.where:
        if condition.column not in teams or condition.op in BLIND:
            continue
        shown = {*merged(store, privacy).kept, SMALL_TEAMS}
        values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
        for value in values:
            if value not in shown:
                raise PrivacyError(
                    f"no team '{value}' is shown by itself; ask one of {', '.join(sorted(shown))}"
                )


def with_pseudonyms(
    store: Store, rows: Table, fact: str, columns: Mapping[str, str], privacy: Privacy
) -> Table:
    """Rows in which some columns hold pseudonyms; `columns`: each with the fact's own column that it stands for.

    What stood there stays under `raw_`, for calendars; nothing named so ever leaves (query/masks.py).
    """
    if privacy.state != "unlocked":
        return rows
    for name, own in columns.items():
        known = _known(store, fact, own, privacy)
        joined = rows.left_join(known, rows[name] == known.polso_real)
        rows = joined.mutate(**{f"{RAW}{name}": joined[name], name: joined.polso_shown}).drop(
            "polso_real", "polso_shown"
        )
    return rows


def _known(store: Store, fact: str, column: str, privacy: Privacy) -> Table:
    """Everybody whom a column names, with their pseudonyms."""
    key = (fact, column, privacy.key)
    if key not in store.pseudonyms:
        named = store.fact(fact)
        people = store.engine.collect(named.select(name=named[column]).distinct())["name"].to_pylist()
        pairs = [(name, privacy.pseudonym(name)) for name in people if name is not None]
        table = pa.table({
            name: pa.array(values, pa.string())
            for name, values in (("polso_real", [p[0] for p in pairs]), ("polso_shown", [p[1] for p in pairs]))
        })  # fmt: skip
        store.pseudonyms[key] = store.engine.scratch(f"{PSEUDONYMS}{len(store.pseudonyms)}", table)
    return store.pseudonyms[key].view()
