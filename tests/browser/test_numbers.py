"""The number on a tile is the API's, the CSV's and the command line's."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest

from browser.conftest import Opened
from faces.tiny import process
from polso.faces.web.screen import screens

DATA = "(links) => links.map((link) => [link.getAttribute('href'), link.dataset.value ?? ''])"


def question(href: str) -> dict[str, list[str]]:
    """What the page of a number is asked with."""
    said = parse_qs(urlsplit(href).query)
    kept = {name: said[name] for name in ("variant", "stat", "time", "where", "param") if name in said}
    return {
        "kpi": [urlsplit(href).path.rpartition("/")[2]],
        "period": said.get("period", ["last 28 days"]),
        **kept,
    }


def whole(cells: list[dict[str, object]]) -> list[float]:
    return [float(str(c["value"])) for c in cells if c["value"] not in (None, "") and not c.get("band")]


@pytest.mark.parametrize("name", [screen.name for screen in screens()])
def test_a_tile_says_what_the_api_says(name: str, opened: Opened, server: str) -> None:
    path = next(screen.at for screen in screens() if screen.name == name)
    watched = opened(f"{path}?lang=en&where=channel%21%3Dsocial")
    wrong = []
    for href, value in watched.page.locator(".tile .value a[data-value]").evaluate_all(DATA):
        asked = question(href)
        told = httpx.get(f"{server}/api/v1/ask", params=asked, trust_env=False, timeout=60).json()
        read = httpx.get(
            f"{server}/api/v1/ask", params={**asked, "format": "csv"}, trust_env=False, timeout=60
        ).text
        found = whole(told.get("cells", [])), whole(list(csv.DictReader(io.StringIO(read))))
        # A tile may be one part of a number that comes in parts, as the mean age is of the ages.
        wrong += (
            []
            if found == ([float(value)],) * 2
            else [f"{href}: {value}, not {found} {told.get('detail', '')}"]
        )
    assert not wrong, "\n".join(wrong)


def test_a_tile_says_what_the_command_says(opened: Opened, project: Path) -> None:
    watched = opened("/?lang=en&where=channel%3Dphone&period=last+90+days")
    for href, value in watched.page.locator(".tile .value a[data-value]").evaluate_all(DATA):
        asked = question(href)
        kpi = ":".join([*asked["kpi"], *asked.get("variant", ())])
        options = [part for one in asked.get("where", ()) for part in ("--where", one)]
        options += [part for one in asked.get("stat", ()) for part in ("--stat", one)]
        ran = process("-C", str(project), "ask", kpi, "--period", asked["period"][0], *options, "--json")
        assert 0 == ran.returncode, ran.stderr
        assert [float(value)] == whole(json.loads(ran.stdout)), href
