"""Which numbers moved beyond chance: one rule for every sentence."""

import pytest
from markupsafe import Markup

from polso.faces.table import is_sure
from polso.faces.web.moves import moves, news
from polso.faces.web.screens.overview import SCREEN
from polso.kpis.catalogue import find, shipped
from web.known import answer, cell, page, read


def test_an_interval_decides_where_there_is_one() -> None:
    csat = find(shipped(), "csat")
    assert is_sure(cell("csat", 0.7, previous=0.8, low=0.67, high=0.73), csat)
    assert not is_sure(cell("csat", 0.7, previous=0.8, low=0.6, high=0.8), csat)
    assert not is_sure(cell("csat", 0.7, previous=0.8), csat)
    assert not is_sure(cell("csat", 0.7, low=0.67, high=0.73), csat)
    few = cell("csat", 0.0, 3, previous=0.8, low=0.0, high=0.0, warnings=("only 3 rows",))
    assert not is_sure(few, csat)


def test_a_count_must_move_more_than_the_root_of_it_even_from_or_to_nothing() -> None:
    volume = find(shipped(), "order_volume")
    assert is_sure(cell("order_volume", 1200, 1200, previous=1000), volume)
    assert not is_sure(cell("order_volume", 331, 331, previous=340), volume)
    assert is_sure(cell("order_volume", 0, 0, previous=40), volume)
    assert is_sure(cell("order_volume", 40, 40, previous=0), volume)


def test_money_must_move_more_than_the_count_of_what_it_was_paid_for() -> None:
    cost = find(shipped(), "cost_per_contact")
    assert is_sure(cell("cost_per_contact", 3.5, 1000, previous=4.5), cost)
    assert not is_sure(cell("cost_per_contact", 4.0, 400, previous=4.1), cost)
    assert not is_sure(cell("cost_per_contact", 3.5, 1000, previous=4.5, previous_n=20), cost)


@pytest.mark.parametrize("kpi", ["revenue", "cost_per_contact:share_of_revenue"])
def test_amounts_of_whose_spread_nothing_is_known_are_never_news(kpi: str) -> None:
    assert not is_sure(cell(kpi, 35000, 1000, previous=25000), find(shipped(), kpi))


def test_the_worst_come_first_then_the_best_and_only_those_asked_for() -> None:
    now = answer(
        cell("csat", 0.81, 900, previous=0.85, low=0.80, high=0.82),
        cell("abandonment_rate", 0.10, 900, previous=0.05, low=0.09, high=0.11),
        cell("order_volume", 1500, 1500, previous=1000),
        cell("ticket_volume", 1500, 1500, previous=1000),
    )
    made = page(SCREEN, {"now": now})
    assert [(one.tone, one.cell.kpi) for one in moves(made, ("now", "missing"))] == [
        ("bad", "abandonment_rate"),
        ("bad", "csat"),
        ("good", "order_volume"),
    ]
    assert [one.cell.kpi for one in moves(made, ("now",), ("csat",))] == ["csat"]
    said = read(news(made, ("now",), lambda move: Markup(" (there)")))
    assert said.startswith("Worse: Abandonment rate +5\u00a0pt (there), CSAT")
