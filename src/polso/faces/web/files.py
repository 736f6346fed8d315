"""A figure as a file: CSV and JSON of its table, PNG, SVG and `narrow` (a phone's SVG) of its chart, the spec for tooltips."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import Final

from polso.faces import output
from polso.faces.web import drawing
from polso.faces.web.narrow import narrowed
from polso.faces.web.parts import Figure

MEDIA: Final = {
    "csv": "text/csv; charset=utf-8", "json": "application/json", "png": "image/png",
    "svg": "image/svg+xml", "narrow": "image/svg+xml", "vl": "application/json",
}  # fmt: skip
# What a spreadsheet is meant to open is saved, not shown.
SAVED: Final = ("csv", "png")


@dataclass(frozen=True)
class File:
    """A file for a browser."""

    body: bytes
    media: str
    headers: dict[str, str]


def written(figure: Figure, form: str, screen: str) -> File | None:
    """A figure in a form; none where it has none such."""
    if form not in MEDIA or (form in ("png", "svg", "narrow", "vl") and figure.spec is None):
        return None
    spec = dict(figure.spec or {})
    if form == "png":
        body = drawing.png(spec)
    elif form == "svg":
        body = drawing.svg(spec).encode()
    elif form == "narrow":
        body = drawing.svg(narrowed(spec)).encode()
    elif form == "vl":
        body = json.dumps(spec).encode()
    else:
        body = (
            as_csv(figure).encode()
            if form == "csv"
            else json.dumps(output.plain(figure.table.as_dicts())).encode()
        )
    name = f"polso-{screen}-{figure.name}.{form}"
    return File(
        body, MEDIA[form], {"Content-Disposition": f'attachment; filename="{name}"'} if form in SAVED else {}
    )


def as_csv(figure: Figure) -> str:
    """The table behind a chart, for a spreadsheet."""
    buffer = io.StringIO()
    output.write_csv(figure.table.as_dicts(), figure.table.columns, buffer)
    return buffer.getvalue()
