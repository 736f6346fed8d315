"""Where a change comes from: the cell that explains most of it, if one does."""

import pytest

from polso.faces.web.headline import origin
from web.known import cell


def shares(*many: tuple[str | None, float, int]) -> list:  # type: ignore[type-arg]
    """Cells of a KPI by channel: channel, value, n."""
    return [cell("csat", value, n, keys={"channel": channel}) for channel, value, n in many]


def test_the_cell_that_moved_is_named_with_its_part_of_the_change() -> None:
    before = shares(("phone", 0.9, 100), ("email", 0.8, 100))
    now = shares(("phone", 0.7, 100), ("email", 0.75, 100))
    found = origin(now, before)
    assert found
    part, one = found
    # The whole fell by 12.5 points; phone alone is 10 of them, counted from where the whole stood.
    assert {"channel": "phone"} == one.keys
    assert part == pytest.approx(0.8)


def test_a_change_of_the_mix_belongs_to_whoever_grew() -> None:
    # Nobody's own share moved: more of the worst channel made the whole worse, at the cost of all others alike.
    before = shares(("phone", 0.9, 100), ("chat", 0.8, 100), ("email", 0.4, 100))
    found = origin(shares(("phone", 0.9, 50), ("chat", 0.8, 50), ("email", 0.4, 200)), before)
    assert found
    assert {"channel": "email"} == found[1].keys
    # Between two, what one gained the other lost: neither explains it alone.
    pair = shares(("phone", 0.9, 100), ("email", 0.5, 100))
    assert origin(shares(("phone", 0.9, 20), ("email", 0.5, 180)), pair) is None


def test_what_came_from_everywhere_has_no_place() -> None:
    before = shares(("phone", 0.8, 100), ("email", 0.8, 100), ("chat", 0.8, 100))
    now = shares(("phone", 0.7, 100), ("email", 0.7, 100), ("chat", 0.7, 100))
    assert origin(now, before) is None


def test_a_small_or_unknown_cell_is_not_blamed() -> None:
    before = shares(("phone", 0.8, 100), (None, 0.8, 100))
    assert origin(shares(("phone", 0.8, 100), (None, 0.1, 100)), before) is None
    small = cell("csat", 0.1, 9, keys={"channel": "chat"}, warnings=("only 9 rows",))
    assert origin([*shares(("phone", 0.8, 100)), small], before) is None


def test_one_cell_alone_says_nothing() -> None:
    assert origin(shares(("phone", 0.7, 100)), shares(("phone", 0.9, 100))) is None
