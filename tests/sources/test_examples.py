"""Every real export through its example's polso.toml, recounted by hand with pandas."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from polso import config
from polso.engine import DuckDB
from polso.sources.load import Loaded, load

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DATA = {
    "anonymous_bank": "anonymous_bank/january.txt",
    "italian_helpdesk": "italian_helpdesk/helpdesk.csv",
    "carpentries": "carpentries_nps/data_20170701.csv",
    "twitter_support": "twitter_support/twcs_sample.csv",
    "phonenow": "phonenow/call_center_dataset.xlsx",
}


def _project(name: str, shared: Path, tmp_path: Path) -> tuple[DuckDB, Loaded, Path, dict[str, Any]]:
    """A project made of an example, its data linked in, loaded."""
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder)
    (folder / "data").mkdir()
    original = shared / "data" / DATA[name]
    (folder / "data" / original.name).symlink_to(original)
    engine = DuckDB()
    (done,) = load(engine, config.read(folder), folder)
    assert done.rows == done.used + done.skipped + done.rejected
    assert (0, 0, 0) == (done.rejected, done.conflicting, done.repeated)
    return engine, done, original, json.loads((shared / "data" / "expected.json").read_text())


def _one(engine: DuckDB, sql: str) -> Any:
    ((value,),) = engine.run(f"SELECT {sql}")
    return value


def _counts(engine: DuckDB, by: str = "kind") -> dict[Any, int]:
    return {
        tuple(key) if key else None: n
        for *key, n in engine.run(f"SELECT {by}, count(*) FROM events GROUP BY ALL")
    }


def test_every_example_has_its_data_named_and_a_page() -> None:
    for name in DATA:
        assert (EXAMPLES / name / "README.md").read_text().startswith("# ")
        assert config.read(EXAMPLES / name).source


def test_anonymous_bank(shared: Path, tmp_path: Path) -> None:
    engine, done, original, expected = _project("anonymous_bank", shared, tmp_path)
    bank = expected["anonymous_bank_january"]
    calls = pd.read_csv(original, sep="\t", dtype=str)
    calls = calls[calls.outcome != "PHANTOM"]
    waits, talks = calls.q_time.astype(int), calls.ser_time.astype(int)
    agent = calls.outcome == "AGENT"
    assert (31599, bank["calls"], 240) == (done.rows, done.used, done.skipped)
    outcomes = _counts(engine, "kind, stage, value")
    assert bank["agent"] == outcomes["left", "queue", "answered"] == outcomes["left", "talk", "served"]
    assert bank["queued_hang"] == outcomes["left", "queue", "abandoned"]
    assert bank["hang"] - bank["queued_hang"] == outcomes["left", "ivr", "abandoned"]
    assert bank["calls"] == _one(engine, "count(DISTINCT contact_id) FROM events")
    visits = (
        "(SELECT visit_id, max(occurred_at) - min(occurred_at) AS wait, max(value) AS value"
        " FROM events WHERE stage = 'queue' GROUP BY ALL)"
    )
    assert waits[agent].sum() == _one(engine, f"sum(epoch(wait)) FROM {visits} WHERE value = 'answered'")
    assert waits[~agent].sum() == _one(engine, f"sum(epoch(wait)) FROM {visits} WHERE value = 'abandoned'")
    assert 2 == _one(
        engine, "max(n) FROM (SELECT count(*) AS n FROM events WHERE visit_id IS NOT NULL GROUP BY visit_id)"
    )
    assert talks[agent].sum() == _one(engine, "sum(amount) FROM events WHERE stage = 'talk'")
    spans = (
        "(SELECT max(occurred_at) - min(occurred_at) AS span FROM events WHERE stage = 'talk'"
        " GROUP BY visit_id)"
    )
    assert talks[agent].sum() == _one(engine, f"sum(epoch(span)) FROM {spans}")
    assert (calls.customer_id != "0").sum() == _one(
        engine, "count(*) FROM events WHERE kind = 'opened' AND customer_id IS NOT NULL"
    )


def test_italian_helpdesk(shared: Path, tmp_path: Path) -> None:
    engine, done, original, expected = _project("italian_helpdesk", shared, tmp_path)
    desk = expected["italian_helpdesk"]
    rows = pd.read_csv(original, dtype=str)
    assert (desk["events"], desk["events"]) == (done.rows, done.used)
    assert desk["cases"] == _one(engine, "count(DISTINCT ticket_id) FROM events")
    activities = rows.Activity.value_counts()
    counts = _counts(engine)
    assert activities["Take in charge ticket"] == counts[("assigned",)]
    assert activities["Resolve ticket"] == counts[("solved",)]
    assert activities["Closed"] == counts[("closed",)]
    assert 4 * activities["Assign seriousness"] == counts[("set",)]
    assert desk["resolved_cases"] == _one(
        engine, "count(DISTINCT ticket_id) FROM events WHERE kind = 'solved'"
    )
    again = tuple(config.read(EXAMPLES / "italian_helpdesk").reopen_on)
    reopened = f"""count(DISTINCT e.ticket_id) FROM events AS e JOIN
        (SELECT ticket_id, min(occurred_at) AS at FROM events WHERE kind = 'solved' GROUP BY ALL) AS s USING
        (ticket_id)
        WHERE e.occurred_at > s.at AND e.kind IN {again}"""
    assert desk["reopened_after_resolve"] == _one(engine, reopened)
    at = pd.to_datetime(rows["Complete Timestamp"], format="%Y/%m/%d %H:%M:%S.%f")
    days = at.groupby(rows["Case ID"]).agg(lambda g: (g.max() - g.min()).total_seconds() / 86400)
    lives = "(SELECT epoch(max(occurred_at) - min(occurred_at)) / 86400 AS d FROM events GROUP BY ticket_id)"
    # A clock change inside a ticket's life moves it by an hour, so local and real days differ a little.
    assert days.mean() == pytest.approx(_one(engine, f"avg(d) FROM {lives}"), abs=0.05)
    local = at.dt.tz_localize("Europe/Rome", ambiguous=[True] * len(at), nonexistent="shift_forward")
    assert local.dt.tz_convert("UTC").dt.tz_localize(None).min() == _one(
        engine, "min(occurred_at) FROM events"
    )
    seconds = (local - pd.Timestamp("1970-01-01", tz="UTC")).dt.total_seconds()
    assert seconds[rows.Activity != "Assign seriousness"].sum() == _one(
        engine, "sum(epoch(occurred_at)) FROM events WHERE kind <> 'set'"
    )


def test_carpentries(shared: Path, tmp_path: Path) -> None:
    engine, done, original, expected = _project("carpentries", shared, tmp_path)
    scores = pd.read_csv(original)["Likely-To-Recommend"].dropna()
    nps = expected["carpentries_2017"]
    assert (476, nps["n"], 74) == (done.rows, done.used, done.skipped)
    assert nps["promoters"] == (scores >= 9).sum() == _one(engine, "count(*) FROM events WHERE amount >= 9")
    assert nps["detractors"] == (scores <= 6).sum() == _one(engine, "count(*) FROM events WHERE amount <= 6")
    assert nps["n"] == _one(engine, "count(DISTINCT subject_id) FROM events")


def test_twitter_support(shared: Path, tmp_path: Path) -> None:
    engine, done, original, expected = _project("twitter_support", shared, tmp_path)
    tweets = pd.read_csv(original, dtype=str, keep_default_na=False, lineterminator="\n")
    twitter = expected["twitter_support"]
    assert (twitter["rows_valid"], twitter["rows_valid"]) == (done.rows, done.used)
    counts = _counts(engine, "kind, direction")
    assert twitter["inbound"] == counts["message", "inbound"] == (tweets.inbound == "True").sum()
    assert twitter["outbound"] == counts["message", "outbound"]
    assert twitter["root_inbound"] == counts["opened", "inbound"]
    parent = {
        t: p.removesuffix(".0") for t, p in zip(tweets.tweet_id, tweets.in_response_to_tweet_id, strict=True)
    }

    def root(tweet: str) -> str:
        while parent[tweet] in parent:
            tweet = parent[tweet]
        return tweet

    threads = dict(engine.run("SELECT event_id, ticket_id FROM events WHERE kind = 'message'"))
    assert {tweet: root(tweet) for tweet in parent} == threads


def test_phonenow(shared: Path, tmp_path: Path) -> None:
    engine, done, original, expected = _project("phonenow", shared, tmp_path)
    calls = pd.read_excel(original)
    phone = expected["phonenow"]
    assert (phone["calls"], phone["calls"]) == (done.rows, done.used)
    outcomes = _counts(engine, "kind, value")
    assert phone["answered"] == outcomes["left", "answered"]
    assert phone["calls"] - phone["answered"] == outcomes["left", "abandoned"]
    assert phone["resolved"] == outcomes["solved", None]
    waits = (
        "(SELECT epoch(max(occurred_at) - min(occurred_at)) AS wait FROM events WHERE stage ="
        " 'queue' GROUP BY contact_id)"
    )
    assert calls["Speed of answer in seconds"].sum() == _one(engine, f"sum(wait) FROM {waits}")
    talks = pd.to_timedelta(calls.AvgTalkDuration.dropna().astype(str)).dt.total_seconds()
    assert talks.sum() == _one(engine, "sum(amount) FROM events WHERE kind = 'left' AND stage = 'talk'")
    assert calls["Satisfaction rating"].sum() == _one(engine, "sum(amount) FROM events WHERE kind = 'rated'")
    when = pd.to_datetime(calls.Date.astype(str) + " " + calls.Time.astype(str))
    assert when.min() == _one(engine, "min(occurred_at) FROM events")
    assert sorted(when) == [
        t for (t,) in engine.run("SELECT occurred_at FROM events WHERE kind = 'opened' ORDER BY 1")
    ]
