"""Orders: money in minor units, refunds, and what the same person did around an order."""

from pathlib import Path

import pytest

from facts.told import Row, at, event, folded, folded_in_steps


def bought(when: str, order: str, who: str, amount: str, currency: str = "EUR", **more: object) -> Row:
    return event(when, "ordered", subject_id=order, customer_id=who, amount=amount, currency=currency, **more)


def returned(when: str, order: str, amount: str, currency: str | None = "EUR") -> Row:
    return event(when, "refunded", subject_id=order, amount=amount, currency=currency)


STORY = [
    event("08:00", "identified", subject_id="cookie", customer_id="c1"),
    event("09:00", "opened", "o-t1", customer_id="c1", actor_kind="customer"),
    bought("10:00", "o1", "c1", "12.34", channel="web", value="w1"),
    event("11:00", "rated", "o-t1", attribute="csat5", amount=2),
    event("11:10", "rated", "o-t1", attribute="nps", amount=10),
    event("12:00", "opened", "o-t2", customer_id="cookie", actor_kind="customer"),
    bought("12:00", "o2", "cookie", "5000", "JPY"),
    event("13:00", "opened", "o-t3", customer_id="c1", actor_kind="customer"),
    event("13:01", "removed", "o-t3", value="spam"),
    bought("14:00", "o3", "c1", "10.5"),
    event("15:00", "opened", "o-t4", customer_id="c1", actor_kind="customer"),
    returned("2024-01-10 09:00", "o1", "10"),
    returned("2024-01-11 09:00", "o1", "2.34", None),
    returned("2024-01-10 09:00", "o3", "5"),
    bought("09:00", "dinar", "c2", "1.2345", "KWD"),
    bought("09:30", "twice", "c3", "7.00"),
    bought("09:40", "twice", "c3", "8.005"),
    returned("09:50", "twice", "100", "USD"),
    returned("09:50", "nobody", "1"),
]


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    rows = folded(STORY, tmp_path_factory.mktemp("log"))["orders"]
    return {row["order_id"]: row for row in rows}


def test_amounts_are_minor_units_of_their_currency(orders: dict[str, Row]) -> None:
    assert {name: row["amount_minor"] for name, row in orders.items()} == {
        "o1": 1234, "o2": 5000, "o3": 1050, "dinar": 1235, "twice": 801,
    }  # fmt: skip


def test_refunds_in_the_orders_currency(orders: dict[str, Row]) -> None:
    told = {name: (row["refunded_minor"], row["is_refunded"], row["is_kept"]) for name, row in orders.items()}
    assert told == {
        "o1": (1234, True, False),
        "o2": (0, False, True),
        "o3": (500, False, True),
        "dinar": (0, False, True),
        "twice": (0, False, True),
    }
    assert orders["o1"]["refunded_at"] == at("2024-01-11 09:00")


def test_told_twice_is_one_order_at_its_first_instant(orders: dict[str, Row]) -> None:
    assert orders["twice"]["ordered_at"] == at("09:30")


def test_orders_around_it_of_the_same_person_whatever_the_alias(orders: dict[str, Row]) -> None:
    names = ("previous_order_at", "next_order_at", "previous_kept_order_at", "next_kept_order_at")
    assert {order: [orders[order][name] for name in names] for order in ("o1", "o2", "o3", "dinar")} == {
        "o1": [None, at("12:00"), None, at("12:00")],
        "o2": [at("10:00"), at("14:00"), None, at("14:00")],
        "o3": [at("12:00"), None, at("12:00"), None],
        "dinar": [None, None, None, None],
    }
    assert orders["o2"]["person"] == "c1"


def test_tickets_around_it_one_at_its_very_instant_came_before(orders: dict[str, Row]) -> None:
    assert {
        order: (orders[order]["last_ticket_at"], orders[order]["next_ticket_at"]) for order in orders
    } == {
        "o1": (at("09:00"), at("12:00")),
        "o2": (at("12:00"), at("15:00")),
        "o3": (at("12:00"), at("15:00")),
        "dinar": (None, None),
        "twice": (None, None),
    }


def test_the_last_satisfaction_rating_before_it(orders: dict[str, Row]) -> None:
    told = {name: (row["last_rated_at"], row["last_rating_positive"]) for name, row in orders.items()}
    assert told["o1"] == (None, None)
    assert told["o2"] == told["o3"] == (at("11:00"), False)


def test_arrival_changes_nothing(tmp_path: Path) -> None:
    expected = folded(STORY, tmp_path)["orders"]
    assert folded(STORY, tmp_path, seed=1)["orders"] == expected
    assert folded_in_steps(STORY, tmp_path, seed=2)["orders"] == expected
