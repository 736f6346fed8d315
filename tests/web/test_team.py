"""Team: its sentence speaks of teams, people are never ranked, and what privacy refuses is explained."""

from pathlib import Path

from polso.config import SMALL_TEAMS
from polso.errors import PolsoError
from polso.faces.web.parts import View
from polso.faces.web.screens.team import ASKS, PEOPLE, SCREEN, compose, differs, people, sentence, small_teams
from web.known import answer, cell, page, read
from web.served import browsing, shown

WHOLE = {
    "contacts": answer(
        cell("contact_volume", 1200, 1200, previous=1190), cell("handle_time", 300, 1200, previous=301, low=280, high=320)
    ),
    "contacts_by_team": answer(
        cell("contact_volume", 700, 700, keys={"team": "vendite"}), cell("contact_volume", 500, 500, keys={"team": "fatture"}),
        by=("team",),
    ),
    "states": answer(cell("occupancy", 0.71, 1282)),
}  # fmt: skip


def said(language: str, **answers: object) -> str:
    return read(sentence(page(SCREEN, answers, language))).replace("\u00a0", " ")  # type: ignore[arg-type]


def test_where_chance_explains_all_the_level_is_said() -> None:
    assert said("en", **WHOLE) == (
        "2 teams handled 1,200 contacts. Of the time they were there, 71.0 % was work with customers."
    )
    assert said("it", **WHOLE) == (
        "2 gruppi hanno gestito 1.200 contatti. Del tempo in cui erano presenti, 71,0 % è stato lavoro con i clienti."
    )


def test_what_moved_is_said_of_a_team() -> None:
    moved = {
        **WHOLE,
        "csat": answer(cell("csat", 0.7, 900, previous=0.8, low=0.67, high=0.73)),
        "csat_by_team": answer(
            cell(
                "csat", 0.62, 500, keys={"team": "fatture"}, previous=0.8, previous_n=500, low=0.58, high=0.66
            ),
            cell(
                "csat", 0.8, 400, keys={"team": "vendite"}, previous=0.8, previous_n=400, low=0.76, high=0.84
            ),
            by=("team",),
        ),
        "csat_by_agent": answer(
            cell("csat", 0.1, 500, keys={"agent": "Anna"}, low=0.0, high=0.2), by=("agent",)
        ),
    }
    assert said("en", **moved) == "Worse: CSAT −10 pt (almost all of it fatture)."
    assert said("it", **moved) == "Peggio: CSAT −10 pt (quasi solo fatture)."


def test_without_contacts_it_says_what_to_load() -> None:
    assert said("en").startswith("Load calls, chats")
    assert said("it").startswith("Carica chiamate, chat")


def test_people_stand_in_the_order_of_the_alphabet_each_with_n_and_interval() -> None:
    csat = answer(
        cell("csat", 0.95, 200, keys={"agent": "Zoe"}, low=0.91, high=0.98),
        cell("csat", 0.5, 40, keys={"agent": "anna"}, low=0.35, high=0.65),
        cell("csat", 0.7, 40, keys={"agent": "Bice"}, low=0.55, high=0.85),
        by=("agent",),
    )
    volume = answer(cell("contact_volume", 5, 5, keys={"agent": "Zoe"}), by=("agent",))
    whole = answer(cell("csat", 0.7, 280, low=0.65, high=0.75))
    made = people(page(SCREEN, {"contacts_by_agent": volume, "csat_by_agent": csat, "csat": whole}))[0]
    assert made.spec
    assert [one["label"] for one in made.spec["data"]["values"]] == ["anna", "Bice", "Zoe"]
    names = [row[0].text for row in made.table.rows]
    assert names == ["anna", "Bice", "Zoe"]
    assert [row[-1].text for row in made.table.rows] == ["▼ below all", "as all", "▲ above all"]
    assert "95 % interval" in made.table.heads


def test_names_with_numbers_stand_as_people_count() -> None:
    volume = answer(
        *(cell("contact_volume", 5, 5, keys={"agent": name}) for name in ("A10", "A2", None)), by=("agent",)
    )
    made = people(page(SCREEN, {"contacts_by_agent": volume}))[0]
    assert [row[0].text for row in made.table.rows] == ["A2", "A10"]


def test_a_difference_is_one_only_where_the_interval_says_so() -> None:
    whole = cell("csat", 0.7)
    assert differs(cell("csat", 0.9, low=0.65, high=0.99), whole) == "alike"
    assert differs(cell("csat", 0.9), whole) == ""
    assert differs(None, whole) == ""


def refused() -> View:
    why = PolsoError(
        "agent: people at work are not shown one by one; record a legal basis in [privacy.unlock]"
    )
    return compose(page(SCREEN, {**WHOLE, **dict.fromkeys((*PEOPLE, "mix"), why)}))


def test_what_privacy_refuses_is_explained_where_people_would_stand() -> None:
    view = refused()
    assert view.more["people"] == []
    assert view.more["refused"].startswith("agent: people at work")
    assert view.more["reasons"] == []


def test_only_questions_by_agent_name_people() -> None:
    named = {name for name, ask in ASKS.items() if "agent" in ask.by}
    assert named == {*PEOPLE, "mix"}


def test_it_is_there_on_a_demo_company(acme: Path) -> None:
    english, italian = shown(acme, "/team?lang=en&period=all", "/team?lang=it")
    assert "Teams beside each other" in english
    assert "I gruppi uno accanto all'altro" in italian.replace("&#39;", "'")
    with browsing(acme) as client:
        assert client.get("/figure/team/teams.csv").status_code == 200


def test_groups_too_small_to_be_shown_are_named_and_say_why() -> None:
    why = "hidden: fewer than 5 people or 10 contacts"
    small = answer(cell("csat", None, 0, keys={"team": "emergenze"}, warnings=(why,)), by=("team",))
    view = compose(page(SCREEN, {**WHOLE, "csat_by_team": small}))
    assert view.figure("csat_by_team").empty == why
    assert "emergenze" in [row[0].text for row in view.figure("teams").table.rows]


def test_teams_taken_together_say_why_and_where_the_minimum_stands() -> None:
    by_team = answer(
        cell("contact_volume", 700, 700, keys={"team": "vendite"}), cell("contact_volume", 90, 90, keys={"team": SMALL_TEAMS}),
        by=("team",),
    )  # fmt: skip
    said = {
        lang: small_teams(page(SCREEN, {**WHOLE, "contacts_by_team": by_team}, lang)) for lang in ("en", "it")
    }
    assert read(said["en"]).startswith("“small teams” are all teams with fewer than 5 people or 10 contacts")
    assert read(said["it"]).startswith(
        "«gruppi piccoli» sono tutti i gruppi con meno di 5 persone o 10 contatti"
    )
    assert 'href="/settings#privacy"' in said["it"]
    assert not small_teams(page(SCREEN, WHOLE))
