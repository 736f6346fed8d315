"""A shop's exports: orders (Shopify, WooCommerce and their like) and visits to it.

Rule kept here: an order is one event however many lines it takes; what is no order yet, or no more,
    is skipped by
name of its status.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, cast

from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources.lines import Rule, event_rows, explained, listed, quote, renamed, staged
from polso.sources.sheet import Names, Sheet, SheetOptions
from polso.sources.source import Options, Origin, Reading, Source

ORDER_ROLES: Final = (
    "order", "customer", "ordered_at", "amount", "currency", "status", "refunded", "refunded_at",
    "cancelled_at", "channel",
    "session",
)  # fmt: skip
VISIT_ROLES: Final = ("session", "visitor", "customer", "visited_at", "bot", "channel", "converted")
TRUE: Final = ("1", "true", "yes", "y", "t", "bot", "sì", "si", "vero")
CHANNELS: Final = {"pos": "store", "point of sale": "store", "online store": "web", "online_store": "web"}


class ShopOptions(SheetOptions):
    """[[source]] kind = "shop"."""

    rows: Literal["orders", "visits"] = "orders"
    not_orders: tuple[str, ...] = (
        "voided", "failed", "cancelled", "canceled", "trash", "checkout-draft", "auto-draft", "draft",
        "expired",
    )  # fmt: skip
    currency_code: str | None = None
    channels: Mapping[str, str] = {}
    order: Names = ("Name", "order_id", "Order ID", "Order Number", "order_number", "number")
    customer: Names = ("Email", "customer_id", "Customer ID", "Billing Email", "billing_email", "email")
    ordered_at: Names = ("Created at", "ordered_at", "Order Date", "order_date", "date_created", "date")
    amount: Names = (
        "Total",
        "amount",
        "Order Total",
        "Order Total Amount",
        "order_total",
        "total",
        "Subtotal",
    )
    currency: Names = ("Currency", "Order Currency", "order_currency")
    status: Names = ("Financial Status", "status", "Order Status", "order_status")
    refunded: Names = ("Refunded Amount", "refunded", "Order Refund Amount", "refund_total")
    refunded_at: Names = ("refunded_at",)
    cancelled_at: Names = ("Cancelled at", "cancelled_at")
    channel: Names = ("Source", "channel", "source")
    session: Names = ("session_id", "session")
    visitor: Names = ("visitor_id", "visitor")
    visited_at: Names = ("visited_at", "started_at", "date")
    bot: Names = ("bot", "is_bot")
    converted: Names = ("order_id", "Order ID", "transaction_id")


class ShopSource(Source):
    """A table with one row an order (or an order's line), or one row a visit."""

    options: type[Options] = ShopOptions

    def read(self, engine: DuckDB, path: Path, options: Options, origin: Origin) -> Reading:
        """Find the columns and say the orders and refunds, or the visits."""
        options = cast(ShopOptions, options)
        with explained(path):
            return self._read(engine, path, options, origin)

    def _read(self, engine: DuckDB, path: Path, options: ShopOptions, origin: Origin) -> Reading:
        if options.rows == "visits":
            return _read_visits(engine, path, options, origin)
        sheet = Sheet(engine, path, options, origin, ORDER_ROLES)
        _needs(path, sheet, "order", "customer", "ordered_at", "amount")
        rows = sheet.staged(engine, "shop_rows", _order_columns(sheet, options))
        engine.run(f"CREATE OR REPLACE TEMP TABLE shop_orders AS {_orders(rows, options)}")
        events = event_rows("shop_orders", origin, ORDER, ORDER_RULES)
        engine.run(f"CREATE OR REPLACE TEMP TABLE shop_events AS {events}")
        ((skipped, undated),) = engine.run(
            "SELECT count(*) FILTER (NOT counts),"
            " count(*) FILTER (counts AND refunds AND refund_dated IS NULL) FROM shop_orders"
        )
        warnings = [*sheet.warnings]
        if sheet.found["amount"].casefold() == "subtotal":
            warnings.append(
                f"{path.name}: no column of totals; the amounts are subtotals, without shipping and taxes"
            )
        if undated:
            warnings.append(
                f"{path.name}: {undated} refunds have no date in the file; they were placed at their order's"
            )
        return Reading(
            staged(engine, "shop_events"), sheet.raw.rows, int(skipped), sheet.raw.rejected, tuple(warnings)
        )


def _needs(path: Path, sheet: Sheet, *roles: str) -> None:
    for role in roles:
        if role not in sheet.found:
            raise SourceError(
                f'{path.name}: no column for `{role}`; name it in the [[source]], as in {role} = "..."'
            )


def _order_columns(sheet: Sheet, options: ShopOptions) -> dict[str, str]:
    columns = {role: sheet.text(role) for role in ("customer", "session")}
    ordered = sheet.instant("ordered_at", "ordered")
    given_back, cancelled = (sheet.instant(role, role).value for role in ("refunded_at", "cancelled_at"))
    channel = f"lower({sheet.text('channel')})"
    return {
        **columns, "order_id": sheet.text("order"), "status": f"lower({sheet.text('status')})",
        "amount": sheet.number("amount"), "amount_text": sheet.text("amount"),
        "refunded": sheet.number("refunded"),
        "ordered": ordered.value, "ordered_text": sheet.text("ordered_at"),
        "ordered_problem": str(ordered.problem),
        "refund_dated": f"coalesce({given_back}, {cancelled})",
        "currency": f"coalesce(upper({sheet.text('currency')}), {quote(options.currency_code)})",
        "channel": renamed(channel, {**CHANNELS, **options.channels}),
    }  # fmt: skip


def _orders(rows: str, options: ShopOptions) -> str:
    """SQL of one row a line: whether it is an order, and what is refunded of it."""
    nones = listed(name.lower() for name in options.not_orders)
    return f"""
        WITH read AS (
            SELECT *, regexp_replace(status, '^wc-', '') AS state, amount_text IS NULL
                AND order_id IS NOT NULL
                AND count(amount_text) OVER (PARTITION BY order_id ORDER BY row) > 0 AS continues
            FROM {rows})
        SELECT *, NOT continues AND NOT coalesce(state IN ({nones}), false) AS counts,
            coalesce(refunded > 0 OR state IN ('refunded', 'partially_refunded'), false) AS refunds,
            CASE WHEN refunded > 0 THEN refunded WHEN state = 'refunded' THEN amount END AS given_back,
            CASE WHEN order_id IS NULL THEN 'an order without an id'
                WHEN ordered IS NULL THEN coalesce(ordered_problem, 'no instant')
                WHEN amount IS NULL THEN CASE WHEN amount_text IS NULL THEN 'an order without an amount'
                    ELSE 'the amount ''' || left(amount_text,
                        50) || ''' is no number as the file should write them' END
                WHEN amount < 0 THEN 'a negative amount: ' || amount END AS problem
        FROM read"""


ORDER: Final = {
    "customer_id": "customer", "subject_id": "order_id", "currency": "currency",
    "channel": "coalesce(channel, 'web')",
}  # fmt: skip
ORDER_RULES: Final[tuple[Rule, ...]] = (
    ("counts", {
        "kind": "'ordered'", "event_id": "order_id || '/ordered'", "occurred_at": "ordered",
        "amount": "amount",
        "value": "session", "actor_kind": "'customer'", "actor_id": "customer",
    }),
    ("counts AND refunds", {
        "kind": "'refunded'", "event_id": "order_id || '/refunded'",
        "occurred_at": "coalesce(refund_dated, ordered)",
        # Exports give what was refunded so far: of two readings the larger one is the newer.
        "recorded_at": "coalesce(refund_dated, ordered)"
                       " + to_milliseconds((coalesce(given_back, 0) * 100)::BIGINT)",
        "amount": "given_back", "attribute": "CASE WHEN refund_dated IS NULL THEN 'inferred' END", "seq": "1",
        "actor_kind": "'system'",
    }),
)  # fmt: skip


def _read_visits(engine: DuckDB, path: Path, options: ShopOptions, origin: Origin) -> Reading:
    sheet = Sheet(engine, path, options, origin, VISIT_ROLES)
    _needs(path, sheet, "session", "visited_at")
    visited = sheet.instant("visited_at", "visited")
    columns = {role: sheet.text(role) for role in ("session", "visitor", "customer")}
    channel = renamed(f"lower({sheet.text('channel')})", {**CHANNELS, **options.channels})
    sheet.staged(engine, "shop_visits", {
        **columns, "bot": f"coalesce(lower({sheet.text('bot')}) IN ({listed(TRUE)}), false)",
        "order_id": sheet.text("converted"),
        "channel": channel, "visited": visited.value,
        "problem": f"coalesce({visited.problem}, CASE WHEN {sheet.text('session')} IS NULL"
                   " THEN 'a visit without a session' END)",
    })  # fmt: skip
    events = event_rows("shop_visits", origin, VISIT, VISIT_RULES)
    engine.run(f"CREATE OR REPLACE TEMP TABLE shop_events AS {events}")
    return Reading(staged(engine, "shop_events"), sheet.raw.rows, 0, sheet.raw.rejected, sheet.warnings)


VISIT: Final = {
    "customer_id": "customer",
    "occurred_at": "visited",
    "actor_kind": "'customer'",
    "actor_id": "visitor",
}
VISIT_RULES: Final[tuple[Rule, ...]] = (
    ("true", {
        "kind": "'visited'", "event_id": "session || '/visited'", "subject_id": "session",
        "attribute": "order_id",
        "channel": "CASE WHEN channel IN ('self_service', 'store', 'web') THEN channel ELSE 'web' END",
        "value": "CASE WHEN bot THEN 'bot' END",
    }),
    ("visitor IS NOT NULL AND customer IS NOT NULL AND visitor <> customer AND NOT bot", {
        "kind": "'identified'", "event_id": "concat_ws('/', session, 'identified', visitor, customer)",
        "subject_id": "visitor",
        "seq": "1",
    }),
)  # fmt: skip
