"""What shop exports become: one event an order however many lines it takes, refunds, visits."""

import json
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from polso.config import parse
from polso.engine import DuckDB
from polso.errors import SourceError
from polso.sources.load import Loaded, load


def read(engine: DuckDB, folder: Path, text: str, options: str = "", name: str = "orders.csv") -> Loaded:
    (folder / name).write_text(text, encoding="utf-8")
    config = parse(f'[[source]]\nname = "shop"\nkind = "shop"\nfiles = "{name}"\n{options}')
    return load(engine, config, folder)[0]


def said(engine: DuckDB, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return engine.run(f"SELECT {columns} FROM events WHERE {where} ORDER BY occurred_at, seq, event_id")


HEAD = (
    "Name,Email,Financial Status,Currency,Total,Created at,Lineitem name,Cancelled at,Refunded Amount,"
    "Source\n"
)
SHOPIFY = (
    HEAD
    + "#1,a@x.it,paid,EUR,34.98,2024-05-01 10:00:00 +0200,Tee,,0.00,web\n"
    + "#1,,,,,,Mug,,,\n"
    + "#2,b@x.it,partially_refunded,EUR,50.00,2024-05-02 10:00:00 +0200,Tee,,12.50,pos\n"
    + "#3,c@x.it,refunded,EUR,20.00,2024-05-03 10:00:00 +0200,Tee,2024-05-04 09:00:00 +0200,,web\n"
    + "#4,d@x.it,voided,EUR,10.00,2024-05-03 11:00:00 +0200,Tee,,,web\n"
    + "#5,,paid,EUR,10.00,2024-05-03 12:00:00 +0200,Tee,,,pos\n"
    + "#6,f@x.it,paid,EUR,ten,2024-05-03 13:00:00 +0200,Tee,,,web\n"
)


def test_orders_lines_and_refunds(tmp_path: Path) -> None:
    engine = DuckDB()
    loaded = read(engine, tmp_path, SHOPIFY)
    assert (7, 3, 2, 2) == (loaded.rows, loaded.used, loaded.skipped, loaded.rejected)
    assert "1 refunds have no date" in loaded.warnings[-1]
    columns = "event_id, occurred_at, kind, customer_id, subject_id, amount, currency, channel, attribute"
    assert [
        (
            "#1/ordered",
            datetime(2024, 5, 1, 8),
            "ordered",
            "a@x.it",
            "#1",
            Decimal("34.98"),
            "EUR",
            "web",
            None,
        ),
        ("#2/ordered", datetime(2024, 5, 2, 8), "ordered", "b@x.it", "#2", Decimal(50), "EUR", "store", None),
        (
            "#2/refunded",
            datetime(2024, 5, 2, 8),
            "refunded",
            "b@x.it",
            "#2",
            Decimal("12.5"),
            "EUR",
            "store",
            "inferred",
        ),
        ("#3/ordered", datetime(2024, 5, 3, 8), "ordered", "c@x.it", "#3", Decimal(20), "EUR", "web", None),
        ("#3/refunded", datetime(2024, 5, 4, 7), "refunded", "c@x.it", "#3", Decimal(20), "EUR", "web", None),
    ] == said(engine, columns)
    assert [
        (7, "ordered without customer_id"),
        (8, "the amount 'ten' is no number as the file should write them"),
    ] == engine.run("SELECT line, reason FROM rejections ORDER BY line")


def test_reading_again_and_in_another_order_changes_nothing(tmp_path: Path) -> None:
    engine = DuckDB()
    first = read(engine, tmp_path, SHOPIFY)
    before = said(engine, "*")
    rows = SHOPIFY.removeprefix(HEAD).splitlines(keepends=True)
    orders = [rows[0] + rows[1], *rows[2:]]
    again = read(engine, tmp_path, HEAD + "".join(reversed(orders)), name="again.csv")
    assert before == said(engine, "*")
    assert (0, first.new, 0) == (again.new, again.repeated, again.conflicting)
    assert (first.used, first.skipped, first.rejected) == (again.used, again.skipped, again.rejected)


@pytest.mark.parametrize("order", [("12.50", "20.00"), ("20.00", "12.50")])
def test_a_larger_refund_replaces_the_smaller_whichever_is_loaded_last(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    engine = DuckDB()
    for place, amount in enumerate(order):
        row = f"#2,b@x.it,partially_refunded,EUR,50.00,2024-05-02 10:00:00 +0200,Tee,,{amount},pos\n"
        read(engine, tmp_path, HEAD + row, name=f"orders{place}.csv")
    assert [(Decimal(20),)] == said(engine, "amount", "kind = 'refunded'")


def test_an_export_with_every_line_in_full_counts_an_order_once(tmp_path: Path) -> None:
    text = "order_id;email;date;total;item\n1;a@x.it;01/05/2024 10:00;1.234,50;tee\n"
    text += "1;a@x.it;01/05/2024 10:00;1.234,50;mug\n"
    text += "2;b@x.it;31/05/2024 10:00;8,00;mug\n"
    engine = DuckDB()
    options = 'delimiter = ";"\ndecimal = ","\nthousands = "."\nzone = "Europe/Rome"\ncurrency_code = "EUR"'
    loaded = read(engine, tmp_path, text, options)
    assert (3, 3, 2, 1) == (loaded.rows, loaded.used, loaded.new, loaded.repeated)
    assert [
        ("1", datetime(2024, 5, 1, 8), Decimal("1234.5"), "EUR"),
        ("2", datetime(2024, 5, 31, 8), Decimal(8), "EUR"),
    ] == (said(engine, "subject_id, occurred_at, amount, currency"))


def test_visits_bots_and_who_the_visitor_is(tmp_path: Path) -> None:
    engine = DuckDB()
    loaded = read(
        engine,
        tmp_path,
        "session_id,visitor_id,customer_id,started_at,bot,channel,order_id,Name\n"
        "s1,v1,c1,2024-05-01T10:00:00Z,no,self_service,#1,Ann\n"
        "s2,v2,,2024-05-01T11:00:00Z,true,google,,\n,v3,,2024-05-01T11:30:00Z,,,,\ns4,v4,,soon,,,,\n",
        'rows = "visits"\ninstant_format = "iso"',
    )
    assert (4, 2, 2) == (loaded.rows, loaded.used, loaded.rejected)
    assert [
        ("visited", "s1", "c1", "v1", "self_service", None, "#1"),
        ("identified", "v1", "c1", "v1", None, None, None),
        ("visited", "s2", None, "v2", "web", "bot", None),
    ] == said(engine, "kind, subject_id, customer_id, actor_id, channel, value, attribute")
    assert [
        (4, "a visit without a session"),
        (5, "column 'started_at': 'soon' is no instant in the format said"),
    ] == (engine.run("SELECT line, reason FROM rejections ORDER BY line"))


def test_real_exports(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/payloads"
    for file, expected in (
        ("shopify/orders_export.csv", [("#1001", datetime(2024, 5, 1, 9, 58, 12), Decimal("34.98"), "USD")]),
        (
            "shopify/orders_export_short_columns.csv",
            [
                ("#AA10412", datetime(2026, 3, 12, 9, 14, 2), Decimal(540), "GBP"),
                ("#AA10413", datetime(2026, 3, 12, 9, 21, 44), Decimal(380), "GBP"),
                ("#AA10415", datetime(2026, 3, 12, 9, 40, 11), Decimal(380), "GBP"),
            ],
        ),
    ):
        engine = DuckDB()
        loaded = load(
            engine, parse(f'[[source]]\nname = "s"\nkind = "shop"\nfiles = "{folder / file}"'), folder
        )[0]
        assert (0, loaded.rows) == (loaded.rejected, loaded.used + loaded.skipped)
        assert expected == said(engine, "subject_id, occurred_at, amount, currency")
    bodies = [
        json.loads(line)["body"]
        for line in (folder / "woocommerce/orders.docs.jsonl").read_text().splitlines()
    ]
    orders = [
        order
        for body in bodies
        for order in (body if isinstance(body, list) else [body])
        if "number" in order
    ]
    engine = DuckDB()
    loaded = read(
        engine,
        tmp_path,
        "".join(json.dumps(order) + "\n" for order in orders),
        'order = "number"\ncustomer = "billing.email"\nordered_at = "date_created_gmt"\namount = "total"\n'
        'currency = "currency"\nstatus = "status"\nzone = "UTC"',
        "woo.jsonl",
    )
    assert (len(orders), 2) == (loaded.used, loaded.new)
    assert [("723", Decimal(39)), ("727", Decimal("29.35"))] == said(engine, "subject_id, amount")


def test_a_file_without_the_columns_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no column for `amount`"):
        read(DuckDB(), tmp_path, "order_id,email,date\n1,a,2024-05-01\n")
    with pytest.raises(SourceError, match="did you mean 'Total'"):
        read(DuckDB(), tmp_path, SHOPIFY, 'amount = "Totale"')
