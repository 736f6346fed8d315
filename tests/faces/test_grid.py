import io

import pytest
from rich.console import Console
from rich.text import Text

from polso.faces.grid import Column, Grid


def shown(grid: Grid, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(grid)
    return out.getvalue()


def grid() -> Grid:
    return Grid(
        [
            Column("name", [Text("first response time"), Text("nps")], right=False),
            Column("value", [Text("1 h 42"), Text("+32")]),
            Column("n", [Text("1,234"), Text("0")], gives_way=1),
            Column("95 % interval", [Text("1 h 30 – 1 h 50"), Text("")], gives_way=2, small="95 %:"),
        ],
        {1: "Satisfaction"},
    )


def test_a_wide_terminal_shows_every_column() -> None:
    assert [
        "name                  value      n    95 % interval",
        "first response time  1 h 42  1,234  1 h 30 – 1 h 50",
        "",
        "Satisfaction",
        "nps                     +32      0",
    ] == shown(grid(), 80).splitlines()


def test_a_narrow_one_tells_the_rest_in_small_print() -> None:
    assert [
        "name                  value      n",
        "first response time  1 h 42  1,234",
        "  95 %: 1 h 30 – 1 h 50",
    ] == shown(grid(), 40).splitlines()[:3]


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80, 200])
def test_no_line_is_longer_than_the_terminal_and_nothing_is_lost(width: int) -> None:
    text = shown(grid(), width)
    assert max(map(len, text.splitlines())) <= width
    for word in ("1 h 42", "1,234", "+32"):
        assert word in text
