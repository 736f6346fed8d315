"""KPIs that a project keeps in kpis/*.toml: taken where they are sound, refused with a way out where not."""

from __future__ import annotations

from pathlib import Path

import pytest

from polso.errors import ConfigError
from polso.kpis.catalogue import catalogue, find, shipped

GOOD = """
[late_nights]
title = { en = "Late nights", it = "Notti tarde" }
meaning = { en = "Tickets still unanswered.", it = "Ticket ancora senza risposta." }
unit = "share"
kind = "share"
fact = "tickets"
clock = "opened_at"
where = ["is_counted"]
part = [{ column = "first_response_us", op = ">", param = "limit" }]
params = { limit = { default = "8h", low = "1h", high = "24h" } }
[late_nights.variants.strict]
part = [{ column = "first_response_us", op = ">", param = "limit" }, { column = "channel", value = "email" }]
"""


def written(folder: Path, text: str) -> Path:
    (folder / "kpis").mkdir(exist_ok=True)
    (folder / "kpis" / "own.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_sound_kpi_is_taken(tmp_path: Path) -> None:
    known = catalogue(written(tmp_path, GOOD), {})
    assert set(known) == {*shipped(), "late_nights"}
    assert find(known, "late_nights:strict").params["limit"].default == 8 * 3600


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('column = "first_response_us", op = ">"', 'column = "first_respons_us", op = ">"', "did you mean first_response_us"),
        ('kind = "share"', 'kind = "shares"', "kind"),
        ('fact = "tickets"', 'fact = "ticket"', "did you mean tickets"),
        ('unit = "share"', 'unit = "percent"', "unit"),
        ('clock = "opened_at"', 'clock = "opend_at"', "did you mean opened_at"),
        ("late_nights", "csat", "exists already"),
        ('param = "limit"', 'param = "limitt"', "no parameter 'limitt'"),
        ('title = { en = "Late nights", it = "Notti tarde" }\n', "", "title"),
        ("clock =", "clok =", "clok"),
        ("[late_nights]", "[late_nights", "not valid TOML"),
        ("part = [{", "part = [\"not sure of it\", {", "column"),
        ('default = "8h"', 'default = "8 hours and a bit"', "default"),
    ],
)  # fmt: skip
def test_a_flaw_is_refused_with_its_place(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError, match=words) as refused:
        catalogue(written(tmp_path, GOOD.replace(old, new)), {})
    assert "kpis/own.toml" in str(refused.value)


def test_definitions_are_never_code(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        catalogue(written(tmp_path, GOOD.replace('"first_response_us"', "\"__import__('os').getcwd()\"")), {})
