"""Facts as Parquet for other programs: written beside, then renamed; a reader never sees half a file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from polso.care import Care
from polso.errors import QuestionError
from polso.facts import FACTS
from polso.facts.build import Progress
from polso.query.masks import leaving, may_leave


def write(care: Care, folder: Path, progress: Progress) -> list[dict[str, Any]]:
    """One file a fact; what was written, with its rows. What privacy does not let be seen is in no file."""
    there, scope = care.engine.tables(), care.scope()
    names = [name for name in FACTS if name in there]
    if not names:
        raise QuestionError("nothing is loaded yet; run `polso load` in the project's folder")
    names = [name for name in names if may_leave(name, scope)]
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for place, name in enumerate(names):
        progress(name, place, len(names))
        final, draft = folder / f"{name}.parquet", folder / f".{name}.parquet.{os.getpid()}"
        try:
            escaped = str(draft).replace("'", "''")
            rows = care.engine.sql(leaving(care.store, name, scope))
            care.engine.run(f"COPY ({rows}) TO '{escaped}' (FORMAT parquet, COMPRESSION zstd)")
            os.replace(draft, final)
        finally:
            draft.unlink(missing_ok=True)
        made.append({"fact": name, "file": str(final), "rows": pq.read_metadata(final).num_rows})
    return made
