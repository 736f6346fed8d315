"""Percentiles, means, service level and survival, asked of a log whose every duration is known."""

from __future__ import annotations

import warnings
from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import numpy as np
import pytest
from scipy import stats

from kpis.told import AGENT, CUSTOMER, Story, care, folded
from polso.care import Care
from polso.errors import QuestionError
from polso.kpis.catalogue import shipped
from polso.kpis.kinds import scale_of

START = datetime(2026, 3, 2, 8)
CHANNELS = ("email", "chat", "whatsapp", "web", "social", "sms")
PERCENTILE = {"median": 50, "p80": 80, "p90": 90, "p95": 95}


class Known:
    """A log of tickets with known times to the first solve; None for those still open at the end."""

    def __init__(self) -> None:
        dice, self.story = Random(17), Story()
        self.lasted: dict[str, list[tuple[timedelta, bool]]] = defaultdict(list)
        end = START + timedelta(days=20)
        for number in range(600):
            channel = CHANNELS[min(int(dice.random() ** 2 * 6), 5)]
            opened = START + timedelta(microseconds=dice.randrange(18 * 86_400_000_000))
            # Whole minutes below, so that there are ties; exact microseconds above.
            minutes = timedelta(minutes=dice.randrange(1, 40))
            solve = (
                minutes if dice.random() < 0.4 else timedelta(microseconds=dice.randrange(9 * 86_400_000_000))
            )
            self.open(f"t{number}", channel, opened, solve if opened + solve <= end else None, end - opened)
        self.story.tell(end, "state", client="acme", actor_kind="agent", actor_id="g", value="offline")
        self.care = care(folded(self.story.events))

    def open(self, ticket: str, channel: str, at: datetime, solve: timedelta | None, seen: timedelta) -> None:
        """One ticket, and what is known of it."""
        self.story.tell(at, "opened", ticket, channel=channel, **CUSTOMER)
        if solve is not None:
            self.story.tell(at + solve, "solved", ticket, **AGENT)
        self.lasted[channel].append((solve if solve is not None else seen, solve is not None))

    def solved(self, channel: str) -> list[int]:
        """Microseconds to the first solve."""
        return [lasted // timedelta(microseconds=1) for lasted, happened in self.lasted[channel] if happened]


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


@pytest.mark.parametrize("stat", PERCENTILE)
def test_percentiles_are_those_of_numpy(known: Known, stat: Any) -> None:
    cells = {c.keys["channel"]: c for c in known.care.ask("resolution_time:first", by="channel", stat=stat)}
    assert set(CHANNELS) == set(cells)
    for channel, cell in cells.items():
        values = known.solved(channel)
        assert (len(values), stat) == (cell.n, cell.stat)
        assert float(np.percentile(values, PERCENTILE[stat])) / 1e6 == pytest.approx(cell.value, abs=1e-6)


@pytest.mark.parametrize("stat", PERCENTILE)
def test_the_interval_of_a_percentile_is_made_of_two_of_its_rows(known: Known, stat: Any) -> None:
    (whole,) = known.care.ask("resolution_time:first", stat=stat)
    everything = sorted(us for channel in CHANNELS for us in known.solved(channel))
    split = known.care.ask("resolution_time:first", by="channel", stat=stat)
    for cell, values in [(whole, everything), *((c, sorted(known.solved(c.keys["channel"]))) for c in split)]:
        if cell.low is None:
            continue
        low, high = (round(end * 1e6) for end in (cell.low, cell.high))
        assert low in values
        assert high in values
        assert cell.low <= cell.value <= cell.high


def test_means_and_their_intervals(known: Known) -> None:
    for cell in known.care.ask("resolution_time:first", by="channel"):
        values = [us / 1e6 for us in known.solved(cell.keys["channel"])]
        around = stats.t.interval(0.95, len(values) - 1, loc=np.mean(values), scale=stats.sem(values))
        assert float(np.mean(values)) == pytest.approx(cell.value, rel=1e-12)
        assert around == pytest.approx((cell.low, cell.high), rel=1e-9)


@pytest.mark.parametrize("stat", PERCENTILE)
def test_survival_is_that_of_lifelines(known: Known, stat: Any) -> None:
    lifelines, utils = pytest.importorskip("lifelines"), pytest.importorskip("lifelines.utils")
    cells = {c.keys["channel"]: c for c in known.care.ask("resolution_time_open", by="channel", stat=stat)}
    for channel, cell in cells.items():
        times = [lasted / timedelta(seconds=1) for lasted, _ in known.lasted[channel]]
        happened = [flag for _, flag in known.lasted[channel]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = lifelines.KaplanMeierFitter().fit(times, happened)
            left = 1 - PERCENTILE[stat] / 100
            # lifelines looks for a curve at or below `left` as floats are; a hair more undoes their noise.
            value = fitted.percentile(left + 1e-12)
            bounds = utils.qth_survival_times(left + 1e-12, fitted.confidence_interval_)
        ends = sorted(float(end) for end in np.asarray(bounds).ravel())
        expected = [None if np.isinf(x) else x for x in (float(value), *ends)]
        assert expected == pytest.approx([cell.value, cell.low, cell.high], abs=1e-6), channel
        assert len(times) == cell.n


def test_the_curve_is_that_of_lifelines(known: Known) -> None:
    lifelines = pytest.importorskip("lifelines")
    for channel in CHANNELS:
        times = [lasted / timedelta(seconds=1) for lasted, _ in known.lasted[channel]]
        happened = [ended for _, ended in known.lasted[channel]]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = lifelines.KaplanMeierFitter().fit(times, happened)
        curve = known.care.curve("resolution_time_open", where={"channel": channel})
        assert (len(times), sum(happened)) == (curve.n, curve.ended)
        assert [t for t, deaths in fitted.event_table["observed"].items() if deaths] == [
            pytest.approx(point.seconds, abs=1e-6) for point in curve.points
        ]
        ends = fitted.confidence_interval_
        for point in curve.points:
            at = min(fitted.survival_function_.index, key=lambda t, p=point: abs(t - p.seconds))
            low, high = ends.loc[at]
            assert float(fitted.survival_function_.loc[at].iloc[0]) == pytest.approx(point.share, abs=1e-9)
            if 0 < point.share < 1:
                assert (low, high) == pytest.approx((point.low, point.high), abs=1e-6)
            assert fitted.event_table.loc[at, "at_risk"] == point.at_risk


def test_a_curve_of_nothing_has_no_points(known: Known) -> None:
    assert known.care.curve("resolution_time_open", where={"channel": "pigeon"}).points == ()


@pytest.mark.parametrize(("kpi", "by"), [("csat", ()), ("resolution_time_open", "channel")])
def test_a_curve_is_of_one_survival_kpi_that_is_not_split(known: Known, kpi: str, by: Any) -> None:
    with pytest.raises(QuestionError, match="a curve is drawn of a survival KPI that is not split"):
        known.care.curve(kpi, by=by)


def test_survival_has_no_mean(known: Known) -> None:
    with pytest.raises(Exception, match="has no mean"):
        known.care.ask("resolution_time_open", stat="mean")


@pytest.fixture(scope="module")
def queue() -> Care:
    """70 answered in 10 s, 10 abandoned after 10 s, 20 answered after 40 s."""
    story = Story()
    for number in range(100):
        at, outcome = START + timedelta(minutes=number), "abandoned" if 70 <= number < 80 else "answered"
        left = at + timedelta(seconds=10 if number < 80 else 40)
        contact = {"contact_id": f"c{number}", "visit_id": f"v{number}", "stage": "queue", "team": "desk"}
        story.tell(at, "entered", f"t{number}", channel="phone", direction="inbound", **contact)
        story.tell(left, "left", f"t{number}", value=outcome, direction="inbound", **contact)
    return care(folded(story.events))


@pytest.mark.parametrize(
    ("kpi", "part", "n"),
    [("service_level:ignore", 70, 90), ("service_level", 70, 100), ("service_level:positive", 80, 100)],
)
def test_three_service_levels_of_one_hundred_calls(queue: Care, kpi: str, part: int, n: int) -> None:
    """77.8 %, 70 % and 80 %."""
    (cell,) = queue.ask(kpi)
    assert (part / n, n) == (cell.value, cell.n)


def test_the_threshold_of_a_service_level_is_inclusive(queue: Care) -> None:
    assert [0.0, 0.7, 0.9] == [
        queue.ask("service_level", params={"within": s}).value for s in (9.999999, 10, 40)
    ]


def test_means_of_scores_stay_on_their_scale() -> None:
    """Two efforts of 7 and one of 5; stars of 1 and 2. No mean of them is beyond the scale, nor said to be."""
    story = Story()
    for place, (scale, score) in enumerate(
        [("ces7", 7), ("ces7", 7), ("ces7", 5), ("csat5", 1), ("csat5", 2)]
    ):
        story.tell(START, "opened", f"t{place}", **CUSTOMER)
        said = {"attribute": scale, "amount": score, "subject_id": f"s{place}"}
        story.tell(START + timedelta(hours=1), "rated", f"t{place}", **said, **CUSTOMER)
    with care(folded(story.events)) as found:
        (effort,) = found.ask("ces")
        (stars,) = found.ask("csat", variant="mean_score")
    assert (19 / 3, 7.0) == (effort.value, effort.high)
    assert stats.t.interval(0.95, 2, loc=19 / 3, scale=stats.sem([7, 7, 5]))[0] == pytest.approx(effort.low)
    assert (1.5, 1.0, 5.0) == (stars.value, stars.low, stars.high)


def test_every_mean_of_scores_names_its_scale() -> None:
    scores = [
        d for entry in shipped().values() for d in entry.definitions if (d.kind, d.value) == ("mean", "score")
    ]
    assert {"ces": (1, 7), "csat:mean_score": (1, 5)}.items() <= {
        d.label: scale_of(d) for d in scores
    }.items()
    assert [] == [d.label for d in scores if None in scale_of(d)]
