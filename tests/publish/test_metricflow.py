"""The catalogue keeps to MetricFlow's documented keys: names, types, references, nothing else."""

import re
from collections import Counter
from typing import Any

import jsonschema
import pytest
import yaml

from publish.conftest import Shop, asked

NAME = {"type": "string", "pattern": r"^(?!.*__)[a-z][a-z0-9_]*[a-z0-9]$"}
TEXT = {"type": "string", "minLength": 1}
RESERVED = {
    "nanosecond",
    "microsecond",
    "millisecond",
    "second",
    "minute",
    "hour",
    "day",
    "week",
    "month",
    "quarter",
    "year",
}


def keys(required: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": {**required, **more},
    }


def many(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


# From docs.getdbt.com: semantic models, entities, dimensions, measures, simple and ratio metrics.
ENTITY = keys({"name": NAME, "type": {"enum": ["primary", "unique", "foreign", "natural"]}}, expr=TEXT)
DIMENSION = {
    "oneOf": [
        keys({"name": NAME, "type": {"const": "categorical"}}, expr=TEXT),
        keys(
            {
                "name": NAME,
                "type": {"const": "time"},
                "type_params": keys(
                    {"time_granularity": {"enum": ["day", "week", "month", "quarter", "year"]}}
                ),
            },
            expr=TEXT,
        ),
    ]
}
PERCENTILE = keys({"percentile": {"type": "number"}}, use_discrete_percentile={"type": "boolean"})
AGGREGATES = [
    "sum",
    "min",
    "max",
    "average",
    "count_distinct",
    "median",
    "sum_boolean",
    "percentile",
    "count",
]
MEASURE = keys({"name": NAME, "agg": {"enum": AGGREGATES}}, expr=TEXT, agg_params=PERCENTILE)
MODEL = keys(
    {
        "name": NAME,
        "model": {"type": "string", "pattern": r"^ref\('\w+'\)$"},
        "defaults": keys({"agg_time_dimension": NAME}),
        "primary_entity": NAME,
        "dimensions": many(DIMENSION),
        "measures": many(MEASURE),
    },
    description=TEXT,
    entities=many(ENTITY),
)
REFERENCE = keys({"name": NAME})
METRIC = {
    "oneOf": [
        keys(
            {
                "name": NAME,
                "label": TEXT,
                "type": {"const": "simple"},
                "type_params": keys({"measure": REFERENCE}),
            },
            description=TEXT,
        ),
        keys(
            {
                "name": NAME,
                "label": TEXT,
                "type": {"const": "ratio"},
                "type_params": keys({"numerator": REFERENCE, "denominator": REFERENCE}),
            },
            description=TEXT,
        ),
    ]
}
SCHEMA = keys({"semantic_models": many(MODEL), "metrics": many(METRIC)})


@pytest.fixture(scope="module")
def text(shop: Shop) -> str:
    return (shop.made.path / "catalogue.yml").read_text("utf-8")


@pytest.fixture(scope="module")
def catalogue(text: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text)
    return found


def test_only_documented_keys(catalogue: dict[str, Any]) -> None:
    jsonschema.validate(catalogue, SCHEMA)
    broken = {**catalogue, "metrics": [{**catalogue["metrics"][0], "formula": "1"}]}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, SCHEMA)


def test_names_are_unique_and_not_reserved(catalogue: dict[str, Any]) -> None:
    models, metrics = catalogue["semantic_models"], catalogue["metrics"]
    for names in (
        [model["name"] for model in models],
        [model["primary_entity"] for model in models],
        [measure["name"] for model in models for measure in model["measures"]],
        [metric["name"] for metric in metrics],
    ):
        assert [] == [name for name, n in Counter(names).items() if n > 1]
    for model in models:
        parts = (*model["dimensions"], *model["entities"], *model["measures"])
        named = [part["name"] for part in parts]
        assert len(named) == len(set(named)), model["name"]
        assert not RESERVED & set(named)
        assert model["defaults"]["agg_time_dimension"] in named


def test_what_is_referred_to_is_there(shop: Shop, catalogue: dict[str, Any]) -> None:
    measures = {measure["name"] for model in catalogue["semantic_models"] for measure in model["measures"]}
    metrics = {metric["name"] for metric in catalogue["metrics"]}
    for metric in catalogue["metrics"]:
        named = {key: part["name"] for key, part in metric["type_params"].items()}
        assert {*named.values()} <= (measures if metric["type"] == "simple" else metrics)
    with shop.reader() as reader:
        for model in catalogue["semantic_models"]:
            parts = [*model["dimensions"], *model["entities"], *model["measures"]]
            columns = ", ".join(part["expr"] for part in parts)
            view = re.sub(r"ref\('(\w+)'\)", r"\1", model["model"])
            asked(reader, f"SELECT {columns} FROM {view} LIMIT 0")


def test_what_is_no_metric_is_listed_with_its_reason(shop: Shop, text: str) -> None:
    guide = (shop.made.path / "README.md").read_text("utf-8")
    untold = [view.name for view in shop.made.views if not view.reading]
    assert {"kpi_backlog", "kpi_occupancy", "kpi_retention_rate", "kpi_cost_per_contact"} <= set(untold)
    for name in untold:
        assert re.search(rf"^# {name}: \w", text, re.MULTILINE), name
        assert f"| `{name}` | " in guide.partition("## Not a plain aggregate")[2], name
