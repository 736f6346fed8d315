"""What stands beside a published set: how to read it, and which KPIs no aggregate of rows gives."""

# ruff: noqa: E501 - paragraphs of a text file

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from polso.care import Care
from polso.publish.metricflow import REASONS
from polso.publish.views import View

TEXT: Final = """\
# Published by Polso: set {number}

Data of **{project}**, up to {as_of} UTC. Days are those of {zone}.

- `*.parquet`: one file a fact, and `slots.parquet`, the local day, week, month and hour of every quarter of an hour (UTC).
- `views.sql`: for DuckDB, a view a fact and a view a KPI: `kpi_<name>`, `kpi_<name>__<variant>`, and `__top` and `__bottom` for the sides of a ratio.
- `catalogue.yml`: the KPIs for MetricFlow (dbt).

```sql
-- DuckDB, started in the folder that holds `current`
.read current/views.sql
SELECT channel, avg(value) AS seconds, count(*) AS n FROM kpi_first_response_time
WHERE day >= DATE '2026-03-01' AND day < DATE '2026-04-01' GROUP BY channel;
```

`clock` is the instant (UTC) that places a row in a period, `day` its local day, `value` seconds, an amount of money, 0 or 1
for a share, or 1 for a count. Thresholds are at their defaults, and rows too young to be judged are left out, as of the instant above.

## How each view is read

| view | number | rows of |
|---|---|---|
{readings}

## Not a plain aggregate

No single aggregate over rows gives these; the views hold the rows all the same.

| view | why |
|---|---|
{reasons}
"""


def guide(care: Care, number: int, made: Sequence[View]) -> str:
    """The README of a set."""
    readings = [f"| `{view.name}` | `{view.reading}` | {view.fact} |" for view in made if view.reading]
    reasons = [f"| `{view.name}` | {REASONS[view.definition.kind]} |" for view in made if not view.reading]
    return TEXT.format(
        number=number, project=care.config.project.name, zone=care.config.project.zone,
        as_of=f"{care.store.as_of:%Y-%m-%d %H:%M:%S}", readings="\n".join(readings), reasons="\n".join(reasons),
    )  # fmt: skip
