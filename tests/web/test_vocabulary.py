"""What Polso itself calls things is said in the reader's language; what a company calls things stays as it is."""

import re

import pytest
from starlette.testclient import TestClient

from polso.events import kinds
from polso.faces.vocabulary import COLUMNS, said
from polso.faces.web.screens.overview import SCREEN
from polso.faces.web.translate import PageWords
from polso.facts import FACTS
from web.known import page

# Proper names, and words that are the same in both languages.
SAME = {"email", "chat", "whatsapp", "messenger", "telegram", "viber", "social", "web", "community"}


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("channel", kinds.CHANNELS), ("stage", kinds.STAGES), ("outcome", kinds.OUTCOMES), ("state", kinds.STATES),
        ("direction", kinds.DIRECTIONS), ("actor_kind", kinds.ACTOR_KINDS), ("waiting_for", kinds.WAITS),
        ("removed_as", kinds.REMOVALS), ("link", kinds.LINKS), ("scale", kinds.SCALES), ("kind", kinds.KINDS),
    ],
)  # fmt: skip
def test_every_word_of_the_log_is_said_in_both_languages(column: str, words: tuple[str, ...]) -> None:
    assert [] == [word for word in words if said("it", column, word) is None and word not in SAME]


def test_no_word_of_people_is_a_key() -> None:
    every = [text for words in COLUMNS.values() for both in words.values() for text in both]
    assert [] == [text for text in every if "_" in text]


def test_what_a_company_calls_things_stays() -> None:
    words = PageWords("it")
    assert ["secondo_livello", "billing", "critical"] == [
        words.label(name, value)
        for name, value in (("team", "secondo_livello"), ("issue_type", "billing"), ("priority", "critical"))
    ]


def test_a_filter_is_read_in_words_and_kept_as_it_is() -> None:
    made = page(
        SCREEN, {}, "it", url="where=channel=self_service,phone&where=is_open=true&where=nps_class!=passive"
    )
    assert ["canale: self-service, telefono", "aperto: sì", "classe NPS: non passivo"] == [
        made.filter_text(text) for text in made.state.where
    ]
    assert "where=channel%3Dself_service%2Cphone" in made.state.url()


@pytest.mark.parametrize("language", ["en", "it"])
def test_every_dimension_has_a_name_for_people(language: str) -> None:
    made = page(SCREEN, {}, language)
    names = {column.name for fact in FACTS.values() for column in fact.all_columns({}) if column.dimension}
    assert [] == sorted(name for name in names if "_" in made.named(name))


def test_italian_pages_say_no_word_of_the_log(client: TestClient) -> None:
    english = re.compile(
        r">\s*(self_service|phone|abandoned|answered|promoter|passive|detractor|urgent|high|low|normal|handed_off|timed_out)\s*<"
    )
    for path in (
        "/",
        "/volumes",
        "/speed",
        "/backlog",
        "/resolution",
        "/phone",
        "/satisfaction",
        "/selfservice",
        "/team",
    ):
        shown = client.get(f"{path}?lang=it&where=channel=phone,email,self_service").text
        assert [] == english.findall(shown), path


def test_a_ticket_s_events_are_of_one_ticket(client: TestClient) -> None:
    for kpi in ("first_response_time", "ticket_volume"):
        shown = client.get(f"/ticket/T2?period=all&lang=it&kpi={kpi}").text
        events = re.findall(r"<td>([\w ]+) <span class=\"pale\">", shown)
        assert {"impostato", "messaggio"} <= set(events)
        assert not {"aperti", "ricevuti", "risolti", "chiusi", "opened", "solved"} & set(events)
        assert not re.search(r"<td>(agent|customer|bot|system)</td>", shown)


def test_the_busiest_weekday_is_a_weekday(client: TestClient) -> None:
    for language, days in (("en", "Mon|Tue|Wed|Thu|Fri|Sat|Sun"), ("it", "lun|mar|mer|gio|ven|sab|dom")):
        shown = client.get(f"/kpi/ticket_volume?variant=busiest_weekday&period=all&lang={language}").text
        assert re.search(rf'id="parts".*<td>({days})</td>', shown, re.DOTALL)
