"""What the tests of `table` share: a mapping in TOML laid over a file, read or loaded."""

from pathlib import Path
from typing import Any

from polso import config
from polso.engine import DuckDB
from polso.sources import load as loading
from polso.sources.source import Origin, Reading

ONE = """
[source.common]
ticket_id = "id"
occurred_at = { column = "at" }
[[source.event]]
kind = "opened"
"""


def settings(
    body: str, files: str, zone: str = "Europe/Rome", top: str = 'zone = "Europe/Rome"'
) -> config.Config:
    return config.parse(
        f'[project]\nzone = "{zone}"\n[[source]]\nname = "t"\nkind = "table"\nfiles ='
        f" {files!r}\n{top}\n{body}"
    )


def load(
    path: Path, body: str = ONE, top: str = 'zone = "Europe/Rome"', zone: str = "Europe/Rome"
) -> tuple[DuckDB, loading.Loaded]:
    engine = DuckDB()
    (done,) = loading.load(engine, settings(body, path.name, zone, top), path.parent)
    assert done.rows == done.used + done.skipped + done.rejected
    return engine, done


def read(path: Path, body: str = ONE, top: str = "") -> Reading:
    source, options = loading.connector(settings(body, path.name, top=top).source[0])
    return source.read(DuckDB(), path, options, Origin("t", "acme", "Europe/Rome"))


def events(
    engine: DuckDB, columns: str = "ticket_id, occurred_at", where: str = "true"
) -> list[tuple[Any, ...]]:
    return engine.run(f"SELECT {columns} FROM events WHERE {where} ORDER BY ALL")


def rejected(engine: DuckDB) -> list[tuple[Any, ...]]:
    return engine.run("SELECT line, reason FROM rejections ORDER BY ALL")


def write(folder: Path, content: str | bytes, name: str = "t.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
