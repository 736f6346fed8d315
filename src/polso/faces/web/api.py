"""The API: the questions that every face asks, as JSON, CSV or Arrow, under /api/v1.

Rule kept here: a URL of the API takes the words of the command line, and gives its numbers.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import pyarrow as pa
from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel

from polso import __version__
from polso.errors import UnknownName
from polso.faces import output, wire
from polso.faces.asked import cell_of, condition, parameter
from polso.faces.web.problems import RESPONSES
from polso.kpis.definition import Stat
from polso.kpis.search import search as found_by
from polso.query.period import Compare
from polso.query.run import Time

if TYPE_CHECKING:
    from polso.care import Care
    from polso.serving.readers import Readers

ARROW: Final = "application/vnd.apache.arrow.stream"
CSV: Final = "text/csv"
JSON: Final = "application/json"
FORMS: Final = {"json": JSON, "csv": CSV, "arrow": ARROW, "polso": wire.MEDIA}
# The other forms of answers that are tables, for the OpenAPI document.
TABLES: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "by the Accept header, or `form`", "content": {CSV: {}, ARROW: {}}}
}
# Rows that one answer holds at most.
MOST_ROWS: Final = 100_000
# More is no place in a table.
MOST_OFFSET: Final = 1 << 40
QUALITY: Final = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
# Tickets whose reasons are counted at most.
MOST_TICKETS: Final = 10_000


def only_known(request: Request) -> None:
    """UnknownName for a parameter that this path does not take: what is passed over in silence misleads."""
    told = request.app.openapi()["paths"][request.scope["route"].path_format]["get"]
    known = {one["name"] for one in told.get("parameters", ()) if one["in"] == "query"}
    for name in request.query_params:
        if name not in known:
            raise UnknownName("parameter", name, known)


router = APIRouter(prefix="/api/v1", responses=RESPONSES, dependencies=[Depends(only_known)])

Name = Annotated[str, Path(description="A KPI, name:variant, either with @version", examples=["csat"])]
Format = Annotated[
    Literal["json", "csv", "arrow", "polso"] | None,
    Query(alias="format", description="the form of the answer, where no Accept header can say it"),
]
Language = Annotated[Literal["it", "en"], Query(alias="lang", description="of titles and reasons")]


class Status(BaseModel):
    """What a program must know of a project before it asks."""

    version: str
    data_version: str
    project: dict[str, Any]
    dimensions: dict[str, str]
    as_of: str | None


class Given:
    """What a question has in common: period, filters, definition, statistic, clock, parameters, credit."""

    def __init__(
        self,
        request: Request,
        period: Annotated[str, Query(description="2026, 2026-Q1, 2026-03, last 28 days, A..B, all")] = "all",
        where: Annotated[
            list[str] | None, Query(description="name=value or name!=value; a comma means any of")
        ] = None,
        variant: str | None = None,
        stat: Stat | None = None,
        time: Time = "calendar",
        param: Annotated[list[str] | None, Query(description="name=value: 20s, 7d, 0.8")] = None,
        credit: Literal["sender", "assignee", "last_assignee", "solver", "team"] | None = None,
    ) -> None:
        readers: Readers = request.app.state.readers
        dimensions = readers.cached(("dimensions",), lambda care: care.config.dimensions)
        self.where = tuple(condition(text, dimensions) for text in where or ())
        self.asked: dict[str, Any] = {"period": period, "where": self.where}
        self.chosen: dict[str, Any] = {
            "variant": variant, "stat": stat, "time": time, "credit": credit,
            "params": dict(parameter(text) for text in param or ()),
        }  # fmt: skip

    @property
    def all(self) -> dict[str, Any]:
        """All of it, as `Care.ask` takes it."""
        return {**self.asked, **self.chosen}


Question = Annotated[Given, Depends(Given)]


def _accepted(accept: str) -> list[str]:
    """The media types of an Accept header, the most wanted first; what has quality 0 is not wanted (RFC 9110, 12.4.2)."""
    wanted = []
    for part in accept.split(","):
        media, *parameters = (text.strip().lower() for text in part.split(";"))
        said = [text.removeprefix("q=") for text in parameters if text.startswith("q=")]
        wanted.append((media, float(said[0]) if said and QUALITY.fullmatch(said[0]) else 1.0))
    return [media for media, quality in sorted(wanted, key=lambda one: -one[1]) if quality]


def form_of(request: Request, wanted: str | None) -> str:
    """The form that was asked for: by name, else by Accept; 406 where there is none such."""
    if wanted:
        return wanted
    accept = request.headers.get("accept", "*/*")
    for media in _accepted(accept):
        for name, known in FORMS.items():
            if media == known:
                return name
        if media in ("*/*", "application/*"):
            return "json"
    raise HTTPException(406, f"no answer in {accept}; there are {', '.join(FORMS.values())}")


def written(
    form: str,
    whole: Any,
    plain: Callable[[], Any],
    rows: Callable[[], Sequence[Mapping[str, Any]]] | None = None,
    table: Callable[[], pa.Table] | None = None,
) -> Response:
    """An answer in a form: whole for programs of ours, plain JSON, rows as CSV, a table as Arrow."""
    if form == "polso":
        return Response(json.dumps(wire.packed(whole)), media_type=wire.MEDIA)
    if form == "json":
        return Response(
            json.dumps(output.plain(plain()), ensure_ascii=False, allow_nan=False), media_type=JSON
        )
    if form == "csv" and rows:
        buffer = io.StringIO()
        output.write_csv(rows(), to=buffer)
        return Response(buffer.getvalue(), media_type=CSV)
    if form == "arrow" and (table or rows):
        made = table() if table else pa.Table.from_pylist([dict(row) for row in (rows or list)()])
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, made.schema) as writer:
            writer.write_table(made)
        return Response(sink.getvalue(), media_type=ARROW)
    raise HTTPException(406, f"this is not to be had as {FORMS[form]}")


def _readers(request: Request) -> Readers:
    readers: Readers = request.app.state.readers
    return readers


@router.get("/status", summary="The project, and up to when its data speaks")
def status(request: Request) -> Status:
    """The project's name, zone, language, currency and dimensions; the version of the data."""
    readers = _readers(request)

    def told(care: Care) -> Status:
        return Status(
            version=__version__, data_version=readers.version, project=care.config.project.model_dump(mode="json"),
            dimensions=dict(care.config.dimensions), as_of=output.instant(care.store.as_of),
        )  # fmt: skip

    return readers.cached(("status",), told)


@router.get("/kpis", summary="The catalogue", responses=TABLES)
def kpis(
    request: Request,
    search: Annotated[
        str | None,
        Query(description="only those called so: a name, a title, an abbreviation (FRT), a vendor's word"),
    ] = None,
    form: Format = None,
    lang: Language = "en",
) -> Response:
    """Every KPI with its variants, its unit, its meaning and what else it is called; those searched for by likeliness."""
    catalogue = _readers(request).cached(("catalogue",), lambda care: care.catalogue)

    if search is not None:
        names = dict.fromkeys(hit.definition.name for hit in found_by(catalogue, search))
        catalogue = {name: catalogue[name] for name in names}

    def rows() -> list[dict[str, Any]]:
        return [
            {
                "name": name, "title": e.default.title.of(lang), "unit": e.default.unit, "better": e.default.better,
                "meaning": e.default.meaning.of(lang), "fact": e.default.fact, "version": e.default.version,
                "variants": list(e.variants), "params": list(e.default.params),
                "aliases": list(e.aliases),
            }
            for name, e in (sorted(catalogue.items()) if search is None else catalogue.items())
        ]  # fmt: skip

    return written(form_of(request, form), dict(catalogue), rows, rows)


@router.get("/kpis/{name}", summary="One definition, in words and as data")
def kpi(request: Request, name: Name, form: Format = None, lang: Language = "en") -> Response:
    """All definitions of a KPI: what starts and stops it, who is counted, who is left out, and why."""
    from polso.kpis.catalogue import find
    from polso.kpis.wording import stated

    catalogue = _readers(request).cached(("catalogue",), lambda care: care.catalogue)
    entry = catalogue[find(catalogue, name).name]
    told = [
        {
            **d.model_dump(mode="json"),
            "label": d.label,
            "states": {k: w.of(lang) for k, w in stated(d).items()},
        }
        for d in entry.definitions
    ]
    return written(form_of(request, form), entry, lambda: told)


@router.get("/ask", summary="Answer one or several KPIs, split and filtered", responses=TABLES)
def ask(
    request: Request,
    given: Question,
    kpi: Annotated[list[str], Query(description="names, or name:variant", min_length=1)],
    by: Annotated[list[str] | None, Query(description="dimensions and grains of time")] = None,
    definition: Annotated[
        list[str] | None, Query(description="several side by side; all for every vendor's")
    ] = None,
    compare: Compare | None = None,
    form: Format = None,
) -> Response:
    """One object a cell, each with its value, n and interval; the question repeated as it was understood."""
    result = _readers(request).ask(
        *kpi, by=tuple(by or ()), definition=tuple(definition or ()), compare=compare, **given.all
    )
    return written(
        form_of(request, form), result,
        lambda: {
            **result.as_understood(), "cells": result.to_dicts(), "warnings": list(result.warnings),
            "sql": list(result.sql),
        },
        result.to_dicts, result.to_arrow,
    )  # fmt: skip


@router.get("/rows/{name}", summary="The rows behind a number", responses=TABLES)
def rows(
    request: Request, name: Name, given: Question,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 1000,
    offset: Annotated[int, Query(ge=0, le=MOST_OFFSET, description="how many rows to pass over")] = 0, form: Format = None,
) -> Response:  # fmt: skip
    """The rows that a KPI counts, oldest first, a page at a time."""
    variant = given.chosen["variant"]
    key = ("rows", name, variant, given.asked, limit, offset)
    found = _readers(request).cached(
        key, lambda care: care.rows(name, variant=variant, limit=limit, offset=offset, **given.asked)
    )
    return written(form_of(request, form), None, found.to_pylist, found.to_pylist, lambda: found)


@router.get("/explain/{name}", summary="Where a number comes from")
def explain(
    request: Request, name: Name, given: Question,
    cell: Annotated[list[str] | None, Query(description="name=value of a split answer")] = None,
    ticket: str | None = None, source: str | None = None, form: Format = None, lang: Language = "en",
) -> Response:  # fmt: skip
    """The definition in words, all rows counted or left out and why; one ticket's events and instants."""
    cells = dict(cell_of(text) for text in cell or ())
    asked = {**given.all, "cell": cells, "ticket": ticket, "source": source}
    found = _readers(request).cached(("explain", name, asked), lambda care: care.explain(name, **asked))
    return written(form_of(request, form), found, lambda: found.as_dict(lang))


@router.get("/disagree/{name}", summary="The tickets on which two definitions part")
def disagree(
    request: Request, name: Name, given: Question, left: str, right: str,
    limit: Annotated[int, Query(ge=1, le=MOST_TICKETS)] = 1000, form: Format = None, lang: Language = "en",
) -> Response:  # fmt: skip
    """How many tickets either counts, on how many they part, and which, each with the reason."""
    asked = {name: value for name, value in given.all.items() if name != "variant"}
    key = ("disagree", name, left, right, asked)
    parting, every = _readers(request).cached(
        key, lambda care: care.disagree(name, left, right, limit=MOST_TICKETS, **asked)
    )

    def told() -> list[dict[str, Any]]:
        return [
            {
                "source": one.source, "ticket_id": one.ticket_id, "left": one.left, "right": one.right,
                "reason": one.reason.of(lang),
            }
            for one in every[:limit]
        ]  # fmt: skip

    return written(
        form_of(request, form), (parting, tuple(every)),
        lambda: {
            "left": parting.left, "right": parting.right, "tickets": parting.tickets, "parted": parting.parted,
            "rows": told(),
        },
        told,
    )  # fmt: skip


@router.get(
    "/partings", summary="On how many tickets each further definition parts from the first", responses=TABLES
)
def partings(
    request: Request, given: Question, kpi: Annotated[list[str], Query(min_length=1)],
    definition: Annotated[list[str] | None, Query()] = None, form: Format = None,
) -> Response:  # fmt: skip
    """One object a definition."""
    asked = {**given.all, "definition": tuple(definition or ())}
    found = _readers(request).cached(("partings", kpi, asked), lambda care: care.partings(*kpi, **asked))

    def told() -> list[dict[str, Any]]:
        return [{"left": p.left, "right": p.right, "tickets": p.tickets, "parted": p.parted} for p in found]

    return written(form_of(request, form), found, told, told)


@router.get("/balance", summary="Whether the counts of a period add up", responses=TABLES)
def balance(request: Request, given: Question, form: Format = None, lang: Language = "en") -> Response:
    """One object a line: a whole, its parts, and what they are short of it."""
    found = _readers(request).cached(("balance", given.asked), lambda care: care.balance(**given.asked))

    def told() -> list[dict[str, Any]]:
        return [
            {
                "name": line.name, "whole": line.whole.n, "difference": line.difference, "holds": line.holds,
                "parts": [{"words": t.words.of(lang), "n": t.n, "sign": t.sign} for t in line.parts],
            }
            for line in found
        ]  # fmt: skip

    return written(form_of(request, form), found, told, told)
