"""Errors for programs, all of one shape: problem documents (RFC 9457), whatever went wrong and wherever."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import JSONResponse

from polso.errors import PolsoError, PrivacyError, QuestionError, UnknownName

MEDIA: Final = "application/problem+json"
DEFECT: Final = "this is a defect of Polso; the server's own output says more"


class Problem(BaseModel):
    """What every error of the API looks like (RFC 9457)."""

    type: str = Field(
        default="about:blank", description="what kind of problem; `about:blank` where the status says it all"
    )
    title: str = Field(description="the kind of problem in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what is wrong with this very request, and what to do next")
    instance: str = Field(description="the path that was asked")


RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 403, 404, 406, 422)
}


def status_of(error: Exception, path: str) -> int:
    """The HTTP status of an error: what the path names and is not there is not found; the rest was asked wrongly."""
    if isinstance(error, StarletteHTTPException):
        return error.status_code
    if isinstance(error, RequestValidationError):
        return 422
    if isinstance(error, PrivacyError):
        return 403
    if isinstance(error, UnknownName) and error.name in path:
        return 404
    return 400 if isinstance(error, QuestionError) else 500


def detail_of(error: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(error, RequestValidationError):
        return "; ".join(
            f"{'.'.join(map(str, one['loc'][1:])) or 'request'}: {one['msg']}" for one in error.errors()
        )
    if isinstance(error, HTTPException | StarletteHTTPException):
        return str(error.detail)
    return " ".join(str(error).split()) if isinstance(error, PolsoError) else DEFECT


def problem(error: Exception, path: str) -> JSONResponse:
    """An error as a problem document."""
    status = status_of(error, path)
    said = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail_of(error), instance=path)
    headers = getattr(error, "headers", None)
    return JSONResponse(said.model_dump(), status, media_type=MEDIA, headers=headers)
