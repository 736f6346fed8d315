"""One ticket drawn as a line: its events, the instants chosen, the waits, and the opening hours in between, shaded.

Rule kept here: the order is true and long gaps are shortened, each saying how long it was; nobody reads hours off
the drawing that the list below it does not write.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from babel import dates
from markupsafe import Markup

if TYPE_CHECKING:
    from polso.faces.web.page import Page
    from polso.query.story import Chapter, Story

WIDTH, PAD = 960, 30
LABELS, AXIS, LANE, STEP = 54, 68, 96, 12
LANES: Final = 6
# Marks nearer than this are one mark; gaps narrower than that stay unsaid.
NEAR, SAID = 26, 52
KINDS: Final = {"customer": "customer", "agent": "agent"}


@dataclass(frozen=True)
class Scale:
    """Where instants stand: in order, long gaps shortened, evenly between two neighbours."""

    at: tuple[datetime, ...]
    x: tuple[float, ...]

    @classmethod
    def of(cls, instants: Iterable[datetime]) -> Scale:
        """The scale of some instants."""
        at = tuple(sorted(set(instants)))
        reach = [0.0]
        for before, after in pairwise(at):
            reach.append(reach[-1] + 4 + 26 * math.log10(1 + (after - before).total_seconds() / 60))
        room = (WIDTH - 2 * PAD) / (reach[-1] or 1)
        return cls(at, tuple(round(PAD + place * room, 1) for place in reach))

    def __call__(self, instant: datetime) -> float:
        """Where an instant stands."""
        place = bisect_right(self.at, instant)
        if place == 0 or place == len(self.at):
            return self.x[0] if place == 0 else self.x[-1]
        (a, b), (left, right) = self.at[place - 1 : place + 1], self.x[place - 1 : place + 1]
        return round(left + (right - left) * ((instant - a) / (b - a)), 1)


@dataclass(frozen=True)
class Mark:
    """Events that stand at one place: from which to which of the list, since when, until when, and whose."""

    first: int
    last: int
    since: datetime
    until: datetime
    x: float
    kind: str

    @property
    def label(self) -> str:
        """Its numbers in the list."""
        return f"{self.first}" if self.first == self.last else f"{self.first}–{self.last}"


def drawing(page: Page, story: Story) -> Markup:
    """The time line as SVG; none where there is nothing to draw."""
    instants = [event["occurred_at"] for event in story.events]
    timed = [c for c in story.chapters if c.start and c.stop and c.start.at and c.stop.at]
    instants += [i.at for c in timed for i in (c.start, c.stop) if i and i.at]
    if not instants:
        return Markup("")
    scale = Scale.of(instants)
    lanes = timed[:LANES]
    bottom = LANE + STEP * (len(lanes) + bool(story.pauses)) + 4
    marks = _marks(story, scale)
    parts = [
        *_open(scale, lanes, bottom),
        Markup('<line class="axis" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(PAD, WIDTH - PAD, AXIS, AXIS),
        *_ends(page, scale, lanes, bottom), *_gaps(page, marks), *_lanes(scale, lanes),
        *_waits(scale, story, LANE + STEP * len(lanes)), *(_mark(mark) for mark in marks), *_days(page, marks, bottom + 14),
    ]  # fmt: skip
    head = Markup('<svg class="timeline" viewBox="0 0 {} {}" role="img" aria-label="{}">').format(
        WIDTH, bottom + 20, page.say("Time line of the ticket; the list below says the same in words.")
    )
    return head + Markup("").join(parts) + Markup("</svg>")


def _marks(story: Story, scale: Scale) -> list[Mark]:
    """The events as marks, those that would touch taken together."""
    made: list[Mark] = []
    for number, event in enumerate(story.events, 1):
        at, kind = event["occurred_at"], KINDS.get(str(event.get("actor_kind")), "other")
        x = scale(at)
        if made and x - made[-1].x < NEAR:
            last = made[-1]
            # People come before machines where several stand at one place.
            both = next(k for k in ("customer", "agent", "other") if k in (last.kind, kind))
            made[-1] = Mark(last.first, number, last.since, at, last.x, both)
        else:
            made.append(Mark(number, number, at, at, x, kind))
    return made


def _mark(mark: Mark) -> Markup:
    return Markup(
        '<circle class="{}" cx="{}" cy="{}" r="{}"/><text class="label" x="{}" y="{}" text-anchor="middle">{}</text>'
    ).format(mark.kind, mark.x, AXIS, 4 if mark.kind == "other" else 5, mark.x, LABELS, mark.label)


def _open(scale: Scale, lanes: Sequence[Chapter], bottom: int) -> list[Markup]:
    """The opening hours between the instants chosen."""
    pieces = dict.fromkeys(piece for chapter in lanes for piece in chapter.pieces)
    made = []
    for start, end in pieces:
        x = scale(start)
        made.append(Markup('<rect class="open" x="{}" y="{}" width="{}" height="{}"/>').format(
            x, AXIS - 8, max(1.0, round(scale(end) - x, 1)), bottom - AXIS + 8
        ))  # fmt: skip
    return made


def _ends(page: Page, scale: Scale, lanes: Sequence[Chapter], bottom: int) -> list[Markup]:
    """Start and stop, written out where there is one row of them."""
    if len(lanes) != 1:
        return []
    made = []
    for y, word, end in ((14, "start", lanes[0].start), (30, "stop", lanes[0].stop)):
        if end is None or end.at is None:
            continue
        x = scale(end.at)
        anchor = "end" if x > WIDTH * 0.7 else "start"
        text = f"{page.say(word)} {clock(end.at, page.period.zone):%H:%M:%S}"
        made.append(Markup(
            # Broken where the events' numbers stand.
            '<path class="end" d="M{},{}V{}M{},{}V{}"/><text class="end" x="{}" y="{}" text-anchor="{}">{}</text>'
        ).format(x, y - 10, LABELS - 12, x, AXIS - 8, bottom, x + (-4 if anchor == "end" else 4), y, anchor, text))  # fmt: skip
    return made


def _lanes(scale: Scale, lanes: Sequence[Chapter]) -> list[Markup]:
    made = []
    for place, chapter in enumerate(lanes):
        left, right = sorted(scale(end.at) for end in (chapter.start, chapter.stop) if end and end.at)
        kind = "span" if chapter.fate.counted else "span out"
        made.append(Markup('<rect class="{}" x="{}" y="{}" width="{}" height="6"/>').format(
            kind, left, LANE + STEP * place, max(2.0, round(right - left, 1))
        ))  # fmt: skip
    return made


def _waits(scale: Scale, story: Story, y: int) -> list[Markup]:
    """The waits that pausing clocks take off; one that never ended runs to the end of the line."""
    made = []
    for pause in story.pauses:
        left = scale(pause.since)
        right = scale(pause.until) if pause.until else float(WIDTH - PAD)
        made.append(Markup('<rect class="wait" x="{}" y="{}" width="{}" height="6"/>').format(
            left, y, max(2.0, round(right - left, 1))
        ))  # fmt: skip
    return made


def _gaps(page: Page, marks: Sequence[Mark]) -> list[Markup]:
    """How long nothing happened, where there is room to say it."""
    made = []
    for before, after in pairwise(marks):
        if after.x - before.x >= SAID:
            text = page.words.duration((after.since - before.until).total_seconds())
            made.append(Markup('<text class="gap" x="{}" y="{}" text-anchor="middle">{}</text>').format(
                round((before.x + after.x) / 2, 1), AXIS + 16, text
            ))  # fmt: skip
    return made


def _days(page: Page, marks: Sequence[Mark], y: int) -> list[Markup]:
    """The local day under the first mark of each, where it does not run into the one before."""
    made, known, reach = [], None, float(-SAID)
    for mark in marks:
        there = clock(mark.since, page.period.zone)
        if there.date() == known or mark.x - reach < SAID:
            continue
        known, reach = there.date(), mark.x
        text = f"{dates.format_date(there, 'd MMM', locale=page.words.language)} {there:%H:%M}"
        anchor = "start" if mark.x < SAID else "end" if mark.x > WIDTH - SAID else "middle"
        made.append(
            Markup('<text class="gap" x="{}" y="{}" text-anchor="{}">{}</text>').format(
                mark.x, y, anchor, text
            )
        )
    return made


def clock(instant: datetime, zone: str) -> datetime:
    """A naive UTC instant as a local one."""
    return instant.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone))
