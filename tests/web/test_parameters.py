"""A threshold that is no threshold: which values there are, with an example, on the page and for programs."""

from html import unescape

import pytest
from starlette.testclient import TestClient

from polso.errors import QuestionError
from polso.faces.sentences import told
from polso.kpis.catalogue import shipped
from polso.kpis.definition import Param
from polso.query.conditions import parameters

ABC = {
    "en": "'abc' is no value of within; write a time in s, m, h or d from 0s up, like within=20s",
    "it": "'abc' non è un valore di within; scrivi un tempo in s, m, h o d da 0s in su, come within=20s",
}


@pytest.mark.parametrize("language", ["en", "it"])
def test_a_page_says_what_may_be_written(language: str, client: TestClient) -> None:
    shown = unescape(client.get(f"/kpi/service_level?param=within=abc&lang={language}").text)
    assert ABC[language] in shown


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("kpi=service_level&param=within=abc", ABC["en"]),
        ("kpi=service_level&param=withn=20s", "no parameter 'withn'; did you mean within?"),
        ("kpi=first_contact_resolution&param=sameness=never", "no word for sameness 'never'"),
        ("kpi=service_level&param=within", "'within' is no parameter; write name=value, like limit=20s or share=0.8"),
        ("kpi=csat&stat=mode", "stat: Input should be 'mean', 'median', 'p80', 'p90' or 'p95'"),
    ],
)  # fmt: skip
def test_the_api_says_what_may_be_written(asked: str, said: str, client: TestClient) -> None:
    found = client.get(f"/api/v1/ask?{asked}")
    assert found.status_code in (400, 422)
    assert found.json()["detail"].startswith(said)


def test_what_is_out_of_bounds_is_written_as_it_is_typed() -> None:
    share = Param(unit="share", default=0.8, high=1)
    one = shipped()["service_level"].default.model_copy(update={"params": {"least": share}})
    with pytest.raises(QuestionError) as found:
        parameters(one, {"least": 1.5})
    assert "'1.5' is no value of least; write a share between 0 and 1 from 0 to 1, like least=0.8" == str(
        found.value
    )
    assert told("it", str(found.value)).endswith("scrivi una quota tra 0 e 1, da 0 a 1, come least=0.8")
