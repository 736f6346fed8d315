"""The store of the web benchmark is the company, times its copies; its questions differ."""

from datetime import date
from pathlib import Path

import pytest

from bench import multiplied, web
from polso.care import open_project
from polso.demo import write_project

BASE, COPIES = 300, 3


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A company, and the same many times over."""
    one, many = (tmp_path_factory.mktemp(name) for name in ("one", "many"))
    write_project(one, tickets=BASE)
    with open_project(one) as care:
        care.load()
    multiplied.make(many, BASE * COPIES * multiplied.YEARS, BASE, "1GB")
    return one, many


def test_counts_are_those_of_the_company_times_its_copies(both: tuple[Path, Path]) -> None:
    kpis = ("ticket_volume:all", "resolution_rate", "contact_volume", "order_volume")
    with open_project(both[0]) as one, open_project(both[1]) as many:
        times = COPIES * multiplied.YEARS
        wanted = {(c.kpi, *c.keys.values()): c for c in one.ask(*kpis, by="channel")}
        found = {(c.kpi, *c.keys.values()): c for c in many.ask(*kpis, by="channel")}
        assert found.keys() == wanted.keys()
        for name, cell in found.items():
            # What is too young to be judged is another row once it is a year old.
            near = 0.1 * wanted[name].n * times if cell.parts.get("immature") else 0
            assert abs(cell.n - wanted[name].n * times) <= near, name


def test_no_two_pages_are_the_same() -> None:
    for kind in ("90 days", "all time"):
        urls = [web.url("/", kind, date(2026, 6, 30), nth) for nth in range(200)]
        assert len(set(urls)) == len(urls)


def test_every_screen_is_measured(both: tuple[Path, Path]) -> None:
    from polso.faces.web.screen import screens

    taken, _ = web.screens(both[1], "90 days", 1, shapes=())
    assert taken.keys() == {screen.name for screen in screens()}
    assert web.p95([3.0, 1.0, 2.0]) == 3.0
