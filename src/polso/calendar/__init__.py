"""Opening hours, holidays and time zones, and the tables that bring them into an engine.

Rule kept here: time zones end in this folder. `polso.calendar.position` holds the engine expressions and
is imported on its own, so that the calendar itself needs no engine.
"""

from __future__ import annotations

from polso.calendar.calendar import Calendar as Calendar
from polso.calendar.changes import change_marks as change_marks
from polso.calendar.changes import changed_days as changed_days
from polso.calendar.days import covers as covers
from polso.calendar.days import day_table as day_table
from polso.calendar.days import span as span
from polso.calendar.holidays import Holidays as Holidays
from polso.calendar.hours import WeeklyHours as WeeklyHours
from polso.calendar.slots import slot_table as slot_table
