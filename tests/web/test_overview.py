"""The overview's sentence, given numbers with a known story."""

from polso.faces.web.screens.overview import SCREEN, sentence
from web.known import answer, cell, page, read


def test_what_got_worse_and_better_beyond_chance_is_said() -> None:
    now = answer(
        cell("ticket_volume", 1200, previous=1000),
        cell("csat", 0.81, 900, previous=0.85, low=0.80, high=0.82),
        cell("abandonment_rate", 0.06, 900, previous=0.05, low=0.03, high=0.09),
        cell("cost_per_contact", 3.9, 5000, previous=4.2),
    )
    fast = answer(cell("first_response_time", 3600, stat="median", previous=3000, low=3550, high=3650))
    said = {lang: read(sentence(page(SCREEN, {"now": now, "fast": fast}, lang))) for lang in ("en", "it")}
    worse = "Worse: First response time (median) +10\u00a0min, CSAT −4\u00a0pt."
    assert said["en"] == f"{worse} Better: Cost per contact −€0.30. Also: Tickets opened +20\u00a0%."
    assert said["it"].startswith(
        "Peggio: Tempo di prima risposta (mediana) +10\u00a0min, CSAT −4\u00a0pt. Meglio: Costo per contatto"
    )


def test_chance_is_no_news() -> None:
    now = answer(
        cell("csat", 0.81, 20, previous=0.85, low=0.6, high=0.95),
        cell("cost_per_contact", 3.9, 1000, previous=4.2),
    )
    assert read(sentence(page(SCREEN, {"now": now}))) == "Nothing changed beyond what chance explains."


def test_what_moved_without_a_better_side_is_said_too() -> None:
    now = answer(cell("ticket_volume", 1200, previous=1000))
    for language, said in (
        ("en", "Nothing got better or worse beyond what chance explains. Also: Tickets opened +20 %."),
        (
            "it",
            "Nulla è migliorato o peggiorato oltre ciò che il caso spiega. Inoltre: Ticket ricevuti +20 %.",
        ),
    ):
        assert read(sentence(page(SCREEN, {"now": now}, language))) == said.replace(" %", "\u00a0%")


def test_the_slice_that_moved_most_is_named_beside_what_moved() -> None:
    now = answer(cell("csat", 0.81, 900, previous=0.85, low=0.80, high=0.82))
    split = answer(
        cell(
            "csat", 0.70, 300, keys={"channel": "phone"}, previous=0.82, previous_n=300, low=0.66, high=0.74
        ),
        cell("csat", 0.86, 600, keys={"channel": "chat"}, previous=0.86, previous_n=600, low=0.84, high=0.88),
        by=("channel",),
    )
    asked = {"now": now, "channels_now": split}
    assert read(sentence(page(SCREEN, asked))) == "Worse: CSAT −4\u00a0pt (almost all of it phone)."
    assert read(sentence(page(SCREEN, asked, "it"))).endswith("(quasi solo telefono).")
