"""Plain DuckDB over a published set gives what `ask` gives: by period, by split, and by the metrics of the catalogue."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import duckdb
import pytest
import yaml

from polso.kpis.definition import Definition
from polso.publish.views import View, definitions, name_of
from publish.conftest import Shop, asked

PERIODS = {"2026-02": ("2026-02-01", "2026-03-01"), "all": ("1900-01-01", "2200-01-01")}
# A sum is exact. DuckDB's average of decimals may differ in its last bit, and its percentile between two of them
# is cut at their eighth place, a hundredth of a microsecond.
NEAR, CUT = 1e-14, 1.5e-8


@pytest.fixture(scope="module")
def reader(shop: Shop) -> Iterator[duckdb.DuckDBPyConnection]:
    with shop.reader() as connection:
        yield connection


def read(
    connection: duckdb.DuckDBPyConnection, what: str, view: str, period: str, by: str | None
) -> dict[Any, Any]:
    """A reading of a view by the values of a column, over local days."""
    since, until = PERIODS[period]
    split = f'"{by}"' if by else "NULL"
    return {
        key: values
        for key, *values in asked(
            connection,
            f"SELECT {split} AS key, {what}, count(*) FROM {view}"
            f" WHERE day >= DATE '{since}' AND day < DATE '{until}' {'GROUP BY 1' if by else ''}",
        )
    }


def cells(shop: Shop, d: Definition, period: str, by: str | None) -> dict[Any, tuple[float | None, int]]:
    found = shop.care.ask(f"{d.name}:{d.variant}", period=period, by=by or ())
    return {cell.keys.get(by) if by else None: (cell.value, cell.n) for cell in found}


def split_of(view: View) -> str | None:
    return next((name for name in ("channel", "team", "client") if name in view.splits), None)


def test_every_view_opens(shop: Shop, reader: duckdb.DuckDBPyConnection) -> None:
    told = {name for (name,) in asked(reader, "SELECT view_name FROM duckdb_views() WHERE NOT internal")}
    assert told == {*shop.made.facts, "slots", *(view.name for view in shop.made.views)}
    for view in shop.made.views:
        described = {row[0] for row in asked(reader, f"DESCRIBE {view.name}")}
        assert {"clock", "day", "value", *view.splits, *view.names} <= described
    for fact, rows in shop.made.facts.items():
        assert [(rows,)] == asked(reader, f"SELECT count(*) FROM {fact}")


def test_every_definition_has_its_view(shop: Shop) -> None:
    made = {view.name.removesuffix("__top").removesuffix("__bottom") for view in shop.made.views}
    assert {name_of(d) for d in definitions(shop.care.catalogue)} == made


@pytest.mark.parametrize("period", PERIODS)
def test_every_number_read_with_plain_duckdb(
    shop: Shop, reader: duckdb.DuckDBPyConnection, period: str
) -> None:
    kinds, compared = set(), 0
    for view in shop.made.views:
        d = view.definition
        if not view.reading or view.side:
            continue
        for by in dict.fromkeys((None, split_of(view))):
            expected = {key: cell for key, cell in cells(shop, d, period, by).items() if cell[1] or not by}
            found = read(reader, f"{view.reading}, sum(value)", view.name, period, by)
            assert {key: n for key, (_, n) in expected.items()} == {
                key: row[2] for key, row in found.items()
            }, view.name
            for key, (value, n) in expected.items():
                number, total, _ = found[key]
                kinds.add((d.kind, d.unit))
                compared += 1
                if d.kind == "count":
                    assert (value, n) == (int(total or 0), n), (view.name, key)
                elif value is None:
                    assert number is None, (view.name, key)
                else:
                    cut = CUT if view.reading.startswith("quantile") else 0
                    assert value == pytest.approx(float(number), rel=NEAR, abs=cut), (view.name, key)
                    if view.reading == "avg(value)":
                        assert value == float(Fraction(total) / n), (view.name, key)
    assert {kind for kind, _ in kinds} >= {"count", "sum", "share", "net_share", "mean", "duration"}
    assert ("sum", "money") in kinds
    assert compared > 300


@pytest.mark.parametrize("period", PERIODS)
def test_the_sides_of_every_ratio(shop: Shop, reader: duckdb.DuckDBPyConnection, period: str) -> None:
    ratios = [d for d in definitions(shop.care.catalogue) if d.kind == "ratio"]
    sides = {view.name: view for view in shop.made.views if view.side}
    assert len(ratios) > 3
    for d in ratios:
        ((value, n),) = cells(shop, d, period, None).values()
        top, bottom = (sides[f"{name_of(d)}__{side}"] for side in ("top", "bottom"))
        (above, below) = (
            read(reader, str(view.reading), view.name, period, None)[None][0] for view in (top, bottom)
        )
        assert n == (below or 0), d.label
        if value is not None:
            assert value == pytest.approx(float(Fraction(above or 0) / Fraction(below)), rel=NEAR), d.label


def test_a_stock_is_read_from_its_spells(shop: Shop, reader: duckdb.DuckDBPyConnection) -> None:
    cell = shop.care.ask("backlog", period="2026-02")
    instant = shop.care.period("2026-02").instants[1]
    (found,) = asked(
        reader,
        f"SELECT count(*) FROM kpi_backlog WHERE since < '{instant}' AND (until IS NULL OR until >= '{instant}')",
    )
    assert (cell.value,) == found


def test_bands_are_read_from_their_rows(shop: Shop, reader: duckdb.DuckDBPyConnection) -> None:
    cells = {cell.keys["band"]: cell.value for cell in shop.care.ask("first_response_bands")}
    ((early, none),) = asked(
        reader,
        "SELECT count(*) FILTER (value < 3600) / count(*), count(*) FILTER (value IS NULL) / count(*)"
        " FROM kpi_first_response_bands",
    )
    assert (cells["<1h"], cells["none"]) == (early, none)


# MetricFlow


@pytest.fixture(scope="module")
def catalogue(shop: Shop) -> dict[str, Any]:
    text = (shop.made.path / "catalogue.yml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_the_metrics_of_the_catalogue_give_the_same_numbers(
    shop: Shop, reader: duckdb.DuckDBPyConnection, catalogue: dict[str, Any]
) -> None:
    """Measures are run as MetricFlow would: an aggregate of an expression over the model's rows."""
    measures = {}
    for model in catalogue["semantic_models"]:
        view = model["model"].removeprefix("ref('").removesuffix("')")
        for measure in model["measures"]:
            measures[measure["name"]] = f"SELECT {aggregate(measure)} FROM {view}"
    metrics = {metric["name"]: metric for metric in catalogue["metrics"]}

    def value(name: str) -> float | None:
        params = metrics[name]["type_params"]
        if metrics[name]["type"] == "simple":
            ((found,),) = asked(reader, measures[params["measure"]["name"]])
            return None if found is None else float(found)
        above, below = (value(params[side]["name"]) for side in ("numerator", "denominator"))
        return (above or 0) / below if below else None

    wanted = {view.definition.label: view.definition for view in shop.made.views if view.reading}
    for d in wanted.values():
        name = d.name if d.variant == "default" else f"{d.name}_{d.variant}"
        expected, found = shop.care.ask(f"{d.name}:{d.variant}").value, value(name)
        near = found if found is None else pytest.approx(found, rel=NEAR, abs=CUT)
        assert expected == near or (expected == 0 and found is None), d.label


def aggregate(measure: dict[str, Any]) -> str:
    expr = measure["expr"]
    match measure["agg"]:
        case "count_distinct":
            return f"count(DISTINCT {expr})"
        case "average":
            return f"avg({expr})"
        case "median":
            return f"quantile_cont({expr}, 0.5)"
        case "percentile":
            return f"quantile_cont({expr}, {measure['agg_params']['percentile']})"
    return f"{measure['agg']}({expr})"
