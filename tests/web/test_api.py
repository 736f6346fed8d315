"""The API says what Python and the command line say, in every form, and errs in one shape."""

import io
import json

import pyarrow as pa
import pytest
from starlette.testclient import TestClient

from polso.serving.readers import Readers

QUESTION = {
    "kpi": ["csat", "first_response_time"],
    "by": "channel",
    "period": "2026-05",
    "where": "priority!=low",
}


def test_an_answer_is_the_same_in_every_form(client: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        asked = care.ask("csat", "first_response_time", by="channel", period="2026-05")
    url = "/api/v1/ask?kpi=csat&kpi=first_response_time&by=channel&period=2026-05"
    told = client.get(url).json()
    assert asked.to_dicts() == told["cells"]
    assert told["since"] == "2026-05-01"
    arrow = client.get(url, headers={"Accept": "application/vnd.apache.arrow.stream"})
    assert asked.to_arrow().equals(pa.ipc.open_stream(io.BytesIO(arrow.content)).read_all())
    lines = client.get(url, headers={"Accept": "text/csv"}).text.splitlines()
    assert len(asked.cells) + 1 == len(lines)
    assert lines[0].startswith("kpi,variant,version,channel,value,n,low,high")
    assert client.get(url + "&format=csv").text.splitlines() == lines


def test_rows_explain_disagree_partings_and_balance(client: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        n = next(iter(care.ask("csat", period="2026-05"))).n
    rows = client.get("/api/v1/rows/csat?period=2026-05&limit=10000").json()
    paged = [
        row
        for offset in range(0, len(rows) + 7, 7)
        for row in client.get(f"/api/v1/rows/csat?period=2026-05&limit=7&offset={offset}").json()
    ]
    assert paged == rows
    assert n == len(rows)
    found = client.get("/api/v1/explain/csat?period=2026-05&lang=it").json()
    lines = found["accounts"][0]["lines"] if "accounts" in found else []
    assert sum(line["n"] for line in lines if line["counted"]) == n
    told = client.get("/api/v1/disagree/first_contact_resolution?left=polso&right=zendesk&limit=5").json()
    assert 0 < told["parted"] <= told["tickets"]
    assert len(told["rows"]) == 5
    (parted,) = client.get(
        "/api/v1/partings?kpi=first_contact_resolution&definition=polso&definition=zendesk"
    ).json()
    assert (parted["tickets"], parted["parted"]) == (told["tickets"], told["parted"])
    assert all(line["holds"] for line in client.get("/api/v1/balance?period=2026-05").json())


def test_the_catalogue_and_its_definitions(client: TestClient) -> None:
    names = [kpi["name"] for kpi in client.get("/api/v1/kpis").json()]
    assert "csat" in names
    (default, *_) = client.get("/api/v1/kpis/csat?lang=it").json()
    assert default["label"] == "csat"
    assert default["states"]
    assert client.get("/api/v1/status").json()["project"]["name"] == "Acme Care"


@pytest.mark.parametrize(
    ("url", "status", "says"),
    [
        ("/api/v1/ask?kpi=csta", 400, "did you mean csat"),
        ("/api/v1/ask?kpi=csat&period=whenever", 400, "is no period"),
        ("/api/v1/ask?kpi=csat&where=channel", 400, "is no filter"),
        ("/api/v1/ask?kpi=csat&by=wether", 400, "wether"),
        ("/api/v1/ask", 422, "kpi"),
        ("/api/v1/ask?kpi=csat&stat=p12", 422, "stat"),
        ("/api/v1/rows/csat?limit=0", 422, "limit"),
        ("/api/v1/nothing", 404, "Not Found"),
        ("/api/v1/kpis/nope", 404, "nope"),
        ("/api/v1/rows/csta", 404, "did you mean csat"),
    ],
)
def test_every_error_has_one_shape(client: TestClient, url: str, status: int, says: str) -> None:
    answer = client.get(url)
    assert status == answer.status_code
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert {"type", "title", "status", "detail", "instance"} == set(told)
    assert status == told["status"]
    assert says in told["detail"]


def test_a_form_that_is_not_there_and_a_method_that_is_not(client: TestClient) -> None:
    refused = client.get("/api/v1/ask?kpi=csat", headers={"Accept": "image/png"})
    assert (refused.status_code, refused.json()["status"]) == (406, 406)
    refused = client.post("/api/v1/ask?kpi=csat")
    assert (refused.status_code, refused.headers["content-type"]) == (405, "application/problem+json")


def test_what_is_no_number_is_null(client: TestClient) -> None:
    text = client.get("/api/v1/ask?kpi=csat&where=channel%3Dnowhere").text
    assert json.loads(text)["cells"][0]["value"] is None


def test_people_find_every_path_on_its_page(client: TestClient) -> None:
    page = client.get("/api").text
    for path in client.get("/api/v1/openapi.json").json()["paths"]:
        assert f"GET {path}" in page.replace("&#39;", "'")


def test_the_catalogue_is_searched_by_other_words(client: TestClient) -> None:
    found = client.get("/api/v1/kpis?search=FRT").json()
    assert "first_response_time" == found[0]["name"]
    assert "FRT" in found[0]["aliases"]
    assert [] == client.get("/api/v1/kpis?search=zzzz").json()


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/csv;q=0.1, application/json;q=0.9", "application/json"),
        ("application/json;q=0.1, text/csv", "text/csv"),
        ("application/json;q=0, text/csv;q=0.5", "text/csv"),
        ("text/html, */*;q=0.8", "application/json"),
    ],
)
def test_the_form_most_wanted_is_given(client: TestClient, accept: str, media: str) -> None:
    answer = client.get("/api/v1/ask?kpi=csat", headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(media)


def test_a_form_not_wanted_is_not_given(client: TestClient) -> None:
    assert client.get("/api/v1/ask?kpi=csat", headers={"Accept": "application/json;q=0"}).status_code == 406
