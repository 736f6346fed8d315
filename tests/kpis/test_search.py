"""A KPI is found by what people call it, in either language, wherever it is looked for."""

import pytest

from polso.kpis.catalogue import parse, shipped
from polso.kpis.search import called, search


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("FRT", "first_response_time"), ("frt", "first_response_time"), ("first reply time", "first_response_time"),
        ("AHT", "handle_time"), ("TMG", "handle_time"), ("ASA", "speed_of_answer"), ("TMA", "speed_of_answer"),
        ("tempo medio di attesa", "speed_of_answer"), ("FCR", "first_contact_resolution"), ("CSAT", "csat"), ("NPS", "nps"),
        ("net promoter score", "nps"), ("CES", "ces"), ("livello di servizio", "service_level"), ("TTR", "resolution_time"),
        ("chiamate perse", "abandonment_rate"), ("churn", "churn_rate"), ("nuovi ticket", "ticket_volume"),
        ("ticket ancora aperti", "backlog"), ("Full resolution time", "resolution_time"),
        ("One-touch tickets", "first_contact_resolution"), ("created tickets (zendesk)", "ticket_volume"),
    ],
)  # fmt: skip
def test_other_words_lead_to_the_kpi(wanted: str, name: str) -> None:
    assert [name] == called(shipped(), wanted)


def test_a_word_for_two_things_finds_both() -> None:
    assert {"service_level", "target_attainment"} == set(called(shipped(), "SLA"))


def test_what_nobody_says_is_not_found() -> None:
    assert [] == search(shipped(), "zzzz")


def test_other_words_repeat_no_name() -> None:
    for name, entry in shipped().items():
        said = {entry.default.title.en.casefold(), entry.default.title.it.casefold(), name.replace("_", " ")}
        assert not said & {alias.casefold() for alias in entry.aliases}, name
        assert len(set(entry.aliases)) == len(entry.aliases)


def test_a_project_gives_its_own_kpi_other_words() -> None:
    text = """
[vip_volume]
aliases = ["VIPs"]
title = { en = "VIP tickets", it = "Ticket VIP" }
meaning = { en = "x", it = "x" }
unit = "count"
kind = "count"
fact = "tickets"
clock = "opened_at"
"""
    assert ["vip_volume"] == called(parse(text, "own.toml", {}), "vips")
