from datetime import date, datetime

import pytest

from polso.faces.words import DASH, MINUS, Words

EN, IT = Words("en"), Words("it")


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("seconds", "english", "italian"),
    [
        (0, "0 s", "0 s"),
        (4.25, "4.2 s", "4,2 s"),
        (9.97, "10 s", "10 s"),
        (59.6, "1 min", "1 min"),
        (90, "1 min 30 s", "1 min 30 s"),
        (599.7, "10 min", "10 min"),
        (720, "12 min", "12 min"),
        (3599, "1 h", "1 h"),
        (6120, "1 h 42", "1 h 42"),
        (86399, "1 d", "1 g"),
        (183600, "2 d 3 h", "2 g 3 h"),
        (-720, f"{MINUS}12 min", f"{MINUS}12 min"),
    ],
)
def test_durations(seconds: float, english: str, italian: str) -> None:
    assert (english, italian) == (spaced(EN.duration(seconds)), spaced(IT.duration(seconds)))


def test_business_time_stays_in_hours() -> None:
    assert "51 h 10" == spaced(EN.duration(184200, business=True))


@pytest.mark.parametrize(
    ("value", "unit", "english", "italian"),
    [
        (0.832, "share", "83.2 %", "83,2 %"),
        (1.0, "share", "100.0 %", "100,0 %"),
        (0.9999, "share", "99.99 %", "99,99 %"),
        (0.0003, "share", "0.03 %", "0,03 %"),
        (32.0, "points", "+32", "+32"),
        (-4.21, "points", f"{MINUS}4.2", f"{MINUS}4,2"),
        (1234, "count", "1,234", "1.234"),
        (4.1, "money", "€4.10", "4,10 €"),
        (4.213, "score", "4.21", "4,21"),
        (None, "share", DASH, DASH),
        (float("nan"), "score", DASH, DASH),
    ],
)
def test_values(value: float | None, unit: str, english: str, italian: str) -> None:
    assert (english, italian) == (spaced(EN.value(value, unit)), spaced(IT.value(value, unit)))


def test_intervals_say_their_unit_once_and_nothing_where_there_is_none() -> None:
    assert "78,1–85,0 %" == spaced(IT.interval(0.781, 0.85, "share"))
    assert "" == EN.interval(None, None, "count")


def test_n_has_thousands() -> None:
    assert "n = 1.234" == IT.n(1234)


@pytest.mark.parametrize(
    ("change", "previous", "unit", "expected"),
    [
        (-17, 100, "count", f"{MINUS}17 %"),
        (3, 0, "count", "+3"),
        (0.019, 0.5, "share", "+1.9 pt"),
        (720, 60, "duration", "+12 min"),
        (-0.3, 4, "money", f"{MINUS}€0.30"),
        (None, None, "share", DASH),
    ],
)
def test_change(change: float | None, previous: float | None, unit: str, expected: str) -> None:
    assert expected == spaced(EN.change(change, previous, unit))


def test_direction_is_an_arrow_and_a_word() -> None:
    assert ("▲", "worse", "bad") == _way(EN.direction(5, "lower"))
    assert ("▼", "meglio", "good") == _way(IT.direction(-5, "lower"))
    assert ("▲", "up", "plain") == _way(EN.direction(5, "neither"))
    assert ("▲", "uncertain", "pale") == _way(EN.direction(5, "lower", sure=False))
    assert ("=", "same", "plain") == _way(EN.direction(0, "lower"))


def _way(direction: object) -> tuple[str, str, str]:
    return direction.arrow, direction.word, direction.tone  # type: ignore[attr-defined]


def test_buckets_of_time() -> None:
    assert "marzo 2026" == IT.label("month", date(2026, 3, 1))
    assert "March 2026" == EN.label("month", date(2026, 3, 1))
    assert "T1 2026" == IT.label("quarter", date(2026, 1, 1))
    assert "settimana del 9 mar 2026" == IT.label("week", date(2026, 3, 9))
    assert ("lun", "09:00", "2026") == (
        IT.label("weekday", 1),
        IT.label("hour_of_day", 9),
        IT.label("year", 2026),
    )
    assert "9 Mar 2026, 08:00" == EN.label("hour", "2026-03-09T08:00+01:00")
    assert "9 mar 2026, 08:00" == IT.label("quarter_hour", "2026-03-09 08:00")


def test_unknown_and_flags_are_words() -> None:
    assert ("(sconosciuto)", "sì") == (IT.label("team", None), IT.label("is_open", True))


def test_periods_are_their_first_and_last_day() -> None:
    assert "3 – 30 giu 2026" == IT.period(date(2026, 6, 3), date(2026, 7, 1))
    assert "28 Feb – 27 Mar 2026" == EN.period(date(2026, 2, 28), date(2026, 3, 28))
    assert "31 Dec 2025" == EN.period(date(2025, 12, 31), date(2026, 1, 1))


def test_instants_are_local() -> None:
    assert "1 Jun 2026, 02:30" == EN.instant(datetime(2026, 6, 1, 0, 30), "Europe/Rome")


@pytest.mark.parametrize(
    ("value", "english", "italian"),
    [
        ("start", "start", "inizio"),
        ("moved_in", "moved_in", "arrivati"),
        ("none", "none", "nessuna"),
        ("mean_age", "mean_age", "età media"),
        ("<1h", "< 1 h", "< 1 h"),
        ("4h-1d", "4 h – 1 d", "4 h – 1 g"),
        (">=30d", "≥ 30 d", "≥ 30 g"),
        ("2m-5m", "2 min – 5 min", "2 min – 5 min"),
        ("2021-01-11", "Mon 11 Jan 2021", "lun 11 gen 2021"),
        ("2021-01-03T11:00+01:00", "3 Jan 2021, 11:00", "3 gen 2021, 11:00"),
    ],
)
def test_lines_of_an_answer(value: str, english: str, italian: str) -> None:
    assert (english, italian) == (spaced(EN.label("band", value)), spaced(IT.label("band", value)))
