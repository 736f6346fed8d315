"""A guessed mapping written as a commented [[source]] of polso.toml.

Rule kept here: what is written loads as it is, except where loading would need a decision that only a person
can make.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from polso.sources.guess import Guess

# Under these keys of an event a text is a word; under all others it is the name of a column.
WORDS: Final = {"kind", "actor_kind", "attribute", "format", "map", "default", "value"}


class Say(Protocol):
    """Speaks the comments: an English sentence in the language of whoever reads, its {names} filled in."""

    def __call__(self, text: str, **values: Any) -> str:
        """The sentence."""
        ...


def english(text: str, **values: Any) -> str:
    """The comments as they stand here."""
    return text.format(**values) if values else text


# What an activity's words say it is, alone or with the ticket's name beside them; anything else stays a
# private note.
THING = r"(the )?(ticket|case|request|issue|incident|conversation|pratica|richiesta|segnalazione|chiamata)"
ACTIVITIES = {
    "reopened": r"re-?open(ed)?|riapert(o|a|ura)",
    "escalated": r"escalat(e|ed|ion)",
    "waiting": r"wait(ing)?( for .*)?|pending|on[ -]hold|(in )?attesa( .*)?|sospes[oa]",
    "assigned": r"assign(ed|ment)?|take in charge|taken in charge|(pres[ao] )?in carico|presa in"
    r" carico|assegnat[oa]|assegnazione",
    "closed": r"closed?|closing|chius(o|a|ura)",
    "solved": r"resolved?|solved?|risolt[oa]|risoluzione|soluzione",
    "opened": r"open(ed)?|created?|creation|new|apert(o|a|ura)|creat[oa]|creazione",
}


def kind_of(activity: str) -> str:
    """The kind of event that an activity's words say."""
    for kind, words in ACTIVITIES.items():
        if re.fullmatch(
            rf"({THING} )?({words})( {THING})?", activity.strip().replace("_", " "), re.IGNORECASE
        ):
            return kind
    return "note"


def quoted(text: str) -> str:
    """A text as a TOML string."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def render(guess: Guess, say: Say = english) -> str:
    """The [[source]] text, its comments spoken by `say`."""
    dialect = _dialect(guess, say)
    rows = _events_of_activities(guess, say) if guess.per_event else _events_of_columns(guess, say)
    body = ["", "[source.common]", *_common(guess, say), *rows]
    shape = say("a row an event") if guess.per_event else say("a row a ticket, a call or an answer")
    first = say(
        "Guessed from the first {n} rows of {file}: {shape}. Read it, mend it, then `polso load`.",
        n=guess.rows, file=quoted(guess.file), shape=shape,
    )  # fmt: skip
    lines = [
        f"# {first}",
        "# " + say("Columns: {names}", names=", ".join(quoted(c) for c in guess.columns)),
        *_unused(guess, body, say),
        *(f"# {note}" for note in guess.notes),
        "[[source]]",
        f"name = {quoted(_name(guess.file))}",
        'kind = "table"',
        *_files(guess, say),
        *dialect,
        *body,
    ]
    return "\n".join(line.replace("\x00", "") for line in lines) + "\n"


def _files(guess: Guess, say: Say) -> list[str]:
    line = f"files = {quoted(guess.file)}"
    if not PurePosixPath(guess.file).is_absolute():
        return [line]
    return ["# " + say("The file lies outside of the project's folder, hence its whole path."), line]


def _unused(guess: Guess, body: list[str], say: Say) -> list[str]:
    """What the proposal leaves out, so that nobody takes it for all that the file holds."""
    used = set(_columns(tomllib.loads("[[source]]\n" + "\n".join(body).replace("\x00", ""))))
    left = [name for name in guess.columns if name.replace("\x00", "") not in used]
    if not left:
        return []
    names = ", ".join(quoted(name) for name in left)
    return ["# " + say("Not used below: {names}. docs/events.md says what an event can hold.", names=names)]


def _columns(value: object, key: str = "") -> Iterator[str]:
    """The names of columns in a mapping."""
    # As a field of an event `value` is a column; within a field it is a constant.
    if key in WORDS and not (key == "value" and isinstance(value, dict)):
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _columns(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _columns(inner, key)
    elif isinstance(value, str):
        yield value


def _name(file: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "_", PurePosixPath(file).stem.lower()).strip("_")
    return stem if re.match(r"[a-z]", stem) else f"source_{stem}".rstrip("_")


def _dialect(guess: Guess, say: Say) -> list[str]:
    lines = [f"format = {quoted(guess.format)}"]
    if guess.format in ("csv", "tsv") and guess.delimiter != ",":
        lines.append(f"delimiter = {quoted(guess.delimiter)}")
    if guess.encoding != "utf-8":
        hint = say("the likeliest; look at the accents after loading")
        lines.append(f"encoding = {quoted(guess.encoding)} # {hint}")
    if guess.records:
        lines.append(f"records = {quoted(guess.records)}")
    if guess.decimal_comma:
        lines.append('decimal = ","')
    if any(not found.zoned for found in guess.dates.values()):
        hint = say("the file does not say in which zone its times are; without this, the project's")
        lines.append(f'# zone = "Europe/Rome" # {hint}')
    return lines


def _common(guess: Guess, say: Say) -> list[str]:
    lines = []
    if "ticket" in guess.roles:
        lines.append(f"ticket_id = {quoted(guess.roles['ticket'])}")
    elif not _survey(guess):
        hint = say("no column looks like a ticket's number")
        lines.append(f'ticket_id = {{ template = "{{file}}-{{row}}" }} # {hint}')
    for field, role in (("customer_id", "customer"), ("channel", "channel"), ("team", "team")):
        if role in guess.roles:
            lines.append(f"{field} = {quoted(guess.roles[role])}")
    if guess.per_event and "agent" in guess.roles:
        lines += ['actor_kind = "agent"', f"actor_id = {quoted(guess.roles['agent'])}"]
    return [
        *lines,
        *_instant(guess, "instant" if guess.per_event or "opened" not in guess.roles else "opened", say),
    ]


def _instant(guess: Guess, role: str, say: Say, plus: str = "") -> list[str]:
    """`occurred_at` from the column in a role; from another column of instants, or a constant, where there is
    none. `plus` is what is added to it.
    """
    name = guess.roles.get(role) or next(iter(guess.dates), None)
    if name is None:
        hint = say("no column holds dates: write the day these rows speak of")
        return [f"occurred_at = {{ value = 2000-01-01 }} # {hint}"]
    dates = guess.dates[name]
    clock = guess.roles.get("clock") if dates.day_only else None
    column = f"columns = [{quoted(name)}, {quoted(clock)}]" if clock else f"column = {quoted(name)}"
    times = (" %H:%M:%S" if guess.clock_seconds else " %H:%M") if clock else ""
    if dates.ambiguous:
        first = dates.formats[0] + times
        other = first.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
        return [
            "# "
            + say(
                "DAY OR MONTH FIRST? {example} reads both ways: keep one of these two lines.",
                example=quoted(dates.example),
            ),
            f"# occurred_at = {{ {column}, format = {quoted(first)}{plus} }}",
            f"# occurred_at = {{ {column}, format = {quoted(other)}{plus} }}",
            f"occurred_at = {{ {column}{plus} }}",
        ]
    formats = [] if dates.formats == ("iso",) else [f if f == "iso" else f + times for f in dates.formats]
    said = f", format = [{', '.join(quoted(f) for f in formats)}]" if formats else ""
    return [f"occurred_at = {{ {column}{said}{plus} }}"]


def _events_of_activities(guess: Guess, say: Say) -> list[str]:
    activity, agent = guess.roles["activity"], guess.roles.get("agent")
    kinds = {name: kind_of(name) for name in guess.activities}
    if not agent:
        kinds = {name: "note" if kind == "assigned" else kind for name, kind in kinds.items()}
    lines = ["", "[[source.event]]"]
    if "assigned" in kinds.values() and agent:
        lines.append(f"subject_id = {quoted(agent)} # {say('who got the ticket')}")
    pairs = ", ".join(f"{quoted(name)} = {quoted(kind)}" for name, kind in kinds.items() if kind != "note")
    others = [name for name, kind in kinds.items() if kind == "note"]
    if others:
        names = ", ".join(quoted(name) for name in others)
        lines.append("# " + say("Taken as notes, which stop no clock: {names}", names=names))
    if pairs:
        lines.append(f'kind = {{ column = {quoted(activity)}, map = {{ {pairs} }}, default = "note" }}')
    else:
        lines.append('kind = "note"')
    return lines


def _survey(guess: Guess) -> bool:
    return "score" in guess.roles and "ticket" not in guess.roles and not guess.dates


def _events_of_columns(guess: Guess, say: Say) -> list[str]:
    lines = [] if _survey(guess) else ["", "[[source.event]]", 'kind = "opened"', *_attributes(guess)]
    lines += _response(guess, say)
    for role in ("solved", "closed"):
        if role in guess.roles and "opened" in guess.roles:
            lines += ["", "[[source.event]]", f'kind = "{role}"', *_instant(guess, role, say)]
            lines.append(f"when = [{{ column = {quoted(guess.roles[role])}, null = false }}]")
            if role == "solved" and "agent" in guess.roles:
                lines += ['actor_kind = "agent"', f"actor_id = {quoted(guess.roles['agent'])}"]
    if "score" in guess.roles:
        score = quoted(guess.roles["score"])
        lines += [
            "",
            "[[source.event]]",
            'kind = "rated"',
            f'attribute = "{_scale(guess)}" # {say("the scale: csat5, csat7, nps, ces7")}',
        ]
        lines += [f"amount = {score}", f"when = [{{ column = {score}, null = false }}]"]
        if _survey(guess):
            lines.append('subject_id = { template = "{file}-{row}" }')
    return lines


def _attributes(guess: Guess) -> list[str]:
    """What kind of request it is, and how urgent: known from its opening on."""
    lines = []
    for role in ("issue_type", "priority"):
        if role in guess.roles:
            name = quoted(guess.roles[role])
            lines += [
                "",
                "[[source.event]]",
                'kind = "set"',
                f'attribute = "{role}"',
                f"value = {{ column = {name} }}",
            ]
            lines.append(f"when = [{{ column = {name}, null = false }}]")
    return lines


def _response(guess: Guess, say: Say) -> list[str]:
    """The first answer: when it was, else how long after the opening."""
    if "opened" not in guess.roles:
        return []
    name, unit = guess.roles.get("responded"), None
    if name:
        instant = _instant(guess, "responded", say)
    elif guess.response_time:
        name, unit = guess.response_time
        plus = f", plus_seconds = {{ column = {quoted(name)}, unit = {quoted(unit or 's')} }}"
        instant = _instant(guess, "opened", say, plus)
    else:
        return []
    lines = [
        "",
        "[[source.event]]",
        'kind = "message" # ' + say("the first answer"),
        'actor_kind = "agent"',
        *instant,
    ]
    lines.append(f"when = [{{ column = {quoted(name)}, null = false }}]")
    if "agent" in guess.roles:
        hint = say("only if who has the ticket gave the first answer")
        lines.append(f"# actor_id = {quoted(guess.roles['agent'])} # {hint}")
    if guess.roles.get("responded") or unit:
        return lines
    why = say("{name} does not say its unit (s, min, h): write it, then take the # away", name=quoted(name))
    return ["", "# " + why, *(f"# {line}" for line in lines if line and not line.startswith("#"))]


def _scale(guess: Guess) -> str:
    top = guess.score_top or 0
    return "csat5" if top <= 5 else "csat7" if top <= 7 else "nps"
