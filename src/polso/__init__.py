"""Polso takes the pulse of a customer-care service.

    import polso
    with polso.open("acme") as care:
        care.ask("first_response_time", by="channel", period="2026-03")

`polso.open("http://127.0.0.1:8321")` asks a running server instead of a folder.

Rule kept here: importing the door imports nothing heavy; what stands behind it is fetched when it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from polso.care import Care as Care
    from polso.faces.remote import open_any as open
    from polso.query.result import Result as Result

__version__ = "0.1.0"
__all__ = ["Care", "Result", "__version__", "open"]

_BEHIND: Final = {
    "open": ("polso.faces.remote", "open_any"),
    "Care": ("polso.care", "Care"),
    "Result": ("polso.query.result", "Result"),
    "table": ("polso.faces.table", "table"),
    "chart": ("polso.faces.charts", "chart"),
}


def __getattr__(name: str) -> Any:
    if name not in _BEHIND:
        raise AttributeError(f"module 'polso' has no attribute '{name}'")
    module, inner = _BEHIND[name]
    return getattr(import_module(module), inner)
