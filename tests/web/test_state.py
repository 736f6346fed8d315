"""The URL is the state: what is read from one is written back the same."""

from datetime import date

import pytest

from polso.faces.web.state import State
from polso.query.period import Period

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1), "Europe/Rome")


def test_defaults_are_not_in_the_url_and_all_else_is() -> None:
    assert State("/speed").url() == "/speed"
    pairs = [
        ("period", "2026-03"),
        ("compare", "none"),
        ("where", "channel=phone"),
        ("where", "team!=a b"),
        ("lang", "it"),
    ]
    made = State.read("/speed", pairs)
    assert (
        made.url() == "/speed?period=2026-03&compare=none&where=channel%3Dphone&where=team%21%3Da+b&lang=it"
    )
    assert made.url("/phone", page=2) == made.url().replace("/speed", "/phone") + "&page=2"


def test_a_range_of_days_has_both_its_ends_in_either_order() -> None:
    for pairs in (
        [("since", "2026-06-01"), ("until", "2026-06-14")],
        [("until", "2026-06-01"), ("since", "2026-06-14")],
    ):
        assert State.read("/", pairs).period == "2026-06-01..2026-06-15"


def test_a_new_filter_of_a_dimension_takes_the_place_of_the_old_one() -> None:
    made = State("/").filtered("channel", "phone").filtered("team", None).filtered("channel", "chat")
    assert made.where == ("team=", "channel=chat")
    assert made.without("team=").where == ("channel=chat",)
    assert made.bare().where == ()


@pytest.mark.parametrize(
    ("keys", "period", "where"),
    [
        ({"channel": "phone"}, None, ("channel=phone",)),
        ({"day": date(2026, 3, 5)}, "2026-03-05..2026-03-06", ()),
        ({"week": date(2026, 2, 23)}, "2026-03-01..2026-03-02", ()),
        ({"month": date(2026, 3, 1)}, "2026-03-01..2026-04-01", ()),
        ({"quarter": date(2026, 1, 1), "reopened": True}, "2026-03-01..2026-04-01", ("reopened=true",)),
        ({"year": 2026}, "2026-03-01..2026-04-01", ()),
    ],
)
def test_a_cell_is_the_whole_of_its_own_slice(
    keys: dict[str, object], period: str | None, where: tuple[str, ...]
) -> None:
    made = State("/", period="2026-03").of_cell(keys, MARCH)
    assert made
    assert (made.period, made.where) == (period or "2026-03", where)


def test_hours_and_weekdays_have_no_slice_of_their_own() -> None:
    assert State("/").of_cell({"weekday": 1}, MARCH) is None
    assert State("/").of_cell({"hour": "x"}, MARCH) is None
