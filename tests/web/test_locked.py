"""A project under the default privacy, over HTTP: every screen answers, again once counts are kept, and names nobody."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from polso.faces.web.app import make_app
from polso.faces.web.screen import screens
from polso.serving.readers import Readers

PERIODS = ("2026-03-01..2026-05-29", "2026-03-02..2026-05-30", "2026-03-03..2026-05-31", "all")
BY_TEAM = ("backlog", "backlog_roll_forward", "occupancy", "utilisation", "first_response_time", "csat")


@pytest.fixture(scope="module")
def people(readers: Readers) -> re.Pattern[str]:
    """Whoever works in the demo company, as whole words."""
    names = [
        str(cell.keys["agent"]) for cell in readers.ask("ticket_volume", by="agent") if cell.keys["agent"]
    ]
    assert len(names) > 10
    return re.compile(rf"\b({'|'.join(map(re.escape, names))})\b")


@pytest.fixture(scope="module")
def locked(acme: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    folder = tmp_path_factory.mktemp("locked") / "acme"
    shutil.copytree(acme, folder)
    settings = folder / "polso.toml"
    text = settings.read_text(encoding="utf-8")
    assert 'profile = "open"' in text
    settings.write_text(text.replace('profile = "open"', 'profile = "it"'), encoding="utf-8")
    with Readers(folder) as made:
        yield made


@pytest.fixture(scope="module")
def visitor(locked: Readers) -> TestClient:
    return TestClient(make_app(locked), base_url="http://127.0.0.1:8321", raise_server_exceptions=False)


@pytest.mark.parametrize("screen", [screen.name for screen in screens()])
def test_every_screen_answers_and_names_nobody(
    visitor: TestClient, locked: Readers, people: re.Pattern[str], screen: str
) -> None:
    at = next(one.at for one in screens() if one.name == screen)
    for period in PERIODS:
        shown = visitor.get(at, params={"period": period} if period == "all" else dict(
            zip(("since", "until"), period.split(".."), strict=True)
        ))  # fmt: skip
        assert shown.status_code == 200, shown.text[:500]
        assert not people.search(re.sub(r"<script.*?</script>|<style.*?</style>", "", shown.text, flags=re.S))
        locked.settle()


@pytest.mark.parametrize("kpi", BY_TEAM)
def test_teams_are_answered_again_once_their_counts_are_kept(
    visitor: TestClient, locked: Readers, people: re.Pattern[str], kpi: str
) -> None:
    for period in PERIODS:
        answer = visitor.get("/api/v1/ask", params={"kpi": kpi, "by": "team", "period": period})
        assert answer.status_code == 200, answer.text
        assert not people.search(answer.text)
        rows = visitor.get(f"/api/v1/rows/{kpi}", params={"period": period, "limit": 50})
        assert rows.status_code in (200, 403), rows.text
        assert not people.search(rows.text)
        locked.settle()


@pytest.mark.parametrize("path", ["ask?kpi=csat&by=agent", "rows/csat?where=agent%3DA1"])
def test_asking_for_people_is_forbidden(visitor: TestClient, path: str) -> None:
    refused = visitor.get(f"/api/v1/{path}")
    assert refused.status_code == 403
    assert "people at work are not shown one by one" in refused.json()["detail"]


@pytest.mark.parametrize(
    "path", ["/kpi/csat?by=agent", "/rows/csat?where=agent%3DA1", "/team?where=agent%3DA1"]
)
def test_pages_that_ask_for_people_say_why_they_are_not_shown(
    visitor: TestClient, people: re.Pattern[str], path: str
) -> None:
    shown = visitor.get(path, headers={"Accept-Language": "en"})
    assert "people at work are not shown one by one" in shown.text
    assert set(people.findall(shown.text)) <= {"A1"}, "what was typed, and nobody else"
