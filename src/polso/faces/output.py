"""What programs read: JSON without NaN, CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any, Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\0")


def write_json(data: Any, to: IO[str] | None = None) -> None:
    """One JSON document; instants as ISO text, what is no number as null."""
    # What cannot be written as it is must stay JSON: escaped, not replaced.
    whole = str(getattr(to or sys.stdout, "encoding", None) or "utf-8").lower().startswith("utf")
    json.dump(plain(data), to or sys.stdout, ensure_ascii=not whole, indent=2, allow_nan=False)
    print(file=to or sys.stdout)


def plain(value: Any) -> Any:
    """A value as JSON can say it."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return plain(float(value))
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    return str(value)


def instant(value: datetime) -> str:
    """An instant as ISO text in UTC, and said to be: naive ones are UTC everywhere in Polso."""
    known = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return f"{known.isoformat()}Z"


def write_csv(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None, to: IO[str] | None = None
) -> None:
    """Rows under a header; no value is empty, texts that look like a formula get an apostrophe in front."""
    names = list(columns or dict.fromkeys(name for row in rows for name in row))
    writer = csv.writer(to or sys.stdout, lineterminator="\n")
    writer.writerow([escaped(name) for name in names])
    writer.writerows([escaped(plain(row.get(name))) for name in names] for row in rows)


def escaped(value: Any) -> Any:
    """A cell as a spreadsheet may see it: numbers as they are, texts never as formulas."""
    if value is None or isinstance(value, int | float):
        return "" if value is None else str(value).lower() if isinstance(value, bool) else value
    text = (
        "; ".join(str(part) for part in value)
        if isinstance(value, list)
        else json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict)
        else str(value)
    )
    return f"'{text}" if text.startswith(FORMULA) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip() and "_" not in text and not text[1:].lower().startswith(("nan", "inf"))
