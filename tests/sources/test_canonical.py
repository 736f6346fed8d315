"""Events in Polso's own columns, written by other programs, with the mistakes that other programs make."""

from pathlib import Path
from typing import Any

import pytest

import polso
from polso.errors import SourceError

HEAD = "event_id,ticket_id,kind,occurred_at,seq\n"
GOOD = "1,T1,opened,2026-03-01T08:00:00Z,0\n"


def load(
    folder: Path, text: str | bytes, *, name: str = "a.csv", said: str = ""
) -> tuple[Any, list[dict[str, Any]]]:
    """What became of one file: the account of its load, and the rejected rows."""
    (folder / "polso.toml").write_text(
        f'[[source]]\nname = "desk"\nkind = "events"\nfiles = "{name}"\n{said}', "utf-8"
    )
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with polso.open(folder) as care:
        return care.load()[0], care.rejections()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2,T2,opened,whenever,0\n", "occurred_at cannot be read: whenever"),
        ("2,T2,opened,2026-03-01 09:00:00,first\n", "seq cannot be read: first"),
        ("2,T2,opened\n", "3 columns instead of 5"),
        ("2,T2,opened,2026-03-01 09:00:00,0,x,y\n", "7 columns instead of 5"),
        ('2,"T2,opened,2026-03-01 09:00:00,0\n', "a quote that is never closed"),
        ("2,T2,dancing,2026-03-01 09:00:00,0\n", "unknown kind: dancing"),
    ],
)
def test_a_row_that_cannot_be_read_is_rejected_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    account, rejected = load(tmp_path, HEAD + GOOD + line)
    assert (account.rows, account.used, account.rejected) == (2, 1, 1)
    assert [(3, reason)] == [(row["line"], row["reason"]) for row in rejected]


def test_json_lines_are_read_alike(tmp_path: Path) -> None:
    lines = '{"event_id": 1, "ticket_id": "T1", "kind": "opened", "occurred_at": "2026-03-01T08:00:00Z"}\n{no json\n'
    account, rejected = load(tmp_path, lines, name="a.jsonl")
    assert (account.rows, account.used, account.rejected) == (2, 1, 1)
    assert ["no JSON object"] == [row["reason"] for row in rejected]


def test_another_encoding_is_named_and_then_read(tmp_path: Path) -> None:
    text = (HEAD + GOOD).encode("utf-16")
    with pytest.raises(SourceError, match='say encoding = "utf-16"'):
        load(tmp_path, text)
    account, _ = load(tmp_path, text, said='encoding = "utf-16"\n')
    assert 1 == account.used


def test_columns_that_no_event_has_are_named(tmp_path: Path) -> None:
    account, _ = load(tmp_path, "mood," + HEAD + "happy," + GOOD)
    assert 1 == account.used
    assert "mood" in account.warnings[0]
