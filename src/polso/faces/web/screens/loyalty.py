"""Loyalty and cost: do customers come back, do visits and contacts become orders, and what does care cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.faces.web import cause, moves, plots
from polso.faces.web.dots import dots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, View
from polso.faces.web.pivot import Column, pivot
from polso.faces.web.screen import TIME, Ask, Screen

if TYPE_CHECKING:
    from polso.query.result import Result

ORDERS: Final = ("retention_rate", "churn_rate", "order_volume", "revenue")
VARIANTS: Final = ("default", "per_ticket", "per_solved")
COSTS: Final = ("cost_per_contact", "cost_per_contact:per_ticket", "cost_per_contact:per_solved")
GROUPS: Final = ("retention_rate", "retention_rate:after_ticket", "retention_rate:without_ticket",
                 "retention_rate:satisfied", "retention_rate:dissatisfied")  # fmt: skip
# Each fact is asked on its own: a filter that one fact lacks leaves the others answered.
ASKS: Final = {
    "orders": Ask(ORDERS, compare=True),
    # Orders of an earlier period have had longer to be followed by another: a comparison would always look bad.
    "repeats": Ask(("repeat_purchase_rate",)),
    "visits": Ask(("conversion_rate",), compare=True),
    "contacts": Ask(("contact_conversion_rate",), compare=True),
    "costs": Ask(COSTS, compare=True),
    "share": Ask(("cost_per_contact:share_of_revenue",), compare=True),
    "groups": Ask(GROUPS, compare=True),
    "orders_course": Ask(("order_volume", "revenue"), by=(TIME,)),
    "orders_before": Ask(("order_volume", "revenue"), by=(TIME,), earlier=True),
    "visits_course": Ask(("conversion_rate",), by=(TIME,)),
    # A day off has costs and hardly a contact: weeks are the shortest that say something.
    "costs_course": Ask(("cost_per_contact",), by=("week",)),
    "costs_before": Ask(("cost_per_contact",), by=("week",), earlier=True),
    "costs_by_channel": Ask(("cost_per_contact",), by=("channel",), compare=True),
    "visits_by_channel": Ask(("conversion_rate",), by=("channel",), compare=True),
    "contacts_by_channel": Ask(("contact_conversion_rate",), by=("channel",)),
    "orders_by_month": Ask(
        ("retention_rate", "repeat_purchase_rate", "order_volume", "revenue"), by=("month",)
    ),
    "visits_by_month": Ask(("conversion_rate",), by=("month",)),
    "contacts_by_month": Ask(("contact_conversion_rate",), by=("month",)),
    "costs_by_month": Ask(COSTS, by=("month",)),
}
WHERE: Final = ("costs_by_channel", "visits_by_channel")
BY_CHANNEL: Final = (
    Column("costs_by_channel", "cost_per_contact", variant="default"),
    Column("contacts_by_channel", "contact_conversion_rate", sampled=True),
    Column("visits_by_channel", "conversion_rate", sampled=True),
)
BY_MONTH: Final = (
    *(
        Column("orders_by_month", kpi)
        for kpi in ("retention_rate", "repeat_purchase_rate", "order_volume", "revenue")
    ),
    Column("visits_by_month", "conversion_rate"),
    Column("contacts_by_month", "contact_conversion_rate"),
    *(Column("costs_by_month", "cost_per_contact", variant=one) for one in VARIANTS),
)


def compose(page: Page) -> View:
    """Loyalty, sales and costs as numbers; who comes back, the courses, then channels and months as tables."""
    made = [
        *(page.tile("orders", kpi, spark="orders_course") for kpi in ORDERS),
        page.tile("repeats", "repeat_purchase_rate"),
        page.tile("visits", "conversion_rate", spark="visits_course"),
        page.tile("contacts", "contact_conversion_rate"),
        *(page.tile("costs", "cost_per_contact", variant=one, spark="costs_course") for one in VARIANTS),
        page.tile("share", "cost_per_contact"),
    ]
    orders, costs = _no_orders(page), _no_costs(page)
    title = {
        "cost": page.say("Cost per contact by week"),
        "orders": page.say("Orders over time"),
        "costs_by_channel": page.say("Cost per contact by channel"),
    }
    figures = [
        groups(page),
        page.figure("cost", title["cost"], "costs_course", _cost, empty=costs),
        page.figure("orders", title["orders"], "orders_course", _orders, kpi="order_volume", empty=orders),
        page.figure(
            "costs_by_channel", title["costs_by_channel"], "costs_by_channel", plots.bars, empty=costs
        ),
        _table(page, "by_channel", page.say("By channel"), BY_CHANNEL, "channel"),
        _months(page),
    ]
    return View(sentence(page), [tile for tile in made if tile], figures, {"reasons": page.reasons()})


def _no_orders(page: Page) -> str:
    return page.say("No orders: load the shop's orders to see who comes back.")


def _no_costs(page: Page) -> str:
    return page.say("No costs: load hourly rates, channel fees or fixed costs (kind `cost`).")


def groups(page: Page) -> Figure:
    """Who comes back: all, with and without a ticket, satisfied and not, each with its interval."""
    title = page.say("Customers who bought again, by what they lived through")
    note = page.say("Who writes often buys often too: a gap between groups is no proof that care made it.")
    made = page.figure("groups", title, "groups", empty=_no_orders(page), note=note)
    result = page.result("groups")
    if made.empty or result is None:
        return made
    labels = {
        "default": page.say("all customers"),
        "after_ticket": page.say("with a ticket"),
        "without_ticket": page.say("without a ticket"),
        "satisfied": page.say("satisfied"),
        "dissatisfied": page.say("dissatisfied"),
    }
    rows = [(labels[cell.variant], cell) for cell in result]
    return Figure(made.name, title, made.table, dots(page, rows), note=note)


def _cost(page: Page, result: Result) -> Mapping[str, Any]:
    return plots.trend(page, result, earlier=page.earlier_of("costs_before"))


def _orders(page: Page, result: Result) -> Mapping[str, Any]:
    before = page.earlier_of("orders_before")
    return plots.trend(page, result, earlier=plots.only(before, "order_volume") if before else None)


def _table(page: Page, name: str, title: str, columns: Sequence[Column], split: str) -> Figure:
    """Several KPIs by one split; what to load where none has a value."""
    made = pivot(page, split, columns, order="name")
    return (
        Figure(name, title, made)
        if made.rows
        else page.nothing(name, title, page.missing(columns[0].ask, _no_orders(page)))
    )


def _months(page: Page) -> Figure:
    """The months beside each other, where the period has several."""
    made = _table(page, "by_month", page.say("By month"), BY_MONTH, "month")
    if len(made.table.rows) == 1:
        return page.nothing(
            made.name, made.title, page.say("Choose a longer period to see months beside each other.")
        )
    return made


def sentence(page: Page) -> Markup:
    """What moved beyond chance, else how things stand; and whether customers with a ticket come back as others do."""
    level = _level(page)
    if not level:
        load = page.html("Load orders and costs to see who comes back and what care costs.")
        return page.missing("orders", page.missing("costs", load))
    asks = ("orders", "visits", "contacts", "costs", "share")
    moved = moves.news(page, asks, cause.asides(page, WHERE))
    return moves.joined(moved or level, _gap(page))


def _level(page: Page) -> Markup:
    again, cost = page.cell("orders", "retention_rate"), page.cell("costs", "cost_per_contact", "default")
    said = []
    if again and again.value is not None:
        said.append(page.html("{share} of customers bought again.", share=page.value(again)))
    if cost and cost.value is not None:
        said.append(page.html("A contact cost {money}.", money=page.value(cost)))
    return Markup(" ").join(said)


def _gap(page: Page) -> Markup:
    """Whether a ticket parts those who come back from those who do not; only where their intervals do not touch."""
    cells = [page.cell("groups", "retention_rate", name) for name in ("after_ticket", "without_ticket")]
    known = [
        cell
        for cell in cells
        if cell and cell.value is not None and cell.low is not None and cell.high is not None
    ]
    if len(known) < len(cells):
        return Markup("")
    ticket, none = known
    shares = {"ticket": page.value(ticket), "none": page.value(none)}
    if (ticket.low or 0) > (none.high or 0):
        return page.html("Customers with a ticket came back more often, {ticket} against {none}.", **shares)
    if (ticket.high or 0) < (none.low or 0):
        return page.html("Customers with a ticket came back less often, {ticket} against {none}.", **shares)
    return page.html(
        "Customers with a ticket ({ticket}) and without ({none}) came back alike, as far as chance lets us see.",
        **shares,
    )


SCREEN = Screen("loyalty", "Loyalty and cost", 80, compose, ASKS)
