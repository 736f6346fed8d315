"""Real exports through the product's own sources and KPIs: every figure that somebody else computed."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from polso.care import Care, open_project

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
HOUR, DAY, MINUTE = 3600, 86400, 60
Open = Callable[..., Care]


@pytest.fixture(scope="module")
def opened(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Open:
    """Open an example with its data linked in, loaded once; in another zone where one is given."""
    kept: dict[tuple[str, str | None], Care] = {}

    def make(name: str, data: str, zone: str | None = None) -> Care:
        key = (name, zone)
        if key not in kept:
            folder = tmp_path_factory.mktemp("known") / name
            shutil.copytree(EXAMPLES / name, folder)
            settings = folder / "polso.toml"
            if zone:
                text = settings.read_text(encoding="utf-8")
                settings.write_text(re.sub(r'zone = "[^"]*"', f'zone = "{zone}"', text), encoding="utf-8")
            (folder / "data").mkdir()
            original = shared / "data" / data
            (folder / "data" / original.name).symlink_to(original)
            kept[key] = open_project(folder)
            kept[key].load()
        return kept[key]

    return make


@pytest.fixture(scope="module")
def expected(shared: Path) -> dict[str, dict[str, Any]]:
    return json.loads((shared / "data" / "expected.json").read_text())


def number(care: Care, kpi: str, **how: Any) -> float:
    value = care.ask(kpi, **how).value
    assert value is not None, f"{kpi} {how} has no value"
    return value


def close(expected: float, actual: float) -> bool:
    """Equal to the last digit that was written down."""
    digits = len(str(expected).partition(".")[2]) if "." in str(expected) else 0
    return abs(expected - actual) <= 0.5000001 * 10**-digits


def same(expected: float, actual: float) -> None:
    assert close(expected, actual), f"{expected} expected, {actual} found"


def test_anonymous_bank(opened: Open, expected: dict[str, dict[str, Any]]) -> None:
    bank, known = opened("anonymous_bank", "anonymous_bank/january.txt"), expected["anonymous_bank_january"]
    same(known["calls"], number(bank, "contact_volume"))
    same(known["agent"], number(bank, "calls_offered:answered"))
    abandoned = bank.ask("abandonment_rate:of_all").cells[0]
    same(known["hang"], abandoned.parts["part"])
    same(known["abandon_pct"], 100 * abandoned.value)
    queued = bank.ask("abandonment_rate:queued").cells[0]
    same(known["queued"], queued.n)
    same(known["queued_hang"], queued.parts["part"])
    same(known["queued_abandon_pct"], 100 * queued.value)
    same(known["mean_q_all"], number(bank, "queue_time_of_calls"))
    same(known["mean_q_answered"], number(bank, "speed_of_answer"))
    same(known["mean_q_queued"], number(bank, "speed_of_answer:queued"))
    same(known["mean_wait_before_abandon_queued"], number(bank, "speed_of_answer:abandoned"))
    same(known["sl20_answered_pct"], 100 * number(bank, "service_level:answered"))
    same(known["sl20_offered_pct"], 100 * number(bank, "service_level_of_calls"))
    same(known["mean_service"], number(bank, "leg_handle_time"))
    same(known["median_service"], number(bank, "leg_handle_time", stat="median"))


def test_italian_helpdesk_by_the_wall_clock(opened: Open, expected: dict[str, dict[str, Any]]) -> None:
    """The known figures subtract local times as they stand, which is to read them as if clocks never changed."""
    desk, known = (
        opened("italian_helpdesk", "italian_helpdesk/helpdesk.csv", "UTC"),
        expected["italian_helpdesk"],
    )
    ((events, tickets),) = desk.engine.run(
        "SELECT count(*) FILTER (kind NOT IN ('set')), count(DISTINCT ticket_id) FROM events"
    )
    ((rows,),) = desk.engine.run("SELECT sum(rows) FROM loaded_files")
    assert (known["events"], known["cases"]) == (rows, tickets)
    assert 0 < events < rows
    same(known["cases"], number(desk, "ticket_volume"))
    same(known["mean_case_days"], number(desk, "case_duration") / DAY)
    same(known["median_case_days"], number(desk, "case_duration", stat="median") / DAY)
    same(known["resolved_cases"], desk.ask("resolution_time:first").cells[0].n)
    taken = known["first_event_to_first_take_h"]
    same(taken["n"], desk.ask("assign_time:taken").cells[0].n)
    for kpi, figures in (
        ("assign_time:taken", taken),
        ("resolution_time:first", known["to_first_resolve_h"]),
        ("resolution_time:last_declared", known["to_last_resolve_h"]),
    ):
        for stat in ("mean", "median", "p90"):
            same(figures[stat], number(desk, kpi, stat=stat) / HOUR)


def test_italian_helpdesk(opened: Open, expected: dict[str, dict[str, Any]], shared: Path) -> None:
    """Counts are as known; durations are elapsed time, as pandas has it once it is told the zone."""
    desk, known = opened("italian_helpdesk", "italian_helpdesk/helpdesk.csv"), expected["italian_helpdesk"]
    same(known["cases"], number(desk, "ticket_volume"))
    same(known["resolved_cases"], desk.ask("resolution_time:first").cells[0].n)
    same(known["multi_resolve_cases"], number(desk, "solved_more_than_once"))
    reopened = desk.ask("reopen_rate:of_opened").cells[0]
    same(known["reopened_after_resolve"], reopened.parts["part"])
    same(known["reopen_pct_of_cases"], 100 * reopened.value)
    same(known["one_take_one_resolve_pct"], 100 * number(desk, "one_take_one_solve"))
    years = desk.ask("ticket_volume", by="year")
    assert known["created"] == {str(cell.keys["year"]): cell.value for cell in years if cell.value}
    for day, waiting in known["unresolved_backlog"].items():
        same(waiting, number(desk, "backlog:until_last_declared", period=str(int(day[:4]) - 1)))
    log = pd.read_csv(shared / "data" / "italian_helpdesk" / "helpdesk.csv")
    at = pd.to_datetime(log["Complete Timestamp"]).dt.tz_localize("Europe/Rome").dt.tz_convert("UTC")
    cases = at.groupby(log["Case ID"])
    elapsed = (cases.max() - cases.min()).dt.total_seconds()
    assert number(desk, "case_duration") == pytest.approx(elapsed.mean(), rel=1e-12)
    assert number(desk, "case_duration", stat="median") == elapsed.median()
    solved = at[log["Activity"] == "Resolve ticket"].groupby(log["Case ID"]).min()
    assert number(desk, "resolution_time:first") == pytest.approx(
        (solved - cases.min()).dt.total_seconds().mean(), rel=1e-12
    )


def test_carpentries(opened: Open, expected: dict[str, dict[str, Any]]) -> None:
    survey, known = opened("carpentries", "carpentries_nps/data_20170701.csv"), expected["carpentries_2017"]
    (cell,) = survey.ask("nps").cells
    same(known["n"], cell.n)
    same(known["promoters"], cell.parts["part"])
    same(known["detractors"], cell.parts["against"])
    same(known["passives"], cell.n - cell.parts["part"] - cell.parts["against"])
    same(known["nps"], cell.value)


def test_twitter_support(opened: Open, expected: dict[str, dict[str, Any]]) -> None:
    care, known = opened("twitter_support", "twitter_support/twcs_sample.csv"), expected["twitter_support"]
    same(known["rows_valid"], number(care, "message_volume"))
    same(known["inbound"], number(care, "message_volume:inbound"))
    same(known["outbound"], number(care, "message_volume:outbound"))
    answers = care.ask("message_answer_time", stat="median").cells[0]
    same(known["brand_replies_to_inbound"], answers.n)
    same(known["median_reply_min"], answers.value / MINUTE)
    roots = care.ask("first_direct_answer_time").cells[0]
    same(known["root_inbound"], number(care, "root_volume"))
    same(known["roots_answered"], roots.n)
    same(known["frt_mean_min"], roots.value / MINUTE)
    same(known["frt_median_min"], number(care, "first_direct_answer_time", stat="median") / MINUTE)
    same(known["frt_p90_min"], number(care, "first_direct_answer_time", stat="p90") / MINUTE)


def test_phonenow(opened: Open, expected: dict[str, dict[str, Any]]) -> None:
    calls, known = opened("phonenow", "phonenow/call_center_dataset.xlsx"), expected["phonenow"]
    same(known["calls"], number(calls, "calls_offered"))
    same(known["answered"], number(calls, "calls_offered:answered"))
    same(known["abandon_pct"], 100 * number(calls, "abandonment_rate"))
    same(known["resolved"], number(calls, "solve_volume"))
    same(known["resolved_of_answered_pct"], 100 * number(calls, "resolved_of_answered"))
    same(known["resolved_of_all_pct"], 100 * number(calls, "resolution_rate:by_now"))
    same(known["asa"], number(calls, "speed_of_answer"))
    same(known["sl20_answered_pct"], 100 * number(calls, "service_level:answered"))
    same(known["aht"], number(calls, "handle_time"))
    same(known["csat_mean"], number(calls, "csat:mean_score"))
    same(known["csat_top2_pct"], 100 * number(calls, "csat"))
