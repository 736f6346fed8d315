import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polso import open as open_project
from polso.care import Care
from polso.faces.charts import ACCENT, chart
from polso.faces.words import Words


@pytest.fixture
def care(care_folder: Path) -> Iterator[Care]:
    with open_project(care_folder) as opened:
        yield opened


QUESTIONS: dict[str, dict[str, Any]] = {
    "one": {},
    "day": {"by": "day"},
    "hour": {"by": "hour", "period": "last 2 days"},
    "week and channel": {"by": ["week", "channel"]},
    "month, channel and team": {"by": ["month", "channel", "team"]},
    "channel": {"by": "channel"},
    "channel and team": {"by": ["channel", "team"]},
    "weekday": {"by": "weekday"},
    "heat": {"by": ["weekday", "hour_of_day"]},
    "empty": {"by": "channel", "period": "1999"},
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_specs_are_json_and_hold_to_the_schema(care: Care, question: dict[str, Any]) -> None:
    altair = pytest.importorskip("altair", reason="altair ships the schema of Vega-Lite")
    spec = care.ask("first_response_time", **question).chart()
    json.dumps(spec, allow_nan=False)
    altair.Chart.from_dict(spec, validate=True)


def test_time_is_a_line_with_its_band(care: Care) -> None:
    spec = care.ask("first_response_time", by="week").chart()
    assert ["area", "line"] == [layer["mark"]["type"] for layer in spec["layer"]]
    assert ACCENT == spec["layer"][1]["mark"]["color"]
    assert "utc" == spec["encoding"]["x"]["scale"]["type"]


def test_no_rows_are_a_gap_but_for_counts_they_are_0(care: Care) -> None:
    where = {"ticket_id": ["T0", "T6"]}
    mean = care.ask("first_response_time", by="day", period="2026-03-02..2026-03-06", where=where).chart()
    assert [False, True, True, False] == [v["value"] is None for v in mean["data"]["values"]]
    count = care.ask(
        "ticket_volume", by=["day", "channel"], period="2026-03-02..2026-03-06", where=where
    ).chart()
    assert [1, 0, 0, 1] == [v["value"] for v in count["data"]["values"]]


def test_dimensions_are_bars_with_interval_and_label(care: Care) -> None:
    spec = care.ask("first_response_time", by="channel").chart()
    assert ["bar", "rule", "text"] == [layer["mark"]["type"] for layer in spec["layer"]]
    assert {"chat", "email"} == {value["channel_label"] for value in spec["data"]["values"]}


def test_the_week_is_a_heat_map(care: Care) -> None:
    spec = care.ask("ticket_volume", by=["weekday", "hour_of_day"]).chart()
    assert ["rect", "text"] == [layer["mark"]["type"] for layer in spec["layer"]]
    assert "hour_of_day_label" == spec["encoding"]["x"]["field"]
    assert spec["layer"][0]["encoding"]["fillOpacity"]["legend"] is None


def test_no_chart_needs_a_legend(care: Care) -> None:
    text = json.dumps(care.ask("ticket_volume", by=["week", "channel"]).chart())
    assert '"legend": null' in text
    assert '"legend": {' not in text


def test_several_kpis_stand_under_each_other(care: Care) -> None:
    spec = care.ask("ticket_volume", "first_response_time", by="week").chart()
    assert 2 == len(spec["vconcat"])


def test_charts_speak_italian(care: Care) -> None:
    spec = chart(care.ask("first_response_time", by="month", stat="median"), Words("it"))
    assert "Tempo di prima risposta (mediana)" == spec["title"]["text"]
    assert "," == spec["config"]["locale"]["number"]["decimal"]
    assert "marzo 2026" == spec["data"]["values"][0]["month_label"]


def test_a_result_prints_itself_with_rich(care: Care, capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    Console(width=100).print(care.ask("ticket_volume"))
    assert "Tickets opened" in capsys.readouterr().out
