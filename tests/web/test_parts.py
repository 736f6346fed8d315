"""Tables of a page: each row is written once, and of a long table only what is looked at."""

from polso.faces.web.parts import Rows, Table, TableCell


def test_a_row_is_written_once_and_only_when_looked_at() -> None:
    written: list[int] = []

    def row(number: int) -> tuple[TableCell, ...]:
        written.append(number)
        return (TableCell("a"), TableCell(str(number), number, numeric=True))

    table = Table(("name", "n"), ("name", "n"), Rows(range(100, 200), row))
    assert [False, True] == [table.numeric[place] for place in range(2)]
    assert ["100", "101"] == [cells[1].text for cells in table.rows[:2]]
    assert list(range(100, 160)) == written
    assert [199, 198] == [cells[1].value for cells in (table.rows[-1], table.rows[98])]
    assert 100 == len(table.as_dicts()) == len(list(table.rows))
    assert list(range(100, 200)) == sorted(set(written))
