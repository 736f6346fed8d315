"""How dates and times look, and which formats could read them.

Rule kept here: where day and month could be swapped both readings are given; choosing is not done here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Digits as 9, letters as a; what has words in it is listed, not taken apart.
WORDY = {
    "a a 9 99:99:99 +9999 9999": "%a %b %d %H:%M:%S %z %Y",
    "a a 99 99:99:99 +9999 9999": "%a %b %d %H:%M:%S %z %Y",
    "a, 99 a 9999 99:99:99 +9999": "%a, %d %b %Y %H:%M:%S %z",
    "a, 9 a 9999 99:99:99 +9999": "%a, %d %b %Y %H:%M:%S %z",
    "99/a/99 9:99 a": "%d/%b/%y %I:%M %p",
    "99/a/99 99:99 a": "%d/%b/%y %I:%M %p",
    "99-a-9999 99:99:99": "%d-%b-%Y %H:%M:%S",
    "99-a-9999 99:99": "%d-%b-%Y %H:%M",
    "99-a-9999": "%d-%b-%Y",
    "99 a 9999 99:99": "%d %b %Y %H:%M",
    "99 a 9999": "%d %b %Y",
}
ISO = re.compile(
    r"9999[-/]9{1,2}[-/]9{1,2}(?:[aT ]9{1,2}:99(?::99(?:[.,]9{1,9})?)?)?(?P<offset> ?(?:a|[+-]99(?::?99)?))?"
)
PARTS = re.compile(r"(.*?)([ ,a]+)?(9{1,2}:99(?::99(?:[.,]9+)?)?(?: ?a)?)?( ?(?:[+-]99:?99|a))?")


@dataclass(frozen=True, slots=True)
class Dates:
    """What a column of instants looks like: formats in the order to try, and what stays open."""

    formats: tuple[str, ...]
    ambiguous: bool
    zoned: bool
    example: str

    @property
    def day_only(self) -> bool:
        """Whether no time of day is written."""
        return ":" not in self.example


def shape_of(text: str) -> str:
    """Digits as 9, letters as a."""
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"[0-9]", "9", text))


def ways(shape: str) -> tuple[str, ...]:
    """Formats that could read texts of one shape: none, one, or day-first and month-first."""
    if shape in WORDY:
        return (WORDY[shape],)
    found = PARTS.fullmatch(shape)
    if not found:
        return ()
    day, gap, clock, offset = (part or "" for part in found.groups())
    times = _clock(clock)
    if times is None or ((offset or gap) and not clock):
        return ()
    tail = gap.replace("a", "T") + times + (" %z" if offset.startswith(" ") else "%z" if offset else "")
    if re.fullmatch(r"9{1,2}([/.-])9{1,2}\1(9999|99)", day):
        mark, year = next(c for c in day if c != "9"), "%Y" if day.endswith("9999") else "%y"
        return (f"%d{mark}%m{mark}{year}{tail}", f"%m{mark}%d{mark}{year}{tail}")
    if re.fullmatch(r"9999([/.-])9{1,2}\1 ?9{1,2}", day):
        return (f"%Y{day[4]}%m{day[4]}%d{tail}",)
    return (f"%Y%m%d{tail}",) if day == "99999999" and clock else ()


def _clock(clock: str) -> str | None:
    if not clock:
        return ""
    half = re.search(r" ?a$", clock)
    body = clock[: half.start()] if half else clock
    hour = "%I" if half else "%H"
    tail = half.group().replace("a", "%p") if half else ""
    if body.count(":") == 1:
        return f"{hour}:%M{tail}"
    mark = next((m for m in ".," if m in body), "")
    return f"{hour}:%M:%S{mark + '%f' if mark else ''}{tail}"


def dates_of(cells: Sequence[str]) -> Dates | None:
    """What a column of texts looks like, if nearly all are instants; None otherwise."""
    if not cells:
        return None
    shapes = [shape_of(cell) for cell in cells]
    known = {shape: ("iso",) if ISO.fullmatch(shape) else ways(shape) for shape in set(shapes)}
    good = [(cell, known[shape]) for cell, shape in zip(cells, shapes, strict=True) if known[shape]]
    if len(good) < 0.9 * len(cells):
        return None
    paired = [(cell, found) for cell, found in good if len(found) == 2]
    day = any(int(re.split(r"\D", cell)[0]) > 12 for cell, _ in paired)
    month = any(int(re.split(r"\D", cell)[1]) > 12 for cell, _ in paired)
    chosen = [found[1 if month and not day and len(found) == 2 else 0] for _, found in good]
    offsets = [match["offset"] for shape in shapes if (match := ISO.fullmatch(shape))]
    zoned = all("%z" in form for form in chosen if form != "iso") and all(offsets)
    return Dates(tuple(dict.fromkeys(chosen)), bool(paired) and day == month, zoned, good[0][0])
