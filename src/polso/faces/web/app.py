"""The web application."""

from __future__ import annotations

from fastapi import FastAPI

from polso.serving.readers import Readers


def make_app(readers: Readers) -> FastAPI:
    """The application over a project's readers."""
    app = FastAPI(title="Polso", docs_url=None, redoc_url=None)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"version": readers.version}

    return app
