"""The catalogue as MetricFlow YAML: a semantic model a view, and metrics over its measures.

Rule kept here: a metric stands only where MetricFlow's own aggregates over a view's rows give Polso's number;
everything else is named at the end of the text, with the reason.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from polso.kpis.definition import Definition
from polso.kpis.kinds import FRACTION
from polso.publish.views import DAY, VALUE, View

HEAD: Final = """\
# Polso's catalogue for MetricFlow (dbt): every view of views.sql that holds a number is a semantic model here.
# In dbt each needs a model of the view's name, `select * from kpi_...`, and MetricFlow a time spine of days.
"""
# What rows of every kind may share, and so metrics of several models can be split by together.
SHARED: Final = ("client", "channel", "team", "agent", "priority", "issue_type")
# `day` itself is a word of MetricFlow's own.
TIME: Final = "local_day"
REASONS: Final = {
    "stock": "a stock is read at an instant: rows with since < t and (until is null or until >= t)",
    "stock_by_age": "a stock is read at an instant, and its ages with it: rows with since < t and (until is null or until >= t)",
    "roll_forward": "it goes from a stock to the next by how spells begin and end (the fact backlog: began_as, ended_as)",
    "spread": "stretches of time are cut at the edges of what they are split by: time in_part over time in_whole",
    "cohort_pair": "it compares the people of one window with those of the next",
    "cost": "costs are shared out by handling time and dated rates; the view holds the rows they are shared over",
    "survival": "the median counts rows still open as such (Kaplan-Meier); the view holds since and until",
    "bands": "each band is a share of its own: rows with value in [a, b) over all rows",
    "peak": "it is the busiest of many counts: group the rows by hour or day and take the greatest",
}


def metricflow(made: Sequence[View]) -> str:
    """The text of the catalogue; names are unique, without double underscores, as MetricFlow asks."""
    told = [view for view in made if view.reading]
    models = [_model(view) for view in told]
    metrics = [metric for view in told for metric in _metrics(view)]
    metrics += [_ratio(view.definition) for view in told if view.side == "top"]
    untold = [view for view in made if not view.reading]
    reasons = [f"# {view.name}: {REASONS[view.definition.kind]}" for view in untold]
    return "\n".join(
        (
            HEAD,
            *_yaml({"semantic_models": models, "metrics": metrics}),
            "",
            "# No metrics, and why:",
            *reasons,
            "",
        )
    )


def metric_of(definition: Definition) -> str:
    """The name of a definition's metric."""
    return definition.name if definition.variant == "default" else f"{definition.name}_{definition.variant}"


def _named(view: View) -> str:
    return metric_of(view.definition) + (f"_{view.side}" if view.side else "")


def _model(view: View) -> dict[str, Any]:
    """A view as a semantic model; its rows have no key of their own, so its first entity is the row."""
    day = {"name": TIME, "type": "time", "expr": DAY, "type_params": {"time_granularity": "day"}}
    splits = [name for name in view.splits if name not in SHARED]
    known = {name: name for name in SHARED if name in view.splits} | _known(view)
    return {
        "name": f"kpi_{_named(view)}",
        "description": _meaning(view.definition),
        "model": f"ref('{view.name}')",
        "defaults": {"agg_time_dimension": TIME},
        "primary_entity": f"{_named(view)}_row",
        "entities": [{"name": name, "type": "foreign", "expr": expr} for name, expr in known.items()],
        "dimensions": [day, *({"name": _dimension(n), "type": "categorical", "expr": n} for n in splits)],
        "measures": _measures(view),
    }


def _known(view: View) -> dict[str, str]:
    """The tickets and customers of a view's rows."""
    keys = {"ticket": ("source", "ticket_id"), "customer": ("customer_id",)}
    return {
        name: " || '/' || ".join(key) for name, key in keys.items() if {*key} <= {*view.names, *view.splits}
    }


def _dimension(name: str) -> str:
    """A column as MetricFlow can name it."""
    return "_".join(part for part in name.split("_") if part)


def _measures(view: View) -> list[dict[str, Any]]:
    name, d = _named(view), view.definition
    rows = {"name": f"{name}_rows", "agg": "sum", "expr": "1"}
    if view.reading and view.reading.startswith("count(DISTINCT"):
        return [{"name": f"{name}_value", "agg": "count_distinct", "expr": VALUE}]
    if view.side or d.kind in ("count", "sum", "share"):
        return [{"name": f"{name}_value", "agg": "sum", "expr": VALUE}, *([rows] if not view.side else [])]
    return [{"name": f"{name}_value", **_average(d), "expr": VALUE}, rows]


def _average(d: Definition) -> dict[str, Any]:
    if d.kind == "net_share" or d.stat == "mean":
        return {"agg": "average"}
    if d.stat == "median":
        return {"agg": "median"}
    return {
        "agg": "percentile",
        "agg_params": {"percentile": FRACTION[d.stat], "use_discrete_percentile": False},
    }


def _metrics(view: View) -> Iterable[dict[str, Any]]:
    """The number, and beside it how many rows it was made of."""
    name, d = _named(view), view.definition
    if view.side:
        return [_simple(name, f"{_title(d)}, {view.side}", _meaning(d), f"{name}_value")]
    rows = _simple(f"{name}_n", f"{_title(d)}, n", "How many rows the number is made of.", f"{name}_rows")
    if d.kind != "share":
        return [_simple(name, _title(d), _meaning(d), f"{name}_value"), rows]
    part = _simple(f"{name}_part", f"{_title(d)}, part", "How many rows meet it.", f"{name}_value")
    return [part, rows, _over(d, f"{name}_part", f"{name}_n")]


def _ratio(d: Definition) -> dict[str, Any]:
    return _over(d, f"{metric_of(d)}_top", f"{metric_of(d)}_bottom")


def _over(d: Definition, top: str, bottom: str) -> dict[str, Any]:
    return {
        "name": metric_of(d), "label": _title(d), "description": _meaning(d), "type": "ratio",
        "type_params": {"numerator": {"name": top}, "denominator": {"name": bottom}},
    }  # fmt: skip


def _simple(name: str, label: str, description: str, measure: str) -> dict[str, Any]:
    return {
        "name": name, "label": label, "description": description, "type": "simple",
        "type_params": {"measure": {"name": measure}},
    }  # fmt: skip


def _title(d: Definition) -> str:
    return d.title.en if d.variant == "default" else f"{d.title.en} ({d.variant})"


def _meaning(d: Definition) -> str:
    return f"{d.meaning.en} Version {d.version}."


def _yaml(value: Any, depth: int = 0) -> list[str]:
    """Mappings, lists and plain values as block YAML; every text is quoted as JSON quotes it, which YAML reads."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        lines = []
        for name, inner in value.items():
            nested = isinstance(inner, Mapping | list)
            lines += (
                [f"{pad}{name}:", *_yaml(inner, depth + 1)] if nested else [f"{pad}{name}: {_plain(inner)}"]
            )
        return lines
    items = []
    for inner in value:
        first, *rest = _yaml(inner, depth + 1)
        items += [f"{pad}- {first.lstrip()}", *rest]
    return items


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
