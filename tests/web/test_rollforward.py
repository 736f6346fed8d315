"""The roll-forward as a table: start, what came with plus, what went with minus, end; totals in a column of their own."""

import re
from html import unescape

from starlette.testclient import TestClient

from polso.faces.web.rollforward import figure
from polso.faces.web.screens.backlog import SCREEN
from web.known import answer, cell, page

MOVES = {"start": 61, "opened": 335, "moved_in": 40, "solved": 329, "moved_out": 53, "end": 54}
ROLL = answer(*(cell("backlog_roll_forward", n, n, keys={"band": name}) for name, n in MOVES.items()))


def test_moves_are_no_totals() -> None:
    made = figure(page(SCREEN, {"roll": ROLL}, url="where=team=tecnico"), "roll", "x", "roll")
    assert [
        ["start", "", "61"], ["+ opened", "+335", "396"], ["+ moved in", "+40", "436"], ["− solved", "−329", "107"],
        ["− moved out", "−53", "54"], ["= end", "", "54"],
    ] == [[one.text for one in row] for row in made.table.rows]  # fmt: skip
    italian = figure(page(SCREEN, {"roll": ROLL}, "it"), "roll", "x", "roll").table
    assert ("passo", "variazione", "aperti a quel punto") == italian.heads
    assert "− passati ad altri" in [row[0].text for row in italian.rows]


def test_programs_get_the_moves_as_the_api_gives_them(client: TestClient) -> None:
    asked = "period=last+90+days&where=team=tecnico"
    ours = client.get(f"/figure/backlog/roll.csv?{asked}").text
    assert ours == client.get(f"/api/v1/ask?kpi=backlog_roll_forward&format=csv&{asked}").text


def test_the_lines_add_up_on_every_page_that_shows_them(client: TestClient) -> None:
    for path, name in (("/backlog", "roll"), ("/", "roll"), ("/kpi/backlog_roll_forward", "parts")):
        shown = client.get(f"{path}?lang=en&period=last+90+days&where=team=tecnico").text
        (part,) = re.findall(rf'<figure[^>]* id="{name}">(.*?)</figure>', shown, re.DOTALL)
        rows = [
            [unescape(re.sub("<[^>]+>", "", one)) for one in re.findall(r"<td[^>]*>(.*?)</td>", row)]
            for row in re.findall(r"<tr>(.*?)</tr>", part)
        ][1:]
        number = [[int(one.replace(",", "").replace("−", "-") or 0) for one in row[1:]] for row in rows]
        assert number[0][1] + sum(step for step, _ in number) == number[-1][1]
