"""Regulation packs: what an authority asks, held against the data month by month; met or not met in words."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from markupsafe import Markup

from polso.errors import PolsoError
from polso.faces.charts import ACCENT, INK
from polso.faces.packs import outside, threshold_of, why
from polso.faces.web import plots
from polso.faces.web.page import Page
from polso.faces.web.parts import Figure, Table, TableCell, View
from polso.faces.web.screen import Screen
from polso.packs.judgement import Judgement, Line, judge
from polso.packs.pack import find, packs

if TYPE_CHECKING:
    from polso.packs.pack import Row

MARKS: Final = {"met": "✓", "not met": "✗"}
TONES: Final = {"met": "good", "not met": "bad"}
# The verdicts in the order in which they matter, each as a piece of the sentence.
SAID: Final = (
    ("not met", "Not met: {list}."),
    ("met", "Met: {list}."),
    ("not over", "Not over yet: {list}."),
    ("no threshold", "Without a confirmed threshold: {list}."),
    ("not computable", "Not computable from these sources: {list}."),
)


def compose(page: Page) -> View:
    """The packs to choose from; of the chosen one every requirement, month by month."""
    name, year = chosen(page)
    found = judged(page, name, year)
    words = page.words
    known = [
        {"pack": pack, "title": pack.title.of(words.language), "applies_to": pack.applies_to.of(words.language),
         "since": words.day(pack.since), "until": words.day(pack.until) if pack.until else "", "chosen": pack.name == name,
         "href": page.state.url(pack=pack.name, year=year)}
        for pack in packs().values()
    ]  # fmt: skip
    first, last = page.about.first.year, page.about.last.year
    more: dict[str, Any] = {
        "known": known, "notes": [], "warning": "",
        "years": [(one, page.state.url(pack=name, year=one), str(one) == year) for one in range(first, last + 1)] if name else [],
        "refused": words.told(" ".join(str(found).split())) if isinstance(found, PolsoError) else "",
    }  # fmt: skip
    if not isinstance(found, Judgement):
        return View(sentence(page, None), (), (), more)
    more["notes"] = [
        note.of(words.language) for note in (found.pack.note, *(row.note for row in found.pack.row)) if note
    ]
    more["warning"] = outside(found, words)
    figures = [
        requirement(page, list(lines)) for _, lines in groupby(found.lines, key=lambda line: line.row.name)
    ]
    return View(sentence(page, found), (), figures, more)


def chosen(page: Page) -> tuple[str | None, str]:
    """The pack and the year of the URL, else the pack that polso.toml speaks of and the year of the newest data."""
    rest = dict(page.state.rest)
    own = page.about.config.pack
    name = rest.get("pack") or (own[0].name if own else None)
    year = rest.get("year", "")
    return name, year if len(year) == 4 and year.isdecimal() else str(page.about.last.year)


def judged(page: Page, name: str | None, year: str) -> Judgement | PolsoError | None:
    """The chosen pack over the year; an error where it cannot be judged, None where none is chosen."""
    if name is None or page.asking is None:
        return None
    try:
        found: Judgement = page.asking.cached(
            ("pack", find(name).name, year), lambda care: judge(care, name, year)
        )
    except PolsoError as error:
        return error
    return found


def requirement(page: Page, lines: list[Line]) -> Figure:
    """One requirement: a line a month and one for the whole; what no month can ever tell is said once."""
    row, whole, words = lines[0].row, lines[-1], page.words
    title = f"{row.title.of(words.language)} ({row.article})"
    if whole.why in ("missing", "untold"):
        return page.nothing(row.name, title, why(whole, words))
    heads = ("month", "value", "n", "threshold", "verdict", "why")
    rows = tuple(
        _line(page, line)
        for line in (*lines[:-1], whole)
        if line.n or line.verdict != "not over" or line is whole
    )
    table = Table(tuple(page.say(head) for head in heads), heads, rows)
    return Figure(row.name, title, table, drawn(page, lines[:-1]), note=_asked(page, row, whole))


def _asked(page: Page, row: Row, whole: Line) -> str:
    """What is asked, whose threshold it is, and what came of it over the year."""
    limit = threshold_of(whole, page.words)
    if not limit:
        return page.say("No confirmed threshold: nothing is judged until polso.toml gives one.")
    said = (
        page.say("{limit}, from polso.toml", limit=limit)
        if whole.is_own
        else page.say("{limit}, by law", limit=limit)
    )
    if row.months:
        said = page.say("{limit}, in {n} of 12 months", limit=said, n=row.months)
    reached = "" if whole.value is None else f" · {page.words.value(whole.value, whole.unit)}"
    return f"{said}{reached} · {verdict(page, whole)}"


def verdict(page: Page, line: Line) -> str:
    """Met or not in a mark and a word, never in colour alone."""
    return f"{MARKS.get(line.verdict, '')} {page.say(line.verdict)}".strip()


def _line(page: Page, line: Line) -> tuple[TableCell, ...]:
    words = page.words
    when = words.label("month", line.month) if line.month else page.say("whole period")
    return (
        TableCell(when, line.month.isoformat() if line.month else None),
        TableCell(words.value(line.value, line.unit), line.value, numeric=True),
        TableCell(words.count(line.n), line.n, numeric=True),
        TableCell(threshold_of(line, words), line.threshold, numeric=True),
        TableCell(verdict(page, line), line.verdict, tone=TONES.get(line.verdict, ""), numeric=True),
        TableCell(why(line, words), line.why),
    )


def drawn(page: Page, months: list[Line]) -> dict[str, Any] | None:
    """The months as points with their verdicts, the threshold a thin line with its value."""
    known = [line for line in months if line.value is not None and line.month]
    if len(known) < 2:
        return None
    words = page.words
    scale = 60.0 if known[0].unit == "duration" and max(line.value or 0 for line in known) >= 120 else 1.0
    values = [
        {"month": words.label("month", line.month), "value": (line.value or 0) / scale,
         "text": f"{MARKS.get(line.verdict, '')} {words.value(line.value, line.unit)}".strip(), "verdict": page.say(line.verdict)}
        for line in known
    ]  # fmt: skip
    form = ".0%" if known[0].unit == "share" else ",.2~f"
    unit = {"duration": "min" if scale > 1 else "s"}.get(known[0].unit)
    x = {
        "field": "month",
        "type": "nominal",
        "title": None,
        "sort": None,
        "axis": {"labelAngle": 0, "labelLimit": 90},
    }
    y = {"field": "value", "type": "quantitative", "title": unit, "axis": {"format": form, "tickCount": 4}}
    tip = [{"field": f, "type": "nominal", "title": page.say(f)} for f in ("month", "text", "verdict")]
    dot = {"mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": ACCENT},
           "encoding": {"x": x, "y": y, "tooltip": tip}}  # fmt: skip
    text = {"mark": {"type": "text", "dy": -12, "fontSize": 10, "color": INK},
            "encoding": {"x": x, "y": y, "text": {"field": "text", "type": "nominal"}}}  # fmt: skip
    layers = [dot, text] + ([_limit(page, known[0], scale, y)] if known[0].threshold is not None else [])
    return plots.spec(
        {"data": {"values": values}, "width": plots.WIDTH, "height": 140, "layer": layers}, page
    )


def _limit(page: Page, line: Line, scale: float, y: dict[str, Any]) -> dict[str, Any]:
    """The threshold, its value written at the end."""
    data = {"values": [{"limit": (line.threshold or 0) / scale, "said": threshold_of(line, page.words)}]}
    place = {**y, "field": "limit"}
    # On the side where a month that is met does not lie.
    at_least = line.row.direction == "at_least"
    side = {"baseline": "top", "dy": 3} if at_least else {"baseline": "bottom", "dy": -2}
    rule = {
        "mark": {"type": "rule", "color": INK, "strokeWidth": 0.8, "tooltip": None},
        "encoding": {"y": place},
    }
    text = {
        "mark": {
            "type": "text",
            "align": "right",
            **side,
            "color": INK,
            "fontSize": 10,
        },
        "encoding": {"x": {"value": plots.WIDTH}, "y": place, "text": {"field": "said", "type": "nominal"}},
    }
    return {"data": data, "layer": [rule, text]}


def sentence(page: Page, found: Judgement | None) -> Markup:
    """Which requirements are met and which are not, by name; without a pack, what to choose."""
    if found is None:
        return page.html(
            "Choose the rules that apply to you: {n} packs are held ready.", n=page.words.count(len(packs()))
        )
    wholes = [line for line in found.lines if line.month is None]
    parts = [
        Markup("{}.").format(
            f"{found.pack.title.of(page.words.language).partition(',')[0]}, {found.period.since.year}"
        )
    ]
    for name, text in SAID:
        links = [
            page.link(line.row.title.of(page.words.language), f"#{line.row.name}")
            for line in wholes
            if line.verdict == name
        ]
        if links:
            parts.append(page.html(text, list=Markup("; ").join(links)))
    return Markup(" ").join(parts)


SCREEN = Screen("packs", "Regulation packs", 120, compose, takes=("pack", "year", "all"))
