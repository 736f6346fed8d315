"""A project behind a server: the same questions as of a folder, asked over HTTP.

Rule kept here: an answer from a server is the answer, whole; nothing is worked out on this side.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

import httpx2 as httpx
import pyarrow as pa

from polso import __version__
from polso.care import Care, open_project
from polso.config import Config
from polso.errors import PolsoError, PrivacyError, QuestionError, ServerError
from polso.faces import wire
from polso.faces.web.problems import MEDIA as PROBLEM
from polso.kpis.catalogue import Catalogue
from polso.kpis.definition import Condition
from polso.query.balance import Line
from polso.query.cells import conditions
from polso.query.disagree import Dissent, Parting
from polso.query.explanation import Explanation
from polso.query.result import Result
from polso.query.run import Time
from polso.query.saved import save

ARROW: Final = "application/vnd.apache.arrow.stream"
_Said = str | int | float | bool | None
# Long enough for a large question; a server that is not there says so at once.
PATIENCE: Final = httpx.Timeout(300, connect=5)


class Remote:
    """One project on a server. It answers as `Care` does, but loads nothing: that is done where the data is."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        self.url = url.rstrip("/")
        # No proxy stands between this machine and its own loopback.
        self._client = client or httpx.Client(timeout=PATIENCE, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    @cached_property
    def config(self) -> Config:
        """What the server says of the project's settings: name, zone, language, currency, dimensions."""
        told = self._get("status", "application/json").json()
        return Config.model_validate({"project": told["project"], "dimensions": told["dimensions"]})

    @cached_property
    def catalogue(self) -> Catalogue:
        """The server's catalogue, the project's own KPIs among it."""
        found: Catalogue = self._whole("kpis")
        return found

    def ask(self, *kpis: str, **asked: Any) -> Result:
        """As `Care.ask`."""
        found: Result = self._whole("ask", kpi=kpis, **asked)
        return found

    def partings(self, *kpis: str, **asked: Any) -> tuple[Parting, ...]:
        """As `Care.partings`."""
        found: tuple[Parting, ...] = self._whole("partings", kpi=kpis, **_without(asked, "by"))
        return found

    def explain(self, kpi: str, **asked: Any) -> Explanation:
        """As `Care.explain`."""
        cell = [
            f"{name}={'' if value is None else value}"
            for name, value in (asked.pop("cell", None) or {}).items()
        ]
        found: Explanation = self._whole(f"explain/{kpi}", cell=cell, **asked)
        return found

    def disagree(
        self, kpi: str, left: str, right: str, *, limit: int | None = None, **asked: Any
    ) -> tuple[Parting, tuple[Dissent, ...]]:
        """As `Care.disagree`."""
        parting, every = self._whole(f"disagree/{kpi}", left=left, right=right, **asked)
        return parting, every[:limit]

    def balance(self, **asked: Any) -> tuple[Line, ...]:
        """As `Care.balance`."""
        found: tuple[Line, ...] = self._whole("balance", **asked)
        return found

    def rows(self, kpi: str, *, limit: int | None = 1000, **asked: Any) -> pa.Table:
        """As `Care.rows`; a server gives 100,000 at most."""
        answer = self._get(f"rows/{kpi}", ARROW, limit=limit or 100_000, **asked)
        return pa.ipc.open_stream(io.BytesIO(answer.content)).read_all()

    def save(self, result: Result, path: Path | str, time: Time = "calendar") -> None:
        """As `Care.save`: the file is written on this side."""
        save(result, Path(path), __version__, time)

    def _whole(self, path: str, **asked: Any) -> Any:
        return wire.unpacked(self._get(path, wire.MEDIA, **asked).json())

    def _get(self, path: str, accept: str, **asked: Any) -> httpx.Response:
        try:
            answer = self._client.get(
                f"{self.url}/api/v1/{path}",
                params=httpx.QueryParams(_pairs(asked)),
                headers={"Accept": accept},
            )
        except httpx.HTTPError as error:
            raise ServerError(
                f"no answer from {self.url}: {error}; is `polso serve` running there?"
            ) from error
        if answer.is_success and answer.headers.get("content-type", "").startswith(accept):
            return answer
        raise _error(answer, self.url)


def _error(answer: httpx.Response, url: str) -> PolsoError:
    """What went wrong there, as if it had gone wrong here."""
    if not answer.headers.get("content-type", "").startswith(PROBLEM):
        return ServerError(
            f"{url} is no server of Polso: it answers {answer.status_code}; look at the address"
        )
    detail = str(answer.json()["detail"])
    if answer.status_code == 403:
        return PrivacyError(detail)
    return QuestionError(detail) if answer.status_code in (400, 404, 422) else ServerError(detail)


def _pairs(asked: Mapping[str, Any]) -> list[tuple[str, _Said]]:
    """Arguments of `Care.ask` as the API's parameters."""
    found: list[tuple[str, _Said]] = []
    for name, value in asked.items():
        if name == "where":
            found += [("where", _filter(one)) for one in conditions(value or ())]
        elif name == "params":
            found += [("param", f"{key}={_limit(limit)}") for key, limit in (value or {}).items()]
        elif isinstance(value, str) or not isinstance(value, Sequence):
            found += [] if value is None else [(name, str(value))]
        else:
            found += [(name, str(one)) for one in value]
    return found


def _limit(value: float | str) -> str:
    return value if isinstance(value, str) else str(int(value)) if value == int(value) else repr(value)


def _filter(one: Condition) -> str:
    """A condition as the API takes it."""
    sign = "!=" if one.op in ("!=", "not in", "not null") else "="
    if one.op not in ("=", "!=", "in", "not in", "null", "not null"):
        raise QuestionError(f"a filter with {one.op} does not go over the wire; ask where the data is")
    value = one.value
    if isinstance(value, bool):
        return f"{one.column}{sign}{str(value).lower()}"
    texts = value if isinstance(value, tuple) else () if value is None else (str(value),)
    return f"{one.column}{sign}{','.join(texts)}"


def _without(asked: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if name not in names}


def open_any(place: str | Path = ".") -> Care:
    """Open a project: a folder, or the address of a server, which answers the same questions (see `Remote`).

    ConfigError where the folder has no good polso.toml; ServerError, once asked, where no server answers.
    """
    if isinstance(place, str) and place.startswith(("http://", "https://")):
        return cast(Care, Remote(place))
    return open_project(place)
