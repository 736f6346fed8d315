"""Loading: every configured file through its source into the log, counted row by row.

Rule kept here: read = used + skipped + rejected, for every file; otherwise the load stops. What a file told
stays in the log until its source is asked for anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from polso.config import Config, SourceSettings, complaints, fingerprint
from polso.engine import DuckDB
from polso.errors import ConfigError, SourceError, UnknownName
from polso.events import kinds, log
from polso.sources import SOURCES, leftovers
from polso.sources.leftovers import FILES
from polso.sources.source import Options, Origin, Source


@dataclass(frozen=True, slots=True)
class Loaded:
    """One file's account: rows read = used + skipped + rejected, and what became of its events.

    rejected_events: what `load --rejected` shows of the file; a row that could not be read counts as one.
    """

    source: str
    file: str
    rows: int
    used: int
    skipped: int
    rejected: int
    new: int
    repeated: int
    conflicting: int
    rejected_events: int
    unchanged: bool = False
    warnings: tuple[str, ...] = ()


Progress = Callable[[str, int, int], None]


def load(
    engine: DuckDB,
    config: Config,
    folder: Path,
    *,
    only: tuple[str, ...] = (),
    anew: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> list[Loaded]:
    """Load every file of every source (or of those named in `only`); files that did not change are passed over.

    A source whose settings changed, or that is named in `anew`, is loaded anew from its files: the old reading of
    them is forgotten. `anew` may name a source that only the log still knows.
    """
    log.prepare(engine)
    _prepare(engine)
    known = {source.name: source for source in config.source}
    for name in only:
        if name not in known:
            raise UnknownName("source", name, known)
    kept = {*known, *leftovers.sources(engine)} if anew else set()
    for name in anew:
        if name not in kept:
            raise UnknownName("source", name, kept)
    work = [(s, path) for s in config.source if not only or s.name in only for path in files_of(s, folder)]
    for name in anew:
        forget(engine, name)
    for settings in config.source:
        _forget_if_changed(engine, settings, config)
    loaded = []
    for place, (settings, path) in enumerate(work):
        if progress:
            progress(path.name, place, len(work))
        loaded.append(_load_file(engine, config, settings, path, folder))
    return loaded


def files_of(settings: SourceSettings, folder: Path) -> Iterator[Path]:
    """The files a source names, in a stable order; SourceError where a name matches nothing."""
    for pattern in settings.patterns:
        rooted = Path(pattern)
        base, rest = (
            (Path(rooted.anchor), rooted.relative_to(rooted.anchor))
            if rooted.is_absolute()
            else (folder, rooted)
        )
        plain = (base / rest).resolve()
        found = [plain] if plain.is_file() else sorted(p for p in base.glob(str(rest)) if p.is_file())
        if not found:
            raise SourceError(
                f"source {settings.name}: no file matches {pattern} in {folder}; put it there or mend `files`"
            )
        yield from found


def _prepare(engine: DuckDB) -> None:
    if FILES not in engine.tables():
        engine.run(
            f"CREATE TABLE {FILES} (source VARCHAR, file VARCHAR, print VARCHAR, reading VARCHAR, rows BIGINT,"
            " used BIGINT, skipped BIGINT, rejected BIGINT)"
        )
    leftovers.prepare(engine)


def _reading_print(settings: SourceSettings, config: Config) -> str:
    return fingerprint([settings.fingerprint, config.project.client, config.project.zone])


def _forget_if_changed(engine: DuckDB, settings: SourceSettings, config: Config) -> None:
    wanted = _reading_print(settings, config)
    old = engine.run(f"SELECT DISTINCT reading FROM {FILES} WHERE source = ?", [settings.name])
    if any(reading != wanted for (reading,) in old):
        forget(engine, settings.name)


def forget(engine: DuckDB, source: str) -> None:
    """Take everything a source ever gave out of the store; its files can be loaded again."""
    with engine.transaction():
        for table in (log.EVENTS, log.SUPERSEDED, log.REJECTIONS, FILES, leftovers.TOLD):
            engine.run(f"DELETE FROM {table} WHERE source = ?", [source])
        # A fold that has seen the old reading must start over: nothing tells it which tickets to redo.
        engine.run("CREATE TABLE IF NOT EXISTS fold_state (fact VARCHAR, batch BIGINT, fingerprint VARCHAR)")
        engine.run("DELETE FROM fold_state")


def connector(settings: SourceSettings) -> tuple[Source, Options]:
    """The source's code and its validated options; ConfigError or UnknownName where they do not fit."""
    if settings.kind not in SOURCES:
        raise UnknownName("kind of source", settings.kind, SOURCES)
    source = SOURCES[settings.kind]
    try:
        return source, source.options.model_validate(settings.options)
    except ValidationError as error:
        raise ConfigError(
            f"source {settings.name} ({settings.kind}): {complaints(error, source.options)}"
        ) from error


def _load_file(engine: DuckDB, config: Config, settings: SourceSettings, path: Path, folder: Path) -> Loaded:
    source, options = connector(settings)
    inside = path.is_relative_to(folder.resolve())
    file = str(path.relative_to(folder.resolve()) if inside else path)
    print_ = fingerprint([_stamp(p) for p in (path, *source.beside(path, options))])
    account = _account(engine, settings.name, file, print_)
    if account:
        bad = _rejected_events(engine, settings.name, file)
        return Loaded(settings.name, file, *account, 0, 0, 0, bad, unchanged=True)
    origin = Origin(settings.name, settings.client or config.project.client, config.project.zone)
    reading = source.read(engine, path, options, origin)
    engine.run(f"DELETE FROM {log.REJECTIONS} WHERE source = ? AND file = ?", [settings.name, file])
    keep = getattr(options, "duplicates", "keep") == "keep"
    warnings = list(reading.warnings)

    def conserved(done: log.Appended) -> None:
        rejected = done.rows_rejected + reading.rejected.num_rows
        if reading.rows != done.rows_used + reading.skipped + rejected:
            raise SourceError(
                f"{file}: {reading.rows} rows read, but {done.rows_used} used + {reading.skipped} skipped + {rejected}"
                f" rejected; this is a defect of the {settings.kind} source, please report it"
            )
        warnings.extend(leftovers.noted(engine, settings.name, file, done))
        warnings.extend(_nameless(engine, file))

    done = log.append(engine, reading.events, file, keep_repeats=keep, check=conserved)
    _keep_unreadable(engine, settings.name, file, reading.rejected)
    counts = (reading.rows, done.rows_used, reading.skipped, done.rows_rejected + reading.rejected.num_rows)
    engine.run(f"DELETE FROM {FILES} WHERE source = ? AND file = ?", [settings.name, file])
    engine.run(
        f"INSERT INTO {FILES} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [settings.name, file, print_, _reading_print(settings, config), *counts],
    )
    return Loaded(
        settings.name,
        file,
        *counts,
        done.new,
        done.repeated,
        done.conflicting,
        _rejected_events(engine, settings.name, file),
        warnings=tuple(warnings),
    )


def _nameless(engine: DuckDB, file: str) -> list[str]:
    """A warning where events name who acted, but not whether that is an agent: nobody is credited with them."""
    ((count,),) = engine.run(
        f"SELECT count(*) FROM {log.INCOMING} WHERE problem IS NULL AND {kinds.NAMELESS}"
    )
    return (
        [f"{file}: {count} events name an actor but not its kind, and count for no agent; say actor_kind"]
        if count
        else []
    )


def _rejected_events(engine: DuckDB, source: str, file: str) -> int:
    ((count,),) = engine.run(
        f"SELECT count(*) FROM {log.REJECTIONS} WHERE source = ? AND file = ?", [source, file]
    )
    return int(count)


def _stamp(path: Path) -> tuple[str, int, int]:
    stat = path.stat()
    return path.name, stat.st_size, stat.st_mtime_ns


def _account(engine: DuckDB, source: str, file: str, print_: str) -> tuple[int, int, int, int] | None:
    """What became of a file's rows when it was loaded; None where it is new, or it or a file beside it changed."""
    known = engine.run(
        f"SELECT rows, used, skipped, rejected FROM {FILES} WHERE source = ? AND file = ? AND print = ?",
        [source, file, print_],
    )
    if not known:
        return None
    rows, used, skipped, rejected = known[0]
    return rows, used, skipped, rejected


def _keep_unreadable(engine: DuckDB, source: str, file: str, rejected: pa.Table) -> None:
    if rejected.num_rows:
        named = rejected.set_column(0, "file", pa.array([file] * rejected.num_rows))
        engine.append(log.REJECTIONS, named.append_column("source", pa.array([source] * rejected.num_rows)))
