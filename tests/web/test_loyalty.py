"""Loyalty and cost: its sentence, given numbers with a known story, and the screen on a demo company."""

from pathlib import Path

from polso.errors import QuestionError
from polso.faces.web.screens.loyalty import SCREEN, compose, sentence
from web.known import answer, cell, page, read
from web.served import shown

ORDERS = answer(
    cell("retention_rate", 0.448, 484, previous=0.52, low=0.41, high=0.49), cell("order_volume", 1700, 1700, previous=1720)
)  # fmt: skip
COSTS = answer(cell("cost_per_contact", 3.5, previous=4.5))
CHANNELS = answer(
    cell("cost_per_contact", 4.5, 600, keys={"channel": "phone"}, previous=6.0, previous_n=700),
    cell("cost_per_contact", 2.0, 400, keys={"channel": "email"}, previous=1.0, previous_n=300),
    by=("channel",),
)
GROUPS = answer(
    cell("retention_rate:after_ticket", 0.6, 300, low=0.55, high=0.65),
    cell("retention_rate:without_ticket", 0.4, 300, low=0.35, high=0.45),
)


def said(language: str, **answers: object) -> str:
    return read(sentence(page(SCREEN, answers, language))).replace("\u00a0", " ")  # type: ignore[arg-type]


def test_what_moved_and_where_and_who_comes_back() -> None:
    known = {"orders": ORDERS, "costs": COSTS, "costs_by_channel": CHANNELS, "groups": GROUPS}
    assert said("en", **known) == (
        "Worse: Retention rate −7.2 pt. Better: Cost per contact −€1.00 (almost all of it phone). "
        "Customers with a ticket came back more often, 60.0 % against 40.0 %."
    )
    assert said("it", **known) == (
        "Peggio: Tasso di fidelizzazione −7,2 pt. Meglio: Costo per contatto −1,00 € (quasi solo telefono). "
        "I clienti con un ticket sono tornati più spesso, 60,0 % contro 40,0 %."
    )


def test_where_chance_explains_all_the_level_is_said() -> None:
    still = {
        "orders": answer(cell("retention_rate", 0.448, 484, previous=0.45, low=0.41, high=0.49)),
        "costs": answer(cell("cost_per_contact", 4.0, 400, previous=4.1)),
    }
    assert said("en", **still) == "44.8 % of customers bought again. A contact cost €4.00."
    assert said("it", **still) == "Clienti che hanno riacquistato: 44,8 %. Un contatto è costato 4,00 €."


def test_groups_whose_intervals_touch_are_alike() -> None:
    groups = answer(
        cell("retention_rate:after_ticket", 0.49, 292, low=0.43, high=0.55),
        cell("retention_rate:without_ticket", 0.38, 192, low=0.31, high=0.45),
    )
    text = said("en", orders=ORDERS, groups=groups)
    assert text.endswith(
        "with a ticket (49.0 %) and without (38.0 %) came back alike, as far as chance lets us see."
    )


def test_without_orders_and_costs_it_says_what_to_load() -> None:
    none = {"orders": answer(cell("retention_rate", None, 0))}
    assert said("en", **none) == "Load orders and costs to see who comes back and what care costs."
    assert said("it", **none) == "Carica ordini e costi per vedere chi torna e quanto costa il servizio."


def test_a_filter_that_orders_lack_is_said_once() -> None:
    refused = QuestionError("orders has no column 'team'")
    view = compose(page(SCREEN, dict.fromkeys(SCREEN.asks, refused)))
    assert list(view.more["reasons"]) == ["orders has no column 'team'"]


def test_it_is_there_on_a_demo_company(acme: Path) -> None:
    english, italian = shown(acme, "/loyalty?lang=en&period=all", "/loyalty?lang=it&where=team%3Dbilling")
    assert "Retention rate" in english
    assert "By month" in english
    assert "Fedeltà e costi" in italian
