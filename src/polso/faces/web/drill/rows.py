"""The rows behind a number: paged for people, whole for programs.

Rule kept here: a page shows some of the columns and a file all of them; neither shows a row that is in no number.
"""

from __future__ import annotations

import io
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as parquet
from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from polso.errors import PolsoError
from polso.faces import output
from polso.faces.web import render
from polso.faces.web.drill.chosen import Chosen, choose, number_at, opened
from polso.faces.web.page import Page
from polso.faces.web.parts import Table, TableCell, View
from polso.faces.web.state import State
from polso.faces.words import DASH
from polso.kpis.wording import measured

if TYPE_CHECKING:
    from polso.care import Care
    from polso.kpis.definition import Definition

router = APIRouter()
PAGE: Final = 50
MOST: Final = 100_000
NAMES: Final = ("ticket_id", "contact_id", "order_id", "visit_id", "event_id", "agent")
TOLD: Final = ("channel", "team", "agent", "issue_type", "priority", "client", "customer_id")
MEDIA: Final = {
    "csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet",
    "arrow": "application/vnd.apache.arrow.file",
}  # fmt: skip


@router.get("/rows/{name}.{form}")
def exported(request: Request, name: str, form: str) -> Response:
    """All rows, with all columns, as a file."""
    if form not in MEDIA:
        raise HTTPException(404, f"no file '.{form}' of rows; there are {', '.join(MEDIA)}")
    page, chosen = made(request, name)
    total = count(page, chosen)
    if total > MOST:
        words = page.words
        raise HTTPException(413, page.say(
            "{n} rows are more than the {most} that a file holds; ask a shorter period or filter, or use `polso publish`.",
            n=words.count(total), most=words.count(MOST),
        ))  # fmt: skip
    # A whole file is made once and given away: it would only fill what is kept between loads.
    with request.app.state.readers.borrow() as care:
        body = written(care.rows(chosen.kpi, limit=None, **chosen.asked(page, "params")), form)
    named = f'attachment; filename="polso-{chosen.name}-rows.{form}"'
    return Response(body, media_type=MEDIA[form], headers={"Content-Disposition": named})


@router.api_route("/rows/{name}", methods=["GET", "HEAD"])
def shown(request: Request, name: str) -> HTMLResponse:
    """One page of the rows."""
    page, chosen = made(request, name)
    return render.rendered(request, page, view(page, chosen), "drill/rows.html")


def made(request: Request, name: str) -> tuple[Page, Chosen]:
    """The page, without questions: rows are no number."""
    chosen = choose(request, name)
    state = State.read("/", request.query_params.multi_items())
    title = chosen.definition.title.of(render.words_of(request, state).language)
    return opened(request, f"rows/{chosen.name}", title, f"/rows/{chosen.name}"), chosen


def view(page: Page, chosen: Chosen) -> View:
    """Fifty rows and where they stand among all; or why there are none."""
    more: dict[str, Any] = {"chosen": chosen, "table": None, "why": "", "at": 1, "last": 1, "links": {}}
    more["number_url"] = page.state.url(f"/kpi/{chosen.name}", **chosen.own())
    try:
        total = count(page, chosen)
        last = max(1, -(-total // PAGE))
        at = min(number_at(page), last)
        found = read(page, chosen, PAGE, PAGE * (at - 1))
    except PolsoError as error:
        more["why"] = page.words.told(" ".join(str(error).split()))
        return View(page.html("These rows cannot be shown."), (), (), more)
    where = f"/rows/{chosen.name}"
    own = {name: value for name, value in chosen.own().items() if name != "stat"}
    more |= {
        "table": table(page, chosen, found), "at": at, "last": last,
        "links": {form: page.state.url(f"{where}.{form}", **own) for form in MEDIA},
        "before": page.state.url(where, **own, page=at - 1) if at > 1 else "",
        "after": page.state.url(where, **own, page=at + 1) if at < last else "",
    }  # fmt: skip
    if not total:
        return View(
            page.html("No row is behind this number in this period and with these filters."), (), (), more
        )
    counted = page.words.count
    first, end = PAGE * (at - 1) + 1, min(PAGE * at, total)
    said = page.html(
        "Rows {first}–{end} of {total}.", first=counted(first), end=counted(end), total=counted(total)
    )
    return View(said, (), (), more)


def count(page: Page, chosen: Chosen) -> int:
    """How many rows there are."""
    asked = chosen.asked(page, "params")
    return int(
        _cached(page, ("count_rows", chosen.kpi, asked), lambda care: care.count_rows(chosen.kpi, **asked))
    )


def read(page: Page, chosen: Chosen, limit: int, offset: int) -> pa.Table:
    """Some rows as the fact keeps them."""
    asked = chosen.asked(page, "params") | {"limit": limit, "offset": offset}
    return _cached(page, ("rows", chosen.kpi, asked), lambda care: care.rows(chosen.kpi, **asked))


def _cached(page: Page, key: tuple[Any, ...], made: Any) -> Any:
    assert page.asking is not None  # noqa: S101 - a page of a request always can ask
    return page.asking.cached(key, made)


def written(found: pa.Table, form: str) -> bytes:
    """Rows as a file; texts in a CSV are no formulas."""
    if form == "csv":
        text = io.StringIO()
        output.write_csv(found.to_pylist(), found.column_names, text)
        return text.getvalue().encode()
    sink = io.BytesIO()
    if form == "parquet":
        parquet.write_table(found, sink, compression="zstd")
    else:
        feather.write_feather(found, sink, compression="uncompressed")
    return sink.getvalue()


def columns(definition: Definition, time: str, there: list[str]) -> list[str]:
    """The columns that people read: which row, when, from and to, how much, whether counted, whose."""
    name = next((key for key in NAMES if key in there), there[0])
    stem = str(definition.value or "").removesuffix("_us").removesuffix("_business")
    durations = [
        f"{stem}_business_us" if time == "business" else f"{stem}_us",
        f"{stem}_us",
        str(definition.value),
        "score",
    ]
    lasted = next((key for key in durations if key in there), None)
    minus = str(definition.minus or "").removesuffix("_us")
    wanted = [name, definition.clock, *(measured(definition) or ()), definition.since, definition.until, lasted,
              minus and f"{minus}_us", "counted", *TOLD]  # fmt: skip
    return [key for key in dict.fromkeys(wanted) if key and key in there]


def table(page: Page, chosen: Chosen, found: pa.Table) -> Table:
    """Rows as people read them; tickets lead to their time line. Columns that say nothing here are left out."""
    every = columns(chosen.definition, chosen.time, found.column_names)
    names = [n for n in every if n == every[0] or found[n].null_count < found.num_rows]
    clock, start = chosen.definition.clock, (measured(chosen.definition) or ("",))[0]
    if clock != start and {clock, start} <= set(names) and found[clock].equals(found[start]):
        names.remove(clock)
    rows = tuple(tuple(_cell(page, chosen, key, row) for key in names) for row in found.to_pylist())
    return Table(tuple(_head(page, chosen, key) for key in names), tuple(names), rows)


def _head(page: Page, chosen: Chosen, key: str) -> str:
    ends = measured(chosen.definition) or ()
    said = {name: f"{page.say(label)}" for name, label in zip(ends, ("start", "stop"), strict=False)}
    if key in said:
        return said[key]
    if key == chosen.definition.clock:
        return page.say("when")
    if key.endswith("_us"):
        return page.say("pauses") if key.startswith("paused") else page.say("duration")
    title = {"ticket_id": "ticket", "customer_id": "customer", "contact_id": "contact"}.get(key, key)
    return page.say(title)


def _cell(page: Page, chosen: Chosen, key: str, row: dict[str, Any]) -> TableCell:
    value = row[key]
    href = ticket_url(page, chosen, row) if key == "ticket_id" and value is not None else ""
    if isinstance(value, datetime):
        return TableCell(page.words.instant(value.replace(tzinfo=None), page.period.zone), value)
    if value is None:
        return TableCell(DASH, None, numeric=key.endswith("_us"))
    if key.endswith("_us"):
        return TableCell(
            page.words.duration(value / 1_000_000, business="_business" in key), value, numeric=True
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        return TableCell(page.words.decimal(value, 2), value, numeric=True)
    return TableCell(page.words.label(key, value), value, href)


def ticket_url(page: Page, chosen: Chosen, row: dict[str, Any]) -> str:
    """A row's ticket under this very definition."""
    state = page.state.bare()
    return state.url(f"/ticket/{row['ticket_id']}", kpi=chosen.kpi, source=row.get("source"))


def find(care: Care, ticket: str) -> list[str]:
    """The sources that have a ticket of this id."""
    if "\0" in ticket:
        return []
    found = care.rows("ticket_volume:all", where={"ticket_id": ticket}, limit=20)
    return sorted({str(row["source"]) for row in found.to_pylist()})
