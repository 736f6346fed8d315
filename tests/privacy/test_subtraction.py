"""No two answers over one period let a group smaller than the minimum be found by taking one from the other.

The truth is counted here, row by row, from what was put in; nothing of the code under test is used for it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from hypothesis import given, settings
from hypothesis import strategies as st

from polso.care import Care
from polso.config import SMALL_TEAMS as SMALL
from polso.query.atoms import Mass
from polso.query.suppress import Blocks
from privacy.staff import CHANNELS, PRIORITIES, log, opened

Row = dict[str, Any]
AGENTS, CONTACTS = 5, 10
VALUES: Final[dict[str, tuple[Any, ...]]] = {"channel": CHANNELS, "priority": PRIORITIES}
SPLITS: Final = ("team", "channel", "priority", "week", "month", "day", "weekday")


@dataclass(frozen=True)
class Cut:
    """A cell that was shown: the values that its rows have (none said: all), and which rows they are."""

    says: dict[str, frozenset[Any]]
    rows: frozenset[int]

    def is_part_of(self, other: Cut) -> bool:
        """Whether by its words alone it lies in another."""
        return all(name in self.says and self.says[name] <= values for name, values in other.says.items())


def rows_of(events: list[dict[str, Any]], named: set[str | None]) -> list[Row]:
    """The tickets and calls that were put in, a row each, their small teams under one name."""
    found: dict[str, Row] = {}
    for event in events:
        name = event.get("ticket_id") or event.get("contact_id")
        if name is None:
            continue
        row = found.setdefault(name, {"agent": None, "priority": None})
        if event.get("stage") == "talk":
            row["agent"] = event["actor_id"]
        if event["kind"] == "opened" or (event["kind"], event.get("stage")) == ("entered", "queue"):
            team, day = event["team"], (event["occurred_at"] + timedelta(hours=2)).date()
            row |= {"team": team if team in named else SMALL, "channel": event["channel"], "day": day}
            row |= {
                "week": day - timedelta(days=day.weekday()),
                "month": day.replace(day=1),
                "weekday": day.isoweekday(),
            }
        elif event["kind"] == "set":
            row["priority"] = event["value"]
        elif event["kind"] == "assigned":
            row["agent"] = event["subject_id"]
    return list(found.values())


def asked(dice: Random, named: list[Any]) -> tuple[list[str], dict[str, Any]]:
    """Splits and filters at random, a team among them more often than not."""
    by = dice.sample(SPLITS, dice.choice((0, 1, 1, 2, 2)))
    grains = [name for name in by if name not in ("team", "channel", "priority")]
    by = [name for name in by if name not in grains[1:]]
    where: dict[str, Any] = {}
    for name in dice.sample(("channel", "priority"), dice.choice((0, 0, 1, 1, 2))):
        where[name] = dice.sample(VALUES[name], dice.choice((1, 1, 2)))
    if dice.random() < 0.5:
        where["team"] = dice.sample(named, dice.choice((1, 1, 2)))
    return by, where


def shown(care: Care, rows: list[Row], by: list[str], where: dict[str, Any]) -> list[Cut]:
    """The cells of an answer that may be seen, with the rows that are truly behind them."""
    made = []
    for cell in care.ask("ticket_volume", by=by, where=where):
        if cell.is_hidden:
            assert (None, 0, None, None) == (cell.value, cell.n, cell.low, cell.high)
            continue
        says = {name: frozenset(values) for name, values in where.items()}
        says |= {name: says.get(name, frozenset([value])) & {value} for name, value in cell.keys.items()}
        mine = frozenset(
            place
            for place, row in enumerate(rows)
            if all(row[name] in values for name, values in says.items())
        )
        assert len(mine) == cell.value, (by, where, cell)
        made.append(Cut(says, mine))
    return made


def is_group(rows: list[Row], places: frozenset[int]) -> bool:
    """Enough people and contacts; nothing at all, and what no team and nobody had, is no group to protect."""
    people = {rows[place]["agent"] for place in places} - {None}
    if not places or (not people and all(rows[place]["team"] is None for place in places)):
        return True
    return len(places) >= CONTACTS and (not people or len(people) >= AGENTS)


def test_no_pair_of_answers_gives_away_a_small_group(tmp_path: Path) -> None:
    found = 0
    for seed in (0,):
        events, dice = log(seed, 400), Random(seed)
        with opened(events, tmp_path) as care:
            named = [cell.keys["team"] for cell in care.ask("ticket_volume", by="team")]
            assert SMALL in named
            assert not {"island", "night"} & set(named)
            rows = rows_of(events, set(named))
            answers = [shown(care, rows, *asked(dice, [n for n in named if n])) for _ in range(80)]
        for one, other in itertools.permutations(answers, 2):
            for whole in one:
                parts = [part for part in other if "team" in part.says and part.is_part_of(whole)]
                if "team" in whole.says:
                    assert is_group(rows, whole.rows), whole.says
                    parts = parts or [part for part in other if part.is_part_of(whole)]
                if parts:
                    found += 1
                    rest = whole.rows.difference(*(part.rows for part in parts))
                    assert is_group(rows, rest), (whole.says, [part.says for part in parts])
    assert found > 300, "hardly any answer lay in another: the test would prove nothing"


Key = tuple[str, int, int]


@st.composite
def tables(draw: st.DrawFn) -> dict[Key, Mass]:
    """Atoms of three teams, five lines and two further values, most of them large enough."""
    made = {}
    for key in itertools.product("abc", range(5), range(2)):
        size = draw(st.sampled_from((0, 1, 4, 5, 5, 8, 8)))
        place = "abc".index(key[0]) * 10
        people = draw(st.permutations(range(10)))[:size]
        rows = size and draw(st.sampled_from((size, 10, 30)))
        if rows:
            made[key] = Mass(sum(1 << (place + one) for one in people), rows)
    return made


@given(tables())
@settings(max_examples=300)
def test_what_is_hidden_of_a_team_or_a_line_is_a_group_taken_together(found: dict[Key, Mass]) -> None:
    def large(_: Any, mass: Mass) -> bool:
        return mass.people.bit_count() >= AGENTS and mass.rows >= CONTACTS

    names = ("week", "channel")
    blocks = Blocks(dict(found), names, large, [])
    teams, lines = blocks.of(names)
    hidden = {key for key in found if key[0] in teams and key[1] in lines}
    for key, mass in found.items():
        assert key in hidden or large(None, mass)
    everything = {name for name, _, _ in found}
    for team, channel in itertools.product(teams, range(2)):
        _assert_sum(found, {k for k in hidden if k[0] == team and k[2] == channel}, lines, found, large)
    for line, channel in itertools.product(range(5), range(2)):
        rest = {k for k in found if k[0] in teams and k[1] == line and k[2] == channel}
        if teams != everything:
            _assert_sum(found, rest, (), {}, large)
    assert blocks.of(("week",))[0] <= teams


def _assert_sum(
    found: dict[Key, Mass], keys: set[Key], lines: Any, every: dict[Key, Mass], large: Any
) -> None:
    """Together a group, or nothing; a team may be small only where all its lines are hidden."""
    total = Mass()
    for key in keys:
        total += found[key]
    if not keys or large(None, total):
        return
    assert every
    assert {line for _, line, _ in every} <= set(lines)
