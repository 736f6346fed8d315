"""Every sentence that the source can say to a person, found in the source itself: errors, warnings, reasons."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import polso

ROOT = Path(polso.__file__).parent
ERRORS = {
    "CalendarError", "ConfigError", "PrivacyError", "QuestionError", "ServerError", "SourceError", "StoreError",
    "ValueError", "BadParameter",
}  # fmt: skip
# Said to programmers, not to people: a misuse of Python's own calls. The demo has no options but the tested ones.
PROGRAMMERS = {
    "calendar/instants.py",
    "calendar/slots.py",
    "calendar/days.py",
    "query/result.py",
    "kpis/wording",
}
# Constants that stand in sentences.
KNOWN = {"FILE": "polso.toml", "EARLIEST": "1990-01-01", "HIDDEN": "hidden:"}
# The reason of a rejection is SQL: texts after THEN or ELSE, joined to what is filled in.
PART = r"(?:'(?:[^']|'')*'|\b(?!CASE\b)[\w.]+(?:\([^()]*\))?)"
REASON = re.compile(rf"(?:THEN|ELSE|,)\s+({PART}(?:\s*\|\|\s*{PART})*)")
LITERAL = re.compile(r"'((?:[^']|'')*)'")


def files() -> Iterator[tuple[str, ast.Module]]:
    """Every module of the source that may say something, by its path in the package."""
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(("demo/", *PROGRAMMERS)):
            yield name, ast.parse(path.read_text("utf-8"))


def templates() -> Iterator[tuple[str, str]]:
    """Where it is said, and the sentence with X1, X2 ... for what is filled in."""
    for name, tree in files():
        for node in ast.walk(tree):
            for text in _of(node):
                if " " in text.strip():
                    yield f"{name}:{getattr(node, 'lineno', 0)}", text


def reasons() -> Iterator[tuple[str, str]]:
    """Where a row is rejected, and why: sentences in the SQL of sources and of the log."""
    for name, tree in files():
        if not name.startswith(("sources/", "events/log")):
            continue
        for node in ast.walk(tree):
            for sql in texts(node) if isinstance(node, ast.Constant | ast.JoinedStr) else []:
                if re.search(r"\bCASE\b|\bWHEN\b|\bSET problem\b", sql):
                    yield from ((name, text) for text in _reasons(sql) if " " in text.strip())


def _reasons(sql: str) -> Iterator[str]:
    for found in REASON.finditer(sql):
        parts = re.split(r"\s*\|\|\s*(?=(?:[^']*'[^']*')*[^']*$)", found[1])
        counter = itertools.count(1)
        yield "".join(
            literal[1].replace("''", "'")
            if (literal := LITERAL.fullmatch(part.strip()))
            else f"X{next(counter)}"
            for part in parts
        )


def names() -> Iterator[str]:
    """What UnknownName is told that something is: `no source 'x'; ...`."""
    for _, tree in files():
        for node in ast.walk(tree):
            if _called(node) == "UnknownName" and isinstance(node, ast.Call):
                yield from texts(node.args[0])


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _called(node) in ERRORS and node.args:
        yield from texts(node.args[0])
    elif isinstance(node, ast.Call) and _called(node) == "Record" and len(node.args) > 3:
        yield from texts(node.args[3])
    elif isinstance(node, ast.Call) and _called(node) in ("append", "_complaint", "literal"):
        said = node.func.value if isinstance(node.func, ast.Attribute) else None
        if _named(said) in ("said", "warnings") or _called(node) != "append":
            yield from (text for one in node.args for text in texts(one))
    elif isinstance(node, ast.Assign) and _named(node.targets[0]) == "warnings":
        yield from _listed(node.value)
    elif isinstance(node, ast.FunctionDef) and node.name in SPEAKING:
        returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
        yield from (text for one in returned for text in _listed(one))


# Functions that return a sentence, or several.
SPEAKING = {
    "wrong", "_reason", "_warnings", "_undated", "_nameless", "noted", "leftovers", "_nobodys", "_unheard", "_cut", "_too_few",
}  # fmt: skip


def _listed(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _listed(node.body)
        yield from _listed(node.orelse)
    elif isinstance(node, ast.List | ast.Tuple):
        for one in node.elts:
            yield from texts(one)
    else:
        yield from texts(node)


def _called(node: ast.AST) -> str:
    return _named(node.func) if isinstance(node, ast.Call) else ""


def _named(node: ast.AST | None) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def texts(node: ast.AST) -> list[str]:
    """The texts that an expression can be: each way of a choice, with X1, X2 ... for what is filled in."""
    counter = itertools.count(1)

    def ways(part: ast.AST) -> list[str]:
        if isinstance(part, ast.Constant):
            return [part.value] if isinstance(part.value, str) else []
        if isinstance(part, ast.IfExp):
            return [*ways(part.body), *ways(part.orelse)]
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            return _joined([ways(part.left), ways(part.right)])
        if isinstance(part, ast.FormattedValue):
            chosen = ways(part.value) if isinstance(part.value, ast.IfExp) else []
            return chosen or [KNOWN.get(_named(part.value)) or f"X{next(counter)}"]
        if isinstance(part, ast.JoinedStr):
            return _joined([ways(one) for one in part.values])
        return []

    return ways(node)


def _joined(parts: list[list[str]]) -> list[str]:
    return ["".join(way) for way in itertools.product(*parts)]
