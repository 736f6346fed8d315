"""Sources: one export format a file, each turning files into canonical events; none computes a number."""

from __future__ import annotations

from polso.sources.canonical import CanonicalSource
from polso.sources.source import Source

SOURCES: dict[str, Source] = {
    "events": CanonicalSource(),
}
