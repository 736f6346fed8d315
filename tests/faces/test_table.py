import pytest

from polso.faces.table import Notes, change, is_sure, n
from polso.faces.words import Words
from polso.kpis.catalogue import shipped
from polso.query.result import Cell

SHARE, COUNT = (shipped()[name].default for name in ("escalation_rate", "ticket_volume"))


def cell(value: float, previous: float, half: float | None, unit: str = "share") -> Cell:
    low, high = (None, None) if half is None else (value - half, value + half)
    return Cell("x", "default", {}, value, 100, low, high, unit, previous=previous, change=value - previous)


@pytest.mark.parametrize(("half", "expected"), [(0.05, True), (0.08, False), (None, False)])
def test_a_change_is_sure_beyond_the_chance_of_both_periods(half: float | None, expected: bool) -> None:
    assert expected == is_sure(cell(0.6, 0.5, half), SHARE)


def test_counts_vary_too_and_need_no_interval() -> None:
    assert is_sure(cell(1000, 1200, None, "count"), COUNT)
    assert not is_sure(cell(10, 12, None, "count"), COUNT)
    assert "" == n(Cell("x", "default", {}, 10, 10, None, None, "count"), Words()).plain


def test_what_rounds_to_nothing_did_not_move() -> None:
    assert "= 0\u00a0pt same" == change(cell(0.50001, 0.5, 0.000001), SHARE, Words()).plain


def test_colour_never_stands_alone() -> None:
    assert ("red", "▲ +10\u00a0pt worse") == _styled(change(cell(0.6, 0.5, 0.01), SHARE, Words()))
    assert ("dim", "▲ +10\u00a0pt uncertain") == _styled(change(cell(0.6, 0.5, 0.2), SHARE, Words()))


def _styled(text: object) -> tuple[str, str]:
    return str(text.style), text.plain  # type: ignore[attr-defined]


def test_each_kind_of_warning_has_one_mark() -> None:
    notes = Notes()
    assert ["¹", "¹", "²"] == [
        notes.mark([w])
        for w in ("only 3 rows", "only 4 rows", "5 rows have a negative duration and were left out")
    ]
    text = notes.text(Words("it"))
    assert text is not None
    assert [
        "¹ poche righe: il numero è incerto",
        "² alcune righe hanno una durata negativa e sono rimaste fuori",
    ] == text.plain.splitlines()
