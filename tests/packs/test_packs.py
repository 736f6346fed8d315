import json
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from polso.care import open_project
from polso.errors import ConfigError, QuestionError, UnknownName
from polso.faces import cli
from polso.faces.italian import ITALIAN
from polso.kpis.catalogue import find as definition_of
from polso.kpis.catalogue import shipped
from polso.packs.judgement import Line, _over_months, judge
from polso.packs.pack import find, packs, parse

QUEUED = "4 of 4"


def judged(folder: Path, name: str, row: str, period: str = "2025") -> tuple[list[Line], Line]:
    """The months of a row, and the whole period."""
    with open_project(folder) as care:
        lines = [line for line in judge(care, name, period).lines if line.row.name == row]
    return lines[:-1], lines[-1]


def verdicts(lines: list[Line]) -> list[str]:
    return [line.verdict for line in lines]


# What packs say


def test_every_pack_names_kpis_that_exist_and_speaks_both_languages() -> None:
    assert ["agcom-255-24", "agcom-79-09", "arera-rqsii"] == sorted(packs())
    for pack in packs().values():
        texts = [pack.title, pack.applies_to, *(row.title for row in pack.row)]
        assert all(text.en and text.it and text.en != text.it for text in texts)
        for row in pack.row:
            if row.kpi:
                definition = definition_of(shipped(), row.kpi)
                assert set(row.params) <= set(definition.params)
                assert row.direction == ("at_least" if definition.better == "higher" else "at_most")


def test_confirmed_thresholds_and_no_others() -> None:
    found = {(name, row.name): row.threshold for name, pack in packs().items() for row in pack.row}
    assert {key: value for key, value in found.items() if value is not None} == {
        ("agcom-255-24", "answer_time"): 150,
        ("arera-rqsii", "mean_wait"): 240,
        ("arera-rqsii", "service_level"): 0.8,
    }
    assert {row.months for row in packs()["arera-rqsii"].row} == {10}


@pytest.mark.parametrize("name", ["agcom-255-24", "agcom-255", "AGCOM-255-24-CONS", "agcom-255-24-cons"])
def test_a_pack_is_found_by_a_beginning_or_its_official_number(name: str) -> None:
    assert "agcom-255-24" == find(name).name


@pytest.mark.parametrize("name", ["agcom", "", "arera-tiqv"])
def test_a_name_of_several_or_none_is_refused(name: str) -> None:
    with pytest.raises(UnknownName, match="no pack"):
        find(name)


def test_a_pack_that_says_too_little_never_loads() -> None:
    words = 'title = { en = "a", it = "b" }'
    head = f'{words}\nlaw = "l"\napplies_to = {{ en = "a", it = "b" }}\nsince = 2025-01-01\n'
    row = f'[[row]]\nname = "r"\n{words}\narticle = "1"\ndirection = "at_least"\n'
    with pytest.raises(ConfigError, match="either `kpi` or `missing`"):
        parse(head + row, "mine")
    with pytest.raises(ConfigError, match="a `note` must say why"):
        parse(head + row + 'kpi = "answer_rate"\n', "mine")


# What they find


def test_the_wait_runs_from_the_choice_to_the_conversation(calls: Path) -> None:
    months, whole = judged(calls, "agcom-255-24", "answer_time")
    assert ["met"] * 9 + ["not met", "not computable", "met"] == verdicts(months)
    assert [10.0] * 9 + [300.0, None, 10.0] == [line.value for line in months]
    assert [date(2025, month, 1) for month in range(1, 13)] == [line.month for line in months]
    assert ("met", 42, (9 * 40 + 1200 + 20) / 42) == (whole.verdict, whole.n, whole.value)
    assert ("dark", {"n": 1, "of": 12}) == (whole.why, whole.told)


def test_calls_without_the_instant_are_named_and_never_guessed(calls: Path) -> None:
    months, _ = judged(calls, "agcom-255-24", "answer_time")
    november, december = months[10], months[11]
    assert (None, 0, "no_instant", 4, 4) == (
        november.value, november.n, november.why, november.told["n"], november.told["of"],
    )  # fmt: skip
    assert (2, "lack", 2, 4) == (december.n, december.why, december.told["n"], december.told["of"])


def test_without_a_threshold_there_is_a_number_and_no_verdict(calls: Path) -> None:
    months, whole = judged(calls, "agcom-255-24", "within_20_seconds")
    assert [1.0] * 9 + [0.0, None, 1.0] == [line.value for line in months]
    assert {"no threshold", "not computable"} == {*verdicts(months), whole.verdict}
    assert whole.value == 38 / 42


def test_the_user_fills_in_a_threshold(calls: Path, settings: Path) -> None:
    with settings.open("a") as file:
        file.write('\n[[pack]]\nname = "agcom-255-24"\nrow = "within_20_seconds"\nthreshold = 0.95\n')
        file.write('\n[[pack]]\nname = "agcom-255-24"\nrow = "answer_time"\nthreshold = "5s"\n')
    months, whole = judged(calls, "agcom-255-24", "within_20_seconds")
    assert ["met"] * 9 + ["not met", "not computable", "met"] == verdicts(months)
    assert ("not met", 0.95, True) == (whole.verdict, whole.threshold, whole.is_own)
    assert {"not met", "not computable"} == set(verdicts(judged(calls, "agcom-255-24", "answer_time")[0]))


@pytest.mark.parametrize(("name", "row"), [("agcom-1", "answer_time"), ("agcom-255-24", "anser_time")])
def test_settings_of_no_pack_or_row_are_refused(calls: Path, settings: Path, name: str, row: str) -> None:
    with settings.open("a") as file:
        file.write(f'\n[[pack]]\nname = "{name}"\nrow = "{row}"\nthreshold = 0.4\n')
    with open_project(calls) as care, pytest.raises(ConfigError, match=r"polso\.toml, \[\[pack\]\]: no "):
        judge(care, "agcom-255-24", "2025")


def test_ten_months_of_twelve(calls: Path) -> None:
    months, whole = judged(calls, "arera-rqsii", "mean_wait")
    # From the welcome on; December counts the caller who gave up too: (2 x 25 + 2 x 10 + 100) / 5.
    assert [25.0] * 9 + [315.0, 10.0, 34.0] == [line.value for line in months]
    assert ["met"] * 9 + ["not met", "met", "met"] == verdicts(months)
    assert ("met", "held_in", 11) == (whole.verdict, whole.why, whole.told["held"])
    months, whole = judged(calls, "arera-rqsii", "service_level")
    assert ([1.0] * 11 + [0.8], "met") == ([line.value for line in months], whole.verdict)


def test_line_access_is_never_a_number(calls: Path) -> None:
    months, whole = judged(calls, "arera-rqsii", "line_access")
    assert {("not computable", None, 0, "missing")} == {
        (line.verdict, line.value, line.n, line.why) for line in (*months, whole)
    }


def test_a_year_that_is_not_over_is_not_judged(calls: Path) -> None:
    months, whole = judged(calls, "arera-rqsii", "mean_wait", "2026")
    assert {"not over"} == {*verdicts(months), whole.verdict}
    months, whole = judged(calls, "arera-rqsii", "mean_wait", "2025-Q1")
    assert (["met"] * 3, "not over") == (verdicts(months), whole.verdict)
    assert {"not computable"} == set(verdicts(judged(calls, "arera-rqsii", "mean_wait", "2024")[0]))


def test_complaints_wait_for_the_user_to_say_which_they_are(calls: Path, settings: Path) -> None:
    _, whole = judged(calls, "agcom-79-09", "complaints_solved")
    assert ("not computable", "untold") == (whole.verdict, whole.why)
    with settings.open("a") as file:
        file.write('\n[[pack]]\nname = "agcom-79-09"\nrow = "complaints_solved"\nthreshold = 0.9\n')
        file.write('where = { issue_type = "complaint" }\n')
    months, whole = judged(calls, "agcom-79-09", "complaints_solved")
    assert ("not met", 0.5, 2) == (whole.verdict, whole.value, whole.n)
    assert 0.5 == months[2].value


@pytest.mark.parametrize("period", ["2025-03-02..2025-04-01", "2025-01-01..2026-02-01", "2025-W12"])
def test_only_whole_months_twelve_at_most(calls: Path, period: str) -> None:
    with open_project(calls) as care, pytest.raises(QuestionError, match="whole months, twelve at most"):
        judge(care, "arera-rqsii", period)


def test_the_year_falls_when_the_months_left_cannot_save_it() -> None:
    row = find("arera-rqsii").named("mean_wait")
    whole = Line(row, None, "not over", threshold=240)
    kinds = ("met", "not met", "not computable", "not over")
    for counts in product(range(13), repeat=4):
        if sum(counts) != 12:
            continue
        held, failed, _, ahead = counts
        lines = [
            replace(whole, verdict=kind) for kind, n in zip(kinds, counts, strict=True) for _ in range(n)
        ]
        if held >= 10:
            expected = "met"
        elif 12 - failed < 10:
            expected = "not met"
        else:
            expected = "not over" if held + ahead >= 10 else "not computable"
        assert expected == _over_months(whole, lines).verdict, counts


# The command


def ran(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    capsys.readouterr()
    code = cli.main([str(one) for one in arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_packs_are_listed_outside_of_projects(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = ran(capsys, "--lang", "it", "pack")
    assert 0 == code
    assert all(name in out for name in packs())
    assert "servizio idrico" in out
    listed: list[dict[str, Any]] = json.loads(ran(capsys, "pack", "--json")[1])
    assert "answer_time" in next(one for one in listed if one["name"] == "agcom-255-24")["rows"]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        (
            "en",
            [
                "not computable",
                "of 4 rows none says when the caller chose a person",
                "1 of 12 months",
                "40 %",
            ],
        ),
        (
            "it",
            [
                "non calcolabile",
                "su 4 righe nessuna dice quando il chiamante",
                "1 mesi su 12",
                "senza soglia",
            ],
        ),
    ],
)
def test_the_table_to_file(
    capsys: pytest.CaptureFixture[str], calls: Path, lang: str, said: list[str]
) -> None:
    code, out, _ = ran(capsys, "--lang", lang, "-C", calls, "pack", "agcom-255-24", "--period", "2025")
    assert 0 == code
    flat = " ".join(out.split())
    assert [] == [text for text in said if text not in flat]


def test_the_table_as_data(capsys: pytest.CaptureFixture[str], calls: Path) -> None:
    found = json.loads(ran(capsys, "-C", calls, "pack", "arera-rqsii", "-p", "2025", "--json")[1])
    assert 3 * 13 == len(found)
    whole = {line["row"]: line["verdict"] for line in found if line["month"] is None}
    assert {"line_access": "not_computable", "mean_wait": "met", "service_level": "met"} == whole
    text = ran(capsys, "-C", calls, "pack", "arera-rqsii", "-p", "2025", "--csv")[1]
    assert text.startswith(
        "pack,law,row,article,title,month,value,unit,n,direction,threshold,threshold_from,verdict,why\n"
    )


def test_a_law_not_yet_in_force_is_said(capsys: pytest.CaptureFixture[str], calls: Path) -> None:
    assert (
        "in force from 10 Jul 2024"
        in ran(capsys, "--lang", "en", "-C", calls, "pack", "agcom-255", "-p", "2024")[1]
    )


def test_an_unknown_pack_is_a_wrong_question(capsys: pytest.CaptureFixture[str], calls: Path) -> None:
    code, out, err = ran(capsys, "--lang", "it", "-C", calls, "pack", "agcom")
    assert (2, "") == (code, out)
    assert "'agcom' non esiste (pacchetto)" in err


def test_every_verdict_has_its_italian() -> None:
    assert {"met", "not met", "not over", "no threshold", "not computable"} <= set(ITALIAN)
