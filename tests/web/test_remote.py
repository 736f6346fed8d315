"""A server is asked as a folder is: the same answers, whole, in Python and on the command line."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

import polso
from polso.errors import QuestionError, ServerError
from polso.faces import cli, remote, wire
from polso.faces.remote import Remote


@pytest.fixture
def there(client: TestClient) -> Remote:
    """The project behind its server."""
    return Remote("http://127.0.0.1:8321", client)


@pytest.fixture
def here(acme: Path) -> Iterator[Any]:
    """The same project as a folder."""
    with polso.open(acme) as care:
        yield care


def test_every_kpi_of_the_catalogue_is_answered_alike(here: Any, there: Remote) -> None:
    names = [name for name in here.catalogue if here.catalogue[name].default.kind != "peak"]
    ours, theirs = here.ask(*names, period="2026-05"), there.ask(*names, period="2026-05")
    assert ours.cells == theirs.cells
    assert ours.question == theirs.question
    assert (ours.as_of, ours.warnings, ours.beside) == (theirs.as_of, theirs.warnings, theirs.beside)


@pytest.mark.parametrize("by", ["channel", "day", "hour", "weekday", "month", "week", "year"])
def test_splits_keep_their_types(here: Any, there: Remote, by: str) -> None:
    asked: dict[str, Any] = {"by": by, "period": "2026-05", "where": {"channel": ["email", "phone"]}}
    ours, theirs = (care.ask("ticket_volume", **asked).cells for care in (here, there))
    assert ours == theirs
    assert [type(c.keys[by]) for c in ours] == [type(c.keys[by]) for c in theirs]


def test_explanations_disagreements_and_balances_come_whole(here: Any, there: Remote) -> None:
    (ticket,) = here.rows("csat", period="2026-05", limit=1).to_pylist()
    asked = {"period": "2026-05", "ticket": ticket["ticket_id"], "source": ticket["source"]}
    ours, theirs = here.explain("csat", **asked), there.explain("csat", **asked)
    assert ours.as_dict("it") == theirs.as_dict("it")
    assert ours.story == theirs.story
    assert here.disagree("csat", "polso", "zendesk") == there.disagree("csat", "polso", "zendesk")
    assert here.balance(period="2026-05") == there.balance(period="2026-05")
    assert here.rows("csat", period="2026-05").equals(there.rows("csat", period="2026-05"))
    assert dict(here.catalogue) == dict(there.catalogue)


def test_parameters_and_definitions_travel(here: Any, there: Remote) -> None:
    asked: dict[str, Any] = {"definition": ["polso", "zendesk"], "params": {"within": 14 * 86400}}
    try:
        ours = here.ask("first_contact_resolution", **asked)
    except QuestionError:
        asked.pop("params")
        ours = here.ask("first_contact_resolution", **asked)
    assert ours.cells == there.ask("first_contact_resolution", **asked).cells


def test_errors_are_those_of_here(there: Remote) -> None:
    with pytest.raises(QuestionError, match="did you mean csat"):
        there.ask("csta")
    with pytest.raises(ServerError, match="no answer from"):
        Remote("http://127.0.0.1:9").ask("csat")
    stranger = httpx.Client(transport=httpx.MockTransport(lambda request: httpx.Response(200, text="hello")))
    with pytest.raises(ServerError, match="is no server of Polso"):
        Remote("http://127.0.0.1:8321", stranger).ask("csat")


def test_only_known_classes_are_made() -> None:
    with pytest.raises(ServerError, match="not known here"):
        wire.unpacked({"$": "os.system", "v": {"command": "true"}})
    with pytest.raises(TypeError, match="does not go over the wire"):
        wire.packed(object())


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "csat", "nps", "--by", "channel", "--compare", "previous", "-p", "2026-05"],
        ["ask", "first_contact_resolution", "-d", "polso,zendesk", "--json"],
        ["ask", "ticket_volume", "--by", "week", "--csv", "--where", "channel!=email"],
        ["rows", "csat", "--limit", "3"],
        ["explain", "csat", "-p", "2026-05"],
        ["disagree", "csat", "polso", "zendesk", "--limit", "3"],
        ["balance", "-p", "2026-05"],
        ["kpis", "csat"],
    ],
)
def test_the_command_line_prints_the_same(
    arguments: list[str],
    acme: Path,
    there: Remote,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("POLSO_LANG", "it")
    codes = [cli.main(["-C", str(acme), *arguments])]
    ours = capsys.readouterr()
    monkeypatch.setattr(remote, "Remote", lambda url: there)
    monkeypatch.setattr(there, "close", lambda: None)
    codes.append(cli.main(["-C", str(acme), *arguments, "--server", "http://127.0.0.1:8321"]))
    assert codes == [0, 0]
    assert ours == capsys.readouterr()
