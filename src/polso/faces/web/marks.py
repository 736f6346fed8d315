"""Marks on the axis of time: the days that explain a course before anybody asks why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from polso.calendar.configured import configured
from polso.faces.charts import PALE

if TYPE_CHECKING:
    from polso.faces.web.page import Page

MARK: Final = "▾"


def closed(page: Page) -> list[date]:
    """The days of the period that are a holiday in any of the project's calendars."""
    config, period = page.about.config, page.period
    known = [configured(one, config.project.zone).holidays for one in config.calendar]
    days = (period.since + timedelta(days=n) for n in range(period.days))
    return [day for day in days if any(day in holidays for holidays in known)]


def holidays(page: Page) -> Mapping[str, Any] | None:
    """A small mark at the top of every holiday, for a course by day; none where there is no holiday."""
    days = closed(page)
    if not days:
        return None
    said = page.say("holiday")
    values = [{"at": f"{day}T00:00Z", "mark": MARK, "said": f"{page.words.day(day)}: {said}"} for day in days]
    return {
        "data": {"values": values},
        "mark": {"type": "text", "color": PALE, "fontSize": 11, "baseline": "top"},
        "encoding": {
            "y": {"value": 0},
            "text": {"field": "mark", "type": "nominal"},
            "tooltip": {"field": "said", "type": "nominal"},
        },
    }
