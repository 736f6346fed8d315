"""Sources: one export format a file, each turning files into canonical events; none computes a number."""

from __future__ import annotations

from polso.sources.asterisk import AsteriskSource
from polso.sources.canonical import CanonicalSource
from polso.sources.shop import ShopSource
from polso.sources.source import Source
from polso.sources.survey import SurveySource
from polso.sources.table import TableSource
from polso.sources.zendesk import ZendeskSource

SOURCES: dict[str, Source] = {
    "events": CanonicalSource(),
    "table": TableSource(),
    "asterisk": AsteriskSource(),
    "zendesk": ZendeskSource(),
    "survey": SurveySource(),
    "shop": ShopSource(),
}
