"""What somebody hostile may put into data, into a URL, or into a request: nothing of it is run, shown as ours, or believed."""

import csv
import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import polso
from faces.tiny import events
from polso.faces.web.app import make_app
from polso.faces.web.safety import POLICY, is_loopback
from polso.faces.web.screen import screens
from polso.serving.readers import Readers

SCRIPT = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(1)>'
CLOSE = "</script></svg></textarea><svg onload=alert(1)>"
TEMPLATE = "{{7*191}}${7*191}<%= 7*191 %>{% debug %}"
FORMULA = '=HYPERLINK("http://evil.example";"x")'
LINK = "javascript:alert(1)"
CHANNELS = {"email": SCRIPT, "chat": IMAGE}
SETTINGS = """
[project]
name = '<b onclick="alert(1)">Evil</b> {{7*191}}'
zone = "Europe/Rome"
minimum_n = 5

[privacy]
profile = "open"

[[source]]
name = "desk"
kind = "events"
files = "data/*.jsonl"
"""
PAGES = (
    "/kpi/ticket_volume?by=channel", "/kpi/first_response_time?by=issue_type", "/rows/ticket_volume",
    "/search?q=" + quote(SCRIPT), "/search?q=" + quote(TEMPLATE), "/ticket/" + quote("T0" + SCRIPT, safe=""),
    "/disagree/first_response_time?left=polso&right=zendesk",
)  # fmt: skip


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in whose every text somebody wrote what a browser, a template or a spreadsheet could run."""
    folder = tmp_path_factory.mktemp("evil") / "project"
    (folder / "data").mkdir(parents=True)
    (folder / "polso.toml").write_text(SETTINGS, encoding="utf-8")
    rows = []
    for event in events(28):
        ticket = str(event["ticket_id"])
        rows.append(
            {
                **event, "ticket_id": ticket + SCRIPT, "customer_id": FORMULA, "channel": CHANNELS[str(event["channel"])],
                "team": TEMPLATE, "actor_id": event["actor_id"] and CLOSE, "subject_id": event["subject_id"] and CLOSE,
            }
        )  # fmt: skip
        if event["kind"] == "opened":
            for name, value in (("issue_type", FORMULA), ("priority", LINK)):
                rows.append(
                    {
                        **rows[-1],
                        "event_id": f"{ticket}-{name}",
                        "kind": "set",
                        "attribute": name,
                        "value": value,
                    }
                )
    (folder / "data" / "desk.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    with polso.open(folder) as care:
        care.load()
    return folder


@pytest.fixture(scope="module")
def hostile(evil: Path) -> Iterator[TestClient]:
    """A client of that project's server."""
    with Readers(evil) as readers:
        yield TestClient(make_app(readers), base_url="http://127.0.0.1:8321", raise_server_exceptions=False)


class Elements(HTMLParser):
    """What a browser would run of a page: scripts, handlers, styles, links that are code."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script" and not str(given.get("src", "")).startswith("/static/"):
            self.found.append(f"script {given}")
        if tag in ("iframe", "object", "embed", "base", "style", "foreignobject"):
            self.found.append(tag)
        for name, value in attrs:
            if (
                name.startswith("on")
                or name == "style"
                or str(value).strip().lower().startswith(("javascript:", "data:"))
            ):
                self.found.append(f"{tag} {name}={value}")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)


def run_by(page: str) -> list[str]:
    """What a page would run."""
    reader = Elements()
    reader.feed(page)
    return reader.found


PATHS = [screen.at for screen in screens()] + list(PAGES)


@pytest.mark.parametrize("path", PATHS)
def test_what_stands_in_the_data_stays_text(hostile: TestClient, path: str) -> None:
    sign = "&" if "?" in path else "?"
    answer = hostile.get(f"{path}{sign}period=all")
    assert answer.status_code in (200, 404)
    assert [] == run_by(answer.text)
    assert "1337" not in answer.text.replace("1,337", "")
    assert POLICY == answer.headers["content-security-policy"]


def test_drawings_and_files_hold_it_as_text_too(hostile: TestClient) -> None:
    page = hostile.get("/volumes?period=all").text
    names = {part.split(".")[0] for part in page.split("/figure/volumes/")[1:]}
    assert names
    for name in names:
        drawn = hostile.get(f"/figure/volumes/{name}.svg?period=all")
        if drawn.status_code == 200:
            assert [] == run_by(drawn.text)
        table = hostile.get(f"/figure/volumes/{name}.csv?period=all")
        for row in csv.reader(io.StringIO(table.text)):
            assert [] == [
                cell for cell in row if cell.startswith(("=", "@", "\t", "\r")) or cell[:2] in ("+c", "-c")
            ]


def test_programs_get_it_as_it_is_but_never_as_a_formula(hostile: TestClient) -> None:
    found = hostile.get("/api/v1/ask?kpi=ticket_volume&by=issue_type")
    assert "application/json" == found.headers["content-type"].partition(";")[0]
    assert FORMULA in {cell["issue_type"] for cell in found.json()["cells"]}
    lines = hostile.get("/api/v1/ask?kpi=ticket_volume&by=issue_type&format=csv").text
    assert f"'{FORMULA}" in {row["issue_type"] for row in csv.DictReader(io.StringIO(lines))}
    rows = hostile.get("/api/v1/rows/ticket_volume?format=csv").text
    assert {f"'{FORMULA}"} == {row["customer_id"] for row in csv.DictReader(io.StringIO(rows))}


ATTACKS = (
    "' OR 1=1 --", "'; DROP TABLE tickets; --", '"; DELETE FROM events; --', "1) UNION SELECT * FROM duckdb_settings() --",
    "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "file:///etc/passwd", "/etc/passwd", "\x00", "%00", "${jndi:ldap://x}",
    SCRIPT, TEMPLATE, FORMULA, "read_csv('/etc/passwd')", "a" * 5000, "\U0001f4a9", "\u202e", "-1", "1e999", "NaN", "[]", "{}",
)  # fmt: skip
PARAMETERS = (
    "kpi", "by", "where", "variant", "definition", "period", "param", "compare", "stat", "time", "credit", "cell",
    "ticket", "source", "left", "right", "limit", "format", "lang", "page", "since", "until", "q", "pack", "year",
)  # fmt: skip
ENDPOINTS = (
    "/api/v1/ask?kpi=csat", "/api/v1/rows/ticket_volume?limit=1", "/api/v1/explain/csat",
    "/api/v1/disagree/csat?left=polso&right=zendesk", "/api/v1/partings?kpi=csat", "/api/v1/balance", "/api/v1/kpis/csat",
    "/kpi/csat", "/rows/csat", "/", "/volumes", "/packs", "/search",
    "/disagree/csat", "/figure/volumes/course.csv",
)  # fmt: skip


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_no_parameter_is_code(client: TestClient, readers: Readers, endpoint: str) -> None:
    sign = "&" if "?" in endpoint else "?"
    for number, parameter in enumerate(PARAMETERS):
        # Each parameter meets some of the attacks; over all endpoints it meets every one.
        for attack in ATTACKS[(number + len(endpoint)) % 6 :: 6]:
            answer = client.get(f"{endpoint}{sign}{parameter}={quote(attack)}")
            assert answer.status_code < 500, (endpoint, parameter, attack)
            assert "root:" not in answer.text
            if answer.headers["content-type"].startswith("text/html"):
                assert [] == run_by(answer.text), (endpoint, parameter, attack)
    assert client.get("/api/v1/ask?kpi=ticket_volume").json()["cells"][0]["value"] > 1000


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_name_in_a_path_is_code(client: TestClient, attack: str) -> None:
    named = quote(attack, safe="")
    for path in (
        "/kpi/",
        "/rows/",
        "/ticket/",
        "/disagree/",
        "/api/v1/kpis/",
        "/api/v1/rows/",
        "/static/",
        "/figure/volumes/",
    ):
        answer = client.get(path + named)
        assert answer.status_code in (200, 307, 400, 404, 405, 422), (path, attack)
        assert "root:" not in answer.text
        if answer.headers.get("content-type", "").startswith("text/html"):
            assert [] == run_by(answer.text)


@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("127.0.0.1:8321", True), ("localhost", True), ("[::1]:8321", True), ("127.0.0.2", True),
        ("LOCALHOST:80", True),
        ("evil.example", False), ("127.0.0.1.evil.example", False), ("localhost.evil.example", False),
        ("evil.example:8321", False),
        ("10.0.0.1", False), ("0.0.0.1", False), ("", False), ("127.0.0.1@evil.example", False),
        ("[::1", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_another_name_for_this_machine_reads_nothing(client: TestClient, host: str, answered: bool) -> None:
    answer = client.get("/api/v1/status", headers={"Host": host})
    assert (200 if answered else 403) == answer.status_code
    assert answered == is_loopback(host)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://localhost:8321"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Origin": "https://evil.example"},
    ],
)
def test_a_page_of_another_origin_reads_nothing(client: TestClient, headers: dict[str, str]) -> None:
    for method in ("GET", "POST"):
        for path in ("/", "/api/v1/ask?kpi=csat", "/static/vendor/vega-6.4.0.min.js", "/relay"):
            answer = client.request(method, path, headers=headers)
            assert 403 == answer.status_code
            assert "access-control-allow-origin" not in answer.headers


def test_a_link_from_elsewhere_opens_and_our_own_origin_is_answered(client: TestClient) -> None:
    followed = client.get("/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    assert 200 == followed.status_code
    assert 200 == client.get("/api/v1/status", headers={"Origin": "http://127.0.0.1:8321"}).status_code


def test_every_answer_says_what_a_page_may_do(client: TestClient) -> None:
    for path in ("/", "/nothing", "/api/v1/status", "/api/v1/nothing", "/static/page.css", "/health"):
        headers = client.get(path).headers
        assert POLICY == headers["content-security-policy"]
        assert "nosniff" == headers["x-content-type-options"]
        assert "same-origin" == headers["cross-origin-resource-policy"]
    assert "unsafe" not in POLICY
