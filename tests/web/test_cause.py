"""Where a change comes from, and several answers side by side."""

from polso.faces.web.cause import Part, makers, parts, value_link
from polso.faces.web.pivot import Column, pivot
from polso.faces.web.screens.volumes import SCREEN
from web.known import answer, cell, page, read


def part(value: str | None, before: float, change: float) -> Part:
    return Part("channel", value, before, change)


def test_two_values_are_named_where_one_is_not_most_of_it() -> None:
    split = [part("email", 80, -25), part("chat", 39, -14), part("phone", 146, -19), part("web", 20, -10)]
    share, some = makers([split])
    assert [one.value for one in some] == ["email", "chat"]
    assert share == 39 / 68


def test_the_split_that_says_it_in_fewest_words_is_taken() -> None:
    channels = [part("email", 50, 20), part("chat", 50, 20), part("phone", 400, 0)]
    types = [Part("issue_type", "outage", 10, 40), Part("issue_type", "billing", 490, 0)]
    assert [one.value for one in makers([channels, types])[1]] == ["outage"]


def test_nobody_is_blamed_for_little_for_nothing_known_or_for_being_large() -> None:
    assert makers([[part("email", 10, 3), part("chat", 10, 0)]]) == (0.0, ())
    assert makers([[part(None, 10, 40), part("chat", 100, 0)]]) == (0.0, ())
    assert makers([[part("email", 700, -140), part("chat", 300, -60)]]) == (0.0, ())
    assert makers([[], [part("email", 500, -100)]]) == (0.0, ())
    assert makers([[part("email", 0, 40), part("chat", 0, 10)]]) == (0.0, ())


def test_what_was_not_there_before_came_from_nothing() -> None:
    cells = [cell("ticket_volume", 12, keys={"channel": "viber"}), cell("ticket_volume", 5)]
    assert parts(cells, "channel") == [Part("channel", "viber", 0, 12)]


def test_a_priority_is_named_as_one_and_leads_to_itself() -> None:
    said = value_link(page(SCREEN, {}, "it"), "priority", "high")
    assert said == '<a href="/volumes?where=priority%3Dhigh">priorità high</a>'
    assert read(value_link(page(SCREEN, {}), "channel", "email")) == "email"


def test_an_answer_without_a_value_of_the_split_has_a_dash_there() -> None:
    asked = {
        "channels": answer(
            cell("ticket_volume", 5, keys={"channel": "sms"}),
            cell("ticket_volume", 9, keys={"channel": "phone"}, previous=6),
            by=("channel",),
        ),
        "reopened": answer(cell("reopenings", 2, keys={"channel": "phone"}), by=("channel",)),
    }
    columns = [
        Column("channels", "ticket_volume", head="tickets", compared=True),
        Column("reopened", "reopenings", head="reopenings", counted=True),
    ]
    made = pivot(page(SCREEN, asked), "channel", columns)
    assert made.names == (
        "channel", "ticket_volume", "ticket_volume change", "reopenings", "reopenings n",
    )  # fmt: skip
    assert [[one.text for one in row] for row in made.rows] == [
        ["phone", "9", "▲ +50\u00a0% up", "2", "1,000"],
        ["sms", "5", "–", "–", "–"],
    ]
