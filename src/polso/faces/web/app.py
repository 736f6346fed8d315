"""The web application: its routes, its errors, its safety; every page is a screen or a way down from a number."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from typing import TYPE_CHECKING, Final, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles

from polso import __version__
from polso.errors import PolsoError
from polso.faces.web import api, drill, files, guide
from polso.faces.web.render import Shown, answered, failed, making, words_of, written
from polso.faces.web.safety import Safety
from polso.faces.web.screen import Screen, screens
from polso.faces.web.state import State

if TYPE_CHECKING:
    from polso.serving.readers import Readers

T = TypeVar("T")
# Beyond this a page gets hardly smaller, and takes several times as long.
GZIP_LEVEL: Final = 4


def make_app(readers: Readers) -> FastAPI:
    """The application over one project's readers."""
    app = FastAPI(
        title="Polso", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json"
    )
    app.state.readers = readers
    static = resources.files("polso.faces.web").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    for screen in screens():
        app.add_api_route(screen.at, _page(screen), methods=["GET", "HEAD"], include_in_schema=False)
        app.add_api_route(
            f"/figure/{screen.name}/{{figure}}.{{form}}",
            _figure(screen),
            methods=["GET"],
            include_in_schema=False,
        )
    app.include_router(drill.router)
    app.add_api_route("/health", health, methods=["GET"], include_in_schema=False)
    app.include_router(api.router)
    app.include_router(guide.router)
    for error in (PolsoError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(error, failed)
    app.add_middleware(GZipMiddleware, minimum_size=1000, compresslevel=GZIP_LEVEL)
    app.add_middleware(Safety)
    return app


def health() -> JSONResponse:
    """Whether the server is there."""
    return JSONResponse({"status": "ok", "version": __version__})


def _page(screen: Screen) -> Callable[[Request], Response]:
    def shown(request: Request) -> HTMLResponse:
        def made() -> Shown:
            page = making(request, screen)
            return written(page, screen.compose(page))

        found = _kept(request, ("page", screen.name), made) if screen.lasts else made()
        return answered(found)

    return shown


def _figure(screen: Screen) -> Callable[[Request, str, str], Response]:
    def drawn(request: Request, figure: str, form: str) -> Response:
        def made() -> files.File | None:
            page = making(request, screen)
            found = next((one for one in screen.compose(page).figures if one.name == figure), None)
            return None if found is None else files.written(found, form, screen.name)

        file = _kept(request, ("figure", screen.name, figure, form), made)
        if file is None:
            raise HTTPException(404, f"no figure '{figure}.{form}' on this page")
        return Response(file.body, media_type=file.media, headers=file.headers)

    return drawn


def _kept(request: Request, key: tuple[str, ...], made: Callable[[], T]) -> T:
    """What a URL shows in a language, made once for everybody who asks for it while data and settings stand still."""
    readers: Readers = request.app.state.readers
    words = words_of(request, State.read(request.url.path, request.query_params.multi_items()))
    return readers.kept((*key, request.url.path, request.url.query, words.language), made)
