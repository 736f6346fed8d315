"""A bracket holds the places that are asked for, and tells how many rows lie before it: the order itself is the judge."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from polso.query.brackets import BEYOND, _bracket


@given(
    values=st.lists(st.integers(0, 50), min_size=1, max_size=60).map(sorted),
    edges=st.sets(st.integers(1, 50), max_size=8),
    data=st.data(),
)
def test_the_rows_of_a_bracket_hold_its_places(
    values: list[int], edges: set[int], data: st.DataObject
) -> None:
    first, last = sorted(
        data.draw(st.tuples(*[st.integers(0, len(values) - 1)] * 2)),
    )
    known = sorted({0, *edges})
    ends = dict(zip(known, [*known[1:], BEYOND], strict=True))
    of = [known[bisect_right(known, value) - 1] for value in values]
    parts = [(edge, of.count(edge)) for edge in known if edge in of]
    found = _bracket(parts, ends, first, last)
    assert found
    inside = [value for value in values if found.low <= value < found.high]
    assert (found.below, found.inside) == (sum(value < found.low for value in values), len(inside))
    for place in (first, last):
        assert inside[place - found.below] == values[place]


def test_more_places_than_rows_are_in_no_bracket() -> None:
    assert _bracket([(0, 3), (7, 2)], {0: 7, 7: BEYOND}, 0, 5) is None
    assert _bracket([], {}, 0, 0) is None
