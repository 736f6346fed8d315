"""The API keeps what its own OpenAPI page promises, whatever is sent to it."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from polso.faces.web.problems import MEDIA


@pytest.fixture(scope="module")
def schema(client: TestClient) -> "schemathesis.schemas.BaseSchema":
    """The API as it describes itself."""
    return schemathesis.openapi.from_dict(client.get("/api/v1/openapi.json").json())


lazy = schemathesis.pytest.from_fixture("schema")


@lazy.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_question_breaks_it(case: schemathesis.Case, client: TestClient) -> None:
    given = case.as_transport_kwargs(base_url="http://127.0.0.1:8321")
    answer = client.request(
        given["method"], given["url"], params=given.get("params"), headers={"Host": "127.0.0.1:8321"}
    )
    assert answer.status_code < 500
    known = {int(status) for status in case.operation.definition.raw["responses"]} | {405}
    assert answer.status_code in known
    if answer.status_code >= 400:
        assert MEDIA == answer.headers["content-type"]
        assert {"type", "title", "status", "detail", "instance"} == set(answer.json())
