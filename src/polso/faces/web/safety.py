"""What protects a server on the loopback: who may speak to it, and what a page may do.

Rule kept here: a page of another origin reads nothing, whatever name it finds for this address, and no page runs
a script or a style that is not a file of ours.
"""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polso.faces.web.problems import MEDIA, Problem

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Safety:
    """ASGI middleware: refuses other hosts, other origins and NULs, and sends every answer with its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer with the reason why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        reason = refusal(Headers(scope=scope))
        status = 403 if reason else 400
        if not reason and ("\0" in scope["path"] or b"%00" in scope["query_string"]):
            reason = "a NUL is in no name and no text; leave it out"

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if reason:
            said = Problem(
                title=HTTPStatus(status).phrase, status=status, detail=reason, instance=scope["path"]
            )
            await JSONResponse(said.model_dump(), status, media_type=MEDIA)(scope, receive, sent)
            return
        await self.app(scope, receive, sent)


def refusal(headers: Headers) -> str:
    """Why a request is not answered; empty where it is."""
    if len(headers.getlist("host")) != 1 or not is_loopback(headers["host"]):
        return "this server answers to localhost, 127.0.0.1 and [::1] only; open it by one of these names"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers["host"].lower():
        return "this server answers no page of another origin"
    if headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate":
        return "this server answers no page of another origin"
    return ""


def is_loopback(host: str) -> bool:
    """Whether a Host header names this very machine: another name may be anyone's, even if it leads here."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
