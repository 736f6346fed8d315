"""The queue itself, on cases small enough to check by hand."""

from __future__ import annotations

from datetime import date

import numpy as np

from polso.demo.hours import HOUR, MINUTE, NEVER, SECOND, Ints, Opening, opening, utc_us
from polso.demo.queues import Line, serve

NINE = utc_us(date(2026, 3, 2), "09:00")


def _line(servers: int) -> Line:
    hours = opening({"mon": ["09:00-13:00"]}, date(2026, 3, 2), date(2026, 3, 3), on_holidays=True)
    return Line(hours, np.full(len(hours.starts), servers), 1)


def _minutes(*values: float) -> Ints:
    return np.array([round(v * MINUTE) for v in values])


def test_callers_wait_for_the_first_free_agent() -> None:
    arrive = NINE + _minutes(0, 1, 2)
    served = serve(_line(1), arrive, _minutes(60, 60, 60), _minutes(0, 0, 0), _minutes(5, 5, 5))
    assert [0, 5, 10] == ((served.begin - NINE) // MINUTE).tolist()


def test_who_gives_up_takes_no_agents_time() -> None:
    arrive = NINE + _minutes(0, 1, 2)
    served = serve(_line(1), arrive, _minutes(60, 2, 60), _minutes(0, 0, 0), _minutes(5, 5, 5))
    assert [True, False, True] == served.answered.tolist()
    assert 5 == (served.begin[2] - NINE) // MINUTE


def test_two_agents_halve_the_wait_and_ringing_counts() -> None:
    arrive = NINE + _minutes(0, 0, 0)
    served = serve(_line(2), arrive, _minutes(60, 60, 5.2), _minutes(0.5, 0.5, 0.5), _minutes(5, 5, 5))
    assert [True, True, False] == served.answered.tolist()
    assert 2 == len(set(served.server[:2].tolist()))


def test_opening_hours_skip_nights_lunch_and_holidays() -> None:
    week = {day: ["09:00-13:00", "14:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
    office: Opening = opening(week, date(2026, 4, 1), date(2026, 4, 10), on_holidays=False)

    def advanced(day: date, clock: str, hours: int) -> int:
        return int(office.advance(np.array([utc_us(day, clock)]), np.array([hours * HOUR]))[0])

    assert utc_us(date(2026, 4, 2), "15:00") == advanced(date(2026, 4, 2), "12:00", 2)
    # Good Friday is a working day in Italy; Easter Monday, 6 April 2026, is not.
    assert utc_us(date(2026, 4, 7), "10:00") == advanced(date(2026, 4, 3), "17:00", 2)
    assert NEVER > advanced(date(2026, 4, 3), "17:00", 200) > NINE + SECOND
