"""The way down from a number: its definition and account, its rows, one ticket's time line, definitions side by side."""

from __future__ import annotations

from fastapi import APIRouter

from polso.faces.web.drill import disagree, number, rows, search, ticket

router = APIRouter(include_in_schema=False)
for part in (number, rows, ticket, disagree, search):
    router.include_router(part.router)
