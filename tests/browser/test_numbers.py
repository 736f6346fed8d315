"""The number on a tile is the API's, the CSV's and the command line's."""

import csv
import io
import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2 as httpx
import pytest

from browser.conftest import Opened
from browser.watched import Watched
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


# Screens whose numbers are not tiles that lead anywhere; a wall is not clicked.
WITHOUT_TILES = {"packs", "settings", "sources", "wallboard"}
WITH_TILES = [screen.name for screen in screens() if screen.name not in WITHOUT_TILES]


def tiles(watched: Watched) -> list[tuple[str, str]]:
    """Where the numbers of the tiles lead, and their values."""
    found = watched.page.locator(".tile .value a[data-value]").evaluate_all(DATA)
    return [(href, value) for href, value in found]


def at(name: str) -> str:
    return next(screen.at for screen in screens() if screen.name == name)


@pytest.mark.parametrize("name", sorted(WITHOUT_TILES))
def test_the_screens_without_tiles_are_known(name: str, opened: Opened) -> None:
    assert [] == tiles(opened(f"{at(name)}?lang=en"))


@pytest.mark.parametrize("name", WITH_TILES)
def test_a_tile_says_what_the_api_says(name: str, opened: Opened, server: str) -> None:
    watched = opened(f"{at(name)}?lang=en&where=channel%21%3Dsocial")
    wrong, found_any = [], tiles(watched)
    assert found_any, "no tile that leads to its number"
    for href, value in found_any:
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


def options(asked: dict[str, list[str]]) -> tuple[str, ...]:
    """What a number is asked with on the command line, besides its KPI."""
    names = ("where", "stat", "time", "param")
    return (
        "--period",
        asked["period"][0],
        *(part for name in names for one in asked.get(name, ()) for part in (f"--{name}", one)),
    )


@pytest.mark.parametrize("name", WITH_TILES)
def test_a_tile_says_what_the_command_says(name: str, opened: Opened, project: Path) -> None:
    said = tiles(opened(f"{at(name)}?lang=en&where=channel%3Dphone&period=last+90+days"))
    assert said, "no tile that leads to its number"
    # One command for all that are asked alike.
    alike: dict[tuple[str, ...], dict[tuple[str, str], float]] = {}
    for href, value in said:
        asked = question(href)
        kpi = (asked["kpi"][0], asked.get("variant", ["default"])[0])
        alike.setdefault(options(asked), {})[kpi] = float(value)
    for given, values in alike.items():
        names = [kpi if variant == "default" else f"{kpi}:{variant}" for kpi, variant in values]
        ran = process("-C", str(project), "ask", *names, *given, "--json")
        assert 0 == ran.returncode, ran.stderr
        cells = {(c["kpi"], c["variant"]): c["value"] for c in json.loads(ran.stdout) if not c.get("band")}
        assert values == {kpi: cells.get(kpi) for kpi in values}, given
