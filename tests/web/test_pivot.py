"""Several answers side by side."""

from polso.faces.web.pivot import Column, pivot
from polso.faces.web.screens.volumes import SCREEN
from web.known import answer, cell, page


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
        "channel", "ticket_volume (count)", "ticket_volume change (count)", "reopenings (count)", "reopenings n",
    )  # fmt: skip
    assert [[one.text for one in row] for row in made.rows] == [
        ["phone", "9", "▲ +50\u00a0% uncertain", "2", "1,000"],
        ["SMS", "5", "–", "–", "–"],
    ]
