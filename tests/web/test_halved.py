"""A comparison with a period that the data covers only in part says so, on the page and in the answer."""

from datetime import timedelta
from html import unescape

from starlette.testclient import TestClient

from polso.serving.readers import Readers


def test_a_period_partly_before_the_data_is_said(client: TestClient, readers: Readers) -> None:
    with readers.borrow() as care:
        first = care.store.local_day(care.store.first)
    half, whole = (first + timedelta(days=n) for n in (10, 200))
    ask = "/api/v1/ask?kpi=ticket_volume&compare=previous&period="
    warning = "the period compared with begins before the data does: "
    for since, is_said in ((half, True), (whole, False)):
        period = f"{since}..{since + timedelta(days=28)}"
        found = client.get(f"{ask}{period}").json()["warnings"]
        assert is_said == any(one.startswith(warning) for one in found)
        for language, said in (("en", "begins before the data does"), ("it", "comincia prima dei dati")):
            shown = unescape(client.get(f"/volumes?period={period}&compare=previous&lang={language}").text)
            assert is_said == (said in shown)
            # No sentence makes news of a count that is held against a part of a period.
            assert not (is_said and "Tickets rose" in shown)
        assert "begins before" not in client.get(f"/volumes?period={period}&compare=none&lang=en").text
