"""What kind of company Acme Care is: its clients, issues, teams, rhythms and troubles.

Rule kept here: every number that shapes the simulation is here or in the module of its channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np

from polso.demo.hours import DAY, Flags, Floats, Ints, Opening, Timeline, opening, utc_us
from polso.events.kinds import CHANNELS

CLIENTS: Final = ("acme-energia", "acme-shop")
CLIENT_SHARE: Final = (0.64, 0.36)
ISSUES: Final = (
    "billing",
    "contract",
    "outage",
    "technical",
    "payments",
    "delivery",
    "returns",
    "information",
)
ISSUE_SHARES: Final = (
    (0.33, 0.17, 0.10, 0.20, 0.08, 0.00, 0.00, 0.12),
    (0.08, 0.00, 0.00, 0.12, 0.08, 0.36, 0.20, 0.16),
)
BILLING, CONTRACT, OUTAGE, TECHNICAL, PAYMENTS, DELIVERY, RETURNS, INFORMATION = range(8)
TEAMS: Final = (
    "amministrazione", "commerciale", "tecnico", "emergenze", "secondo_livello", "social", "negozi",
)  # fmt: skip
AMMINISTRAZIONE, COMMERCIALE, TECNICO, EMERGENZE, SECONDO, SOCIAL_TEAM, NEGOZI = range(7)
TEAM_OF_ISSUE: Final = np.array(
    [AMMINISTRAZIONE, COMMERCIALE, TECNICO, TECNICO, AMMINISTRAZIONE, COMMERCIALE, COMMERCIALE, COMMERCIALE]
)
PRIORITIES: Final = ("low", "normal", "high", "urgent")
LANGUAGES: Final = ("it", "en", "de", "fr")
PRODUCTS: Final = ("luce", "gas", "fibra", "elettrodomestici", "accessori")
REASONS: Final = ("wrong_team", "skill", "language", "vip", "complexity")

PHONE, EMAIL, CHAT, WHATSAPP, MESSENGER, TELEGRAM, VIBER, SMS, SOCIAL, WEB, SELF, COMMUNITY, STORE = range(13)
CHANNEL_SHARE: Final = dict(
    zip(
        CHANNELS,
        (0.36, 0.20, 0.09, 0.08, 0.02, 0.015, 0.01, 0.015, 0.03, 0.07, 0.02, 0.03, 0.03),
        strict=True,
    )
)
SOURCES: Final = (
    "helpdesk", "phone", "chat", "social", "community", "web", "surveys", "shop", "workforce",
)  # fmt: skip
# Everything about a ticket comes from one source, because a ticket's key is (source, ticket_id).
SOURCE_OF_CHANNEL: Final = np.array([1, 0, 2, 2, 2, 2, 2, 0, 3, 0, 0, 4, 0])
MESSAGING: Final = (WHATSAPP, MESSENGER, TELEGRAM, VIBER)

# Two spans a day are two shifts; "office" has a true lunch break.
HOURS: Final[dict[str, dict[str, list[str]]]] = {
    "office": {day: ["09:00-13:00", "14:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
    "extended": {day: ["08:00-14:00", "14:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat")},
    "messaging": {
        day: ["08:00-15:00", "15:00-22:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    },
    "always": {
        day: ["00:00-08:00", "08:00-16:00", "16:00-24:00"]
        for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    },
}
OPEN_ON_HOLIDAYS: Final = ("always",)
TEAM_HOURS: Final = {EMERGENZE: "always"}
CHANNEL_HOURS: Final = {
    EMAIL: "office",
    WEB: "office",
    SELF: "office",
    COMMUNITY: "office",
    SMS: "office",
} | dict.fromkeys(MESSAGING, "messaging")

_DAY_SHAPE: Final = np.array(
    [1, 1, 1, 1, 1, 2, 5, 12, 40, 75, 95, 90, 70, 55, 62, 80, 84, 72, 60, 48, 35, 24, 12, 4], dtype=np.float64
)
_EVENING_SHAPE: Final = np.array(
    [3, 2, 1, 1, 1, 2, 6, 14, 30, 48, 56, 52, 50, 52, 48, 46, 48, 56, 72, 84, 88, 76, 42, 12],
    dtype=np.float64,
)
_WEEK_SHAPE: Final = np.array([1.30, 1.12, 1.02, 1.0, 0.96, 0.50, 0.30])


def calendar_of(channel: int) -> str:
    """The opening hours by which a channel is answered."""
    return CHANNEL_HOURS.get(channel, "extended")


@dataclass(frozen=True, slots=True)
class Story:
    """The rhythms and troubles of one history."""

    time: Timeline
    openings: dict[str, Opening]
    trend: float = 0.18
    bad_from: int = 0
    bad_to: int = 0
    trouble_from: int = 0

    def in_bad_week(self, at: Ints) -> Flags:
        """Half the staff ill, a quarter more requests."""
        return (at >= self.bad_from) & (at < self.bad_to)

    def in_trouble(self, issue: Ints, opened: Ints) -> Flags:
        """Billing goes wrong from a certain month on."""
        trouble: Flags = (issue == BILLING) & (opened >= self.trouble_from)
        return trouble

    def weights(self, calendar: str | None, *, evening: bool = False) -> Floats:
        """How likely each hour slot is to see an arrival; closed slots see none."""
        time = self.time
        start = time.first + np.arange(len(time.hour)) * (DAY // 24)
        shape = (_EVENING_SHAPE if evening else _DAY_SHAPE)[time.hour]
        week = np.sqrt(_WEEK_SHAPE) if calendar == "always" else _WEEK_SHAPE
        weight: Floats = shape * week[time.weekday] * np.where(time.holiday, 0.45, 1.0)
        season = 1 + 0.15 * np.cos((time.day_of_year - 20) / 365.25 * 2 * np.pi)
        weight *= season * (1 + self.trend * np.arange(len(start)) / len(start))
        weight *= np.where(self.in_bad_week(start), 1.25, 1.0)
        if calendar is not None:
            hours = self.openings[calendar]
            weight *= hours.elapsed(start + DAY // 24) > hours.elapsed(start)
        # Nothing begins in the last two hours, so no call is cut by the end of the history.
        weight[-2:] = 0
        return weight


def story(time: Timeline) -> Story:
    """The bad week is ten weeks before the end; billing turns bad a third of the history before it."""
    monday = time.until - timedelta(days=70 + time.until.weekday())
    trouble = date.fromordinal(time.until.toordinal() - round(time.days / 3)).replace(day=1)
    openings = {
        name: opening(hours, time.since, time.until, on_holidays=name in OPEN_ON_HOLIDAYS)
        for name, hours in HOURS.items()
    }
    return Story(
        time=time,
        openings=openings,
        bad_from=utc_us(monday),
        bad_to=utc_us(monday + timedelta(days=7)),
        trouble_from=utc_us(trouble),
    )


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Draws instants from a shape over the hour slots, anywhere or from a given day on."""

    first: int
    cumulative: Floats
    day_start: Ints

    def draw(self, rng: np.random.Generator, n: int) -> Ints:
        """Instants anywhere in the history."""
        return self._at(rng, rng.random(n) * self.cumulative[-1])

    def draw_on(self, rng: np.random.Generator, day: Ints) -> Ints:
        """An instant of that local day, or of the next one with any weight."""
        padded = np.concatenate(([0.0], self.cumulative))
        low, high = padded[self.day_start[day]], padded[self.day_start[day + 1]]
        return self._at(rng, low + rng.random(len(day)) * (high - low))

    def _at(self, rng: np.random.Generator, mass: Floats) -> Ints:
        slot = np.searchsorted(self.cumulative, mass, side="right")
        slot = np.clip(slot, 0, np.searchsorted(self.cumulative, self.cumulative[-1]))
        return self.first + slot * (DAY // 24) + rng.integers(0, DAY // 24, len(mass))


def arrivals(story: Story, weights: Floats) -> Arrivals:
    """Prepare drawing from weights over the hour slots."""
    starts = np.searchsorted(story.time.day, np.arange(story.time.days + 1))
    return Arrivals(story.time.first, np.cumsum(weights), starts)
