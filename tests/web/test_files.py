"""A figure as a file for a spreadsheet: one value a column, names that the API has too, units said."""

import csv
import io
import re

import pytest
from starlette.testclient import TestClient

from polso.faces.web.screen import Screen, screens

QUERY = "lang=it&period=last+90+days"


def rows(client: TestClient, path: str) -> list[dict[str, str]]:
    found = client.get(path)
    assert 200 == found.status_code, path
    return list(csv.DictReader(io.StringIO(found.text)))


def test_a_chart_s_csv_has_the_columns_and_values_of_the_api_s(client: TestClient) -> None:
    ours = rows(client, f"/figure/volumes/teams.csv?{QUERY}&compare=weekdays")
    theirs = rows(
        client, "/api/v1/ask?kpi=ticket_volume&by=team&period=last+90+days&compare=weekdays&format=csv"
    )
    assert theirs == ours
    assert {"kpi", "team", "value", "n", "low", "high", "unit", "change", "previous"} <= set(ours[0])


def test_a_wide_table_names_kpi_and_unit_and_parts_the_interval(client: TestClient) -> None:
    (row, *_) = rows(client, f"/figure/phone/by_channel.csv?{QUERY}")
    assert {
        "channel", "service_level (share)", "service_level n", "service_level low (share)", "service_level high (share)",
        "speed_of_answer (seconds)", "speed_of_answer low (seconds)",
    } <= set(row)  # fmt: skip
    low, value, high = (float(row[f"service_level{end} (share)"]) for end in (" low", "", " high"))
    assert low <= value <= high


@pytest.mark.parametrize(
    "screen", [one for one in screens() if one.name != "wallboard"], ids=lambda one: one.name
)
def test_no_cell_packs_several_values(screen: Screen, client: TestClient) -> None:
    shown = client.get(f"{screen.at}?{QUERY}").text
    for figure in set(re.findall(rf"/figure/{screen.name}/(\w+)\.csv", shown)):
        for row in rows(client, f"/figure/{screen.name}/{figure}.csv?{QUERY}"):
            assert {} == {
                key: value for key, value in row.items() if re.fullmatch(r"[-\d.e]+; [-\d.e]+", value or "")
            }
            assert not [key for key in row if "interval" in key], figure
