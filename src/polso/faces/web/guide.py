"""The API's own page: its paths and parameters as its OpenAPI document has them, to be read by people."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from polso.faces.web.render import environment, words_of
from polso.faces.web.state import State

router = APIRouter(include_in_schema=False)


@router.get("/api")
def guide(request: Request) -> HTMLResponse:
    """Every path with what it gives, its parameters and an address to try."""
    state = State.read(request.url.path, request.query_params.multi_items())
    words = words_of(request, state)
    paths = [
        _path(path, item["get"]) for path, item in request.app.openapi()["paths"].items() if "get" in item
    ]
    found = environment().get_template("api.html")
    return HTMLResponse(found.render(paths=paths, state=state, words=words, _=words.say))


def _path(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": path,
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [
            {
                "name": one["name"], "where": one["in"], "required": one.get("required", False),
                "description": one.get("description", ""), "type": _type(one["schema"]),
            }
            for one in operation.get("parameters", ())
        ],
    }  # fmt: skip


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words: one of its values, a list, a type."""
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(found for one in schema["anyOf"] if (found := _type(one)) != "null")
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}, ..."
    return str(schema.get("const") or schema.get("type") or "text")
