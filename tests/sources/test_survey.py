"""What survey tables become: scores on their scales, invitations without an answer, nothing out of range."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from polso.config import parse
from polso.engine import DuckDB
from polso.errors import ConfigError, SourceError
from polso.sources.load import Loaded, load


def read(engine: DuckDB, folder: Path, text: str, options: str, name: str = "answers.csv") -> Loaded:
    (folder / name).write_text(text, encoding="utf-8")
    config = parse(f'[[source]]\nname = "survey"\nkind = "survey"\nfiles = "{name}"\n{options}')
    return load(engine, config, folder)[0]


def said(engine: DuckDB, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
    return engine.run(f"SELECT {columns} FROM events WHERE {where} ORDER BY occurred_at, seq, event_id")


TEXT = """\
survey_id,ticket_id,customer_id,sent_at,answered_at,score,question,team,channel,comment
s1,t1,c1,2024-05-01T10:00:00Z,2024-05-01T12:00:00Z,5,overall,Billing,email,"fine,
really"
s2,t2,c2,2024-05-01T10:05:00Z,,,overall,Billing,email,
s3,t3,c3,2024-05-01T10:06:00Z,2024-05-01T12:30:00Z,6,overall,Billing,email,
,,c4,,,,overall,Billing,email,
s5,t5,c5,,2024-05-01T12:40:00Z,2,overall,Billing,email,
s6,t6,c6,,,3,overall,Billing,email,
s7,t7,c7,,2024-05-01T12:50:00Z,great,overall,Billing,email,
"""


def test_answers_invitations_and_what_is_neither(tmp_path: Path) -> None:
    engine = DuckDB()
    loaded = read(engine, tmp_path, TEXT, 'scale = "csat5"')
    assert (7, 4, 1, 2, 3) == (
        loaded.rows,
        loaded.used,
        loaded.skipped,
        loaded.rejected,
        loaded.rejected_events,
    )
    columns = "event_id, strftime(occurred_at, '%H:%M'), kind, actor_kind, subject_id, ticket_id,"
    columns += " attribute, amount, value"
    five, two = Decimal(5), Decimal(2)
    assert [
        ("s1/sent", "10:00", "survey_sent", "system", "s1", "t1", "csat5", None, None),
        ("s2/sent", "10:05", "survey_sent", "system", "s2", "t2", "csat5", None, None),
        ("s3/sent", "10:06", "survey_sent", "system", "s3", "t3", "csat5", None, None),
        (
            "s1/rated/csat5/overall/1714564800000",
            "12:00",
            "rated",
            "customer",
            "s1",
            "t1",
            "csat5",
            five,
            "overall",
        ),
        (
            "s5/rated/csat5/overall/1714567200000",
            "12:40",
            "rated",
            "customer",
            "s5",
            "t5",
            "csat5",
            two,
            "overall",
        ),
    ] == said(engine, columns)
    assert [("Billing", "email")] == engine.run("SELECT DISTINCT team, channel FROM events")
    assert [
        (5, "the score 6 is not a whole number from 1 to 5 (csat5)"),
        (8, "an answer without an instant: name `answered_at`, or say `undated`"),
        (9, "the score 'great' is no number and no known word"),
    ] == engine.run("SELECT line, reason FROM rejections ORDER BY line")


def test_reading_again_and_in_another_order_changes_nothing(tmp_path: Path) -> None:
    engine = DuckDB()
    first = read(engine, tmp_path, TEXT, 'scale = "csat5"')
    before = said(engine, "*")
    head, *rows = TEXT.replace('"fine,\nreally"', "fine").splitlines(keepends=True)
    again = read(engine, tmp_path, head + "".join(reversed(rows)), 'scale = "csat5"', "again.csv")
    assert before == said(engine, "*")
    assert (0, first.new, first.rejected) == (again.new, again.repeated, again.rejected)


@pytest.mark.parametrize(
    ("scale", "written", "score", "turned"),
    [
        ("csat5", "1", 1, 5), ("csat7", "7", 7, 1), ("nps", "0", 0, 10), ("nps", "10.0", 10, 0),
        ("ces7", "2", 2, 6), ("thumbs", "👍", 1, 0), ("thumbs", "Sì", 1, 0), ("thumbs", "bad", 0, 1),
        ("fcr", "No", 0, 1), ("fcr", "1", 1, 0),
    ],
)  # fmt: skip
def test_each_scale_and_its_reverse(
    tmp_path: Path, scale: str, written: str, score: int, turned: int
) -> None:
    text = f"answered_at,score\n2024-05-01T12:00:00Z,{written}\n"
    for reverse, expected in (("false", score), ("true", turned)):
        engine = DuckDB()
        read(engine, tmp_path, text, f'scale = "{scale}"\nreversed = {reverse}')
        assert [(scale, expected)] == said(engine, "attribute, amount::INT")


@pytest.mark.parametrize(
    ("scale", "written"),
    [("csat5", "0"), ("csat7", "8"), ("nps", "11"), ("nps", "-1"), ("ces7", "4.5"), ("fcr", "2")],
)
def test_out_of_the_scale_is_rejected(tmp_path: Path, scale: str, written: str) -> None:
    text = f"answered_at,score\n2024-05-01T12:00:00Z,{written}\n"
    assert (0, 1) == (lambda x: (x.used, x.rejected))(read(DuckDB(), tmp_path, text, f'scale = "{scale}"'))


def test_scale_by_row_words_and_the_agent(tmp_path: Path) -> None:
    engine = DuckDB()
    text = (
        "quando;tipo;voto;ticket;operatore\n01/05/2024 14:00;sod;Molto soddisfatto;t1;anna\n"
        "01/05/2024 15:00;nps;9;t2;\n31/05/2024 15:00;boh;9;t3;\n"
    )
    loaded = read(
        engine,
        tmp_path,
        text,
        'delimiter = ";"\nanswered_at = "quando"\nscore = "voto"\nscale_column = "tipo"\n'
        'agent = "operatore"\n'
        'zone = "Europe/Rome"\nscales = { sod = "csat5" }\nwords = { "Molto soddisfatto" = 5 }',
    )
    assert (3, 2, 1) == (loaded.rows, loaded.used, loaded.rejected)
    assert [
        (datetime(2024, 5, 1, 12), "rated", "csat5", 5, None),
        (datetime(2024, 5, 1, 12), "set", "rated_agent", None, "anna"),
        (datetime(2024, 5, 1, 13), "rated", "nps", 9, None),
    ] == said(engine, "occurred_at, kind, attribute, amount::INT, value")
    assert [(4, "unknown scale: boh")] == engine.run("SELECT line, reason FROM rejections")


def test_answers_without_dates_need_one(tmp_path: Path) -> None:
    engine = DuckDB()
    loaded = read(
        engine, tmp_path, "score,who\n9,a\n7,b\n", 'scale = "nps"\nundated = "2024-05-01T00:00:00+02:00"'
    )
    assert "2 answers have no instant" in loaded.warnings[-1]
    assert [(datetime(2024, 4, 30, 22), 2)] == engine.run(
        "SELECT occurred_at, count(*) FROM events GROUP BY 1"
    )
    assert 2 == read(DuckDB(), tmp_path, "score,who\n9,a\n7,b\n", 'scale = "nps"').rejected


def test_real_exports(shared: Path) -> None:
    folder = shared / "data/payloads"
    for file, options, expected in (
        (
            "google_forms/responses.from-memory-shape.csv",
            'score = "How likely are you to recommend us to a friend? (0-10)"\n'
            'instant_format = ["%Y/%m/%d %I:%M:%S %p GMT+2", "%Y/%m/%d %I:%M:%S %p GMT+1"]\n'
            'zone = "Europe/Rome"',
            [
                (datetime(2024, 5, 2, 8, 11, 12), 9),
                (datetime(2024, 5, 2, 12, 5, 44), 3),
                (datetime(2024, 5, 3, 6, 0, 1), 10),
            ],
        ),
        (
            "limesurvey/responses_import.documented-shape.csv",
            'score = "123456X1X10nps"\nzone = "Europe/Rome"',
            [(datetime(2024, 5, 2, 8, 11, 12), 9), (datetime(2024, 5, 3, 6), 3)],
        ),
        (
            "delighted/survey_responses.from-memory-shape.jsonl",
            'score = "score"\nanswered_at = "created_at"\ninstant_format = "epoch"\nsurvey = "id"\n'
            'customer = "person"',
            [(datetime(2024, 5, 2, 8, 20), 9), (datetime(2024, 5, 2, 8, 53, 20), 0)],
        ),
    ):
        engine = DuckDB()
        config = parse(
            f'[[source]]\nname = "s"\nkind = "survey"\nfiles = "{folder / file}"\nscale = "nps"\n{options}'
        )
        loaded = load(engine, config, folder)[0]
        assert loaded.rows == loaded.used + loaded.skipped
        assert expected == said(engine, "occurred_at, amount::INT")


def test_mistakes_are_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean csat7 or csat5"):
        read(DuckDB(), tmp_path, TEXT, 'scale = "csat"')
    with pytest.raises(ConfigError, match="either `scale`"):
        read(DuckDB(), tmp_path, TEXT, "")
    with pytest.raises(SourceError, match="did you mean 'score'"):
        read(DuckDB(), tmp_path, TEXT, 'scale = "nps"\nscore = "scor"')
