"""Self-service and community: its sentence, given numbers with a known story, and the screen on a demo company."""

from pathlib import Path

from polso.faces.web.screens.selfservice import SCREEN, deflection, sentence
from web.known import answer, cell, page, read
from web.served import shown

LEVEL = {
    "visits": answer(
        cell("deflection_rate", 0.774, 137, low=0.7, high=0.83), cell("linked_visit_share", 0.6, 246)
    ),
    "bots": answer(cell("bot_containment", 0.406, 32, previous=0.42, low=0.26, high=0.58)),
    "threads": answer(cell("community_answer_rate", 0.875, 8, low=0.53, high=0.98)),
}


def said(language: str, **answers: object) -> str:
    return read(sentence(page(SCREEN, answers, language))).replace("\u00a0", " ")  # type: ignore[arg-type]


def test_where_chance_explains_all_the_level_is_said() -> None:
    assert said("en", **LEVEL) == (
        "77.4 % of self-service sessions needed no ticket. Bots finished 40.6 % of their conversations by themselves. "
        "87.5 % of community threads got an answer."
    )
    assert said("it", **LEVEL) == (
        "Sessioni self-service senza bisogno di un ticket: 77,4 %. Conversazioni che il bot ha concluso da solo: 40,6 %. "
        "Discussioni della community con una risposta: 87,5 %."
    )


def test_what_moved_beyond_chance_is_said_with_its_channel() -> None:
    bots = answer(cell("bot_containment", 0.4, 900, previous=0.6, low=0.37, high=0.43))
    channels = answer(
        cell(
            "bot_containment",
            0.24,
            500,
            keys={"channel": "chat"},
            previous=0.6,
            previous_n=500,
            low=0.2,
            high=0.28,
        ),
        cell(
            "bot_containment",
            0.6,
            400,
            keys={"channel": "phone"},
            previous=0.6,
            previous_n=400,
            low=0.55,
            high=0.65,
        ),
        by=("channel",),
    )
    known = {**LEVEL, "bots": bots, "bots_by_channel": channels}
    assert said("en", **known) == "Worse: Bot containment −20 pt (almost all of it chat)."
    assert said("it", **known) == "Peggio: Contenimento del bot −20 pt (quasi solo chat)."


def test_without_data_it_says_what_to_load() -> None:
    assert said("en").startswith("Load visits, searches, bot conversations or a community")
    assert said("it").startswith("Carica visite, ricerche, conversazioni del bot o una community")


def test_deflection_says_for_how_many_sessions_it_speaks() -> None:
    course = answer(cell("deflection_rate", 0.7, 40, keys={"week": "2026-03-02"}), by=("week",))
    found = deflection(page(SCREEN, {**LEVEL, "visits_course": course}))
    assert found.note == "Of sessions of known customers only: 60.0\u00a0% of all."


def test_it_is_there_on_a_demo_company(acme: Path) -> None:
    english, italian = shown(acme, "/selfservice?lang=en&period=all", "/selfservice?lang=it")
    assert "Articles most read" in english
    assert "Discussioni della community" in italian
